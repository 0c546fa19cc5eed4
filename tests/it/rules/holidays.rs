//! Public holidays, as a rule of a structure's own knows them.

use api::caller::Operator;
use api::clock::Clock as _;
use api::domain::holidays::HolidayCalendar;
use api::services::operator::{self, NewSettings, OperatorError};
use chrono::{DateTime, Utc};
use envoi_tests::{TestApp, both};
use serde_json::{Value, json};

use super::{publish, save, verdict};

both!(
    a_rule_refuses_on_public_holidays_of_the_structures_own_days,
    alsace_and_moselle_keep_two_days_more_when_the_operator_says_so,
    overseas_departments_keep_a_day_of_their_own,
    where_no_holidays_are_known_no_day_is_one,
);

const MANIFEST: &str = r#"
slug = "working-days"
stages = ["PREVIEW", "SEND"]
title = { en = "Working days only", fr = "Jours ouvrés seulement" }
description = { en = "Nothing is sent on a public holiday.", fr = "Rien ne part un jour férié." }

[codes.HOLIDAY]
level = "DENY"
en = "Today is a public holiday."
fr = "Aujourd'hui est un jour férié."

[[cases]]
verdict = "PASS"

[[cases]]
facts = { now = { public_holiday = true } }
verdict = "HOLIDAY"
"#;

/// The rule is in force.
async fn refuse_holidays(app: &TestApp) {
    let admin = app.admin().await;
    let saved = save(&admin, json!({ "manifest": MANIFEST, "source": "!now.public_holiday" })).await;
    assert_eq!(saved["errors"], json!([]), "{saved}");
    let published = publish(&admin, &saved, "ACTIVE").await;
    assert_eq!(published["errors"], json!([]), "{published}");
}

/// Time passes until that instant.
fn wait_until(app: &TestApp, instant: &str) {
    let instant: DateTime<Utc> = instant.parse().expect("the tests give instants");
    app.advance(instant - app.clock().now());
}

/// What the rule answers at that instant: whether it takes it for a holiday.
async fn refuses_at(app: &TestApp, instant: &str) -> bool {
    wait_until(app, instant);
    let marie = app.marie().await;
    let preview = marie.preview(&marie.musicians(1).await, "Bonjour").await;
    let said = &verdict(&preview, "working-days")["code"];
    let outcome = if said == "PASS" { "ALLOWED" } else { "REFUSED" };
    assert_eq!(preview["decision"]["outcome"], outcome, "no other rule counts: {preview}");
    said == "HOLIDAY"
}

async fn keep(app: &TestApp, holidays: HolidayCalendar) -> Result<(), OperatorError> {
    let settings = NewSettings {
        structure: app.quatre_vents().await,
        sender: None,
        stop_mention: None,
        provider: None,
        encoding_policy: None,
        holidays: Some(holidays),
    };
    operator::set_settings(&app.ctx(), Operator::at_the_command_line(), settings).await
}

/// The structures are elsewhere.
async fn moves_to(app: &TestApp, region: &str, time_zone: &str) {
    let moved = format!("UPDATE structure SET region = '{region}', time_zone = '{time_zone}'");
    app.plant(&moved).await;
}

async fn shown(app: &TestApp) -> Value {
    let document =
        "{ viewer { structure { smsSettings { holidays encodingPolicy defaultSender { name } } } } }";
    app.marie().await.query(document, json!({})).await["viewer"]["structure"]["smsSettings"].take()
}

async fn a_rule_refuses_on_public_holidays_of_the_structures_own_days(app: TestApp) {
    refuse_holidays(&app).await;
    for (instant, holiday) in [
        // Easter Monday, the day after the clocks go forward.
        ("2027-03-28T10:00:00Z", false),
        ("2027-03-28T21:59:59Z", false),
        ("2027-03-28T22:00:00Z", true),
        ("2027-03-29T21:59:59Z", true),
        ("2027-03-29T22:00:00Z", false),
        // The National Day.
        ("2027-07-13T21:59:59Z", false),
        ("2027-07-13T22:00:00Z", true),
        ("2027-07-14T21:59:59Z", true),
        ("2027-07-14T22:00:00Z", false),
    ] {
        assert_eq!(refuses_at(&app, instant).await, holiday, "{instant}");
    }
    // What was previewed before midnight is not sent after it.
    wait_until(&app, "2027-12-24T22:59:00Z");
    let marie = app.marie().await;
    let preview = marie.preview(&marie.musicians(1).await, "Bonjour").await;
    assert_eq!(preview["decision"]["outcome"], "ALLOWED");
    wait_until(&app, "2027-12-24T23:00:00Z");
    let late = marie.send(&preview, app.key()).await;
    assert_eq!(
        (&late["campaign"], &late["errors"][0]["__typename"]),
        (&Value::Null, &json!("RefusedError")),
        "{late}"
    );
    assert_eq!(verdict(&late["errors"][0], "working-days")["code"], "HOLIDAY", "{late}");
}

async fn alsace_and_moselle_keep_two_days_more_when_the_operator_says_so(app: TestApp) {
    refuse_holidays(&app).await;
    let before = json!({ "holidays": "REGION", "encodingPolicy": "TYPOGRAPHY", "defaultSender": { "name": "4VENTS" } });
    assert_eq!(shown(&app).await, before);
    assert!(refuses_at(&app, "2026-12-25T22:59:59Z").await);
    assert!(!refuses_at(&app, "2026-12-25T23:00:00Z").await);
    keep(&app, HolidayCalendar::AlsaceMoselle).await.expect("the structure may be there");
    assert!(refuses_at(&app, "2026-12-25T23:00:00Z").await);
    let there = json!({ "holidays": "ALSACE_MOSELLE", "encodingPolicy": "TYPOGRAPHY", "defaultSender": { "name": "4VENTS" } });
    assert_eq!(shown(&app).await, there, "the rest stays as it was");
    assert!(!refuses_at(&app, "2026-12-26T23:00:00Z").await);
    assert!(refuses_at(&app, "2027-03-26T12:00:00Z").await, "Good Friday");
    keep(&app, HolidayCalendar::Region).await.expect("it can be taken away");
    assert!(!refuses_at(&app, "2027-03-26T12:00:00Z").await);
    assert_eq!(shown(&app).await, before);
}

async fn overseas_departments_keep_a_day_of_their_own(app: TestApp) {
    refuse_holidays(&app).await;
    assert!(!refuses_at(&app, "2026-12-20T08:00:00Z").await, "in metropolitan France");
    moves_to(&app, "RE", "Indian/Reunion").await;
    assert!(refuses_at(&app, "2026-12-20T08:00:00Z").await);
    assert!(refuses_at(&app, "2026-12-20T19:59:59Z").await);
    assert!(!refuses_at(&app, "2026-12-20T20:00:00Z").await, "it is the 21st there");
    let refused = keep(&app, HolidayCalendar::AlsaceMoselle).await;
    assert!(matches!(&refused, Err(OperatorError::Holidays { region }) if region == "RE"), "{refused:?}");
    keep(&app, HolidayCalendar::Region).await.expect("those of its region may be kept anywhere");
    assert!(!refuses_at(&app, "2026-12-26T08:00:00Z").await);
}

async fn where_no_holidays_are_known_no_day_is_one(app: TestApp) {
    refuse_holidays(&app).await;
    moves_to(&app, "BE", "Europe/Brussels").await;
    assert!(!refuses_at(&app, "2026-12-25T12:00:00Z").await);
}
