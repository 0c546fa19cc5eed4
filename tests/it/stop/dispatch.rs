//! A STOP is honoured whenever it comes before a message begins to be sent.

use std::sync::Arc;

use envoi_tests::{Backend, Part, TestApp, both, nodes};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{NUMBER, SHORT_CODE, Three};
use crate::racing::waits_for_a_lock;

both!(
    between_preview_and_send_it_makes_the_preview_stale,
    between_send_and_dispatch_it_is_honoured,
    between_claim_and_begin_it_is_honoured,
    while_the_dispatcher_waits_in_its_transaction_it_is_honoured,
);

/// Where the one message of a campaign stands, and why.
async fn stands(three: &Three, which: usize, campaign: &Value) -> (Value, Value) {
    let message = nodes(&three.actors[which].campaign(campaign).await["messages"]).remove(0);
    (message["state"].clone(), message["reason"].clone())
}

fn suppressed() -> (Value, Value) {
    (json!("SUPPRESSED"), json!("OPTED_OUT"))
}

async fn between_preview_and_send_it_makes_the_preview_stale(app: TestApp) {
    let three = Three::of(&app).await;
    let marie = &three.actors[0];
    three.write(0).await;
    let people = [marie.person("Partagé").await, marie.person("Benali").await];
    let preview = marie.preview(&people, "Bonjour").await;
    assert_eq!(preview["messageCount"], 2);
    three.says("STOP", SHORT_CODE).await;
    let answer = marie.send(&preview, app.key()).await;
    assert_eq!(answer["errors"][0]["__typename"], "PreviewStaleError");
    assert_eq!(answer["errors"][0]["preview"]["messageCount"], 1);
}

async fn between_send_and_dispatch_it_is_honoured(app: TestApp) {
    let three = Three::of(&app).await;
    three.write(0).await;
    three.write(1).await;
    let (first, second) = (three.queue(0).await, three.queue(1).await);
    let before = [three.actors[0].credit().await, three.actors[1].credit().await];
    assert_eq!([before[0].1, before[1].1], [1, 1], "reserved");
    three.says("ARRÊT", SHORT_CODE).await;
    app.dispatch_all().await;
    assert_eq!(app.network().submitted().len(), 2, "nothing more left");
    for (which, campaign) in [(0, &first), (1, &second)] {
        assert_eq!(stands(&three, which, campaign).await, suppressed());
        assert_eq!(three.actors[which].campaign(campaign).await["state"], "COMPLETED");
        let (balance, _) = before[which];
        assert_eq!(three.actors[which].credit().await, (balance + 1, 0), "given back");
    }
    three.says("START", SHORT_CODE).await;
    let third = three.write(0).await;
    assert_eq!(stands(&three, 0, &third).await.0, "DELIVERED", "reached again");
}

async fn between_claim_and_begin_it_is_honoured(app: TestApp) {
    const OTHER: &str = "+33612342030";
    let three = Three::of(&app).await;
    let marie = &three.actors[0];
    let both = [marie.person("Partagé").await, marie.person("Benali").await];
    marie.sends(&both, "Bonjour").await;
    app.dispatch_all().await;
    // Both are claimed together; one is begun, and the other waits for its turn.
    let narrow = app.another(|config| config.dispatch.in_flight = 1).await;
    let go_on = Arc::new(Semaphore::new(0));
    for number in [NUMBER, OTHER] {
        narrow.network().plays(number, [Part::Hold(Arc::clone(&go_on))]);
    }
    let campaign = marie.sends(&both, "Bonjour").await;
    let dispatching = tokio::spawn({
        let narrow = narrow.clone();
        async move { narrow.dispatch_all().await }
    });
    narrow.network().reached_by(1).await;
    let begun = narrow.network().submitted()[0].to.clone();
    let waits = if begun == NUMBER { OTHER } else { NUMBER };
    assert_eq!(app.receive(waits, SHORT_CODE, b"STOP", None).await, 200);
    go_on.add_permits(2);
    dispatching.await.expect("what is due is sent");
    let messages = nodes(&marie.campaign(&campaign).await["messages"]);
    let stopped = messages.iter().find(|message| message["number"] == waits).expect("it is there");
    assert_eq!((stopped["state"].clone(), stopped["reason"].clone()), suppressed());
    let reached: Vec<String> = narrow.network().submitted().into_iter().map(|sms| sms.to).collect();
    assert_eq!(reached, [begun], "nothing was sent to who refused");
}

async fn while_the_dispatcher_waits_in_its_transaction_it_is_honoured(app: TestApp) {
    if app.backend() == Backend::Sqlite {
        return; // one writer: no STOP is recorded while the dispatcher is in a transaction
    }
    let three = Three::of(&app).await;
    three.write(0).await;
    let campaign = three.queue(0).await;
    let connection = app.connect().await;
    let other = connection.begin().await.expect("a transaction begins");
    let held = other.execute_unprepared("SELECT 1 FROM campaign FOR NO KEY UPDATE").await;
    held.expect("nobody holds the campaigns");
    let dispatching = tokio::spawn({
        let app = app.clone();
        async move { app.dispatch_all().await }
    });
    while !waits_for_a_lock(app.db()).await {
        tokio::task::yield_now().await;
    }
    three.says("STOP", SHORT_CODE).await;
    other.rollback().await.expect("the lock can be given back");
    dispatching.await.expect("what is due is dealt with");
    connection.close().await.expect("the connection can be closed");
    assert_eq!(stands(&three, 0, &campaign).await, suppressed());
    let reached: Vec<String> = app.network().submitted().into_iter().map(|sms| sms.to).collect();
    assert_eq!(reached, [NUMBER], "what was sent before, and nothing more");
}
