//! Whom each campaign left out, and why. Of campaigns sent before, nothing is known.

use sea_orm_migration::{
    prelude::*,
    schema::{json_binary_null, text, text_null},
};

use crate::columns::{create, drop_all, id, keyed, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        let exclusions = keyed(db, "campaign_exclusion", &["campaign_id", "person_id"])
            .col(id(db, "campaign_id"))
            .col(id(db, "person_id"))
            .col(text("code"))
            .col(text_null("rule"))
            .col(json_binary_null("message"))
            .check(Expr::cust("(rule IS NULL) = (message IS NULL)"))
            .foreign_key(&mut reference("campaign_id", "campaign"))
            .foreign_key(&mut reference("person_id", "person"))
            .take();
        create(manager, [exclusions], []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, &["campaign_exclusion"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
