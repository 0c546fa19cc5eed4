//! The movements of credit, the ledger as people read it, and the answers kept for idempotency.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, text_null},
    sea_orm::DbBackend,
};

use crate::columns::{
    at, create, digest, drop_all, id, id_null, index, keyed, one_of, owned, reference, unique,
};

const PLACES: &[&str] = &["ISSUED", "AVAILABLE", "RESERVED", "SPENT", "OPERATOR_LOSS"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        create(
            manager,
            [transfer(db), ledger_entry(db), idempotency(db)],
            [
                index("transfer", "transfer_one_reservation", &["campaign_id"])
                    .unique()
                    .and_where(Expr::cust("kind = 'RESERVATION'"))
                    .take(),
                index("idempotency", "idempotency_by_age", &["created_at"]),
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, &["idempotency", "ledger_entry", "transfer"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn transfer(db: DbBackend) -> TableCreateStatement {
    owned(db, "transfer")
        .col(one_of("kind", &["TOP_UP", "RESERVATION", "CHARGE", "RELEASE", "REFUND", "ADJUSTMENT", "LOSS"]))
        .col(one_of("source", PLACES))
        .col(one_of("destination", PLACES))
        .col(big_integer("amount").check(Expr::col("amount").gt(0)))
        .col(id_null(db, "campaign_id"))
        .col(id_null(db, "message_id"))
        .col(id_null(db, "order_id"))
        .col(id_null(db, "account_id"))
        .col(text_null("note"))
        .col(at("made_at"))
        .index(&mut unique(&["kind", "message_id"]))
        .index(&mut unique(&["kind", "order_id"]))
        .foreign_key(&mut reference("campaign_id", "campaign"))
        .foreign_key(&mut reference("message_id", "message"))
        .foreign_key(&mut reference("order_id", "top_up_order"))
        .foreign_key(&mut reference("account_id", "account"))
        .check(Expr::cust("source <> destination"))
        .take()
}

fn ledger_entry(db: DbBackend) -> TableCreateStatement {
    owned(db, "ledger_entry")
        .col(one_of("reason", &["TOP_UP", "RESERVATION", "CHARGE", "RELEASE", "REFUND", "ADJUSTMENT"]))
        .col(id_null(db, "campaign_id"))
        .col(id_null(db, "order_id"))
        .col(id_null(db, "account_id"))
        .col(big_integer("quantity"))
        .col(big_integer("delta"))
        .col(big_integer("balance_after"))
        .col(at("first_at"))
        .col(at("last_at"))
        .index(&mut unique(&["structure_id", "campaign_id", "reason"]))
        .foreign_key(&mut reference("campaign_id", "campaign"))
        .foreign_key(&mut reference("order_id", "top_up_order"))
        .foreign_key(&mut reference("account_id", "account"))
        .take()
}

/// `result_id` is no reference: what it names depends on the operation.
fn idempotency(db: DbBackend) -> TableCreateStatement {
    keyed(db, "idempotency", &["account_id", "operation", "key"])
        .col(id(db, "account_id"))
        .col(one_of("operation", &["SEND_SMS", "REQUEST_TOP_UP"]))
        .col(id(db, "key"))
        .col(digest("request_hash"))
        .col(id(db, "result_id"))
        .col(at("created_at"))
        .foreign_key(&mut reference("account_id", "account"))
        .take()
}
