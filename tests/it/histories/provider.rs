//! A provider that does with each request what chance says, and remembers what it really did.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::domain::outcome::{Outcome, UnknownReason};
use envoi_tests::{Network, Part, Submitted, TestEntropy};
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

/// A request, and what came of it.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) text: String,
    pub(super) number: String,
    pub(super) attempt: Uuid,
    /// What it was answered, if it was.
    pub(super) outcome: Outcome,
    /// What the provider really did.
    pub(super) accepted: bool,
    /// Its sandbox reports this one delivered, once it lets it go.
    pub(super) held: bool,
}

/// The provider of all instances of a book.
pub(super) struct Provider {
    chance: TestEntropy,
    /// Requests since they were last asked for, and how many are still answered before one is held.
    journal: Mutex<(Vec<Request>, Option<usize>)>,
    /// One is held.
    pub(super) holds: Notify,
    /// Lets it go.
    pub(super) release: Arc<Semaphore>,
}

impl Provider {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        let chance = TestEntropy::seeded(seed);
        let (journal, holds, release) = (Mutex::default(), Notify::new(), Arc::new(Semaphore::new(0)));
        Arc::new(Self { chance, journal, holds, release })
    }

    /// Decides on what comes over this network.
    pub(super) fn takes(self: &Arc<Self>, network: &Network) {
        let provider = Arc::clone(self);
        network.decides(move |request| provider.decide(request));
    }

    /// Holds the request that comes after so many.
    pub(super) fn hold_after(&self, requests: Option<usize>) {
        self.journal.lock().expect("invariant: nothing panics while it holds the journal").1 = requests;
    }

    /// The requests that came since.
    pub(super) fn requests(&self) -> Vec<Request> {
        let mut journal = self.journal.lock().expect("invariant: nothing panics while it holds the journal");
        std::mem::take(&mut journal.0)
    }

    fn decide(&self, request: &Submitted) -> Part {
        let mut journal = self.journal.lock().expect("invariant: nothing panics while it holds the journal");
        let held = journal.1 == Some(0);
        journal.1 = if held { None } else { journal.1.map(|left| left - 1) };
        let accepted = Outcome::HandedOver { reference: "theirs".to_owned() };
        let (outcome, accepted) = if held { (accepted, true) } else { self.outcome(accepted) };
        journal.0.push(Request {
            text: request.text.clone(),
            number: request.to.clone(),
            attempt: request.attempt,
            outcome: outcome.clone(),
            accepted,
            held,
        });
        if held {
            self.holds.notify_one();
            return Part::Hold(Arc::clone(&self.release));
        }
        Part::Answer(outcome)
    }

    fn outcome(&self, accepted: Outcome) -> (Outcome, bool) {
        let reasons = [UnknownReason::Timeout, UnknownReason::ConnectionLost, UnknownReason::ServerError];
        let doubt = Outcome::Unknown { reason: reasons[self.chance.below(3)] };
        match self.chance.below(20) {
            0..8 => (accepted, true),
            8..13 => (doubt, self.chance.below(2) == 0),
            13..15 => (Outcome::NotSent { retry_after: None }, false),
            15..17 => (Outcome::NotSent { retry_after: Some(Duration::from_mins(20)) }, false),
            17 => (Outcome::Misconfigured, false),
            _ => (Outcome::Rejected { code: "BLACKLISTED".to_owned() }, false),
        }
    }
}
