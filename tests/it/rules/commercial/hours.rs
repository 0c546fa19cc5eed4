//! What legal hours take from the time that a campaign has: nothing but what is open.

use std::time::Duration;

use api::clock::Clock as _;
use chrono::{DateTime, TimeDelta, Utc};
use envoi_tests::{Actor, TestApp, both, nodes};
use serde_json::{Value, json};

use super::{four, preview, wait_until};

both!(a_weekend_that_it_waits_for_does_not_count, what_waits_beside_legal_hours_comes_to_an_end);

async fn expires_at(marie: &Actor, campaign: &Value) -> DateTime<Utc> {
    let document = "query($id: ID!) { node(id: $id) { ... on Campaign { expiresAt } } }";
    let shown = marie.query(document, json!({ "id": campaign["id"] })).await;
    shown["node"]["expiresAt"].as_str().expect("it is under way").parse().expect("an instant")
}

async fn is_given_up(marie: &Actor, campaign: &Value) {
    let after = marie.campaign(campaign).await;
    assert_eq!((&after["state"], &after["progress"]["suppressed"]), (&json!("COMPLETED"), &json!(1)));
    assert_eq!(nodes(&after["messages"])[0]["reason"], "EXPIRED");
    assert_eq!(marie.credit().await, (228, 0));
}

async fn a_weekend_that_it_waits_for_does_not_count(app: TestApp) {
    four(&app).await;
    wait_until(&app, "2025-09-13T17:59:00Z");
    let sender = app.another(|config| config.dispatch.expire = Duration::from_hours(1)).await;
    let marie = app.marie().await.at(&sender);
    let shown = preview(&marie, "COMMERCIAL").await;
    let sent = marie.send(&shown, app.key()).await["campaign"].take();
    // From eight in the evening on Saturday to eight on Monday in Paris; every look but the last comes late.
    wait_until(&app, "2025-09-13T18:00:00Z");
    let last: DateTime<Utc> = "2025-09-15T05:55:00Z".parse().expect("an instant");
    while app.clock().now() < last {
        sender.dispatch_all().await;
        app.advance(TimeDelta::minutes(10).min(last - app.clock().now()));
    }
    sender.dispatch_all().await;
    let marie = app.marie().await;
    assert_eq!(marie.campaign(&sent).await["progress"]["queued"], 1);
    let end = last + TimeDelta::minutes(5 + 59);
    assert_eq!(expires_at(&marie, &sent).await, end, "a minute of its hour had passed");
    // Nobody sends it on Monday morning.
    app.advance(end - app.clock().now());
    sender.dispatch_all().await;
    is_given_up(&marie, &sent).await;
}

async fn what_waits_beside_legal_hours_comes_to_an_end(app: TestApp) {
    four(&app).await;
    wait_until(&app, "2025-09-15T08:00:00Z");
    let marie = app.marie().await;
    let shown = preview(&marie, "COMMERCIAL").await;
    let sent = marie.send(&shown, app.key()).await["campaign"].take();
    let mut end: DateTime<Utc> = "2025-09-18T08:00:00Z".parse().expect("an instant");
    assert_eq!(expires_at(&marie, &sent).await, end);
    let other = app.another(|_| {}).await;
    // Nobody sends it by day. In the evening it is looked at, at once by two, and again before the time is over that it was put off.
    for evening in ["2025-09-15T18:00:00Z", "2025-09-16T18:00:00Z", "2025-09-17T18:00:00Z"] {
        wait_until(&app, evening);
        for (later, looks, added) in [(0, &app, 5), (0, &other, 0), (2, &other, 2)] {
            app.advance(TimeDelta::minutes(later));
            app.plant("UPDATE message SET next_attempt_at = 0").await;
            looks.dispatch_all().await;
            end += TimeDelta::minutes(added);
            assert_eq!(expires_at(&app.marie().await, &sent).await, end, "{evening}");
        }
    }
    app.advance(end - app.clock().now());
    app.dispatch_all().await;
    is_given_up(&app.marie().await, &sent).await;
}
