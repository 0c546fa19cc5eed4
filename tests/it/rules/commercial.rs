//! Commercial messages: legal hours, and only to those who agreed.

mod hours;

use api::clock::Clock as _;
use chrono::{DateTime, TimeDelta, Utc};
use entity::message;
use envoi_tests::{Actor, TestApp, UsableInTests as _, both, code_of, nodes};
use serde_json::{Value, json};

use super::set;

both!(
    it_goes_to_those_who_agreed_and_names_the_others,
    with_nobody_who_agreed_there_is_nothing_to_send,
    it_leaves_in_legal_hours_only,
    the_hours_are_set_within_the_law,
    who_withdraws_or_agrees_between_makes_a_preview_stale,
    an_agreement_dated_ahead_counts_from_its_day,
    a_number_is_written_to_for_the_one_who_agreed,
    a_counter_counts_those_who_agreed,
    what_is_sent_again_stays_commercial,
    who_withdraws_while_it_is_on_its_way_is_not_written_to,
    what_comes_late_waits_for_legal_hours,
    hours_that_cannot_be_read_let_nothing_leave,
    an_older_agreement_does_not_undo_a_withdrawal,
    information_goes_to_everyone_at_any_hour,
);

const PREVIEW: &str = "mutation($input: PreviewSmsInput!) { previewSms(input: $input) { errors { code message }
    preview { id token purpose text cost messageCount recipientCount excludedCount metrics { length segments saves }
        decision { outcome verdicts { ruleSlug code level people message operations } } } } }";
const SHOWN: &str = "query($id: ID!) { node(id: $id) { ... on SmsPreview { purpose
    recipients { totalCount edges { node { people { lastName firstName } number cost } } }
    exclusions { totalCount edges { node { person { lastName firstName } reason ruleSlug message } } } } } }";

/// Four people of one family name: two agreed, of whom one has no mobile; two did not.
const FOUR: &str = "Nom;Prénom;Mobile;Consentement commercial\n\
    Vendu;Aude;0612008001;2025-01-15\nVendu;Bruno;0612008002;\nVendu;Cora;;2025-01-15\nVendu;Denis;0612008004;non\n";

async fn four(app: &TestApp) -> Actor {
    app.import(app.quatre_vents().await, FOUR.as_bytes()).await.expect("a file can be imported");
    app.marie().await
}

fn audience() -> Value {
    json!({ "matching": { "filter": { "search": "vendu" } } })
}

async fn preview(marie: &Actor, purpose: &str) -> Value {
    let message = json!({ "text": "Concert de gala samedi, places en vente", "purpose": purpose });
    let input = json!({ "input": { "audience": audience(), "message": message } });
    let payload = marie.query(PREVIEW, input).await["previewSms"].take();
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload["preview"].clone()
}

async fn shown(marie: &Actor, preview: &Value) -> (Vec<Value>, Vec<Value>) {
    let node = marie.query(SHOWN, json!({ "id": preview["id"] })).await["node"].take();
    assert_eq!(node["purpose"], preview["purpose"]);
    let (recipients, exclusions) = (nodes(&node["recipients"]), nodes(&node["exclusions"]));
    assert_eq!(node["recipients"]["totalCount"], recipients.len());
    assert_eq!(node["exclusions"]["totalCount"], exclusions.len());
    (recipients, exclusions)
}

fn verdict<'a>(preview: &'a Value, slug: &str) -> &'a Value {
    let verdicts = preview["decision"]["verdicts"].as_array().expect("verdicts");
    verdicts.iter().find(|verdict| verdict["ruleSlug"] == slug).expect("the rule ran")
}

/// Time passes until that instant.
fn wait_until(app: &TestApp, instant: &str) {
    let instant: DateTime<Utc> = instant.parse().expect("the tests give instants");
    app.advance(instant - app.clock().now());
}

async fn it_goes_to_those_who_agreed_and_names_the_others(app: TestApp) {
    let marie = four(&app).await;
    let preview = preview(&marie, "COMMERCIAL").await;
    assert_eq!(
        [&preview["recipientCount"], &preview["excludedCount"], &preview["messageCount"], &preview["cost"]],
        [1, 3, 1, 1],
        "{preview}"
    );
    let consent = verdict(&preview, "commercial-consent");
    assert_eq!(
        [&consent["level"], &consent["code"], &consent["people"]],
        [&json!("SKIP"), &json!("NO_COMMERCIAL_CONSENT"), &json!(2)],
        "{consent}"
    );
    assert_eq!(preview["decision"]["outcome"], "ALLOWED");
    let (recipients, exclusions) = shown(&marie, &preview).await;
    assert_eq!(recipients[0]["people"], json!([{ "lastName": "Vendu", "firstName": "Aude" }]));
    let why: Vec<[&Value; 3]> = exclusions
        .iter()
        .map(|one| [&one["person"]["firstName"], &one["reason"], &one["ruleSlug"]])
        .collect();
    let (rule, code) = (json!("commercial-consent"), json!("NO_COMMERCIAL_CONSENT"));
    assert_eq!(
        why,
        [
            [&json!("Bruno"), &code, &rule],
            [&json!("Cora"), &json!("NO_MOBILE"), &Value::Null],
            [&json!("Denis"), &code, &rule]
        ]
    );
    assert_eq!(exclusions[0]["message"], "Cette personne n’a pas consenti aux messages commerciaux.");
    let (before, _) = marie.credit().await;
    let sent = marie.send(&preview, app.key()).await;
    assert_eq!(sent["errors"], json!([]), "{sent}");
    assert_eq!(marie.credit().await, (before - 1, 1));
    let campaign = marie.campaign(&sent["campaign"]).await;
    let messages = nodes(&campaign["messages"]);
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["people"], json!([{ "displayName": "Aude Vendu" }]));
    let purpose = "query($id: ID!) { node(id: $id) { ... on Campaign { purpose } } }";
    let kept = marie.query(purpose, json!({ "id": sent["campaign"]["id"] })).await;
    assert_eq!(kept["node"]["purpose"], "COMMERCIAL");
}

async fn with_nobody_who_agreed_there_is_nothing_to_send(app: TestApp) {
    let marie = four(&app).await;
    let message = json!({ "text": "Soldes", "purpose": "COMMERCIAL" });
    let audience =
        json!({ "people": [marie.person("vendu bruno").await, marie.person("vendu denis").await] });
    let input = json!({ "input": { "audience": audience, "message": message } });
    let preview = marie.query(PREVIEW, input).await["previewSms"]["preview"].take();
    assert_eq!([&preview["messageCount"], &preview["cost"], &preview["excludedCount"]], [0, 0, 2]);
    assert_eq!(preview["text"], "Soldes.STOP 36608", "what it would say");
    assert_eq!(code_of(&marie.send(&preview, app.key()).await), "NO_RECIPIENT");
}

async fn it_leaves_in_legal_hours_only(app: TestApp) {
    four(&app).await;
    // In Paris, an hour ahead of UTC from the last Sunday of October on.
    for (instant, code) in [
        ("2026-11-27T06:59:59Z", "OUTSIDE_LEGAL_HOURS"),
        ("2026-11-27T07:00:00Z", "PASS"),
        ("2026-11-27T18:59:59Z", "PASS"),
        ("2026-11-27T19:00:00Z", "OUTSIDE_LEGAL_HOURS"),
        ("2026-11-28T12:00:00Z", "PASS"),
        ("2026-11-28T23:30:00Z", "OUTSIDE_LEGAL_HOURS"),
        ("2026-11-29T12:00:00Z", "OUTSIDE_LEGAL_HOURS"),
        ("2026-12-25T12:00:00Z", "OUTSIDE_LEGAL_HOURS"),
    ] {
        wait_until(&app, instant);
        let marie = app.marie().await;
        let preview = preview(&marie, "COMMERCIAL").await;
        assert_eq!(verdict(&preview, "legal-hours")["code"], code, "{instant}");
        let errors = marie.send(&preview, app.key()).await["errors"].take();
        let refused = code != "PASS";
        assert_eq!(errors[0]["__typename"] == "RefusedError", refused, "{instant}: {errors}");
    }
    // Shown in legal hours, and sent after them.
    wait_until(&app, "2026-12-28T18:55:00Z");
    let marie = app.marie().await;
    let late = preview(&marie, "COMMERCIAL").await;
    assert_eq!(late["decision"]["outcome"], "ALLOWED");
    wait_until(&app, "2026-12-28T19:00:00Z");
    let refused = marie.send(&late, app.key()).await["errors"].take();
    assert_eq!(verdict(&refused[0], "legal-hours")["code"], "OUTSIDE_LEGAL_HOURS");
}

async fn the_hours_are_set_within_the_law(app: TestApp) {
    four(&app).await;
    let admin = app.admin().await;
    let hours = async |name: &str, value: &str| {
        let parameters = json!([{ "name": name, "value": value }]);
        set(&admin, "legal-hours", json!({ "parameters": parameters })).await
    };
    for (name, value) in [("to", "22:01"), ("from", "07:59")] {
        assert_eq!(code_of(&hours(name, value).await), "PARAMETER_OUT_OF_BOUNDS", "{name} {value}");
    }
    assert_eq!(hours("to", "22:00").await["errors"], json!([]));
    wait_until(&app, "2026-11-27T20:59:00Z");
    assert_eq!(verdict(&preview(&app.marie().await, "COMMERCIAL").await, "legal-hours")["code"], "PASS");
    wait_until(&app, "2026-11-27T21:00:00Z");
    let late = preview(&app.marie().await, "COMMERCIAL").await;
    assert_eq!(verdict(&late, "legal-hours")["code"], "OUTSIDE_LEGAL_HOURS");
    let told = verdict(&late, "legal-hours")["message"].as_str().expect("a message").to_owned();
    assert!(told.contains("de 08:00 à 22:00"), "{told}");
}

async fn who_withdraws_or_agrees_between_makes_a_preview_stale(app: TestApp) {
    let marie = four(&app).await;
    for file in [
        "Nom;Prénom;Consentement commercial\nVendu;Aude;non\n",
        "Nom;Prénom;Consentement commercial\nVendu;Bruno;oui\n",
    ] {
        let shown = preview(&marie, "COMMERCIAL").await;
        app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
        let answer = marie.send(&shown, app.key()).await;
        assert_eq!(answer["errors"][0]["__typename"], "PreviewStaleError", "{answer}");
        assert_eq!(answer["campaign"], Value::Null);
    }
    let now = preview(&marie, "COMMERCIAL").await;
    assert_eq!(shown(&marie, &now).await.0[0]["people"][0]["firstName"], "Bruno");
}

async fn an_agreement_dated_ahead_counts_from_its_day(app: TestApp) {
    let file = "Nom;Prénom;Mobile;Consentement commercial\nVendu;Aude;0612008001;2025-09-09\n";
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
    wait_until(&app, "2025-09-08T21:59:59Z");
    assert_eq!(preview(&app.marie().await, "COMMERCIAL").await["messageCount"], 0);
    wait_until(&app, "2025-09-08T22:00:00Z");
    assert_eq!(preview(&app.marie().await, "COMMERCIAL").await["messageCount"], 1, "midnight in Paris");
}

async fn a_number_is_written_to_for_the_one_who_agreed(app: TestApp) {
    let file =
        "Nom;Prénom;Mobile;Consentement commercial\nVendu;Aude;0612008001;\nVendu;Bruno;0612008001;oui\n";
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
    let marie = app.marie().await;
    let preview = preview(&marie, "COMMERCIAL").await;
    assert_eq!([&preview["messageCount"], &preview["recipientCount"], &preview["excludedCount"]], [1, 1, 1]);
    let (recipients, exclusions) = shown(&marie, &preview).await;
    assert_eq!(recipients[0]["people"], json!([{ "lastName": "Vendu", "firstName": "Bruno" }]));
    assert_eq!(exclusions[0]["person"]["firstName"], "Aude");
    let sent = marie.send(&preview, app.key()).await;
    let campaign = marie.campaign(&sent["campaign"]).await;
    assert_eq!(nodes(&campaign["messages"])[0]["people"], json!([{ "displayName": "Bruno Vendu" }]));
}

async fn a_counter_counts_those_who_agreed(app: TestApp) {
    let marie = four(&app).await;
    let text = "Ça".repeat(40);
    let counting = "query($t: String!, $a: AudienceInput, $p: MessagePurpose!) {
        messageMetrics(text: $t, audience: $a, purpose: $p) { saves segments } }";
    let counted = async |purpose: &str| {
        let variables = json!({ "t": text.to_lowercase(), "a": audience(), "p": purpose });
        marie.query(counting, variables).await["messageMetrics"]["saves"].as_i64().expect("a number")
    };
    assert_eq!(
        counted("INFORMATIONAL").await,
        3 * counted("COMMERCIAL").await,
        "three numbers, of whom one agreed"
    );
    assert!(counted("COMMERCIAL").await > 0);
}

async fn what_is_sent_again_stays_commercial(app: TestApp) {
    let marie = four(&app).await;
    let preview = preview(&marie, "COMMERCIAL").await;
    let sent = marie.send(&preview, app.key()).await["campaign"].take();
    assert_eq!(marie.cancel(&sent).await["errors"], json!([]));
    let again = marie.retry(&sent).await;
    assert_eq!(again["errors"], json!([]), "{again}");
    let node = marie.query(SHOWN, json!({ "id": again["preview"]["id"] })).await["node"].take();
    assert_eq!(node["purpose"], "COMMERCIAL");
    app.import(app.quatre_vents().await, "Nom;Prénom;Consentement commercial\nVendu;Aude;non\n".as_bytes())
        .await
        .expect("a file can be imported");
    let withdrawn = marie.retry(&sent).await;
    assert_eq!(withdrawn["preview"]["messageCount"], 0, "{withdrawn}");
}

async fn information_goes_to_everyone_at_any_hour(app: TestApp) {
    four(&app).await;
    wait_until(&app, "2026-11-29T23:30:00Z");
    let marie = app.marie().await;
    let preview = preview(&marie, "INFORMATIONAL").await;
    assert_eq!([&preview["messageCount"], &preview["excludedCount"]], [3, 1]);
    assert_eq!(verdict(&preview, "commercial-consent")["code"], "PASS");
    assert_eq!(marie.send(&preview, app.key()).await["errors"], json!([]));
}

async fn who_withdraws_while_it_is_on_its_way_is_not_written_to(app: TestApp) {
    let file =
        format!("{FOUR}Vendu;Elsa;0612008005;oui\nVendu;Farid;0612008006;oui\nVendu;Gina;0612008005;oui\n");
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
    let marie = app.marie().await;
    let (before, _) = marie.credit().await;
    let shown = preview(&marie, "COMMERCIAL").await;
    let sent = marie.send(&shown, app.key()).await["campaign"].take();
    let withdrawn =
        "Nom;Prénom;Consentement commercial\nVendu;Aude;non\nVendu;Farid;2025-10-01\nVendu;Gina;non\n";
    app.import(app.quatre_vents().await, withdrawn.as_bytes()).await.expect("a file can be imported");
    app.dispatch_all().await;
    let campaign = marie.campaign(&sent).await;
    let states: Vec<(Value, Value, Value)> = nodes(&campaign["messages"])
        .into_iter()
        .map(|one| (one["people"][0]["displayName"].clone(), one["state"].clone(), one["reason"].clone()))
        .collect();
    // One withdrew, one agrees from another day on; of two who share a number, one still agrees.
    for name in ["Aude Vendu", "Farid Vendu"] {
        let suppressed = (json!(name), json!("SUPPRESSED"), json!("NO_COMMERCIAL_CONSENT"));
        assert!(states.contains(&suppressed), "{states:?}");
    }
    assert!(states.contains(&(json!("Elsa Vendu"), json!("DELIVERED"), Value::Null)), "{states:?}");
    assert_eq!(marie.credit().await, (before - 1, 0), "what was not sent is given back");
}

async fn what_comes_late_waits_for_legal_hours(app: TestApp) {
    four(&app).await;
    wait_until(&app, "2025-09-13T17:59:00Z");
    let marie = app.marie().await;
    let shown = preview(&marie, "COMMERCIAL").await;
    let sent = marie.send(&shown, app.key()).await["campaign"].take();
    // Eight in the evening in Paris, then all of Sunday, then five to eight on Monday.
    for instant in ["2025-09-13T18:00:00Z", "2025-09-14T10:00:00Z", "2025-09-15T05:55:00Z"] {
        wait_until(&app, instant);
        app.dispatch_all().await;
        let progress = app.marie().await.campaign(&sent).await["progress"].take();
        assert_eq!((&progress["queued"], &progress["delivered"]), (&json!(1), &json!(0)), "{instant}");
        let kept =
            message::Entity::all_rows().one(app.db()).await.expect("it can be read").expect("it is there");
        let due = kept.next_attempt_at.0 - app.clock().now();
        assert_eq!((due, kept.attempts), (TimeDelta::minutes(5), 0), "{instant}");
        assert_eq!((kept.lease_owner, kept.lease_until), (None, None), "any instance may take it then");
    }
    wait_until(&app, "2025-09-15T06:00:00Z");
    app.dispatch_all().await;
    assert_eq!(app.marie().await.campaign(&sent).await["progress"]["delivered"], 1);
}

async fn hours_that_cannot_be_read_let_nothing_leave(app: TestApp) {
    let marie = four(&app).await;
    set(&app.admin().await, "legal-hours", json!({ "parameters": [{ "name": "from", "value": "09:00" }] }))
        .await;
    let shown = preview(&marie, "COMMERCIAL").await;
    let sent = marie.send(&shown, app.key()).await["campaign"].take();
    app.plant("UPDATE rule_setting SET params = '{\"from\":7}' WHERE slug = 'legal-hours'").await;
    app.dispatch_all().await;
    assert_eq!(marie.campaign(&sent).await["progress"]["queued"], 1);
    app.plant("UPDATE rule_setting SET params = '{}' WHERE slug = 'legal-hours'").await;
    app.advance(TimeDelta::minutes(5));
    app.dispatch_all().await;
    assert_eq!(app.marie().await.campaign(&sent).await["progress"]["delivered"], 1);
}

async fn an_older_agreement_does_not_undo_a_withdrawal(app: TestApp) {
    let marie = four(&app).await;
    let reached = async |marie: &Actor| preview(marie, "COMMERCIAL").await["messageCount"].clone();
    let import = async |said: &str| {
        let file = format!("Nom;Prénom;Consentement commercial\nVendu;Aude;{said}\n");
        let done =
            app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
        (done.0.changed, done.0.unchanged)
    };
    assert_eq!(import("non").await, (1, 0));
    assert_eq!(import("non").await, (0, 1), "again, it changes nothing");
    assert_eq!(import("2025-01-15").await, (0, 1), "last year's file agrees to nothing");
    assert_eq!(reached(&marie).await, 0);
    app.advance(chrono::TimeDelta::days(2));
    assert_eq!(import("2025-09-09").await, (1, 0));
    assert_eq!(reached(&app.marie().await).await, 1, "a later one counts");
    assert_eq!(import("non").await, (1, 0));
    assert_eq!(import("oui").await, (1, 0), "a yes is of today");
    assert_eq!(reached(&app.marie().await).await, 1);
}
