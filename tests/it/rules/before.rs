//! Rules on what was sent before, and on whom a message is addressed to.

use api::clock::Clock as _;
use chrono::{DateTime, TimeDelta, Utc};
use envoi_tests::{Actor, Backend, TestApp, both};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use serde_json::{Value, json};

use super::{publish, save, set, verdict};
use crate::racing::waits_for_a_lock;

both!(
    the_same_text_again_is_confirmed,
    a_clock_set_back_makes_no_time_negative,
    a_day_has_its_budget,
    a_month_is_the_structures_own,
    of_two_sends_at_once_one_keeps_to_the_budget,
    a_send_waits_for_another_that_is_not_done_yet,
    a_large_send_is_confirmed,
    nobody_is_written_to_more_than_so_often,
    lists_and_tags_addressed_are_known_by_name,
);

const MANIFEST: &str = r#"
slug = "addressed"
stages = ["PREVIEW", "SEND"]
title = { en = "Not these", fr = "Pas ceux-là" }
description = { en = "For tests.", fr = "Pour les essais." }
[codes.NOT_THESE]
level = "DENY"
en = "Not these."
fr = "Pas ceux-là."
[[cases]]
facts = { audience = { lists = ["Orchestre"] } }
verdict = "NOT_THESE"
[[cases]]
facts = { audience = { lists = ["Chœur"], tags = ["Choriste"] } }
verdict = "PASS"
"#;

async fn on(app: &TestApp, slug: &str, parameters: Value) {
    let admin = app.admin().await;
    let done = set(&admin, slug, json!({ "state": "ACTIVE", "parameters": parameters })).await;
    assert_eq!(done["errors"], json!([]), "{done}");
}

/// Puts a rule of the structure's own in force, which passes while this holds and the audience is not the list `Orchestre`.
async fn own(app: &TestApp, holds: &str) {
    let source = format!("!(\"Orchestre\" in audience.lists) && {holds}");
    let admin = app.admin().await;
    let saved = save(&admin, json!({ "manifest": MANIFEST, "source": source })).await;
    assert_eq!(saved["version"]["diagnostics"], json!([]), "{saved}");
    assert_eq!(publish(&admin, &saved, "ACTIVE").await["errors"], json!([]));
}

fn parameter(name: &str, value: &str) -> Value {
    json!([{ "name": name, "value": value }])
}

async fn code_of_rule(marie: &Actor, slug: &str, people: &[String], text: &str) -> Value {
    verdict(&marie.preview(people, text).await, slug)["code"].clone()
}

async fn the_same_text_again_is_confirmed(app: TestApp) {
    on(&app, "duplicate-campaign", parameter("within", "60")).await;
    let marie = app.marie().await;
    let people = marie.musicians(2).await;
    let code = async |text: &str| code_of_rule(&marie, "duplicate-campaign", &people, text).await;
    assert_eq!(code("Bonjour").await, "PASS");
    let sent = marie.sends(&people, "Bonjour").await;
    assert_ne!(code("Bonjour").await, "PASS");
    marie.sends(&people, "Répétition").await;
    assert_ne!(code("Re\u{301}pe\u{301}tition").await, "PASS", "the same, as another keyboard writes it");
    assert_eq!(code("Bonsoir").await, "PASS", "another text");
    let nils = app.nils().await;
    let elsewhere = nils.preview(&nils.ids(json!({})).await, "Bonjour").await;
    let verdicts = elsewhere["decision"]["verdicts"].as_array().expect("verdicts");
    assert!(verdicts.iter().all(|verdict| verdict["ruleSlug"] != "duplicate-campaign"), "off elsewhere");
    marie.cancel(&sent).await;
    assert_eq!(code("Bonjour").await, "PASS", "what was cancelled was not sent");
    marie.sends(&people, "Bonjour").await;
    app.advance(TimeDelta::minutes(61));
    assert_eq!(code("Bonjour").await, "PASS", "an hour later");
}

async fn a_day_has_its_budget(app: TestApp) {
    on(&app, "daily-budget", parameter("per_day", "3")).await;
    let marie = app.marie().await;
    let people = marie.musicians(4).await;
    let code = async |people: &[String]| code_of_rule(&marie, "daily-budget", people, "Bonjour").await;
    assert_eq!((code(&people[..3]).await, code(&people).await == "PASS"), (json!("PASS"), false));
    let sent = marie.sends(&people[..2], "Bonjour").await;
    assert_eq!((code(&people[..1]).await, code(&people[..2]).await == "PASS"), (json!("PASS"), false));
    marie.cancel(&sent).await;
    assert_eq!(code(&people[..3]).await, "PASS", "what was given back was not spent");
    marie.sends(&people[..3], "Bonjour").await;
    // Midnight in Paris is 22:00 UTC in summer.
    let midnight: DateTime<Utc> = "2025-09-08T22:00:00Z".parse().expect("an instant");
    app.advance(midnight - TimeDelta::seconds(1) - app.clock().now());
    let marie = app.marie().await;
    assert_ne!(code_of_rule(&marie, "daily-budget", &people[..1], "Bonjour").await, "PASS");
    app.advance(TimeDelta::seconds(1));
    assert_eq!(code_of_rule(&marie, "daily-budget", &people[..3], "Bonjour").await, "PASS", "another day");
}

async fn a_clock_set_back_makes_no_time_negative(app: TestApp) {
    own(&app, "history.same_text_minutes + 1 >= 1").await;
    let marie = app.marie().await;
    let people = marie.musicians(1).await;
    marie.sends(&people, "Bonjour").await;
    app.dispatch_all().await;
    app.advance(TimeDelta::hours(-2));
    assert_eq!(code_of_rule(&app.marie().await, "addressed", &people, "Bonjour").await, "PASS");
}

async fn a_month_is_the_structures_own(app: TestApp) {
    own(&app, "history.sent_this_month + message.cost <= 3").await;
    let marie = app.marie().await;
    let people = marie.musicians(3).await;
    marie.sends(&people[..2], "Bonjour").await;
    app.dispatch_all().await;
    // In Paris, October begins at 22:00 UTC.
    for (instant, code) in [
        ("2025-09-09T10:00:00Z", "NOT_THESE"),
        ("2025-09-30T21:59:59Z", "NOT_THESE"),
        ("2025-09-30T22:00:00Z", "PASS"),
    ] {
        let instant: DateTime<Utc> = instant.parse().expect("an instant");
        app.advance(instant - app.clock().now());
        let marie = app.marie().await;
        assert_eq!(code_of_rule(&marie, "addressed", &people[..2], "Bonjour").await, code, "{instant}");
        assert_eq!(code_of_rule(&marie, "addressed", &people[..1], "Bonjour").await, "PASS", "{instant}");
    }
}

async fn of_two_sends_at_once_one_keeps_to_the_budget(app: TestApp) {
    on(&app, "daily-budget", parameter("per_day", "3")).await;
    let marie = app.marie().await;
    let people = marie.musicians(4).await;
    let (one, other) = (marie.preview(&people[..2], "Un").await, marie.preview(&people[2..], "Deux").await);
    let (first, second) = (app.key(), app.key());
    let (one, other) = tokio::join!(marie.send(&one, first), marie.send(&other, second));
    let sent = [&one, &other].iter().filter(|answer| answer["campaign"].is_object()).count();
    assert_eq!(sent, 1, "{one} {other}");
}

async fn a_send_waits_for_another_that_is_not_done_yet(app: TestApp) {
    on(&app, "daily-budget", json!([])).await;
    let marie = app.marie().await;
    let preview = marie.preview(&marie.musicians(1).await, "Bonjour").await;
    let key = app.key();
    if app.backend() == Backend::Sqlite {
        // One writer: whatever sends waits for whoever writes.
        assert_eq!(marie.send(&preview, key).await["errors"], json!([]));
        return;
    }
    let connection = app.connect().await;
    let other = connection.begin().await.expect("a transaction begins");
    let hold = "SELECT 1 FROM structure FOR SHARE";
    other.execute_unprepared(hold).await.expect("any send holds its structure so");
    let sending = tokio::spawn(async move { marie.send(&preview, key).await });
    while !waits_for_a_lock(app.db()).await {
        assert!(!sending.is_finished(), "it did not wait to see what the other sends");
        tokio::task::yield_now().await;
    }
    other.commit().await.expect("the other send is done");
    let sent = sending.await.expect("the send is answered");
    assert_eq!(sent["errors"], json!([]), "{sent}");
    connection.close().await.expect("the connection can be closed");
}

async fn a_large_send_is_confirmed(app: TestApp) {
    on(&app, "large-send", parameter("ask_above", "2")).await;
    let marie = app.marie().await;
    let people = marie.musicians(3).await;
    assert_eq!(code_of_rule(&marie, "large-send", &people[..2], "Bonjour").await, "PASS");
    let preview = marie.preview(&people, "Bonjour").await;
    let code = verdict(&preview, "large-send")["code"].clone();
    let asked = marie.send(&preview, app.key()).await;
    assert_eq!(asked["errors"][0]["codes"], json!([code]), "{asked}");
    let code = code.as_str().expect("a code");
    let sent = marie.send_confirming(&preview, app.key(), &[code]).await;
    assert_eq!(sent["errors"], json!([]), "{sent}");
}

async fn nobody_is_written_to_more_than_so_often(app: TestApp) {
    on(&app, "recipient-frequency", json!([])).await;
    let marie = app.marie().await;
    let people = marie.musicians(2).await;
    let mut sends = 0;
    while marie.preview(&people, "Bonjour").await["messageCount"] == 2 && sends < 100 {
        marie.sends(&people, "Bonjour").await;
        sends += 1;
    }
    assert!((1..100).contains(&sends), "{sends}");
    let preview = marie.preview(&people, "Bonjour").await;
    assert_eq!(verdict(&preview, "recipient-frequency")["level"], "SKIP");
    assert_eq!(preview["messageCount"], 0);
}

async fn lists_and_tags_addressed_are_known_by_name(app: TestApp) {
    own(&app, "!(\"Musicien\" in audience.tags)").await;
    let marie = app.marie().await;
    let (list, tag) = (marie.list("Orchestre").await, marie.tag("Musicien").await);
    let code = async |filter: Value| {
        let preview = marie.preview_of(json!({ "matching": { "filter": filter } }), "Bonjour").await;
        verdict(&preview, "addressed")["code"].clone()
    };
    assert_eq!(code(json!({})).await, "PASS");
    assert_eq!(code(json!({ "list": list })).await, "NOT_THESE");
    assert_eq!(
        code(json!({ "or": [{ "tags": { "any": [tag] } }, { "search": "durand" }] })).await,
        "NOT_THESE"
    );
    assert_eq!(code(json!({ "not": { "list": list } })).await, "PASS", "excluded, not addressed");
}
