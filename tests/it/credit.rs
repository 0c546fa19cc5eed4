//! Ordering credit, and what comes of it.

mod adjust;
mod low;

use std::sync::Arc;

use api::caller::Operator;
use api::services::{ledger, top_up};
use api::store::StoreError;
use entity::top_up_order;
use envoi_tests::{Actor, TestApp, UsableInTests as _, both, code_of, nodes};
use sea_orm::PaginatorTrait as _;
use serde_json::{Value, json};
use uuid::Uuid;

both!(
    an_order_is_approved_at_once_in_the_demonstration,
    elsewhere_the_operator_approves,
    a_quantity_out_of_bounds_is_refused,
    asking_twice_orders_once,
    what_is_not_there_is_not_set_aside,
    who_may_only_read_orders_nothing,
);

async fn request(actor: &Actor, quantity: i64, key: Uuid) -> Value {
    let document = "mutation($input: RequestTopUpInput!) { requestTopUp(input: $input) {
        order { id quantity state } credit { balance } errors { __typename code message path } clientMutationId
    } }";
    let input = json!({ "quantity": quantity, "idempotencyKey": key, "clientMutationId": "mine" });
    actor.query(document, json!({ "input": input })).await["requestTopUp"].take()
}

async fn orders(actor: &Actor) -> Vec<Value> {
    let document =
        "{ viewer { structure { credit { orders { edges { node { id quantity state requestedAt } } } } } } }";
    nodes(&actor.query(document, json!({})).await["viewer"]["structure"]["credit"]["orders"])
}

async fn an_order_is_approved_at_once_in_the_demonstration(app: TestApp) {
    let admin = app.admin().await;
    let done = request(&admin, 100, app.key()).await;
    assert_eq!((&done["errors"], &done["clientMutationId"]), (&json!([]), &json!("mine")));
    assert_eq!((&done["order"]["state"], &done["credit"]["balance"]), (&json!("APPROVED"), &json!(328)));
    assert_eq!(admin.credit().await, (328, 0));
    assert_eq!(admin.ledger().await[0], ("TOP_UP".to_owned(), 100, 100, 328));
    let orders = orders(&admin).await;
    assert_eq!(
        (orders.len(), &orders[0]["id"], &orders[0]["quantity"]),
        (2, &done["order"]["id"], &json!(100)),
        "the latest first"
    );
}

async fn elsewhere_the_operator_approves(app: TestApp) {
    let elsewhere = app.another(|config| config.credit.auto_approve = false).await;
    let admin = app.admin().await.at(&elsewhere);
    let done = request(&admin, 100, app.key()).await;
    assert_eq!((&done["order"]["state"], &done["credit"]["balance"]), (&json!("PENDING"), &json!(228)));
    assert_eq!(orders(&admin).await[0]["state"], "PENDING");
    let (operator, structure) = (Operator::at_the_command_line(), app.quatre_vents().await);
    let pending =
        async || top_up::pending(&app.ctx(), operator, structure).await.expect("orders can be read");
    let order = pending().await.pop().expect("one is pending");
    let foreign = app.structure("Harmonie de la Vallée").await;
    assert!(top_up::approve(&app.ctx(), operator, foreign, order.id).await.is_err(), "it is not theirs");
    top_up::approve(&app.ctx(), operator, structure, order.id).await.expect("approved");
    assert!(top_up::approve(&app.ctx(), operator, structure, order.id).await.is_err(), "once only");
    assert!(pending().await.is_empty(), "what is decided waits no more");
    assert_eq!((admin.credit().await, &orders(&admin).await[0]["state"]), ((328, 0), &json!("APPROVED")));
}

async fn a_quantity_out_of_bounds_is_refused(app: TestApp) {
    let admin = app.admin().await;
    for quantity in [0, -1, i64::from(i32::MIN), 1_000_001, i64::from(i32::MAX)] {
        for actor in [&admin, &admin.in_english()] {
            let refused = request(actor, quantity, app.key()).await;
            assert_eq!(
                (code_of(&refused), &refused["order"]),
                (&json!("TOP_UP_QUANTITY_INVALID"), &Value::Null),
                "{refused}"
            );
            assert_eq!(refused["errors"][0]["path"], json!(["quantity"]));
        }
    }
    let document = "mutation { requestTopUp(input: { quantity: 99999999999, idempotencyKey: \"0190b5ac-0000-7000-8000-000000000000\" }) { order { id } } }";
    assert!(admin.try_query(document, json!({})).await["errors"].is_array(), "what is no Int does not pass");
    assert_eq!((admin.credit().await, orders(&admin).await.len()), ((228, 0), 1));
}

async fn asking_twice_orders_once(app: TestApp) {
    let admin = app.admin().await;
    let key = app.key();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let admin = admin.clone();
        tasks.spawn(async move { request(&admin, 7, key).await });
    }
    let answers = tasks.join_all().await;
    assert!(answers.iter().all(|answer| answer["order"]["id"] == answers[0]["order"]["id"]), "{answers:?}");
    assert_eq!(admin.credit().await, (235, 0));
    let conflict = request(&admin, 8, key).await;
    assert_eq!(code_of(&conflict), "IDEMPOTENCY_CONFLICT", "{conflict}");
    assert_eq!(conflict["errors"][0]["__typename"], "IdempotencyConflictError");
    let rows = top_up_order::Entity::all_rows().count(app.db()).await.expect("orders can be counted");
    assert_eq!(rows, 3, "two of the demonstration, and this one");
}

async fn who_may_only_read_orders_nothing(app: TestApp) {
    let marie = app.marie().await;
    let document = "mutation($key: UUID!) { requestTopUp(input: { quantity: 1, idempotencyKey: $key }) { order { id } } }";
    let answer = marie.try_query(document, json!({ "key": app.key() })).await;
    assert_eq!(code_of(&answer), "FORBIDDEN");
    assert_eq!(marie.credit().await, (228, 0));
}

async fn what_is_not_there_is_not_set_aside(app: TestApp) {
    let marie = app.marie().await;
    let before = marie.credit().await;
    let (structure, instance) = (app.quatre_vents().await, Arc::clone(app.app()));
    let scope = Operator::at_the_command_line().scope(structure);
    let one_too_many = before.0 + 1;
    let store = app.app().store.clone();
    let set_aside = store.write::<bool, StoreError, _>(move |tx| {
        Box::pin(async move { ledger::reserve(tx, &instance, scope, instance.id(), one_too_many).await })
    });
    assert!(!set_aside.await.expect("it is refused, not failed"));
    assert_eq!(marie.credit().await, before);
}
