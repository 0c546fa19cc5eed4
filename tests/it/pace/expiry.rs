//! What waited too long is given up, its credit given back.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use envoi_tests::{Actor, Part, TestApp, both, nodes};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{crowd, writes_to};

both!(
    what_waited_too_long_is_given_up,
    what_is_paused_has_its_whole_time_again,
    what_may_have_left_is_not_given_up,
    nothing_leaves_whose_time_is_over,
    what_is_scheduled_has_its_time_from_its_hour_on,
    a_large_campaign_is_given_up_batch_after_batch,
);

async fn expires_at(actor: &Actor, campaign: &Value) -> Option<DateTime<Utc>> {
    let document = "query($id: ID!) { node(id: $id) { ... on Campaign { expiresAt } } }";
    let shown = actor.query(document, json!({ "id": campaign["id"] })).await;
    shown["node"]["expiresAt"].as_str().map(|at| at.parse().expect("an instant"))
}

async fn change(actor: &Actor, field: &str, campaign: &Value) {
    let document =
        format!("mutation($id: ID!) {{ {field}(input: {{ campaign: $id }}) {{ errors {{ code }} }} }}");
    let answer = actor.query(&document, json!({ "id": campaign["id"] })).await;
    assert_eq!(answer[field]["errors"], json!([]));
}

async fn what_waited_too_long_is_given_up(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(3).await, "Bonjour").await;
    assert_eq!(expires_at(&marie, &campaign).await, Some(app.app().now() + TimeDelta::hours(72)));
    app.advance(TimeDelta::hours(72));
    app.dispatch_all().await;
    assert!(app.network().submitted().is_empty(), "it is not worth sending any more");
    let after = marie.campaign(&campaign).await;
    assert_eq!((&after["state"], &after["progress"]["suppressed"]), (&json!("COMPLETED"), &json!(3)));
    for message in nodes(&after["messages"]) {
        assert_eq!((&message["state"], &message["reason"]), (&json!("SUPPRESSED"), &json!("EXPIRED")));
    }
    assert_eq!((marie.credit().await, expires_at(&marie, &campaign).await), ((228, 0), None));
    assert_eq!(marie.retry(&campaign).await["preview"]["messageCount"], 3, "they were not reached");
    let just = marie.sends(&marie.musicians(1).await, "Bonsoir").await;
    app.advance(TimeDelta::hours(72) - TimeDelta::milliseconds(1));
    app.dispatch_all().await;
    assert_eq!(marie.campaign(&just).await["progress"]["delivered"], 1);
}

async fn what_is_paused_has_its_whole_time_again(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(3).await, "Bonjour").await;
    app.advance(TimeDelta::hours(71));
    change(&marie, "pauseCampaign", &campaign).await;
    assert_eq!(expires_at(&marie, &campaign).await, None);
    app.advance(TimeDelta::hours(100));
    app.dispatch_all().await;
    let paused = marie.campaign(&campaign).await;
    assert_eq!((&paused["state"], &paused["progress"]["queued"]), (&json!("PAUSED"), &json!(3)));
    change(&marie, "resumeCampaign", &campaign).await;
    assert_eq!(expires_at(&marie, &campaign).await, Some(app.app().now() + TimeDelta::hours(72)));
    app.advance(TimeDelta::hours(71));
    app.dispatch_all().await;
    assert_eq!(marie.campaign(&campaign).await["progress"]["delivered"], 3);
}

async fn what_may_have_left_is_not_given_up(app: TestApp) {
    let marie = app.marie().await;
    let numbers = crowd(&app, app.quatre_vents().await, 70, 3).await;
    // What is being sent may take longer than what waits has.
    let sender = app.another(|config| {
        config.dispatch.in_flight = 1;
        config.dispatch.expire = Duration::from_hours(1);
        config.dispatch.lease = Duration::from_hours(2);
    });
    let sender = sender.await;
    for number in &numbers {
        sender.network().plays(number, [Part::Hang]);
    }
    let campaign = writes_to(&sender, &marie.at(&sender), 70, "Bonjour").await;
    let dispatching = tokio::spawn({
        let sender = sender.clone();
        async move { sender.dispatch_all().await }
    });
    sender.network().reached_by(1).await;
    dispatching.abort();
    let _ = dispatching.await;
    app.advance(TimeDelta::minutes(61));
    app.dispatch_all().await;
    let progress = marie.campaign(&campaign).await["progress"].take();
    assert_eq!((&progress["sending"], &progress["suppressed"]), (&json!(1), &json!(2)), "{progress}");
    app.advance(TimeDelta::hours(2));
    app.dispatch_all().await;
    let after = marie.campaign(&campaign).await;
    assert_eq!((&after["state"], &after["progress"]["unknown"]), (&json!("DISPATCHING"), &json!(1)));
    assert_eq!(marie.credit().await, (230, 1), "what may have left keeps its credit");
}

async fn nothing_leaves_whose_time_is_over(app: TestApp) {
    let marie = app.marie().await;
    let numbers = crowd(&app, app.quatre_vents().await, 70, 3).await;
    let sender = app.another(|config| config.dispatch.in_flight = 1).await;
    let held = Arc::new(Semaphore::new(0));
    for number in &numbers {
        sender.network().plays(number, [Part::Hold(Arc::clone(&held))]);
    }
    let campaign = writes_to(&app, &marie, 70, "Bonjour").await;
    let dispatching = tokio::spawn({
        let sender = sender.clone();
        async move { sender.dispatch_all().await }
    });
    sender.network().reached_by(1).await;
    // All are claimed; what is not under way yet comes too late.
    app.advance(TimeDelta::hours(73));
    held.add_permits(10);
    dispatching.await.expect("it comes to an end");
    assert_eq!(sender.network().submitted().len(), 1);
    app.dispatch_all().await;
    let progress = marie.campaign(&campaign).await["progress"].take();
    assert_eq!((&progress["delivered"], &progress["suppressed"]), (&json!(1), &json!(2)), "{progress}");
}

async fn what_is_scheduled_has_its_time_from_its_hour_on(app: TestApp) {
    let marie = app.marie().await;
    let hour = app.app().now() + TimeDelta::days(10);
    let message = json!({ "text": "Bonjour", "sendAt": hour.to_rfc3339() });
    let input = json!({ "audience": { "people": marie.musicians(2).await }, "message": message });
    let document = "mutation($input: PreviewSmsInput!) { previewSms(input: $input) { preview { token } } }";
    let preview = marie.query(document, json!({ "input": input })).await["previewSms"]["preview"].take();
    let campaign = marie.send(&preview, app.key()).await["campaign"].take();
    assert_eq!(expires_at(&marie, &campaign).await, None);
    app.advance(TimeDelta::days(10));
    // It leaves, and nothing of it is sent yet.
    let busy = Part::Answer(api::domain::outcome::Outcome::NotSent { retry_after: None });
    for person in nodes(&marie.people(json!({ "first": 100 })).await) {
        if let Some(number) = person["mobile"].as_str() {
            app.network().plays(number, [busy.clone()]);
        }
    }
    app.dispatch_all().await;
    assert_eq!(expires_at(&marie, &campaign).await, Some(hour + TimeDelta::hours(72)));
}

async fn a_large_campaign_is_given_up_batch_after_batch(app: TestApp) {
    let marie = app.marie().await;
    crowd(&app, app.quatre_vents().await, 70, 2_300).await;
    let campaign = writes_to(&app, &marie, 70, "Bonjour").await;
    app.advance(TimeDelta::hours(73));
    app.dispatch_all().await;
    let after = marie.campaign(&campaign).await;
    assert_eq!((&after["state"], &after["progress"]["suppressed"]), (&json!("COMPLETED"), &json!(2_300)));
    assert!(app.network().submitted().is_empty());
    assert_eq!(marie.credit().await, (2_528, 0));
}
