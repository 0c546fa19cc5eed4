//! Who may not send sees the preview, with every reason at once; and what is refused is not sent.

use std::collections::BTreeMap;

use entity::{
    attempt, campaign, decision, idempotency, ledger_entry, message, message_person, preview, transfer,
};
use envoi_tests::{Actor, TestApp, UsableInTests as _, both};
use sea_orm::{EntityTrait, PaginatorTrait as _};
use serde_json::{Value, json};

both!(
    each_is_told_why,
    all_reasons_come_at_once,
    what_is_refused_writes_nothing,
    the_text_and_the_audience_are_checked
);

/// The verdicts that are not PASS, by code.
fn refusals(preview: &Value) -> BTreeMap<String, Value> {
    let verdicts = preview["decision"]["verdicts"].as_array().expect("verdicts");
    let refusing = verdicts.iter().filter(|verdict| verdict["level"] != "PASS");
    refusing.map(|verdict| (verdict["code"].as_str().expect("a code").to_owned(), verdict.clone())).collect()
}

async fn preview(actor: &Actor) -> Value {
    let people = actor.ids(json!({ "reachable": true })).await;
    actor.preview(&people[..2], "Bonjour").await
}

async fn each_is_told_why(app: TestApp) {
    for (email, code, help) in [
        ("admin@quatre-vents.example", "ADMIN_ACCOUNT", false),
        ("paul@quatre-vents.example", "WRITE_PERMISSION_MISSING", false),
        ("zoe@harmonie.example", "SUBSCRIPTION_INACTIVE", true),
        ("nils@federation.example", "INSUFFICIENT_CREDIT", false),
    ] {
        let french = app.sign_in(email).await;
        let refused = preview(&french).await;
        assert_eq!(refused["decision"]["outcome"], "REFUSED", "{email}");
        let verdict =
            refusals(&refused).remove(code).unwrap_or_else(|| panic!("{email}: no {code} in {refused}"));
        assert_eq!(verdict["level"], "DENY");
        assert_eq!(verdict["helpUrl"].is_string(), help, "{verdict}");
        let in_english = preview(&french.in_english()).await;
        let other = refusals(&in_english).remove(code).expect("the same refusal");
        assert_ne!(verdict["message"], other["message"]);
        for message in [&verdict["message"], &other["message"]] {
            let message = message.as_str().expect("a message");
            assert!(message.len() > 20 && !message.contains('{'), "{message}");
        }
        assert_eq!(refused["messageCount"], 2, "the preview is whole all the same");
        assert!(refused["topUpUrl"].is_string());
    }
}

async fn all_reasons_come_at_once(app: TestApp) {
    let zoe = app.zoe().await;
    let people = zoe.ids(json!({})).await;
    let preview = zoe.preview(&people, &"a".repeat(150)).await;
    let codes: Vec<String> = refusals(&preview).into_keys().collect();
    assert_eq!(codes, ["MESSAGE_TOO_LONG", "SMS_NOT_CONFIGURED", "SUBSCRIPTION_INACTIVE"]);
    let verdicts = preview["decision"]["verdicts"].as_array().expect("verdicts");
    let slugs: Vec<_> =
        verdicts.iter().map(|verdict| verdict["ruleSlug"].as_str().expect("a slug")).collect();
    for slug in [
        "subscription-active",
        "sms-configured",
        "not-admin-account",
        "write-permission",
        "credit-sufficient",
        "message-length",
        "empty-fields",
        "sender-allowed",
    ] {
        assert!(slugs.contains(&slug), "{slug} ran, refusing or not");
    }
}

async fn rows_of<E: EntityTrait>(app: &TestApp) -> u64
where
    E::Model: Sync,
{
    E::all_rows().count(app.db()).await.expect("rows can be counted")
}

async fn rows(app: &TestApp) -> [u64; 9] {
    [
        rows_of::<campaign::Entity>(app).await,
        rows_of::<message::Entity>(app).await,
        rows_of::<message_person::Entity>(app).await,
        rows_of::<attempt::Entity>(app).await,
        rows_of::<transfer::Entity>(app).await,
        rows_of::<ledger_entry::Entity>(app).await,
        rows_of::<idempotency::Entity>(app).await,
        rows_of::<decision::Entity>(app).await,
        rows_of::<preview::Entity>(app).await,
    ]
}

async fn what_is_refused_writes_nothing(app: TestApp) {
    for email in [
        "admin@quatre-vents.example",
        "paul@quatre-vents.example",
        "zoe@harmonie.example",
        "nils@federation.example",
    ] {
        let actor = app.sign_in(email).await;
        let refused = preview(&actor).await;
        let before = rows(&app).await;
        let sent = actor.send(&refused, app.key()).await;
        assert_eq!(sent["campaign"], Value::Null);
        assert_eq!(sent["errors"][0]["__typename"], "RefusedError", "{email}: {sent}");
        let said = |decision: &Value| -> Vec<Value> {
            let verdicts = decision["verdicts"].as_array().expect("verdicts");
            verdicts.iter().map(|verdict| verdict["code"].clone()).collect()
        };
        assert_eq!(
            said(&sent["errors"][0]["decision"]),
            said(&refused["decision"]),
            "the same reasons as in the preview"
        );
        assert_eq!(rows(&app).await, before, "{email}: nothing is written");
    }
    assert!(app.network().submitted().is_empty());
}

async fn the_text_and_the_audience_are_checked(app: TestApp) {
    let marie = app.marie().await;
    let people = json!({ "people": marie.musicians(1).await });
    let before = rows(&app).await;
    for (audience, text, code, path) in [
        (&people, "", "TEXT_EMPTY", json!(["message", "text"])),
        (&people, " \r\n\u{a0} ", "TEXT_EMPTY", json!(["message", "text"])),
        (&people, "a\u{7}b", "TEXT_CONTROL_CHARACTER", json!(["message", "text"])),
        (&people, "a\u{0}b", "TEXT_CONTROL_CHARACTER", json!(["message", "text"])),
        (&json!({ "people": [] }), "Bonjour", "AUDIENCE_EMPTY", json!(["audience"])),
        (
            &json!({ "matching": { "filter": { "search": "Nobody" } } }),
            "Bonjour",
            "AUDIENCE_EMPTY",
            json!(["audience"]),
        ),
        (
            &json!({ "matching": { "filter": { "search": "a".repeat(201) } } }),
            "Bonjour",
            "FILTER_TOO_LARGE",
            json!(["audience", "matching", "filter", "search"]),
        ),
    ] {
        for actor in [&marie, &marie.in_english()] {
            let payload = actor.try_preview(audience.clone(), text).await;
            assert_eq!(payload["preview"], Value::Null);
            assert_eq!(
                (&payload["errors"][0]["code"], &payload["errors"][0]["path"]),
                (&json!(code), &path),
                "{payload}"
            );
            let message = payload["errors"][0]["message"].as_str().expect("a message");
            assert!(message != code && !message.contains('{'), "{message}");
        }
    }
    assert_eq!(rows(&app).await, before, "nothing is written");
    let payload = marie.try_preview(people, "Bonjour\r\nà tous").await;
    assert_eq!(payload["preview"]["text"], "Bonjour\nà tous.STOP 36608");
}
