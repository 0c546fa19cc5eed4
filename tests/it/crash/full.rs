//! A disk that is full, on SQLite: nothing is acknowledged that is not durable, and it goes on when there is room.

use std::time::Duration;

use envoi_tests::disk::Disk;
use envoi_tests::gateway::Manner;
use envoi_tests::{Backend, TestEntropy, plainly};
use serde_json::json;

use super::campaigns::Ask;
use super::figures::{Figure, Round};
use super::rig::{IN_FLIGHT, Rig, Setup};

const RECIPIENTS: usize = 40;
/// How long the disk is full at most.
const FULL: u64 = 300;

#[test]
fn nothing_is_acknowledged_on_a_full_disk_and_it_goes_on() {
    plainly(async || {
        let figure = Figure { name: "disk-full", backend: Backend::Sqlite, full: 50 };
        figure.reach(4, 25, round).await;
    });
}

async fn round(seed: u64, times: u64) -> Round {
    let chance = TestEntropy::seeded(seed);
    let setup =
        Setup { manner: Manner::Kind, seed, recipients: RECIPIENTS, in_flight: IN_FLIGHT, patience: 1 };
    let rig = Rig::new(Backend::Sqlite.demo().await, setup).await;
    let disk = Disk::under(&rig.database.file());
    disk.settle();
    let shim = disk.variables();
    let shim = shim.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut server = rig.start(&shim).await;
    let (mut sent, mut refused) = (0, 0);
    for time in 0..times {
        let ask = Ask::preview(&rig, &server, &chance).await;
        disk.fill(true);
        // Asked until it is refused for want of room: the log may have some left from before.
        let until = tokio::time::Instant::now() + Duration::from_millis(chance.next() % FULL);
        let mut open = Some(ask);
        while tokio::time::Instant::now() < until {
            if let Some(ask) = &open {
                match ask.answer(&rig, &server).await {
                    Some(answer) if answer["errors"].is_null() => {
                        assert_eq!(answer["data"]["sendSms"]["errors"], json!([]), "{answer}");
                        sent += 1;
                        open = None;
                    }
                    Some(_) => refused += 1,
                    None => panic!("the server is gone"),
                }
            }
            tokio::task::yield_now().await;
        }
        disk.fill(false);
        if let Some(ask) = open {
            ask.send(&rig, &server).await;
            sent += 1;
        }
        if time % 2 == 0 {
            // What was acknowledged is durable: the power may go at any moment after.
            server.kill().await;
            disk.cut_power();
            disk.settle();
            server = rig.start(&shim).await;
        }
    }
    rig.settle(&server).await;
    assert_eq!(server.stop().await, Some(0));
    let found = rig.all_was_sent().await;
    let rows = rig.database.connect().await;
    assert_eq!(
        rig.count_in(&rows, "campaign").await,
        sent,
        "each send that was answered is there, and no other"
    );
    rows.close().await.expect("the connection can be closed");
    assert!(refused > 0, "the disk was never full");
    println!("full {times} times, {refused} sends refused, {sent} sent: {found:?}");
    rig.close().await;
    Round {
        done: times,
        counts: vec![("sent", sent), ("refused", refused), ("ambiguous", found.ambiguous as u64)],
    }
}
