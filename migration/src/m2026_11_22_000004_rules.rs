//! What structures set and write about rules, and what rules decided.

use sea_orm_migration::{
    prelude::*,
    schema::{integer, json_binary, text, text_null},
    sea_orm::DbBackend,
};

use crate::columns::{at, create, drop_all, id, index, keyed, one_of, one_of_null, owned, reference, unique};

const RULE_STATES: &[&str] = &["ACTIVE", "OBSERVED", "OFF"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        create(
            manager,
            [rule_setting(db), rule(db), rule_version(db), decision(db)],
            [index("rule_version", "rule_version_published", &["rule_id"])
                .unique()
                .and_where(Expr::cust("state = 'PUBLISHED'"))
                .take()],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, &["decision", "rule_version", "rule", "rule_setting"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn rule_setting(db: DbBackend) -> TableCreateStatement {
    keyed(db, "rule_setting", &["slug"])
        .col(text("slug"))
        .col(one_of_null("state", RULE_STATES))
        .col(json_binary("params"))
        .col(id(db, "updated_by"))
        .col(at("updated_at"))
        .foreign_key(&mut reference("updated_by", "account"))
        .take()
}

fn rule(db: DbBackend) -> TableCreateStatement {
    owned(db, "rule")
        .col(text("slug"))
        .col(one_of("state", RULE_STATES))
        .col(integer("position"))
        .col(json_binary("params"))
        .col(at("created_at"))
        .index(&mut unique(&["structure_id", "slug"]))
        .take()
}

fn rule_version(db: DbBackend) -> TableCreateStatement {
    owned(db, "rule_version")
        .col(id(db, "rule_id"))
        .col(integer("number"))
        .col(one_of("state", &["DRAFT", "PUBLISHED", "SUPERSEDED"]))
        .col(text("manifest"))
        .col(text("source"))
        .col(text("hash"))
        .col(json_binary("diagnostics"))
        .col(id(db, "author"))
        .col(text_null("comment"))
        .col(at("created_at"))
        .index(&mut unique(&["rule_id", "number"]))
        .foreign_key(&mut reference("rule_id", "rule"))
        .foreign_key(&mut reference("author", "account"))
        .take()
}

fn decision(db: DbBackend) -> TableCreateStatement {
    owned(db, "decision")
        .col(id(db, "account_id"))
        .col(one_of("stage", &["PREVIEW", "SEND"]))
        .col(at("decided_at"))
        .col(one_of("outcome", &["ALLOWED", "CONFIRMATION_REQUIRED", "REFUSED"]))
        .col(json_binary("verdicts"))
        .col(json_binary("facts"))
        .foreign_key(&mut reference("account_id", "account"))
        .take()
}
