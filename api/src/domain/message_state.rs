//! The states of a message and of a campaign, and the only ways from one to another.
//!
//! Architecture invariant: states move forwards. A delivery report, however late, repeated, reordered or forged,
//! moves money only where it proves a hand-over that was not recorded yet: from `SENDING` and `UNKNOWN`, which
//! charges the structure, and from `WRITTEN_OFF`, whose credit was given back, at the operator's loss.

use std::fmt;
use std::str::FromStr;

use super::outcome::Outcome;
use MessageState as S;

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageState {
    /// Waits to be sent; its credit is reserved.
    Queued,
    /// An attempt is recorded, and its request may have left.
    Sending,
    /// The provider accepted it: it is charged.
    HandedOver,
    /// The provider reported it delivered.
    Delivered,
    /// The provider reported that it could not be delivered.
    Undelivered,
    /// No report came within 72 hours; a late one still counts.
    NoReport,
    /// The provider refused it for good; its credit was released.
    Rejected,
    /// Never sent, on our side (opt-out, rule, cancelled, expired); its credit was released.
    Suppressed,
    /// The request left, and nothing tells yet whether it was accepted; its credit stays reserved.
    Unknown,
    /// Nothing told for 72 hours; its credit was released, and it is never sent again.
    WrittenOff,
}

/// Where a campaign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CampaignState {
    /// It waits for its hour: none of its messages starts to be sent.
    Scheduled,
    /// Some of its messages are queued, sending or unknown.
    Dispatching,
    /// None of its messages starts to be sent until it goes on; some are queued, sending or unknown.
    Paused,
    /// None is, and nothing is reserved any more.
    Completed,
    /// It was cancelled: nothing of it starts to be sent any more, and some of its messages are not settled yet.
    Cancelling,
    /// It was cancelled, and none is queued, sending or unknown; nothing is reserved any more.
    Cancelled,
}

/// A change that the states do not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{change} is not possible from {from}")]
pub struct InvalidTransition {
    /// The state it was asked of, in its stable spelling.
    pub from: &'static str,
    /// The change asked for.
    pub change: &'static str,
}

/// A word that names no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown state")]
pub struct UnknownState;

/// What a provider reports of a message, or answers when it is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Report {
    /// It was accepted, and is under way.
    HandedOver,
    /// It reached the handset.
    Delivered,
    /// It never will.
    Undelivered,
}

/// What a report changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportEffect {
    /// Nothing: it is late, repeated, or speaks of a message that was never handed over.
    Ignored,
    /// The message moves.
    Moved {
        /// Its new state.
        to: MessageState,
        /// What it does to the credit, in the same transaction. Other than `None`, the message passed through
        /// `HANDED_OVER` on its way.
        money: MoneyEffect,
    },
}

/// What a report does to the credit of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MoneyEffect {
    /// Nothing: it is charged already.
    None,
    /// What is reserved is spent.
    Charge,
    /// What was released stays the structure's; the SMS is the operator's loss.
    ChargeLoss,
}

/// What the change of a message does to its credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Money {
    /// Nothing.
    Stays,
    /// What is reserved is spent.
    Charged,
    /// What is reserved is the structure's again.
    Released,
    /// What was released stays the structure's; the SMS is the operator's loss.
    Lost,
}

impl MessageState {
    /// Every state.
    pub const ALL: [Self; 10] = [
        S::Queued,
        S::Sending,
        S::HandedOver,
        S::Delivered,
        S::Undelivered,
        S::NoReport,
        S::Rejected,
        S::Suppressed,
        S::Unknown,
        S::WrittenOff,
    ];

    /// The stable spelling, as stored and as in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            S::Queued => "QUEUED",
            S::Sending => "SENDING",
            S::HandedOver => "HANDED_OVER",
            S::Delivered => "DELIVERED",
            S::Undelivered => "UNDELIVERED",
            S::NoReport => "NO_REPORT",
            S::Rejected => "REJECTED",
            S::Suppressed => "SUPPRESSED",
            S::Unknown => "UNKNOWN",
            S::WrittenOff => "WRITTEN_OFF",
        }
    }

    /// Whether the message holds its campaign open, and its credit: queued, sending or unknown.
    #[must_use]
    pub fn holds_campaign(self) -> bool {
        matches!(self, S::Queued | S::Sending | S::Unknown)
    }

    /// An attempt is recorded: `QUEUED` to `SENDING`.
    ///
    /// # Errors
    /// [`InvalidTransition`] from any other state.
    pub fn start_sending(self) -> Result<Self, InvalidTransition> {
        self.change("sending", &[S::Queued], S::Sending)
    }

    /// It shall not be sent: `QUEUED` to `SUPPRESSED`, and its credit is released.
    ///
    /// # Errors
    /// [`InvalidTransition`] from any other state.
    pub fn suppress(self) -> Result<Self, InvalidTransition> {
        self.change("suppressing", &[S::Queued], S::Suppressed)
    }

    /// Its attempt is proven not to have been accepted: `SENDING` back to `QUEUED`.
    ///
    /// # Errors
    /// [`InvalidTransition`] from any other state: an `UNKNOWN` is never sent again.
    pub fn requeue(self) -> Result<Self, InvalidTransition> {
        self.change("requeueing", &[S::Sending], S::Queued)
    }

    /// The provider accepted it: `SENDING` or `UNKNOWN` to `HANDED_OVER`, and it is charged. After a write-off only
    /// [`MessageState::report`] can say so.
    ///
    /// # Errors
    /// [`InvalidTransition`] from any other state.
    pub fn hand_over(self) -> Result<Self, InvalidTransition> {
        self.change("handing over", &[S::Sending, S::Unknown], S::HandedOver)
    }

    /// The provider refused it for good: `SENDING` or `UNKNOWN` to `REJECTED`, and its credit is released.
    ///
    /// # Errors
    /// [`InvalidTransition`] from any other state.
    pub fn reject(self) -> Result<Self, InvalidTransition> {
        self.change("rejecting", &[S::Sending, S::Unknown], S::Rejected)
    }

    /// Nothing tells whether it was accepted (ambiguous answer, expired lease): `SENDING` to `UNKNOWN`.
    ///
    /// # Errors
    /// [`InvalidTransition`] from any other state.
    pub fn lose_track(self) -> Result<Self, InvalidTransition> {
        self.change("losing track", &[S::Sending], S::Unknown)
    }

    /// Nothing told for 72 hours: `UNKNOWN` to `WRITTEN_OFF`, and its credit is released.
    ///
    /// # Errors
    /// [`InvalidTransition`] from any other state.
    pub fn write_off(self) -> Result<Self, InvalidTransition> {
        self.change("writing off", &[S::Unknown], S::WrittenOff)
    }

    /// No report came for 72 hours: `HANDED_OVER` to `NO_REPORT`. It stays charged.
    ///
    /// # Errors
    /// [`InvalidTransition`] from any other state.
    pub fn give_up_report(self) -> Result<Self, InvalidTransition> {
        self.change("giving up the report", &[S::HandedOver], S::NoReport)
    }

    /// What the answer to the request of its last attempt makes of it, if anything: a late one may find it elsewhere, and a
    /// report may have said more. After the `last` attempt that is allowed it is not queued again.
    #[must_use]
    pub fn answered(self, outcome: &Outcome, last: bool) -> Option<Self> {
        match outcome {
            // As a report says it: this also holds after a write-off.
            Outcome::HandedOver { .. } => match self.report(Report::HandedOver) {
                ReportEffect::Moved { to, .. } => Some(to),
                ReportEffect::Ignored => None,
            },
            Outcome::Rejected { .. } => self.reject().ok(),
            Outcome::Unknown { .. } => self.lose_track().ok(),
            Outcome::NotSent { .. } | Outcome::Misconfigured => {
                let queued = self.requeue().ok()?;
                if last { queued.suppress().ok() } else { Some(queued) }
            }
        }
    }

    /// What changing to another state does to its credit. It follows from the two alone.
    #[must_use]
    pub fn money(self, to: Self) -> Money {
        match to {
            S::HandedOver | S::Delivered | S::Undelivered if self.holds_campaign() => Money::Charged,
            S::HandedOver | S::Delivered | S::Undelivered if self == S::WrittenOff => Money::Lost,
            S::Rejected | S::Suppressed | S::WrittenOff if self.holds_campaign() => Money::Released,
            _ => Money::Stays,
        }
    }

    /// What a report does, wherever the message stands. It cannot fail: what it may not change is ignored.
    #[must_use]
    pub fn report(self, report: Report) -> ReportEffect {
        let to = match report {
            Report::HandedOver => S::HandedOver,
            Report::Delivered => S::Delivered,
            Report::Undelivered => S::Undelivered,
        };
        match self {
            S::Sending | S::Unknown => ReportEffect::Moved { to, money: MoneyEffect::Charge },
            S::WrittenOff => ReportEffect::Moved { to, money: MoneyEffect::ChargeLoss },
            S::HandedOver | S::NoReport if report != Report::HandedOver => {
                ReportEffect::Moved { to, money: MoneyEffect::None }
            }
            S::HandedOver
            | S::NoReport
            | S::Queued
            | S::Delivered
            | S::Undelivered
            | S::Rejected
            | S::Suppressed => ReportEffect::Ignored,
        }
    }

    fn change(self, change: &'static str, from: &[Self], to: Self) -> Result<Self, InvalidTransition> {
        if from.contains(&self) { Ok(to) } else { Err(InvalidTransition { from: self.as_str(), change }) }
    }
}

impl CampaignState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Scheduled,
        Self::Dispatching,
        Self::Paused,
        Self::Completed,
        Self::Cancelling,
        Self::Cancelled,
    ];

    /// The stable spelling, as stored and as in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Dispatching => "DISPATCHING",
            Self::Paused => "PAUSED",
            Self::Completed => "COMPLETED",
            Self::Cancelling => "CANCELLING",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Its hour has come, and the rules let it leave: `SCHEDULED` to `DISPATCHING`.
    ///
    /// # Errors
    /// [`InvalidTransition`] from any other state.
    pub fn dispatch(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Scheduled => Ok(Self::Dispatching),
            _ => Err(InvalidTransition { from: self.as_str(), change: "dispatching" }),
        }
    }

    /// Nothing more of it starts for a while: `DISPATCHING` to `PAUSED`. Asked again, it stays so.
    ///
    /// # Errors
    /// [`InvalidTransition`] from any other state.
    pub fn pause(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Dispatching | Self::Paused => Ok(Self::Paused),
            _ => Err(InvalidTransition { from: self.as_str(), change: "pausing" }),
        }
    }

    /// It goes on: `PAUSED` to `DISPATCHING`. Asked again, it stays so.
    ///
    /// # Errors
    /// [`InvalidTransition`] from any other state.
    pub fn resume(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Dispatching | Self::Paused => Ok(Self::Dispatching),
            _ => Err(InvalidTransition { from: self.as_str(), change: "going on" }),
        }
    }

    /// Its last message is settled: `DISPATCHING` or `PAUSED` to `COMPLETED`, `CANCELLING` to `CANCELLED`. `SCHEDULED` to `COMPLETED` when the
    /// rules refused it at its hour, and none of it was sent.
    ///
    /// # Errors
    /// [`InvalidTransition`] when it was settled already.
    pub fn settle(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Scheduled | Self::Dispatching | Self::Paused => Ok(Self::Completed),
            Self::Cancelling => Ok(Self::Cancelled),
            Self::Completed | Self::Cancelled => {
                Err(InvalidTransition { from: self.as_str(), change: "settling" })
            }
        }
    }

    /// It is called off: `SCHEDULED`, `DISPATCHING` or `PAUSED` to `CANCELLING`. Asked again, it stays where that led.
    ///
    /// # Errors
    /// [`InvalidTransition`] when it was completed: nothing is left to call off.
    pub fn cancel(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Scheduled | Self::Dispatching | Self::Paused | Self::Cancelling => Ok(Self::Cancelling),
            Self::Cancelled => Ok(Self::Cancelled),
            Self::Completed => Err(InvalidTransition { from: self.as_str(), change: "cancelling" }),
        }
    }
}

impl FromStr for MessageState {
    type Err = UnknownState;

    fn from_str(word: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.as_str() == word).ok_or(UnknownState)
    }
}

impl FromStr for CampaignState {
    type Err = UnknownState;

    fn from_str(word: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.as_str() == word).ok_or(UnknownState)
    }
}

impl fmt::Display for MessageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for CampaignState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
