//! What is watched: the state first, then each change, on one instance or across several; and what ends it.

mod ends;
mod places;
mod protocol;

use std::time::Duration;

use api::services::watch;
use api::store::Change;
use entity::credit;
use envoi_tests::{Actor, Backend, Heard, Socket, TestApp, both, code_of};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use tokio::time::Instant;

both!(
    a_campaign_is_told_as_it_stands_then_as_it_moves,
    credit_is_told_when_it_is_reserved_charged_and_topped_up,
    what_another_instance_does_is_told,
    what_changed_while_the_database_was_away_is_told,
    nothing_is_told_of_another_structure,
    what_is_undone_is_not_told,
    many_changes_are_told_as_few,
    whoever_is_told_finds_it_committed,
);

const PROGRESS: &str = "subscription($id: ID!) { campaignProgress(campaign: $id) { id state progress {
    total queued sending handedOver delivered undelivered noReport rejected suppressed unknown writtenOff } } }";
const CREDIT: &str = "subscription { creditChanged { id balance reserved } }";

/// The instance again, where subscriptions see nothing but what they are told of.
async fn told(app: &TestApp) -> TestApp {
    app.another(|config| config.live.check = Duration::from_hours(1)).await
}

/// A socket that watches a campaign, and what it was told first.
async fn watching(actor: &Actor, campaign: &Value) -> (Socket, Value) {
    let mut socket = actor.socket().await;
    socket.subscribe("progress", PROGRESS, json!({ "id": campaign["id"] })).await;
    let first = socket.next("progress").await["campaignProgress"].take();
    (socket, first)
}

fn count(campaign: &Value, state: &str) -> i64 {
    campaign["progress"][state].as_i64().unwrap_or_else(|| panic!("no {state} in {campaign}"))
}

/// Asserts that each message is counted once.
fn adds_up(campaign: &Value) {
    let counts = campaign["progress"].as_object().expect("progress");
    let sum: i64 = counts.iter().filter(|(name, _)| *name != "total").filter_map(|(_, n)| n.as_i64()).sum();
    assert_eq!(sum, count(campaign, "total"), "{campaign}");
}

fn delivered(total: i64) -> impl Fn(&Value) -> bool {
    move |data| count(&data["campaignProgress"], "delivered") == total
}

async fn a_campaign_is_told_as_it_stands_then_as_it_moves(app: TestApp) {
    let app = told(&app).await;
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(12).await, "Bonjour").await;
    let (mut socket, first) = watching(&marie, &campaign).await;
    assert_eq!((&first["id"], &first["state"]), (&campaign["id"], &json!("DISPATCHING")));
    assert_eq!((count(&first, "total"), count(&first, "queued")), (12, 12), "the present state comes first");
    app.dispatch_all().await;
    let told = socket.until("progress", delivered(12)).await;
    let mut before = 0;
    for data in &told {
        let campaign = &data["campaignProgress"];
        adds_up(campaign);
        assert!(count(campaign, "delivered") >= before, "never backwards: {told:?}");
        before = count(campaign, "delivered");
    }
    let last = &told.last().expect("told")["campaignProgress"];
    assert_eq!((&last["id"], &last["state"]), (&campaign["id"], &json!("COMPLETED")));
    // It goes on: another who comes now is told at once, and the first is still served.
    let (_, late) = watching(&marie, &campaign).await;
    assert_eq!(&late, last);
    socket.say(json!({ "type": "complete", "id": "progress" })).await;
    socket.subscribe("progress", PROGRESS, json!({ "id": campaign["id"] })).await;
    assert_eq!(socket.next("progress").await["campaignProgress"], late);
}

async fn credit_is_told_when_it_is_reserved_charged_and_topped_up(app: TestApp) {
    let app = told(&app).await;
    let marie = app.marie().await;
    let mut socket = marie.socket().await;
    socket.subscribe("credit", CREDIT, json!({})).await;
    let held = |balance: i64, reserved: i64| {
        move |data: &Value| {
            data["creditChanged"]["balance"] == balance && data["creditChanged"]["reserved"] == reserved
        }
    };
    assert!(held(228, 0)(&socket.next("credit").await), "the present state comes first");
    marie.sends(&marie.musicians(3).await, "Bonjour").await;
    assert!(held(225, 3)(&socket.next("credit").await), "reserved");
    app.dispatch_all().await;
    socket.until("credit", held(225, 0)).await;
    app.give(app.quatre_vents().await, 100).await;
    socket.until("credit", held(325, 0)).await;
    let order = "mutation($key: UUID!) { requestTopUp(input: { quantity: 5, idempotencyKey: $key }) { errors { code } } }";
    app.admin().await.query(order, json!({ "key": app.key() })).await;
    socket.until("credit", held(330, 0)).await;
}

async fn what_another_instance_does_is_told(app: TestApp) {
    // A file has one process: what another writes to it is seen in the end.
    let check = Duration::from_secs(if app.backend() == Backend::Sqlite { 1 } else { 3_600 });
    let apart = async || app.another(|config| config.live.check = check).await;
    let (app, other) = (apart().await, apart().await);
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(5).await, "Bonjour").await;
    let (mut socket, first) = watching(&marie, &campaign).await;
    assert_eq!(count(&first, "queued"), 5);
    other.dispatch_all().await;
    let told = socket.until("progress", delivered(5)).await;
    for data in &told {
        adds_up(&data["campaignProgress"]);
    }
    // And the other way round.
    let credit = &mut marie.at(&other).socket().await;
    credit.subscribe("credit", CREDIT, json!({})).await;
    credit.next("credit").await;
    app.give(app.quatre_vents().await, 7).await;
    credit.until("credit", |data| data["creditChanged"]["balance"] == 230).await;
}

async fn what_changed_while_the_database_was_away_is_told(app: TestApp) {
    if app.backend() == Backend::Sqlite {
        return; // a file is not away
    }
    let app = told(&app).await;
    let marie = app.marie().await;
    let mut socket = marie.socket().await;
    socket.subscribe("credit", CREDIT, json!({})).await;
    socket.next("credit").await;
    let connection = app.connect().await;
    let listening = "SELECT count(*) > 0 AS found FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let is_listening = async || {
        let row = connection
            .query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, listening))
            .await;
        row.expect("asked").expect("a row").try_get::<bool>("", "found").expect("a truth")
    };
    while !is_listening().await {
        tokio::task::yield_now().await;
    }
    // The end of the connection that listens, and a change, in one statement: nobody can hear of it.
    let cut = format!(
        "WITH cut AS (SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity
           WHERE datname = current_database() AND query LIKE 'LISTEN%')
         UPDATE credit SET issued = issued + 11, available = available + 11
         WHERE structure_id = '{}' AND (SELECT bool_and(done) FROM cut)",
        app.quatre_vents().await.as_uuid()
    );
    app.plant(&cut).await;
    app.leaves_faults();
    socket.until("credit", |data| data["creditChanged"]["balance"] == 239).await;
    while !is_listening().await {
        tokio::task::yield_now().await;
    }
    app.give(app.quatre_vents().await, 1).await;
    socket.until("credit", |data| data["creditChanged"]["balance"] == 240).await;
    connection.close().await.expect("closed");
}

async fn nothing_is_told_of_another_structure(app: TestApp) {
    let app = told(&app).await;
    let (marie, zoe) = (app.marie().await, app.zoe().await);
    let campaign = marie.sends(&marie.musicians(2).await, "Bonjour").await;
    let mut foreign = zoe.socket().await;
    foreign.subscribe("credit", CREDIT, json!({})).await;
    let own = foreign.next("credit").await;
    // To the byte as a campaign that is not there: null, and the end.
    foreign.subscribe("progress", PROGRESS, json!({ "id": campaign["id"] })).await;
    let ends = |data: Value| {
        [
            json!({ "type": "next", "id": "progress", "payload": { "data": data } }),
            json!({ "type": "complete", "id": "progress" }),
        ]
    };
    let nothing = ends(json!({ "campaignProgress": null }));
    assert_eq!([foreign.message().await, foreign.message().await], nothing);
    for id in ["", "🎺", &"a".repeat(5_000), marie.tag("Musicien").await.as_str()] {
        foreign.subscribe("progress", PROGRESS, json!({ "id": id })).await;
        assert_eq!([foreign.message().await, foreign.message().await], nothing, "{id}");
    }
    let (mut socket, _) = watching(&marie, &campaign).await;
    app.dispatch_all().await;
    socket.until("progress", delivered(2)).await;
    // All of Marie's came; the next that Zoé hears is of her own credit.
    app.give(app.structure("Harmonie de la Vallée").await, 9).await;
    let next = foreign.next("credit").await;
    assert_eq!(next["creditChanged"]["id"], own["creditChanged"]["id"]);
    let balance = |data: &Value| data["creditChanged"]["balance"].as_i64().expect("a balance");
    assert_eq!(balance(&next), balance(&own) + 9);
}

async fn what_is_undone_is_not_told(app: TestApp) {
    let app = told(&app).await;
    let marie = app.marie().await;
    let mut socket = marie.socket().await;
    socket.subscribe("credit", CREDIT, json!({})).await;
    socket.next("credit").await;
    let structure = app.quatre_vents().await;
    let undone = app.app().store.write::<(), api::error::Fault, _>(move |tx| {
        Box::pin(async move {
            let statement = format!(
                "UPDATE credit SET issued = issued + 5, available = available + 5 WHERE structure_id = {}",
                match tx.get_database_backend() {
                    sea_orm::DbBackend::Sqlite => format!("x'{}'", structure.as_uuid().simple()),
                    _ => format!("'{}'", structure.as_uuid()),
                }
            );
            let done = tx.execute_unprepared(&statement).await?;
            assert_eq!(done.rows_affected(), 1);
            Err(api::error::Fault::internal("undone"))
        })
    });
    assert!(undone.await.is_err());
    app.give(structure, 1).await;
    assert_eq!(socket.next("credit").await["creditChanged"]["balance"], 229, "the first that is told");
}

async fn many_changes_are_told_as_few(app: TestApp) {
    let app = told(&app).await;
    let marie = app.marie().await;
    let mut socket = marie.socket().await;
    socket.subscribe("credit", CREDIT, json!({})).await;
    socket.next("credit").await;
    let structure = app.quatre_vents().await;
    let begun = Instant::now();
    for _ in 0..100 {
        app.give(structure, 1).await;
    }
    let told = socket.until("credit", |data| data["creditChanged"]["balance"] == 328).await;
    let most = begun.elapsed().as_millis() / watch::PAUSE.as_millis() + 2;
    assert!(told.len() as u128 <= most, "{} states, at most {most} in that time", told.len());
}

async fn whoever_is_told_finds_it_committed(app: TestApp) {
    let structure = app.quatre_vents().await;
    let mut watcher = app.app().store.changes().watch(Change::Credit(structure));
    if app.backend() == Backend::Postgres {
        assert!(
            !watcher.changed().await,
            "it is listened to from now on, and nothing is known to have changed"
        );
    }
    for given in 1..=100 {
        let giving = tokio::spawn({
            let app = app.clone();
            async move { app.give(structure, 1).await }
        });
        assert!(watcher.changed().await);
        let held = credit::in_structure(structure).one(app.db()).await.expect("read").expect("a row");
        assert_eq!(held.available, 228 + given);
        giving.await.expect("given");
    }
}

/// The code of the errors that an operation answers with, and its end.
async fn refused(socket: &mut Socket, id: &str) -> Value {
    let message = socket.message().await;
    assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
    assert_eq!(socket.message().await, json!({ "type": "complete", "id": id }));
    code_of(&message["payload"]).clone()
}

/// What comes when nothing but the end may.
async fn only_the_end(socket: &mut Socket) -> Option<u16> {
    match socket.hear().await {
        Heard::Closed(code) => code,
        Heard::Message(message) => panic!("{message}"),
    }
}
