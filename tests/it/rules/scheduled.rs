//! Messages sent for later: they wait for their hour, the rules look at them again, then they leave or never do.

mod late;
mod people;

use api::caller::Operator;
use api::services::operator::{self, NewSubscription};
use chrono::TimeDelta;
use entity::decision;
use entity::enums::{Stage, SubscriptionState};
use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use serde_json::{Value, json};

use super::{publish, recipients, save, verdict};

both!(
    it_waits_for_its_hour_then_leaves,
    an_hour_that_is_past_or_too_far_is_refused,
    the_rules_see_the_hour_at_which_it_leaves,
    what_the_rules_refuse_at_its_hour_never_leaves,
    what_was_confirmed_when_it_was_sent_is_not_asked_again,
    it_counts_on_the_day_it_leaves_and_not_against_itself,
    what_it_reserved_is_not_counted_twice,
    what_opted_out_or_was_cancelled_meanwhile_does_not_leave,
    two_instances_judge_it_once,
    it_leaves_or_is_cancelled_never_both,
    credit_spent_meanwhile_is_told_as_such,
    one_that_cannot_be_judged_waits,
);

/// The hour that most of these wait for: two o'clock in Paris, the day after that on which the tests' clock opens, a Monday.
const TOMORROW: &str = "2025-09-09T12:00:00Z";

const CAMPAIGN: &str = "query($id: ID!) { node(id: $id) { ... on Campaign {
    state sendAt timeZone progress { queued suppressed sending handedOver delivered }
    decision { outcome } dispatchDecision { outcome verdicts { ruleSlug code level people } }
    messages(first: 100) { edges { node { state reason } } }
    exclusions(first: 100) { edges { node { person { displayName } reason ruleSlug message } } }
} } }";

const PREVIEW: &str =
    "mutation($input: PreviewSmsInput!) { previewSms(input: $input) { errors { code message path } preview {
    token sendAt messageCount cost decision { outcome verdicts { ruleSlug code } } } } }";

/// The payload of a preview of a message that leaves then.
async fn try_preview(actor: &Actor, audience: Value, message: Value) -> Value {
    let input = json!({ "audience": audience, "message": message });
    actor.query(PREVIEW, json!({ "input": input })).await["previewSms"].take()
}

async fn preview(actor: &Actor, people: &[String], message: Value) -> Value {
    let mut payload = try_preview(actor, json!({ "people": people }), message).await;
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload["preview"].take()
}

fn tomorrow(text: &str) -> Value {
    json!({ "text": text, "sendAt": TOMORROW })
}

/// Sends it, with these codes confirmed; answers the campaign.
async fn sends(app: &TestApp, actor: &Actor, preview: &Value, confirm: &[&str]) -> Value {
    let mut sent = actor.send_confirming(preview, app.key(), confirm).await;
    assert_eq!(sent["errors"], json!([]), "{sent}");
    sent["campaign"].take()
}

async fn shown(actor: &Actor, campaign: &Value) -> Value {
    actor.query(CAMPAIGN, json!({ "id": campaign["id"] })).await["node"].take()
}

/// So long until the tests' clock shows an instant.
fn until(app: &TestApp, instant: &str) -> TimeDelta {
    let instant: chrono::DateTime<chrono::Utc> = instant.parse().expect("an instant");
    instant - app.app().now()
}

async fn subscription_ends(app: &TestApp, instant: &str) {
    let (structure, ends_at) = (app.quatre_vents().await, Some(instant.parse().expect("an instant")));
    let subscription =
        NewSubscription { structure, state: Some(SubscriptionState::Active), starts_at: None, ends_at };
    let set = operator::set_subscription(&app.ctx(), Operator::at_the_command_line(), subscription).await;
    set.expect("the subscription can be set");
}

/// Puts a rule of the structure's own in force at these stages, which asks or refuses unless this holds.
async fn own(app: &TestApp, stages: &str, level: &str, source: &str, failing: &str) {
    let manifest = format!(
        r#"
slug = "mine"
stages = {stages}
title = {{ en = "Mine", fr = "La mienne" }}
description = {{ en = "Mine.", fr = "La mienne." }}
[codes.NOT_NOW]
level = "{level}"
en = "Not now."
fr = "Pas maintenant."
[[cases]]
facts = {{}}
verdict = "PASS"
[[cases]]
facts = {failing}
verdict = "NOT_NOW"
"#
    );
    let admin = app.admin().await;
    let saved = save(&admin, json!({ "manifest": manifest, "source": source })).await;
    assert_eq!(saved["version"]["diagnostics"], json!([]), "{saved}");
    assert_eq!(publish(&admin, &saved, "ACTIVE").await["errors"], json!([]));
}

async fn it_waits_for_its_hour_then_leaves(app: TestApp) {
    let marie = app.marie().await;
    let preview = preview(&marie, &marie.musicians(3).await, tomorrow("Répétition")).await;
    assert_eq!(preview["sendAt"], "2025-09-09T12:00:00+00:00");
    let campaign = sends(&app, &marie, &preview, &[]).await;
    let waiting = shown(&marie, &campaign).await;
    assert_eq!((&waiting["state"], &waiting["timeZone"]), (&json!("SCHEDULED"), &json!("Europe/Paris")));
    assert_eq!((&waiting["sendAt"], &waiting["dispatchDecision"]), (&preview["sendAt"], &Value::Null));
    assert_eq!(marie.credit().await, (225, 3), "its credit is held");
    app.advance(until(&app, TOMORROW) - TimeDelta::milliseconds(1));
    app.dispatch_all().await;
    assert!(app.network().submitted().is_empty(), "not before its hour");
    app.advance(TimeDelta::milliseconds(1));
    app.dispatch_all().await;
    assert_eq!(app.network().submitted().len(), 3);
    let done = shown(&app.marie().await, &campaign).await;
    assert_eq!((&done["state"], &done["progress"]["delivered"]), (&json!("COMPLETED"), &json!(3)));
    assert_eq!(done["dispatchDecision"]["outcome"], "ALLOWED");
    let ran: Vec<_> = done["dispatchDecision"]["verdicts"].as_array().expect("verdicts").iter().collect();
    assert!(ran.iter().any(|verdict| verdict["ruleSlug"] == "subscription-active"), "{ran:?}");
    assert!(ran.iter().all(|verdict| verdict["ruleSlug"] != "credit-sufficient"), "paid already: {ran:?}");
    assert_eq!(app.marie().await.credit().await, (225, 0));
}

async fn an_hour_that_is_past_or_too_far_is_refused(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(1).await;
    for (hour, code) in [
        ("2025-09-08T07:59:59Z", "SEND_AT_PAST"),
        ("2025-09-08T08:00:00Z", "SEND_AT_PAST"),
        ("2026-09-09T08:00:00.001Z", "SEND_AT_TOO_FAR"),
        ("+262142-12-31T23:59:59Z", "SEND_AT_TOO_FAR"),
    ] {
        let message = json!({ "text": "Bonjour", "sendAt": hour });
        let refused = try_preview(&marie, json!({ "people": people }), message).await;
        assert_eq!(code_of(&refused), code, "{hour}");
        assert_eq!(refused["errors"][0]["path"], json!(["message", "sendAt"]));
    }
    let soon = json!({ "text": "Bonjour", "sendAt": "2025-09-08T08:10:00Z" });
    let soon = preview(&marie, &people, soon).await;
    app.advance(TimeDelta::minutes(10));
    let refused = marie.send(&soon, app.key()).await;
    assert_eq!(code_of(&refused), "SEND_AT_PAST");
    assert_eq!(refused["errors"][0]["path"], json!(["previewToken"]));
    let garbage = json!({ "audience": { "people": people }, "message": { "text": "a", "sendAt": "demain" } });
    assert!(marie.try_query(PREVIEW, json!({ "input": garbage })).await["errors"].is_array());
}

async fn the_rules_see_the_hour_at_which_it_leaves(app: TestApp) {
    recipients::three(&app).await;
    let agreed = "Nom;Prénom;Consentement commercial\nDivers;Cora;oui\n";
    app.import(app.quatre_vents().await, agreed.as_bytes()).await.expect("a file can be imported");
    let marie = app.marie().await;
    let cora = [marie.person("divers cora").await];
    let code = async |hour: &str| {
        let message = json!({ "text": "Soldes", "purpose": "COMMERCIAL", "sendAt": hour });
        verdict(&preview(&marie, &cora, message).await, "legal-hours")["code"].clone()
    };
    assert_eq!(code("2025-09-14T12:00:00Z").await, "OUTSIDE_LEGAL_HOURS", "a Sunday");
    assert_eq!(code("2025-09-13T12:00:00Z").await, "PASS", "a Saturday");
    // Paris leaves summer time on 26 October: 19:30 in the evening before and after.
    assert_eq!(code("2025-10-25T17:30:00Z").await, "PASS");
    assert_eq!(code("2025-10-25T18:30:00Z").await, "OUTSIDE_LEGAL_HOURS");
    assert_eq!(code("2025-10-27T18:30:00Z").await, "PASS");
    subscription_ends(&app, "2025-10-01T00:00:00Z").await;
    let message = json!({ "text": "Bonjour", "sendAt": "2025-10-02T12:00:00Z" });
    let refused = preview(&marie, &cora, message).await;
    assert_eq!(
        verdict(&refused, "subscription-active")["code"],
        "SUBSCRIPTION_INACTIVE",
        "it has ended by then"
    );
    own(&app, "[\"PREVIEW\", \"SEND\"]", "DENY", "!message.scheduled", "{ message = { scheduled = true } }")
        .await;
    assert_eq!(verdict(&preview(&marie, &cora, tomorrow("Bonjour")).await, "mine")["code"], "NOT_NOW");
    let now = preview(&marie, &cora, json!({ "text": "Bonjour" })).await;
    assert_eq!(verdict(&now, "mine")["code"], "PASS");
}

async fn what_the_rules_refuse_at_its_hour_never_leaves(app: TestApp) {
    let marie = app.marie().await;
    let preview = preview(&marie, &marie.musicians(3).await, tomorrow("Répétition")).await;
    let campaign = sends(&app, &marie, &preview, &[]).await;
    subscription_ends(&app, "2025-09-09T00:00:00Z").await;
    app.advance(until(&app, TOMORROW));
    app.dispatch_all().await;
    let marie = app.marie().await;
    let refused = shown(&marie, &campaign).await;
    assert_eq!((&refused["state"], &refused["progress"]["suppressed"]), (&json!("COMPLETED"), &json!(3)));
    assert_eq!(refused["dispatchDecision"]["outcome"], "REFUSED");
    assert!(refused["dispatchDecision"].to_string().contains("SUBSCRIPTION_INACTIVE"), "{refused}");
    assert!(nodes(&refused["messages"]).iter().all(|message| message["reason"] == "RULE"));
    assert_eq!(marie.credit().await, (228, 0), "what was held is given back");
    subscription_ends(&app, "2026-09-09T00:00:00Z").await;
    app.dispatch_all().await;
    assert!(app.network().submitted().is_empty(), "it was refused for good");
    let again = marie.retry(&campaign).await;
    assert_eq!(again["preview"]["messageCount"], 3, "those whom it did not reach can be written to: {again}");
}

async fn what_was_confirmed_when_it_was_sent_is_not_asked_again(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(4).await;
    own(
        &app,
        "[\"PREVIEW\", \"SEND\", \"DISPATCH\"]",
        "CONFIRM",
        "audience.message_count < 4",
        "{ audience = { message_count = 4 } }",
    )
    .await;
    let asked = preview(&marie, &people, tomorrow("Un")).await;
    let confirmed = sends(&app, &marie, &asked, &["NOT_NOW"]).await;
    let unasked = preview(&marie, &people[..3], tomorrow("Deux")).await;
    let unconfirmed = sends(&app, &marie, &unasked, &[]).await;
    app.advance(until(&app, TOMORROW) - TimeDelta::minutes(1));
    app.dispatch_all().await;
    // From now on it asks of three, too: nobody is there to confirm.
    app.plant("DELETE FROM rule_version").await;
    app.plant("DELETE FROM rule").await;
    own(
        &app,
        "[\"PREVIEW\", \"SEND\", \"DISPATCH\"]",
        "CONFIRM",
        "audience.message_count < 3",
        "{ audience = { message_count = 3 } }",
    )
    .await;
    app.advance(TimeDelta::minutes(1));
    app.dispatch_all().await;
    let marie = app.marie().await;
    let (left, stayed) = (shown(&marie, &confirmed).await, shown(&marie, &unconfirmed).await);
    assert_eq!(left["progress"]["delivered"], 4, "{left}");
    assert_eq!((&stayed["state"], &stayed["progress"]["suppressed"]), (&json!("COMPLETED"), &json!(3)));
    assert_eq!(stayed["dispatchDecision"]["outcome"], "CONFIRMATION_REQUIRED");
}

async fn it_counts_on_the_day_it_leaves_and_not_against_itself(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(3).await;
    let stages = "[\"PREVIEW\", \"SEND\", \"DISPATCH\"]";
    let source = "history.sent_today + message.cost <= 4 && history.same_text_minutes > 60";
    own(&app, stages, "DENY", source, "{ history = { sent_today = 5 } }").await;
    let code = async |actor: &Actor, message: Value| {
        verdict(&preview(actor, &people, message).await, "mine")["code"].clone()
    };
    let campaign = sends(&app, &marie, &preview(&marie, &people, tomorrow("Un")).await, &[]).await;
    assert_eq!(code(&marie, json!({ "text": "Deux" })).await, "PASS", "today nothing was sent");
    assert_eq!(code(&marie, tomorrow("Deux")).await, "NOT_NOW", "tomorrow three are");
    let after = json!({ "text": "Deux", "sendAt": "2025-09-10T12:00:00Z" });
    assert_eq!(code(&marie, after).await, "PASS", "the day after nothing is");
    let again = json!({ "text": "Un", "sendAt": "2025-09-10T12:00:00Z" });
    assert_eq!(code(&marie, again).await, "PASS", "a day apart");
    sends(
        &app,
        &marie,
        &preview(&marie, &people[..1], json!({ "text": "Trois", "sendAt": TOMORROW })).await,
        &[],
    )
    .await;
    app.advance(until(&app, TOMORROW));
    app.dispatch_all().await;
    let done = shown(&app.marie().await, &campaign).await;
    assert_eq!(done["progress"]["delivered"], 3, "it does not count against itself: {done}");
    assert_eq!(code(&app.marie().await, json!({ "text": "Un" })).await, "NOT_NOW", "it was sent just now");
}

async fn what_it_reserved_is_not_counted_twice(app: TestApp) {
    let marie = app.marie().await;
    let failing = "{ credit = { balance = 227 }, message = { cost = 3 } }";
    own(&app, "[\"DISPATCH\"]", "DENY", "credit.balance - message.cost >= 225", failing).await;
    let preview = preview(&marie, &marie.musicians(3).await, tomorrow("Un")).await;
    let campaign = sends(&app, &marie, &preview, &[]).await;
    app.advance(until(&app, TOMORROW));
    app.dispatch_all().await;
    assert_eq!(shown(&app.marie().await, &campaign).await["progress"]["delivered"], 3);
}

async fn what_opted_out_or_was_cancelled_meanwhile_does_not_leave(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(3).await;
    let campaign = sends(&app, &marie, &preview(&marie, &people, tomorrow("Un")).await, &[]).await;
    let other = sends(&app, &marie, &preview(&marie, &people, tomorrow("Deux")).await, &[]).await;
    let cancelled = marie.cancel(&other).await;
    assert_eq!(cancelled["campaign"]["state"], "CANCELLED", "{cancelled}");
    assert_eq!(marie.credit().await, (225, 3));
    app.plant(
        "INSERT INTO opt_out (structure_id, number_hash, source, opted_out_at)
            SELECT structure_id, number_hash, 'OPERATOR', 0 FROM message ORDER BY id DESC LIMIT 1",
    )
    .await;
    app.advance(until(&app, TOMORROW));
    app.dispatch_all().await;
    let marie = app.marie().await;
    let done = shown(&marie, &campaign).await;
    assert_eq!((&done["progress"]["delivered"], &done["progress"]["suppressed"]), (&json!(2), &json!(1)));
    assert_eq!(shown(&marie, &other).await["dispatchDecision"], Value::Null, "it was called off before");
    assert_eq!(app.network().submitted().len(), 2);
}

async fn two_instances_judge_it_once(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(3).await;
    for text in ["Un", "Deux", "Trois"] {
        sends(&app, &marie, &preview(&marie, &people, tomorrow(text)).await, &[]).await;
    }
    let another = app.another(|_| {}).await;
    app.advance(until(&app, TOMORROW));
    tokio::join!(app.dispatch_all(), another.dispatch_all());
    app.dispatch_all().await;
    let judged = decision::in_structure(app.quatre_vents().await)
        .filter(decision::Column::Stage.eq(Stage::Dispatch))
        .all(app.db())
        .await
        .expect("decisions can be read");
    assert_eq!(judged.len(), 3, "one a campaign");
    assert_eq!(app.network().submitted().len() + another.network().submitted().len(), 9);
}

async fn it_leaves_or_is_cancelled_never_both(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(3).await;
    let mut campaigns = Vec::new();
    for text in ["Un", "Deux", "Trois", "Quatre"] {
        campaigns.push(sends(&app, &marie, &preview(&marie, &people, tomorrow(text)).await, &[]).await);
    }
    app.advance(until(&app, TOMORROW));
    let marie = app.marie().await;
    let cancelling = async {
        for campaign in &campaigns {
            marie.cancel(campaign).await;
        }
    };
    tokio::join!(app.dispatch_all(), cancelling);
    app.dispatch_all().await;
    let mut sent = 0;
    for campaign in &campaigns {
        let done = shown(&marie, campaign).await;
        let of = |state: &str| done["progress"][state].as_u64().expect("a count");
        assert_eq!(of("delivered") + of("suppressed"), 3, "{done}");
        assert!(done["state"] == "CANCELLED" || of("delivered") == 3, "{done}");
        sent += of("delivered");
    }
    assert_eq!(app.network().submitted().len() as u64, sent);
}

async fn credit_spent_meanwhile_is_told_as_such(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.ids(json!({ "reachable": true })).await;
    // It may not be sent at the hour of the preview; what counts is the hour at which it leaves.
    own(&app, "[\"PREVIEW\", \"SEND\"]", "DENY", "now.hour < 22", "{ now = { hour = 22 } }").await;
    app.advance(until(&app, "2025-09-08T20:50:00Z"));
    let marie = app.marie().await;
    let dear = preview(&marie, &people, tomorrow(&"ê".repeat(140))).await;
    sends(&app, &marie, &dear, &[]).await;
    let (one, other) =
        (preview(&marie, &people, tomorrow("Un")).await, preview(&marie, &people, tomorrow("Deux")).await);
    assert_eq!(
        verdict(&preview(&marie, &people[..1], json!({ "text": "Un" })).await, "mine")["code"],
        "NOT_NOW"
    );
    sends(&app, &marie, &one, &[]).await;
    let refused = marie.send(&other, app.key()).await;
    assert_eq!(refused["errors"][0]["__typename"], "InsufficientCreditError", "{refused}");
}

async fn one_that_cannot_be_judged_waits(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(2).await;
    let campaign = sends(&app, &marie, &preview(&marie, &people, tomorrow("Un")).await, &[]).await;
    app.plant("UPDATE structure SET time_zone = 'Mars/Olympus'").await;
    app.advance(until(&app, TOMORROW));
    app.dispatch_all().await;
    assert!(app.network().submitted().is_empty());
    app.plant("UPDATE structure SET time_zone = 'Europe/Paris'").await;
    app.advance(TimeDelta::minutes(1));
    app.dispatch_all().await;
    assert_eq!(shown(&app.marie().await, &campaign).await["progress"]["delivered"], 2);
}
