//! A server killed while it cancels: what it began is finished by the next, each message sent or given back.

use std::time::Duration;

use envoi_tests::gateway::Manner;
use envoi_tests::{Backend, TestDatabase, TestEntropy, plainly, seed};
use serde_json::{Value, json};

use super::campaigns::Ask;
use super::rig::{IN_FLIGHT, Rig, Setup};

const KILLS: usize = 4;
/// More than one transaction cancels.
const RECIPIENTS: usize = 1_600;
const CANCEL: &str = "mutation($id: ID!) { cancelCampaign(input: { campaign: $id }) { errors { code } } }";
const STATE: &str = "query($id: ID!) { node(id: $id) { ... on Campaign {
    state progress { queued sending handedOver delivered unknown suppressed } } } }";

#[test]
fn killed_while_it_cancels_on_sqlite() {
    plainly(async || killed_while_it_cancels(Backend::Sqlite.demo().await).await);
}

#[test]
fn killed_while_it_cancels_on_postgres() {
    plainly(async || killed_while_it_cancels(Backend::Postgres.demo().await).await);
}

async fn killed_while_it_cancels(database: TestDatabase) {
    let seed = seed();
    let chance = TestEntropy::seeded(seed);
    let setup =
        Setup { manner: Manner::Kind, seed, recipients: RECIPIENTS, in_flight: IN_FLIGHT, patience: 1 };
    let rig = Rig::new(database, setup).await;
    let token = rig.token.clone();
    let mut server = rig.start(&[]).await;
    let mut cancelling = 0;
    for kill in 0..KILLS {
        let id = &Ask::preview(&rig, &server, &chance).await.send(&rig, &server).await;
        let goal = i64::try_from(chance.below(300)).expect("small");
        let reached = |now: &Value| now["node"]["progress"]["queued"].as_i64() <= Some(1_600 - goal);
        server.until(&token, STATE, json!({ "id": id }), reached).await;
        // Killed in the middle of it, or soon after its answer.
        let patience = Duration::from_micros(chance.next() % 80_000);
        let request = server.try_graphql(Some(&token), CANCEL, json!({ "id": id }));
        let answered = tokio::time::timeout(patience, request).await;
        server.kill().await;
        server = rig.start(&[]).await;
        if let Ok(answer) = answered {
            assert_eq!(answer.expect("answered")["data"]["cancelCampaign"]["errors"], json!([]));
        } else {
            // It may or may not have been heard.
            let again = server.graphql(Some(&token), CANCEL, json!({ "id": id })).await;
            assert_eq!(again["cancelCampaign"]["errors"], json!([]));
        }
        let none =
            |now: &Value| ["queued", "sending"].iter().all(|state| now["node"]["progress"][state] == 0);
        let after = server.until(&token, STATE, json!({ "id": id }), none).await["node"].take();
        let doubtful = after["progress"]["unknown"] != 0;
        cancelling += usize::from(doubtful);
        assert_eq!(after["state"], if doubtful { "CANCELLING" } else { "CANCELLED" }, "kill {kill}: {after}");
        let suppressed = after["progress"]["suppressed"].as_i64().expect("a count");
        assert!(suppressed > 0, "kill {kill}: {after}");
    }
    assert_eq!(server.stop().await, Some(0));
    rig.reconcile().await;
    let given_back = rig.count("transfer WHERE kind = 'RELEASE'").await;
    assert_eq!(given_back, rig.count("message WHERE state = 'SUPPRESSED' AND reason = 'CANCELLED'").await);
    println!("{given_back} given back after {KILLS} kills, {cancelling} campaigns with some in doubt");
    rig.close().await;
}
