//! What an SMS costs by where it goes, from the preview to the ledger; and where none goes.

use api::caller::Operator;
use api::services::prices;
use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

both!(
    a_dear_number_costs_what_the_operator_asks,
    nothing_is_sent_where_there_is_no_price,
    another_price_makes_a_preview_stale,
    people_who_share_a_number_pay_once,
);

const FRENCH: &str = "+33612008001";
const BELGIAN: &str = "+32470123456";
const SWISS: &str = "+41791234567";

/// Marie, whose structure has a person of each country: Belgium has a price of two SMS, Switzerland none.
async fn abroad(app: &TestApp) -> (Actor, [String; 3]) {
    let (structure, marie) = (app.quatre_vents().await, app.marie().await);
    let file = format!("Nom;Prénom;Mobile\nLointain;A;{FRENCH}\nLointain;B;{BELGIAN}\nLointain;C;{SWISS}\n");
    app.import(structure, file.as_bytes()).await.expect("a file can be imported");
    set(app, "32", 2).await;
    let mut people = marie.ids(json!({ "search": "lointain" })).await.into_iter();
    let ids = [(); 3].map(|()| people.next().expect("three people"));
    (marie, ids)
}

async fn set(app: &TestApp, prefix: &str, price: i64) {
    let set = prices::set(&app.ctx(), Operator::at_the_command_line(), prefix, price).await;
    set.expect("a price can be set");
}

async fn read(marie: &Actor, preview: &Value) -> Value {
    let document = "query($id: ID!) { node(id: $id) { ... on SmsPreview {
        recipients { edges { node { cost } } } exclusions { edges { node { reason } } }
    } } }";
    marie.query(document, json!({ "id": preview["id"] })).await["node"].take()
}

async fn a_dear_number_costs_what_the_operator_asks(app: TestApp) {
    let (marie, [french, belgian, _]) = abroad(&app).await;
    let (balance, _) = marie.credit().await;
    let text = "a".repeat(149) + "b";
    set(&app, "3247", 3).await;
    for (text, parts) in [("Bonjour", 1), (text.as_str(), 2)] {
        let audience = json!({ "people": [french, belgian] });
        let counted = marie.query(
            "query($t: String!, $a: AudienceInput) { messageMetrics(text: $t, audience: $a) { segments } }",
            json!({ "t": text, "a": audience }),
        );
        assert_eq!(counted.await["messageMetrics"]["segments"], parts);
        let preview = marie.preview_of(audience, text).await;
        assert_eq!(
            (&preview["messageCount"], &preview["cost"]),
            (&json!(2), &json!(4 * parts)),
            "1 and 3 a part"
        );
    }
    let preview = marie.preview_of(json!({ "people": [french, belgian] }), "Bonjour").await;
    let costs: Vec<Value> =
        nodes(&read(&marie, &preview).await["recipients"]).iter().map(|one| one["cost"].clone()).collect();
    assert_eq!(costs, [1, 3]);
    let sent = marie.send(&preview, app.key()).await;
    assert_eq!(marie.credit().await, (balance - 4, 4));
    app.dispatch_all().await;
    assert_eq!(marie.credit().await, (balance - 4, 0), "charged what was reserved");
    assert_eq!(marie.campaign(&sent["campaign"]).await["cost"], 4);
}

async fn nothing_is_sent_where_there_is_no_price(app: TestApp) {
    let (marie, people) = abroad(&app).await;
    let preview = marie.preview(&people, "Bonjour").await;
    assert_eq!((&preview["recipientCount"], &preview["excludedCount"]), (&json!(2), &json!(1)));
    let left_out = nodes(&read(&marie, &preview).await["exclusions"]);
    assert_eq!((left_out.len(), &left_out[0]["reason"]), (1, &json!("COUNTRY_NOT_SERVED")));
    let reachable = marie.ids(json!({ "search": "lointain", "reachable": true })).await;
    assert_eq!(reachable, people[..2]);
    assert_eq!(marie.ids(json!({ "search": "lointain", "reachable": false })).await, people[2..]);
    let nobody = marie.preview(&people[2..], "Bonjour").await;
    assert_eq!((&nobody["messageCount"], &nobody["cost"]), (&json!(0), &json!(0)));
    set(&app, "41", 5).await;
    assert_eq!(marie.preview(&people, "Bonjour").await["cost"], 1 + 2 + 5);
    let removed = prices::remove(&app.ctx(), Operator::at_the_command_line(), "41").await;
    removed.expect("a price can be taken away");
    assert_eq!(marie.preview(&people, "Bonjour").await["cost"], 1 + 2);
}

async fn another_price_makes_a_preview_stale(app: TestApp) {
    let (marie, [french, belgian, _]) = abroad(&app).await;
    let people = [french, belgian];
    for price in [1, 3] {
        let preview = marie.preview(&people, "Bonjour").await;
        set(&app, "32", price).await;
        let refused = marie.send(&preview, app.key()).await;
        assert_eq!(code_of(&refused), "PREVIEW_STALE", "cheaper or dearer, it is another plan");
        assert_eq!(refused["errors"][0]["preview"]["cost"], 1 + price);
    }
}

async fn people_who_share_a_number_pay_once(app: TestApp) {
    let (marie, _) = abroad(&app).await;
    let file = format!("Nom;Prénom;Mobile\nLointain;D;{BELGIAN}\n");
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
    let audience = json!({ "matching": { "filter": { "search": "lointain" } } });
    let preview = marie.preview_of(audience.clone(), &"é".repeat(200)).await;
    assert_eq!((&preview["messageCount"], &preview["cost"]), (&json!(2), &json!(2 * 3)));
    let dear = "query($t: String!, $a: AudienceInput) { messageMetrics(text: $t, audience: $a) { saves } }";
    let text = format!("{}ç", "a".repeat(148));
    let counted = marie.query(dear, json!({ "t": text, "a": audience })).await;
    assert_eq!(
        counted["messageMetrics"]["saves"],
        2 * 3,
        "two parts less to each of two numbers, of one SMS and two"
    );
}
