//! Cancelling a campaign: what is queued is not sent and is given back; what has left is settled as ever.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use api::config::Config;
use api::domain::message_state::Report as Status;
use api::domain::outcome::Outcome;
use api::providers::Report;
use chrono::TimeDelta;
use entity::enums::{MessageState, TransferKind};
use entity::{message, transfer};
use envoi_tests::{Actor, Part, TestApp, UsableInTests as _, both, code_of, nodes};
use serde_json::{Value, json};

both!(
    what_is_queued_is_not_sent_and_given_back,
    what_has_left_is_settled_as_ever,
    what_is_in_doubt_is_released_only_when_it_is_written_off,
    what_waits_to_be_tried_again_is_not,
    what_is_claimed_does_not_start,
    a_large_campaign_is_cancelled_batch_after_batch,
    what_was_claimed_and_cancelled_keeps_nobody_waiting,
    what_is_completed_cannot_be_cancelled,
    whoever_may_send_may_cancel_and_the_administrator,
    a_message_is_sent_or_given_back_never_both,
    who_cancelled_is_told,
);

/// One message at a time, and others claimed meanwhile.
pub(crate) fn one_at_a_time(config: &mut Config) {
    config.dispatch.in_flight = 1;
    config.dispatch.timeout = Duration::from_millis(50);
}

/// A campaign of so many messages, of which the network has one, and never answers.
pub(crate) async fn hanging(app: &TestApp, marie: &Actor, count: usize) -> Value {
    let people = marie.musicians(count).await;
    for person in nodes(&marie.people(json!({ "first": 100 })).await) {
        if let Some(number) = person["mobile"].as_str() {
            app.network().plays(number, [Part::Hang]);
        }
    }
    let campaign = marie.sends(&people, "Bonjour").await;
    let dispatching = tokio::spawn({
        let app = app.clone();
        async move { app.dispatch_all().await }
    });
    app.network().reached_by(1).await;
    // The instance dies while the network has the request.
    dispatching.abort();
    let _ = dispatching.await;
    campaign
}

async fn what_is_queued_is_not_sent_and_given_back(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(3).await, "Bonjour").await;
    assert_eq!(marie.credit().await, (225, 3));
    let cancelled = marie.cancel(&campaign).await;
    assert_eq!(cancelled["errors"], json!([]));
    let shown = &cancelled["campaign"];
    assert_eq!((&shown["state"], &shown["progress"]["suppressed"]), (&json!("CANCELLED"), &json!(3)));
    assert_eq!(marie.credit().await, (228, 0));
    let again = marie.cancel(&campaign).await;
    assert_eq!(again, cancelled, "asked twice, it answers the same");
    app.dispatch_all().await;
    assert!(app.network().submitted().is_empty(), "nothing was sent");
    let after = marie.campaign(&campaign).await;
    for message in nodes(&after["messages"]) {
        assert_eq!((&message["state"], &message["reason"]), (&json!("SUPPRESSED"), &json!("CANCELLED")));
    }
    let ledger: Vec<_> =
        marie.ledger().await.into_iter().map(|(reason, delta, ..)| (reason, delta)).collect();
    let lines = [("RELEASE", 3), ("RESERVATION", -3), ("TOP_UP", 228)];
    assert_eq!(ledger, lines.map(|(reason, delta)| (reason.to_owned(), delta)));
}

async fn who_cancelled_is_told(app: TestApp) {
    const WHO: &str =
        "query($id: ID!) { node(id: $id) { ... on Campaign { cancelledBy { email } } } viewer { structure {
        campaigns { edges { node { cancelledBy { email } } } }
        credit { ledger { edges { node { reason by { email } } } } } } } }";
    let (marie, admin) = (app.marie().await, app.admin().await);
    let audience = crowd(&app, &marie, 1_200).await;
    let preview = marie.preview_of(audience, "Bonjour").await;
    let campaign = marie.send(&preview, app.key()).await["campaign"].take();
    let who = async || marie.query(WHO, json!({ "id": campaign["id"] })).await;
    let by = |shown: &Value, reason: &str| {
        let lines = nodes(&shown["viewer"]["structure"]["credit"]["ledger"]);
        lines.iter().find(|line| line["reason"] == reason).map(|line| line["by"]["email"].clone())
    };
    let (email, sender) = (json!("admin@quatre-vents.example"), json!("marie@quatre-vents.example"));
    assert_eq!(who().await["node"]["cancelledBy"], Value::Null);
    admin.cancel(&campaign).await;
    marie.cancel(&campaign).await;
    app.dispatch_all().await;
    let shown = who().await;
    assert_eq!(shown["node"]["cancelledBy"]["email"], email, "the first who asked");
    let listed = nodes(&shown["viewer"]["structure"]["campaigns"]);
    assert_eq!(listed[0]["cancelledBy"]["email"], email);
    assert_eq!((by(&shown, "RELEASE"), by(&shown, "RESERVATION")), (Some(email), Some(sender)));
    let releases = transfer::Entity::all_rows().all(app.db()).await.expect("transfers can be read");
    let releases: Vec<_> =
        releases.into_iter().filter(|transfer| transfer.kind == TransferKind::Release).collect();
    assert!(releases.len() == 1_200 && releases.iter().all(|one| one.account_id.is_some()));
}

async fn what_has_left_is_settled_as_ever(app: TestApp) {
    let sender = app.another(one_at_a_time).await;
    let marie = app.marie().await.at(&sender);
    let campaign = hanging(&sender, &marie, 3).await;
    let cancelled = marie.cancel(&campaign).await;
    let shown = &cancelled["campaign"];
    assert_eq!((&cancelled["errors"], &shown["state"]), (&json!([]), &json!("CANCELLING")));
    assert_eq!((&shown["progress"]["sending"], &shown["progress"]["suppressed"]), (&json!(1), &json!(2)));
    assert_eq!(marie.credit().await, (227, 1), "what may have left keeps its credit");

    app.advance(TimeDelta::seconds(31));
    app.dispatch_all().await;
    let doubtful = marie.campaign(&campaign).await;
    assert_eq!((&doubtful["state"], &doubtful["progress"]["unknown"]), (&json!("CANCELLING"), &json!(1)));
    assert_eq!(marie.credit().await, (227, 1), "a doubt too");

    let attempt = sender.network().submitted()[0].attempt;
    app.report(vec![Report { attempt, status: Status::Delivered, code: None }]).await;
    let settled = marie.campaign(&campaign).await;
    assert_eq!((&settled["state"], &settled["progress"]["delivered"]), (&json!("CANCELLED"), &json!(1)));
    assert_eq!(marie.credit().await, (227, 0), "what arrived is charged");
    assert_eq!(sender.network().submitted().len() + app.network().submitted().len(), 1);
    assert_eq!(marie.cancel(&campaign).await["campaign"]["state"], "CANCELLED");
}

async fn what_is_in_doubt_is_released_only_when_it_is_written_off(app: TestApp) {
    let sender = app.another(one_at_a_time).await;
    let marie = app.marie().await.at(&sender);
    let campaign = hanging(&sender, &marie, 2).await;
    assert_eq!(marie.cancel(&campaign).await["campaign"]["state"], "CANCELLING");
    app.advance(TimeDelta::seconds(31));
    app.dispatch_all().await;
    app.advance(TimeDelta::hours(72) - TimeDelta::seconds(1));
    app.dispatch_all().await;
    assert_eq!(
        (marie.credit().await, &marie.campaign(&campaign).await["state"]),
        ((227, 1), &json!("CANCELLING"))
    );
    app.advance(TimeDelta::seconds(2));
    app.dispatch_all().await;
    assert_eq!(
        (marie.credit().await, &marie.campaign(&campaign).await["state"]),
        ((228, 0), &json!("CANCELLED"))
    );
    let attempt = sender.network().submitted()[0].attempt;
    app.report(vec![Report { attempt, status: Status::Delivered, code: None }]).await;
    let late = marie.campaign(&campaign).await;
    assert_eq!((&late["state"], &late["progress"]["delivered"]), (&json!("CANCELLED"), &json!(1)));
    assert_eq!(marie.credit().await, (228, 0), "a report after that is the operator's loss");
}

async fn what_waits_to_be_tried_again_is_not(app: TestApp) {
    let marie = app.marie().await;
    let people = [marie.person("Benali").await];
    let busy = Part::Answer(Outcome::NotSent { retry_after: Some(Duration::from_mins(10)) });
    app.network().plays("+33612342030", [busy]);
    let campaign = marie.sends(&people, "Bonjour").await;
    app.dispatch_all().await;
    assert_eq!(marie.campaign(&campaign).await["progress"]["queued"], 1, "it waits");
    assert_eq!(marie.cancel(&campaign).await["campaign"]["state"], "CANCELLED");
    app.advance(TimeDelta::minutes(11));
    app.dispatch_all().await;
    assert_eq!((app.network().submitted().len(), marie.credit().await), (1, (228, 0)));
}

async fn what_is_claimed_does_not_start(app: TestApp) {
    let sender = app.another(one_at_a_time).await;
    let marie = app.marie().await.at(&sender);
    let people = marie.musicians(4).await;
    for person in nodes(&marie.people(json!({ "first": 100 })).await) {
        if let Some(number) = person["mobile"].as_str() {
            sender.network().plays(number, [Part::Hang]);
        }
    }
    let campaign = marie.sends(&people, "Bonjour").await;
    let dispatching = tokio::spawn({
        let sender = sender.clone();
        async move { sender.dispatch_all().await }
    });
    sender.network().reached_by(1).await;
    // As a cancelling leaves it whose first batch did not hold what is claimed here.
    app.plant("UPDATE campaign SET state = 'CANCELLING'").await;
    dispatching.await.expect("it comes to an end");
    assert_eq!(sender.network().submitted().len(), 1, "the three that were claimed did not start");
    app.dispatch_all().await;
    let after = marie.campaign(&campaign).await;
    let progress = &after["progress"];
    assert_eq!((&progress["suppressed"], &progress["unknown"]), (&json!(3), &json!(1)), "{after}");
    assert_eq!(marie.credit().await, (227, 1));
}

/// Imports so many people of a tag of their own; answers the audience that they are.
async fn crowd(app: &TestApp, marie: &Actor, count: usize) -> Value {
    let mut file = "Identifiant;Nom;Prénom;Mobile;Tags\n".to_owned();
    for person in 0..count {
        let number = 10_000 + (person / 90) * 100 + person % 90;
        writeln!(file, "C{person};Foule;P{person};06 70 0{number};Foule").expect("a string takes all");
    }
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("imported");
    app.give(app.quatre_vents().await, 10_000).await;
    json!({ "matching": { "filter": { "tags": { "all": [marie.tag("Foule").await] } } } })
}

async fn a_large_campaign_is_cancelled_batch_after_batch(app: TestApp) {
    let marie = app.marie().await;
    let audience = crowd(&app, &marie, 2_300).await;
    let preview = marie.preview_of(audience, "Bonjour").await;
    let campaign = marie.send(&preview, app.key()).await["campaign"].take();
    let cancelled = marie.cancel(&campaign).await;
    let shown = &cancelled["campaign"];
    assert_eq!((&shown["state"], &shown["progress"]["suppressed"]), (&json!("CANCELLING"), &json!(1_000)));
    // The instance that was asked is gone: any other goes on.
    let another = app.another(|_| {}).await;
    another.dispatch_all().await;
    let after = marie.campaign(&campaign).await;
    assert_eq!((&after["state"], &after["progress"]["suppressed"]), (&json!("CANCELLED"), &json!(2_300)));
    assert!(another.network().submitted().is_empty() && app.network().submitted().is_empty());
    assert_eq!(marie.credit().await, (10_228, 0));
}

async fn what_was_claimed_and_cancelled_keeps_nobody_waiting(app: TestApp) {
    let marie = app.marie().await;
    let audience = crowd(&app, &marie, 600).await;
    let sender = app.another(|config| config.dispatch.in_flight = 4).await;
    let marie = marie.at(&sender);
    let preview = marie.preview_of(audience, "Bonjour").await;
    let campaign = marie.send(&preview, app.key()).await["campaign"].take();
    let dispatcher = api::dispatch::spawn(sender.app().clone());
    sender.network().reached_by(1).await;
    marie.cancel(&campaign).await;
    marie.sends(&[marie.person("Benali").await], "Bonsoir").await;
    let next = async {
        while sender.network().submitted().iter().all(|sms| sms.to != "+33612342030") {
            sender.network().reached_by(1).await;
        }
    };
    // Looked at a window a second, the 500 that were claimed would keep it waiting for two minutes.
    tokio::time::timeout(Duration::from_secs(40), next).await.expect("the next campaign is sent at once");
    dispatcher.stop().await;
}

async fn what_is_completed_cannot_be_cancelled(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(2).await, "Bonjour").await;
    app.dispatch_all().await;
    let refused = marie.cancel(&campaign).await;
    let error = &refused["errors"][0];
    assert_eq!(
        (&error["__typename"], &error["code"], &error["path"]),
        (&json!("CampaignAlreadyCompletedError"), &json!("CAMPAIGN_ALREADY_COMPLETED"), &json!(["campaign"]))
    );
    assert_eq!((&error["campaign"]["state"], &refused["campaign"]), (&json!("COMPLETED"), &Value::Null));
    assert_eq!(marie.credit().await, (226, 0));
}

async fn whoever_may_send_may_cancel_and_the_administrator(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(1).await, "Bonjour").await;
    let document = "mutation($id: ID!) { cancelCampaign(input: { campaign: $id }) { errors { code } } }";
    let variables = json!({ "id": campaign["id"] });
    let paul = app.sign_in("paul@quatre-vents.example").await;
    let refused = paul.try_query(document, variables.clone()).await;
    assert_eq!((code_of(&refused), &refused["data"]), (&json!("FORBIDDEN"), &Value::Null), "{refused}");
    let refused = app.anonymous().try_query(document, variables).await;
    assert_eq!(code_of(&refused), "UNAUTHENTICATED");
    assert_eq!(marie.campaign(&campaign).await["state"], "DISPATCHING");
    let admin = app.admin().await;
    assert_eq!(
        admin.cancel(&campaign).await["campaign"]["state"],
        "CANCELLED",
        "it may stop what it never sends"
    );
}

/// Where each number of a campaign came to, and the kinds of transfers made for it.
async fn accounts(app: &TestApp, campaign: &Value) -> HashMap<String, (MessageState, Vec<TransferKind>)> {
    let mut made: HashMap<_, Vec<_>> = HashMap::new();
    for row in transfer::Entity::all_rows().all(app.db()).await.expect("transfers can be read") {
        if let Some(message) = row.message_id {
            made.entry(message).or_default().push(row.kind);
        }
    }
    let id = campaign["id"].as_str().expect("an id");
    let all = message::Entity::all_rows().all(app.db()).await.expect("messages can be read");
    let latest = all.iter().map(|row| row.campaign_id).max_by_key(|id| id.as_uuid());
    let own = all.into_iter().filter(|row| Some(row.campaign_id) == latest);
    let told = |row: message::Model| {
        let number = row.number.expect("it is kept").into_exposed();
        (number, (row.state, made.remove(&row.id).unwrap_or_default()))
    };
    let told: HashMap<_, _> = own.map(told).collect();
    assert!(!told.is_empty(), "{id}");
    told
}

/// The dispatcher of two instances and a cancelling, in an order of chance.
async fn a_message_is_sent_or_given_back_never_both(app: TestApp) {
    let marie = app.marie().await;
    app.give(app.quatre_vents().await, 10_000).await;
    let doubtful = marie.person("Zanetti").await;
    let mut people = marie.ids(json!({ "reachable": true })).await;
    people.retain(|person| *person != doubtful);
    let small = |config: &mut Config| {
        config.dispatch.in_flight = 4;
        config.dispatch.claim = 9;
    };
    let instances = [app.another(small).await, app.another(small).await];
    let (mut cut, mut seen) = (0, [0, 0]);
    for round in 0..12 {
        let campaign = marie.sends(&people, "Bonjour").await;
        let running: Vec<_> = instances.iter().map(|one| api::dispatch::spawn(one.app().clone())).collect();
        let first = app.chance().below(2);
        let reached = u32::try_from(app.chance().below(20)).expect("small");
        instances[first].app().queued.notify_one();
        if round % 4 != 0 && reached > 0 {
            // Whichever comes first: so many requests, or the end.
            let patience = Duration::from_millis(app.chance().next() % 400);
            let _ = tokio::time::timeout(patience, instances[first].network().reached_by(reached)).await;
        }
        let cancelled = marie.cancel(&campaign).await;
        for one in running {
            one.stop().await;
        }
        app.dispatch_all().await;
        let after = marie.campaign(&campaign).await;
        let completed = cancelled["errors"][0]["code"] == "CAMPAIGN_ALREADY_COMPLETED";
        assert_eq!(after["state"], if completed { "COMPLETED" } else { "CANCELLED" });
        let mut sent: HashMap<String, usize> = HashMap::new();
        for (place, one) in instances.iter().enumerate() {
            let all = one.network().submitted();
            for sms in &all[seen[place]..] {
                *sent.entry(sms.to.clone()).or_default() += 1;
            }
            seen[place] = all.len();
        }
        for (number, (state, transfers)) in accounts(&app, &campaign).await {
            let expected = if sent.remove(&number).is_some() {
                assert_ne!(state, MessageState::Suppressed, "{number} was sent and suppressed");
                // The network refuses some, by their last digits.
                if state == MessageState::Rejected { TransferKind::Release } else { TransferKind::Charge }
            } else {
                cut += 1;
                assert_eq!(state, MessageState::Suppressed, "{number} was not sent");
                TransferKind::Release
            };
            assert_eq!(transfers, [expected], "{number} {state:?}");
        }
        assert!(app.network().submitted().is_empty() && sent.is_empty(), "{sent:?}");
        assert!(app.faults().await.is_empty());
    }
    assert!(cut > 0, "at least the campaigns cancelled at once were cut");
}
