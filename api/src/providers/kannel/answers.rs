//! What the answers of Kannel's smsbox prove.
//!
//! Architecture Invariant: an answer is judged by its status and Kannel's own words together, since the status alone may be that of
//! something that stands before Kannel; but for those by which nobody answers who passed the request on.

use uuid::Uuid;

use super::NAME;
use crate::domain::outcome::{Outcome, UnknownReason};
use crate::providers::http::Answer;

/// The gateway's queue is full. It answers so before it routes any part, and forgets the message.
const QUEUE_FULL: &str = "Temporal failure, try again later.";

/// Refusals of the message itself: the beginning of what Kannel says, and our code for it.
const REFUSALS: &[(u16, &str, &str)] = &[
    (400, "Number(s) has/have been denied", "NUMBER_DENIED"),
    (400, "Missing receiver number", "NUMBER_REFUSED"),
    (400, "Empty receiver number", "NUMBER_REFUSED"),
    (400, "Charset or body misformed", "TEXT_REFUSED"),
    (403, "Not routable. Do not try again.", "NOT_ROUTABLE"),
];

/// Refusals of how we ask: the beginning of what Kannel says.
const MISCONFIGURED: &[&str] =
    &["Sender missing", "DLR-URL field misformed", "DLR-Mask field misformed", "Invalid content-type"];

/// The user or the password is not one that Kannel knows. What filters answers says 403 too, of a message that went through.
const UNAUTHORISED: &str = "Authorization failed";

/// What came of the request of this attempt.
pub(super) fn outcome(answer: &Answer, attempt: Uuid) -> Outcome {
    let said = answer.body.trim();
    let refusal =
        REFUSALS.iter().find(|(status, words, _)| *status == answer.status && said.starts_with(words));
    if let Some((_, _, code)) = refusal {
        return Outcome::Rejected { code: (*code).to_owned() };
    }
    match answer.status {
        // Accepted for delivery, or queued for later. Any other words ("Sent.") come before the bearerbox took it.
        202 if said.starts_with("0:") || said.starts_with("3:") => {
            Outcome::HandedOver { reference: format!("{NAME}-{attempt}") }
        }
        200..300 => Outcome::Unknown { reason: UnknownReason::UnreadableAnswer },
        400 if MISCONFIGURED.iter().any(|words| said.starts_with(words)) => Outcome::Misconfigured,
        403 if said.starts_with(UNAUTHORISED) => Outcome::Misconfigured,
        // Whoever says these did not pass the request on, and Kannel itself is not who is asked, or not as it should be.
        401 | 404 => Outcome::Misconfigured,
        429 => Outcome::NotSent { retry_after: answer.retry_after },
        503 if said == QUEUE_FULL => Outcome::NotSent { retry_after: answer.retry_after },
        _ => Outcome::Unknown { reason: UnknownReason::ServerError },
    }
}
