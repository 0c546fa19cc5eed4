//! The balance at which a structure wants to be told.

use std::time::Duration;

use api::caller::Operator;
use api::error::Failure;
use api::services::adjustments::adjust;
use api::services::ledger::{self, Adjustment};
use entity::credit;
use entity::ids::StructureId;
use envoi_tests::provider_harness::Log;
use envoi_tests::{Actor, TestApp, both, code_of};
use serde_json::{Value, json};

both!(
    a_balance_that_comes_to_its_threshold_is_low_once,
    sends_at_once_bring_it_there_once,
    credit_that_comes_back_arms_it_again,
    what_was_counted_is_told_when_the_process_is_back,
    what_is_undone_is_not_counted,
    the_threshold_is_set_and_cleared,
    who_watches_is_told_once_each_time,
);

const SET: &str = "mutation($input: SetLowBalanceInput!) { setLowBalance(input: $input) {
    credit { balance lowBalanceAt lowSince } errors { __typename code message path } clientMutationId } }";

async fn set(actor: &Actor, low_at: impl Into<Value>) -> Value {
    let input = json!({ "lowBalanceAt": low_at.into(), "clientMutationId": "mine" });
    actor.query(SET, json!({ "input": input })).await["setLowBalance"].take()
}

async fn low_since(actor: &Actor) -> Value {
    let document = "{ viewer { structure { credit { lowSince } } } }";
    actor.query(document, json!({})).await["viewer"]["structure"]["credit"]["lowSince"].take()
}

/// How often the balance came to its threshold, and how often that was told.
async fn counts(app: &TestApp, structure: StructureId) -> (i64, i64) {
    let row = credit::in_structure(structure).one(app.db()).await.expect("read").expect("a row");
    (row.low_count, row.low_told)
}

async fn adjusts(app: &TestApp, structure: StructureId, delta: i64) {
    let adjustment = Adjustment { delta, operator: "Ana".to_owned(), note: "x".to_owned() };
    let done = adjust(&app.ctx(), Operator::at_the_command_line(), structure, adjustment, None).await;
    done.expect("adjusted");
}

/// The lines of the log that tell of it while what is due is sent.
async fn told(app: &TestApp, structure: StructureId) -> usize {
    let (log, _capturing) = Log::capture();
    app.dispatch_all().await;
    let (text, id) = (log.text(), format!("structure.id={}", structure.as_uuid()));
    text.lines().filter(|line| line.contains("a balance is low") && line.contains(&id)).count()
}

async fn a_balance_that_comes_to_its_threshold_is_low_once(app: TestApp) {
    let (admin, marie, structure) = (app.admin().await, app.marie().await, app.quatre_vents().await);
    assert_eq!(
        set(&admin, 226).await["credit"],
        json!({ "balance": 228, "lowBalanceAt": 226, "lowSince": null })
    );
    let person = marie.musicians(1).await;
    marie.sends(&person, "un").await;
    assert_eq!((low_since(&marie).await, counts(&app, structure).await), (Value::Null, (0, 0)), "one above");
    marie.sends(&person, "deux").await;
    let since = low_since(&marie).await;
    assert!(since.is_string(), "at the threshold it is low");
    app.advance(chrono::TimeDelta::hours(1));
    marie.sends(&person, "trois").await;
    adjusts(&app, structure, -5).await;
    assert_eq!((low_since(&marie).await, counts(&app, structure).await.0), (since, 1), "once");
    assert_eq!(told(&app, structure).await, 1);
    assert_eq!((told(&app, structure).await, counts(&app, structure).await), (0, (1, 1)));
    app.give(structure, 100).await;
    assert_eq!(low_since(&marie).await, Value::Null);
    adjusts(&app, structure, -100).await;
    assert!(low_since(&marie).await.is_string());
    assert_eq!((told(&app, structure).await, counts(&app, structure).await), (1, (2, 2)), "armed again");
}

async fn sends_at_once_bring_it_there_once(app: TestApp) {
    let (admin, marie, structure) = (app.admin().await, app.marie().await, app.quatre_vents().await);
    set(&admin, 220).await;
    let people = marie.musicians(1).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (preview, key, marie) = (marie.preview(&people, "Bonjour").await, app.key(), marie.clone());
        tasks.spawn(async move { marie.send(&preview, key).await["errors"] == json!([]) });
    }
    assert!(tasks.join_all().await.into_iter().all(|sent| sent));
    assert_eq!((marie.credit().await.0, counts(&app, structure).await), (208, (1, 0)));
}

async fn credit_that_comes_back_arms_it_again(app: TestApp) {
    let (admin, marie, structure) = (app.admin().await, app.marie().await, app.quatre_vents().await);
    set(&admin, 226).await;
    let people = marie.musicians(2).await;
    let campaign = marie.sends(&people, "un").await;
    assert_eq!(counts(&app, structure).await.0, 1);
    marie.cancel(&campaign).await;
    assert_eq!((marie.credit().await.0, low_since(&marie).await), (228, Value::Null));
    marie.sends(&people, "deux").await;
    assert_eq!(counts(&app, structure).await.0, 2);
    // What is charged was reserved: nothing comes there a second time.
    app.dispatch_all().await;
    assert_eq!(counts(&app, structure).await, (2, 2));
}

async fn what_was_counted_is_told_when_the_process_is_back(app: TestApp) {
    let (admin, structure) = (app.admin().await, app.quatre_vents().await);
    set(&admin, 226).await;
    adjusts(&app, structure, -10).await;
    let back = app.another(|_| {}).await;
    assert_eq!(told(&back, structure).await, 1);
    assert_eq!((told(&app, structure).await, told(&back, structure).await), (0, 0));
    for _ in 0..3 {
        adjusts(&app, structure, 10).await;
        adjusts(&app, structure, -10).await;
    }
    assert_eq!(told(&back, structure).await, 3, "each time is told");
}

async fn what_is_undone_is_not_counted(app: TestApp) {
    let (admin, structure) = (app.admin().await, app.quatre_vents().await);
    set(&admin, 226).await;
    let ctx = app.ctx();
    let undone = app.app().store.write::<(), Failure, _>(move |tx| {
        Box::pin(async move {
            let adjustment = Adjustment { delta: -10, operator: "Ana".to_owned(), note: "x".to_owned() };
            let done = ledger::adjust(tx, &ctx, structure, adjustment, None).await?;
            assert!(done.is_some());
            Err(api::error::Fault::internal("undone").into())
        })
    });
    assert!(undone.await.is_err());
    assert_eq!((admin.credit().await, counts(&app, structure).await), ((228, 0), (0, 0)));
    assert_eq!((low_since(&admin).await, told(&app, structure).await), (Value::Null, 0));
}

async fn the_threshold_is_set_and_cleared(app: TestApp) {
    let (admin, marie, structure) = (app.admin().await, app.marie().await, app.quatre_vents().await);
    let low = set(&admin, 228).await;
    assert_eq!((&low["errors"], &low["clientMutationId"]), (&json!([]), &json!("mine")));
    assert!(low["credit"]["lowSince"].is_string(), "it is there already");
    assert_eq!(set(&admin, 300).await["credit"]["lowSince"], low["credit"]["lowSince"], "and stays");
    assert_eq!(counts(&app, structure).await.0, 1);
    let cleared = set(&admin, Value::Null).await;
    assert_eq!(cleared["credit"], json!({ "balance": 228, "lowBalanceAt": null, "lowSince": null }));
    for wrong in [-1, 1_000_001] {
        let refused = set(&admin, wrong).await;
        assert_eq!((code_of(&refused), &refused["credit"]), (&json!("LOW_BALANCE_INVALID"), &Value::Null));
        assert_eq!(refused["errors"][0]["path"], json!(["lowBalanceAt"]));
    }
    assert_eq!(set(&admin, 0).await["credit"]["lowBalanceAt"], 0, "told when nothing is left");
    let answer = marie.try_query(SET, json!({ "input": { "lowBalanceAt": 5 } })).await;
    assert_eq!(code_of(&answer), "FORBIDDEN", "who may only read sets nothing");
    assert_eq!(set(&admin, 1).await["credit"]["lowBalanceAt"], 1);
}

async fn who_watches_is_told_once_each_time(app: TestApp) {
    // It is told, and does not look by itself.
    let app = app.another(|config| config.live.check = Duration::from_hours(1)).await;
    let (admin, marie, zoe) = (app.admin().await, app.marie().await, app.zoe().await);
    let (structure, foreign) = (app.quatre_vents().await, app.structure("Harmonie de la Vallée").await);
    set(&admin, 226).await;
    let low = "subscription { creditLow { balance lowSince } }";
    let (mut watching, mut elsewhere, mut all) =
        (marie.socket().await, zoe.socket().await, marie.socket().await);
    all.subscribe("all", "subscription { creditChanged { balance } }", json!({})).await;
    all.next("all").await;
    watching.subscribe("low", low, json!({})).await;
    elsewhere.subscribe("low", low, json!({})).await;
    // Each has looked once it answers another operation begun after it.
    for socket in [&mut watching, &mut elsewhere] {
        socket.subscribe("first", "subscription { creditChanged { lowBalanceAt } }", json!({})).await;
        socket.next("first").await;
        socket.say(json!({ "type": "complete", "id": "first" })).await;
    }
    let is = |balance: i64| move |data: &Value| data["creditChanged"]["balance"] == balance;
    adjusts(&app, structure, -2).await;
    let first = watching.next("low").await["creditLow"].take();
    assert_eq!((&first["balance"], first["lowSince"].is_string()), (&json!(226), true));
    for left in [225, 224, 223] {
        adjusts(&app, structure, -1).await;
        all.until("all", is(left)).await;
    }
    app.give(structure, 50).await;
    all.until("all", is(273)).await;
    adjusts(&app, structure, -60).await;
    let second = watching.next("low").await["creditLow"].take();
    assert_eq!(second["balance"], 213, "nothing in between");
    // Who comes when it is low is told so; who is of another structure, nothing until it is its own.
    let mut late = marie.socket().await;
    late.subscribe("low", low, json!({})).await;
    assert_eq!(late.next("low").await["creditLow"]["balance"], 213);
    let set_foreign = format!(
        "UPDATE credit SET low_at = available - 1 WHERE structure_id = {}",
        match app.backend() {
            envoi_tests::Backend::Sqlite => format!("x'{}'", foreign.as_uuid().simple()),
            envoi_tests::Backend::Postgres => format!("'{}'", foreign.as_uuid()),
        }
    );
    app.plant(&set_foreign).await;
    let before = zoe.credit().await.0;
    adjusts(&app, foreign, -1).await;
    assert_eq!(
        elsewhere.next("low").await["creditLow"]["balance"],
        before - 1,
        "the first that is told there"
    );
}
