//! So many requests a second, and no more. These tests measure time: what must be late is, and what must not be is not by far.

use std::num::NonZeroU32;
use std::time::Duration;

use api::config::Config;
use envoi_tests::{TestApp, both};
use serde_json::json;
use tokio::time::Instant;

use super::{arrived, crowd, sending, through_second, writes_to, zoe};

both!(
    a_structure_at_its_rate_does_not_hold_back_others,
    a_provider_at_its_rate_does_not_hold_back_others,
    what_waits_for_a_rate_is_queued_and_little_of_it_claimed,
);

/// Between what comes at once and what comes a second later, far from both: a busy machine takes its time for either.
const BETWEEN: Duration = Duration::from_millis(500);

fn structures_at_one(config: &mut Config) {
    config.dispatch.structure_rate = NonZeroU32::new(1);
}

async fn a_structure_at_its_rate_does_not_hold_back_others(app: TestApp) {
    let (zoe, harmonie) = zoe(&app).await;
    let marie = app.marie().await;
    crowd(&app, app.quatre_vents().await, 70, 50).await;
    crowd(&app, harmonie, 71, 1).await;
    let sender = app.another(structures_at_one).await;
    writes_to(&app, &marie, 70, "Grand envoi").await;
    writes_to(&app, &zoe, 71, "Petit envoi").await;
    let (second, third) = sending(&sender, async {
        sender.network().reached_by(1).await;
        let first = Instant::now();
        sender.network().reached_by(1).await;
        let second = first.elapsed();
        sender.network().reached_by(1).await;
        (second, first.elapsed())
    })
    .await;
    let mut arrived = arrived(&sender);
    arrived.truncate(3);
    arrived[..2].sort_unstable();
    assert_eq!(arrived, ["Grand", "Petit", "Grand"]);
    assert!(second < BETWEEN && third >= BETWEEN, "{second:?}, {third:?}");
}

async fn a_provider_at_its_rate_does_not_hold_back_others(app: TestApp) {
    let (zoe, harmonie) = zoe(&app).await;
    let marie = app.marie().await;
    crowd(&app, app.quatre_vents().await, 70, 50).await;
    crowd(&app, harmonie, 71, 1).await;
    let sender = app.another(|config| config.dispatch.provider_rate = NonZeroU32::new(1)).await;
    writes_to(&app, &marie, 70, "Lent envoi").await;
    writes_to(&app, &marie, 70, "Autre envoi").await;
    writes_to(&app, &zoe, 71, "Petit envoi").await;
    through_second(&app, "Petit").await;
    let (second, third) = sending(&sender, async {
        sender.network().reached_by(1).await;
        let first = Instant::now();
        sender.network().reached_by(1).await;
        let second = first.elapsed();
        sender.network().reached_by(1).await;
        (second, first.elapsed())
    })
    .await;
    let arrived = arrived(&sender);
    assert!(arrived[..2].contains(&"Petit".to_owned()), "{arrived:?}");
    assert!(second < BETWEEN && third >= BETWEEN, "{second:?}, {third:?}");
}

async fn what_waits_for_a_rate_is_queued_and_little_of_it_claimed(app: TestApp) {
    let marie = app.marie().await;
    crowd(&app, app.quatre_vents().await, 70, 300).await;
    let sender = app.another(structures_at_one).await;
    let campaign = writes_to(&app, &marie, 70, "Grand envoi").await;
    let claimed = sending(&sender, async {
        sender.network().reached_by(2).await;
        let leased =
            "SELECT COUNT(*) AS count FROM message WHERE state = 'QUEUED' AND lease_owner IS NOT NULL";
        super::ending::counted(&app, leased).await
    })
    .await;
    assert!((1..=7).contains(&claimed), "what leaves within a quarter of a lease is claimed: {claimed}");
    let progress = marie.campaign(&campaign).await["progress"].take();
    assert_eq!((&progress["sending"], &progress["unknown"]), (&json!(0), &json!(0)), "{progress}");
    assert!(progress["queued"].as_i64() >= Some(290), "{progress}");
}
