//! Whether a provider is well: a breaker for each, as this instance sees it.
//!
//! Owns what outcomes say of a provider as a whole. What becomes of each message is for whoever sends.
//!
//! Architecture Invariant: a provider is closed for what says that it is ill, in a row: not sent, misconfigured, in doubt. A refusal of a message is an
//! answer, of a provider that is well. While it is closed nothing is asked of it, and then one request at a time until one is answered.

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::outcome::Outcome;

/// So many failures in a row, whatever was asked, are no chance.
const FAILURES: u32 = 5;
/// How long a provider is left alone at most, unless it asks for longer: what waits must not wait long for one that is well again.
const LONGEST: TimeDelta = TimeDelta::minutes(5);
/// The longest that a provider may ask for.
const LONGEST_ASKED: TimeDelta = TimeDelta::days(1);

/// How a provider may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As much as one likes.
    Well,
    /// One request at a time, to see whether it is well again.
    Probed,
    /// Not at all.
    Closed,
}

/// What an outcome changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing that anyone need know.
    None,
    /// The provider was closed.
    Closed,
    /// It is well again.
    Reopened,
}

#[derive(Debug, Default)]
struct Breaker {
    /// Failures since it last answered.
    failures: u32,
    closed: Option<Closed>,
}

#[derive(Debug, Clone, Copy)]
struct Closed {
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    /// How long it was to be left alone by our own choice.
    wait: TimeDelta,
}

impl Closed {
    fn from(now: DateTime<Utc>, wait: TimeDelta, asked: TimeDelta) -> Self {
        Self { since: now, until: now + wait.max(asked), wait }
    }

    /// A clock that was set back says nothing of the provider.
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        now >= self.until || now < self.since
    }
}

/// The health of all providers, by name.
#[derive(Debug, Default)]
pub struct Health(Mutex<HashMap<String, Breaker>>);

impl Health {
    /// How a provider may be asked now.
    #[must_use]
    pub fn standing(&self, provider: &str, now: DateTime<Utc>) -> Standing {
        self.with(|all| all.get(provider).map_or(Standing::Well, |breaker| breaker.standing(now)))
    }

    /// Those that may not be asked as much as one likes now.
    #[must_use]
    pub fn troubled(&self, now: DateTime<Utc>) -> Vec<(String, Standing)> {
        self.with(|all| {
            let standings = all.iter().map(|(name, breaker)| (name.clone(), breaker.standing(now)));
            standings.filter(|(_, standing)| *standing != Standing::Well).collect()
        })
    }

    /// Takes note of what came of a request. One that is found ill is left alone for `first`, then for twice as long each time.
    pub fn note(&self, provider: &str, outcome: &Outcome, now: DateTime<Utc>, first: TimeDelta) -> Turn {
        self.with(|all| all.entry(provider.to_owned()).or_default().note(outcome, now, first))
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Breaker>) -> T) -> T {
        work(&mut self.0.lock().expect("invariant: nothing panics while it holds the breakers"))
    }
}

impl Breaker {
    fn standing(&self, now: DateTime<Utc>) -> Standing {
        match self.closed {
            None => Standing::Well,
            Some(closed) if closed.is_over(now) => Standing::Probed,
            Some(_) => Standing::Closed,
        }
    }

    fn note(&mut self, outcome: &Outcome, now: DateTime<Utc>, first: TimeDelta) -> Turn {
        let asked = match outcome {
            Outcome::HandedOver { .. } | Outcome::Rejected { .. } => {
                self.failures = 0;
                // One that was under way when it was closed does not reopen it: what it asked for is still waited for.
                let reopened = self.closed.take_if(|closed| closed.is_over(now)).is_some();
                return if reopened { Turn::Reopened } else { Turn::None };
            }
            Outcome::NotSent { retry_after } => *retry_after,
            Outcome::Unknown { .. } | Outcome::Misconfigured => None,
        };
        self.failures = self.failures.saturating_add(1);
        let wanted =
            asked.map(|asked| TimeDelta::from_std(asked).unwrap_or(LONGEST_ASKED).min(LONGEST_ASKED));
        let asked = wanted.unwrap_or_default();
        match self.closed {
            None if self.failures >= FAILURES || wanted.is_some() => {
                // Asked to wait for so long, it is not left alone for longer.
                let wait = if wanted.is_some() { TimeDelta::zero() } else { first };
                self.closed = Some(Closed::from(now, wait, asked));
                return Turn::Closed;
            }
            None => {}
            // The probe failed, or what was asked before: alone for twice as long.
            Some(closed) if closed.is_over(now) => {
                let wait = (closed.wait * 2).max(first).min(LONGEST.max(first));
                self.closed = Some(Closed::from(now, wait, asked));
            }
            // What was under way when it was closed says nothing new, unless how long to wait.
            Some(closed) => {
                self.closed = Some(Closed { until: closed.until.max(now + asked), ..closed });
            }
        }
        Turn::None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::outcome::UnknownReason;

    const NOON: DateTime<Utc> = DateTime::from_timestamp(1_757_340_000, 0).expect("a constant instant");
    const FIRST: TimeDelta = TimeDelta::seconds(30);
    const NOT_SENT: Outcome = Outcome::NotSent { retry_after: None };

    fn handed_over() -> Outcome {
        Outcome::HandedOver { reference: "1".to_owned() }
    }

    fn rejected() -> Outcome {
        Outcome::Rejected { code: "BLACKLISTED".to_owned() }
    }

    fn fails(health: &Health, at: DateTime<Utc>) -> Vec<Turn> {
        (0..FAILURES).map(|_| health.note("p", &NOT_SENT, at, FIRST)).collect()
    }

    #[test]
    fn failures_in_a_row_close_it_alone_for_a_while() {
        for failure in [NOT_SENT, Outcome::Misconfigured, Outcome::Unknown { reason: UnknownReason::Timeout }]
        {
            let health = Health::default();
            let turns: Vec<Turn> = (0..6).map(|_| health.note("p", &failure, NOON, FIRST)).collect();
            let told: Vec<usize> = (0..6).filter(|at| turns[*at] != Turn::None).collect();
            assert_eq!((told, turns[4]), (vec![4], Turn::Closed), "told once");
            assert_eq!(health.standing("p", NOON), Standing::Closed);
            assert_eq!(health.standing("q", NOON), Standing::Well, "the others go on");
            assert_eq!(health.troubled(NOON), [("p".to_owned(), Standing::Closed)]);
            assert_eq!(health.standing("p", NOON + FIRST), Standing::Probed);
            assert_eq!(health.standing("p", NOON - TimeDelta::hours(1)), Standing::Probed);
        }
    }

    #[test]
    fn an_answer_begins_the_row_anew_and_a_refusal_is_one() {
        for answer in [handed_over(), rejected()] {
            let health = Health::default();
            for _ in 0..3 {
                for _ in 1..FAILURES {
                    assert_eq!(health.note("p", &NOT_SENT, NOON, FIRST), Turn::None);
                }
                assert_eq!(health.note("p", &answer, NOON, FIRST), Turn::None);
            }
            assert_eq!(health.standing("p", NOON), Standing::Well);
        }
        let health = Health::default();
        assert!((0..20).all(|_| health.note("p", &rejected(), NOON, FIRST) == Turn::None));
    }

    #[test]
    fn a_probe_that_is_answered_reopens_it_and_one_that_fails_closes_it_for_longer() {
        let health = Health::default();
        fails(&health, NOON);
        let mut at = NOON + FIRST;
        for wait in [60, 120, 240, 300, 300] {
            assert_eq!(health.note("p", &NOT_SENT, at, FIRST), Turn::None, "told when it was closed");
            let wait = TimeDelta::seconds(wait);
            assert_eq!(health.standing("p", at + wait - TimeDelta::milliseconds(1)), Standing::Closed);
            at += wait;
            assert_eq!(health.standing("p", at), Standing::Probed);
        }
        assert_eq!(health.note("p", &handed_over(), at, FIRST), Turn::Reopened);
        assert_eq!(health.standing("p", at), Standing::Well);
        assert_eq!(fails(&health, at)[4], Turn::Closed, "and so on");
    }

    #[test]
    fn what_it_asks_for_is_waited_for_by_all() {
        let asks = |seconds| Outcome::NotSent { retry_after: Some(Duration::from_secs(seconds)) };
        let health = Health::default();
        assert_eq!(health.note("p", &asks(90), NOON, FIRST), Turn::Closed);
        assert_eq!(health.note("p", &asks(100), NOON, FIRST), Turn::None, "the longer counts");
        assert_eq!(health.note("p", &handed_over(), NOON, FIRST), Turn::None, "it was under way");
        assert_eq!(health.standing("p", NOON + TimeDelta::seconds(99)), Standing::Closed);
        assert_eq!(health.standing("p", NOON + TimeDelta::seconds(100)), Standing::Probed);
        let health = Health::default();
        health.note("p", &asks(u64::MAX), NOON, FIRST);
        assert_eq!(health.standing("p", NOON + LONGEST_ASKED), Standing::Probed, "a day at most");
    }
}
