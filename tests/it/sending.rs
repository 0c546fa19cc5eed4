//! Sending what was previewed: once, as it was shown, or not at all.

use api::caller::Operator;
use api::services::operator::{self, NewSubscription};
use chrono::TimeDelta;
use entity::enums::SubscriptionState;
use entity::{campaign, permission};
use envoi_tests::{Actor, TestApp, UsableInTests as _, both};
use sea_orm::{PaginatorTrait as _, QueryFilter as _};
use serde_json::{Value, json};

both!(
    the_same_key_answers_the_same_campaign,
    a_key_with_another_body_is_a_conflict,
    a_used_token_names_its_campaign,
    a_token_serves_a_quarter_of_an_hour,
    tokens_forged_foreign_and_altered_get_one_answer,
    what_changed_since_gives_a_new_preview,
    a_permission_lost_since_gives_a_new_preview_that_says_so,
    balance_alone_is_insufficient_credit,
    time_alone_is_a_refusal,
);

async fn campaigns(app: &TestApp) -> u64 {
    campaign::Entity::all_rows().count(app.db()).await.expect("campaigns can be counted")
}

async fn the_same_key_answers_the_same_campaign(app: TestApp) {
    let marie = app.marie().await;
    let preview = marie.preview(&marie.musicians(2).await, "Bonjour").await;
    let key = app.key();
    let sent = marie.send(&preview, key).await;
    assert_eq!(sent["replayed"], false);
    app.dispatch_all().await;
    app.advance(TimeDelta::days(1));
    let again = marie.send(&preview, key).await;
    assert_eq!(
        (&again["errors"], &again["replayed"]),
        (&json!([]), &json!(true)),
        "even long after the token's end"
    );
    assert_eq!(again["campaign"]["id"], sent["campaign"]["id"]);
    assert_eq!((campaigns(&app).await, marie.credit().await), (1, (226, 0)));
    assert_eq!(app.network().submitted().len(), 2);
}

async fn a_key_with_another_body_is_a_conflict(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(2).await;
    let (one, two) = (marie.preview(&people, "un").await, marie.preview(&people, "deux").await);
    let key = app.key();
    let sent = marie.send(&one, key).await;
    assert_eq!(sent["errors"], json!([]));
    for (preview, confirm) in [(&two, &[][..]), (&one, &["SOMETHING"][..])] {
        let conflict = marie.send_confirming(preview, key, confirm).await;
        assert_eq!(conflict["errors"][0]["__typename"], "IdempotencyConflictError", "{conflict}");
        assert_eq!(conflict["errors"][0]["code"], "IDEMPOTENCY_CONFLICT");
        assert_eq!(conflict["campaign"], Value::Null);
    }
    assert_eq!(marie.send(&two, app.key()).await["errors"], json!([]), "the conflict consumed nothing");
}

async fn a_used_token_names_its_campaign(app: TestApp) {
    let marie = app.marie().await;
    let preview = marie.preview(&marie.musicians(2).await, "Bonjour").await;
    let sent = marie.send(&preview, app.key()).await;
    let used = marie.send(&preview, app.key()).await;
    let error = &used["errors"][0];
    assert_eq!((&error["__typename"], &error["code"]), (&json!("PreviewUsedError"), &json!("PREVIEW_USED")));
    assert_eq!(error["campaign"]["id"], sent["campaign"]["id"]);
    assert_eq!(campaigns(&app).await, 1);
}

async fn a_token_serves_a_quarter_of_an_hour(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(1).await;
    let (one, two) = (marie.preview(&people, "un").await, marie.preview(&people, "deux").await);
    app.advance(TimeDelta::minutes(15) - TimeDelta::milliseconds(1));
    assert_eq!(marie.send(&one, app.key()).await["errors"], json!([]));
    app.advance(TimeDelta::milliseconds(1));
    let expired = marie.send(&two, app.key()).await;
    assert_eq!(expired["errors"][0]["__typename"], "PreviewExpiredError");
    app.advance(TimeDelta::minutes(1));
    assert_eq!(
        marie.send(&one, app.key()).await["errors"][0]["code"],
        "PREVIEW_USED",
        "what was sent stays told"
    );
    assert_eq!(campaigns(&app).await, 1);
}

async fn tokens_forged_foreign_and_altered_get_one_answer(app: TestApp) {
    let marie = app.marie().await;
    let preview = marie.preview(&marie.musicians(1).await, "Bonjour").await;
    let token = preview["token"].as_str().expect("a token").to_owned();
    let mut altered = token.clone().into_bytes();
    let last = altered.len() - 5;
    altered[last] = if altered[last] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).expect("still text");
    let (admin, nils) = (app.admin().await, app.nils().await);
    let mut answers = Vec::new();
    for (actor, token) in [
        (&marie, altered.as_str()),
        (&marie, ""),
        (&marie, "🎺"),
        (&marie, &format!("{token}A")),
        (&marie, &token[1..]),
        (&admin, &token),
        (&nils, &token),
    ] {
        let variables = Actor::send_variables(&json!({ "token": token }), app.key(), &[]);
        answers.push(actor.ask(&Actor::send_document(), variables).await.text());
    }
    assert!(answers[0].contains("PreviewNotFoundError"), "{}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(campaigns(&app).await, 0);
    assert_eq!(marie.send(&preview, app.key()).await["errors"], json!([]), "the token itself still serves");
}

/// Makes a preview, changes something, and expects the fresh preview instead of a send; answers the fresh one.
async fn stale<F: Future<Output = ()>>(
    app: &TestApp,
    marie: &Actor,
    audience: Value,
    change: impl FnOnce() -> F,
) -> Value {
    let preview = marie.preview_of(audience, "Bonjour").await;
    assert_eq!(preview["decision"]["outcome"], "ALLOWED");
    let (before, credit) = (campaigns(app).await, marie.credit().await);
    change().await;
    let mut answer = marie.send(&preview, app.key()).await;
    let error = &mut answer["errors"][0];
    assert_eq!(
        (&error["__typename"], &error["code"]),
        (&json!("PreviewStaleError"), &json!("PREVIEW_STALE")),
        "{error}"
    );
    assert_ne!(error["preview"]["token"], preview["token"]);
    assert_eq!((campaigns(app).await, marie.credit().await), (before, credit), "nothing was sent");
    error["preview"].take()
}

async fn what_changed_since_gives_a_new_preview(app: TestApp) {
    let (marie, quatre_vents) = (app.marie().await, app.quatre_vents().await);
    let aubry = json!({ "people": [marie.person("Aubry").await] });
    let everyone = json!({ "matching": { "filter": {} } });
    let import = |csv: &'static str| {
        let app = app.clone();
        async move || {
            app.import(quatre_vents, csv.as_bytes()).await.expect("imported");
        }
    };
    let moved = import("Identifiant;Nom;Prénom;Mobile\nQV005;Aubry;Sylvie;06 12 34 77 77\n");
    let fresh = stale(&app, &marie, aubry.clone(), moved).await;
    assert_eq!(marie.send(&fresh, app.key()).await["errors"], json!([]), "the fresh preview can be sent");
    app.dispatch_all().await;
    assert_eq!(app.network().submitted()[0].to, "+33612347777", "to the new number");

    let joined = import("Identifiant;Nom;Prénom;Mobile\nQV999;Zorn;Ada;06 12 34 88 88\n");
    let fresh = stale(&app, &marie, everyone.clone(), joined).await;
    assert_eq!(fresh["recipientCount"], 57);
    let fresh = stale(&app, &marie, aubry, || app.opt_out("QV005")).await;
    assert_eq!((&fresh["recipientCount"], &fresh["excludedCount"]), (&json!(0), &json!(1)));

    let fresh = stale(&app, &marie, everyone, async || {
        let admin = app.admin().await;
        let rules = "{ viewer { structure { rules(first: 100) { edges { node { id slug } } } } } }";
        let rules = envoi_tests::nodes(&admin.query(rules, json!({})).await["viewer"]["structure"]["rules"]);
        let rule = rules.iter().find(|rule| rule["slug"] == "message-length").expect("the rule is there");
        let lowered = json!({ "input": {
            "rule": rule["id"], "parameters": [{ "name": "max_length", "value": "148" }],
        } });
        let document = "mutation($input: SetRuleStateInput!) { setRuleState(input: $input) { errors { code message } } }";
        assert_eq!(admin.query(document, lowered).await["setRuleState"]["errors"], json!([]));
    })
    .await;
    assert_eq!(fresh["metrics"]["limit"], 148, "other rules, though they still allow it");
    assert_eq!(fresh["decision"]["outcome"], "ALLOWED");
}

async fn a_permission_lost_since_gives_a_new_preview_that_says_so(app: TestApp) {
    let marie = app.marie().await;
    let audience = json!({ "people": marie.musicians(1).await });
    let fresh = stale(&app, &marie, audience, async || {
        let grants = permission::Entity::all_rows()
            .filter(sea_orm::ColumnTrait::eq(&permission::Column::Access, entity::enums::Access::ReadWrite));
        assert_eq!(grants.count(app.db()).await.expect("grants can be counted"), 3, "Marie's, Zoé's, Nils's");
        app.plant("UPDATE permission SET access = 'READ' WHERE access = 'READ_WRITE'").await;
    })
    .await;
    assert_eq!(fresh["decision"]["outcome"], "REFUSED");
    let codes: Vec<_> =
        fresh["decision"]["verdicts"].as_array().expect("verdicts").iter().map(|one| &one["code"]).collect();
    assert!(codes.contains(&&json!("WRITE_PERMISSION_MISSING")), "{codes:?}");
    assert_eq!(marie.send(&fresh, app.key()).await["errors"][0]["__typename"], "RefusedError");
}

async fn balance_alone_is_insufficient_credit(app: TestApp) {
    let marie = app.marie().await;
    let text = format!("{}ç", "a".repeat(148));
    let everyone = json!({ "matching": { "filter": {} } });
    let (one, two) =
        (marie.preview_of(everyone.clone(), &text).await, marie.preview_of(everyone, &text).await);
    assert_eq!((&one["cost"], &two["decision"]["outcome"]), (&json!(165), &json!("ALLOWED")));
    assert_eq!(marie.send(&one, app.key()).await["errors"], json!([]));
    let key = app.key();
    let poor = marie.send(&two, key).await;
    let error = &poor["errors"][0];
    assert_eq!(
        (&error["__typename"], &error["code"]),
        (&json!("InsufficientCreditError"), &json!("INSUFFICIENT_CREDIT"))
    );
    assert_eq!((&error["required"], &error["available"]), (&json!(165), &json!(63)));
    assert_eq!(campaigns(&app).await, 1);
    app.give(app.quatre_vents().await, 102).await;
    let rich = marie.send(&two, key).await;
    assert_eq!(
        (&rich["errors"], &rich["replayed"]),
        (&json!([]), &json!(false)),
        "once topped up, the same preview can be sent, under the key that was refused"
    );
    assert_eq!(marie.credit().await, (0, 330));
}

async fn time_alone_is_a_refusal(app: TestApp) {
    let (marie, structure) = (app.marie().await, app.quatre_vents().await);
    let ends_at = Some(app.app().now() + TimeDelta::minutes(5));
    let subscription =
        NewSubscription { structure, state: Some(SubscriptionState::Active), starts_at: None, ends_at };
    let set = operator::set_subscription(&app.ctx(), Operator::at_the_command_line(), subscription).await;
    set.expect("the subscription can be set");
    let preview = marie.preview(&marie.musicians(1).await, "Bonjour").await;
    assert_eq!(preview["decision"]["outcome"], "ALLOWED");
    app.advance(TimeDelta::minutes(5));
    let refused = marie.send(&preview, app.key()).await;
    assert_eq!(refused["errors"][0]["__typename"], "RefusedError", "{refused}");
    let verdicts = refused["errors"][0]["decision"]["verdicts"].to_string();
    assert!(verdicts.contains("SUBSCRIPTION_INACTIVE"), "{verdicts}");
    assert_eq!(campaigns(&app).await, 0);
}
