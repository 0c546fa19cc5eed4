//! Power cuts on SQLite: what was acknowledged is there afterwards, and nothing is sent twice because it was forgotten.

use std::time::Duration;

use envoi_tests::disk::Disk;
use envoi_tests::gateway::Manner;
use envoi_tests::{Backend, TestEntropy, plainly};
use sea_orm::{ConnectionTrait as _, Statement};

use super::campaigns::Ask;
use super::figures::{Figure, Round};
use super::rig::{IN_FLIGHT, Rig, Setup};

/// Few, so that a cut comes among many commits of every kind.
const RECIPIENTS: usize = 40;
/// The longest that a server lives.
const LIFE: u64 = 600;

#[test]
fn what_was_acknowledged_outlives_a_power_cut() {
    plainly(async || {
        let figure = Figure { name: "power-cuts", backend: Backend::Sqlite, full: 500 };
        figure
            .reach(8, 50, async |seed, cuts| {
                let kept = cut_again_and_again(seed, cuts, None).await;
                assert_eq!((kept.lost, kept.broken), (0, 0), "{kept:?}");
                assert!(kept.acknowledged > 0, "nothing was acknowledged that could be lost");
                println!("{cuts} power cuts: {kept:?}");
                Round { done: cuts, counts: vec![("acknowledged", kept.acknowledged), ("lost", kept.lost)] }
            })
            .await;
    });
}

/// The control: a database that does not wait for the disk does lose what it acknowledged, and this is seen.
#[test]
fn without_waiting_for_the_disk_a_power_cut_is_seen_to_lose() {
    plainly(async || {
        let figure = Figure { name: "power-cuts-control", backend: Backend::Sqlite, full: 50 };
        figure
            .reach(8, 50, async |seed, cuts| {
                let kept = cut_again_and_again(seed, cuts, Some("synchronous-normal")).await;
                assert!(kept.lost > 0, "nothing was lost: the cuts cut nothing: {kept:?}");
                println!("{cuts} power cuts without waiting for the disk: {kept:?}");
                Round { done: cuts, counts: vec![("acknowledged", kept.acknowledged), ("lost", kept.lost)] }
            })
            .await;
    });
}

/// What was left after power cuts.
#[derive(Debug, Default)]
struct Kept {
    /// Sends that were answered.
    acknowledged: u64,
    /// Of these, sends that are not there, and requests to the provider of which no attempt is there.
    lost: u64,
    /// Files that SQLite finds damaged.
    broken: u64,
}

async fn cut_again_and_again(seed: u64, cuts: u64, bug: Option<&str>) -> Kept {
    let chance = TestEntropy::seeded(seed);
    let setup =
        Setup { manner: Manner::Kind, seed, recipients: RECIPIENTS, in_flight: IN_FLIGHT, patience: 1 };
    let rig = Rig::new(Backend::Sqlite.demo().await, setup).await;
    let disk = Disk::under(&rig.database.file());
    let shim = disk.variables();
    let mut variables: Vec<(&str, &str)> = shim.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.extend(bug.map(|bug| ("FAULT_BUG", bug)));
    let (mut kept, mut answered) = (Kept::default(), Vec::new());
    for _ in 0..cuts {
        disk.settle();
        let server = rig.start(&variables).await;
        let life = Duration::from_millis(chance.next() % LIFE);
        let sending = async {
            loop {
                let ask = Ask::preview(&rig, &server, &chance).await;
                ask.send(&rig, &server).await;
                answered.push(ask);
            }
        };
        // Cut in the middle of anything.
        let _ = tokio::time::timeout(life, sending).await;
        server.kill().await;
        disk.cut_power();
        kept.broken += u64::from(!is_whole(&rig).await);
    }
    kept.acknowledged = answered.len() as u64;
    kept.lost = kept.acknowledged - count_kept(&rig, &answered).await;
    if bug.is_none() {
        let server = rig.start(&[]).await;
        rig.settle(&server).await;
        assert_eq!(server.stop().await, Some(0));
        rig.all_was_sent().await;
    } else {
        let rows = rig.database.connect().await;
        kept.lost += rig.reconciled_in(&rows).await.lost as u64;
        rows.close().await.expect("the connection can be closed");
    }
    rig.close().await;
    kept
}

async fn is_whole(rig: &Rig) -> bool {
    let rows = rig.database.connect().await;
    let check = Statement::from_string(rows.get_database_backend(), "PRAGMA integrity_check");
    let row = rows.query_one_raw(check).await.expect("the file can be read").expect("it answers a row");
    let found: String = row.try_get_by_index(0).expect("it answers a text");
    rows.close().await.expect("the connection can be closed");
    found == "ok"
}

/// How many of the sends are there, by their keys.
async fn count_kept(rig: &Rig, sends: &[Ask]) -> u64 {
    let keys: Vec<String> = sends.iter().map(|ask| format!("x'{}'", ask.key().simple())).collect();
    let sql = format!("SELECT COUNT(*) AS found FROM idempotency WHERE key IN ({})", keys.join(", "));
    let rows = rig.database.connect().await;
    let row = rows.query_one_raw(Statement::from_string(rows.get_database_backend(), sql)).await;
    let found: i64 =
        row.expect("rows can be counted").expect("a count has a row").try_get("", "found").expect("a count");
    rows.close().await.expect("the connection can be closed");
    u64::try_from(found).expect("a count is not negative")
}
