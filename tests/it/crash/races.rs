//! Races played many times: of 64 sends at once with credit for one, one wins; a key asked a hundred times at once, by clients of which
//! some leave, sends once.

use envoi_tests::{Actor, Backend, TestApp, plainly};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::figures::{Figure, Round};
use crate::racing::{all_at_once, campaigns, polled, sent};

/// Sends at once, with credit for one.
const RIVALS: usize = 64;
/// Requests at once under one key.
const REPEATED: usize = 100;

#[test]
fn one_of_many_wins_on_sqlite() {
    plainly(async || one_wins(Backend::Sqlite).await);
}

#[test]
fn one_of_many_wins_on_postgres() {
    plainly(async || one_wins(Backend::Postgres).await);
}

#[test]
fn a_key_sends_once_on_sqlite() {
    plainly(async || one_key(Backend::Sqlite).await);
}

#[test]
fn a_key_sends_once_on_postgres() {
    plainly(async || one_key(Backend::Postgres).await);
}

async fn one_wins(backend: Backend) {
    let figure = Figure { name: "one-wins", backend, full: 10_000 };
    figure
        .reach(2, 100, async |_, rounds| {
            let app = TestApp::demo(backend).await;
            let nils = app.nils().await;
            let structure = app.structure("Fédération du Littoral").await;
            let people = vec![nils.person("Olsen").await];
            for round in 1..=rounds {
                app.give(structure, 1).await;
                let mut sends = Vec::new();
                for _ in 0..RIVALS {
                    sends.push((nils.preview(&people, "Bonjour").await, app.key()));
                }
                let payloads = all_at_once(&app, &nils, sends).await;
                assert_eq!(sent(&payloads).len(), 1, "round {round}: {payloads:?}");
                assert_eq!(campaigns(&app).await, round);
                app.dispatch_all().await;
            }
            app.finish().await;
            Round { done: rounds, counts: vec![("sends", rounds * RIVALS as u64)] }
        })
        .await;
}

async fn one_key(backend: Backend) {
    let figure = Figure { name: "one-key", backend, full: 10_000 };
    figure
        .reach(4, 100, async |_, keys| {
            let app = TestApp::demo(backend).await;
            let marie = app.marie().await;
            app.give(app.quatre_vents().await, 10_000).await;
            let people = marie.musicians(1).await;
            for key in 1..=keys {
                let preview = marie.preview(&people, &format!("Bonjour {key}")).await;
                one_key_once(&app, &marie, &preview).await;
                assert_eq!(campaigns(&app).await, key);
            }
            app.dispatch_all().await;
            app.finish().await;
            Round { done: keys, counts: vec![("requests", keys * REPEATED as u64)] }
        })
        .await;
}

/// Asks a hundred times at once under one key; every fifth client leaves at some point before the answer.
async fn one_key_once(app: &TestApp, actor: &Actor, preview: &Value) {
    let key = app.key();
    let mut answers = JoinSet::new();
    for number in 0..REPEATED {
        let (actor, preview) = (actor.clone(), preview.clone());
        let leaves = (number % 5 == 0).then(|| 1 + app.chance().below(8));
        answers.spawn(async move {
            match leaves {
                Some(polls) => {
                    polled(actor.send(&preview, key), polls).await;
                    None
                }
                None => Some(actor.send(&preview, key).await),
            }
        });
    }
    let answers: Vec<Value> = answers.join_all().await.into_iter().flatten().collect();
    let first = &answers[0]["campaign"];
    assert!(first["id"].is_string(), "{}", answers[0]);
    for answer in &answers {
        assert_eq!(
            (&answer["errors"], &answer["campaign"]["id"]),
            (&json!([]), &first["id"]),
            "one answer for all"
        );
    }
}
