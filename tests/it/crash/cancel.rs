//! A server killed while it cancels: what it began is finished by the next, each message sent or given back.

use std::fmt::Write as _;
use std::time::Duration;

use envoi_tests::{Backend, TestDatabase, TestEntropy, nodes, plainly, seed};
use serde_json::{Value, json};

use super::{PREVIEW, QUATRE_VENTS, Rig, SEND};

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
    let chance = TestEntropy::seeded(seed());
    let rig = Rig::new(database).await;
    let mut file = "Identifiant;Nom;Prénom;Mobile;Tags\n".to_owned();
    for person in 0..RECIPIENTS {
        let number = 10_000 + (person / 90) * 100 + person % 90;
        writeln!(file, "C{person};Foule;P{person};06 70 0{number};Foule").expect("a string takes all");
    }
    let path = rig.database.folder().join("crowd.csv");
    std::fs::write(&path, file).expect("a file can be written");
    rig.command(&["import", "people", &path.display().to_string(), "--structure", QUATRE_VENTS]).await;
    rig.command(&["credit", "add", "--structure", QUATRE_VENTS, "100000"]).await;
    let mut server = rig.start().await;
    let token = server.sign_in("marie@quatre-vents.example").await;
    let tags = "{ viewer { structure { tags(first: 100) { edges { node { id name } } } } } }";
    let tags = nodes(&server.graphql(Some(&token), tags, json!({})).await["viewer"]["structure"]["tags"]);
    let tag = tags.iter().find(|tag| tag["name"] == "Foule").expect("the crowd has its tag")["id"].clone();
    let audience = json!({ "matching": { "filter": { "tags": { "all": [tag] } } } });
    let mut cancelling = 0;
    for kill in 0..KILLS {
        let input = json!({ "audience": audience, "message": { "text": "Répétition ce soir" } });
        let shown = server.graphql(Some(&token), PREVIEW, json!({ "input": input })).await;
        let key = format!("0190b5ac-0000-7000-8000-{:012x}", chance.next() & 0xFFFF_FFFF_FFFF);
        let input = json!({ "previewToken": shown["previewSms"]["preview"]["token"], "idempotencyKey": key });
        let sent = server.graphql(Some(&token), SEND, json!({ "input": input })).await;
        let id = &sent["sendSms"]["campaign"]["id"];
        let goal = i64::try_from(chance.below(300)).expect("small");
        let reached = |now: &Value| now["node"]["progress"]["queued"].as_i64() <= Some(1_600 - goal);
        server.until(&token, STATE, json!({ "id": id }), reached).await;
        // Killed in the middle of it, or soon after its answer.
        let patience = Duration::from_micros(chance.next() % 80_000);
        let request = server.try_graphql(Some(&token), CANCEL, json!({ "id": id }));
        let answered = tokio::time::timeout(patience, request).await;
        server.kill().await;
        server = rig.start().await;
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
    let report = rig.command(&["audit"]).await;
    assert!(!report.contains("FAULT"), "{report}");
    let given_back = rig.count("transfer WHERE kind = 'RELEASE'").await;
    assert_eq!(given_back, rig.count("message WHERE state = 'SUPPRESSED' AND reason = 'CANCELLED'").await);
    println!("{given_back} given back after {KILLS} kills, {cancelling} campaigns with some in doubt");
    rig.rows.close().await.expect("the connection can be closed");
    rig.database.remove().await;
}
