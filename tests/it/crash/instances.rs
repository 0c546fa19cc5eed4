//! Three servers on one PostgreSQL, of which one is killed, or frozen for longer than its leases and woken: nothing is sent twice.

use std::time::Duration;

use envoi_tests::gateway::Manner;
use envoi_tests::{Backend, TestEntropy, plainly};

use super::campaigns::Ask;
use super::figures::{Figure, Round};
use super::kills::{TWICE, beyond};
use super::rig::{IN_FLIGHT, Rig, Setup};

const RECIPIENTS: usize = 300;
/// Three leases of the rig's servers.
const FROZEN: Duration = Duration::from_secs(6);

#[test]
fn one_of_three_instances_is_killed_or_frozen_and_woken() {
    plainly(async || {
        let figure = Figure { name: "instances", backend: Backend::Postgres, full: 300 };
        figure.reach(4, 20, round).await;
    });
}

async fn round(seed: u64, cycles: u64) -> Round {
    let chance = TestEntropy::seeded(seed);
    let setup =
        Setup { manner: Manner::Kind, seed, recipients: RECIPIENTS, in_flight: IN_FLIGHT, patience: 1 };
    let rig = Rig::new(Backend::Postgres.demo().await, setup).await;
    // Reports are brought to the first, at the address that all give; the others take free ports.
    let first = rig.start(&[]).await;
    let elsewhere = [("ENVOI_LISTEN", "127.0.0.1:0")];
    let second = rig.start(&elsewhere).await;
    let (mut killed, mut frozen) = (0, 0);
    for cycle in 0..cycles {
        let third = rig.start(&elsewhere).await;
        Ask::preview(&rig, &first, &chance).await.send(&rig, &first).await;
        tokio::time::sleep(Duration::from_millis(chance.next() % 300)).await;
        if cycle % 2 == 0 {
            third.kill().await;
            killed += 1;
        } else {
            third.freeze().await;
            tokio::time::sleep(FROZEN).await;
            third.wake().await;
            frozen += 1;
            // It finds that others have settled what it was about, and takes part again.
            Ask::preview(&rig, &third, &chance).await.send(&rig, &third).await;
            assert_eq!(third.stop().await, Some(0));
        }
        assert_eq!(rig.count(&beyond()).await, 0, "more requests under way than the window in cycle {cycle}");
    }
    rig.settle(&first).await;
    for server in [first, second] {
        assert_eq!(server.stop().await, Some(0));
    }
    let found = rig.all_was_sent().await;
    assert_eq!(rig.count(TWICE).await, 0);
    let people = u64::try_from(RECIPIENTS).expect("small");
    assert_eq!(rig.count("message").await, rig.count("campaign").await * people);
    println!("{killed} killed, {frozen} frozen and woken: {found:?}");
    rig.close().await;
    let ambiguous = found.ambiguous as u64;
    assert!(ambiguous <= cycles * IN_FLIGHT, "{ambiguous} in doubt");
    Round { done: cycles, counts: vec![("accepted", found.accepted as u64), ("ambiguous", ambiguous)] }
}
