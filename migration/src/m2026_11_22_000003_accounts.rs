//! Accounts, what they may do, their sessions.

use sea_orm_migration::{prelude::*, schema::text, sea_orm::DbBackend};

use crate::columns::{at, at_null, create, digest, drop_all, id, id_null, keyed, one_of, owned, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        create(manager, [account(db), permission(db), session(db)], []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, &["session", "permission", "account"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn account(db: DbBackend) -> TableCreateStatement {
    owned(db, "account")
        .col(one_of("kind", &["ADMIN", "PERSONAL"]))
        .col(text("email").unique_key())
        .col(text("password_hash"))
        .col(one_of("locale", &["fr", "en"]).default("fr"))
        .col(id_null(db, "person_id"))
        .col(at_null("disabled_at"))
        .col(at("created_at"))
        .foreign_key(&mut reference("person_id", "person"))
        .check(Expr::cust("(kind = 'PERSONAL') = (person_id IS NOT NULL)"))
        .take()
}

fn permission(db: DbBackend) -> TableCreateStatement {
    keyed(db, "permission", &["account_id", "module"])
        .col(id(db, "account_id"))
        .col(one_of("module", &["PEOPLE", "COMMUNICATION_SMS", "CREDIT", "RULES", "ACCOUNTS", "SETTINGS"]))
        .col(one_of("access", &["NONE", "READ", "READ_WRITE"]))
        .foreign_key(&mut reference("account_id", "account"))
        .take()
}

fn session(db: DbBackend) -> TableCreateStatement {
    owned(db, "session")
        .col(id(db, "account_id"))
        .col(digest("token_hash").unique_key())
        .col(at("created_at"))
        .col(at("expires_at"))
        .col(at_null("revoked_at"))
        .foreign_key(&mut reference("account_id", "account"))
        .take()
}
