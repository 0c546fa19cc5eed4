//! Structures, what they subscribed to and how they send; the installation's sealed keys.

use sea_orm_migration::{
    prelude::*,
    schema::{blob, text, text_null},
    sea_orm::DbBackend,
};

use crate::columns::{at, at_null, create, drop_all, id, keyed, one_of};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        create(manager, [structure(db), sms_subscription(db), sms_settings(db), sealed_key(db)], []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, &["sealed_key", "sms_settings", "sms_subscription", "structure"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn structure(db: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("structure")
        .col(id(db, "id").primary_key())
        .col(text("name"))
        .col(one_of(
            "product",
            &["ARTIST_STANDARD", "ARTIST_PREMIUM", "SCHOOL_STANDARD", "SCHOOL_PREMIUM", "MANAGER"],
        ))
        .col(text("region"))
        .col(text("time_zone"))
        .col(at("created_at"))
        .take()
}

fn sms_subscription(db: DbBackend) -> TableCreateStatement {
    keyed(db, "sms_subscription", &[])
        .col(one_of("state", &["ACTIVE", "SUSPENDED"]))
        .col(at("starts_at"))
        .col(at_null("ends_at"))
        .take()
}

fn sms_settings(db: DbBackend) -> TableCreateStatement {
    keyed(db, "sms_settings", &[])
        .col(text_null("sender"))
        .col(text_null("stop_mention"))
        .col(text_null("provider"))
        .take()
}

fn sealed_key(_: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("sealed_key")
        .col(text("name").primary_key())
        .col(blob("nonce"))
        .col(blob("sealed"))
        .take()
}
