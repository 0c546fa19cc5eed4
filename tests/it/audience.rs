//! Whom a message reaches, and whom it does not.

use std::collections::BTreeMap;

use envoi_tests::{Actor, TestApp, both, nodes};
use serde_json::{Value, json};
use uuid::Uuid;

both!(
    all_results_less_two_unticked,
    recipients_and_exclusions_come_in_pages,
    a_person_ticked_twice_counts_once,
    foreign_and_unknown_people_are_answered_alike,
    a_thousand_people_can_be_ticked_and_no_more,
    who_cannot_be_reached_is_told_apart,
);

const RECIPIENTS: &str = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { node(id: $id) { ... on SmsPreview {
    recipients(first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { number text segments cost encoding people { id displayName } } }
        pageInfo { hasNextPage hasPreviousPage }
    }
} } }";

const EXCLUSIONS: &str = "query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on SmsPreview {
    exclusions(first: $first, after: $after) {
        edges { cursor node { reason message person { displayName } } } pageInfo { hasNextPage }
    }
} } }";

async fn page(actor: &Actor, document: &str, preview: &Value, mut page: Value) -> Value {
    page["id"] = preview["id"].clone();
    let node = actor.query(document, page).await["node"].take();
    if node["recipients"].is_null() { node["exclusions"].clone() } else { node["recipients"].clone() }
}

/// The audience of the screen « tous les résultats », less two musicians.
async fn all_but_two(marie: &Actor) -> Value {
    let unticked = marie.musicians(2).await;
    json!({ "matching": { "filter": {}, "except": unticked } })
}

async fn all_results_less_two_unticked(app: TestApp) {
    let marie = app.marie().await;
    let preview = marie.preview_of(all_but_two(&marie).await, "Concert samedi").await;
    let counts = ["recipientCount", "excludedCount", "messageCount", "cost", "balanceAfter"];
    assert_eq!(
        counts.map(|count| preview[count].as_i64()),
        [54, 4, 53, 53, 175].map(Some),
        "58 people are accounted for"
    );

    let recipients = nodes(&page(&marie, RECIPIENTS, &preview, json!({ "first": 100 })).await);
    assert_eq!(recipients.len(), 53);
    let shared: Vec<_> =
        recipients.iter().filter(|one| one["people"].as_array().expect("people").len() > 1).collect();
    assert_eq!(shared.len(), 1, "the siblings get one SMS");
    let names: Vec<_> =
        shared[0]["people"].as_array().expect("people").iter().map(|one| &one["displayName"]).collect();
    assert_eq!(names, ["Léa Morel", "Tom Morel"]);

    let exclusions = nodes(&page(&marie, EXCLUSIONS, &preview, json!({ "first": 100 })).await);
    let mut reasons: BTreeMap<String, i32> = BTreeMap::new();
    for one in &exclusions {
        *reasons.entry(one["reason"].as_str().expect("a reason").to_owned()).or_default() += 1;
        assert!(one["message"].as_str().is_some_and(|message| message.len() > 10), "{one}");
    }
    assert_eq!(reasons, BTreeMap::from([("NO_MOBILE".to_owned(), 3), ("OPTED_OUT".to_owned(), 1)]));

    let sent = marie.send(&preview, app.key()).await;
    assert_eq!(sent["errors"], json!([]));
    app.dispatch_all().await;
    let campaign = marie.campaign(&sent["campaign"]).await;
    assert_eq!(campaign["progress"]["total"], 53);
    let siblings = nodes(&campaign["messages"])
        .into_iter()
        .filter(|one| one["people"].as_array().is_some_and(|all| all.len() == 2));
    assert_eq!(siblings.count(), 1);
    let mut numbers: Vec<String> = app.network().submitted().into_iter().map(|sms| sms.to).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 53, "no number is asked for twice");
}

async fn recipients_and_exclusions_come_in_pages(app: TestApp) {
    let marie = app.marie().await;
    let preview = marie.preview_of(all_but_two(&marie).await, "Concert samedi").await;
    let whole = nodes(&page(&marie, RECIPIENTS, &preview, json!({ "first": 100 })).await);
    let (mut forwards, mut after) = (Vec::new(), Value::Null);
    loop {
        let part = page(&marie, RECIPIENTS, &preview, json!({ "first": 20, "after": after })).await;
        forwards.extend(nodes(&part));
        after = part["edges"]
            .as_array()
            .and_then(|edges| edges.last())
            .map_or(Value::Null, |edge| edge["cursor"].clone());
        if part["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
    }
    assert_eq!(forwards, whole);
    let end = page(&marie, RECIPIENTS, &preview, json!({ "last": 3 })).await;
    assert_eq!(nodes(&end), whole[50..]);
    assert_eq!(end["pageInfo"], json!({ "hasNextPage": false, "hasPreviousPage": true }));
    let before = json!({ "last": 3, "before": end["edges"][0]["cursor"] });
    assert_eq!(nodes(&page(&marie, RECIPIENTS, &preview, before).await), whole[47..50]);

    let first = page(&marie, EXCLUSIONS, &preview, json!({ "first": 3 })).await;
    assert_eq!((nodes(&first).len(), &first["pageInfo"]["hasNextPage"]), (3, &json!(true)));
    let rest =
        page(&marie, EXCLUSIONS, &preview, json!({ "first": 3, "after": first["edges"][2]["cursor"] })).await;
    assert_eq!((nodes(&rest).len(), &rest["pageInfo"]["hasNextPage"]), (1, &json!(false)));

    let crossed = json!({ "id": preview["id"], "first": 3, "after": end["edges"][0]["cursor"] });
    let answer = marie.try_query(EXCLUSIONS, crossed).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "CURSOR_INVALID", "a cursor of another list");
    let paul = app.sign_in("paul@quatre-vents.example").await;
    let answer = paul.query("query($id: ID!) { node(id: $id) { id } }", json!({ "id": preview["id"] })).await;
    assert_eq!(answer["node"], Value::Null, "a preview is its account's only");
}

async fn a_person_ticked_twice_counts_once(app: TestApp) {
    let marie = app.marie().await;
    let one = marie.musicians(1).await;
    let preview = marie.preview(&[one[0].clone(), one[0].clone()], "Bonjour").await;
    assert_eq!((&preview["recipientCount"], &preview["cost"]), (&json!(1), &json!(1)));
}

async fn foreign_and_unknown_people_are_answered_alike(app: TestApp) {
    let marie = app.marie().await;
    let foreign = app.zoe().await.ids(json!({})).await.remove(0);
    let tag = marie.tag("Musicien").await;
    let own = marie.musicians(1).await.remove(0);
    let document = "mutation($input: PreviewSmsInput!) { previewSms(input: $input) { preview { id } errors { code message path } } }";
    let mut answers = Vec::new();
    for id in [foreign.as_str(), &own[..own.len() - 3], "", "🎺", &tag, &Uuid::nil().to_string()] {
        let input = json!({ "audience": { "people": [own, id] }, "message": { "text": "Bonjour" } });
        answers.push(marie.ask(document, json!({ "input": input })).await.text());
    }
    assert!(answers[0].contains("PERSON_NOT_FOUND"), "{}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");

    let except = json!({ "matching": { "filter": {}, "except": [foreign, "🎺"] } });
    assert_eq!(
        marie.preview_of(except, "Bonjour").await["recipientCount"],
        56,
        "unticking a stranger unticks nobody"
    );
}

async fn a_thousand_people_can_be_ticked_and_no_more(app: TestApp) {
    let marie = app.marie().await;
    let own = marie.musicians(1).await.remove(0);
    for (count, code) in [(1_000, Value::Null), (1_001, json!("AUDIENCE_TOO_LARGE"))] {
        let ids = vec![own.clone(); count];
        let ticked = marie.try_preview(json!({ "people": ids }), "Bonjour").await;
        assert_eq!(ticked["errors"][0]["code"], code);
        let unticked =
            marie.try_preview(json!({ "matching": { "filter": {}, "except": ids } }), "Bonjour").await;
        assert_eq!(unticked["errors"][0]["code"], code);
        if count > 1_000 {
            assert_eq!(ticked["errors"][0]["path"], json!(["audience", "people"]));
            assert_eq!(unticked["errors"][0]["path"], json!(["audience", "matching", "except"]));
            assert!(
                ticked["errors"][0]["message"].as_str().is_some_and(|said| said.contains("1000")),
                "{ticked}"
            );
        }
    }
}

async fn who_cannot_be_reached_is_told_apart(app: TestApp) {
    let marie = app.marie().await;
    let nobody = marie.ids(json!({ "reachable": false })).await;
    assert_eq!(nobody.len(), 4);
    let preview = marie.preview(&nobody, "Bonjour").await;
    assert_eq!(
        (&preview["recipientCount"], &preview["messageCount"], &preview["cost"]),
        (&json!(0), &json!(0), &json!(0))
    );
    assert_eq!(preview["excludedCount"], 4);
    let sent = marie.send(&preview, app.key()).await;
    assert_eq!((&sent["campaign"], &sent["errors"][0]["code"]), (&Value::Null, &json!("NO_RECIPIENT")));
    assert_eq!(sent["errors"][0]["path"], json!(["previewToken"]));
}
