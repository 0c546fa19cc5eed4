//! How far characters of a text may be replaced, by structure and as each preview was made. Before it, nothing was.

use sea_orm_migration::prelude::*;

use crate::columns::{one_of, one_of_null};

const POLICIES: &[&str] = &["EXACT", "TYPOGRAPHY", "PLAIN"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let chosen = one_of_null("encoding_policy", POLICIES);
        manager.alter_table(Table::alter().table("sms_settings").add_column(chosen).take()).await?;
        let applied = one_of("encoding_policy", POLICIES).default("EXACT").take();
        manager.alter_table(Table::alter().table("preview").add_column(applied).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["preview", "sms_settings"] {
            manager.alter_table(Table::alter().table(table).drop_column("encoding_policy").take()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
