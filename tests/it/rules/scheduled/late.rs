//! Messages that come to leave after their hour, and those that keep no other waiting.

use std::time::Duration;

use chrono::TimeDelta;
use envoi_tests::{Backend, TestApp, both, code_of};
use sea_orm::{ConnectionTrait as _, Statement, TransactionTrait as _};
use serde_json::{Value, json};

use super::super::{recipients, set, verdict};
use super::{TOMORROW, own, preview, sends, shown, subscription_ends, tomorrow, until};

both!(
    a_commercial_message_at_the_end_of_hours_waits_for_the_next_morning,
    what_comes_too_late_is_not_sent,
    what_the_rules_refused_counts_for_no_other_message,
    one_that_cannot_be_judged_keeps_no_other_waiting,
    a_structure_that_is_busy_keeps_no_other_waiting,
    those_not_reached_are_written_to_at_another_hour,
);

async fn a_commercial_message_at_the_end_of_hours_waits_for_the_next_morning(app: TestApp) {
    recipients::three(&app).await;
    let agreed = "Nom;Prénom;Consentement commercial\nDivers;Cora;oui\n";
    app.import(app.quatre_vents().await, agreed.as_bytes()).await.expect("a file can be imported");
    let marie = app.marie().await;
    let last = json!({ "text": "Soldes", "purpose": "COMMERCIAL", "sendAt": "2025-09-09T17:59:59.5Z" });
    let shown_then = preview(&marie, &[marie.person("divers cora").await], last).await;
    let campaign = sends(&app, &marie, &shown_then, &[]).await;
    app.advance(until(&app, "2025-09-09T18:00:00.2Z"));
    app.dispatch_all().await;
    assert!(app.network().submitted().is_empty(), "it is past 20:00 in Paris");
    assert_eq!(shown(&app.marie().await, &campaign).await["progress"]["queued"], 1);
    app.advance(until(&app, "2025-09-10T06:00:00Z"));
    app.dispatch_all().await;
    assert_eq!(shown(&app.marie().await, &campaign).await["progress"]["delivered"], 1);
}

async fn what_comes_too_late_is_not_sent(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(2).await;
    let set_to = async |minutes: &str| {
        let parameters = json!([{ "name": "at_most", "value": minutes }]);
        set(&app.admin().await, "not-too-late", json!({ "parameters": parameters })).await
    };
    assert_eq!(set_to("60").await["errors"], json!([]));
    let first = sends(&app, &marie, &preview(&marie, &people, tomorrow("Un")).await, &[]).await;
    let later = json!({ "text": "Deux", "sendAt": "2025-09-09T12:01:00Z" });
    let second = sends(&app, &marie, &preview(&marie, &people, later).await, &[]).await;
    // The service did not run meanwhile.
    app.advance(until(&app, TOMORROW) + TimeDelta::minutes(61));
    app.dispatch_all().await;
    let marie = app.marie().await;
    let (late, left) = (shown(&marie, &first).await, shown(&marie, &second).await);
    assert_eq!((&late["state"], &late["progress"]["suppressed"]), (&json!("COMPLETED"), &json!(2)));
    let told = verdict(&json!({ "decision": late["dispatchDecision"] }), "not-too-late").clone();
    assert_eq!(told["code"], "TOO_LATE", "{late}");
    assert_eq!(left["progress"]["delivered"], 2, "an hour late, not more: {left}");
    assert_eq!(marie.retry(&first).await["preview"]["messageCount"], 2, "it can be sent again");
}

async fn what_the_rules_refused_counts_for_no_other_message(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(2).await;
    own(
        &app,
        "[\"PREVIEW\", \"SEND\"]",
        "DENY",
        "history.same_text_minutes > 60",
        "{ history = { same_text_minutes = 1 } }",
    )
    .await;
    sends(&app, &marie, &preview(&marie, &people, tomorrow("Un")).await, &[]).await;
    subscription_ends(&app, "2025-09-09T00:00:00Z").await;
    app.advance(until(&app, TOMORROW));
    app.dispatch_all().await;
    subscription_ends(&app, "2026-09-09T00:00:00Z").await;
    let again = preview(&app.marie().await, &people, json!({ "text": "Un" })).await;
    assert_eq!(verdict(&again, "mine")["code"], "PASS", "nothing of it was sent");
}

async fn one_that_cannot_be_judged_keeps_no_other_waiting(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(2).await;
    let first = json!({ "text": "Un", "sendAt": "2025-09-09T11:59:00Z" });
    let broken = sends(&app, &marie, &preview(&marie, &people, first).await, &[]).await;
    let sound = sends(&app, &marie, &preview(&marie, &people, tomorrow("Deux")).await, &[]).await;
    let at_once = sends(&app, &marie, &preview(&marie, &people, json!({ "text": "Trois" })).await, &[]).await;
    let reading = "UPDATE preview SET reading = '[]' WHERE text = 'Un'";
    app.plant(reading).await;
    app.advance(until(&app, TOMORROW));
    app.dispatch_all().await;
    let marie = app.marie().await;
    assert_eq!(shown(&marie, &broken).await["state"], "SCHEDULED", "it waits");
    for campaign in [&sound, &at_once] {
        assert_eq!(shown(&marie, campaign).await["progress"]["delivered"], 2);
    }
    app.plant(
        "UPDATE preview SET reading = (SELECT reading FROM preview WHERE text = 'Deux') WHERE text = 'Un'",
    )
    .await;
    app.dispatch_all().await;
    assert_eq!(shown(&marie, &broken).await["progress"]["delivered"], 2);
}

async fn a_structure_that_is_busy_keeps_no_other_waiting(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(2).await;
    let campaign = sends(&app, &marie, &preview(&marie, &people, tomorrow("Un")).await, &[]).await;
    let at_once = sends(&app, &marie, &preview(&marie, &people, json!({ "text": "Deux" })).await, &[]).await;
    app.advance(until(&app, TOMORROW));
    if app.backend() == Backend::Postgres {
        // As a large import holds it. SQLite has one writer, and whoever comes waits for it.
        let connection = app.connect().await;
        let busy = connection.begin().await.expect("a transaction begins");
        let hold =
            Statement::from_string(busy.get_database_backend(), "SELECT id FROM structure FOR NO KEY UPDATE");
        busy.query_all_raw(hold).await.expect("rows can be locked");
        tokio::time::timeout(Duration::from_secs(30), app.dispatch_all()).await.expect("nobody waits");
        assert_eq!(shown(&app.marie().await, &campaign).await["state"], "SCHEDULED", "it is looked at again");
        busy.rollback().await.expect("a transaction ends");
        connection.close().await.expect("closed");
    }
    app.dispatch_all().await;
    for campaign in [&campaign, &at_once] {
        assert_eq!(shown(&app.marie().await, campaign).await["progress"]["delivered"], 2);
    }
}

async fn those_not_reached_are_written_to_at_another_hour(app: TestApp) {
    let marie = app.marie().await;
    let campaign =
        sends(&app, &marie, &preview(&marie, &marie.musicians(2).await, tomorrow("Un")).await, &[]).await;
    marie.cancel(&campaign).await;
    let document = "mutation($input: RetryCampaignInput!) { retryCampaign(input: $input) {
        preview { token sendAt messageCount } errors { code path } } }";
    let retry = async |hour: Value| {
        let input = json!({ "campaign": campaign["id"], "sendAt": hour });
        marie.query(document, json!({ "input": input })).await["retryCampaign"].take()
    };
    let past = retry(json!("2025-09-08T08:00:00Z")).await;
    assert_eq!((code_of(&past), &past["errors"][0]["path"]), (&json!("SEND_AT_PAST"), &json!(["sendAt"])));
    assert_eq!(retry(Value::Null).await["preview"]["sendAt"], Value::Null, "at once, where no hour is given");
    let again = retry(json!("2025-09-10T12:00:00Z")).await["preview"].take();
    assert_eq!((&again["sendAt"], &again["messageCount"]), (&json!("2025-09-10T12:00:00+00:00"), &json!(2)));
    let sent = sends(&app, &marie, &again, &[]).await;
    assert_eq!(shown(&marie, &sent).await["state"], "SCHEDULED");
}
