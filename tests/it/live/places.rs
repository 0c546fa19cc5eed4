//! Who may have how many sockets and subscriptions, and for how long; and what is left to others.

use std::time::Duration;

use envoi_tests::{Backend, Heard, Socket, TestApp, both};
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use tokio::time::Instant;

use super::protocol::{errors, greeted, open};
use super::{CREDIT, only_the_end, told};

both!(
    an_account_has_so_many_subscriptions,
    those_who_watch_leave_connections_to_others,
    one_without_a_token_has_its_time_whatever_it_asks,
    those_without_a_token_leave_places_to_others,
);

async fn an_account_has_so_many_subscriptions(app: TestApp) {
    let marie = app.marie().await;
    let (mut one, mut other) = (marie.socket().await, marie.socket().await);
    for socket in [&mut one, &mut other] {
        for id in 0..25 {
            socket.subscribe(&id.to_string(), CREDIT, json!({})).await;
        }
        for _ in 0..25 {
            assert_eq!(socket.message().await["type"], "next");
        }
    }
    other.subscribe("one more", CREDIT, json!({})).await;
    assert_eq!(errors(&mut other, "one more").await, "TOO_MANY_SUBSCRIPTIONS");
    other.subscribe("query", "{ viewer { email } }", json!({})).await;
    assert_eq!(other.next("query").await["viewer"]["email"], "marie@quatre-vents.example");
    assert_eq!(other.message().await["type"], "complete");
    other.say(json!({ "type": "complete", "id": "7" })).await;
    other.subscribe("one more", CREDIT, json!({})).await;
    assert_eq!(other.next("one more").await["creditChanged"]["balance"], 228);
    let mut of_another = app.admin().await.socket().await;
    of_another.subscribe("credit", CREDIT, json!({})).await;
    of_another.next("credit").await;
    // A socket that is gone holds nothing.
    drop(one);
    loop {
        other.subscribe("again", CREDIT, json!({})).await;
        match other.message().await["type"].as_str() {
            Some("next") => break,
            said => assert_eq!(said, Some("error")),
        }
    }
}

async fn those_who_watch_leave_connections_to_others(app: TestApp) {
    if app.backend() == Backend::Sqlite {
        return; // nothing makes a reader of a file wait
    }
    let app = told(&app).await;
    let marie = app.marie().await;
    let connection = app.connect().await;
    connection.execute_unprepared("BEGIN; LOCK TABLE credit IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    let mut socket = marie.socket().await;
    for id in 0..20 {
        socket.subscribe(&id.to_string(), CREDIT, json!({})).await;
    }
    let waiting =
        "SELECT count(*) > 0 AS found FROM pg_locks WHERE relation = 'credit'::regclass AND NOT granted";
    let waits = async || {
        let waiting = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, waiting);
        let row = connection.query_one_raw(waiting).await.expect("asked").expect("a row");
        row.try_get::<bool>("", "found").expect("a truth")
    };
    while !waits().await {
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        let asked = marie.query("{ viewer { email } }", json!({}));
        let answer = tokio::time::timeout(Duration::from_secs(5), asked).await.expect("a connection is left");
        assert_eq!(answer["viewer"]["email"], "marie@quatre-vents.example");
    }
    connection.execute_unprepared("COMMIT").await.expect("unlocked");
    for _ in 0..20 {
        assert_eq!(socket.message().await["payload"]["data"]["creditChanged"]["balance"], 228);
    }
    connection.close().await.expect("closed");
}

async fn one_without_a_token_has_its_time_whatever_it_asks(app: TestApp) {
    let app = app.another(|config| config.http.unknown_socket_lifetime = Duration::from_secs(1)).await;
    let mut known = app.marie().await.socket().await;
    let mut socket = greeted(&app).await;
    let begun = Instant::now();
    let end = loop {
        // What is sent to one that has just closed is of no account.
        let _ = socket.try_say(json!({ "type": "ping" })).await;
        match socket.hear().await {
            Heard::Message(_) => assert!(begun.elapsed() < Duration::from_secs(20), "it lives for ever"),
            Heard::Closed(code) => break code,
        }
    };
    assert_eq!(end, Some(1000));
    assert!(begun.elapsed() >= Duration::from_millis(900), "it has its time");
    known.subscribe("1", "{ viewer { email } }", json!({})).await;
    assert_eq!(known.next("1").await["viewer"]["email"], "marie@quatre-vents.example");
}

async fn those_without_a_token_leave_places_to_others(app: TestApp) {
    let app = app.another(|config| config.http.max_sockets = 4).await;
    let (one, _two) = (greeted(&app).await, greeted(&app).await);
    let mut third = open(&app).await;
    third.say(json!({ "type": "connection_init" })).await;
    assert_eq!(only_the_end(&mut third).await, Some(1013));
    let marie = app.marie().await;
    let _first: Socket = marie.socket().await;
    drop(third);
    // A place that is given back is another's.
    drop(one);
    loop {
        let Some(mut next) = open_at(&app).await else { continue };
        next.say(json!({ "type": "connection_init" })).await;
        match next.hear().await {
            Heard::Message(_) => return,
            Heard::Closed(code) => assert_eq!(code, Some(1013)),
        }
    }
}

/// A socket, if there is a place.
async fn open_at(app: &TestApp) -> Option<Socket> {
    Socket::open(app.address().await, &[super::protocol::PROTOCOL]).await.ok()
}
