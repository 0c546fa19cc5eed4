//! Delivery reports: late, early, twice, out of order, about nothing.

use api::domain::message_state::Report as Status;
use api::domain::outcome::{Outcome, UnknownReason};
use api::providers::Report;
use chrono::TimeDelta;
use entity::{attempt, credit, receipt};
use envoi_tests::{Actor, Part, TestApp, UsableInTests as _, both, nodes};
use sea_orm::PaginatorTrait as _;
use serde_json::{Value, json};
use uuid::Uuid;

both!(
    reports_never_move_a_message_backwards,
    a_report_before_the_answer_counts,
    a_report_settles_a_doubt,
    a_report_after_a_write_off_is_the_operators_loss,
    a_late_report_still_counts,
    reports_about_nothing_change_nothing,
);

/// Sends one SMS that the network answers as told; answers its campaign and its attempt.
async fn sent(app: &TestApp, marie: &Actor, answer: Outcome) -> (Value, Uuid) {
    let person = marie.musicians(1).await;
    let number = nodes(&marie.people(json!({ "first": 100 })).await)
        .into_iter()
        .find(|one| one["id"] == person[0].as_str());
    let number = number.expect("they are there")["mobile"].as_str().expect("a number").to_owned();
    app.network().plays(&number, [Part::Answer(answer)]);
    let campaign = marie.sends(&person, "Bonjour").await;
    app.dispatch_all().await;
    (campaign, app.network().submitted().last().expect("it was asked").attempt)
}

fn handed_over() -> Outcome {
    Outcome::HandedOver { reference: "ours".to_owned() }
}

fn in_doubt() -> Outcome {
    Outcome::Unknown { reason: UnknownReason::Timeout }
}

fn report(attempt: Uuid, status: Status) -> Report {
    Report { attempt, status, code: None }
}

async fn state(marie: &Actor, campaign: &Value) -> Value {
    nodes(&marie.campaign(campaign).await["messages"])[0]["state"].clone()
}

async fn receipts(app: &TestApp) -> u64 {
    receipt::Entity::all_rows().count(app.db()).await.expect("reports can be counted")
}

async fn reports_never_move_a_message_backwards(app: TestApp) {
    let marie = app.marie().await;
    let (campaign, attempt) = sent(&app, &marie, handed_over()).await;
    assert_eq!(state(&marie, &campaign).await, "HANDED_OVER");
    app.report(vec![report(attempt, Status::Delivered), report(attempt, Status::Delivered)]).await;
    assert_eq!(state(&marie, &campaign).await, "DELIVERED");
    assert_eq!(receipts(&app).await, 1, "a repetition is kept once");
    for status in [Status::HandedOver, Status::Undelivered, Status::Delivered] {
        app.report(vec![report(attempt, status)]).await;
        assert_eq!(state(&marie, &campaign).await, "DELIVERED", "{status:?}");
    }
    assert_eq!(marie.credit().await, (227, 0), "charged once");

    let (campaign, attempt) = sent(&app, &marie, handed_over()).await;
    app.report(vec![report(attempt, Status::Undelivered), report(attempt, Status::HandedOver)]).await;
    assert_eq!(state(&marie, &campaign).await, "UNDELIVERED");
    assert_eq!(marie.credit().await, (226, 0), "what is not delivered stays charged");
}

async fn a_report_before_the_answer_counts(app: TestApp) {
    let marie = app.marie().await;
    let person = marie.musicians(1).await;
    let people = nodes(&marie.people(json!({ "first": 100 })).await);
    let number =
        people.iter().find(|one| one["id"] == person[0].as_str()).expect("they are there")["mobile"].clone();
    app.network().plays(number.as_str().expect("a number"), [Part::Hang]);
    let campaign = marie.sends(&person, "Bonjour").await;
    let dispatching = tokio::spawn({
        let app = app.clone();
        async move { app.dispatch_all().await }
    });
    app.network().reached_by(1).await;
    assert_eq!(state(&marie, &campaign).await, "SENDING");
    app.report(vec![report(app.network().submitted()[0].attempt, Status::Delivered)]).await;
    assert_eq!(state(&marie, &campaign).await, "DELIVERED");
    assert_eq!(marie.credit().await, (227, 0));
    dispatching.abort();
    let _ = dispatching.await;
    app.advance(TimeDelta::minutes(1));
    app.dispatch_all().await;
    assert_eq!(state(&marie, &campaign).await, "DELIVERED", "its lease's end changes nothing");
}

async fn a_report_settles_a_doubt(app: TestApp) {
    let marie = app.marie().await;
    for (status, settled) in [(Status::Delivered, "DELIVERED"), (Status::Undelivered, "UNDELIVERED")] {
        let before = marie.credit().await.0;
        let (campaign, attempt) = sent(&app, &marie, in_doubt()).await;
        assert_eq!(state(&marie, &campaign).await, "UNKNOWN");
        assert_eq!(marie.credit().await, (before - 1, 1));
        app.report(vec![report(attempt, status)]).await;
        assert_eq!(state(&marie, &campaign).await, settled);
        assert_eq!(marie.campaign(&campaign).await["state"], "COMPLETED");
        assert_eq!(marie.credit().await, (before - 1, 0));
    }
}

async fn a_report_after_a_write_off_is_the_operators_loss(app: TestApp) {
    let marie = app.marie().await;
    let (campaign, attempt) = sent(&app, &marie, in_doubt()).await;
    app.advance(TimeDelta::hours(73));
    app.dispatch_all().await;
    assert_eq!(state(&marie, &campaign).await, "WRITTEN_OFF");
    assert_eq!(marie.credit().await, (228, 0));
    app.report(vec![report(attempt, Status::Delivered), report(attempt, Status::Delivered)]).await;
    app.report(vec![report(attempt, Status::Delivered)]).await;
    assert_eq!(state(&marie, &campaign).await, "DELIVERED");
    assert_eq!(marie.credit().await, (228, 0), "the structure's credit stays");
    let rows =
        credit::in_structure(app.quatre_vents().await).all(app.db()).await.expect("credit can be read");
    assert_eq!((rows[0].issued, rows[0].operator_loss), (229, 1));
}

async fn a_late_report_still_counts(app: TestApp) {
    let marie = app.marie().await;
    let (campaign, attempt) = sent(&app, &marie, handed_over()).await;
    app.plant("UPDATE attempt SET provider_ref = NULL").await;
    app.advance(TimeDelta::hours(73));
    app.dispatch_all().await;
    assert_eq!(state(&marie, &campaign).await, "NO_REPORT");
    app.report(vec![report(attempt, Status::HandedOver)]).await;
    assert_eq!(state(&marie, &campaign).await, "NO_REPORT", "not backwards");
    app.report(vec![report(attempt, Status::Delivered)]).await;
    assert_eq!(state(&marie, &campaign).await, "DELIVERED");
    assert_eq!(marie.credit().await, (227, 0));
}

async fn reports_about_nothing_change_nothing(app: TestApp) {
    let marie = app.marie().await;
    let rejected = Outcome::Rejected { code: "NO".to_owned() };
    let (campaign, attempt) = sent(&app, &marie, rejected).await;
    app.report(vec![report(app.key(), Status::Delivered), report(Uuid::nil(), Status::Undelivered)]).await;
    app.report(vec![report(attempt, Status::Delivered)]).await;
    app.report(Vec::new()).await;
    assert_eq!(state(&marie, &campaign).await, "REJECTED", "what was refused for good stays so");
    assert_eq!(marie.credit().await, (228, 0));
    let queued = marie.sends(&marie.musicians(1).await, "Bonjour").await;
    let attempts = attempt::Entity::all_rows().count(app.db()).await.expect("attempts can be counted");
    assert_eq!((attempts, state(&marie, &queued).await), (1, json!("QUEUED")));
}
