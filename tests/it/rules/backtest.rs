//! Rules judged by the decisions already taken.

use chrono::TimeDelta;
use envoi_tests::{Actor, Backend, TestApp, both, code_of};
use serde_json::{Value, json};

use super::{manifest, rule, set};

both!(
    other_values_are_judged_by_what_was_sent,
    what_was_refused_and_would_pass_is_told,
    only_the_days_asked_for_are_looked_at,
    what_cannot_be_told_is_counted_and_never_guessed,
    another_structures_decisions_are_not_looked_at,
    what_cannot_be_tried_is_told,
    progress_is_told_as_it_goes_on,
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
    app.plant("UPDATE preview SET text = 'x'").await;
    let gone = tested(&admin, reading, json!([]), 30).await["backtest"].take();
    assert_eq!(
        (&gone["notReplayable"][0]["reason"], &gone["notReplayable"][0]["decisions"]),
        (&json!("TEXT"), &json!(5)),
        "{gone}"
    );
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
    // The same decision, many times over: more than are read at a time.
    for _ in 0..8 {
        let id = match app.backend() {
            Backend::Sqlite => "randomblob(16)",
            Backend::Postgres => "gen_random_uuid()",
        };
        app.plant(&format!(
            "INSERT INTO decision (id, structure_id, account_id, stage, decided_at, outcome, verdicts, facts)
             SELECT {id}, structure_id, account_id, stage, decided_at, outcome, verdicts, facts FROM decision"
        ))
        .await;
    }
    let admin = app.admin().await;
    let mut socket = admin.socket().await;
    let document =
        format!("subscription($input: BacktestRuleInput!) {{ backtestRule(input: $input) {{ {FIELDS} }} }}");
    let input =
        json!({ "candidate": large_send(&admin).await, "parameters": above(1), "clientMutationId": "k" });
    socket.subscribe("one", &document, json!({ "input": input })).await;
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
