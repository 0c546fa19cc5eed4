//! Rules that leave people out, as a structure writes them.

use api::caller::Operator;
use api::clock::Clock as _;
use api::services::senders;
use chrono::{DateTime, TimeDelta, Utc};
use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

use super::{publish, save, set, verdict};

both!(
    what_a_rule_reads_of_a_person_is_theirs,
    nobody_hears_from_us_twice_a_day,
    of_two_sends_at_once_each_sees_what_the_other_sent,
    the_sender_that_rules_read_is_the_one_shown,
    what_was_not_sent_is_not_counted,
    a_clock_set_back_makes_no_time_negative,
    a_rule_that_fails_leaves_the_person_out,
    a_rule_only_observed_leaves_nobody_out,
    a_rule_published_meanwhile_makes_a_preview_stale,
    those_left_out_are_paged_through,
    another_structure_is_not_concerned,
    what_does_not_fit_is_refused_at_save,
);

const SHOWN: &str = "query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on SmsPreview {
    recipientCount excludedCount
    recipients(first: 100) { totalCount edges { node { people { id displayName } } } }
    exclusions(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
        edges { node { person { displayName } reason ruleSlug message } } } } } }";

fn manifest(failing: &str) -> String {
    format!(
        r#"
slug = "chosen"
stages = ["RECIPIENT"]
title = {{ en = "Chosen people only", fr = "Certaines personnes seulement" }}
description = {{ en = "Leaves some people out.", fr = "Écarte des personnes." }}

[codes.NOT_CHOSEN]
level = "SKIP"
en = "Left out after {{person.sent_today}}."
fr = "Écartée après {{person.sent_today}}."

[[cases]]
facts = {{ person = {{ sex = "FEMALE", tags = ["Musicien"], lists = [], sent_today = 0, last_sent_hours = 100 }} }}
verdict = "PASS"

[[cases]]
facts = {{ person = {failing} }}
verdict = "NOT_CHOSEN"
"#
    )
}

/// Puts a rule in force that lets the first case of the manifest through, and not this one.
pub(super) async fn in_force(app: &TestApp, source: &str, failing: &str, state: &str) -> Value {
    let admin = app.admin().await;
    let saved = save(&admin, json!({ "manifest": manifest(failing), "source": source })).await;
    assert_eq!(saved["version"]["diagnostics"], json!([]), "{saved}");
    let published = publish(&admin, &saved, state).await;
    assert_eq!(published["errors"], json!([]), "{published}");
    published
}

/// Three people of one family name who differ.
pub(super) async fn three(app: &TestApp) -> Actor {
    let file = "Nom;Prénom;Sexe;Mobile;Tags;Listes\n\
        Divers;Aude;F;0612008001;Musicien,Bureau;Orchestre A\nDivers;Bruno;M;0612008002;Musicien;\nDivers;Cora;;0612008003;;Orchestre A\n";
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
    app.marie().await
}

async fn to_three(marie: &Actor) -> Value {
    let audience = json!({ "matching": { "filter": { "search": "divers" } } });
    marie.preview_of(audience, "Bonjour").await
}

/// The first names of those whom a preview reaches.
async fn reached(marie: &Actor, preview: &Value) -> Vec<String> {
    let node = marie.query(SHOWN, json!({ "id": preview["id"] })).await["node"].take();
    assert_eq!(node["recipients"]["totalCount"], preview["recipientCount"], "{node}");
    assert_eq!(node["exclusions"]["totalCount"], preview["excludedCount"], "{node}");
    let people = nodes(&node["recipients"]).into_iter().map(|one| one["people"][0]["displayName"].clone());
    people
        .map(|name| name.as_str().expect("a name").split(' ').next().expect("a first name").to_owned())
        .collect()
}

async fn what_a_rule_reads_of_a_person_is_theirs(app: TestApp) {
    let marie = three(&app).await;
    marie.sends(&[marie.person("divers bruno").await], "Bonjour").await;
    let agreed = "Nom;Prénom;Consentement commercial\nDivers;Cora;oui\n";
    app.import(app.quatre_vents().await, agreed.as_bytes()).await.expect("a file can be imported");
    for (source, failing, kept) in [
        ("person.sex == \"FEMALE\"", "{ sex = \"MALE\" }", &["Aude"][..]),
        ("person.sex != \"UNKNOWN\"", "{ sex = \"UNKNOWN\" }", &["Aude", "Bruno"]),
        ("\"Musicien\" in person.tags", "{ tags = [] }", &["Aude", "Bruno"]),
        ("person.tags.len() < 2", "{ tags = [\"a\", \"b\"] }", &["Bruno", "Cora"]),
        ("!(\"Orchestre A\" in person.lists)", "{ lists = [\"Orchestre A\"] }", &["Bruno"]),
        ("person.last_sent_hours > 24", "{ last_sent_hours = 24 }", &["Aude", "Cora"]),
        ("!person.commercial_consent", "{ commercial_consent = true }", &["Aude", "Bruno"]),
    ] {
        in_force(&app, source, failing, "ACTIVE").await;
        let preview = to_three(&marie).await;
        assert_eq!(reached(&marie, &preview).await, kept, "{source}");
        assert_eq!(preview["messageCount"], kept.len(), "{source}");
        app.plant("DELETE FROM rule_version").await;
        app.plant("DELETE FROM rule").await;
    }
}

async fn nobody_hears_from_us_twice_a_day(app: TestApp) {
    let marie = three(&app).await;
    let source = "person.sent_today < 1 && person.last_sent_hours >= 3";
    in_force(&app, source, "{ sent_today = 1, last_sent_hours = 0 }", "ACTIVE").await;
    let first = marie.preview(&[marie.person("divers bruno").await], "Bonjour").await;
    let both = to_three(&marie).await;
    assert_eq!(both["messageCount"], 3);
    assert_eq!(marie.send(&first, app.key()).await["errors"], json!([]));
    let stale = marie.send(&both, app.key()).await;
    assert_eq!(stale["errors"][0]["__typename"], "PreviewStaleError", "he was written to meanwhile: {stale}");
    assert_eq!(stale["errors"][0]["preview"]["messageCount"], 2);
    let rest = to_three(&marie).await;
    assert_eq!(reached(&marie, &rest).await, ["Aude", "Cora"]);
    assert_eq!(marie.send(&rest, app.key()).await["errors"], json!([]));
    let nobody = to_three(&marie).await;
    assert_eq!(nobody["messageCount"], 0);
    assert_eq!(code_of(&marie.send(&nobody, app.key()).await), "NO_RECIPIENT");
    // Midnight in Paris is 22:00 UTC in summer.
    let midnight: DateTime<Utc> = "2025-09-08T22:00:00Z".parse().expect("an instant");
    app.advance(midnight - TimeDelta::seconds(1) - app.clock().now());
    assert_eq!(to_three(&app.marie().await).await["messageCount"], 0);
    app.advance(TimeDelta::seconds(1));
    assert_eq!(to_three(&app.marie().await).await["messageCount"], 3, "another day");
}

async fn of_two_sends_at_once_each_sees_what_the_other_sent(app: TestApp) {
    let marie = three(&app).await;
    in_force(&app, "person.sent_today < 1", "{ sent_today = 1 }", "ACTIVE").await;
    let (one, other) = (to_three(&marie).await, to_three(&marie).await);
    let (first, second) = (app.key(), app.key());
    let (one, other) = tokio::join!(marie.send(&one, first), marie.send(&other, second));
    let sent = [&one, &other].map(|answer| answer["campaign"]["progress"]["total"].clone());
    assert!(sent == [json!(3), Value::Null] || sent == [Value::Null, json!(3)], "{one} {other}");
    let stale = if sent[0].is_null() { &one } else { &other };
    assert_eq!(stale["errors"][0]["__typename"], "PreviewStaleError", "{stale}");
    assert_eq!(stale["errors"][0]["preview"]["messageCount"], 0);
}

async fn the_sender_that_rules_read_is_the_one_shown(app: TestApp) {
    let marie = three(&app).await;
    let operator = Operator::at_the_command_line();
    let added = senders::add(&app.ctx(), operator, app.quatre_vents().await, "CHORALE", false).await;
    added.expect("a sender can be added");
    let source = "message.sender != \"CHORALE\" || \"Musicien\" in person.tags";
    in_force(&app, source, "{ tags = [] }, message = { sender = \"CHORALE\" }", "ACTIVE").await;
    let message = json!({ "text": "Bonjour", "sender": "chorale" });
    let audience = json!({ "matching": { "filter": { "search": "divers" } } });
    let asked = "mutation($input: PreviewSmsInput!) { previewSms(input: $input) {
        preview { id sender recipientCount excludedCount } } }";
    let input = json!({ "input": { "audience": audience, "message": message } });
    let preview = marie.query(asked, input).await["previewSms"]["preview"].take();
    assert_eq!(preview["sender"], "CHORALE", "as the structure spells it");
    assert_eq!(reached(&marie, &preview).await, ["Aude", "Bruno"]);
    assert_eq!(reached(&marie, &to_three(&marie).await).await, ["Aude", "Bruno", "Cora"], "from the default");
}

async fn what_was_not_sent_is_not_counted(app: TestApp) {
    let marie = three(&app).await;
    in_force(&app, "person.sent_today < 1", "{ sent_today = 1 }", "ACTIVE").await;
    let preview = to_three(&marie).await;
    let sent = marie.send(&preview, app.key()).await["campaign"].take();
    assert_eq!(to_three(&marie).await["messageCount"], 0);
    marie.cancel(&sent).await;
    assert_eq!(to_three(&marie).await["messageCount"], 3, "nothing left");
}

async fn a_clock_set_back_makes_no_time_negative(app: TestApp) {
    let marie = three(&app).await;
    let source = "person.last_sent_hours + 1 >= 1 && person.sent_today < 9";
    in_force(&app, source, "{ sent_today = 9 }", "ACTIVE").await;
    marie.sends(&[marie.person("divers bruno").await], "Bonjour").await;
    app.dispatch_all().await;
    app.advance(TimeDelta::hours(-2));
    let preview = to_three(&app.marie().await).await;
    assert_eq!(preview["messageCount"], 3, "{preview}");
}

async fn a_rule_that_fails_leaves_the_person_out(app: TestApp) {
    let marie = three(&app).await;
    // Aude has two tags.
    in_force(&app, "100 / (person.tags.len() - 2) < 100", "{ tags = [\"a\", \"b\", \"c\"] }", "ACTIVE").await;
    let preview = to_three(&marie).await;
    assert_eq!(reached(&marie, &preview).await, ["Bruno", "Cora"]);
    let said = verdict(&preview, "chosen");
    assert_eq!((&said["level"], &said["code"]), (&json!("SKIP"), &json!("RULE_ERROR")));
    assert_eq!(preview["decision"]["outcome"], "ALLOWED", "the others are written to");
    let node = marie.query(SHOWN, json!({ "id": preview["id"] })).await["node"].take();
    let [left] = &nodes(&node["exclusions"])[..] else { panic!("one is left out: {node}") };
    assert_eq!((&left["reason"], &left["ruleSlug"]), (&json!("RULE_ERROR"), &json!("chosen")));
    let told = left["message"].as_str().expect("a message");
    assert!(told.contains("Certaines personnes seulement") && told.contains("divisé par zéro"), "{told}");
}

async fn a_rule_only_observed_leaves_nobody_out(app: TestApp) {
    let marie = three(&app).await;
    in_force(&app, "person.sex == \"FEMALE\"", "{ sex = \"MALE\" }", "OBSERVED").await;
    let preview = to_three(&marie).await;
    assert_eq!(reached(&marie, &preview).await, ["Aude", "Bruno", "Cora"]);
    let said = verdict(&preview, "chosen");
    assert_eq!((&said["level"], &said["observedOnly"]), (&json!("SKIP"), &json!(true)));
    assert_eq!(said["message"], "Certaines personnes seulement : 2 personnes seraient écartées.");
    assert_eq!(marie.send(&preview, app.key()).await["errors"], json!([]));
}

async fn a_rule_published_meanwhile_makes_a_preview_stale(app: TestApp) {
    let marie = three(&app).await;
    let before = to_three(&marie).await;
    in_force(&app, "person.sex == \"FEMALE\"", "{ sex = \"MALE\" }", "ACTIVE").await;
    let stale = marie.send(&before, app.key()).await;
    assert_eq!(stale["errors"][0]["__typename"], "PreviewStaleError", "{stale}");
    let now = to_three(&marie).await;
    assert_eq!(reached(&marie, &now).await, ["Aude"]);
    let admin = app.admin().await;
    assert_eq!(set(&admin, "chosen", json!({ "state": "OFF" })).await["errors"], json!([]));
    let stale = marie.send(&now, app.key()).await;
    assert_eq!(stale["errors"][0]["__typename"], "PreviewStaleError", "{stale}");
    assert_eq!(stale["errors"][0]["preview"]["messageCount"], 3);
}

async fn those_left_out_are_paged_through(app: TestApp) {
    // More than one page of a scan, and more than the parameters that SQLite takes where each id is one.
    let rows = (0..2_500).map(|n| {
        let (sex, mobile) = (if n % 5 == 0 { "F" } else { "M" }, 612_000_000 + n);
        format!("Foule;P{n:04};{sex};0{mobile}\n")
    });
    let file = format!("Nom;Prénom;Sexe;Mobile\n{}", rows.collect::<String>());
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
    app.give(app.quatre_vents().await, 5_000).await;
    in_force(&app, "person.sex == \"FEMALE\"", "{ sex = \"MALE\" }", "ACTIVE").await;
    let marie = app.marie().await;
    let preview =
        marie.preview_of(json!({ "matching": { "filter": { "search": "foule" } } }), "Bonjour").await;
    assert_eq!([&preview["messageCount"], &preview["excludedCount"]], [500, 2_000]);
    let (mut after, mut seen) = (Value::Null, Vec::new());
    for _ in 0..20 {
        let variables = json!({ "id": preview["id"], "first": 100, "after": after });
        let page = marie.query(SHOWN, variables).await["node"]["exclusions"].take();
        assert_eq!(page["totalCount"], 2_000);
        seen.extend(
            nodes(&page)
                .into_iter()
                .map(|one| one["person"]["displayName"].as_str().expect("a name").to_owned()),
        );
        after = page["pageInfo"]["endCursor"].clone();
    }
    let wanted: Vec<String> = (0..2_500).filter(|n| n % 5 != 0).map(|n| format!("P{n:04} Foule")).collect();
    assert_eq!(seen, wanted);
    let sent = marie.send(&preview, app.key()).await;
    assert_eq!(sent["campaign"]["progress"]["total"], 500, "{sent}");
}

async fn another_structure_is_not_concerned(app: TestApp) {
    in_force(&app, "person.sex == \"FEMALE\"", "{ sex = \"MALE\" }", "ACTIVE").await;
    let nils = app.nils().await;
    let preview = nils.preview(&nils.ids(json!({})).await, "Bonjour").await;
    assert!(preview["messageCount"].as_i64().expect("a number") > 0);
    let verdicts = preview["decision"]["verdicts"].as_array().expect("verdicts");
    assert!(verdicts.iter().all(|verdict| verdict["ruleSlug"] != "chosen"));
}

async fn what_does_not_fit_is_refused_at_save(app: TestApp) {
    let admin = app.admin().await;
    for (manifest, source, told) in [
        (
            manifest("{ sex = \"MALE\" }"),
            "audience.person_count < 3",
            "une règle RECIPIENT ne peut pas le lire",
        ),
        (
            manifest("{ sex = \"MALE\" }"),
            "credit.balance > 100 || person.sex != \"MALE\"",
            "une règle RECIPIENT ne peut pas le lire",
        ),
        (
            manifest("{ sex = \"MALE\" }").replace("SKIP", "DENY"),
            "person.sex != \"MALE\"",
            "SKIP est le niveau",
        ),
        (super::manifest("SKIP"), super::SOURCE, "SKIP est le niveau"),
        (super::manifest("DENY"), "person.sex != \"MALE\"", "seule une règle RECIPIENT peut le lire"),
        (manifest("{ sex = \"AUTRE\" }"), "person.sex != \"MALE\"", "person.sex"),
    ] {
        let saved = save(&admin, json!({ "manifest": manifest, "source": source })).await;
        let diagnostics = saved["version"]["diagnostics"].to_string();
        assert!(diagnostics.contains(told), "{told}: {saved}");
        let refused = publish(&admin, &saved, "ACTIVE").await;
        assert_eq!(code_of(&refused), "RULE_NOT_PUBLISHABLE", "{refused}");
        app.plant("DELETE FROM rule_version").await;
        app.plant("DELETE FROM rule").await;
    }
}
