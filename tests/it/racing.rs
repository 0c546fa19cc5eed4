//! Sending at once what can be sent once, and leaving before the answer.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use entity::{campaign, message};
use envoi_tests::{Actor, Backend, TestApp, UsableInTests as _, both};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, PaginatorTrait as _, Statement, TransactionTrait as _,
};
use serde_json::{Value, json};

both!(
    credit_for_one_lets_one_through,
    one_key_asked_a_hundred_times_sends_once,
    one_token_under_many_keys_sends_once,
    a_client_that_leaves_changes_nothing,
    a_send_and_an_import_never_wait_in_a_circle,
);

pub(crate) async fn campaigns(app: &TestApp) -> u64 {
    let campaigns = campaign::Entity::all_rows().count(app.db()).await;
    campaigns.expect("campaigns can be counted")
}

/// Sends all at once, in an order of chance; answers the payloads.
pub(crate) async fn all_at_once(
    app: &TestApp,
    actor: &Actor,
    mut sends: Vec<(Value, uuid::Uuid)>,
) -> Vec<Value> {
    app.chance().shuffle(&mut sends);
    let mut tasks = tokio::task::JoinSet::new();
    for (preview, key) in sends {
        let actor = actor.clone();
        tasks.spawn(async move { actor.send(&preview, key).await });
    }
    tasks.join_all().await
}

fn of_type(payloads: &[Value], name: &str) -> usize {
    payloads.iter().filter(|payload| payload["errors"][0]["__typename"] == name).count()
}

pub(crate) fn sent(payloads: &[Value]) -> Vec<&Value> {
    payloads.iter().filter(|payload| payload["errors"] == json!([])).collect()
}

async fn credit_for_one_lets_one_through(app: TestApp) {
    let nils = app.nils().await;
    app.give(app.structure("Fédération du Littoral").await, 1).await;
    let people = vec![nils.person("Olsen").await];
    let mut sends = Vec::new();
    for _ in 0..64 {
        let preview = nils.preview(&people, "Bonjour").await;
        assert_eq!(preview["decision"]["outcome"], "ALLOWED");
        sends.push((preview, app.key()));
    }
    let payloads = all_at_once(&app, &nils, sends).await;
    assert_eq!(sent(&payloads).len(), 1, "{payloads:?}");
    assert_eq!(of_type(&payloads, "InsufficientCreditError"), 63, "{payloads:?}");
    assert_eq!((campaigns(&app).await, nils.credit().await), (1, (0, 1)));
}

async fn one_key_asked_a_hundred_times_sends_once(app: TestApp) {
    let marie = app.marie().await;
    let preview = marie.preview(&marie.musicians(2).await, "Bonjour").await;
    let key = app.key();
    let payloads = all_at_once(&app, &marie, vec![(preview, key); 100]).await;
    let sent = sent(&payloads);
    assert_eq!(sent.len(), 100, "{payloads:?}");
    assert!(sent.iter().all(|one| one["campaign"]["id"] == sent[0]["campaign"]["id"]));
    assert_eq!(sent.iter().filter(|one| one["replayed"] == false).count(), 1);
    assert_eq!((campaigns(&app).await, marie.credit().await), (1, (226, 2)));
}

async fn one_token_under_many_keys_sends_once(app: TestApp) {
    let marie = app.marie().await;
    let preview = marie.preview(&marie.musicians(2).await, "Bonjour").await;
    let sends = (0..20).map(|_| (preview.clone(), app.key())).collect();
    let payloads = all_at_once(&app, &marie, sends).await;
    assert_eq!((sent(&payloads).len(), of_type(&payloads, "PreviewUsedError")), (1, 19), "{payloads:?}");
    assert_eq!((campaigns(&app).await, marie.credit().await), (1, (226, 2)));
}

/// Polls a future so many times, then drops it.
pub(crate) async fn polled<F: Future>(work: F, times: usize) {
    let mut work = pin!(work);
    let mut left = times;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        work.as_mut().poll(context).map(|_| ())
    })
    .await;
}

async fn a_client_that_leaves_changes_nothing(app: TestApp) {
    let marie = app.marie().await;
    let people = marie.musicians(1).await;
    let mut replayed = 0;
    for polls in 1..=8 {
        let preview = marie.preview(&people, "Bonjour").await;
        let key = app.key();
        polled(marie.send(&preview, key), polls).await;
        let answer = marie.send(&preview, key).await;
        assert_eq!(answer["errors"], json!([]), "{answer}");
        replayed += i32::from(answer["replayed"] == json!(true));
        assert_eq!(
            campaigns(&app).await,
            u64::try_from(polls).expect("a small number"),
            "one campaign a preview"
        );
    }
    assert!(replayed > 0, "the work of at least one client that left was finished");
    app.dispatch_all().await;
    let messages = message::Entity::all_rows().count(app.db()).await.expect("messages can be counted");
    assert_eq!((messages, app.network().submitted().len()), (8, 8));
}

/// What an import does to the Musicien whose number comes first in this order: it gives them an identifier.
fn identified(order: &str) -> String {
    format!(
        "UPDATE person SET identifier = 'X' || COALESCE(identifier, '') WHERE id = (SELECT p.id FROM person p
            INNER JOIN person_tag pt ON pt.person_id = p.id INNER JOIN tag t ON t.id = pt.tag_id
            WHERE t.folded = 'musicien' ORDER BY p.mobile {order} LIMIT 1)"
    )
}

/// Whether anything waits for a lock that another transaction holds.
pub(crate) async fn waits_for_a_lock(db: &DatabaseConnection) -> bool {
    let waiting = "SELECT COUNT(*) AS found FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), waiting)).await;
    let row = row.expect("activity can be counted").expect("a count has a row");
    row.try_get::<i64>("", "found").expect("a count is a number") > 0
}

async fn a_send_and_an_import_never_wait_in_a_circle(app: TestApp) {
    let marie = app.marie().await;
    let audience = json!({ "matching": { "filter": { "tags": { "all": [marie.tag("Musicien").await] } } } });
    let preview = marie.preview_of(audience, "Bonjour").await;
    if app.backend() == Backend::Sqlite {
        // One writer: no rows can be held meanwhile, so both simply run at once.
        let file = "Nom;Prénom;Tags\nVenue;Nouvelle;Autre\n".as_bytes();
        let structure = app.quatre_vents().await;
        let (sent, imported) = tokio::join!(marie.send(&preview, app.key()), app.import(structure, file));
        assert_eq!((&sent["errors"], imported.expect("imported").0.added), (&json!([]), 1));
        return;
    }
    let connection = app.connect().await;
    let import = connection.begin().await.expect("a transaction begins");
    let run = async |statement: &str| import.execute_unprepared(statement).await.map(|_| ());
    run("SELECT 1 FROM structure FOR NO KEY UPDATE").await.expect("an import holds its structure");
    run(&identified("DESC")).await.expect("nobody holds the last");
    let sending = tokio::spawn({
        let (marie, key) = (marie.clone(), app.key());
        async move { marie.send(&preview, key).await }
    });
    // For the structure, or for the last person, were it to come so far with the others locked.
    while !waits_for_a_lock(app.db()).await {
        tokio::task::yield_now().await;
    }
    run(&identified("ASC")).await.expect("the send does not hold the first");
    import.commit().await.expect("the import is done");
    let sent = sending.await.expect("the send is answered");
    assert_eq!(sent["errors"], json!([]), "{sent}");
    connection.close().await.expect("the connection can be closed");
}
