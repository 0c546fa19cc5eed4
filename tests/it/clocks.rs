//! Clocks that are set back and forth, that differ, and that change from summer to winter: what is scheduled leaves at its hour, once, and
//! nothing is sent twice or lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::app::App;
use api::config::Config;
use api::domain::outcome::Outcome;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use envoi_tests::{Actor, Part, TestApp, both};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

both!(
    a_clock_set_back_and_forth_sends_nothing_early_twice_or_never,
    what_leaves_as_the_hour_changes_leaves_at_its_instant,
    a_request_under_way_while_the_clock_jumps_is_not_sent_again,
);

/// Lives of a test.
const ROUNDS: usize = 3;
/// How late a scheduled message may leave: what the built-in rule `not-too-late` allows.
const LATE: TimeDelta = TimeDelta::hours(4);
const PREVIEW: &str = "mutation($input: PreviewSmsInput!) { previewSms(input: $input) {
    errors { code message } preview { token sendAt } } }";
const CAMPAIGN: &str = "query($id: ID!) { node(id: $id) { ... on Campaign {
    state text dispatchDecision { outcome } progress { total delivered handedOver noReport suppressed queued sending unknown }
} } }";

/// A campaign, when it was to leave, and what should become of it.
struct Scheduled {
    shown: Value,
    hour: Option<DateTime<Utc>>,
    /// Whether it left or was refused, once its hour was seen.
    refused: Option<bool>,
}

/// What the network was asked: campaign's text and number, whether it was proven not sent, at what time of the instance's.
type Requests = Arc<Mutex<Vec<(String, String, bool, DateTime<Utc>)>>>;

/// Has a network accept most, and notes what it was asked.
fn listen(app: &TestApp, requests: &Requests) {
    let (requests, of, chance) = (Arc::clone(requests), Arc::clone(app.app()), app.chance().next());
    let chance = envoi_tests::TestEntropy::seeded(chance);
    app.network().decides(move |request| {
        let not_sent = chance.below(4) == 0;
        let asked = (request.text.clone(), request.to.clone(), not_sent, now(&of));
        requests.lock().expect("invariant: nothing panics while it holds them").push(asked);
        Part::Answer(if not_sent {
            Outcome::NotSent { retry_after: None }
        } else {
            Outcome::HandedOver { reference: "theirs".to_owned() }
        })
    });
}

fn now(app: &App) -> DateTime<Utc> {
    app.now()
}

async fn sends(app: &TestApp, actor: &Actor, text: &str, hour: Option<DateTime<Utc>>) -> Scheduled {
    let mut message = json!({ "text": text });
    if let Some(hour) = hour {
        message["sendAt"] = json!(hour.to_rfc3339_opts(SecondsFormat::Secs, true));
    }
    let input = json!({ "audience": { "people": actor.musicians(2).await }, "message": message });
    let shown = actor.query(PREVIEW, json!({ "input": input })).await["previewSms"].take();
    assert_eq!(shown["errors"], json!([]), "{shown}");
    let mut sent = actor.send(&shown["preview"], app.key()).await;
    assert_eq!(sent["errors"], json!([]), "{sent}");
    Scheduled { shown: sent["campaign"].take(), hour, refused: None }
}

/// What is asked twice was proven not sent before; what is scheduled was not asked before its hour.
fn hold(campaigns: &[Scheduled], requests: &Requests) -> BTreeMap<(String, String), usize> {
    let requests = requests.lock().expect("invariant: nothing panics while it holds them");
    let mut open: BTreeMap<(String, String), bool> = BTreeMap::new();
    let mut accepted: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (text, number, not_sent, at) in requests.iter() {
        let campaign = campaigns.iter().find(|one| one.shown["text"] == text.as_str()).expect("it is ours");
        assert!(campaign.hour.is_none_or(|hour| hour <= *at), "left at {at}, before {:?}", campaign.hour);
        assert_ne!(campaign.refused, Some(true), "what was refused left");
        let place = (text.clone(), number.clone());
        assert!(open.insert(place.clone(), *not_sent).is_none_or(|before| before), "asked again: {at}");
        *accepted.entry(place).or_default() += usize::from(!not_sent);
    }
    accepted
}

/// Days pass between steps, and providers fail: what is given up for that is another test's.
fn patient(config: &mut Config) {
    config.dispatch.expire = Duration::from_hours(24 * 365);
    config.dispatch.breaker = None;
}

async fn a_clock_set_back_and_forth_sends_nothing_early_twice_or_never(app: TestApp) {
    app.give(app.quatre_vents().await, 10_000).await;
    // Far from the day on which the subscription begins, which the clock shall not come before.
    app.advance(TimeDelta::days(60));
    let (mut left, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let requests = Requests::default();
        let one = app.another(patient).await;
        let ahead = app.another_whose_clock_is_off(TimeDelta::seconds(40), patient).await;
        listen(&one, &requests);
        listen(&ahead, &requests);
        let campaigns = set_back_and_forth(round, &one, &ahead, &requests).await;
        let accepted = hold(&campaigns, &requests);
        for campaign in &campaigns {
            let marie = one.marie().await;
            let shown = marie.query(CAMPAIGN, json!({ "id": campaign.shown["id"] })).await["node"].take();
            assert_eq!(shown["state"], "COMPLETED", "{shown}");
            let of = accepted.iter().filter(|((text, _), _)| shown["text"] == text.as_str());
            let asked = of.clone().count();
            if campaign.refused == Some(true) {
                assert_eq!((&shown["dispatchDecision"]["outcome"], asked), (&json!("REFUSED"), 0), "{shown}");
                refused += 1;
            } else {
                assert_eq!(asked, 2, "each left: {shown}");
                assert!(of.into_iter().all(|(_, times)| *times == 1), "once: {shown}");
                left += 1;
            }
        }
    }
    println!("{left} campaigns left, {refused} came too late to");
    assert!(left > 0 && refused > 0, "both are seen");
}

async fn set_back_and_forth(
    round: usize,
    one: &TestApp,
    ahead: &TestApp,
    requests: &Requests,
) -> Vec<Scheduled> {
    let below = |bound| one.chance().below(bound);
    let mut campaigns = Vec::new();
    let mut highest = one.app().now();
    for step in 0..30 {
        let now = one.app().now();
        highest = highest.max(now);
        if below(3) == 0 {
            let hours = i64::try_from(below(40)).expect("small");
            let hour = (below(3) > 0).then(|| now + TimeDelta::hours(hours) + TimeDelta::minutes(7));
            let marie = one.marie().await;
            campaigns.push(sends(one, &marie, &format!("Tour {round}, pas {step}"), hour).await);
        }
        let jumps = [
            TimeDelta::minutes(31),
            TimeDelta::hours(2),
            -TimeDelta::hours(2),
            TimeDelta::days(1),
            -TimeDelta::days(1),
        ];
        let jump = jumps[below(jumps.len())];
        one.advance(jump);
        ahead.advance(jump);
        dispatch(one, ahead, &mut campaigns).await;
        hold(&campaigns, requests);
    }
    // Until the clock is past all that it ever showed, and every wait is over.
    for _ in 0..10 {
        let left = (highest - one.app().now()).max(TimeDelta::zero()) + TimeDelta::hours(3);
        one.advance(left);
        ahead.advance(left);
        highest += TimeDelta::hours(12);
        dispatch(one, ahead, &mut campaigns).await;
    }
    campaigns
}

/// One instance works, or the other, or both.
async fn dispatch(one: &TestApp, ahead: &TestApp, campaigns: &mut [Scheduled]) {
    let (alone, both) = (one.chance().below(3) == 0, one.chance().below(2) == 0);
    // With both at work, whichever comes first judges: they differ by less than any of these hours does from the limit.
    let seen = if alone { one.app().now() } else { ahead.app().now() };
    for campaign in campaigns.iter_mut().filter(|campaign| campaign.refused.is_none()) {
        if let Some(hour) = campaign.hour.filter(|hour| *hour <= seen) {
            campaign.refused = Some(seen - hour > LATE);
        }
    }
    match (alone, both) {
        (true, _) => one.dispatch_all().await,
        (false, true) => {
            tokio::join!(one.dispatch_all(), ahead.dispatch_all());
        }
        (false, false) => ahead.dispatch_all().await,
    }
}

async fn what_leaves_as_the_hour_changes_leaves_at_its_instant(app: TestApp) {
    // In Paris: twice half past two in the autumn, and around the hour that the spring leaves out.
    let hours =
        ["2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"];
    let mut marie = app.marie().await;
    let mut campaigns = Vec::new();
    for (place, hour) in hours.iter().enumerate() {
        let hour = hour.parse().expect("an instant");
        campaigns.push(sends(&app, &marie, &format!("Changement {place}"), Some(hour)).await);
    }
    for (place, campaign) in campaigns.iter().enumerate() {
        let hour = campaign.hour.expect("it has one");
        for (before, left) in [(1, place), (0, place + 1)] {
            app.advance(hour - TimeDelta::seconds(before) - app.app().now());
            app.dispatch_all().await;
            // A session does not last so long.
            marie = app.marie().await;
            assert_eq!(app.network().submitted().len(), left * 2, "{before} s before {hour}");
            let state = if before > 0 { "SCHEDULED" } else { "COMPLETED" };
            assert_eq!(marie.campaign(&campaign.shown).await["state"], state, "{before} s before {hour}");
        }
    }
}

async fn a_request_under_way_while_the_clock_jumps_is_not_sent_again(app: TestApp) {
    let marie = app.marie().await;
    for (place, jump) in [TimeDelta::hours(2), TimeDelta::days(1), -TimeDelta::hours(2), -TimeDelta::days(1)]
        .into_iter()
        .enumerate()
    {
        let (sender, other) = (app.another(|_| {}).await, app.another(|_| {}).await);
        let gate = Arc::new(Semaphore::new(0));
        let person = [marie.person("Benali").await];
        sender.network().plays("+33612342030", [Part::Hold(Arc::clone(&gate))]);
        let campaign = marie.sends(&person, &format!("Saut {place}")).await;
        let sending = tokio::spawn({
            let sender = sender.clone();
            async move { sender.dispatch_all().await }
        });
        sender.network().reached_by(1).await;
        app.advance(jump);
        other.dispatch_all().await;
        let state = if jump > TimeDelta::zero() { "unknown" } else { "sending" };
        assert_eq!(marie.campaign(&campaign).await["progress"][state], 1, "{jump}");
        gate.add_permits(1);
        sending.await.expect("it ends");
        other.dispatch_all().await;
        let after = marie.campaign(&campaign).await;
        assert_eq!((&after["state"], &after["progress"]["delivered"]), (&json!("COMPLETED"), &json!(1)));
        assert_eq!((sender.network().submitted().len(), other.network().submitted().len()), (1, 0));
        app.advance(-jump);
    }
}
