//! What can come of a request to a provider: a closed list, the same for all of them.
//!
//! Architecture invariant: an outcome says what is known to have happened, never what is likely. Only
//! [`Outcome::NotSent`] and [`Outcome::Misconfigured`] prove that nothing was accepted; whatever is ambiguous is
//! [`Outcome::Unknown`], and is never sent again by itself.

use std::time::Duration;

/// What came of one request. Its texts are codes and references of the provider: never a number, a message text
/// or a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was accepted, for a reason that passes: no byte of the request left, or the provider asked to wait.
    NotSent {
        /// How long the provider asks to wait before the next attempt, if it says.
        retry_after: Option<Duration>,
    },
    /// Refused for good, by a code that the provider documents as permanent.
    Rejected {
        /// The provider's code, as it gives it.
        code: String,
    },
    /// Accepted: it is charged, and its delivery report is awaited.
    HandedOver {
        /// The provider's own id of the message.
        reference: String,
    },
    /// The request left, and nothing tells whether it was accepted.
    Unknown {
        /// Why it cannot be told.
        reason: UnknownReason,
    },
    /// The provider refused us, not the message: credentials, account, sender. Nothing was accepted, and nothing
    /// will be until someone changes the configuration.
    Misconfigured,
}

/// Why an outcome cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnknownReason {
    /// No answer within the time allowed, once the request was written.
    Timeout,
    /// The connection broke once the request was written.
    ConnectionLost,
    /// An answer that the provider's documentation does not class: any 5xx that it does not list.
    ServerError,
    /// An answer that announces success and cannot be read.
    UnreadableAnswer,
    /// The process that had sent it stopped before it recorded what came of it.
    LeaseExpired,
}

impl UnknownReason {
    /// The stable code of this reason.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "TIMEOUT",
            Self::ConnectionLost => "CONNECTION_LOST",
            Self::ServerError => "SERVER_ERROR",
            Self::UnreadableAnswer => "UNREADABLE_ANSWER",
            Self::LeaseExpired => "LEASE_EXPIRED",
        }
    }
}
