//! What there is: messages with their attempts and transfers, what instances have in hand, what the provider really did; and what
//! may happen next.

use api::domain::message_state::{CampaignState, MessageState as S, Report};
use api::domain::outcome::{Outcome, UnknownReason};

const ANSWERS: [Answer; 4] = [Answer::Accepted, Answer::Rejected, Answer::NotSent, Answer::Unclear];
const HEARD: [Heard; 2] = [Heard::Yes, Heard::No];
const REPORTS: [Report; 3] = [Report::HandedOver, Report::Delivered, Report::Undelivered];

/// Two instances dispatch; which of them does not matter.
pub(super) const INSTANCES: usize = 2;
/// Attempts that a message has room for: one more than is allowed, so that a bug can make it.
pub(super) const ROOM: usize = 3;

/// What an instance was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    Accepted,
    Rejected,
    NotSent,
    /// None, or one that tells nothing.
    Unclear,
}

impl Answer {
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Accepted => Outcome::HandedOver { reference: String::new() },
            Self::Rejected => Outcome::Rejected { code: String::new() },
            Self::NotSent => Outcome::NotSent { retry_after: None },
            Self::Unclear => Outcome::Unknown { reason: UnknownReason::Timeout },
        }
    }
}

/// How far an instance is with a message. All of it is lost in a crash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) enum Hand {
    #[default]
    Empty,
    /// It may begin; `refused` is whether the number had opted out by then, which only a bug looks at.
    Claimed { refused: bool },
    /// It may send the request of this attempt.
    Began(usize),
    /// The request left.
    Waiting(usize),
    /// What came of it is not recorded yet.
    Answered(usize, Answer),
}

impl Hand {
    fn weight(self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Claimed { refused } => 1 + usize::from(refused),
            Self::Began(n) => 10 + n,
            Self::Waiting(n) => 20 + n,
            Self::Answered(n, answer) => 30 + 10 * answer as usize + n,
        }
    }
}

/// Whose a message is for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Lease {
    /// None when that instance is gone: a new one has another name.
    pub(super) owner: Option<usize>,
    pub(super) over: bool,
}

/// An attempt, and what really became of its request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Attempt {
    /// Its row is committed.
    pub(super) recorded: bool,
    /// It began although the opt-out was committed.
    pub(super) after_opt_out: bool,
    /// It began although its campaign was not under way.
    pub(super) out_of_turn: bool,
    /// Requests that left under it.
    pub(super) requests: u8,
    /// Of them, without a committed row.
    pub(super) unauthorised: u8,
    /// None until the provider decides.
    pub(super) accepted: Option<bool>,
}

/// A message, and its transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Message {
    pub(super) state: S,
    pub(super) attempts: usize,
    pub(super) lease: Option<Lease>,
    pub(super) tried: [Attempt; ROOM],
    pub(super) opted_out: bool,
    pub(super) charges: u8,
    pub(super) releases: u8,
    pub(super) losses: u8,
    pub(super) seen: Seen,
}

/// What must never be, seen as it happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    pub(super) moved_back: bool,
    pub(super) lease_broken: bool,
    pub(super) queued_in_doubt: bool,
}

impl Message {
    fn weight(&self) -> [u8; 7] {
        let attempt = &self.tried[0];
        let lease = self.lease.map_or(0, |lease| 1 + u8::from(lease.over));
        let accepted = attempt.accepted.map_or(0, |accepted| 1 + u8::from(accepted));
        let opted_out = u8::from(self.opted_out);
        [self.state as u8, lease, accepted, attempt.requests, opted_out, self.releases, self.losses]
    }

    fn is_of(&self, i: usize) -> bool {
        self.lease.is_some_and(|lease| lease.owner == Some(i))
    }
}

/// All there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct World<const N: usize> {
    pub(super) campaign: CampaignState,
    pub(super) messages: [Message; N],
    pub(super) hands: [[Hand; N]; INSTANCES],
}

/// What happens next. `(i, m)` is an instance and a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Claim(usize, usize),
    /// The commit is made; its answer may be lost, and the instance tries again.
    Begin(usize, usize, Heard),
    /// Nothing leaves: the connection is refused.
    Unreachable(usize, usize),
    Leave(usize, usize),
    /// The provider decides about an attempt.
    Decide(usize, usize, bool),
    Receive(usize, usize, Answer),
    Record(usize, usize, Heard),
    /// The provider tells of an attempt that it accepted: early, late, again, in any order.
    Report(usize, usize, Report),
    LeaseEnds(usize),
    Sweep(usize),
    Crash(usize),
    Shutdown(usize),
    OptOut(usize),
    HourComes,
    Pause,
    Resume,
    Cancel,
    /// A batch of what is queued of a cancelled campaign.
    Suppress(usize),
}

/// Whether an instance learns that its commit was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Yes,
    No,
}

impl<const N: usize> World<N> {
    pub(super) fn new(campaign: CampaignState) -> Self {
        let message = Message {
            state: S::Queued,
            attempts: 0,
            lease: None,
            tried: [Attempt::default(); ROOM],
            opted_out: false,
            charges: 0,
            releases: 0,
            losses: 0,
            seen: Seen::default(),
        };
        Self { campaign, messages: [message; N], hands: [[Hand::Empty; N]; INSTANCES] }
    }

    /// What may happen next, and little that may not.
    pub(super) fn steps(&self, steps: &mut Vec<Step>) {
        steps.extend([Step::HourComes, Step::Pause, Step::Resume, Step::Cancel]);
        for i in 0..INSTANCES {
            steps.extend([Step::Crash(i), Step::Shutdown(i)]);
            for m in 0..N {
                match self.hands[i][m] {
                    Hand::Empty => steps.push(Step::Claim(i, m)),
                    Hand::Claimed { .. } => steps.extend(HEARD.map(|heard| Step::Begin(i, m, heard))),
                    Hand::Began(_) => steps.extend([Step::Unreachable(i, m), Step::Leave(i, m)]),
                    Hand::Waiting(_) => steps.extend(ANSWERS.map(|answer| Step::Receive(i, m, answer))),
                    Hand::Answered(..) => steps.extend(HEARD.map(|heard| Step::Record(i, m, heard))),
                }
            }
        }
        for (m, message) in self.messages.iter().enumerate() {
            steps.extend([Step::LeaseEnds(m), Step::Sweep(m), Step::OptOut(m), Step::Suppress(m)]);
            for (n, attempt) in message.tried.iter().enumerate().filter(|(_, one)| one.requests > 0) {
                match attempt.accepted {
                    None => steps.extend([true, false].map(|accepted| Step::Decide(m, n, accepted))),
                    Some(true) => steps.extend(REPORTS.map(|report| Step::Report(m, n, report))),
                    Some(false) => {}
                }
            }
        }
    }

    /// The same but for names: neither instances nor messages have an order, so worlds that differ in it alone are one.
    pub(super) fn in_order(mut self) -> Self {
        if N == 2 && self.messages[1].weight() < self.messages[0].weight() {
            self.messages.reverse();
            self.hands.iter_mut().for_each(|hands| hands.reverse());
        }
        let first = |world: &Self, i| world.messages.iter().any(|message| message.is_of(i));
        let weight = |i: usize| (self.hands[i].map(Hand::weight), first(&self, i));
        if weight(1) < weight(0) {
            self.swap_instances();
        }
        self
    }

    fn swap_instances(&mut self) {
        self.hands.reverse();
        for lease in self.messages.iter_mut().filter_map(|message| message.lease.as_mut()) {
            lease.owner = lease.owner.map(|owner| INSTANCES - 1 - owner);
        }
    }
}
