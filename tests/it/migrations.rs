//! Databases of before: each step takes the rows there are along.

use envoi_tests::{TestApp, both};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use serde_json::json;

both!(campaigns_of_before_can_be_cancelled_and_sent_again);

/// The steps before those that take STOPs and let campaigns be cancelled.
const BEFORE: u32 = 7;

/// What a table holds, told alike before and after.
async fn rows(connection: &DatabaseConnection, table: &str, columns: &str) -> Vec<String> {
    let sql = format!("SELECT {columns} FROM {table} ORDER BY 1");
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await;
    let rows = rows.expect("rows can be read");
    rows.iter().map(|row| format!("{:?}", row.try_get::<String>("", "told").expect("a text"))).collect()
}

async fn everything(connection: &DatabaseConnection) -> Vec<String> {
    let mut all = Vec::new();
    for (table, columns) in [
        (
            "campaign",
            "text || ' ' || sender || ' ' || state || ' ' || cost || ' ' || created_at || ' ' || total || ' ' || queued
                || ' ' || delivered || ' ' || COALESCE(short_code, '') || ' ' || COALESCE(completed_at, 0) AS told",
        ),
        ("message", "state || ' ' || number || ' ' || cost || ' ' || attempts AS told"),
        ("transfer", "kind || ' ' || amount AS told"),
        (
            "ledger_entry",
            "reason || ' ' || quantity || ' ' || delta || ' ' || balance_after || ' ' || first_at || ' ' || last_at AS told",
        ),
        ("decision", "stage || ' ' || decided_at || ' ' || outcome || ' ' || verdicts || ' ' || facts AS told"),
        ("preview", "text || ' ' || purpose || ' ' || cost || ' ' || created_at || ' ' || expires_at AS told"),
        ("opt_out", "source || ' ' || opted_out_at AS told"),
        ("idempotency", "operation || ' ' || created_at AS told"),
    ] {
        let found = rows(connection, table, columns).await;
        assert!(!found.is_empty(), "{table}");
        all.extend(found);
    }
    all
}

/// The triggers that tell what changed: a table that is made anew loses its own.
async fn triggers(connection: &DatabaseConnection) -> Vec<String> {
    let sql = match connection.get_database_backend() {
        DbBackend::Sqlite => "SELECT name AS told FROM sqlite_schema WHERE type = 'trigger' ORDER BY 1",
        _ => "SELECT tgname::text AS told FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    };
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await;
    let rows = rows.expect("triggers can be listed");
    rows.iter().map(|row| row.try_get("", "told").expect("a text")).collect()
}

async fn campaigns_of_before_can_be_cancelled_and_sent_again(app: TestApp) {
    let marie = app.marie().await;
    let done = marie.sends(&marie.musicians(2).await, "un").await;
    app.dispatch_all().await;
    // Who put a version in force was not kept then: the audit at the end wants its author.
    let admin = app.admin().await;
    let start =
        "mutation { startRule(input: { from: { template: \"forbidden-words\" } }) { version { id } } }";
    let version = admin.query(start, json!({})).await["startRule"]["version"]["id"].take();
    let publish = "mutation($id: ID!) { publishRule(input: { version: $id }) { errors { code } } }";
    let published = admin.query(publish, json!({ "id": version })).await;
    assert_eq!(published["publishRule"]["errors"], json!([]));
    let queued = marie.sends(&marie.musicians(3).await, "deux").await;
    let connection = app.connect().await;
    let now = everything(&connection).await;
    let steps = u32::try_from(Migrator::migrations().len()).expect("few");
    Migrator::down(&connection, Some(steps - BEFORE)).await.expect("steps can be undone");
    let refused = connection.execute_unprepared("UPDATE campaign SET state = 'CANCELLING'").await;
    assert!(refused.is_err(), "it is the schema of before");
    let before = connection.execute_unprepared("SELECT short_code FROM campaign").await;
    assert!(before.is_err(), "it is the schema of before");

    Migrator::up(&connection, Some(2)).await.expect("steps can be done");
    // A step that was done and not noted, as when the process dies in between, is done again.
    let forget = "DELETE FROM seaql_migrations WHERE version LIKE 'm2026_11_25_000009%'";
    connection.execute_unprepared(forget).await.expect("planted");
    Migrator::up(&connection, None).await.expect("the database is brought up to date");
    assert_eq!(everything(&connection).await, now);
    for refused in [
        "DELETE FROM campaign",
        "UPDATE campaign SET state = 'LOST'",
        "UPDATE campaign SET delivered = delivered + 1",
        "UPDATE message SET campaign_id = structure_id",
    ] {
        assert!(connection.execute_unprepared(refused).await.is_err(), "{refused}");
    }
    assert_eq!(triggers(&connection).await, ["campaign_changed", "credit_changed"]);
    connection.close().await.expect("closed");

    assert_eq!(marie.campaign(&done).await["state"], "COMPLETED");
    assert_eq!(marie.cancel(&queued).await["campaign"]["state"], "CANCELLED");
    assert_eq!(marie.retry(&queued).await["preview"]["messageCount"], json!(3));
}
