//! Whoever has little to send does not wait for whoever has much.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use api::config::Config;
use chrono::TimeDelta;
use envoi_tests::{Part, TestApp, both};
use serde_json::json;
use tokio::sync::Semaphore;

use super::{arrived, crowd, sending, sends_through, writes_to, zoe};

both!(
    structures_take_turns,
    campaigns_of_a_structure_take_turns,
    every_campaign_is_passed_in_a_round,
    whoever_comes_in_later_has_a_turn_at_once,
    a_provider_that_is_slow_holds_back_its_own_alone,
    a_look_costs_as_much_however_long_the_queue,
    what_is_paused_or_not_due_takes_no_turn,
    a_rate_that_binds_starves_no_campaign,
    what_is_claimed_twice_leaves_once,
);

fn one_at_a_time(config: &mut Config) {
    config.dispatch.in_flight = 1;
}

fn two_at_a_time(config: &mut Config) {
    config.dispatch.in_flight = 2;
}

/// After how many requests the last of these came.
fn last(arrived: &[String], word: &str) -> usize {
    arrived.iter().rposition(|one| one == word).map_or(0, |at| at + 1)
}

fn count(arrived: &[String], word: &str) -> usize {
    arrived.iter().filter(|one| *one == word).count()
}

async fn structures_take_turns(app: TestApp) {
    let (zoe, harmonie) = zoe(&app).await;
    let marie = app.marie().await;
    crowd(&app, app.quatre_vents().await, 70, 700).await;
    crowd(&app, harmonie, 71, 10).await;
    let sender = app.another(one_at_a_time).await;
    writes_to(&app, &marie, 70, "Grand envoi").await;
    writes_to(&app, &zoe, 71, "Petit envoi").await;
    sender.dispatch_all().await;
    let arrived = arrived(&sender);
    assert_eq!((arrived.len(), last(&arrived, "Petit")), (710, 20), "one by one");
}

async fn campaigns_of_a_structure_take_turns(app: TestApp) {
    let (zoe, harmonie) = zoe(&app).await;
    let marie = app.marie().await;
    let quatre_vents = app.quatre_vents().await;
    crowd(&app, quatre_vents, 70, 700).await;
    crowd(&app, quatre_vents, 72, 10).await;
    crowd(&app, harmonie, 71, 10).await;
    let sender = app.another(one_at_a_time).await;
    writes_to(&app, &marie, 70, "Grand envoi").await;
    writes_to(&app, &marie, 72, "Moyen envoi").await;
    writes_to(&app, &zoe, 71, "Petit envoi").await;
    sender.dispatch_all().await;
    let arrived = arrived(&sender);
    // Her structure has half of the turns; his two campaigns share the other half.
    assert_eq!((last(&arrived, "Petit"), last(&arrived, "Moyen")), (20, 30));
}

async fn every_campaign_is_passed_in_a_round(app: TestApp) {
    let marie = app.marie().await;
    let quatre_vents = app.quatre_vents().await;
    crowd(&app, quatre_vents, 70, 300).await;
    app.give(quatre_vents, 1_000).await;
    let sender = app.another(|config| {
        config.dispatch.in_flight = 1;
        config.dispatch.claim = 8;
    });
    let sender = sender.await;
    // More campaigns than one claim passes, of which the first ones have the most.
    for campaign in 0..3 {
        writes_to(&app, &marie, 70, &format!("Grand{campaign} envoi")).await;
    }
    for campaign in 0..7 {
        marie.sends(&marie.musicians(2).await, &format!("Petit{campaign} envoi")).await;
    }
    sender.dispatch_all().await;
    let arrived = arrived(&sender);
    assert_eq!(arrived.len(), 914);
    for campaign in 0..7 {
        let last = last(&arrived, &format!("Petit{campaign}"));
        assert!(last <= 60, "two rounds, of ten campaigns with a few each: {last}");
    }
}

async fn whoever_comes_in_later_has_a_turn_at_once(app: TestApp) {
    let (zoe, harmonie) = zoe(&app).await;
    let marie = app.marie().await;
    let numbers = crowd(&app, app.quatre_vents().await, 70, 600).await;
    crowd(&app, harmonie, 71, 10).await;
    let sender = app.another(two_at_a_time).await;
    let held = Arc::new(Semaphore::new(0));
    for number in &numbers {
        sender.network().plays(number, [Part::Hold(Arc::clone(&held))]);
    }
    writes_to(&app, &marie, 70, "Grand envoi").await;
    let coming = async {
        sender.network().reached_by(2).await;
        // What was claimed by now is of one campaign alone.
        writes_to(&sender, &zoe.at(&sender), 71, "Petit envoi").await;
        held.add_permits(1_000);
        sender.network().reached_by(100).await;
    };
    sending(&sender, coming).await;
    let arrived = arrived(&sender);
    assert_eq!(count(&arrived, "Petit"), 10);
    assert!(last(&arrived, "Petit") < 60, "{}", last(&arrived, "Petit"));
}

async fn a_provider_that_is_slow_holds_back_its_own_alone(app: TestApp) {
    let (zoe, harmonie) = zoe(&app).await;
    let marie = app.marie().await;
    let numbers = crowd(&app, app.quatre_vents().await, 70, 50).await;
    crowd(&app, harmonie, 71, 20).await;
    let sender = app.another(|config| config.dispatch.in_flight = 8).await;
    let held = Arc::new(Semaphore::new(0));
    for number in &numbers {
        sender.network().plays(number, [Part::Hold(Arc::clone(&held))]);
    }
    sends_through(&app, harmonie, "second").await;
    writes_to(&app, &marie, 70, "Lent envoi").await;
    let coming = async {
        sender.network().reached_by(6).await;
        writes_to(&sender, &zoe.at(&sender), 71, "Petit envoi").await;
        sender.network().reached_by(20).await;
        let arrived = arrived(&sender);
        assert_eq!(
            (count(&arrived, "Lent"), count(&arrived, "Petit")),
            (6, 20),
            "two of eight are kept free"
        );
        held.add_permits(1_000);
    };
    sending(&sender, coming).await;
}

async fn a_look_costs_as_much_however_long_the_queue(app: TestApp) {
    let marie = app.marie().await;
    let quatre_vents = app.quatre_vents().await;
    crowd(&app, quatre_vents, 70, 1_500).await;
    let sender = app.another(|config| config.dispatch.claim = 10).await;
    let ten = marie.musicians(10).await;
    marie.sends(&ten, "Petit envoi").await;
    let ((), few) = sender.statements(sender.dispatch_all()).await;
    marie.sends(&ten, "Petit envoi").await;
    writes_to(&app, &marie, 70, "Grand envoi").await;
    // All but ten are another's for now: as many are claimed as before.
    let until = app.app().now().timestamp_millis() + 30_000;
    app.plant(&format!(
        "UPDATE message SET lease_until = {until} WHERE campaign_id IN (SELECT id FROM campaign WHERE text LIKE 'Grand%')"
    ))
    .await;
    let ((), many) = sender.statements(sender.dispatch_all()).await;
    // Ten may be recorded in one go or in two.
    assert!(many <= 2 * few, "{few} statements, then {many}");
    app.advance(TimeDelta::seconds(31));
}

async fn what_is_paused_or_not_due_takes_no_turn(app: TestApp) {
    let marie = app.marie().await;
    let sender = app.another(|config| config.dispatch.claim = 1).await;
    let mut campaigns = Vec::new();
    for campaign in 0..6 {
        campaigns.push(marie.sends(&marie.musicians(1).await, &format!("Envoi{campaign}")).await);
    }
    let pause = "mutation($id: ID!) { pauseCampaign(input: { campaign: $id }) { errors { code } } }";
    for campaign in &campaigns[..3] {
        marie.query(pause, json!({ "id": campaign["id"] })).await;
    }
    let later = app.app().now().timestamp_millis() + 1_000;
    app.plant(&format!(
        "UPDATE message SET next_attempt_at = {later} WHERE campaign_id IN (SELECT id FROM campaign WHERE text LIKE 'Envoi3%')"
    ))
    .await;
    sender.dispatch_all().await;
    assert_eq!(arrived(&sender).len(), 2);
    let resume = "mutation($id: ID!) { resumeCampaign(input: { campaign: $id }) { errors { code } } }";
    for campaign in &campaigns[..3] {
        marie.query(resume, json!({ "id": campaign["id"] })).await;
    }
}

async fn a_rate_that_binds_starves_no_campaign(app: TestApp) {
    let marie = app.marie().await;
    let quatre_vents = app.quatre_vents().await;
    crowd(&app, quatre_vents, 70, 100).await;
    crowd(&app, quatre_vents, 72, 150).await;
    crowd(&app, quatre_vents, 71, 5).await;
    // At most twenty-five are in hand: what leaves within a quarter of a lease.
    let sender = app.another(|config| {
        config.dispatch.structure_rate = NonZeroU32::new(100);
        config.dispatch.lease = Duration::from_secs(1);
    });
    let sender = sender.await;
    writes_to(&app, &marie, 70, "Premier envoi").await;
    let all_arrive = async {
        sender.network().reached_by(1).await;
        writes_to(&sender, &marie.at(&sender), 72, "Grand envoi").await;
        writes_to(&sender, &marie.at(&sender), 71, "Petit envoi").await;
        while count(&arrived(&sender), "Petit") < 5 {
            sender.network().reached_by(1).await;
        }
    };
    sending(&sender, all_arrive).await;
    let arrived = arrived(&sender);
    assert!(
        count(&arrived, "Grand") < 50,
        "the smaller does not wait for the larger to end: {}",
        arrived.len()
    );
    assert!(count(&arrived, "Premier") < 100, "nor for the first: {}", arrived.len());
}

/// As after a clock was set forward: the leases of what is in hand are over, for whoever looks.
async fn what_is_claimed_twice_leaves_once(app: TestApp) {
    let marie = app.marie().await;
    let numbers = crowd(&app, app.quatre_vents().await, 70, 20).await;
    let sender = app.another(|config| config.dispatch.in_flight = 8).await;
    let held = Arc::new(Semaphore::new(0));
    for number in &numbers {
        sender.network().plays(number, [Part::Hold(Arc::clone(&held))]);
    }
    let soon = app.app().now() + TimeDelta::seconds(45);
    let again = format!(
        "SELECT COUNT(*) AS count FROM message WHERE state = 'QUEUED' AND lease_until > {}",
        soon.timestamp_millis()
    );
    writes_to(&app, &marie, 70, "Premier envoi").await;
    sending(&sender, async {
        sender.network().reached_by(6).await;
        app.advance(TimeDelta::seconds(31));
        while super::ending::counted(&app, &again).await < 14 {
            tokio::task::yield_now().await;
        }
        held.add_permits(1_000);
        sender.network().reached_by(14).await;
        writes_to(&sender, &marie.at(&sender), 70, "Second envoi").await;
        sender.network().reached_by(20).await;
    })
    .await;
    let arrived = arrived(&sender);
    assert_eq!((count(&arrived, "Premier"), count(&arrived, "Second")), (20, 20), "each leaves once");
}
