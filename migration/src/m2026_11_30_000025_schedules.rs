//! Messages sent for later: when, and what the rules answered when their hour had come.
//!
//! SQLite changes no CHECK of a table: `decision` is made anew and takes its rows over, as `campaign` was when its states changed, where the
//! procedure is told. Should the process die before the step is noted as done, doing it again changes nothing.

use sea_orm_migration::{
    prelude::*,
    schema::json_binary,
    sea_orm::{DbBackend, Statement},
};

use crate::columns::{at, id, index, keyed, one_of, owned, reference};

const STAGES: &[&str] = &["PREVIEW", "SEND", "DISPATCH"];
const STAGES_BEFORE: &[&str] = &["PREVIEW", "SEND"];
const KEPT: &str = "id, structure_id, account_id, stage, decided_at, outcome, verdicts, facts";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            run(manager, "PRAGMA foreign_keys = OFF").await?;
            let done = up_in_one(manager).await;
            run(manager, "PRAGMA foreign_keys = ON").await?;
            return done;
        }
        up_in_one(manager).await
    }

    /// Refused while a message waits for its hour: the program of before would never send it. What was decided when an hour had come is
    /// forgotten.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let waiting = "SELECT 1 FROM campaign WHERE state = 'SCHEDULED' LIMIT 1";
        let waiting = Statement::from_string(manager.get_database_backend(), waiting);
        if manager.get_connection().query_one_raw(waiting).await?.is_some() {
            return Err(DbErr::Migration("a message is scheduled: cancel it, or try again later".to_owned()));
        }
        if manager.get_database_backend() == DbBackend::Sqlite {
            run(manager, "PRAGMA foreign_keys = OFF").await?;
            let done = down_in_one(manager).await;
            run(manager, "PRAGMA foreign_keys = ON").await?;
            return done;
        }
        down_in_one(manager).await
    }

    /// Each way begins its own: that of SQLite has something to do before.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}

async fn up_in_one(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let change = manager.begin().await?;
    let db = change.get_database_backend();
    take_stages(&change, STAGES).await?;
    for (table, column, kind) in [
        ("preview", "send_at", "bigint"),
        ("campaign", "send_at", "bigint"),
        ("campaign", "time_zone", "text"),
    ] {
        if !change.has_column(table, column).await? {
            run(&change, &format!("ALTER TABLE {table} ADD COLUMN {column} {kind}")).await?;
        }
    }
    let dispatch = keyed(db, "campaign_dispatch", &["campaign_id"])
        .col(id(db, "campaign_id"))
        .col(id(db, "decision_id"))
        .foreign_key(&mut reference("campaign_id", "campaign"))
        .foreign_key(&mut reference("decision_id", "decision"))
        .if_not_exists()
        .take();
    change.create_table(dispatch).await?;
    let scheduled = index("campaign", "campaign_scheduled", &["send_at", "id"])
        .and_where(Expr::col("state").eq("SCHEDULED"))
        .if_not_exists()
        .take();
    change.create_index(scheduled).await?;
    change.commit().await
}

async fn down_in_one(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let change = manager.begin().await?;
    run(&change, "DROP TABLE IF EXISTS campaign_dispatch").await?;
    run(&change, "DROP INDEX IF EXISTS campaign_scheduled").await?;
    run(&change, "DELETE FROM decision WHERE stage = 'DISPATCH'").await?;
    // Sent by the program of before, they would leave at once.
    run(&change, "UPDATE preview SET expires_at = created_at WHERE send_at IS NOT NULL").await?;
    for (table, column) in [("preview", "send_at"), ("campaign", "send_at"), ("campaign", "time_zone")] {
        run(&change, &format!("ALTER TABLE {table} DROP COLUMN {column}")).await?;
    }
    take_stages(&change, STAGES_BEFORE).await?;
    change.commit().await
}

/// Has `decision.stage` take these values. The first step left the name of its check to PostgreSQL, which documents it.
async fn take_stages(change: &SchemaManager<'_>, stages: &[&'static str]) -> Result<(), DbErr> {
    if change.get_database_backend() == DbBackend::Postgres {
        run(change, "ALTER TABLE decision DROP CONSTRAINT IF EXISTS decision_stage_check").await?;
        let check = format!(
            "ALTER TABLE decision ADD CONSTRAINT decision_stage_check CHECK (stage IN ('{}'))",
            stages.join("', '")
        );
        return run(change, &check).await;
    }
    run(change, "DROP TABLE IF EXISTS decision_new").await?;
    change.create_table(decision(stages)).await?;
    run(change, &format!("INSERT INTO decision_new ({KEPT}) SELECT {KEPT} FROM decision")).await?;
    run(change, "DROP TABLE decision").await?;
    run(change, "ALTER TABLE decision_new RENAME TO decision").await?;
    let broken = Statement::from_string(DbBackend::Sqlite, "PRAGMA foreign_key_check");
    if change.get_connection().query_one_raw(broken).await?.is_some() {
        return Err(DbErr::Migration("rows name others that are not there: nothing was changed".to_owned()));
    }
    Ok(())
}

/// SQLite's table, under the name that it has until it takes the old one's place.
fn decision(stages: &[&'static str]) -> TableCreateStatement {
    let db = DbBackend::Sqlite;
    owned(db, "decision_new")
        .col(id(db, "account_id"))
        .col(one_of("stage", stages))
        .col(at("decided_at"))
        .col(one_of("outcome", &["ALLOWED", "CONFIRMATION_REQUIRED", "REFUSED"]))
        .col(json_binary("verdicts"))
        .col(json_binary("facts"))
        .foreign_key(&mut reference("account_id", "account"))
        .take()
}

async fn run(manager: &SchemaManager<'_>, statement: &str) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(statement).await.map(|_| ())
}
