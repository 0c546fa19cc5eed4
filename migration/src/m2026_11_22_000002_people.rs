//! People, how a structure groups them, and the numbers that refuse its commercial messages.

use sea_orm_migration::{
    prelude::*,
    schema::{text, text_null},
    sea_orm::DbBackend,
};

use crate::columns::{
    at, at_null, create, digest, digest_null, drop_all, id, index, keyed, one_of, ordered, owned, reference,
    unique,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        create(
            manager,
            [
                person(db),
                tag(db),
                person_tag(db),
                person_list(db),
                person_list_member(db),
                teaching(db),
                opt_out(db),
            ],
            [
                index("person", "person_by_name", &["structure_id", "sort_key", "id"]),
                index("person", "person_by_mobile", &["structure_id", "mobile", "sort_key", "id"]),
                index("person", "person_by_number_hash", &["structure_id", "number_hash"]),
                index("person_tag", "person_tag_by_tag", &["structure_id", "tag_id", "person_id"]),
                index("person_list_member", "person_list_member_by_person", &["structure_id", "person_id"]),
                index("teaching", "teaching_by_student", &["structure_id", "student_id"]),
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(
            manager,
            &["opt_out", "teaching", "person_list_member", "person_list", "person_tag", "tag", "person"],
        )
        .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn person(db: DbBackend) -> TableCreateStatement {
    owned(db, "person")
        .col(text_null("identifier"))
        .col(text("first_name"))
        .col(text("last_name"))
        .col(ordered(db, "sort_key"))
        .col(one_of("sex", &["FEMALE", "MALE", "OTHER", "UNKNOWN"]))
        .col(text_null("mobile"))
        .col(digest_null("number_hash"))
        .col(at_null("commercial_consent_at"))
        .col(at("created_at"))
        .col(at("updated_at"))
        .index(&mut unique(&["structure_id", "identifier"]))
        .check(Expr::cust("(mobile IS NULL) = (number_hash IS NULL)"))
        .take()
}

fn tag(db: DbBackend) -> TableCreateStatement {
    owned(db, "tag")
        .col(text("name"))
        .col(ordered(db, "folded"))
        .index(&mut unique(&["structure_id", "folded"]))
        .take()
}

fn person_tag(db: DbBackend) -> TableCreateStatement {
    keyed(db, "person_tag", &["person_id", "tag_id"])
        .col(id(db, "person_id"))
        .col(id(db, "tag_id"))
        .foreign_key(&mut reference("person_id", "person"))
        .foreign_key(&mut reference("tag_id", "tag"))
        .take()
}

fn person_list(db: DbBackend) -> TableCreateStatement {
    owned(db, "person_list")
        .col(text("name"))
        .col(ordered(db, "folded"))
        .index(&mut unique(&["structure_id", "folded"]))
        .take()
}

fn person_list_member(db: DbBackend) -> TableCreateStatement {
    keyed(db, "person_list_member", &["list_id", "person_id"])
        .col(id(db, "list_id"))
        .col(id(db, "person_id"))
        .foreign_key(&mut reference("list_id", "person_list"))
        .foreign_key(&mut reference("person_id", "person"))
        .take()
}

fn teaching(db: DbBackend) -> TableCreateStatement {
    keyed(db, "teaching", &["teacher_id", "student_id"])
        .col(id(db, "teacher_id"))
        .col(id(db, "student_id"))
        .foreign_key(&mut reference("teacher_id", "person"))
        .foreign_key(&mut reference("student_id", "person"))
        .check(Expr::cust("teacher_id <> student_id"))
        .take()
}

/// Refers to no person: a refusal outlives them.
fn opt_out(db: DbBackend) -> TableCreateStatement {
    keyed(db, "opt_out", &["number_hash"])
        .col(digest("number_hash"))
        .col(at("opted_out_at"))
        .col(text("source"))
        .take()
}
