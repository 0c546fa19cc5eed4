//! Corrections of a balance by the operator, and the balance at which a structure wants to be told.
//!
//! SQLite takes no reference into a table that stands: `ledger_entry` is made anew and takes its rows over. No other table names it, so
//! that this needs no more than its own transaction.

use sea_orm_migration::{
    prelude::*,
    schema::big_integer,
    sea_orm::{DbBackend, Statement},
};

use crate::columns::{at, id_null, index, one_of, owned, reference, unique};

const KEPT: &str = "id, structure_id, reason, campaign_id, order_id, account_id, quantity, delta, balance_after, first_at, last_at";
const REASONS: &[&str] = &["TOP_UP", "RESERVATION", "CHARGE", "RELEASE", "REFUND", "ADJUSTMENT"];

/// Who made a correction, and the key under which the operator's command makes a transfer once.
const TRANSFER_UP: [&str; 2] = [
    "ALTER TABLE transfer ADD COLUMN operator text
        CHECK (CASE WHEN kind = 'ADJUSTMENT' THEN operator IS NOT NULL AND note IS NOT NULL
            ELSE operator IS NULL AND note IS NULL END)",
    "ALTER TABLE transfer ADD COLUMN key text",
];

/// The threshold; since when the balance is at it or below; how often it came there; how often that was told.
const CREDIT_UP: [&str; 4] = [
    "ALTER TABLE credit ADD COLUMN low_at bigint CHECK (low_at >= 0)",
    "ALTER TABLE credit ADD COLUMN low_since bigint
        CHECK ((low_since IS NOT NULL) = (low_at IS NOT NULL AND available <= low_at))",
    "ALTER TABLE credit ADD COLUMN low_count bigint NOT NULL DEFAULT 0 CHECK (low_count >= 0)",
    "ALTER TABLE credit ADD COLUMN low_told bigint NOT NULL DEFAULT 0 CHECK (low_told BETWEEN 0 AND low_count)",
];

/// A threshold that is set is told as a movement is.
const POSTGRES_TRIGGER: &str = "
    DROP TRIGGER credit_changed ON credit;
    CREATE TRIGGER credit_changed AFTER UPDATE ON credit
        FOR EACH ROW WHEN (OLD.available <> NEW.available OR OLD.reserved <> NEW.reserved
            OR OLD.low_at IS DISTINCT FROM NEW.low_at)
        EXECUTE FUNCTION credit_changed();";
const SQLITE_TRIGGER: &str = "
    DROP TRIGGER credit_changed;
    CREATE TRIGGER credit_changed AFTER UPDATE ON credit
        WHEN OLD.available <> NEW.available OR OLD.reserved <> NEW.reserved OR OLD.low_at IS NOT NEW.low_at
    BEGIN
        INSERT INTO changed VALUES (NEW.structure_id, NULL);
    END;";
const POSTGRES_TRIGGER_BEFORE: &str = "
    DROP TRIGGER credit_changed ON credit;
    CREATE TRIGGER credit_changed AFTER UPDATE ON credit
        FOR EACH ROW WHEN (OLD.available <> NEW.available OR OLD.reserved <> NEW.reserved)
        EXECUTE FUNCTION credit_changed();";
const SQLITE_TRIGGER_BEFORE: &str = "
    DROP TRIGGER credit_changed;
    CREATE TRIGGER credit_changed AFTER UPDATE ON credit
        WHEN OLD.available <> NEW.available OR OLD.reserved <> NEW.reserved
    BEGIN
        INSERT INTO changed VALUES (NEW.structure_id, NULL);
    END;";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in TRANSFER_UP.into_iter().chain(CREDIT_UP) {
            run(manager, statement).await?;
        }
        // Partial: charges and releases have neither key nor line of their own, and are to cost no more.
        let keys = index("transfer", "transfer_once_a_key", &["structure_id", "kind", "key"])
            .unique()
            .and_where(Expr::col("key").is_not_null())
            .take();
        manager.create_index(keys).await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            take_over(manager, true).await?;
        } else {
            run(manager, "ALTER TABLE ledger_entry ADD COLUMN transfer_id uuid").await?;
            run(
                manager,
                "ALTER TABLE ledger_entry ADD CONSTRAINT ledger_entry_transfer FOREIGN KEY (structure_id, transfer_id)
                    REFERENCES transfer (structure_id, id) ON DELETE RESTRICT",
            )
            .await?;
        }
        let transfers = index("ledger_entry", "ledger_entry_one_a_transfer", &["transfer_id"])
            .unique()
            .and_where(Expr::col("transfer_id").is_not_null())
            .take();
        manager.create_index(transfers).await?;
        let untold = index("credit", "credit_low_untold", &["structure_id"])
            .and_where(Expr::cust("low_told < low_count"))
            .take();
        manager.create_index(untold).await?;
        run(manager, of(manager, POSTGRES_TRIGGER, SQLITE_TRIGGER)).await
    }

    /// Refused once a balance was corrected: the program of before would take its books for wrong.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let corrected = "SELECT 1 FROM transfer WHERE kind = 'ADJUSTMENT' LIMIT 1";
        let corrected = Statement::from_string(manager.get_database_backend(), corrected);
        if manager.get_connection().query_one_raw(corrected).await?.is_some() {
            return Err(DbErr::Migration(
                "a balance was corrected, which the version before cannot read".to_owned(),
            ));
        }
        run(manager, of(manager, POSTGRES_TRIGGER_BEFORE, SQLITE_TRIGGER_BEFORE)).await?;
        for name in ["credit_low_untold", "ledger_entry_one_a_transfer", "transfer_once_a_key"] {
            run(manager, &format!("DROP INDEX {name}")).await?;
        }
        if manager.get_database_backend() == DbBackend::Sqlite {
            take_over(manager, false).await?;
        } else {
            run(manager, "ALTER TABLE ledger_entry DROP COLUMN transfer_id").await?;
        }
        // In this order: what a check names goes after the column that has it.
        for (table, column) in [
            ("transfer", "operator"),
            ("transfer", "key"),
            ("credit", "low_told"),
            ("credit", "low_count"),
            ("credit", "low_since"),
            ("credit", "low_at"),
        ] {
            run(manager, &format!("ALTER TABLE {table} DROP COLUMN {column}")).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn of<'a>(manager: &SchemaManager<'_>, postgres: &'a str, sqlite: &'a str) -> &'a str {
    if manager.get_database_backend() == DbBackend::Postgres { postgres } else { sqlite }
}

async fn run(manager: &SchemaManager<'_>, statement: &str) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(statement).await.map(|_| ())
}

/// SQLite: makes the lines' table anew, with or without the transfer that a line is of.
async fn take_over(manager: &SchemaManager<'_>, added: bool) -> Result<(), DbErr> {
    manager.create_table(ledger_entry(added)).await?;
    run(manager, &format!("INSERT INTO ledger_entry_new ({KEPT}) SELECT {KEPT} FROM ledger_entry")).await?;
    run(manager, "DROP TABLE ledger_entry").await?;
    run(manager, "ALTER TABLE ledger_entry_new RENAME TO ledger_entry").await
}

/// SQLite's table, under the name that it has until it takes the old one's place.
fn ledger_entry(added: bool) -> TableCreateStatement {
    let db = DbBackend::Sqlite;
    let mut table = owned(db, "ledger_entry_new")
        .col(one_of("reason", REASONS))
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
        .take();
    if added {
        table.col(id_null(db, "transfer_id")).foreign_key(&mut reference("transfer_id", "transfer"));
    }
    table
}
