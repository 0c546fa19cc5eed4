//! Histories of chance, beside a model as simple as can be: after each step every row is what it should be, and in the end the audit
//! finds nothing.
//!
//! A history is a message's: its sending, what the provider does with each request, reports, what time, people and crashes do to it.
//! `ENVOI_TEST_HISTORIES` says how many at least, `ENVOI_TEST_SEED` which.

mod book;
mod model;
mod provider;
mod steps;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::time::Duration;

use api::config::Config;
use chrono::TimeDelta;
use entity::enums::MessageState as S;
use envoi_tests::{Backend, TestApp, on};
use serde_json::json;

use book::{Book, count};
use model::TRIES;
use provider::Provider;

/// Histories of a test, unless told otherwise.
const HISTORIES: usize = 10_000;
/// People that a book writes to.
const PEOPLE: usize = 520;
/// Campaigns of a book.
const CAMPAIGNS: usize = 5;
/// What the demonstration gives the Quatre Vents.
const GIVEN: i64 = 228;
/// What all histories together must show, so that none holds by never happening.
const ENDS: [&str; 9] = [
    "Delivered",
    "Undelivered",
    "NoReport",
    "Rejected",
    "Suppressed",
    "WrittenOff",
    "HandedOver",
    "Lost",
    "Delivered at a later attempt",
];

#[test]
fn histories_on_sqlite() {
    histories(Backend::Sqlite);
}

#[test]
fn histories_on_postgres() {
    histories(Backend::Postgres);
}

fn histories(backend: Backend) {
    let wanted = std::env::var("ENVOI_TEST_HISTORIES").ok();
    let wanted =
        wanted.map_or(HISTORIES, |wanted| wanted.parse().expect("ENVOI_TEST_HISTORIES is a whole number"));
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let mut told = 0;
    while told < wanted {
        on(backend, async |app| {
            let book = lived(app).await;
            told += book.campaigns.iter().map(|campaign| campaign.messages.len()).sum::<usize>();
            for (end, many) in book.ends() {
                *ends.entry(end).or_default() += many;
            }
        });
    }
    println!("{told} histories: {ends:?}");
    for end in ENDS {
        assert!(ends.contains_key(end), "no history ends {end}: {ends:?}");
    }
}

/// Several windows and claims a campaign.
fn settings(config: &mut Config) {
    config.dispatch.max_attempts = u32::try_from(TRIES).expect("few");
    config.dispatch.in_flight = 90;
    config.dispatch.claim = 200;
    // Each message is a history of its own: what one meets must not hold up another.
    config.dispatch.breaker = None;
    // Days pass between steps: what is too old to be sent is another test's.
    config.dispatch.expire = Duration::from_hours(24 * 365);
}

async fn opened(app: TestApp) -> Book {
    let app = app.another(settings).await;
    let (mut file, mut people) = ("Identifiant;Nom;Prénom;Mobile;Tags\n".to_owned(), BTreeMap::new());
    for person in 0..PEOPLE {
        // The sandbox, which answers what was held, delivers to numbers that end so.
        let number = 10_000 + (person / 90) * 100 + person % 90;
        writeln!(file, "H{person};Foule;P{person};06 70 0{number};Foule").expect("a string takes all");
        people.insert(format!("+336700{number}"), format!("H{person}"));
    }
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("imported");
    let marie = app.marie().await;
    let audience = json!({ "matching": { "filter": { "tags": { "all": [marie.tag("Foule").await] } } } });
    let provider = Provider::new(app.chance().next());
    provider.takes(app.network());
    Book {
        app,
        marie,
        provider,
        audience,
        people,
        refused: BTreeSet::new(),
        campaigns: Vec::new(),
        given: GIVEN,
        attempts: HashMap::new(),
    }
}

/// A book from its first campaign to its last settled message.
async fn lived(app: TestApp) -> Book {
    let mut book = opened(app).await;
    let other = book.app.another(settings).await;
    book.provider.takes(other.network());
    while book.campaigns.len() < CAMPAIGNS {
        book.send().await;
        book.check("a send").await;
        for _ in 0..8 {
            let done = match book.below(12) {
                0 => {
                    book.give(100).await;
                    "credit given"
                }
                1..4 => {
                    book.dispatch(&[]).await;
                    "a dispatch"
                }
                4 => {
                    book.dispatch(std::slice::from_ref(&other)).await;
                    "a dispatch of two"
                }
                5 => {
                    book.crash().await;
                    "a crash"
                }
                6 | 7 => {
                    book.report().await;
                    "reports"
                }
                8 => {
                    book.opt_out().await;
                    "an opt-out"
                }
                9 => {
                    book.steer().await;
                    "a campaign steered"
                }
                _ => {
                    book.advance().await;
                    "time"
                }
            };
            book.check(done).await;
        }
    }
    settle(&mut book).await;
    book
}

/// Goes on until nothing is open, then counts.
async fn settle(book: &mut Book) {
    let resume = "mutation($id: ID!) { resumeCampaign(input: { campaign: $id }) { errors { code } } }";
    for place in 0..book.campaigns.len() {
        book.marie.query(resume, book.named(place)).await;
        book.campaigns[place].paused = false;
    }
    while !book.campaigns.iter().all(book::Campaign::over) {
        book.dispatch(&[]).await;
        book.check("a last dispatch").await;
        book.app.advance(TimeDelta::hours(25));
        book.marie = book.app.marie().await;
    }
    book.report().await;
    book.check("the last reports").await;
    book.check_transfers().await;
    let stuck =
        book.messages().filter(|one| matches!(one.state, S::Queued | S::Sending | S::Unknown)).count();
    assert_eq!(count(stuck), 0);
}
