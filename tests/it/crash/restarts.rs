//! PostgreSQL stopped at once, connections cut, a table held: the service loses nothing, and goes on by itself.

use std::time::Duration;

use envoi_tests::gateway::Manner;
use envoi_tests::postgres::OwnPostgres;
use envoi_tests::process::Server;
use envoi_tests::{Backend, TestDatabase, TestEntropy, plainly};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use serde_json::json;
use tokio::time::Instant;

use super::campaigns::Ask;
use super::figures::{Figure, Round};
use super::kills::TWICE;
use super::rig::{CAMPAIGNS, IN_FLIGHT, Rig, Setup, left};

const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename IS NOT NULL";
/// How long the table is held: every connection waits for them by then.
const HELD: Duration = Duration::from_millis(400);

#[test]
fn the_database_goes_away_and_comes_back() {
    plainly(async || {
        let figure = Figure { name: "restarts", backend: Backend::Postgres, full: 100 };
        let recipients = if std::env::var_os("ENVOI_TORTURE").is_some() { 10_000 } else { 500 };
        figure.reach(3, 25, async |seed, times| round(seed, times, recipients).await).await;
    });
}

async fn round(seed: u64, times: u64, recipients: usize) -> Round {
    let chance = TestEntropy::seeded(seed);
    let postgres = OwnPostgres::start().await;
    let database = TestDatabase::elsewhere(postgres.url());
    let setup = Setup { manner: Manner::Kind, seed, recipients, in_flight: IN_FLIGHT, patience: 1 };
    let rig = Rig::with_demo(database, setup).await;
    let server = rig.start(&[]).await;
    let mut longest = Duration::ZERO;
    for time in 0..times {
        if waiting(&rig, &server).await == 0 {
            Ask::preview(&rig, &server, &chance).await.send(&rig, &server).await;
        }
        tokio::time::sleep(Duration::from_millis(chance.next() % 200)).await;
        match time % 3 {
            0 => postgres.restart().await,
            1 => {
                let other = rig.database.connect().await;
                other.execute_unprepared(CUT).await.expect("connections can be cut");
                other.close().await.expect("the connection can be closed");
            }
            _ => hold(&rig).await,
        }
        let cut = Instant::now();
        let before = waiting(&rig, &server).await;
        while before > 0 && waiting(&rig, &server).await == before {
            tokio::task::yield_now().await;
        }
        longest = longest.max(cut.elapsed());
    }
    rig.settle(&server).await;
    assert_eq!(server.stop().await, Some(0));
    let found = rig.all_was_sent().await;
    let rows = rig.database.connect().await;
    assert_eq!(rig.count_in(&rows, TWICE).await, 0);
    let people = u64::try_from(recipients).expect("small");
    assert_eq!(rig.count_in(&rows, "message").await, rig.count_in(&rows, "campaign").await * people);
    rows.close().await.expect("the connection can be closed");
    let longest = u64::try_from(longest.as_millis()).expect("small");
    println!("{times} times, back within {longest} ms: {found:?}");
    rig.close().await;
    let counts =
        [("accepted", found.accepted as u64), ("ambiguous", found.ambiguous as u64), ("longest_ms", longest)];
    Round { done: times, counts: counts.to_vec() }
}

/// How many messages wait, once the server can say so.
async fn waiting(rig: &Rig, server: &Server) -> u64 {
    loop {
        let now = server.try_graphql(Some(&rig.token), CAMPAIGNS, json!({})).await.expect("the server lives");
        if now["errors"].is_null() {
            return left(&now["data"]);
        }
        tokio::task::yield_now().await;
    }
}

/// Holds what every part of the service reads or writes, so that all its connections wait. One table: the service locks several, and two
/// who lock several in orders of their own wait for each other.
async fn hold(rig: &Rig) {
    let other = rig.database.connect().await;
    let tx = other.begin().await.expect("a transaction can be begun");
    tx.execute_unprepared("LOCK TABLE message").await.expect("a table can be held");
    tokio::time::sleep(HELD).await;
    tx.rollback().await.expect("a table can be let go");
    other.close().await.expect("the connection can be closed");
}
