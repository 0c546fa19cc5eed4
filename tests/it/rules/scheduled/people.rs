//! Whom the rules leave out when the hour of a message has come.

use std::fmt::Write as _;

use chrono::TimeDelta;
use envoi_tests::{TestApp, both, nodes};
use serde_json::json;

use super::super::{recipients, set, verdict};
use super::{TOMORROW, own, preview, sends, shown, tomorrow, try_preview, until};

both!(
    who_opted_out_meanwhile_is_counted_no_more,
    whose_number_changed_is_looked_at_all_the_same,
    whom_a_rule_leaves_out_at_the_hour_is_named_and_not_written_to,
    a_shared_number_is_written_to_while_one_of_its_people_is_not_left_out,
    a_large_campaign_refused_is_suppressed_batch_after_batch,
);

async fn whom_a_rule_leaves_out_at_the_hour_is_named_and_not_written_to(app: TestApp) {
    let marie = recipients::three(&app).await;
    recipients::in_force(&app, "person.sent_today < 1", "{ sent_today = 1 }", "ACTIVE").await;
    let people = marie.ids(json!({ "search": "divers" })).await;
    let campaign = sends(&app, &marie, &preview(&marie, &people, tomorrow("Répétition")).await, &[]).await;
    app.advance(until(&app, TOMORROW) - TimeDelta::hours(1));
    let marie = app.marie().await;
    // Bruno hears of something else that morning.
    let other = preview(&marie, &[marie.person("divers bruno").await], json!({ "text": "Autre" })).await;
    assert_eq!(other["messageCount"], 0, "what waits for its hour counts on its day: {other}");
    set_state(&app, "OFF").await;
    sends(
        &app,
        &marie,
        &preview(&marie, &[marie.person("divers bruno").await], json!({ "text": "Autre" })).await,
        &[],
    )
    .await;
    app.dispatch_all().await;
    set_state(&app, "ACTIVE").await;
    app.advance(TimeDelta::hours(1));
    app.dispatch_all().await;
    let marie = app.marie().await;
    let done = shown(&marie, &campaign).await;
    assert_eq!(
        done["progress"],
        json!({
            "queued": 0, "suppressed": 1, "sending": 0, "handedOver": 0, "delivered": 2
        })
    );
    let left_out = nodes(&done["exclusions"]);
    assert_eq!(left_out.len(), 1, "{done}");
    assert_eq!((&left_out[0]["ruleSlug"], &left_out[0]["reason"]), (&json!("chosen"), &json!("NOT_CHOSEN")));
    assert_eq!(left_out[0]["person"]["displayName"], "Bruno Divers");
    assert_eq!(verdict(&json!({ "decision": done["dispatchDecision"] }), "chosen")["people"], 1);
    assert_eq!(marie.credit().await, (225, 0), "three of four were paid");
}

/// Switches the structure's own rule on people.
async fn set_state(app: &TestApp, state: &str) {
    let done = set(&app.admin().await, "chosen", json!({ "state": state })).await;
    assert_eq!(done["errors"], json!([]), "{done}");
}

async fn a_shared_number_is_written_to_while_one_of_its_people_is_not_left_out(app: TestApp) {
    let file =
        "Nom;Prénom;Sexe;Mobile\nPaire;Anne;F;0612008101\nPaire;Luc;M;0612008101\nPaire;Seul;M;0612008102\n";
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
    let marie = app.marie().await;
    let people = marie.ids(json!({ "search": "paire" })).await;
    let campaign = sends(&app, &marie, &preview(&marie, &people, tomorrow("Bonjour")).await, &[]).await;
    recipients::in_force(&app, "person.sex == \"FEMALE\"", "{ sex = \"MALE\" }", "ACTIVE").await;
    app.advance(until(&app, TOMORROW));
    app.dispatch_all().await;
    let done = shown(&app.marie().await, &campaign).await;
    assert_eq!((&done["progress"]["delivered"], &done["progress"]["suppressed"]), (&json!(1), &json!(1)));
    let left_out: Vec<_> =
        nodes(&done["exclusions"]).iter().map(|one| one["person"]["displayName"].clone()).collect();
    assert_eq!(left_out, ["Seul Paire"], "Luc's number is written to, for Anne");
}

async fn a_large_campaign_refused_is_suppressed_batch_after_batch(app: TestApp) {
    let mut file = "Identifiant;Nom;Prénom;Mobile;Tags\n".to_owned();
    for person in 0..2_300 {
        let number = 10_000 + (person / 90) * 100 + person % 90;
        writeln!(file, "C{person};Foule;P{person};06 70 0{number};Foule").expect("a string takes all");
    }
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("imported");
    app.give(app.quatre_vents().await, 10_000).await;
    let marie = app.marie().await;
    let audience = json!({ "matching": { "filter": { "tags": { "all": [marie.tag("Foule").await] } } } });
    let mut payload = try_preview(&marie, audience.clone(), tomorrow("Bonjour")).await;
    let refused = sends(&app, &marie, &payload["preview"].take(), &[]).await;
    let mut payload = try_preview(&marie, audience, tomorrow("Bonsoir")).await;
    let left_out = sends(&app, &marie, &payload["preview"].take(), &[]).await;
    own(
        &app,
        "[\"DISPATCH\"]",
        "DENY",
        "message.length != 7 || message.text != \"Bonjour\"",
        "{ message = { text = \"Bonjour\", length = 7 } }",
    )
    .await;
    recipients::in_force(&app, "person.sex == \"FEMALE\"", "{ sex = \"MALE\" }", "ACTIVE").await;
    app.advance(until(&app, TOMORROW));
    app.dispatch_all().await;
    let marie = app.marie().await;
    for campaign in [&refused, &left_out] {
        let done = shown(&marie, campaign).await;
        assert_eq!((&done["state"], &done["progress"]["suppressed"]), (&json!("COMPLETED"), &json!(2_300)));
    }
    assert!(app.network().submitted().is_empty());
    assert_eq!(marie.credit().await, (10_228, 0));
}

async fn who_opted_out_meanwhile_is_counted_no_more(app: TestApp) {
    let marie = app.marie().await;
    let source = "audience.message_count == 2 && message.cost == 2 && audience.excluded_count == 1";
    own(
        &app,
        "[\"DISPATCH\"]",
        "DENY",
        &format!("!message.scheduled || ({source})"),
        "{ message = { scheduled = true } }",
    )
    .await;
    let campaign =
        sends(&app, &marie, &preview(&marie, &marie.musicians(3).await, tomorrow("Un")).await, &[]).await;
    app.plant(
        "INSERT INTO opt_out (structure_id, number_hash, source, opted_out_at)
            SELECT structure_id, number_hash, 'OPERATOR', 0 FROM message ORDER BY id DESC LIMIT 1",
    )
    .await;
    app.advance(until(&app, TOMORROW));
    app.dispatch_all().await;
    let done = shown(&app.marie().await, &campaign).await;
    assert_eq!(
        (&done["progress"]["delivered"], &done["progress"]["suppressed"]),
        (&json!(2), &json!(1)),
        "{done}"
    );
    assert!(nodes(&done["messages"]).iter().any(|message| message["reason"] == "OPTED_OUT"), "{done}");
    assert!(nodes(&done["exclusions"]).is_empty(), "no rule left them out");
}

async fn whose_number_changed_is_looked_at_all_the_same(app: TestApp) {
    let file = "Nom;Prénom;Sexe;Mobile\nPaire;Anne;F;0612008101\nPaire;Seul;M;0612008102\n";
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
    let marie = app.marie().await;
    let people = marie.ids(json!({ "search": "paire" })).await;
    let campaign = sends(&app, &marie, &preview(&marie, &people, tomorrow("Bonjour")).await, &[]).await;
    recipients::in_force(&app, "person.sex == \"FEMALE\"", "{ sex = \"MALE\" }", "ACTIVE").await;
    app.plant("UPDATE person SET mobile = NULL, number_hash = NULL WHERE first_name = 'Seul'").await;
    app.advance(until(&app, TOMORROW));
    app.dispatch_all().await;
    let done = shown(&app.marie().await, &campaign).await;
    assert_eq!(
        (&done["progress"]["delivered"], &done["progress"]["suppressed"]),
        (&json!(1), &json!(1)),
        "{done}"
    );
}
