//! A second person's approval of a message, before it is sent.
//!
//! Owns who may ask, who may approve, and what an approval stands for. Architecture Invariants. An approval is of one preview: the same text
//! and people, by the digest that the preview binds, the same sender, purpose and hour, at no higher cost. It is another person's than the one who
//! asks, and than the one who sends; both accounts may send. It serves one campaign, in whose transaction it is used up.

mod decide;
mod request;
mod standing;
mod view;

use chrono::TimeDelta;
use entity::enums::{AccountKind, Module};
use entity::ids::CampaignId;

use crate::caller::{Caller, Scope};
use crate::error::{Failure, Problem};

pub use decide::{Answer, decide};
pub use request::request;
pub use standing::{APPROVED, sent_by, standing, use_up};
pub use view::{ApprovalRow, State, by_ids, page, recipients};

/// How long a request can be approved, and its approval used: whoever is away for a weekend finds it on Monday, and what was approved a
/// season ago sends nothing.
pub const LIFETIME: TimeDelta = TimeDelta::days(7);
/// The most characters of what the one who asks says of it.
pub const MAX_NOTE_CHARS: usize = 500;

/// Why an approval was not asked for, given or declined.
#[derive(Debug)]
pub enum ApprovalProblem {
    /// The input itself.
    Input(Problem),
    /// No such token: forged, unknown, or another account's.
    PreviewNotFound,
    /// The token served already.
    PreviewUsed(CampaignId),
    /// The token is too old.
    PreviewExpired,
    /// Who asks for an approval does not give it.
    Own,
    /// Somebody decided before, or otherwise: what to say, and the request as it stands.
    Decided(Problem, Box<ApprovalRow>),
}

impl From<Problem> for Failure<ApprovalProblem> {
    fn from(problem: Problem) -> Self {
        Self::Problem(ApprovalProblem::Input(problem))
    }
}

/// The caller's scope, if it may send, whatever the message. The platform's rules `not-admin-account` and `write-permission`, both locked,
/// ask the same of whoever sends; [`standing`] asks it again of whoever approved.
fn sender(caller: &Caller) -> Result<Scope, Failure<ApprovalProblem>> {
    let scope = caller.may_write(Module::CommunicationSms)?;
    match caller.kind {
        AccountKind::Personal => Ok(scope),
        AccountKind::Admin => Err(Problem::new("ACCOUNT_SENDS_NOTHING").into()),
    }
}
