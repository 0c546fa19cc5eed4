//! Months later: why a send was allowed, and why each person was left out of it.

use chrono::TimeDelta;
use envoi_tests::{Actor, TestApp, both, nodes};
use serde_json::{Value, json};

use super::recipients::{in_force, three};
use super::set;

both!(
    whom_a_send_left_out_is_told_months_later,
    those_left_out_of_campaigns_are_paged_through,
    who_may_not_read_people_is_not_told_whom,
);

const LEFT_OUT: &str = "query($id: ID!, $first: Int, $after: String) { node(id: $id) {
    ... on SmsPreview { exclusions(first: $first, after: $after) { ...page } }
    ... on Campaign { exclusions(first: $first, after: $after) { ...page } } } }
    fragment page on ExclusionConnection { totalCount pageInfo { hasNextPage endCursor }
        edges { node { person { displayName } reason ruleSlug ruleTitle message } } }";

/// Whom a preview or a campaign leaves out, and why.
async fn left_out(actor: &Actor, of: &Value) -> Value {
    let shown = json!({ "id": of["id"], "first": 100 });
    actor.query(LEFT_OUT, shown).await["node"]["exclusions"].take()
}

/// A send to six people, three of whom can be written to, and one of them is left out by a rule. Answers its preview and itself.
async fn six(app: &TestApp, marie: &Actor) -> (Value, Value) {
    let file = "Identifiant;Nom;Prénom;Mobile\nD4;Divers;Denis;\nD5;Divers;Élie;+41 79 123 45 67\nD6;Divers;Fanny;0612008006\n";
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
    app.opt_out("D6").await;
    in_force(app, "person.sex != \"MALE\"", "{ sex = \"MALE\" }", "ACTIVE").await;
    let audience = json!({ "matching": { "filter": { "search": "divers" } } });
    let preview = marie.preview_of(audience, "Bonjour").await;
    let shown = left_out(marie, &preview).await;
    let sent = marie.send(&preview, app.key()).await;
    assert_eq!((&sent["errors"], &sent["campaign"]["progress"]["total"]), (&json!([]), &json!(2)), "{sent}");
    (shown, sent["campaign"].clone())
}

async fn whom_a_send_left_out_is_told_months_later(app: TestApp) {
    let marie = three(&app).await;
    let (shown, campaign) = six(&app, &marie).await;
    let reasons: Vec<_> = nodes(&shown)
        .into_iter()
        .map(|one| (one["person"]["displayName"].clone(), one["reason"].clone(), one["ruleSlug"].clone()))
        .collect();
    let expected = [
        ("Bruno Divers", "NOT_CHOSEN", json!("chosen")),
        ("Denis Divers", "NO_MOBILE", Value::Null),
        ("Élie Divers", "COUNTRY_NOT_SERVED", Value::Null),
        ("Fanny Divers", "OPTED_OUT", Value::Null),
    ];
    assert_eq!(reasons, expected.map(|(name, reason, rule)| (json!(name), json!(reason), rule)));
    let titles: Vec<_> = nodes(&shown).into_iter().map(|one| one["ruleTitle"].clone()).collect();
    assert_eq!(titles, [json!("Certaines personnes seulement"), Value::Null, Value::Null, Value::Null]);
    app.dispatch_all().await;
    app.advance(TimeDelta::days(100));
    set(&app.admin().await, "chosen", json!({ "state": "OFF" })).await;
    let file =
        "Identifiant;Nom;Prénom;Sexe;Mobile\nD4;Divers;Denis;;0612008004\n;Divers;Bruno;F;0612008002\n";
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
    let marie = app.marie().await;
    assert_eq!(nodes(&left_out(&marie, &campaign).await), nodes(&shown), "whatever they became since");
    let english = left_out(&marie.in_english(), &campaign).await;
    assert_eq!(english["edges"][0]["node"]["message"], "Left out after 0.");
    assert_eq!(english["edges"][0]["node"]["ruleTitle"], "Chosen people only");
    app.plant("UPDATE campaign_exclusion SET message = '{\"en\":\"Out.\",\"fr\":\"Dehors.\"}' WHERE rule IS NOT NULL")
        .await;
    let before = left_out(&marie, &campaign).await["edges"][0]["node"].take();
    assert_eq!(
        (&before["message"], &before["ruleTitle"]),
        (&json!("Dehors."), &Value::Null),
        "kept before titles"
    );
    let decision = "query($id: ID!) { node(id: $id) { ... on Campaign { decision { verdicts { ruleSlug level version } } } } }";
    let told = marie.query(decision, json!({ "id": campaign["id"] })).await["node"]["decision"].take();
    let rule = json!({ "ruleSlug": "chosen", "level": "SKIP", "version": 1 });
    assert!(told["verdicts"].as_array().is_some_and(|all| all.contains(&rule)), "{told}");
}

async fn those_left_out_of_campaigns_are_paged_through(app: TestApp) {
    let marie = three(&app).await;
    let (shown, campaign) = six(&app, &marie).await;
    set(&app.admin().await, "chosen", json!({ "state": "OFF" })).await;
    marie.sends(&marie.musicians(2).await, "un autre").await;
    let (mut told, mut after) = (Vec::new(), Value::Null);
    loop {
        let asked = json!({ "id": campaign["id"], "first": 3, "after": after });
        let page = marie.query(LEFT_OUT, asked).await["node"]["exclusions"].take();
        assert_eq!(page["totalCount"], 4);
        told.extend(nodes(&page));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
    }
    assert_eq!(told, nodes(&shown));
    let document = "{ viewer { structure { campaigns(first: 10) { edges { node { exclusions(first: 1) { totalCount } } } } } } }";
    let (answer, statements) = app.statements(marie.query(document, json!({}))).await;
    let counts: Vec<_> = nodes(&answer["viewer"]["structure"]["campaigns"])
        .into_iter()
        .map(|campaign| campaign["exclusions"]["totalCount"].clone())
        .collect();
    assert_eq!(counts, [0, 4], "the latest first");
    marie.sends(&marie.musicians(1).await, "un troisième").await;
    let (_, more) = app.statements(marie.query(document, json!({}))).await;
    assert_eq!(more, statements, "however many campaigns");
}

async fn who_may_not_read_people_is_not_told_whom(app: TestApp) {
    let marie = three(&app).await;
    let (_, campaign) = six(&app, &marie).await;
    app.plant("DELETE FROM permission WHERE module = 'PEOPLE'").await;
    let answer = app.marie().await.try_query(LEFT_OUT, json!({ "id": campaign["id"] })).await;
    assert_eq!(answer["data"]["node"]["exclusions"], Value::Null, "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let foreign = app.zoe().await.query(LEFT_OUT, json!({ "id": campaign["id"] })).await;
    assert_eq!(foreign["node"], Value::Null);
}
