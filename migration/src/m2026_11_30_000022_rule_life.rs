//! The life of a structure's rules: who put each version in force and when, which rules stand in for one of the platform, and which
//! are retired.
//!
//! A column cannot be added with a composite reference on SQLite: whoever writes these looks to the structure. Of versions that were in
//! force before this step, the author and the day they were saved are taken.

use sea_orm_migration::{prelude::*, schema::boolean};

use crate::columns::{at_null, id_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        let account = |name| id_null(db, name).extra("REFERENCES account (id)").take();
        for (table, column) in [
            ("rule", boolean("replaces").default(false).take()),
            ("rule", at_null("retired_at")),
            ("rule", account("retired_by")),
            ("rule_version", at_null("published_at")),
            ("rule_version", account("published_by")),
        ] {
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        let before =
            "UPDATE rule_version SET published_at = created_at, published_by = author WHERE state <> 'DRAFT'";
        manager.get_connection().execute_unprepared(before).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("rule_version", "published_by"),
            ("rule_version", "published_at"),
            ("rule", "retired_by"),
            ("rule", "retired_at"),
            ("rule", "replaces"),
        ] {
            manager.alter_table(Table::alter().table(table).drop_column(column).take()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
