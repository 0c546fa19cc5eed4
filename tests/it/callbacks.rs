//! Reports that gateways bring over HTTP: their own, and what others would like to pass for them.

use std::time::Duration;

use api::domain::outcome::{Outcome, UnknownReason};
use api::providers::Provider as _;
use api::services::callbacks;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode};
use chrono::TimeDelta;
use entity::enums::MessageState;
use entity::{message, receipt};
use envoi_tests::{Actor, Answer, Part, Submitted, TestApp, UsableInTests as _, both, nodes};
use sea_orm::PaginatorTrait as _;
use serde_json::{Value, json};

both!(
    a_report_by_get_or_post_is_recorded_before_it_is_answered,
    addresses_that_are_not_ours_get_one_answer_and_change_nothing,
    an_address_serves_for_its_own_attempt_and_provider,
    reports_repeated_and_reordered_move_nothing_back,
    a_report_before_the_answer_to_the_send_counts,
    a_report_settles_a_doubt_and_a_write_off,
    what_cannot_be_read_is_refused_and_not_told,
    a_body_too_large_or_too_slow_is_refused,
    a_database_that_fails_has_the_gateway_call_again,
);

/// One SMS that the network answers as told: its campaign, and the request that the network saw.
async fn sent(app: &TestApp, marie: &Actor, part: Option<Outcome>) -> (Value, Submitted) {
    let person = marie.musicians(1).await;
    let people = nodes(&marie.people(json!({ "first": 100 })).await);
    let found = people.iter().find(|one| one["id"] == person[0].as_str()).expect("they are there");
    let part = part.unwrap_or_else(handed_over);
    app.network().plays(found["mobile"].as_str().expect("a number"), [Part::Answer(part)]);
    let campaign = marie.sends(&person, "Bonjour").await;
    app.dispatch_all().await;
    (campaign, app.network().submitted().last().expect("it was asked").clone())
}

fn handed_over() -> Outcome {
    Outcome::HandedOver { reference: "theirs".to_owned() }
}

/// The number that a campaign's one message goes to.
async fn number_of(actor: &Actor, campaign: &Value) -> String {
    let message = nodes(&actor.campaign(campaign).await["messages"]).remove(0);
    message["number"].as_str().expect("a number").to_owned()
}

/// The path of an address of ours.
fn path(address: &str) -> String {
    let path = address.splitn(4, '/').nth(3).expect("an address has a path");
    format!("/{path}")
}

async fn call(app: &TestApp, method: Method, target: &str, body: impl Into<Body>) -> Answer {
    let request = Request::builder().method(method).uri(target).body(body.into());
    app.anonymous().http(request.expect("a sound request")).await
}

async fn reports(app: &TestApp, request: &Submitted, status: &str) -> StatusCode {
    let target = format!("{}?status={status}", path(&request.report_url));
    let answer = call(app, Method::GET, &target, "").await;
    assert!(answer.body.is_empty(), "a gateway may send what it is answered on as an SMS");
    answer.status
}

async fn state(marie: &Actor, campaign: &Value) -> Value {
    nodes(&marie.campaign(campaign).await["messages"])[0]["state"].clone()
}

async fn receipts(app: &TestApp) -> u64 {
    receipt::Entity::all_rows().count(app.db()).await.expect("reports can be counted")
}

async fn a_report_by_get_or_post_is_recorded_before_it_is_answered(app: TestApp) {
    let marie = app.marie().await;
    let (campaign, request) = sent(&app, &marie, None).await;
    assert_eq!(reports(&app, &request, "DELIVERED").await, StatusCode::OK);
    assert_eq!((state(&marie, &campaign).await, receipts(&app).await), (json!("DELIVERED"), 1));
    let (campaign, request) = sent(&app, &marie, None).await;
    let answer = call(&app, Method::POST, &path(&request.report_url), "status=UNDELIVERED").await;
    assert_eq!((answer.status, answer.body.is_empty()), (StatusCode::OK, true));
    assert_eq!((state(&marie, &campaign).await, receipts(&app).await), (json!("UNDELIVERED"), 2));
    for method in [Method::PUT, Method::DELETE] {
        let answer = call(&app, method, &path(&request.report_url), "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

async fn addresses_that_are_not_ours_get_one_answer_and_change_nothing(app: TestApp) {
    let marie = app.marie().await;
    let (campaign, request) = sent(&app, &marie, None).await;
    let ours = path(&request.report_url);
    let (address, signature) = ours.rsplit_once('/').expect("the signature comes last");
    let mut other = signature.to_owned();
    other.replace_range(..1, if other.starts_with('A') { "B" } else { "A" });
    let inbound = path(&callbacks::inbound_url(app.app(), "sandbox"));
    let (_, secret) = inbound.rsplit_once('/').expect("the secret comes last");
    let nobody = path(&callbacks::report_url(app.app(), "sandbox", app.key()));
    let stranger = path(&callbacks::report_url(app.app(), "elsewhere", request.attempt));
    let mut targets = vec![
        format!("{address}/{other}"),
        format!("{address}/{}", &signature[..signature.len() - 1]),
        format!("{address}/{signature}A"),
        format!("{address}/{signature}="),
        format!("{address}/"),
        format!("{address}/%FF"),
        format!("{address}/{secret}"),
        format!("{address}/{}", "A".repeat(43)),
        format!("/receipts/sandbox/not-an-attempt/{signature}"),
        format!("/receipts/elsewhere/{}/{signature}", request.attempt),
        format!("/inbound/sandbox/{signature}"),
        format!("/inbound/elsewhere/{secret}"),
        nobody,
        stranger,
        "/receipts/sandbox".to_owned(),
    ];
    for target in &mut targets {
        target.push_str("?status=DELIVERED");
    }
    for target in targets {
        for method in [Method::GET, Method::POST] {
            let answer = call(&app, method, &target, "status=DELIVERED").await;
            assert_eq!((answer.status, answer.body.len()), (StatusCode::NOT_FOUND, 0), "{target}");
            // On the wire every empty answer says that it is empty.
            assert!(answer.headers.keys().all(|name| name == "content-length"), "{:?}", answer.headers);
        }
    }
    assert_eq!((state(&marie, &campaign).await, receipts(&app).await), (json!("HANDED_OVER"), 0));
}

async fn an_address_serves_for_its_own_attempt_and_provider(app: TestApp) {
    let (marie, nils) = (app.marie().await, app.nils().await);
    let (first, one) = sent(&app, &marie, None).await;
    let (second, two) = sent(&app, &marie, None).await;
    app.give(app.structure("Fédération du Littoral").await, 10).await;
    let theirs = nils.sends(&nils.ids(json!({ "reachable": true })).await[..1], "Bonjour").await;
    app.network().plays(&number_of(&nils, &theirs).await, [Part::Answer(handed_over())]);
    app.dispatch_all().await;
    let three = app.network().submitted().last().expect("it was asked").clone();
    let (_, signature) = one.report_url.rsplit_once('/').expect("the signature comes last");
    for attempt in [two.attempt, three.attempt] {
        let forged = format!("/receipts/sandbox/{attempt}/{signature}?status=DELIVERED");
        assert_eq!(call(&app, Method::GET, &forged, "").await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(reports(&app, &one, "DELIVERED").await, StatusCode::OK);
    assert_eq!(state(&marie, &first).await, "DELIVERED");
    assert_eq!(state(&marie, &second).await, "HANDED_OVER", "one address tells of one message");
    assert_eq!(state(&nils, &theirs).await, "HANDED_OVER", "and of one structure");
}

async fn reports_repeated_and_reordered_move_nothing_back(app: TestApp) {
    let marie = app.marie().await;
    let (campaign, request) = sent(&app, &marie, None).await;
    // Delivered was seen to come before submitted.
    for status in ["DELIVERED", "HANDED_OVER", "UNDELIVERED", "DELIVERED", "HANDED_OVER"] {
        assert_eq!(reports(&app, &request, status).await, StatusCode::OK, "{status}");
        assert_eq!(state(&marie, &campaign).await, "DELIVERED", "{status}");
    }
    assert_eq!(marie.credit().await, (227, 0), "charged once");
    let calls = (0..20).map(|_| reports(&app, &request, "DELIVERED"));
    let answers = futures::future::join_all(calls).await;
    assert!(answers.iter().all(|status| *status == StatusCode::OK), "{answers:?}");
    assert_eq!(receipts(&app).await, 2, "each status is kept once");
}

async fn a_report_before_the_answer_to_the_send_counts(app: TestApp) {
    let marie = app.marie().await;
    let person = marie.musicians(1).await;
    let people = nodes(&marie.people(json!({ "first": 100 })).await);
    let found = people.iter().find(|one| one["id"] == person[0].as_str()).expect("they are there");
    app.network().plays(found["mobile"].as_str().expect("a number"), [Part::Hang]);
    let campaign = marie.sends(&person, "Bonjour").await;
    let dispatching = tokio::spawn({
        let app = app.clone();
        async move { app.dispatch_all().await }
    });
    app.network().reached_by(1).await;
    assert_eq!(state(&marie, &campaign).await, "SENDING");
    let request = app.network().submitted().remove(0);
    assert_eq!(reports(&app, &request, "HANDED_OVER").await, StatusCode::OK);
    assert_eq!((state(&marie, &campaign).await, marie.credit().await), (json!("HANDED_OVER"), (227, 0)));
    assert_eq!(reports(&app, &request, "DELIVERED").await, StatusCode::OK);
    assert_eq!((state(&marie, &campaign).await, marie.credit().await), (json!("DELIVERED"), (227, 0)));
    dispatching.abort();
    let _ = dispatching.await;
}

async fn a_report_settles_a_doubt_and_a_write_off(app: TestApp) {
    let marie = app.marie().await;
    let in_doubt = || Some(Outcome::Unknown { reason: UnknownReason::Timeout });
    let (campaign, request) = sent(&app, &marie, in_doubt()).await;
    assert_eq!(reports(&app, &request, "DELIVERED").await, StatusCode::OK);
    assert_eq!((state(&marie, &campaign).await, marie.credit().await), (json!("DELIVERED"), (227, 0)));
    let (campaign, request) = sent(&app, &marie, in_doubt()).await;
    app.advance(TimeDelta::hours(73));
    app.dispatch_all().await;
    assert_eq!(state(&marie, &campaign).await, "WRITTEN_OFF");
    assert_eq!(reports(&app, &request, "DELIVERED").await, StatusCode::OK);
    assert_eq!((state(&marie, &campaign).await, marie.credit().await), (json!("DELIVERED"), (227, 0)));
    let (campaign, request) = sent(&app, &marie, Some(Outcome::Rejected { code: "NO".to_owned() })).await;
    assert_eq!(reports(&app, &request, "DELIVERED").await, StatusCode::OK);
    assert_eq!(state(&marie, &campaign).await, "REJECTED", "what was refused for good stays so");
}

async fn what_cannot_be_read_is_refused_and_not_told(app: TestApp) {
    let marie = app.marie().await;
    let (campaign, request) = sent(&app, &marie, None).await;
    let address = path(&request.report_url);
    for query in ["", "?", "?status=", "?status=TELEPORTED", "?status=%FF%00", "?STATUS=DELIVERED", "?status"]
    {
        let answer = call(&app, Method::GET, &format!("{address}{query}"), "").await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::BAD_REQUEST, 0), "{query}");
    }
    let answer = call(&app, Method::POST, &address, vec![0xFF; 1024]).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::BAD_REQUEST, 0));
    assert_eq!((state(&marie, &campaign).await, receipts(&app).await), (json!("HANDED_OVER"), 0));
}

async fn a_body_too_large_or_too_slow_is_refused(app: TestApp) {
    let marie = app.marie().await;
    let (campaign, request) = sent(&app, &marie, None).await;
    let address = path(&request.report_url);
    let padded = |size: usize| format!("status=DELIVERED&pad={}", "x".repeat(size));
    let answer = call(&app, Method::POST, &address, padded(64 * 1024)).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::PAYLOAD_TOO_LARGE, 0));
    assert_eq!(state(&marie, &campaign).await, "HANDED_OVER");
    // A body that begins and never ends, to an instance in a hurry.
    let hurried = app.another(|config| config.http.request_timeout = Duration::from_millis(200)).await;
    let endless = Body::from_stream(futures::stream::unfold(0, |sent| async move {
        if sent > 0 {
            std::future::pending::<()>().await;
        }
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b"status=")), sent + 1))
    }));
    let answer = call(&hurried, Method::POST, &address, endless).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::REQUEST_TIMEOUT, 0));
    assert_eq!((state(&marie, &campaign).await, receipts(&app).await), (json!("HANDED_OVER"), 0));
    let answer = call(&app, Method::POST, &address, padded(60 * 1024)).await;
    assert_eq!(answer.status, StatusCode::OK, "within bounds all is well");
    let inbound = path(&callbacks::inbound_url(app.app(), app.network().name()));
    let answer = call(&app, Method::POST, &inbound, padded(64 * 1024)).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::PAYLOAD_TOO_LARGE, 0));
    let nobody = format!("{inbound}?from={}&to=36608&text=STOP", "6".repeat(5_000));
    let answer = call(&app, Method::POST, &nobody, "").await;
    assert_eq!(answer.status, StatusCode::OK, "it would be no better brought again");
    assert_eq!(state(&marie, &campaign).await, "DELIVERED");
}

async fn a_database_that_fails_has_the_gateway_call_again(app: TestApp) {
    let marie = app.marie().await;
    let (campaign, request) = sent(&app, &marie, None).await;
    app.plant("ALTER TABLE receipt RENAME TO receipt_away").await;
    assert_eq!(reports(&app, &request, "DELIVERED").await, StatusCode::SERVICE_UNAVAILABLE);
    let row = message::Entity::all_rows().one(app.db()).await.expect("messages can be read");
    assert_eq!(row.expect("there is one").state, MessageState::HandedOver, "half of a report is none");
    app.plant("ALTER TABLE receipt_away RENAME TO receipt").await;
    assert_eq!(reports(&app, &request, "DELIVERED").await, StatusCode::OK);
    assert_eq!(state(&marie, &campaign).await, "DELIVERED");
}
