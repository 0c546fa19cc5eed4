//! When people withdrew their consent to commercial messages, so that an older agreement does not undo it.

use sea_orm_migration::prelude::*;

use crate::columns::at_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = at_null("consent_withdrawn_at").take();
        manager.alter_table(Table::alter().table("person").add_column(column).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("person").drop_column("consent_withdrawn_at").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
