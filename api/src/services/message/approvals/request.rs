//! Asking for an approval.
//!
//! Invariant: one request a preview, whoever asks how often.

use entity::At;
use entity::enums::ApprovalState;
use entity::preview;
use entity::{campaign, send_approval};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::decide::decided;
use super::view::{ApprovalRow, one};
use super::{ApprovalProblem, LIFETIME, MAX_NOTE_CHARS, sender};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::domain::name::is_invisible;
use crate::error::{Failure, Problem};
use crate::services::message::plan::count;
use crate::services::message::send::lock;

/// Asks the others who may send to approve a preview of the caller's own, whatever the rules say of it. Asking again for the same preview
/// answers the request that there is; once it was declined, another preview is to be made.
///
/// # Errors
/// [`ApprovalProblem::Decided`] when it was declined;
/// `SEND_APPROVAL_NOTE_INVALID`, `ACCOUNT_SENDS_NOTHING`; the preview's of [`ApprovalProblem`]; [`crate::error::Fault::Forbidden`] without
/// `READ_WRITE` on `COMMUNICATION_SMS`.
pub async fn request(
    ctx: &Ctx,
    caller: &Caller,
    token: String,
    note: Option<String>,
) -> Result<ApprovalRow, Failure<ApprovalProblem>> {
    sender(caller)?;
    let note = checked_note(note)?;
    let (task_ctx, caller) = (ctx.clone(), caller.clone());
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            // Its row is locked: who asks twice at once asks once after the other.
            let shown = lock(tx, &caller, &token).await?;
            let shown = shown.ok_or(Failure::Problem(ApprovalProblem::PreviewNotFound))?;
            let asked = send_approval::in_structure(caller.structure)
                .filter(send_approval::Column::PreviewId.eq(shown.id))
                .one(tx)
                .await?;
            match asked {
                Some(asked) if asked.state == ApprovalState::Declined => {
                    Err(decided(&task_ctx, tx, asked, "previewToken").await?)
                }
                Some(asked) => Ok(one(&task_ctx, tx, asked).await?),
                None => {
                    let asked = insert(tx, &task_ctx, &caller, &shown, note).await?;
                    Ok(one(&task_ctx, tx, asked).await?)
                }
            }
        })
    });
    write.await
}

async fn insert(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    shown: &preview::Model,
    note: Option<String>,
) -> Result<send_approval::Model, Failure<ApprovalProblem>> {
    let sent = campaign::in_structure(caller.structure).filter(campaign::Column::PreviewId.eq(shown.id));
    if let Some(sent) = sent.one(tx).await? {
        return Err(Failure::Problem(ApprovalProblem::PreviewUsed(sent.id)));
    }
    if shown.expires_at.0 <= ctx.now() {
        return Err(Failure::Problem(ApprovalProblem::PreviewExpired));
    }
    let row = send_approval::ActiveModel {
        id: Set(ctx.id()),
        structure_id: Set(caller.structure),
        preview_id: Set(shown.id),
        state: Set(ApprovalState::Pending),
        requested_by: Set(caller.account),
        requested_at: Set(ctx.at()),
        expires_at: Set(expiry(ctx, shown)),
        note: Set(note),
        decided_by: Set(None),
        decided_at: Set(None),
        campaign_id: Set(None),
    };
    Ok(send_approval::Entity::insert(row).exec_with_returning(tx).await?)
}

/// When a request expires: after [`LIFETIME`], and at the hour of the message, after which it is not sent.
fn expiry(ctx: &Ctx, shown: &preview::Model) -> At {
    let latest = ctx.now() + LIFETIME;
    At::from(shown.send_at.map_or(latest, |hour| hour.0.min(latest)))
}

/// The note, with LF for line ends; none when it says nothing.
fn checked_note(note: Option<String>) -> Result<Option<String>, Problem> {
    let note = note.unwrap_or_default().replace("\r\n", "\n").trim().to_owned();
    let refused = |c: char| is_invisible(c) || (c.is_control() && !matches!(c, '\n' | '\t'));
    if note.chars().any(refused) || note.chars().count() > MAX_NOTE_CHARS {
        let problem = Problem::new("SEND_APPROVAL_NOTE_INVALID").at(&["note"]);
        return Err(problem.with("max", count(MAX_NOTE_CHARS)));
    }
    Ok(Some(note).filter(|note| !note.is_empty()))
}
