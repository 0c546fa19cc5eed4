//! The main job, as its users know it: Marie writes to two musicians.

use envoi_tests::{Actor, TestApp, both, nodes};
use serde_json::json;

const TEXT: &str = "Bonjour ça va ou bien Répét ce soir";

both!(marie_writes_to_two_musicians, what_was_sent_can_be_found_again);

async fn marie_writes_to_two_musicians(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(2).await;
    let preview = marie.preview(&people, TEXT).await;
    assert_eq!(preview["text"], format!("{TEXT}.STOP 36608"));
    let metrics = json!({
        "length": 35, "limit": 149, "remaining": 114, "remainingInSegment": 24, "encoding": "UCS2", "segments": 1, "stopMention": ".STOP 36608",
        "offenders": [{ "character": "ç", "positions": [8] }],
    });
    assert_eq!(preview["metrics"], metrics);
    let counts = ["recipientCount", "excludedCount", "messageCount", "cost", "balance", "balanceAfter"];
    assert_eq!(counts.map(|count| preview[count].as_i64()), [2, 0, 2, 2, 228, 226].map(Some));
    assert_eq!(preview["decision"]["outcome"], "ALLOWED");
    assert_eq!(marie.credit().await, (228, 0), "a preview costs nothing");

    let sent = marie.send(&preview, app.key()).await;
    assert_eq!((&sent["errors"], &sent["replayed"]), (&json!([]), &json!(false)));
    assert_eq!(sent["campaign"]["state"], "DISPATCHING");
    assert_eq!(sent["campaign"]["sender"], "4VENTS");
    assert_eq!(marie.credit().await, (226, 2), "what it costs is reserved at once");

    app.dispatch_all().await;
    let campaign = marie.campaign(&sent["campaign"]).await;
    assert_eq!(campaign["state"], "COMPLETED");
    assert_eq!((&campaign["progress"]["total"], &campaign["progress"]["delivered"]), (&json!(2), &json!(2)));
    for message in nodes(&campaign["messages"]) {
        assert_eq!((&message["state"], &message["segments"]), (&json!("DELIVERED"), &json!(1)));
        assert_eq!(message["text"], preview["text"]);
        let states: Vec<_> =
            message["events"].as_array().expect("events").iter().map(|event| &event["state"]).collect();
        assert_eq!(states, ["QUEUED", "SENDING", "HANDED_OVER", "DELIVERED"]);
    }
    let said: Vec<String> = app.network().submitted().into_iter().map(|sms| sms.text).collect();
    assert_eq!(said, [format!("{TEXT}.STOP 36608"), format!("{TEXT}.STOP 36608")]);

    assert_eq!(marie.credit().await, (226, 0));
    told_in_three_lines(&marie).await;
}

async fn told_in_three_lines(marie: &Actor) {
    let ledger = [("CHARGE", 0, 2, 226), ("RESERVATION", -2, 2, 226), ("TOP_UP", 228, 228, 228)];
    assert_eq!(
        marie.ledger().await,
        ledger.map(|(reason, delta, quantity, after)| (reason.to_owned(), delta, quantity, after))
    );
}

async fn what_was_sent_can_be_found_again(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(3).await;
    let first = marie.sends(&people[..1], "un").await;
    let second = marie.sends(&people[1..], "deux").await;
    app.dispatch_all().await;
    let document = "{ viewer { structure { campaigns {
        edges { node { id text state progress { total delivered } decision { outcome } } }
    } } } }";
    let data = marie.query(document, json!({})).await;
    let campaigns = nodes(&data["viewer"]["structure"]["campaigns"]);
    let ids: Vec<_> = campaigns.iter().map(|campaign| &campaign["id"]).collect();
    assert_eq!(ids, [&second["id"], &first["id"]], "the latest first");
    assert_eq!(campaigns[0]["text"], "deux.STOP 36608");
    assert_eq!(campaigns[0]["progress"], json!({ "total": 2, "delivered": 2 }));
    assert!(campaigns.iter().all(|campaign| campaign["decision"]["outcome"] == "ALLOWED"));

    let zoe = app.zoe().await;
    let data = zoe.query(document, json!({})).await;
    assert_eq!(
        nodes(&data["viewer"]["structure"]["campaigns"]).len(),
        0,
        "another structure sees none of it"
    );
}
