//! Imports under an idempotency key: one more operation, and a place for an answer that no other table holds.
//!
//! SQLite can change no check: the table is made anew there, row by row. Nothing refers to it.

use sea_orm_migration::{prelude::*, schema::json_binary_null, sea_orm::DbBackend};

use crate::columns::{at, digest, id, index, keyed, one_of, reference};

const BEFORE: &[&str] = &["SEND_SMS", "REQUEST_TOP_UP"];
const AFTER: &[&str] = &["SEND_SMS", "REQUEST_TOP_UP", "IMPORT_PEOPLE"];

/// The columns that both forms of the table have.
const COLUMNS: &str = "structure_id, account_id, operation, key, request_hash, result_id, created_at";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        if db == DbBackend::Sqlite {
            return rebuild(manager, table(db, AFTER).col(json_binary_null("answer")).take()).await;
        }
        let answer = Table::alter().table("idempotency").add_column(json_binary_null("answer")).take();
        manager.alter_table(answer).await?;
        check(manager, AFTER).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        let imports = Query::delete()
            .from_table("idempotency")
            .and_where(Expr::col("operation").eq("IMPORT_PEOPLE"))
            .take();
        manager.execute(imports).await?;
        if db == DbBackend::Sqlite {
            return rebuild(manager, table(db, BEFORE)).await;
        }
        manager.alter_table(Table::alter().table("idempotency").drop_column("answer").take()).await?;
        check(manager, BEFORE).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn table(db: DbBackend, operations: &[&'static str]) -> TableCreateStatement {
    keyed(db, "idempotency", &["account_id", "operation", "key"])
        .col(id(db, "account_id"))
        .col(one_of("operation", operations))
        .col(id(db, "key"))
        .col(digest("request_hash"))
        .col(id(db, "result_id"))
        .col(at("created_at"))
        .foreign_key(&mut reference("account_id", "account"))
        .take()
}

/// SQLite: the table in another form, with its rows and its index.
async fn rebuild(manager: &SchemaManager<'_>, table: TableCreateStatement) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    manager.drop_index(Index::drop().name("idempotency_by_age").table("idempotency").to_owned()).await?;
    manager.rename_table(Table::rename().table("idempotency", "idempotency_before").take()).await?;
    manager.create_table(table).await?;
    let copy = format!("INSERT INTO idempotency ({COLUMNS}) SELECT {COLUMNS} FROM idempotency_before");
    connection.execute_unprepared(&copy).await?;
    manager.drop_table(Table::drop().table("idempotency_before").take()).await?;
    manager.create_index(index("idempotency", "idempotency_by_age", &["created_at"])).await
}

/// PostgreSQL: the check that the column was made with, under the name that it was given, with other values.
async fn check(manager: &SchemaManager<'_>, operations: &[&str]) -> Result<(), DbErr> {
    let change = format!(
        "ALTER TABLE idempotency DROP CONSTRAINT idempotency_operation_check,
         ADD CONSTRAINT idempotency_operation_check CHECK (operation IN ('{}'))",
        operations.join("', '")
    );
    manager.get_connection().execute_unprepared(&change).await.map(|_| ())
}
