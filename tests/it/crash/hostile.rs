//! A provider that does all that providers do: it takes and says nothing, throttles, breaks, tears its answers, and its reports come early,
//! twice, backwards and forged. Beside it, on the same seeds, a service that tries again whatever it does not know the end of.

use envoi_tests::gateway::{Event, Manner, Told};
use envoi_tests::process::Server;
use envoi_tests::{Backend, TestEntropy, plainly};
use sea_orm::{ConnectionTrait as _, FromQueryResult, Statement};
use uuid::Uuid;

use super::campaigns::Ask;
use super::figures::{Figure, Round};
use super::rig::{Rig, Setup};

const RECIPIENTS: usize = 400;
const MANY_RECIPIENTS: usize = 10_000;
/// Enough that those who never answer do not hold up the others.
const IN_FLIGHT: u64 = 128;

#[test]
fn a_hostile_provider_on_sqlite() {
    plainly(async || figure(Backend::Sqlite).await);
}

#[test]
fn a_hostile_provider_on_postgres() {
    plainly(async || figure(Backend::Postgres).await);
}

/// The control: who tries again what is in doubt sends twice, and this is seen.
#[test]
fn trying_everything_again_is_seen_to_send_twice_on_sqlite() {
    plainly(async || beside(Backend::Sqlite).await);
}

#[test]
fn trying_everything_again_is_seen_to_send_twice_on_postgres() {
    plainly(async || beside(Backend::Postgres).await);
}

fn tortured() -> bool {
    std::env::var_os("ENVOI_TORTURE").is_some()
}

fn recipients() -> usize {
    if tortured() { MANY_RECIPIENTS } else { RECIPIENTS }
}

async fn figure(backend: Backend) {
    let figure = Figure { name: "hostile", backend, full: 50 };
    figure.reach(1, 1, async |seed, _| round(backend, seed).await).await;
}

async fn beside(backend: Backend) {
    let figure = Figure { name: "hostile-control", backend, full: 5 };
    figure
        .reach(1, 1, async |seed, _| {
            let (rig, server) = sending(backend, seed, &TRYING_AGAIN).await;
            while rig.reconciled_in(&rig.rows).await.duplicated == 0 {
                let left = rig.count("message WHERE state IN ('QUEUED', 'SENDING')").await;
                assert!(left > 0, "nothing was sent twice: the provider is not hostile");
            }
            // One is enough to see it. How many there are is known once all that was tried again is, which takes its time.
            if tortured() {
                rig.settle(&server).await;
            }
            let again = rig.reconciled_in(&rig.rows).await;
            server.kill().await;
            println!("{backend:?}, {} recipients, all tried again: {again:?}", recipients());
            rig.close().await;
            let ours = round(backend, seed).await;
            let mut counts = ours.counts;
            counts.push(("duplicated_trying_again", again.duplicated as u64));
            Round { done: 1, counts }
        })
        .await;
}

/// The settings of a service that tries again what it does not know the end of, and leaves no provider alone.
const TRYING_AGAIN: [(&str, &str); 2] =
    [("FAULT_BUG", "unknown-requeued"), ("ENVOI_DISPATCH_BREAKER_SECONDS", "off")];

#[derive(FromQueryResult)]
struct InDoubt {
    attempt: Uuid,
}

/// The attempts of which the service does not know what came of them.
async fn in_doubt(rig: &Rig) -> Vec<Uuid> {
    let sql = "SELECT a.id AS attempt FROM attempt a INNER JOIN message m ON m.id = a.message_id AND m.attempts = a.number
        WHERE m.state IN ('UNKNOWN', 'SENDING', 'WRITTEN_OFF')";
    let rows = rig.rows.query_all_raw(Statement::from_string(rig.rows.get_database_backend(), sql)).await;
    let rows = rows.expect("the rows can be read");
    let attempt = |row| InDoubt::from_query_result(row, "").expect("an attempt has an id").attempt;
    rows.iter().map(attempt).collect()
}

/// A campaign that is being sent through that provider.
async fn sending(backend: Backend, seed: u64, further: &[(&str, &str)]) -> (Rig, Server) {
    let chance = TestEntropy::seeded(seed);
    let recipients = recipients();
    let setup = Setup { manner: Manner::Hostile, seed, recipients, in_flight: IN_FLIGHT, patience: 4 };
    let rig = Rig::new(backend.demo().await, setup).await;
    let server = rig.start(further).await;
    Ask::preview(&rig, &server, &chance).await.send(&rig, &server).await;
    (rig, server)
}

async fn round(backend: Backend, seed: u64) -> Round {
    let (rig, server) = sending(backend, seed, &[]).await;
    rig.settle(&server).await;
    assert_eq!(server.stop().await, Some(0));
    let found = rig.reconcile().await;
    assert_eq!(rig.count("message").await, u64::try_from(recipients()).expect("small"));
    let told = Told::read(rig.gateway.journal());
    let doubtful = in_doubt(&rig).await;
    for attempt in &doubtful {
        assert_eq!(told.times(*attempt, Event::Told), 0, "the journal settles attempt {attempt}");
    }
    let untold = told.attempts(Event::Accepted) + told.attempts(Event::Refused) - told.attempts(Event::Told);
    assert_eq!(doubtful.len(), untold, "what is in doubt is what the journal cannot settle");
    println!("{backend:?}, {} recipients: {found:?}", recipients());
    rig.close().await;
    let counts = [
        ("accepted", found.accepted as u64),
        ("duplicated", found.duplicated as u64),
        ("ambiguous", found.ambiguous as u64),
    ];
    Round { done: 1, counts: counts.to_vec() }
}
