//! Pausing a campaign: nothing more of it starts until it goes on; what had left is settled as ever.

use chrono::TimeDelta;
use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

use crate::cancel::{hanging, one_at_a_time};

both!(
    what_is_queued_waits_until_it_goes_on,
    what_has_left_is_settled_and_the_last_completes_it,
    what_is_claimed_does_not_start,
    what_is_paused_can_be_cancelled,
    only_what_is_on_its_way_is_paused,
    whoever_may_send_pauses_and_the_administrator,
    pausing_and_going_on_at_once_lose_nothing,
);

const CHANGED: &str = "campaign { id state progress { queued sending delivered suppressed } }
    errors { __typename code message path }";

/// What pausing, or going on, answers.
async fn change(actor: &Actor, field: &str, campaign: &Value) -> Value {
    let document = format!("mutation($id: ID!) {{ {field}(input: {{ campaign: $id }}) {{ {CHANGED} }} }}");
    actor.query(&document, json!({ "id": campaign["id"] })).await[field].take()
}

/// The same, done.
async fn changed(actor: &Actor, field: &str, campaign: &Value) -> Value {
    let mut answer = change(actor, field, campaign).await;
    assert_eq!(answer["errors"], json!([]), "{answer}");
    answer["campaign"].take()
}

async fn what_is_queued_waits_until_it_goes_on(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(3).await, "Bonjour").await;
    let other = marie.sends(&marie.musicians(1).await, "Bonsoir").await;
    let paused = changed(&marie, "pauseCampaign", &campaign).await;
    assert_eq!((&paused["state"], &paused["progress"]["queued"]), (&json!("PAUSED"), &json!(3)));
    assert_eq!(changed(&marie, "pauseCampaign", &campaign).await, paused, "asked twice, it answers the same");
    app.dispatch_all().await;
    assert_eq!(app.network().submitted().len(), 1, "the other is not held back");
    assert_eq!(marie.campaign(&other).await["state"], "COMPLETED");
    assert_eq!(marie.credit().await, (224, 3), "its credit is held");
    let listed = "{ viewer { structure { campaigns(state: [PAUSED]) { edges { node { id } } } } } }";
    let listed = marie.query(listed, json!({})).await["viewer"]["structure"]["campaigns"].take();
    assert_eq!(nodes(&listed), [json!({ "id": campaign["id"] })]);
    assert_eq!(changed(&marie, "resumeCampaign", &campaign).await["state"], "DISPATCHING");
    assert_eq!(changed(&marie, "resumeCampaign", &campaign).await["state"], "DISPATCHING");
    app.dispatch_all().await;
    let done = marie.campaign(&campaign).await;
    assert_eq!((&done["state"], &done["progress"]["delivered"]), (&json!("COMPLETED"), &json!(3)));
}

async fn what_has_left_is_settled_and_the_last_completes_it(app: TestApp) {
    let sender = app.another(one_at_a_time).await;
    let marie = app.marie().await.at(&sender);
    let campaign = hanging(&sender, &marie, 1).await;
    let paused = changed(&marie, "pauseCampaign", &campaign).await;
    assert_eq!((&paused["state"], &paused["progress"]["sending"]), (&json!("PAUSED"), &json!(1)));
    app.advance(TimeDelta::seconds(31));
    app.dispatch_all().await;
    let doubtful = marie.campaign(&campaign).await;
    assert_eq!((&doubtful["state"], &doubtful["progress"]["unknown"]), (&json!("PAUSED"), &json!(1)));
    app.advance(TimeDelta::hours(73));
    app.dispatch_all().await;
    let marie = app.marie().await;
    let settled = marie.campaign(&campaign).await;
    assert_eq!((&settled["state"], &settled["progress"]["writtenOff"]), (&json!("COMPLETED"), &json!(1)));
    assert_eq!(marie.credit().await, (228, 0));
}

async fn what_is_claimed_does_not_start(app: TestApp) {
    let sender = app.another(one_at_a_time).await;
    let marie = app.marie().await.at(&sender);
    let campaign = hanging(&sender, &marie, 3).await;
    changed(&marie, "pauseCampaign", &campaign).await;
    app.advance(TimeDelta::seconds(31));
    let before = sender.network().submitted().len() + app.network().submitted().len();
    app.dispatch_all().await;
    let after = sender.network().submitted().len() + app.network().submitted().len();
    assert_eq!(before, after, "two were claimed with the first, and are left");
    changed(&marie, "resumeCampaign", &campaign).await;
    app.dispatch_all().await;
    let done = marie.campaign(&campaign).await;
    assert_eq!((&done["progress"]["queued"], &done["progress"]["unknown"]), (&json!(0), &json!(1)), "{done}");
}

async fn what_is_paused_can_be_cancelled(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(3).await, "Bonjour").await;
    changed(&marie, "pauseCampaign", &campaign).await;
    assert_eq!(marie.cancel(&campaign).await["campaign"]["state"], "CANCELLED");
    assert_eq!(marie.credit().await, (228, 0));
    for field in ["pauseCampaign", "resumeCampaign"] {
        assert_eq!(code_of(&change(&marie, field, &campaign).await), "CAMPAIGN_NOT_UNDER_WAY");
    }
}

async fn only_what_is_on_its_way_is_paused(app: TestApp) {
    let marie = app.marie().await;
    let done = marie.sends(&marie.musicians(1).await, "Bonjour").await;
    app.dispatch_all().await;
    let refused = change(&marie, "pauseCampaign", &done).await;
    assert_eq!((code_of(&refused), &refused["campaign"]), (&json!("CAMPAIGN_NOT_UNDER_WAY"), &Value::Null));
    assert_eq!(refused["errors"][0]["path"], json!(["campaign"]));
    let absent = change(&marie, "pauseCampaign", &json!({ "id": marie.musicians(1).await[0] })).await;
    assert_eq!(code_of(&absent), "CAMPAIGN_NOT_FOUND");
}

async fn whoever_may_send_pauses_and_the_administrator(app: TestApp) {
    let (marie, admin) = (app.marie().await, app.admin().await);
    let campaign = marie.sends(&marie.musicians(1).await, "Bonjour").await;
    assert_eq!(changed(&admin, "pauseCampaign", &campaign).await["state"], "PAUSED");
    let paul = app.sign_in("paul@quatre-vents.example").await;
    for field in ["pauseCampaign", "resumeCampaign"] {
        let document =
            format!("mutation($id: ID!) {{ {field}(input: {{ campaign: $id }}) {{ {CHANGED} }} }}");
        let refused = paul.try_query(&document, json!({ "id": campaign["id"] })).await;
        assert_eq!(code_of(&refused), "FORBIDDEN", "he may only read");
    }
    assert_eq!(marie.campaign(&campaign).await["state"], "PAUSED");
    assert_eq!(changed(&admin, "resumeCampaign", &campaign).await["state"], "DISPATCHING");
    app.dispatch_all().await;
}

async fn pausing_and_going_on_at_once_lose_nothing(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(3).await;
    let mut campaigns = Vec::new();
    for text in ["un", "deux", "trois"] {
        campaigns.push(marie.sends(&people, text).await);
    }
    let playing = async {
        for campaign in &campaigns {
            for field in ["pauseCampaign", "resumeCampaign", "pauseCampaign", "resumeCampaign"] {
                change(&marie, field, campaign).await;
            }
        }
    };
    tokio::join!(app.dispatch_all(), playing);
    // What was claimed when its campaign was paused is taken up again when the lease is over.
    app.advance(TimeDelta::seconds(31));
    app.dispatch_all().await;
    assert_eq!(app.network().submitted().len(), 9, "each message left once");
    for campaign in &campaigns {
        assert_eq!(marie.campaign(campaign).await["progress"]["delivered"], 3);
    }
}
