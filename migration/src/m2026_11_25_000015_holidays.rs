//! Which public holidays a structure keeps, where its region does not tell: Alsace and Moselle have no code of their own.

use sea_orm_migration::prelude::*;

use crate::columns::one_of_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let kept = one_of_null("holidays", &["ALSACE_MOSELLE"]);
        manager.alter_table(Table::alter().table("sms_settings").add_column(kept).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("sms_settings").drop_column("holidays").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
