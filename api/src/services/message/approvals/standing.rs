//! What a plan may count on: an approval that stands, and that it is used up.
//!
//! Architecture Invariant: what no rule reads is not asked of the database; one approval commits one campaign.

use entity::At;
use entity::enums::{Access, AccountKind, ApprovalState, Module, Purpose};
use entity::ids::{CampaignId, SendApprovalId, StructureId};
use entity::send_approval::{self, Column};
use entity::sensitive::Digest;
use entity::{account, campaign, permission, preview};
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::Fault;
use crate::services::ruleset::RuleSet;

/// The fact that tells of it.
pub const APPROVED: &str = "message.approved";

/// The oldest approval that stands of this message, for the caller to send: given by another account, which may still send. None where no rule
/// asks.
///
/// # Errors
/// The database's.
pub async fn standing(
    ctx: &Ctx,
    db: &impl ConnectionTrait,
    caller: &Caller,
    rules: &RuleSet,
    (hash, purpose, send_at, cost): (&Digest, Purpose, Option<At>, i64),
) -> Result<Option<SendApprovalId>, Fault> {
    if !rules.reads(APPROVED) {
        return Ok(None);
    }
    let may_write = permission::in_structure(caller.structure)
        .filter(permission::Column::Module.eq(Module::CommunicationSms))
        .filter(permission::Column::Access.eq(Access::ReadWrite))
        .select_only()
        .column(permission::Column::AccountId)
        .into_query();
    let own_person = account::by_id_in(caller.structure, caller.account)
        .filter(account::Column::PersonId.is_not_null())
        .select_only()
        .column(account::Column::PersonId)
        .into_query();
    let found = send_approval::in_structure(caller.structure)
        .inner_join(preview::Entity)
        .inner_join(account::Entity)
        .filter(Column::State.eq(ApprovalState::Approved))
        // What was approved may have left without it, while no rule asked.
        .filter(Column::PreviewId.not_in_subquery(sent_previews(caller.structure)))
        .filter(Column::ExpiresAt.gt(ctx.at()))
        .filter(Column::DecidedBy.ne(caller.account))
        .filter(account::Column::Kind.eq(AccountKind::Personal))
        .filter(account::Column::DisabledAt.is_null())
        .filter(account::Column::Id.in_subquery(may_write))
        // Nor the same person under another account.
        .filter(account::Column::PersonId.not_in_subquery(own_person))
        .filter(preview::Column::PlanHash.eq(hash.clone()))
        .filter(preview::Column::Purpose.eq(purpose))
        .filter(
            send_at.map_or_else(|| preview::Column::SendAt.is_null(), |at| preview::Column::SendAt.eq(at)),
        )
        .filter(preview::Column::Cost.gte(cost))
        .order_by_asc(Column::Id)
        .select_only()
        .column(Column::Id)
        .into_tuple()
        .one(db);
    Ok(found.await?)
}

/// The previews of a structure that were sent.
fn sent_previews(structure: StructureId) -> SelectStatement {
    let sent = campaign::in_structure(structure).select_only().column(campaign::Column::PreviewId);
    sent.into_query()
}

/// Whether a campaign was sent by an approval. Not asked where no rule reads it.
///
/// # Errors
/// The database's.
pub async fn sent_by(
    db: &impl ConnectionTrait,
    structure: StructureId,
    rules: &RuleSet,
    campaign: CampaignId,
) -> Result<bool, Fault> {
    if !rules.reads(APPROVED) {
        return Ok(false);
    }
    let used = send_approval::in_structure(structure).filter(Column::CampaignId.eq(campaign));
    Ok(used.one(db).await?.is_some())
}

/// Uses up an approval for a campaign; false when another campaign did.
///
/// # Errors
/// The database's.
pub async fn use_up(
    tx: &DatabaseTransaction,
    structure: StructureId,
    id: SendApprovalId,
    campaign: CampaignId,
) -> Result<bool, Fault> {
    let used = send_approval::Entity::update_many()
        .col_expr(Column::State, Expr::value(ApprovalState::Used))
        .col_expr(Column::CampaignId, Expr::value(campaign))
        .filter(Column::StructureId.eq(structure))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(ApprovalState::Approved))
        .exec(tx)
        .await?;
    Ok(used.rows_affected == 1)
}
