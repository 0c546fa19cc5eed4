//! The net that catches what must not be told, and what the database must not make us tell. That nothing is told elsewhere is for every
//! other test.

use std::panic::catch_unwind;

use api::dispatch;
use envoi_tests::canary::{self, Kind, Watch};
use envoi_tests::{Actor, Backend, TestApp, both, code_of, plainly};
use serde_json::json;

both!(what_the_database_refuses_is_not_told);

const NUMBER: &str = "+33699990001";
const TEXT: &str = "Un café avec l'éléphant ?";
const TOKEN: &str = "cT9-vQ_zWm4Lr8XyKp2NfB7s";
const PASSWORD: &str = "sésame, ouvre-toi 7";
const KEY: &str = "dGhpcyBpcyBubyBtYXN0ZXIga2V5IGF0IGFsbC4uLi4=";

fn known() {
    for (kind, value) in [
        (Kind::Number, NUMBER),
        (Kind::Text, TEXT),
        (Kind::Token, TOKEN),
        (Kind::Password, PASSWORD),
        (Kind::Key, KEY),
    ] {
        canary::know(kind, value);
    }
}

#[test]
fn each_kind_is_caught_in_each_form() {
    known();
    for told in [
        "to +33699990001",
        "to=%2B33699990001&x",
        "0699990001",
        "06 99 99 00 01",
        "06.99.99.00.01",
        "Phone(\"+33 6 99 99 00 01\")",
    ] {
        assert_eq!(canary::kinds_in(told), [Kind::Number], "{told}");
    }
    for told in [
        TEXT.to_owned(),
        format!("{TEXT:?}"),
        json!({ "text": TEXT }).to_string(),
        "Un caf\\u{e9} avec l'\\u{e9}l\\u{e9}phant ?".to_owned(),
        "text=Un+caf%C3%A9+avec+l%27%C3%A9l%C3%A9phant+%3F".to_owned(),
        "text=Un%20caf%E9%20avec%20l%27%E9l%E9phant%20%3F".to_owned(),
    ] {
        assert_eq!(canary::kinds_in(&told), [Kind::Text], "{told}");
    }
    for (kind, value) in [(Kind::Token, TOKEN), (Kind::Password, PASSWORD), (Kind::Key, KEY)] {
        assert_eq!(canary::kinds_in(&format!("{{\"it\":\"{value}\"}}")), [kind]);
    }
    for innocent in ["+336 99 99 00 012", "0699 990 00", "Un caf", "+33…01", ""] {
        assert_eq!(canary::kinds_in(innocent), [], "{innocent}");
    }
}

/// What a test finds that does this.
fn found(telling: impl FnOnce() + Send) -> Vec<String> {
    canary::watch_logs();
    let watch = Watch::default();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            watch.here();
            telling();
        });
    });
    watch.take().into_iter().map(|finding| format!("{finding:?}")).collect()
}

#[test]
fn what_is_logged_or_traced_is_looked_at_and_the_finding_tells_no_value() {
    known();
    let event = found(|| tracing::trace!(to = NUMBER, "sent"));
    assert!(event[0].starts_with("a Number in the log: event tests/it/canaries.rs"), "{event:?}");
    let line = found(|| tracing::error!("{TEXT} was refused"));
    assert!(line[0].starts_with("a Text in the log"), "{line:?}");
    let span = found(|| drop(tracing::trace_span!("preview", token = %TOKEN).enter()));
    assert_eq!(span, ["a Token in the log: preview"]);
    let later = found(|| {
        let span = tracing::trace_span!("sign in", password = tracing::field::Empty);
        span.record("password", PASSWORD);
    });
    assert_eq!(later, ["a Password in the log: a span"]);
    assert_eq!(found(|| tracing::info!(key_id = 3, "opened")), [""; 0]);
}

#[test]
fn errors_and_bodies_are_looked_at() {
    known();
    let whole =
        json!({ "errors": [{ "message": format!("{NUMBER} is no one's"), "extensions": { "code": "X" } }] });
    assert_eq!(found(|| canary::look_at_errors(&whole)), ["a Number in the message of the error \"X\""]);
    let payload = json!({ "data": { "sendSms": { "campaign": null, "errors": [
        { "code": "Y", "message": "no", "path": ["input", PASSWORD] }
    ] } } });
    assert_eq!(found(|| canary::look_at_errors(&payload)), ["a Password in the path of the error \"Y\""]);
    let data = json!({ "data": { "message": { "text": TEXT, "number": NUMBER }, "errors": [] } });
    assert_eq!(found(|| canary::look_at_errors(&data)), [""; 0], "data are what was asked for");
    assert_eq!(found(|| canary::look(|| "a body".to_owned(), KEY)), ["a Key in a body"]);
}

#[test]
fn a_test_that_tells_fails() {
    known();
    let told = |on: fn()| catch_unwind(|| plainly(async || on())).expect_err("it told");
    let panic = told(|| tracing::debug!("{NUMBER}"));
    let said = panic.downcast_ref::<String>().expect("a message");
    assert!(said.contains("a Number in the log") && !said.contains("9999"), "{said}");
    let on_another_thread = catch_unwind(|| {
        plainly(async || tokio::spawn(async { tracing::debug!("{NUMBER}") }).await.expect("it ends"));
    });
    assert!(on_another_thread.is_err(), "threads of a test are part of it");
}

/// The database names the row that it refuses: to us, and to nobody else.
async fn what_the_database_refuses_is_not_told(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(2).await;
    let preview = marie.preview(&people, TEXT).await;
    refuse(&app, "QUEUED").await;
    let variables = Actor::send_variables(&preview, app.key(), &[]);
    let refused = marie.try_query(&Actor::send_document(), variables).await;
    assert_eq!(code_of(&refused), "INTERNAL");
    app.plant(&allow(app.backend())).await;

    marie.sends(&people, TEXT).await;
    refuse(&app, "SENDING").await;
    assert!(dispatch::run_until_idle(app.app()).await.is_err(), "nothing can begin");
    let dispatcher = dispatch::spawn(app.app().clone());
    dispatcher.stop().await;
    app.plant(&allow(app.backend())).await;
    // What was claimed is free once the lease has ended.
    app.advance(chrono::TimeDelta::seconds(31));
    app.dispatch_all().await;
    assert_eq!(app.network().submitted().len(), 2);
}

/// No message may come to this state any more.
async fn refuse(app: &TestApp, state: &str) {
    let statement = match app.backend() {
        Backend::Postgres => {
            format!("ALTER TABLE message ADD CONSTRAINT planted CHECK (state <> '{state}') NOT VALID")
        }
        Backend::Sqlite => {
            let event = if state == "QUEUED" { "INSERT" } else { "UPDATE" };
            format!(
                "CREATE TRIGGER planted BEFORE {event} ON message WHEN NEW.state = '{state}'
                    BEGIN SELECT RAISE(ABORT, 'refused'); END"
            )
        }
    };
    app.plant(&statement).await;
}

fn allow(backend: Backend) -> String {
    match backend {
        Backend::Postgres => "ALTER TABLE message DROP CONSTRAINT planted".to_owned(),
        Backend::Sqlite => "DROP TRIGGER planted".to_owned(),
    }
}
