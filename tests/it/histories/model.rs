//! What each message should be, told as simply as can be: a state, and how often it was charged, released and lost. Shares no code with
//! the program.

use api::domain::message_state::Report;
use api::domain::outcome::Outcome;
use chrono::{DateTime, TimeDelta, Utc};
use entity::enums::MessageState::{self, self as S};
use uuid::Uuid;

/// Attempts that are allowed.
pub(super) const TRIES: i32 = 3;
/// How long a lease lasts, and a little more.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(31);
/// How long an outcome or a report is awaited.
const AWAITED: TimeDelta = TimeDelta::hours(72);

type At = DateTime<Utc>;

/// A message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) state: MessageState,
    pub(super) attempts: i32,
    /// Not to be sent before.
    pub(super) due: At,
    /// When it came to its state; for one that is sending, when its lease began.
    pub(super) since: At,
    pub(super) charges: usize,
    pub(super) releases: usize,
    pub(super) losses: usize,
    /// The attempts that the provider accepted.
    pub(super) accepted: Vec<Uuid>,
}

impl Message {
    pub(super) fn new(now: At) -> Self {
        Self {
            state: S::Queued,
            attempts: 0,
            due: now,
            since: now,
            charges: 0,
            releases: 0,
            losses: 0,
            accepted: Vec::new(),
        }
    }

    /// Whether it may still cost its structure something.
    pub(super) fn open(&self) -> bool {
        matches!(self.state, S::Queued | S::Sending | S::Unknown)
    }

    fn becomes(&mut self, state: MessageState, now: At) {
        (self.state, self.since) = (state, now);
    }

    pub(super) fn begins(&mut self, now: At) {
        self.attempts += 1;
        self.becomes(S::Sending, now);
    }

    /// Never sent, on our side.
    pub(super) fn suppressed(&mut self, now: At) {
        self.becomes(S::Suppressed, now);
        self.releases += 1;
    }

    /// What came of its request is recorded; a report may have come before.
    pub(super) fn answered(&mut self, outcome: &Outcome, now: At) {
        if self.state != S::Sending {
            return;
        }
        let wait = match outcome {
            Outcome::HandedOver { .. } => {
                self.becomes(S::HandedOver, now);
                self.charges += 1;
                return;
            }
            Outcome::Rejected { .. } => {
                self.becomes(S::Rejected, now);
                self.releases += 1;
                return;
            }
            Outcome::Unknown { .. } => return self.becomes(S::Unknown, now),
            Outcome::NotSent { retry_after } => retry_after.map_or(1, |wait| wait.as_secs()),
            Outcome::Misconfigured => 300,
        };
        if self.attempts == TRIES {
            return self.suppressed(now);
        }
        self.becomes(S::Queued, now);
        self.due = now + TimeDelta::seconds(i64::try_from(wait).expect("a short wait"));
    }

    pub(super) fn reported(&mut self, report: Report, now: At) {
        let to = match report {
            Report::HandedOver => S::HandedOver,
            Report::Delivered => S::Delivered,
            Report::Undelivered => S::Undelivered,
        };
        match self.state {
            S::Sending | S::Unknown => self.charges += 1,
            S::WrittenOff => self.losses += 1,
            S::HandedOver | S::NoReport if report != Report::HandedOver => {}
            _ => return,
        }
        self.becomes(to, now);
    }

    /// What time alone makes of it.
    pub(super) fn ages(&mut self, now: At) {
        match self.state {
            S::Sending if self.since + LEASE <= now => self.becomes(S::Unknown, now),
            S::Unknown if self.since + AWAITED < now => {
                self.becomes(S::WrittenOff, now);
                self.releases += 1;
            }
            S::HandedOver if self.since + AWAITED < now => self.becomes(S::NoReport, now),
            _ => {}
        }
    }
}
