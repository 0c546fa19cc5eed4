//! A provider that is ill is left alone for a while, and nobody else waits for it.

use std::time::Duration;

use api::config::Config;
use api::domain::outcome::{Outcome, UnknownReason};
use chrono::TimeDelta;
use envoi_tests::{Part, TestApp, both};
use serde_json::json;

use super::{arrived, crowd, through_second, writes_to, zoe};

both!(
    a_provider_that_fails_is_left_alone_then_probed,
    a_gateway_that_refuses_us_is_left_alone_too,
    refusals_of_messages_close_nothing,
    what_it_asks_for_is_waited_for_by_all,
    what_is_in_doubt_is_not_sent_again_when_it_is_well,
);

fn one_at_a_time(config: &mut Config) {
    config.dispatch.in_flight = 1;
}

const NOT_SENT: Outcome = Outcome::NotSent { retry_after: None };

async fn a_provider_that_fails_is_left_alone_then_probed(app: TestApp) {
    let (zoe, harmonie) = zoe(&app).await;
    let marie = app.marie().await;
    let numbers = crowd(&app, app.quatre_vents().await, 70, 20).await;
    crowd(&app, harmonie, 71, 20).await;
    let sender = app.another(one_at_a_time).await;
    for number in &numbers[..6] {
        sender.network().plays(number, [Part::Answer(NOT_SENT)]);
    }
    let ill = writes_to(&app, &marie, 70, "Malade envoi").await;
    writes_to(&app, &zoe, 71, "Autre envoi").await;
    through_second(&app, "Autre").await;
    let asked = || arrived(&sender).iter().filter(|word| *word == "Malade").count();
    sender.dispatch_all().await;
    assert_eq!((asked(), arrived(&sender).len()), (5, 25), "the other provider's all went");
    let leased = "SELECT COUNT(*) AS count FROM message WHERE state = 'QUEUED' AND lease_owner IS NOT NULL";
    assert_eq!(super::ending::counted(&app, leased).await, 0, "nothing of it stays claimed");
    let tried = "SELECT COUNT(*) AS count FROM message WHERE state = 'QUEUED' AND attempts > 0";
    assert_eq!(super::ending::counted(&app, tried).await, 5, "no attempt of the others is used up");
    app.advance(TimeDelta::milliseconds(29_999));
    sender.dispatch_all().await;
    assert_eq!(asked(), 5, "not before its time");
    app.advance(TimeDelta::milliseconds(1));
    sender.dispatch_all().await;
    assert_eq!(asked(), 6, "one, to see");
    app.advance(TimeDelta::seconds(59));
    sender.dispatch_all().await;
    assert_eq!(asked(), 6, "for twice as long");
    app.advance(TimeDelta::seconds(1));
    sender.dispatch_all().await;
    assert_eq!(asked(), 26, "it is well: all go");
    assert_eq!(marie.campaign(&ill).await["progress"]["delivered"], 20);
}

async fn a_gateway_that_refuses_us_is_left_alone_too(app: TestApp) {
    let marie = app.marie().await;
    let numbers = crowd(&app, app.quatre_vents().await, 70, 20).await;
    let sender = app.another(one_at_a_time).await;
    for number in &numbers {
        sender.network().plays(number, [Part::Answer(Outcome::Misconfigured)]);
    }
    writes_to(&app, &marie, 70, "Malade envoi").await;
    sender.dispatch_all().await;
    assert_eq!(sender.network().submitted().len(), 5);
}

async fn refusals_of_messages_close_nothing(app: TestApp) {
    let marie = app.marie().await;
    let numbers = crowd(&app, app.quatre_vents().await, 70, 20).await;
    let sender = app.another(one_at_a_time).await;
    for number in &numbers {
        sender.network().plays(number, [Part::Answer(Outcome::Rejected { code: "NO".to_owned() })]);
    }
    let campaign = writes_to(&app, &marie, 70, "Refusé envoi").await;
    sender.dispatch_all().await;
    assert_eq!(marie.campaign(&campaign).await["progress"]["rejected"], 20);
}

async fn what_it_asks_for_is_waited_for_by_all(app: TestApp) {
    let marie = app.marie().await;
    let numbers = crowd(&app, app.quatre_vents().await, 70, 5).await;
    let sender = app.another(one_at_a_time).await;
    let wait = Outcome::NotSent { retry_after: Some(Duration::from_secs(90)) };
    sender.network().plays(&numbers[0], [Part::Answer(wait)]);
    let campaign = writes_to(&app, &marie, 70, "Attendu envoi").await;
    for (seconds, asked) in [(0, 1), (89, 1), (1, 6)] {
        app.advance(TimeDelta::seconds(seconds));
        sender.dispatch_all().await;
        assert_eq!(sender.network().submitted().len(), asked);
    }
    assert_eq!(marie.campaign(&campaign).await["progress"]["delivered"], 5);
}

async fn what_is_in_doubt_is_not_sent_again_when_it_is_well(app: TestApp) {
    let marie = app.marie().await;
    let numbers = crowd(&app, app.quatre_vents().await, 70, 8).await;
    let sender = app.another(one_at_a_time).await;
    for number in &numbers[..5] {
        let doubt = Outcome::Unknown { reason: UnknownReason::ServerError };
        sender.network().plays(number, [Part::Answer(doubt)]);
    }
    let campaign = writes_to(&app, &marie, 70, "Douteux envoi").await;
    sender.dispatch_all().await;
    let progress = marie.campaign(&campaign).await["progress"].take();
    assert_eq!((&progress["unknown"], &progress["queued"]), (&json!(5), &json!(3)));
    app.advance(TimeDelta::seconds(30));
    sender.dispatch_all().await;
    let progress = marie.campaign(&campaign).await["progress"].take();
    assert_eq!((&progress["unknown"], &progress["delivered"]), (&json!(5), &json!(3)));
    let mut reached: Vec<String> = sender.network().submitted().into_iter().map(|sms| sms.to).collect();
    reached.sort_unstable();
    assert_eq!(reached, numbers, "each number once");
}
