//! The protocol `graphql-transport-ws`: who may open a socket, what closes it, and what is refused on it.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use envoi_tests::process::Server;
use envoi_tests::{Backend, Heard, Socket, TestApp, both, code_of, plainly};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::{CREDIT, only_the_end, refused};

both!(
    what_is_no_message_closes_the_socket,
    each_fault_has_its_code,
    one_who_never_says_hello_is_not_waited_for,
    a_message_too_large_closes_the_socket,
    the_guard_stands_before_each_operation,
    what_is_nested_too_deep_is_refused_and_not_read,
    queries_and_mutations_are_answered_too,
    one_without_a_token_may_ask_what_needs_none,
    a_page_of_another_site_opens_nothing,
    a_socket_has_so_many_operations,
    an_instance_has_so_many_sockets,
    a_subscription_needs_a_socket,
);

pub(super) const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

pub(super) async fn open(app: &TestApp) -> Socket {
    Socket::open(app.address().await, &[PROTOCOL]).await.expect("the socket opens")
}

pub(super) async fn greeted(app: &TestApp) -> Socket {
    let mut socket = open(app).await;
    socket.greet(None).await;
    socket
}

async fn what_is_no_message_closes_the_socket(app: TestApp) {
    let messages = [
        "",
        "hello",
        "[]",
        "{}",
        "null",
        r#"{"type":"start","id":"1"}"#,
        r#"{"type":1}"#,
        r#"{"type":"ping","payload":"text"}"#,
        r#"{"type":"subscribe","payload":{"query":"{ __typename }"}}"#,
        r#"{"type":"subscribe","id":1,"payload":{"query":"{ __typename }"}}"#,
        r#"{"type":"subscribe","id":"","payload":{"query":"{ __typename }"}}"#,
        r#"{"type":"subscribe","id":"1"}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","variables":[]}}"#,
        r#"{"type":"complete"}"#,
    ];
    let long = format!(r#"{{"type":"complete","id":"{}"}}"#, "a".repeat(1_000));
    let deep = "[".repeat(60_000);
    for message in messages.into_iter().chain([long.as_str(), deep.as_str()]) {
        let mut socket = greeted(&app).await;
        socket.send(Message::Text(message.into())).await;
        assert_eq!(only_the_end(&mut socket).await, Some(4400), "{message}");
    }
    let mut socket = greeted(&app).await;
    socket.send(Message::Binary(br#"{"type":"ping"}"#.as_slice().into())).await;
    assert_eq!(only_the_end(&mut socket).await, Some(4400));
}

async fn each_fault_has_its_code(app: TestApp) {
    let mut socket = open(&app).await;
    socket.subscribe("1", "{ __typename }", json!({})).await;
    assert_eq!(only_the_end(&mut socket).await, Some(4401), "before hello");

    let signed_out = app.marie().await;
    signed_out.query("mutation { signOut { errors { code } } }", json!({})).await;
    let signed_out = signed_out.token().expect("a token");
    for (token, code) in [("no", 4403), (signed_out, 4403), (&"a".repeat(10_000), 4403), ("🎺", 4400)] {
        let mut socket = open(&app).await;
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(only_the_end(&mut socket).await, Some(code), "a token that does not serve");
    }

    let mut socket = Socket::open(app.address().await, &[]).await.expect("it opens, to say why not");
    assert_eq!(only_the_end(&mut socket).await, Some(4406), "no protocol");

    let mut socket = app.marie().await.socket().await;
    socket.subscribe("1", CREDIT, json!({})).await;
    socket.next("1").await;
    socket.subscribe("1", CREDIT, json!({})).await;
    assert_eq!(only_the_end(&mut socket).await, Some(4409), "one id, two operations");

    let mut socket = greeted(&app).await;
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(only_the_end(&mut socket).await, Some(4429), "two hellos");
}

async fn one_who_never_says_hello_is_not_waited_for(app: TestApp) {
    let begun = Instant::now();
    let (mut silent, mut chatty) = (open(&app).await, open(&app).await);
    chatty.say(json!({ "type": "ping" })).await;
    assert_eq!(chatty.message().await, json!({ "type": "pong" }));
    assert_eq!(only_the_end(&mut silent).await, Some(4408));
    assert_eq!(only_the_end(&mut chatty).await, Some(4408));
    assert!(begun.elapsed() >= Duration::from_secs(3), "a slow one has his time");
}

async fn a_message_too_large_closes_the_socket(app: TestApp) {
    let mut socket = greeted(&app).await;
    let query =
        |size: usize| json!({ "query": "{ __typename }", "variables": { "unused": "a".repeat(size) } });
    socket.say(json!({ "type": "subscribe", "id": "1", "payload": query(60_000) })).await;
    assert_eq!(socket.next("1").await, json!({ "__typename": "Query" }));
    socket.say(json!({ "type": "subscribe", "id": "2", "payload": query(70_000) })).await;
    assert_eq!(socket.closed().await, Some(1009));
    let mut socket = greeted(&app).await;
    socket.send(Message::Text("a".repeat(200_000).into())).await;
    assert_eq!(socket.closed().await, Some(1009), "before it is read whole");
}

/// What an operation that is refused whole answers: one message, which ends it.
pub(super) async fn errors(socket: &mut Socket, id: &str) -> Value {
    let mut message = socket.message().await;
    assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
    let errors = message["payload"].as_array().unwrap_or_else(|| panic!("{message}"));
    assert!(errors.iter().all(|error| error["extensions"]["code"].is_string()), "{message}");
    message["payload"][0]["extensions"]["code"].take()
}

async fn the_guard_stands_before_each_operation(app: TestApp) {
    let mut socket = app.marie().await.socket().await;
    let mut bomb = "subscription {...F0}".to_owned();
    let mut wide = "subscription { creditChanged {...F0} }".to_owned();
    for fragment in 0..25 {
        for (document, of) in [(&mut bomb, "Subscription"), (&mut wide, "Credit")] {
            write!(document, " fragment F{fragment} on {of} {{...F{0} ...F{0}}}", fragment + 1)
                .expect("written");
        }
    }
    bomb.push_str(" fragment F25 on Subscription {__typename}");
    wide.push_str(" fragment F25 on Credit {__typename}");
    let many = format!("subscription {{ {} }}", "creditChanged { id } ".repeat(100));
    for (document, code) in [
        (bomb.as_str(), "DOCUMENT_TOO_WIDE"),
        (wide.as_str(), "DOCUMENT_TOO_WIDE"),
        (many.as_str(), "SUBSCRIPTION_NOT_SINGLE"),
        (
            "subscription { ...F } fragment F on Subscription { creditChanged { id } }",
            "SUBSCRIPTION_NOT_SINGLE",
        ),
        ("subscription { creditChanged { ", "GRAPHQL_SYNTAX"),
        ("subscription { creditChanged { password } }", "GRAPHQL_VALIDATION"),
        ("subscription { creditChanged }", "GRAPHQL_VALIDATION"),
        ("subscription { nothing { id } }", "GRAPHQL_VALIDATION"),
        ("subscription($id: ID!) { campaignProgress(campaign: $id) { id } }", "VARIABLE_MISSING"),
        ("{ __typename } subscription { creditChanged { id } }", "OPERATION_ANONYMOUS_AMONG_OTHERS"),
    ] {
        socket.subscribe("1", document, json!({})).await;
        assert_eq!(errors(&mut socket, "1").await, code, "{document}");
    }
    // The id is free again, and the socket as good as before.
    socket.subscribe("1", CREDIT, json!({})).await;
    assert_eq!(socket.next("1").await["creditChanged"]["balance"], 228);
}

async fn what_is_nested_too_deep_is_refused_and_not_read(app: TestApp) {
    let mut socket = app.marie().await.socket().await;
    let query =
        "query($filter: PersonFilter) { viewer { structure { people(filter: $filter) { totalCount } } } }";
    let message = |depth: usize| {
        let filter = format!("{}{{}}{}", r#"{"not":"#.repeat(depth), "}".repeat(depth));
        let payload = format!(r#"{{"query":"{query}","variables":{{"filter":{filter}}}}}"#);
        [
            format!(r#"{{"id":"1","type":"subscribe","payload":{payload}}}"#),
            format!(r#"{{"payload":{payload},"type":"subscribe","id":"1"}}"#),
        ]
    };
    // Of those deeper than 120, a reader of JSON that calls itself gives up.
    for depth in [62, 119, 123, 124, 500, 5_000] {
        for message in message(depth) {
            socket.send(Message::Text(message.into())).await;
            assert_eq!(errors(&mut socket, "1").await, "JSON_TOO_DEEP", "{depth}");
        }
    }
    // As many as a body of HTTP may have are looked at, and then refused for what they are.
    let [message, _] = message(60);
    socket.send(Message::Text(message.into())).await;
    let refused = socket.message().await;
    assert_eq!(code_of(&refused["payload"]), "FILTER_TOO_DEEP", "{refused}");
    assert_eq!(socket.message().await["type"], "complete");
    let nameless = format!(r#"{{"type":"subscribe","payload":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    socket.send(Message::Text(nameless.into())).await;
    assert_eq!(only_the_end(&mut socket).await, Some(4400));
}

async fn queries_and_mutations_are_answered_too(app: TestApp) {
    let marie = app.marie().await;
    let mut socket = marie.socket().await;
    let ends = json!({ "type": "complete", "id": "1" });
    socket.subscribe("1", "{ viewer { email } }", json!({})).await;
    assert_eq!(socket.next("1").await["viewer"]["email"], "marie@quatre-vents.example");
    assert_eq!(socket.message().await, ends);
    let order = "mutation($key: UUID!) { requestTopUp(input: { quantity: 0, idempotencyKey: $key }) { errors { code message } } }";
    for (language, word) in [(json!("en-GB"), "between"), (json!("fr"), "entre"), (json!(7), "entre")] {
        let mut socket = open(&app).await;
        let admin = app.admin().await;
        let payload = json!({ "AUTHORIZATION": format!("bearer {}", admin.token().expect("a token")), "accept-language": language });
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        socket.message().await;
        socket.subscribe("1", order, json!({ "key": app.key() })).await;
        let error = socket.next("1").await["requestTopUp"]["errors"][0].take();
        assert_eq!(error["code"], "TOP_UP_QUANTITY_INVALID");
        assert!(error["message"].as_str().is_some_and(|said| said.contains(word)), "{error}");
        assert_eq!(socket.message().await, ends);
    }
}

async fn one_without_a_token_may_ask_what_needs_none(app: TestApp) {
    let mut socket = greeted(&app).await;
    socket.subscribe("1", "{ __typename }", json!({})).await;
    assert_eq!(socket.next("1").await, json!({ "__typename": "Query" }));
    socket.message().await;
    socket.subscribe("2", CREDIT, json!({})).await;
    assert_eq!(refused(&mut socket, "2").await, "UNAUTHENTICATED");
    socket.say(json!({ "type": "complete", "id": "no such operation" })).await;
    socket.say(json!({ "type": "pong" })).await;
    socket.say(json!({ "type": "ping", "payload": {} })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong" }));
}

async fn a_page_of_another_site_opens_nothing(app: TestApp) {
    let address = app.address().await;
    let (own, other) = (format!("http://{address}"), "https://evil.example".to_owned());
    assert!(Socket::open(address, &[PROTOCOL, ("origin", &own)]).await.is_ok());
    for origin in [other.as_str(), "null", "http://127.0.0.1", ""] {
        let refused = Socket::open(address, &[PROTOCOL, ("origin", origin)]).await.err();
        let (status, body) = refused.unwrap_or_else(|| panic!("{origin} may"));
        assert_eq!(
            (status, code_of(&body)),
            (StatusCode::FORBIDDEN, &json!("ORIGIN_NOT_ALLOWED")),
            "{origin}"
        );
    }
    let public = app.another(|config| config.public_url = Some(other.clone())).await;
    assert!(Socket::open(public.address().await, &[PROTOCOL, ("origin", &other)]).await.is_ok());
}

async fn a_socket_has_so_many_operations(app: TestApp) {
    let mut socket = app.marie().await.socket().await;
    for id in 0..50 {
        socket.subscribe(&id.to_string(), CREDIT, json!({})).await;
    }
    for _ in 0..50 {
        assert_eq!(socket.message().await["type"], "next");
    }
    socket.subscribe("one more", CREDIT, json!({})).await;
    assert_eq!(errors(&mut socket, "one more").await, "TOO_MANY_OPERATIONS");
    socket.say(json!({ "type": "complete", "id": "7" })).await;
    socket.subscribe("one more", CREDIT, json!({})).await;
    assert_eq!(socket.next("one more").await["creditChanged"]["balance"], 228);
}

async fn an_instance_has_so_many_sockets(app: TestApp) {
    let app = app.another(|config| config.http.max_sockets = 2).await;
    let (one, _two) = (open(&app).await, open(&app).await);
    let refused = Socket::open(app.address().await, &[PROTOCOL]).await.err().expect("the third may not");
    assert_eq!(
        (refused.0, code_of(&refused.1)),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("TOO_MANY_SOCKETS"))
    );
    drop(one);
    while Socket::open(app.address().await, &[PROTOCOL]).await.is_err() {
        tokio::task::yield_now().await;
    }
}

async fn a_subscription_needs_a_socket(app: TestApp) {
    let marie = app.marie().await;
    assert_eq!(code_of(&marie.try_query(CREDIT, json!({})).await), "SUBSCRIPTION_OVER_HTTP");
    let got = Request::get("/graphql?query=subscription%7BcreditChanged%7Bid%7D%7D");
    let got = marie.http(got.body(Body::empty()).expect("sound")).await;
    assert_eq!(code_of(&got.json()), "SUBSCRIPTION_OVER_HTTP");
    let half = Request::get("/graphql").header("upgrade", "WebSocket").body(Body::empty()).expect("sound");
    let half = marie.http(half).await;
    assert!(half.status.is_client_error());
    assert_eq!(code_of(&half.json()), "WEBSOCKET_MALFORMED");
}

#[test]
fn a_server_that_ends_closes_its_sockets() {
    plainly(async || {
        let database = Backend::Sqlite.demo().await;
        let key = database.master_key_file.display().to_string();
        let variables = [("ENVOI_DATABASE_URL", database.address.as_str()), ("ENVOI_MASTER_KEY_FILE", &key)];
        let server = Server::start(database.folder(), &[], &variables).await;
        let token = server.sign_in("marie@quatre-vents.example").await;
        let address = server.address().trim_start_matches("http://").to_owned();
        let mut socket = Socket::open(&address, &[PROTOCOL]).await.expect("the socket opens");
        socket.greet(Some(&token)).await;
        socket.subscribe("1", CREDIT, json!({})).await;
        socket.next("1").await;
        let begun = Instant::now();
        let (ended, heard) = tokio::join!(server.stop(), socket.hear());
        assert_eq!((ended, heard), (Some(0), Heard::Closed(Some(1001))));
        assert!(
            begun.elapsed() < Duration::from_secs(8),
            "it waits for its sockets no longer than they need"
        );
    });
}
