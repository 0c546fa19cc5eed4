//! An instance that is told to end: what is under way is awaited and recorded, what was claimed is another's at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::get;
use envoi_tests::process::Server;
use envoi_tests::{Backend, Part, TestApp, both, nodes, plainly};
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{PATIENCE, crowd, writes_to};

both!(what_is_under_way_is_awaited_and_the_rest_given_back);

/// What a statement counts.
pub(super) async fn counted(app: &TestApp, sql: &str) -> i64 {
    let statement = Statement::from_string(app.db().get_database_backend(), sql);
    let row = app.db().query_one_raw(statement).await.expect("it can be counted").expect("a row");
    row.try_get("", "count").expect("a number")
}

async fn what_is_under_way_is_awaited_and_the_rest_given_back(app: TestApp) {
    let marie = app.marie().await;
    let numbers = crowd(&app, app.quatre_vents().await, 70, 9).await;
    let sender = app.another(|config| config.dispatch.in_flight = 2).await;
    let held = Arc::new(Semaphore::new(0));
    for number in &numbers {
        sender.network().plays(number, [Part::Hold(Arc::clone(&held))]);
    }
    let campaign = writes_to(&app, &marie, 70, "Bonjour").await;
    let dispatcher = api::dispatch::spawn(Arc::clone(sender.app()));
    sender.network().reached_by(2).await;
    let leased = "SELECT COUNT(*) AS count FROM message WHERE state = 'QUEUED' AND lease_owner IS NOT NULL";
    assert_eq!(counted(&app, leased).await, 7, "they were claimed together");
    let mut stopping = tokio::spawn(dispatcher.stop());
    let early = tokio::time::timeout(std::time::Duration::from_millis(50), &mut stopping).await;
    assert!(early.is_err(), "it waits for what is under way");
    held.add_permits(9);
    tokio::time::timeout(PATIENCE, stopping).await.expect("it ends").expect("it ends well");
    assert_eq!(sender.network().submitted().len(), 2, "nothing more began");
    let progress = marie.campaign(&campaign).await["progress"].take();
    assert_eq!((&progress["sending"], &progress["unknown"]), (&json!(0), &json!(0)), "{progress}");
    assert_eq!((counted(&app, leased).await, &progress["queued"]), (0, &json!(7)));
    // At once: no lease has run out.
    app.dispatch_all().await;
    assert_eq!(app.network().submitted().len(), 7);
}

const PREVIEW: &str =
    "mutation($input: PreviewSmsInput!) { previewSms(input: $input) { preview { token } } }";
const SEND: &str =
    "mutation($input: SendSmsInput!) { sendSms(input: $input) { campaign { id } errors { code } } }";
const PROGRESS: &str = "query($id: ID!) { node(id: $id) { ... on Campaign {
    progress { total queued sending handedOver unknown } } } }";
const PEOPLE: &str = "{ viewer { structure { people(first: 5, filter: { search: \"a\", reachable: true }) {
    edges { node { id } } } } } }";

/// A gateway that answers when the test lets it.
async fn gateway(held: Arc<Semaphore>) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&asked);
    let answer = move || {
        let (held, asked) = (Arc::clone(&held), Arc::clone(&counting));
        async move {
            asked.fetch_add(1, Ordering::SeqCst);
            held.acquire().await.expect("never closed").forget();
            (axum::http::StatusCode::ACCEPTED, "0: Accepted for delivery")
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = format!("http://{}/sendsms", listener.local_addr().expect("it has an address"));
    let router = Router::new().route("/sendsms", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

/// Waits until something is so.
async fn until(is: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it never is");
}

async fn a_server_told_to_end(backend: Backend) {
    let database = backend.demo().await;
    let connection = database.connect().await;
    connection.execute_unprepared("UPDATE sms_settings SET provider = 'kannel'").await.expect("planted");
    connection.close().await.expect("closed");
    let held = Arc::new(Semaphore::new(0));
    let (address, asked) = gateway(Arc::clone(&held)).await;
    let key_file = database.master_key_file.display().to_string();
    let variables = [
        ("ENVOI_DATABASE_URL", database.address.as_str()),
        ("ENVOI_MASTER_KEY_FILE", &key_file),
        ("ENVOI_KANNEL_SEND_URL", &address),
        ("ENVOI_KANNEL_USERNAME", "envoi"),
        ("ENVOI_KANNEL_PASSWORD", "secret"),
        ("ENVOI_DISPATCH_IN_FLIGHT", "2"),
    ];
    let server = Server::start(database.folder(), &[], &variables).await;
    let token = server.sign_in("marie@quatre-vents.example").await;
    let people = server.graphql(Some(&token), PEOPLE, json!({})).await;
    let people: Vec<Value> =
        nodes(&people["viewer"]["structure"]["people"]).iter().map(|one| one["id"].clone()).collect();
    let input = json!({ "audience": { "people": people }, "message": { "text": "Bonjour" } });
    let preview = server.graphql(Some(&token), PREVIEW, json!({ "input": input })).await;
    let token_of = &preview["previewSms"]["preview"]["token"];
    let input = json!({ "previewToken": token_of, "idempotencyKey": "5d2f2a4e-24a5-4f2f-8f5e-0a3a6f0f7c11" });
    let sent = server.graphql(Some(&token), SEND, json!({ "input": input })).await;
    assert_eq!(sent["sendSms"]["errors"], json!([]), "{sent}");
    let id = sent["sendSms"]["campaign"]["id"].clone();
    until(async || asked.load(Ordering::SeqCst) == 2).await;

    let log = database.folder().join("log");
    let stopping = tokio::spawn(server.stop());
    let told = async || std::fs::read_to_string(&log).is_ok_and(|log| log.contains("stopping"));
    until(told).await;
    held.add_permits(100);
    assert_eq!(stopping.await.expect("it ends"), Some(0));
    assert_eq!(asked.load(Ordering::SeqCst), 2, "nothing more began");

    let server = Server::start(database.folder(), &[], &variables).await;
    let all = |data: &Value| data["node"]["progress"]["handedOver"] == data["node"]["progress"]["total"];
    let token = server.sign_in("marie@quatre-vents.example").await;
    let after = server.until(&token, PROGRESS, json!({ "id": id }), all).await;
    assert_eq!(after["node"]["progress"]["total"], asked.load(Ordering::SeqCst), "each was asked once");
    assert_eq!(server.stop().await, Some(0));
    database.remove().await;
}

#[test]
fn a_server_that_is_told_to_end_leaves_nothing_in_doubt() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        plainly(async || a_server_told_to_end(backend).await);
    }
}
