//! Who has a place among the imports under way, until when, and who may still import once a file is in.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use envoi_tests::{Actor, TestApp, both, code_of};
use futures::StreamExt as _;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::limits::{GOOD, begin};
use super::{FILE, ROUTE, beginning, mutate, report, stranger};

both!(
    mutations_at_once_keep_nobody_waiting,
    a_mutation_is_let_in_as_an_upload_is,
    whoever_may_import_no_more_imports_nothing,
    a_report_keeps_its_place_until_it_is_read,
    a_report_that_nobody_reads_is_cut_off,
);

/// Longer than anything here takes.
const LONG: Duration = Duration::from_mins(1);

/// The code of the problem in a payload.
fn problem(payload: &Value) -> &str {
    payload["errors"][0]["code"].as_str().unwrap_or_default()
}

async fn mutations_at_once_keep_nobody_waiting(app: TestApp) {
    const MANY: usize = 40;
    let admin = app.admin().await;
    let connection = app.connect().await;
    let other = connection.begin().await.expect("a transaction begins");
    other.execute_unprepared("UPDATE structure SET name = name").await.expect("it holds every structure");
    let mut asked = JoinSet::new();
    for _ in 0..MANY {
        let (admin, key) = (admin.clone(), app.key());
        asked.spawn(async move { mutate(&admin, FILE, key, false).await });
    }
    for _ in 1..MANY {
        let answer = timeout(LONG, asked.join_next()).await.expect("it is answered while one waits");
        let answer = answer.expect("one more").expect("an answer");
        assert_eq!((problem(&answer), &answer["summary"]), ("IMPORT_UNDER_WAY", &Value::Null), "{answer}");
    }
    other.rollback().await.expect("it can be undone");
    let last = asked.join_next().await.expect("the last").expect("an answer");
    assert_eq!((&last["summary"]["added"], &last["errors"]), (&json!(2), &json!([])));
    connection.close().await.expect("the connection can be closed");
}

async fn a_mutation_is_let_in_as_an_upload_is(app: TestApp) {
    let narrow = app.another(|config| config.import.at_once = 1).await;
    let (admin, other) = (app.admin().await.at(&narrow), stranger(&app).await.at(&narrow));
    let key = app.key();
    let first = mutate(&admin, FILE, key, false).await;
    let (upload, rest) = begin(&admin).await;
    for dry_run in [false, true] {
        assert_eq!(problem(&mutate(&admin, GOOD, app.key(), dry_run).await), "IMPORT_UNDER_WAY");
        assert_eq!(problem(&mutate(&other, GOOD, app.key(), dry_run).await), "IMPORTS_TOO_MANY");
    }
    let again = mutate(&admin, FILE, key, false).await;
    assert_eq!((&again["replayed"], &again["summary"]), (&json!(true), &first["summary"]), "kept: {again}");
    assert_eq!(again["refusedRows"], first["refusedRows"]);
    assert_eq!(problem(&mutate(&admin, GOOD, key, false).await), "IDEMPOTENCY_CONFLICT");
    rest.send("L2;Autre;Ligne\n").expect("the upload goes on");
    report(&upload.await.expect("it is answered"));
    for actor in [&admin, &other] {
        assert_eq!(mutate(actor, GOOD, app.key(), false).await["errors"], json!([]));
    }
}

async fn whoever_may_import_no_more_imports_nothing(app: TestApp) {
    let at = app.app().now().timestamp_millis();
    let signs_out = "mutation { signOut { errors { code } } }";
    for (taken, status, code) in [
        (None, 401, "UNAUTHENTICATED"),
        (Some("UPDATE permission SET access = 'READ' WHERE module = 'PEOPLE'".to_owned()), 403, "FORBIDDEN"),
        (Some(format!("UPDATE account SET disabled_at = {at}")), 401, "UNAUTHENTICATED"),
    ] {
        app.plant("UPDATE permission SET access = 'READ_WRITE' WHERE module = 'PEOPLE'").await;
        let marie = app.marie().await;
        let (upload, rest) = begin(&marie).await;
        assert_eq!(marie.upload(ROUTE, &[], GOOD).await.status, 409, "it was let in");
        match taken {
            None => drop(marie.query(signs_out, json!({})).await),
            Some(taken) => app.plant(&taken).await,
        }
        rest.send("L2;Autre;Ligne\n").expect("the upload goes on");
        let answer = upload.await.expect("it is answered");
        assert_eq!((answer.status.as_u16(), code_of(&answer.json())), (status, &json!(code)));
        assert_eq!(beginning(&app, "L").await, 0);
    }
}

/// More rows to refuse than wait for a client.
fn refusals() -> String {
    format!("Nom;Prénom;Mobile\n{}", "Trop;Court;12\n".repeat(2_000))
}

/// The answer to an upload, of whose report nothing was read yet.
async fn unread(app: &TestApp, actor: &Actor) -> Response {
    let request = actor.upload_request(ROUTE, &[], refusals());
    let response = app.router().oneshot(request).await.expect("the router cannot fail");
    assert_eq!(response.status().as_u16(), 200);
    response
}

/// The lines of a report, read now.
async fn lines(body: Body) -> Vec<Value> {
    let chunks: Vec<_> = body.into_data_stream().collect().await;
    let text: Vec<u8> = chunks.into_iter().flat_map(|chunk| chunk.expect("no chunk is lost")).collect();
    let text = String::from_utf8(text).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

async fn a_report_keeps_its_place_until_it_is_read(app: TestApp) {
    let admin = app.admin().await;
    let response = unread(&app, &admin).await;
    let second = admin.upload(ROUTE, &[], GOOD).await;
    assert_eq!((second.status.as_u16(), code_of(&second.json())), (409, &json!("IMPORT_UNDER_WAY")));
    assert_eq!(problem(&mutate(&admin, GOOD, app.key(), false).await), "IMPORT_UNDER_WAY");
    let lines = lines(response.into_body()).await;
    assert_eq!((lines.len(), &lines[2_000]["summary"]["refused"]), (2_001, &json!(2_000)));
    report(&admin.upload(ROUTE, &[], GOOD).await);
    let response = unread(&app, &admin).await;
    drop(response);
    timeout(LONG, let_in(&admin)).await.expect("a client that left keeps no place");
}

async fn a_report_that_nobody_reads_is_cut_off(app: TestApp) {
    let hasty = app.another(|config| config.import.patience = Duration::from_millis(300)).await;
    let admin = app.admin().await.at(&hasty);
    let response = unread(&hasty, &admin).await;
    timeout(LONG, let_in(&admin)).await.expect("its place is given up");
    let lines = lines(response.into_body()).await;
    assert!(lines.len() < 2_000, "{} lines were kept", lines.len());
    assert!(lines.iter().all(|line| line["summary"].is_null()), "it has no summary, and is not whole");
}

/// Uploads until it is let in.
async fn let_in(actor: &Actor) {
    loop {
        let answer = actor.upload(ROUTE, &[], GOOD).await;
        if answer.status != 409 {
            report(&answer);
            return;
        }
        tokio::task::yield_now().await;
    }
}
