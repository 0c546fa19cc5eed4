//! What ends a subscription, and what does not.

use std::time::Duration;

use chrono::TimeDelta;
use envoi_tests::{Actor, Socket, TestApp, both};
use serde_json::json;

use super::{CREDIT, PROGRESS, refused, told, watching};

both!(
    one_who_signed_out_is_told_nothing_more,
    a_session_that_ended_is_noticed_unasked,
    a_session_that_expired_is_told_nothing_more,
    a_disabled_account_is_told_nothing_more,
    other_permissions_end_what_was_begun_with_these,
    nothing_is_watched_for_one_who_left,
);

const SIGN_OUT: &str = "mutation { signOut { errors { code } } }";

async fn watching_credit(actor: &Actor) -> Socket {
    let mut socket = actor.socket().await;
    socket.subscribe("credit", CREDIT, json!({})).await;
    socket.next("credit").await;
    socket
}

async fn one_who_signed_out_is_told_nothing_more(app: TestApp) {
    let app = told(&app).await;
    let marie = app.marie().await;
    let mut socket = watching_credit(&marie).await;
    marie.query(SIGN_OUT, json!({})).await;
    app.give(app.quatre_vents().await, 5).await;
    assert_eq!(refused(&mut socket, "credit").await, "UNAUTHENTICATED");
    // The socket itself has nothing more to say.
    socket.subscribe("again", "{ __typename }", json!({})).await;
    assert_eq!(socket.closed().await, Some(4403));
}

async fn a_session_that_ended_is_noticed_unasked(app: TestApp) {
    let app = app.another(|config| config.live.check = Duration::from_secs(1)).await;
    let marie = app.marie().await;
    let mut socket = watching_credit(&marie).await;
    marie.query(SIGN_OUT, json!({})).await;
    assert_eq!(refused(&mut socket, "credit").await, "UNAUTHENTICATED");
}

async fn a_session_that_expired_is_told_nothing_more(app: TestApp) {
    let app = told(&app).await;
    let mut socket = watching_credit(&app.marie().await).await;
    app.advance(TimeDelta::days(31));
    app.give(app.quatre_vents().await, 5).await;
    assert_eq!(refused(&mut socket, "credit").await, "UNAUTHENTICATED");
}

async fn a_disabled_account_is_told_nothing_more(app: TestApp) {
    let app = told(&app).await;
    let mut socket = watching_credit(&app.marie().await).await;
    app.plant("UPDATE account SET disabled_at = 1 WHERE email = 'marie@quatre-vents.example'").await;
    app.give(app.quatre_vents().await, 5).await;
    assert_eq!(refused(&mut socket, "credit").await, "UNAUTHENTICATED");
}

async fn other_permissions_end_what_was_begun_with_these(app: TestApp) {
    let app = told(&app).await;
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(1).await, "Bonjour").await;
    let (mut progress, _) = watching(&marie, &campaign).await;
    let mut credit = watching_credit(&marie).await;
    let of_marie = "account_id = (SELECT id FROM account WHERE email = 'marie@quatre-vents.example')";
    app.plant(&format!("DELETE FROM permission WHERE module = 'CREDIT' AND {of_marie}")).await;
    app.dispatch_all().await;
    assert_eq!(refused(&mut credit, "credit").await, "FORBIDDEN");
    assert_eq!(refused(&mut progress, "progress").await, "PERMISSIONS_CHANGED");
    // Begun anew, it goes on.
    progress.subscribe("progress", PROGRESS, json!({ "id": campaign["id"] })).await;
    assert_eq!(progress.next("progress").await["campaignProgress"]["id"], campaign["id"]);
    progress.subscribe("credit", CREDIT, json!({})).await;
    assert_eq!(refused(&mut progress, "credit").await, "FORBIDDEN");
}

async fn nothing_is_watched_for_one_who_left(app: TestApp) {
    let app = told(&app).await;
    let marie = app.marie().await;
    let changes = app.app().store.changes();
    let (mut one, other) = (watching_credit(&marie).await, watching_credit(&marie).await);
    let absent = marie.tag("Musicien").await;
    one.subscribe("progress", PROGRESS, json!({ "id": absent })).await;
    one.message().await;
    one.message().await;
    assert_eq!(changes.watched(), 1, "the credit, by two");
    one.say(json!({ "type": "complete", "id": "credit" })).await;
    one.subscribe("after", "{ __typename }", json!({})).await;
    one.next("after").await;
    assert_eq!(changes.watched(), 1, "the other watches it");
    drop(other);
    while changes.watched() > 0 {
        tokio::task::yield_now().await;
    }
}
