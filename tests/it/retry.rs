//! Sending again to those whom a campaign did not reach, and to nobody else.

use api::domain::message_state::Report as Status;
use api::domain::outcome::{Outcome, UnknownReason};
use api::providers::Report;
use chrono::TimeDelta;
use envoi_tests::{Actor, Part, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

both!(
    those_not_reached_are_those_refused_not_delivered_or_written_off,
    what_was_cancelled_can_be_sent_again,
    when_everybody_was_reached_there_is_nothing_to_retry,
    two_previews_of_one_retry_send_once,
    many_retries_at_once_write_to_a_number_once,
    a_retry_that_missed_can_be_retried_from_either,
    a_report_that_comes_meanwhile_makes_the_preview_stale,
    a_new_number_is_written_to_unless_it_has_the_message,
    whoever_reads_campaigns_may_ask,
);

/// By the last digits of their numbers: in doubt, not delivered, refused, delivered; two share a number that is not delivered.
const PEOPLE: &str = "Identifiant;Nom;Prénom;Mobile;Tags\n\
    X97;Xa;Inconnue;06 12 00 00 97;Sept\nX98;Xb;Absent;06 12 00 00 98;Sept\nX99;Xc;Refusée;06 12 00 00 99;Sept\n\
    X96;Xd;Jointe;06 12 00 00 96;Sept\nX95;Xe;Aînée;06 12 01 00 98;Sept\nX94;Xf;Cadet;06 12 01 00 98;Sept\n";

/// A campaign to these people, sent.
async fn mixed(app: &TestApp, marie: &Actor) -> Value {
    app.import(app.quatre_vents().await, PEOPLE.as_bytes()).await.expect("imported");
    let tag = marie.tag("Sept").await;
    let preview = json!({ "matching": { "filter": { "tags": { "all": [tag] } } } });
    let preview = marie.preview_of(preview, "Répétition à 18 h").await;
    let campaign = marie.send(&preview, app.key()).await["campaign"].take();
    app.dispatch_all().await;
    campaign
}

/// The preview of a retry.
async fn again(marie: &Actor, campaign: &Value) -> Value {
    let mut payload = marie.retry(campaign).await;
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload["preview"].take()
}

async fn nothing(marie: &Actor, campaign: &Value) {
    let payload = marie.retry(campaign).await;
    let error = &payload["errors"][0];
    assert_eq!(
        (&error["code"], &error["path"]),
        (&json!("NOTHING_TO_RETRY"), &json!(["campaign"])),
        "{payload}"
    );
    assert_eq!((&error["__typename"], &payload["preview"]), (&json!("InputError"), &Value::Null));
}

/// The numbers that a preview names, each with its people.
async fn recipients(marie: &Actor, preview: &Value) -> Vec<(String, usize)> {
    let document = "query($id: ID!) { node(id: $id) { ... on SmsPreview { recipients(first: 100) {
        edges { node { number people { id } } } } } } }";
    let data = marie.query(document, json!({ "id": preview["id"] })).await;
    let mut found: Vec<_> = nodes(&data["node"]["recipients"])
        .iter()
        .map(|one| {
            let people = one["people"].as_array().expect("people").len();
            (one["number"].as_str().expect("a number").to_owned(), people)
        })
        .collect();
    found.sort_unstable();
    found
}

fn numbers(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
    expected.iter().map(|(number, people)| ((*number).to_owned(), *people)).collect()
}

/// How often a number was written to.
fn times(app: &TestApp, number: &str) -> usize {
    app.network().submitted().iter().filter(|sms| sms.to == number).count()
}

async fn send(app: &TestApp, marie: &Actor, preview: &Value) -> Value {
    let mut sent = marie.send(preview, app.key()).await;
    assert_eq!(sent["errors"], json!([]), "{sent}");
    app.dispatch_all().await;
    sent["campaign"].take()
}

async fn those_not_reached_are_those_refused_not_delivered_or_written_off(app: TestApp) {
    let marie = app.marie().await;
    let campaign = mixed(&app, &marie).await;
    let preview = again(&marie, &campaign).await;
    assert_eq!(preview["text"], "Répétition à 18 h.STOP 36608", "the text is the campaign's");
    let counts = ["recipientCount", "messageCount", "cost", "excludedCount"].map(|key| preview[key].clone());
    assert_eq!(counts, [4, 3, 3, 0].map(Value::from));
    let refused_or_lost = [("+33612000098", 1), ("+33612000099", 1), ("+33612010098", 2)];
    assert_eq!(recipients(&marie, &preview).await, numbers(&refused_or_lost), "never one in doubt");
    assert_eq!(preview["decision"]["outcome"], "ALLOWED");
    let before = app.network().submitted().len();
    app.dispatch_all().await;
    assert_eq!(app.network().submitted().len(), before, "a preview sends nothing");

    // Once the doubt is written off, it is one of those not reached.
    app.advance(TimeDelta::hours(73));
    app.dispatch_all().await;
    let preview = again(&marie, &campaign).await;
    let expected = [("+33612000097", 1), refused_or_lost[0], refused_or_lost[1], refused_or_lost[2]];
    assert_eq!(recipients(&marie, &preview).await, numbers(&expected));
    app.opt_out("X99").await;
    let preview = again(&marie, &campaign).await;
    let counts = ["recipientCount", "messageCount", "excludedCount"].map(|key| preview[key].clone());
    assert_eq!(counts, [4, 3, 1].map(Value::from), "whoever opted out is left out, and said to be");
    send(&app, &marie, &preview).await;
    for (number, expected) in [
        ("+33612000096", 1),
        ("+33612000097", 2),
        ("+33612000098", 2),
        ("+33612000099", 1),
        ("+33612010098", 2),
    ] {
        assert_eq!(times(&app, number), expected, "{number}");
    }
}

async fn what_was_cancelled_can_be_sent_again(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(4).await, "Bonjour").await;
    nothing(&marie, &campaign).await;
    marie.cancel(&campaign).await;
    let preview = again(&marie, &campaign).await;
    assert_eq!((&preview["messageCount"], &preview["cost"]), (&json!(4), &json!(4)));
    let sent = send(&app, &marie, &preview).await;
    assert_eq!(app.network().submitted().len(), 4);
    for campaign in [&campaign, &sent] {
        nothing(&marie, campaign).await;
    }
    assert_eq!(marie.credit().await, (224, 0), "paid once");
}

async fn when_everybody_was_reached_there_is_nothing_to_retry(app: TestApp) {
    let marie = app.marie().await;
    let people = [marie.person("Aubry").await, marie.person("Benali").await];
    let campaign = marie.sends(&people, "Bonjour").await;
    nothing(&marie, &campaign).await;
    app.opt_out("QV005").await;
    app.network()
        .plays("+33612342030", [Part::Answer(Outcome::HandedOver { reference: "silent".to_owned() })]);
    app.dispatch_all().await;
    // One opted out before it was sent, the other may still arrive.
    nothing(&marie, &campaign).await;
    app.advance(TimeDelta::hours(73));
    app.dispatch_all().await;
    nothing(&marie, &campaign).await;
}

async fn two_previews_of_one_retry_send_once(app: TestApp) {
    let marie = app.marie().await;
    let campaign = mixed(&app, &marie).await;
    let (one, two) = (again(&marie, &campaign).await, again(&marie, &campaign).await);
    let sent = marie.send(&one, app.key()).await;
    assert_eq!(sent["errors"], json!([]), "{sent}");
    // Nothing is left: all of it is queued by the other.
    let late = marie.send(&two, app.key()).await;
    assert_eq!((code_of(&late), &late["campaign"]), (&json!("NOTHING_TO_RETRY"), &Value::Null), "{late}");
    assert_eq!(late["errors"][0]["path"], json!(["previewToken"]));
    nothing(&marie, &campaign).await;
    app.dispatch_all().await;
    assert_eq!(["+33612000098", "+33612000099", "+33612010098"].map(|number| times(&app, number)), [2, 2, 2]);

    // The old preview shows what is missed still: the same people, and so it can be sent.
    let late = marie.send(&two, app.key()).await;
    assert_eq!(late["errors"], json!([]), "{late}");
}

async fn many_retries_at_once_write_to_a_number_once(app: TestApp) {
    let marie = app.marie().await;
    for round in 0..6 {
        let campaign = marie.sends(&marie.musicians(5).await, "Bonjour").await;
        marie.cancel(&campaign).await;
        let mut previews = Vec::new();
        for _ in 0..8 {
            previews.push((again(&marie, &campaign).await, app.key()));
        }
        let mut tasks = tokio::task::JoinSet::new();
        for (preview, key) in previews {
            let marie = marie.clone();
            tasks.spawn(async move { marie.send(&preview, key).await });
        }
        let payloads = tasks.join_all().await;
        let sent = payloads.iter().filter(|payload| payload["errors"] == json!([])).count();
        assert_eq!(sent, 1, "{payloads:?}");
        let others = payloads.iter().filter(|payload| code_of(payload) == "NOTHING_TO_RETRY").count();
        assert_eq!(others, 7, "{payloads:?}");
        app.dispatch_all().await;
        assert_eq!(app.network().submitted().len(), 5 * (round + 1));
    }
}

async fn a_retry_that_missed_can_be_retried_from_either(app: TestApp) {
    let marie = app.marie().await;
    let first = mixed(&app, &marie).await;
    let second = send(&app, &marie, &again(&marie, &first).await).await;
    // Missed again, by both: each preview finds them, and only one of the two can be sent.
    let (from_first, from_second) = (again(&marie, &first).await, again(&marie, &second).await);
    assert_eq!((&from_first["messageCount"], &from_second["messageCount"]), (&json!(3), &json!(3)));
    // This time they are reached.
    for number in ["+33612000098", "+33612000099"] {
        app.network().plays(number, [Part::Answer(Outcome::HandedOver { reference: "at last".to_owned() })]);
    }
    let third = send(&app, &marie, &from_second).await;
    let stale = marie.send(&from_first, app.key()).await;
    assert_eq!(code_of(&stale), "PREVIEW_STALE", "{stale}");
    assert_eq!(stale["errors"][0]["preview"]["messageCount"], 1, "one number is left");
    for campaign in [&first, &second, &third] {
        let left = recipients(&marie, &again(&marie, campaign).await).await;
        assert_eq!(left, numbers(&[("+33612010098", 2)]));
    }
    assert_eq!(["+33612000098", "+33612000099"].map(|number| times(&app, number)), [3, 3]);
}

async fn a_report_that_comes_meanwhile_makes_the_preview_stale(app: TestApp) {
    let marie = app.marie().await;
    let people = [marie.person("Aubry").await, marie.person("Benali").await];
    let in_doubt = || [Part::Answer(Outcome::Unknown { reason: UnknownReason::Timeout })];
    let page = nodes(&marie.people(json!({ "first": 100 })).await);
    for person in page.iter().filter(|person| people.iter().any(|id| person["id"] == id.as_str())) {
        app.network().plays(person["mobile"].as_str().expect("a number"), in_doubt());
    }
    let campaign = marie.sends(&people, "Bonjour").await;
    app.dispatch_all().await;
    nothing(&marie, &campaign).await;
    app.advance(TimeDelta::hours(73));
    app.dispatch_all().await;
    let (shown, other) = (again(&marie, &campaign).await, again(&marie, &campaign).await);
    assert_eq!(shown["messageCount"], 2);
    let attempts: Vec<_> = app.network().submitted().iter().map(|sms| sms.attempt).collect();
    let delivered = |attempt| Report { attempt, status: Status::Delivered, code: None };
    app.report(vec![delivered(attempts[0])]).await;
    let stale = marie.send(&shown, app.key()).await;
    assert_eq!(code_of(&stale), "PREVIEW_STALE", "{stale}");
    assert_eq!(stale["errors"][0]["preview"]["messageCount"], 1);
    app.report(vec![delivered(attempts[1])]).await;
    assert_eq!(code_of(&marie.send(&other, app.key()).await), "NOTHING_TO_RETRY");
    assert_eq!(app.network().submitted().len(), 2, "nobody is written to twice");
}

async fn a_new_number_is_written_to_unless_it_has_the_message(app: TestApp) {
    let marie = app.marie().await;
    let campaign = mixed(&app, &marie).await;
    // One has another number now, one that of somebody who received the message, one none.
    let moved =
        "Identifiant;Nom;Prénom;Mobile\nX98;Xb;Absent;06 12 00 00 55\nX99;Xc;Refusée;06 12 00 00 96\n";
    app.import(app.quatre_vents().await, moved.as_bytes()).await.expect("imported");
    let preview = again(&marie, &campaign).await;
    assert_eq!(recipients(&marie, &preview).await, numbers(&[("+33612000055", 1), ("+33612010098", 2)]));
    send(&app, &marie, &preview).await;
    assert_eq!((times(&app, "+33612000055"), times(&app, "+33612000096")), (1, 1));
}

async fn whoever_reads_campaigns_may_ask(app: TestApp) {
    let marie = app.marie().await;
    let campaign = mixed(&app, &marie).await;
    for (email, code) in [
        ("paul@quatre-vents.example", "WRITE_PERMISSION_MISSING"),
        ("admin@quatre-vents.example", "ADMIN_ACCOUNT"),
    ] {
        let preview = again(&app.sign_in(email).await, &campaign).await;
        let decision = &preview["decision"];
        assert_eq!(decision["outcome"], "REFUSED");
        assert!(decision["verdicts"].to_string().contains(code), "{decision}");
    }
    app.plant("UPDATE permission SET access = 'NONE' WHERE module = 'COMMUNICATION_SMS'").await;
    let document = "mutation($id: ID!) { retryCampaign(input: { campaign: $id }) { errors { code } } }";
    let refused = marie.try_query(document, json!({ "id": campaign["id"] })).await;
    assert_eq!(code_of(&refused), "FORBIDDEN", "{refused}");
    let refused = app.anonymous().try_query(document, json!({ "id": campaign["id"] })).await;
    assert_eq!(code_of(&refused), "UNAUTHENTICATED", "{refused}");
}
