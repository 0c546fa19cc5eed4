//! Requests for approval, as those who may write messages see them.
//!
//! Owns that a request expires. A page takes two statements, whatever its size: the requests, and the previews that they are of.

use std::collections::HashMap;

use entity::At;
use entity::enums::{ApprovalState, Module, Purpose};
use entity::ids::{AccountId, CampaignId, PreviewId, SendApprovalId};
use entity::preview;
use entity::send_approval::{self, Column, Model};
use entity::sensitive::Sensitive;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter, QueryTrait};

use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::Fault;
use crate::services::message::preview::shown_sender;
use crate::services::message::recipients::{PreviewRecipient, reached};
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody decided.
    Pending,
    /// Another account approved.
    Approved,
    /// Somebody declined.
    Declined,
    /// Nobody decided in time, or what was approved was not sent in time.
    Expired,
    /// A campaign was sent by it.
    Used,
}

impl State {
    fn of(row: &Model, now: At) -> Self {
        match row.state {
            ApprovalState::Pending | ApprovalState::Approved if row.expires_at.0 <= now.0 => Self::Expired,
            ApprovalState::Pending => Self::Pending,
            ApprovalState::Approved => Self::Approved,
            ApprovalState::Declined => Self::Declined,
            ApprovalState::Used => Self::Used,
        }
    }

    /// The rows that stand so.
    fn rows(self, now: At) -> Condition {
        let is = |state: ApprovalState| Condition::all().add(Column::State.eq(state));
        match self {
            Self::Pending => is(ApprovalState::Pending).add(Column::ExpiresAt.gt(now)),
            Self::Approved => is(ApprovalState::Approved).add(Column::ExpiresAt.gt(now)),
            Self::Declined => is(ApprovalState::Declined),
            Self::Used => is(ApprovalState::Used),
            Self::Expired => Condition::all()
                .add(Column::State.is_in([ApprovalState::Pending, ApprovalState::Approved]))
                .add(Column::ExpiresAt.lte(now)),
        }
    }
}

/// A request for approval, with what is to be approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRow {
    /// The request.
    pub id: SendApprovalId,
    /// Where it stands.
    pub state: State,
    /// Who asked.
    pub requested_by: AccountId,
    /// When.
    pub requested_at: At,
    /// Until when it can be decided and used.
    pub expires_at: At,
    /// What the one who asked says of it.
    pub note: Option<String>,
    /// Who approved or declined.
    pub decided_by: Option<AccountId>,
    /// When.
    pub decided_at: Option<At>,
    /// What was sent by it.
    pub campaign: Option<CampaignId>,
    /// The text as it was written, with its merge fields.
    pub text: Sensitive,
    /// The sender that it shows.
    pub sender: Option<String>,
    /// Why it is sent.
    pub purpose: Purpose,
    /// When it shall leave; none means at once.
    pub send_at: Option<At>,
    /// People whom it reaches.
    pub people: i64,
    /// SMS to send.
    pub messages: i64,
    /// What it costs.
    pub cost: i64,
}

impl Keyed for Model {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Id(self.id.as_uuid())]
    }
}

/// The requests of the caller's structure, latest first, in any of these states when some are given.
///
/// # Errors
/// [`Fault::Forbidden`] without `READ_WRITE` on `COMMUNICATION_SMS`; those of a page.
pub async fn page(
    ctx: &Ctx,
    caller: &Caller,
    states: Option<&[State]>,
    args: &PageArgs,
) -> Result<Page<ApprovalRow>, Fault> {
    let structure = caller.may_write(Module::CommunicationSms)?.structure;
    let (db, now) = (ctx.store.readers(), ctx.at());
    let mut query = send_approval::in_structure(structure);
    if let Some(states) = states {
        // No state at all is none of them.
        let none = Condition::any().add(Column::Id.is_null());
        query = query.filter(states.iter().fold(none, |any, state| any.add(state.rows(now))));
    }
    let listing =
        Listing::descending("send-approvals", structure).by((send_approval::Entity, Column::Id), KeyKind::Id);
    let Page { items, has_next, has_previous, total } = listing.page(db, query.into_query(), args).await?;
    let (cursors, rows): (Vec<_>, Vec<Model>) = items.into_iter().unzip();
    let items = cursors.into_iter().zip(with_previews(ctx, db, rows).await?).collect();
    Ok(Page { items, has_next, has_previous, total })
}

/// The requests of those ids that are of the caller's structure, in no particular order; others are passed over. At most a page of ids.
///
/// # Errors
/// [`Fault::Forbidden`] without `READ_WRITE` on `COMMUNICATION_SMS`.
pub async fn by_ids(ctx: &Ctx, caller: &Caller, ids: &[SendApprovalId]) -> Result<Vec<ApprovalRow>, Fault> {
    let structure = caller.may_write(Module::CommunicationSms)?.structure;
    let db = ctx.store.readers();
    let rows = send_approval::in_structure(structure).filter(Column::Id.is_in(ids.iter().copied())).all(db);
    with_previews(ctx, db, rows.await?).await
}

/// Whom the message of a request reaches as people are now, one item a number, by the name of the first. None when it is another structure's.
///
/// # Errors
/// [`Fault::Forbidden`] without `READ_WRITE` on `COMMUNICATION_SMS` and READ on PEOPLE; those of a preview's recipients.
pub async fn recipients(
    ctx: &Ctx,
    caller: &Caller,
    id: SendApprovalId,
    args: &PageArgs,
) -> Result<Option<Page<PreviewRecipient>>, Fault> {
    let structure = caller.may_write(Module::CommunicationSms)?.structure;
    let asked = send_approval::by_id_in(structure, id).find_also_related(preview::Entity);
    match asked.one(ctx.store.readers()).await? {
        Some((_, Some(shown))) => reached(ctx, caller, &shown, args).await.map(Some),
        _ => Ok(None),
    }
}

/// One request, as it stands now.
pub(super) async fn one(ctx: &Ctx, db: &impl ConnectionTrait, row: Model) -> Result<ApprovalRow, Fault> {
    with_previews(ctx, db, vec![row]).await?.pop().ok_or_else(|| Fault::internal("one request is none"))
}

/// These rows of one structure, in their order, each with what is to be approved.
async fn with_previews(
    ctx: &Ctx,
    db: &impl ConnectionTrait,
    rows: Vec<Model>,
) -> Result<Vec<ApprovalRow>, Fault> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let previews = preview::in_structure(first.structure_id)
        .filter(preview::Column::Id.is_in(rows.iter().map(|row| row.preview_id)))
        .all(db)
        .await?;
    let mut previews: HashMap<PreviewId, preview::Model> =
        previews.into_iter().map(|preview| (preview.id, preview)).collect();
    let now = ctx.at();
    let told = |row: Model| {
        let shown = previews.remove(&row.preview_id);
        let shown = shown.ok_or_else(|| Fault::internal("a request for approval without its preview"))?;
        Ok(ApprovalRow {
            state: State::of(&row, now),
            id: row.id,
            requested_by: row.requested_by,
            requested_at: row.requested_at,
            expires_at: row.expires_at,
            note: row.note,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            campaign: row.campaign_id,
            sender: shown_sender(&shown)?,
            text: shown.text,
            purpose: shown.purpose,
            send_at: shown.send_at,
            people: shown.recipient_count,
            messages: shown.message_count,
            cost: shown.cost,
        })
    };
    rows.into_iter().map(told).collect()
}
