//! What a preview keeps of texts that say something else to each: their spread, and what they lack.

use sea_orm_migration::{prelude::*, schema::json_binary_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let reading = json_binary_null("reading");
        manager.alter_table(Table::alter().table("preview").add_column(reading).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("preview").drop_column("reading").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
