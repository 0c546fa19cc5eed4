//! Rules judged by the decisions already taken.

use std::time::Duration;

use chrono::TimeDelta;
use entity::decision;
use envoi_tests::{Actor, Backend, Socket, TestApp, both, code_of};
use futures::FutureExt as _;
use serde_json::{Value, json};

use super::{manifest, publish, rule, save, set};

both!(
    other_values_are_judged_by_what_was_sent,
    what_was_refused_and_would_pass_is_told,
    only_the_days_asked_for_are_looked_at,
    what_cannot_be_told_is_counted_and_never_guessed,
    another_structures_decisions_are_not_looked_at,
    what_cannot_be_tried_is_told,
    what_a_rule_of_then_read_is_the_text_that_it_read,
    progress_is_told_as_it_goes_on,
    a_request_ends_in_time_with_what_was_found,
    an_account_tries_two_at_once,
    other_permissions_end_what_was_begun_with_these,
);

const FIELDS: &str = "backtest { ruleSlug total examined done fired smsRefused smsToConfirm smsLetThrough
    changes { from to decisions } notReplayable { reason fact message decisions }
    examples { decision at from to code message } }
    diagnostics { severity message } errors { __typename code message path } clientMutationId";

async fn tested(actor: &Actor, candidate: Value, parameters: Value, days: i64) -> Value {
    let document =
        format!("mutation($input: BacktestRuleInput!) {{ backtestRule(input: $input) {{ {FIELDS} }} }}");
    let input = json!({ "candidate": candidate, "parameters": parameters, "days": days });
    actor.query(&document, json!({ "input": input })).await["backtestRule"].take()
}

async fn large_send(actor: &Actor) -> Value {
    json!({ "rule": rule(actor, "large-send").await["id"] })
}

fn above(value: i64) -> Value {
    json!([{ "name": "ask_above", "value": value.to_string() }])
}

/// A send to two, one to three, and a preview of four that is not sent.
async fn some_sends(app: &TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(4).await;
    marie.sends(&people[..2], "à deux").await;
    marie.sends(&people[..3], "à trois").await;
    marie.preview(&people, "à quatre").await;
}

async fn other_values_are_judged_by_what_was_sent(app: TestApp) {
    some_sends(&app).await;
    let admin = app.admin().await;
    let payload = tested(&admin, large_send(&admin).await, above(2), 30).await;
    assert_eq!(payload["errors"], json!([]), "{payload}");
    let found = &payload["backtest"];
    let counts = ["total", "examined", "fired", "smsRefused", "smsToConfirm", "smsLetThrough"];
    assert_eq!(counts.map(|count| found[count].as_i64()), [5, 5, 3, 0, 3, 0].map(Some), "{found}");
    let change = json!({ "from": "ALLOWED", "to": "CONFIRMATION_REQUIRED", "decisions": 3 });
    assert_eq!((&found["changes"], &found["done"]), (&json!([change]), &json!(true)));
    let examples = found["examples"].as_array().expect("examples");
    let codes: Vec<_> = examples.iter().map(|example| &example["code"]).collect();
    assert_eq!(codes, ["LARGE_SEND", "LARGE_SEND", "LARGE_SEND"]);
    assert!(
        examples[0]["message"].as_str().is_some_and(|text| text.starts_with("Cet envoi concerne 4")),
        "the latest first"
    );
    let decision = "query($id: ID!) { node(id: $id) { ... on Decision { at outcome } } }";
    let shown = admin.query(decision, json!({ "id": examples[0]["decision"] })).await["node"].take();
    assert_eq!(shown, json!({ "at": examples[0]["at"], "outcome": "ALLOWED" }));
    let none = tested(&admin, large_send(&admin).await, above(4), 30).await;
    assert_eq!((&none["backtest"]["changes"], &none["backtest"]["fired"]), (&json!([]), &json!(0)));
    assert_eq!(rule(&admin, "large-send").await["state"], "OFF", "nothing changes");
    let refusing = json!({ "texts": { "manifest": manifest("DENY"), "source": "audience.message_count <= params.most" } });
    let refused = tested(&admin, refusing, json!([]), 30).await["backtest"].take();
    assert_eq!((&refused["smsRefused"], &refused["smsToConfirm"]), (&json!(3), &json!(0)), "{refused}");
    assert_eq!(refused["changes"][0]["to"], "REFUSED");
}

async fn what_was_refused_and_would_pass_is_told(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let short = json!({ "parameters": [{ "name": "max_length", "value": "10" }] });
    set(&admin, "message-length", short).await;
    let people = marie.musicians(2).await;
    let shown = marie.preview(&people, "plus de dix caractères").await;
    assert_eq!(shown["decision"]["outcome"], "REFUSED");
    let length = json!({ "rule": rule(&admin, "message-length").await["id"] });
    let longer = json!([{ "name": "max_length", "value": "149" }]);
    let found = tested(&admin, length, longer, 1).await["backtest"].take();
    assert_eq!(found["changes"], json!([{ "from": "REFUSED", "to": "ALLOWED", "decisions": 1 }]), "{found}");
    assert_eq!((&found["smsLetThrough"], &found["fired"]), (&json!(2), &json!(0)));
}

async fn only_the_days_asked_for_are_looked_at(app: TestApp) {
    some_sends(&app).await;
    app.advance(TimeDelta::days(2));
    let admin = app.admin().await;
    app.marie().await.preview(&app.marie().await.musicians(3).await, "plus tard").await;
    for (days, total) in [(1, 1), (3, 6)] {
        let found = tested(&admin, large_send(&admin).await, above(1), days).await["backtest"].take();
        assert_eq!((&found["total"], &found["examined"]), (&json!(total), &json!(total)), "{days} days");
    }
}

async fn what_cannot_be_told_is_counted_and_never_guessed(app: TestApp) {
    some_sends(&app).await;
    let admin = app.admin().await;
    let budget = json!({ "rule": rule(&admin, "daily-budget").await["id"] });
    let found = tested(&admin, budget, json!([]), 30).await["backtest"].take();
    let missing = &found["notReplayable"][0];
    assert_eq!(
        (&missing["reason"], &missing["fact"], &missing["decisions"]),
        (&json!("FACT"), &json!("history.sent_today"), &json!(5))
    );
    assert!(missing["message"].as_str().is_some_and(|text| text.contains("history.sent_today")), "{missing}");
    assert_eq!((&found["changes"], &found["examined"]), (&json!([]), &json!(5)));
    let people = json!({ "rule": rule(&admin, "recipient-frequency").await["id"] });
    let found = tested(&admin, people, json!([]), 30).await["backtest"].take();
    assert_eq!(
        (&found["notReplayable"][0]["reason"], &found["notReplayable"][0]["decisions"]),
        (&json!("PEOPLE"), &json!(5))
    );
    let reading = json!({ "texts": { "manifest": manifest("DENY"), "source": "audience.message_count <= params.most || message.text.contains(\"trois\")" } });
    let read = tested(&admin, reading.clone(), json!([]), 30).await["backtest"].take();
    assert_eq!(
        (&read["notReplayable"], &read["fired"]),
        (&json!([]), &json!(1)),
        "the text is there: {read}"
    );
    app.plant("DELETE FROM preview WHERE id NOT IN (SELECT preview_id FROM campaign)").await;
    let gone = tested(&admin, reading, json!([]), 30).await["backtest"].take();
    assert_eq!(unknown(&gone), (&json!("TEXT"), &json!(1)), "{gone}");
    app.plant("UPDATE decision SET verdicts = '{}'").await;
    let found = tested(&admin, large_send(&admin).await, above(1), 30).await["backtest"].take();
    assert_eq!(unknown(&found), (&json!("VERDICTS"), &json!(5)), "{found}");
    assert_eq!((&found["changes"], &found["fired"]), (&json!([]), &json!(0)));
    app.leaves_faults();
}

fn unknown(found: &Value) -> (&Value, &Value) {
    (&found["notReplayable"][0]["reason"], &found["notReplayable"][0]["decisions"])
}

/// No text is kept of what no rule reads, not even its hash; where one reads it, another text is not taken for it.
async fn what_a_rule_of_then_read_is_the_text_that_it_read(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let hashes = async || {
        let rows = decision::in_structure(app.quatre_vents().await).all(app.db()).await.expect("read");
        rows.iter().filter(|row| row.facts.get("message.text_sha256").is_some()).count()
    };
    let people = marie.musicians(1).await;
    marie.preview(&people, "un").await;
    assert_eq!(hashes().await, 0);
    let source = "audience.message_count <= params.most || message.text.contains(\"deux\")";
    let saved = save(&admin, json!({ "manifest": manifest("DENY"), "source": source })).await;
    publish(&admin, &saved, "ACTIVE").await;
    marie.preview(&people, "deux").await;
    assert_eq!(hashes().await, 1);
    app.plant("UPDATE preview SET text = 'trois'").await;
    let reading = json!({ "texts": { "manifest": manifest("DENY"), "source": source } });
    let found = tested(&admin, reading, json!([]), 30).await["backtest"].take();
    assert_eq!(unknown(&found), (&json!("TEXT"), &json!(1)), "{found}");
}

async fn another_structures_decisions_are_not_looked_at(app: TestApp) {
    some_sends(&app).await;
    app.plant("UPDATE permission SET module = 'RULES' WHERE module = 'CREDIT'").await;
    let zoe = app.zoe().await;
    let found = tested(&zoe, large_send(&zoe).await, above(1), 366).await;
    assert_eq!(
        (&found["backtest"]["total"], &found["backtest"]["done"]),
        (&json!(0), &json!(true)),
        "{found}"
    );
}

async fn what_cannot_be_tried_is_told(app: TestApp) {
    let admin = app.admin().await;
    let large = large_send(&admin).await;
    for days in [0, -1, 367] {
        let refused = tested(&admin, large.clone(), json!([]), days).await;
        assert_eq!(
            (code_of(&refused), &refused["backtest"]),
            (&json!("BACKTEST_DAYS_INVALID"), &Value::Null)
        );
        assert_eq!(refused["errors"][0]["path"], json!(["days"]));
    }
    let refused = tested(&admin, large, above(0), 1).await;
    assert_eq!(code_of(&refused), "PARAMETER_OUT_OF_BOUNDS");
    let broken = json!({ "texts": { "manifest": manifest("DENY"), "source": "1 +" } });
    let refused = tested(&admin, broken, json!([]), 1).await;
    assert_eq!(code_of(&refused), "RULE_DOES_NOT_LOAD");
    assert_eq!(refused["diagnostics"][0]["severity"], "ERROR");
}

async fn progress_is_told_as_it_goes_on(app: TestApp) {
    let marie = app.marie().await;
    marie.sends(&marie.musicians(2).await, "à deux").await;
    // The same decision, many times over: more than are read at a time. Their ids tell the same instant.
    for _ in 0..8 {
        let id = match app.backend() {
            Backend::Sqlite => "unhex(substr(hex(id), 1, 12) || hex(randomblob(10)))",
            Backend::Postgres => "overlay(gen_random_uuid()::text PLACING left(id::text, 13) FROM 1)::uuid",
        };
        app.plant(&format!(
            "INSERT INTO decision (id, structure_id, account_id, stage, decided_at, outcome, verdicts, facts)
             SELECT {id}, structure_id, account_id, stage, decided_at, outcome, verdicts, facts FROM decision"
        ))
        .await;
    }
    let admin = app.admin().await;
    let mut socket = admin.socket().await;
    watch(&mut socket, "one", large_send(&admin).await).await;
    let mut steps = Vec::new();
    loop {
        let mut step = socket.next("one").await;
        let payload = step["backtestRule"].take();
        assert_eq!(
            (&payload["errors"], &payload["clientMutationId"]),
            (&json!([]), &json!("k")),
            "{payload}"
        );
        let found = &payload["backtest"];
        steps.push((found["examined"].as_i64(), found["done"].as_bool(), found["smsToConfirm"].as_i64()));
        if found["done"] == json!(true) {
            break;
        }
    }
    let expected = [(200, false), (400, false), (512, true)];
    let told: Vec<_> =
        steps.iter().map(|(examined, done, _)| (examined.expect("a count"), done.expect("told"))).collect();
    assert_eq!(told, expected);
    assert_eq!(steps[2].2, Some(512), "256 sends of 2 SMS");
}

async fn watch(socket: &mut Socket, id: &str, candidate: Value) {
    let document =
        format!("subscription($input: BacktestRuleInput!) {{ backtestRule(input: $input) {{ {FIELDS} }} }}");
    let input = json!({ "candidate": candidate, "parameters": above(1), "clientMutationId": "k" });
    socket.subscribe(id, &document, json!({ "input": input })).await;
}

/// All the turns to read of those who watch: whoever is to read a page waits until they are dropped.
fn all_turns(app: &TestApp) -> Vec<impl Send + use<>> {
    std::iter::from_fn(|| app.app().store.turn().now_or_never()).collect()
}

async fn a_request_ends_in_time_with_what_was_found(app: TestApp) {
    some_sends(&app).await;
    let app = app.another(|config| config.http.request_timeout = Duration::from_secs(2)).await;
    let admin = app.admin().await;
    let large = large_send(&admin).await;
    let turns = all_turns(&app);
    let payload = tested(&admin, large.clone(), above(1), 30).await;
    let found = &payload["backtest"];
    assert_eq!(
        (&found["done"], &found["examined"], &found["total"], &payload["errors"]),
        (&json!(false), &json!(0), &json!(5), &json!([])),
        "{payload}"
    );
    drop(turns);
    assert_eq!(tested(&admin, large, above(1), 30).await["backtest"]["done"], true);
}

/// Three subscriptions of that account while none can read: two wait, and the third was refused.
async fn three_of(actor: &Actor) -> Socket {
    let mut socket = actor.socket().await;
    let large = large_send(actor).await;
    for id in ["1", "2", "3"] {
        watch(&mut socket, id, large.clone()).await;
    }
    let refused = socket.message().await;
    let payload = &refused["payload"]["data"]["backtestRule"];
    assert_eq!(code_of(payload), "BACKTESTS_TOO_MANY", "{refused}");
    assert_eq!(socket.message().await, json!({ "type": "complete", "id": refused["id"] }));
    socket
}

async fn an_account_tries_two_at_once(app: TestApp) {
    some_sends(&app).await;
    let (admin, turns) = (app.admin().await, all_turns(&app));
    let mut socket = three_of(&admin).await;
    let refused = tested(&admin, large_send(&admin).await, above(1), 30).await;
    assert_eq!((code_of(&refused), &refused["backtest"]), (&json!("BACKTESTS_TOO_MANY"), &Value::Null));
    drop(turns);
    let mut done = 0;
    for _ in 0..4 {
        let told = socket.message().await;
        done += usize::from(told["payload"]["data"]["backtestRule"]["backtest"]["done"] == json!(true));
    }
    assert_eq!(done, 2, "each is told, and ends");
    let again = tested(&admin, large_send(&admin).await, above(1), 30).await;
    assert_eq!(again["backtest"]["done"], true, "places are given back: {again}");
}

async fn other_permissions_end_what_was_begun_with_these(app: TestApp) {
    some_sends(&app).await;
    app.plant("UPDATE permission SET module = 'RULES' WHERE module = 'CREDIT'").await;
    let (marie, turns) = (app.marie().await, all_turns(&app));
    let mut socket = three_of(&marie).await;
    app.plant("DELETE FROM permission WHERE module = 'RULES'").await;
    drop(turns);
    let mut ended = 0;
    while ended < 2 {
        let told = socket.message().await;
        if told["type"] == "complete" {
            ended += 1;
            continue;
        }
        assert_eq!(code_of(&told["payload"]), "PERMISSIONS_CHANGED", "{told}");
    }
}
