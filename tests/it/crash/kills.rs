//! A server killed at any moment, and at each place that is named: nothing lost, nothing sent twice, nothing charged twice.

use std::time::Duration;

use api::fault::Point;
use envoi_tests::gateway::Manner;
use envoi_tests::process::Server;
use envoi_tests::{Backend, TestEntropy, plainly};
use serde_json::json;

use super::campaigns::Ask;
use super::figures::{Figure, Round};
use super::rig::{CAMPAIGNS, IN_FLIGHT, Rig, Setup, left};

/// Servers that left more messages in doubt than may be under way at once.
pub(super) fn beyond() -> String {
    format!(
        "(SELECT lease_owner FROM message WHERE state = 'SENDING'
        GROUP BY lease_owner HAVING COUNT(*) > {IN_FLIGHT}) AS beyond"
    )
}
/// Messages with two attempts that may both have been accepted.
pub(super) const TWICE: &str =
    "(SELECT message_id FROM attempt WHERE outcome IS NULL OR outcome <> 'NOT_SENT'
    GROUP BY message_id HAVING COUNT(*) > 1) AS doubled";
/// Each place to die at once, and as many deaths at any moment.
const EACH_PLACE: u64 = 2 * Point::ALL.len() as u64;
/// How long a server lives at most that is to die at a place it does not pass.
const LONGEST_LIFE: Duration = Duration::from_millis(2_500);
const CANCEL: &str = "mutation($id: ID!) { cancelCampaign(input: { campaign: $id }) { errors { code } } }";

#[test]
fn killed_again_and_again_on_sqlite() {
    plainly(async || figure(Backend::Sqlite, 1_000).await);
}

#[test]
fn killed_again_and_again_on_postgres() {
    plainly(async || figure(Backend::Postgres, 300).await);
}

async fn figure(backend: Backend, full: u64) {
    let figure = Figure { name: "kills", backend, full };
    let recipients = if std::env::var_os("ENVOI_TORTURE").is_some() { 10_000 } else { 500 };
    figure
        .reach(EACH_PLACE, 2 * EACH_PLACE, async |seed, kills| round(backend, seed, kills, recipients).await)
        .await;
}

/// How a server dies.
#[derive(Debug, Clone, Copy)]
enum Death {
    After(Duration),
    At(Point, usize),
}

impl Death {
    /// Each place in turn, and as often at any moment.
    fn of(kill: u64, chance: &TestEntropy) -> Self {
        let turn = usize::try_from(kill / 2).expect("small") % Point::ALL.len();
        if kill.is_multiple_of(2) {
            Self::After(Duration::from_millis(chance.next() % 400))
        } else {
            let point = Point::ALL[turn];
            // A server passes these once in its life, if at all.
            let once = matches!(
                point,
                Point::SendWritten
                    | Point::SendCommitted
                    | Point::SweepWritten
                    | Point::CancelWritten
                    | Point::CancelCommitted
            );
            Self::At(point, if once { 1 } else { 1 + chance.below(4) })
        }
    }
}

async fn round(backend: Backend, seed: u64, kills: u64, recipients: usize) -> Round {
    let chance = TestEntropy::seeded(seed);
    let setup = Setup { manner: Manner::Kind, seed, recipients, in_flight: IN_FLIGHT, patience: 1 };
    let rig = Rig::new(backend.demo().await, setup).await;
    let (mut asked, mut died_at) = (Asked::default(), Vec::new());
    for kill in 0..kills {
        let death = Death::of(kill, &chance);
        let died = match death {
            Death::After(_) => {
                let server = rig.start(&[]).await;
                let died = live(&rig, &server, death, &mut asked, &chance).await;
                assert!(!died, "it died by itself, unasked, at kill {kill}");
                server.kill().await;
                false
            }
            Death::At(point, times) => {
                let fault = format!("{point}:{times}");
                match rig.try_start(&[("FAULT_POINT", fault.as_str())]).await {
                    Some(server) => {
                        let died = live(&rig, &server, death, &mut asked, &chance).await;
                        server.kill().await;
                        died
                    }
                    // It had work to do, and came to the place at once.
                    None => true,
                }
            }
        };
        if let Death::At(point, _) = death
            && died
        {
            died_at.push(point.to_string());
        }
        assert_eq!(
            rig.count(&beyond()).await,
            0,
            "more requests under way than the window at kill {kill}, {death:?}"
        );
    }
    let server = rig.start(&[]).await;
    if let Some(ask) = asked.open {
        ask.send(&rig, &server).await;
    }
    rig.settle(&server).await;
    assert_eq!(server.stop().await, Some(0));
    let found = rig.all_was_sent().await;
    let people = u64::try_from(recipients).expect("small");
    let whole = rig.count("campaign").await;
    assert_eq!(whole, asked.campaigns, "each campaign that was answered is there, and no other");
    assert_eq!(rig.count("message").await, whole * people, "each campaign has all its messages");
    assert_eq!(rig.count(TWICE).await, 0);
    let ambiguous = u64::try_from(found.ambiguous).expect("small");
    assert!(ambiguous <= kills * IN_FLIGHT, "{ambiguous} in doubt after {kills} kills");
    let at_points = died_at.len() as u64;
    died_at.sort_unstable();
    died_at.dedup();
    println!("{backend:?}: {kills} kills, {at_points} at {died_at:?}, {whole} campaigns: {found:?}");
    assert!(died_at.len() * 2 > Point::ALL.len(), "most places are passed in a round: {died_at:?}");
    rig.close().await;
    let counts = [("at_points", at_points), ("accepted", found.accepted as u64), ("ambiguous", ambiguous)];
    Round { done: kills, counts: counts.to_vec() }
}

/// Has a server work until its death is due; answers whether it died by itself.
async fn live(rig: &Rig, server: &Server, death: Death, asked: &mut Asked, chance: &TestEntropy) -> bool {
    let life = match death {
        Death::After(life) => life,
        Death::At(..) => LONGEST_LIFE,
    };
    let work = async {
        asked.go_on(rig, server, chance).await;
        if matches!(death, Death::At(Point::CancelWritten | Point::CancelCommitted, _)) {
            cancel(rig, server).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = work => unreachable!("it never ends"),
        () = server.ended() => true,
        () = tokio::time::sleep(life) => false,
    }
}

/// What was asked of the servers.
#[derive(Default)]
struct Asked {
    campaigns: u64,
    /// What may not have been answered.
    open: Option<Ask>,
}

impl Asked {
    /// Asks again, under the same key, what was not answered; else sends to the crowd once more if nothing is under way.
    async fn go_on(&mut self, rig: &Rig, server: &Server, chance: &TestEntropy) {
        if self.open.is_none() {
            let now = server.try_graphql(Some(&rig.token), CAMPAIGNS, json!({})).await;
            if now.is_ok_and(|now| left(&now["data"]) == 0) {
                self.open = Ask::try_preview(rig, server, chance).await;
                self.campaigns += u64::from(self.open.is_some());
            }
        }
        if let Some(ask) = &self.open
            && let Some(answer) = ask.try_send(rig, server).await
        {
            assert_eq!(answer["errors"], json!([]), "{answer}");
            self.open = None;
        }
    }
}

/// Cancels what is under way, if anything is.
async fn cancel(rig: &Rig, server: &Server) {
    let Ok(now) = server.try_graphql(Some(&rig.token), CAMPAIGNS, json!({})).await else {
        return;
    };
    let campaigns = envoi_tests::nodes(&now["data"]["viewer"]["structure"]["campaigns"]);
    for campaign in campaigns.iter().filter(|campaign| campaign["state"] == "DISPATCHING") {
        let _ = server.try_graphql(Some(&rig.token), CANCEL, json!({ "id": campaign["id"] })).await;
    }
}
