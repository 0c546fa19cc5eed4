//! What becomes of messages once they are sent, and of their credit.

use std::sync::Arc;
use std::time::Duration;

use api::domain::outcome::{Outcome, UnknownReason};
use chrono::TimeDelta;
use entity::enums::{AttemptOutcome, MessageState};
use entity::{attempt, credit, message};
use envoi_tests::{Actor, Part, TestApp, UsableInTests as _, both, nodes};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

both!(
    the_last_digits_of_a_number_decide_in_the_sandbox,
    an_opt_out_before_dispatch_is_honoured,
    an_attempt_is_recorded_before_its_request_leaves,
    a_message_in_doubt_is_never_sent_again,
    what_is_in_doubt_goes_through_no_other_provider,
    what_was_proven_not_sent_is_tried_again_later,
    a_provider_that_asks_to_wait_is_waited_for,
    tries_come_to_an_end,
    a_refusal_of_the_provider_is_not_charged,
    a_hand_over_without_report_is_told_in_the_end,
    two_instances_share_the_work,
    a_lost_claim_is_taken_up_by_another,
    a_dispatcher_that_breaks_down_says_so,
);

/// Musicians, and their numbers.
async fn musicians(marie: &Actor, count: usize) -> (Vec<String>, Vec<String>) {
    let ids = marie.musicians(count).await;
    let page = marie.people(json!({ "first": 100 })).await;
    let all = nodes(&page);
    let number = |id: &String| {
        let person = all.iter().find(|person| person["id"] == id.as_str()).expect("they are there");
        person["mobile"].as_str().expect("they have a number").to_owned()
    };
    let numbers = ids.iter().map(number).collect();
    (ids, numbers)
}

fn progress(campaign: &Value) -> Vec<(String, i64)> {
    let counts = campaign["progress"].as_object().expect("progress");
    let counts = counts.iter().map(|(state, count)| (state.clone(), count.as_i64().expect("a count")));
    counts.filter(|(_, count)| *count > 0).collect()
}

fn counts(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(state, count)| ((*state).to_owned(), *count)).collect()
}

async fn the_last_digits_of_a_number_decide_in_the_sandbox(app: TestApp) {
    let marie = app.marie().await;
    let file = "Identifiant;Nom;Prénom;Mobile;Tags\n\
        X97;Xa;Inconnue;06 12 00 00 97;Sept\nX98;Xb;Absent;06 12 00 00 98;Sept\n\
        X99;Xc;Refusée;06 12 00 00 99;Sept\nX96;Xd;Joint;06 12 00 00 96;Sept\n";
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("imported");
    let tag = marie.tag("Sept").await;
    let campaign = marie.sends(&marie.ids(json!({ "tags": { "all": [tag] } })).await, "Bonjour").await;
    assert_eq!(marie.credit().await, (224, 4));
    app.dispatch_all().await;
    let after = marie.campaign(&campaign).await;
    let expected = [("delivered", 1), ("rejected", 1), ("total", 4), ("undelivered", 1), ("unknown", 1)];
    let mut found = progress(&after);
    found.sort_unstable();
    assert_eq!(found, counts(&expected));
    assert_eq!(after["state"], "DISPATCHING", "what is unknown holds the campaign");
    assert_eq!(marie.credit().await, (225, 1), "the refusal is given back, the doubt is held");

    app.advance(TimeDelta::hours(72) - TimeDelta::seconds(1));
    app.dispatch_all().await;
    assert_eq!(marie.campaign(&campaign).await["state"], "DISPATCHING");
    app.advance(TimeDelta::seconds(2));
    app.dispatch_all().await;
    let after = marie.campaign(&campaign).await;
    assert_eq!((&after["state"], &after["progress"]["writtenOff"]), (&json!("COMPLETED"), &json!(1)));
    assert_eq!(marie.credit().await, (226, 0));
    let ledger: Vec<_> = marie
        .ledger()
        .await
        .into_iter()
        .map(|(reason, delta, quantity, _)| (reason, delta, quantity))
        .collect();
    for line in [("RELEASE", 2, 2), ("CHARGE", 0, 2), ("RESERVATION", -4, 4), ("TOP_UP", 228, 228)] {
        assert!(ledger.contains(&(line.0.to_owned(), line.1, line.2)), "{line:?} in {ledger:?}");
    }
    assert_eq!(ledger.len(), 4);
    assert_eq!(app.network().submitted().len(), 4, "nothing is sent twice");
}

async fn an_opt_out_before_dispatch_is_honoured(app: TestApp) {
    let marie = app.marie().await;
    let people = [marie.person("Aubry").await, marie.person("Benali").await];
    let campaign = marie.sends(&people, "Bonjour").await;
    app.opt_out("QV005").await;
    app.dispatch_all().await;
    let after = marie.campaign(&campaign).await;
    assert_eq!(after["state"], "COMPLETED");
    let messages = nodes(&after["messages"]);
    let stopped: Vec<_> = messages.iter().filter(|one| one["state"] == "SUPPRESSED").collect();
    assert_eq!((stopped.len(), &stopped[0]["reason"]), (1, &json!("OPTED_OUT")));
    assert_eq!(stopped[0]["people"][0]["displayName"], "Sylvie Aubry");
    let reached: Vec<String> = app.network().submitted().into_iter().map(|sms| sms.to).collect();
    assert_eq!(reached, ["+33612342030"], "only Karim Benali is written to");
    assert_eq!(marie.credit().await, (227, 0), "the one not sent is given back");
}

async fn a_message_in_doubt_is_never_sent_again(app: TestApp) {
    let marie = app.marie().await;
    let (people, numbers) = musicians(&marie, 2).await;
    app.network().plays(&numbers[0], [Part::Hang]);
    let campaign = marie.sends(&people, "Bonjour").await;
    // The instance dies while the network has both requests.
    let dispatching = tokio::spawn({
        let app = app.clone();
        async move { app.dispatch_all().await }
    });
    app.network().reached_by(2).await;
    dispatching.abort();
    let _ = dispatching.await;

    let after = app.another(|_| {}).await;
    after.dispatch_all().await;
    let states = |campaign: Value| -> Vec<Value> {
        nodes(&campaign["messages"]).iter().map(|one| one["state"].clone()).collect()
    };
    assert!(states(marie.campaign(&campaign).await).contains(&json!("SENDING")), "its lease holds");
    app.advance(TimeDelta::seconds(31));
    after.dispatch_all().await;
    let now = states(marie.campaign(&campaign).await);
    assert!(now.contains(&json!("UNKNOWN")) && !now.contains(&json!("SENDING")), "{now:?}");
    for _ in 0..3 {
        app.advance(TimeDelta::hours(1));
        after.dispatch_all().await;
    }
    assert!(after.network().submitted().is_empty(), "neither is sent again");
    assert_eq!(app.network().submitted().len(), 2);
    app.advance(TimeDelta::hours(72));
    after.dispatch_all().await;
    assert_eq!(marie.campaign(&campaign).await["state"], "COMPLETED");
    assert!(after.network().submitted().is_empty());
}

async fn an_attempt_is_recorded_before_its_request_leaves(app: TestApp) {
    let marie = app.marie().await;
    let (people, numbers) = musicians(&marie, 1).await;
    let held = Arc::new(Semaphore::new(0));
    app.network().plays(&numbers[0], [Part::Hold(Arc::clone(&held))]);
    marie.sends(&people, "Bonjour").await;
    let dispatching = tokio::spawn({
        let app = app.clone();
        async move { app.dispatch_all().await }
    });
    app.network().reached_by(1).await;
    let recorded = attempt::Entity::all_rows().all(app.db()).await.expect("attempts can be read");
    let recorded: Vec<_> = recorded.iter().map(|attempt| (attempt.id.as_uuid(), attempt.outcome)).collect();
    assert_eq!(recorded, [(app.network().submitted()[0].attempt, None)]);
    held.add_permits(1);
    dispatching.await.expect("it ends");
}

async fn what_is_in_doubt_goes_through_no_other_provider(app: TestApp) {
    let marie = app.marie().await;
    let (people, numbers) = musicians(&marie, 1).await;
    app.network().plays(&numbers[0], [Part::Answer(Outcome::Unknown { reason: UnknownReason::ServerError })]);
    let campaign = marie.sends(&people, "Bonjour").await;
    for _ in 0..3 {
        app.dispatch_all().await;
        app.advance(TimeDelta::hours(1));
    }
    let campaign = app.marie().await.campaign(&campaign).await;
    assert_eq!(campaign["messages"]["edges"][0]["node"]["state"], "UNKNOWN");
    assert_eq!(app.network().submitted().len(), 1, "under either name");
}

async fn only_message(app: &TestApp) -> message::Model {
    let found = message::Entity::all_rows().all(app.db()).await.expect("messages can be read");
    assert_eq!(found.len(), 1);
    found.into_iter().next().expect("invariant: there is one")
}

async fn what_was_proven_not_sent_is_tried_again_later(app: TestApp) {
    let marie = app.marie().await;
    let (people, numbers) = musicians(&marie, 1).await;
    let not_sent = || Part::Answer(Outcome::NotSent { retry_after: None });
    app.network().plays(&numbers[0], [not_sent(), not_sent()]);
    let campaign = marie.sends(&people, "Bonjour").await;
    for (tries, at_least, at_most) in [(1, 1_000, 2_000), (2, 2_000, 4_000)] {
        app.dispatch_all().await;
        let row = only_message(&app).await;
        assert_eq!((row.state, row.attempts), (MessageState::Queued, tries));
        let wait = (*row.next_attempt_at - app.app().now()).num_milliseconds();
        assert!((at_least..=at_most).contains(&wait), "{wait} ms after try {tries}");
        app.advance(TimeDelta::milliseconds(wait - 1));
        app.dispatch_all().await;
        assert_eq!(
            app.network().submitted().len(),
            usize::try_from(tries).expect("small"),
            "not before its time"
        );
        app.advance(TimeDelta::milliseconds(1));
    }
    assert_eq!(marie.credit().await, (227, 1), "held all along");
    app.dispatch_all().await;
    let after = marie.campaign(&campaign).await;
    assert_eq!((&after["state"], &after["progress"]["delivered"]), (&json!("COMPLETED"), &json!(1)));
    assert_eq!(marie.credit().await, (227, 0));
    let attempts =
        attempt::Entity::all_rows().order_by_asc(attempt::Column::Number).all(app.db()).await.expect("read");
    let outcomes: Vec<_> = attempts.iter().map(|row| row.outcome).collect();
    let (not_sent, handed_over) = (Some(AttemptOutcome::NotSent), Some(AttemptOutcome::HandedOver));
    assert_eq!(outcomes, [not_sent, not_sent, handed_over]);
}

async fn a_provider_that_asks_to_wait_is_waited_for(app: TestApp) {
    let marie = app.marie().await;
    let (people, numbers) = musicians(&marie, 1).await;
    let wait = std::time::Duration::from_secs(90);
    app.network().plays(&numbers[0], [Part::Answer(Outcome::NotSent { retry_after: Some(wait) })]);
    marie.sends(&people, "Bonjour").await;
    app.dispatch_all().await;
    app.advance(TimeDelta::seconds(89));
    app.dispatch_all().await;
    assert_eq!(app.network().submitted().len(), 1);
    app.advance(TimeDelta::seconds(1));
    app.dispatch_all().await;
    assert_eq!(app.network().submitted().len(), 2);
}

async fn tries_come_to_an_end(app: TestApp) {
    let marie = app.marie().await;
    let (people, numbers) = musicians(&marie, 1).await;
    let campaign = marie.sends(&people, "Bonjour").await;
    let app = app.another(|config| config.dispatch.max_attempts = 3).await;
    app.network().plays(&numbers[0], vec![Part::Answer(Outcome::NotSent { retry_after: None }); 5]);
    for _ in 0..5 {
        app.dispatch_all().await;
        app.advance(TimeDelta::minutes(10));
    }
    assert_eq!(app.network().submitted().len(), 3);
    let after = marie.campaign(&campaign).await;
    assert_eq!((&after["state"], &after["progress"]["suppressed"]), (&json!("COMPLETED"), &json!(1)));
    assert_eq!(nodes(&after["messages"])[0]["reason"], "ATTEMPTS_EXHAUSTED");
    assert_eq!(marie.credit().await, (228, 0));
}

async fn a_refusal_of_the_provider_is_not_charged(app: TestApp) {
    let marie = app.marie().await;
    let (people, numbers) = musicians(&marie, 3).await;
    app.network().plays(&numbers[0], [Part::Answer(Outcome::Rejected { code: "BLACKLISTED".to_owned() })]);
    app.network().plays(&numbers[1], [Part::Answer(Outcome::Unknown { reason: UnknownReason::Timeout })]);
    let campaign = marie.sends(&people, "Bonjour").await;
    app.dispatch_all().await;
    let after = marie.campaign(&campaign).await;
    let refused =
        nodes(&after["messages"]).into_iter().find(|one| one["state"] == "REJECTED").expect("one is refused");
    assert_eq!(refused["reason"], "BLACKLISTED");
    let doubtful =
        nodes(&after["messages"]).into_iter().find(|one| one["state"] == "UNKNOWN").expect("one is in doubt");
    assert_eq!(doubtful["reason"], "TIMEOUT");
    assert_eq!(marie.credit().await, (226, 1));
}

async fn a_hand_over_without_report_is_told_in_the_end(app: TestApp) {
    let marie = app.marie().await;
    let (people, numbers) = musicians(&marie, 1).await;
    app.network().plays(&numbers[0], [Part::Answer(Outcome::HandedOver { reference: "silent".to_owned() })]);
    let campaign = marie.sends(&people, "Bonjour").await;
    app.dispatch_all().await;
    let after = marie.campaign(&campaign).await;
    assert_eq!((&after["state"], &after["progress"]["total"]), (&json!("COMPLETED"), &json!(1)));
    assert_eq!(marie.credit().await, (227, 0), "charged at hand-over");
    app.advance(TimeDelta::hours(73));
    app.dispatch_all().await;
    let told = nodes(&marie.campaign(&campaign).await["messages"]);
    assert!(["NO_REPORT", "DELIVERED"].map(Value::from).contains(&told[0]["state"]), "{told:?}");
    assert_eq!(marie.credit().await, (227, 0), "it stays charged");
}

async fn two_instances_share_the_work(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.ids(json!({ "reachable": true })).await, "Bonjour").await;
    let smaller = |config: &mut api::config::Config| config.dispatch.claim = 5;
    let (one, two) = (app.another(smaller).await, app.another(smaller).await);
    tokio::join!(one.dispatch_all(), two.dispatch_all());
    tokio::join!(one.dispatch_all(), two.dispatch_all());
    let mut numbers: Vec<String> =
        [&one, &two].into_iter().flat_map(|app| app.network().submitted()).map(|sms| sms.to).collect();
    let asked = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!((asked, numbers.len()), (55, 55), "each number once");
    let after = marie.campaign(&campaign).await;
    assert_eq!(after["progress"]["queued"].as_i64().zip(after["progress"]["sending"].as_i64()), Some((0, 0)));
}

async fn a_lost_claim_is_taken_up_by_another(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(2).await, "Bonjour").await;
    // As an instance leaves it that was stopped between its claim and its first attempt.
    let until = app.app().now().timestamp_millis() + 30_000;
    app.plant(&format!("UPDATE message SET lease_until = {until}")).await;
    app.dispatch_all().await;
    assert!(app.network().submitted().is_empty(), "a claim holds for its lease");
    app.advance(TimeDelta::seconds(31));
    app.dispatch_all().await;
    assert_eq!(marie.campaign(&campaign).await["progress"]["delivered"], 2);
    let rows =
        credit::Entity::all_rows().filter(credit::Column::Reserved.gt(0)).all(app.db()).await.expect("read");
    assert!(rows.is_empty());
}

async fn a_dispatcher_that_breaks_down_says_so(app: TestApp) {
    let marie = app.marie().await;
    let (ids, numbers) = musicians(&marie, 1).await;
    app.network().plays(&numbers[0], [Part::Break]);
    let campaign = marie.sends(&ids, "Bonjour").await;
    let mut dispatcher = api::dispatch::spawn(Arc::clone(app.app()));
    let ended = tokio::time::timeout(Duration::from_secs(30), dispatcher.ended()).await;
    ended.expect("whoever serves learns that nothing is sent any more");
    dispatcher.stop().await;
    app.advance(TimeDelta::seconds(31));
    app.dispatch_all().await;
    assert_eq!(progress(&marie.campaign(&campaign).await)[1], ("unknown".to_owned(), 1));
    assert_eq!(app.network().submitted().len(), 1, "what may have left is not sent again");
}
