//! Columns of a structure's own: what an import keeps of people because it was asked to.

use sea_orm_migration::{
    prelude::*,
    schema::{json_binary_null, text},
};

use crate::columns::{at, create, drop_all, keyed, ordered};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        let columns = keyed(db, "person_column", &["name"])
            .col(ordered(db, "name"))
            .col(text("title"))
            .col(at("created_at"))
            .take();
        create(manager, [columns], []).await?;
        let own = json_binary_null("own");
        manager.alter_table(Table::alter().table("person").add_column(own).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("person").drop_column("own").take()).await?;
        drop_all(manager, &["person_column"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
