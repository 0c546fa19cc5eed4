//! Texts that a structure keeps, version after version, and the version that each preview was started from.
//!
//! A column cannot be added with a composite reference on SQLite: this one names the version alone, and who writes it looks to the
//! structure. The table is not made anew, which would cost it its triggers.

use sea_orm_migration::{
    prelude::*,
    schema::{integer, text, text_null},
    sea_orm::DbBackend,
};

use crate::columns::{at, at_null, create, drop_all, id, id_null, index, ordered, owned, reference, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        let names_in_use = index("message_template", "message_template_name", &["structure_id", "folded"])
            .unique()
            .and_where(Expr::cust("archived_at IS NULL"))
            .take();
        create(manager, [template(db), version(db)], [names_in_use]).await?;
        let started_from =
            id_null(db, "template_version_id").extra("REFERENCES message_template_version (id)").take();
        manager.alter_table(Table::alter().table("preview").add_column(started_from).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let started_from = Table::alter().table("preview").drop_column("template_version_id").take();
        manager.alter_table(started_from).await?;
        drop_all(manager, &["message_template_version", "message_template"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn template(db: DbBackend) -> TableCreateStatement {
    owned(db, "message_template")
        .col(ordered(db, "folded"))
        .col(integer("current").check(Expr::col("current").gte(1)))
        .col(at_null("archived_at"))
        .col(at("created_at"))
        .take()
}

fn version(db: DbBackend) -> TableCreateStatement {
    owned(db, "message_template_version")
        .col(id(db, "template_id"))
        .col(integer("number"))
        .col(text("name"))
        .col(text("text"))
        .col(id(db, "author"))
        .col(text_null("comment"))
        .col(at("created_at"))
        .index(&mut unique(&["template_id", "number"]))
        .foreign_key(&mut reference("template_id", "message_template"))
        .foreign_key(&mut reference("author", "account"))
        .take()
}
