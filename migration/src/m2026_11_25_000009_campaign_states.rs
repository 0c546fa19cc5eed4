//! Campaigns that are cancelled, and those sent again to whom one did not reach.
//!
//! SQLite changes no CHECK of a table: `campaign` is made anew and takes its rows over, by the procedure of
//! <https://www.sqlite.org/lang_altertable.html#otheralter>. The references of other tables name it all along, so they are not enforced
//! meanwhile, which only works outside a transaction; what was copied is committed only once they all hold. Should the process die
//! before the step is noted as done, doing it again changes nothing.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, text, text_null},
    sea_orm::{DbBackend, Statement},
};

use crate::columns::{at, at_null, count, id, id_null, index, one_of, owned, reference};

const STATES: &[&str] = &["SCHEDULED", "DISPATCHING", "PAUSED", "COMPLETED", "CANCELLING", "CANCELLED"];
const STATES_BEFORE: &[&str] = &["DISPATCHING", "COMPLETED"];
const PURPOSES: &[&str] = &["INFORMATIONAL", "COMMERCIAL"];
const COUNTERS: &[&str] = &[
    "queued",
    "sending",
    "handed_over",
    "delivered",
    "undelivered",
    "no_report",
    "rejected",
    "suppressed",
    "unknown",
    "written_off",
];
/// The columns that the table had, beside its counters.
const KEPT: &[&str] = &[
    "id",
    "structure_id",
    "created_by",
    "preview_id",
    "decision_id",
    "state",
    "text",
    "purpose",
    "sender",
    "provider",
    "cost",
    "created_at",
    "completed_at",
    "total",
    "short_code",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            return rebuild(manager, true).await;
        }
        let change = manager.begin().await?;
        alter(&change, STATES).await?;
        run(&change, "ALTER TABLE campaign ADD COLUMN IF NOT EXISTS retry_of uuid").await?;
        run(&change, "ALTER TABLE campaign DROP CONSTRAINT IF EXISTS campaign_retry_of").await?;
        run(
            &change,
            "ALTER TABLE campaign ADD CONSTRAINT campaign_retry_of FOREIGN KEY (structure_id, retry_of)
            REFERENCES campaign (structure_id, id) ON DELETE RESTRICT",
        )
        .await?;
        indices(&change).await?;
        change.commit().await
    }

    /// What was cancelled becomes completed: its messages say which of them were not sent. While some of a campaign's are still to be
    /// suppressed it is refused, since the program of before would send them.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let unfinished = "SELECT 1 FROM campaign WHERE state = 'CANCELLING' AND queued > 0 LIMIT 1";
        let unfinished = Statement::from_string(manager.get_database_backend(), unfinished);
        if manager.get_connection().query_one_raw(unfinished).await?.is_some() {
            return Err(DbErr::Migration("a campaign is being cancelled: try again once it is".to_owned()));
        }
        run(manager, "UPDATE campaign SET state = 'COMPLETED' WHERE state = 'CANCELLED'").await?;
        run(manager, "UPDATE campaign SET state = 'DISPATCHING' WHERE state = 'CANCELLING'").await?;
        run(manager, "DROP INDEX IF EXISTS message_queued_by_campaign").await?;
        run(manager, "DROP INDEX IF EXISTS message_person_by_person").await?;
        let by_person = index("message_person", "message_person_by_person", &["structure_id", "person_id"]);
        manager.create_index(by_person).await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            return rebuild(manager, false).await;
        }
        let change = manager.begin().await?;
        run(&change, "DROP INDEX IF EXISTS campaign_cancelling").await?;
        run(&change, "ALTER TABLE campaign DROP COLUMN IF EXISTS retry_of").await?;
        alter(&change, STATES_BEFORE).await?;
        change.commit().await
    }

    /// Each way begins its own: that of SQLite has something to do before.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}

async fn run(manager: &SchemaManager<'_>, statement: &str) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(statement).await.map(|_| ())
}

/// PostgreSQL: has `state` take these values. The first step left the name of its check to PostgreSQL, which documents it.
async fn alter(manager: &SchemaManager<'_>, states: &[&str]) -> Result<(), DbErr> {
    run(manager, "ALTER TABLE campaign DROP CONSTRAINT IF EXISTS campaign_state_check").await?;
    let check = format!(
        "ALTER TABLE campaign ADD CONSTRAINT campaign_state_check CHECK (state IN ('{}'))",
        states.join("', '")
    );
    run(manager, &check).await
}

/// SQLite: makes the table anew, with or without what this step adds, and takes its rows over. The connection is the only one of
/// its pool, so that it is the one whose enforcement is switched.
async fn rebuild(manager: &SchemaManager<'_>, added: bool) -> Result<(), DbErr> {
    run(manager, "PRAGMA foreign_keys = OFF").await?;
    let done = take_over(manager, added).await;
    run(manager, "PRAGMA foreign_keys = ON").await?;
    done
}

async fn take_over(manager: &SchemaManager<'_>, added: bool) -> Result<(), DbErr> {
    let change = manager.begin().await?;
    run(&change, "DROP TABLE IF EXISTS campaign_new").await?;
    change.create_table(campaign(added)).await?;
    let columns = [KEPT, COUNTERS].concat().join(", ");
    run(&change, &format!("INSERT INTO campaign_new ({columns}) SELECT {columns} FROM campaign")).await?;
    run(&change, "DROP TABLE campaign").await?;
    run(&change, "ALTER TABLE campaign_new RENAME TO campaign").await?;
    if added {
        indices(&change).await?;
    }
    let broken = Statement::from_string(DbBackend::Sqlite, "PRAGMA foreign_key_check");
    if change.get_connection().query_one_raw(broken).await?.is_some() {
        return Err(DbErr::Migration("rows name others that are not there: nothing was changed".to_owned()));
    }
    change.commit().await
}

/// SQLite's table, under the name that it has until it takes the old one's place.
fn campaign(added: bool) -> TableCreateStatement {
    let db = DbBackend::Sqlite;
    let mut table = owned(db, "campaign_new")
        .col(id(db, "created_by"))
        .col(id(db, "preview_id").unique_key())
        .col(id(db, "decision_id"))
        .col(one_of("state", if added { STATES } else { STATES_BEFORE }))
        .col(text_null("text"))
        .col(one_of("purpose", PURPOSES))
        .col(text("sender"))
        .col(text("provider"))
        .col(big_integer("cost"))
        .col(at("created_at"))
        .col(at_null("completed_at"))
        .col(count("total"))
        .col(text_null("short_code"))
        .foreign_key(&mut reference("created_by", "account"))
        .foreign_key(&mut reference("preview_id", "preview"))
        .foreign_key(&mut reference("decision_id", "decision"))
        .check(Expr::cust(format!("total = {}", COUNTERS.join(" + "))))
        .take();
    for counter in COUNTERS {
        table.col(count(counter));
    }
    if added {
        table.col(id_null(db, "retry_of")).foreign_key(&mut reference("retry_of", "campaign"));
    }
    table
}

/// What is being cancelled, the family of a campaign, what is queued of one, and the messages of a person: these with all that is
/// asked of them, without which SQLite, which keeps no figures here, prefers the primary key and reads those of the whole structure.
async fn indices(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    run(manager, "DROP INDEX IF EXISTS message_person_by_person").await?;
    let all = [
        index("message_person", "message_person_by_person", &["structure_id", "person_id", "message_id"]),
        index("campaign", "campaign_cancelling", &["id"])
            .and_where(Expr::col("state").eq("CANCELLING"))
            .take(),
        index("campaign", "campaign_by_first", &["structure_id", "retry_of"])
            .and_where(Expr::col("retry_of").is_not_null())
            .take(),
        index("message", "message_queued_by_campaign", &["structure_id", "campaign_id", "id"])
            .and_where(Expr::col("state").eq("QUEUED"))
            .take(),
    ];
    for mut index in all {
        manager.create_index(index.if_not_exists().take()).await?;
    }
    Ok(())
}
