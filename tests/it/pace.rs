//! The dispatcher under load and trouble: whose turn it is, how fast, through which provider, until when.

mod breaker;
mod ending;
mod expiry;
mod rates;
mod turns;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use api::caller::Operator;
use api::services::operator::{self, NewSettings, NewSubscription};
use entity::enums::SubscriptionState;
use entity::ids::StructureId;
use envoi_tests::{Actor, TestApp};
use serde_json::{Value, json};

/// Far above what anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// So many people of a structure, of a tag of their own, none of whom the sandbox refuses, and credit to write to them; `series` is theirs alone, of
/// two digits. Answers their numbers.
async fn crowd(app: &TestApp, structure: StructureId, series: u32, count: usize) -> Vec<String> {
    let mut file = "Identifiant;Nom;Prénom;Mobile;Tags\n".to_owned();
    let mut numbers = Vec::new();
    for person in 0..count {
        let number = 1_000 + (person / 90) * 100 + person % 90;
        writeln!(file, "P{series}-{person};Foule;P{person};06{series}{number:06};Foule{series}")
            .expect("a string takes all");
        numbers.push(format!("+336{series}{number:06}"));
    }
    let (summary, _) = app.import(structure, file.as_bytes()).await.expect("imported");
    assert_eq!(usize::try_from(summary.added), Ok(count));
    app.give(structure, i64::try_from(count).expect("small")).await;
    numbers
}

/// Writes to that crowd.
async fn writes_to(app: &TestApp, actor: &Actor, series: u32, text: &str) -> Value {
    let tag = actor.tag(&format!("Foule{series}")).await;
    let audience = json!({ "matching": { "filter": { "tags": { "all": [tag] } } } });
    let preview = actor.preview_of(audience, text).await;
    let mut payload = actor.send(&preview, app.key()).await;
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload["campaign"].take()
}

/// Zoé, whose structure may send from now on, and her structure.
async fn zoe(app: &TestApp) -> (Actor, StructureId) {
    let (ctx, operator) = (app.ctx(), Operator::at_the_command_line());
    let structure = app.structure("Harmonie de la Vallée").await;
    let state = Some(SubscriptionState::Active);
    let subscription = NewSubscription { structure, state, starts_at: None, ends_at: None };
    operator::set_subscription(&ctx, operator, subscription).await.expect("a subscription can be set");
    sends_through(app, structure, "sandbox").await;
    (app.zoe().await, structure)
}

/// Has a structure send through a provider, under a sender of its own.
async fn sends_through(app: &TestApp, structure: StructureId, provider: &str) {
    let settings = NewSettings {
        structure,
        sender: Some("HARMONIE".to_owned()),
        stop_mention: Some(".STOP 36111".to_owned()),
        provider: Some(provider.to_owned()),
        encoding_policy: None,
        holidays: None,
    };
    let operator = Operator::at_the_command_line();
    operator::set_settings(&app.ctx(), operator, settings).await.expect("settings can be set");
}

/// What reached the network, by the first word of each text.
fn arrived(app: &TestApp) -> Vec<String> {
    let first = |text: &str| text.split_whitespace().next().unwrap_or_default().to_owned();
    app.network().submitted().iter().map(|sms| first(&sms.text)).collect()
}

/// Has campaigns whose text begins so go through the network's second name.
async fn through_second(app: &TestApp, text: &str) {
    app.plant(&format!("UPDATE campaign SET provider = 'second' WHERE text LIKE '{text}%'")).await;
}

/// Sends until what is awaited has come, then stops.
async fn sending<T>(app: &TestApp, awaited: impl Future<Output = T>) -> T {
    let dispatcher = api::dispatch::spawn(Arc::clone(app.app()));
    let done = tokio::time::timeout(PATIENCE, awaited).await.expect("it takes too long");
    dispatcher.stop().await;
    done
}
