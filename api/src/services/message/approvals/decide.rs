//! Approving and declining.
//!
//! Invariant: a request is decided once, by a compare-and-set on its state; who comes second is told who was first.

use entity::At;
use entity::enums::{ApprovalState, Module};
use entity::ids::{CampaignId, SendApprovalId};
use entity::send_approval::{self, Column, Model};
use entity::{account, campaign};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::view::{ApprovalRow, one};
use super::{ApprovalProblem, sender};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};

/// What is answered to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The message may leave.
    Approve,
    /// It may not.
    Decline,
}

impl Answer {
    const fn state(self) -> ApprovalState {
        match self {
            Self::Approve => ApprovalState::Approved,
            Self::Decline => ApprovalState::Declined,
        }
    }
}

/// Approves or declines a request. Answering the same again changes nothing. Whoever may write messages declines, the administrator and the
/// one who asked too: nothing leaves by that.
///
/// # Errors
/// `SEND_APPROVAL_NOT_FOUND`, `SEND_APPROVAL_EXPIRED`, `ACCOUNT_SENDS_NOTHING`; [`ApprovalProblem::Own`], [`ApprovalProblem::Decided`];
/// [`crate::error::Fault::Forbidden`] without `READ_WRITE` on `COMMUNICATION_SMS`.
pub async fn decide(
    ctx: &Ctx,
    caller: &Caller,
    id: SendApprovalId,
    answer: Answer,
) -> Result<ApprovalRow, Failure<ApprovalProblem>> {
    match answer {
        Answer::Approve => sender(caller)?,
        Answer::Decline => caller.may_write(Module::CommunicationSms)?,
    };
    let (task_ctx, caller) = (ctx.clone(), caller.clone());
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            let asked = found(tx, &caller, id).await?;
            if answer == Answer::Approve && is_own(tx, &caller, &asked).await? {
                return Err(Failure::Problem(ApprovalProblem::Own));
            }
            if let (Answer::Approve, ApprovalState::Pending) = (answer, asked.state)
                && let Some(sent) = sent(tx, &asked).await?
            {
                return Err(Failure::Problem(ApprovalProblem::PreviewUsed(sent)));
            }
            if let Some(decided) = set(tx, &caller, (id, answer), task_ctx.at()).await? {
                return Ok(one(&task_ctx, tx, decided).await?);
            }
            let stands = found(tx, &caller, id).await?;
            if stands.state == ApprovalState::Pending {
                return Err(Problem::new("SEND_APPROVAL_EXPIRED").at(&["id"]).into());
            }
            if is_same(&stands, &caller, answer) {
                return Ok(one(&task_ctx, tx, stands).await?);
            }
            Err(decided(&task_ctx, tx, stands, "id").await?)
        })
    });
    write.await
}

/// The campaign that the message left as, without an approval.
async fn sent(tx: &DatabaseTransaction, asked: &Model) -> Result<Option<CampaignId>, Fault> {
    let sent = campaign::in_structure(asked.structure_id)
        .filter(campaign::Column::PreviewId.eq(asked.preview_id))
        .one(tx)
        .await?;
    Ok(sent.map(|campaign| campaign.id))
}

/// Whether the caller asked, or stands for the same person as the account that did.
async fn is_own(tx: &DatabaseTransaction, caller: &Caller, asked: &Model) -> Result<bool, Fault> {
    if asked.requested_by == caller.account {
        return Ok(true);
    }
    let both = [asked.requested_by, caller.account];
    let both =
        account::in_structure(caller.structure).filter(account::Column::Id.is_in(both)).all(tx).await?;
    let mut people = both.iter().map(|account| account.person_id);
    let first = people.next().flatten();
    Ok(first.is_some() && people.next().flatten() == first)
}

async fn found(
    tx: &DatabaseTransaction,
    caller: &Caller,
    id: SendApprovalId,
) -> Result<Model, Failure<ApprovalProblem>> {
    let found = send_approval::by_id_in(caller.structure, id).one(tx).await?;
    Ok(found.ok_or_else(|| Problem::new("SEND_APPROVAL_NOT_FOUND").at(&["id"]))?)
}

/// Decides a request, if nobody did and it has not expired.
async fn set(
    tx: &DatabaseTransaction,
    caller: &Caller,
    (id, answer): (SendApprovalId, Answer),
    now: At,
) -> Result<Option<Model>, Failure<ApprovalProblem>> {
    let decided = send_approval::Entity::update_many()
        .col_expr(Column::State, Expr::value(answer.state()))
        .col_expr(Column::DecidedBy, Expr::value(caller.account))
        .col_expr(Column::DecidedAt, Expr::value(now))
        .filter(Column::StructureId.eq(caller.structure))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(ApprovalState::Pending))
        .filter(Column::ExpiresAt.gt(now))
        .exec_with_returning(tx)
        .await?;
    Ok(decided.into_iter().next())
}

/// The problem of a request that was decided, which that field of the input names.
pub(super) async fn decided(
    ctx: &Ctx,
    tx: &DatabaseTransaction,
    stands: Model,
    field: &'static str,
) -> Result<Failure<ApprovalProblem>, Fault> {
    let problem = told(tx, &stands).await?.at(&[field]);
    let row = one(ctx, tx, stands).await?;
    Ok(Failure::Problem(ApprovalProblem::Decided(problem, Box::new(row))))
}

/// What to say to whoever comes second.
async fn told(tx: &DatabaseTransaction, stands: &Model) -> Result<Problem, Fault> {
    let by = match stands.decided_by {
        Some(by) => account::by_id_in(stands.structure_id, by).one(tx).await?,
        None => None,
    };
    let done = if stands.state == ApprovalState::Declined { "declined" } else { "approved" };
    let problem = Problem::new("SEND_APPROVAL_DECIDED").with("done", done);
    Ok(problem.with("by", by.map(|by| by.email).unwrap_or_default()))
}

/// Whether the caller answered the same before; what was approved may be used by now.
fn is_same(stands: &Model, caller: &Caller, answer: Answer) -> bool {
    let used = answer == Answer::Approve && stands.state == ApprovalState::Used;
    stands.decided_by == Some(caller.account) && (used || stands.state == answer.state())
}
