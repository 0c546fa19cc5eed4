//! What accounts asked others to approve: a message, as it was previewed.
//!
//! Owns who asked, who decided, and what was sent by it; the message is the preview's.
//! Invariant: decided once, and approved by another account than the one that asked; serves one campaign at most.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::ApprovalState,
    ids::{AccountId, CampaignId, PreviewId, SendApprovalId, StructureId},
    scope::scoped,
};

/// A row of `send_approval`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "send_approval")]
pub struct Model {
    /// The request.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SendApprovalId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// What is to be approved; no other request is of that preview.
    pub preview_id: PreviewId,
    /// Where it stands, until it expires.
    pub state: ApprovalState,
    /// Who asked.
    pub requested_by: AccountId,
    /// When.
    pub requested_at: At,
    /// Until when it can be decided and used.
    pub expires_at: At,
    /// What the one who asked says of it.
    pub note: Option<String>,
    /// Who approved or declined; none while it is pending.
    pub decided_by: Option<AccountId>,
    /// When.
    pub decided_at: Option<At>,
    /// What was sent by it; none unless it is used.
    pub campaign_id: Option<CampaignId>,
    /// The row that `preview_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, preview_id)", to = "(structure_id, id)")]
    pub preview: BelongsTo<super::preview::Entity>,
    /// The row that `decided_by` names.
    #[sea_orm(belongs_to, from = "(structure_id, decided_by)", to = "(structure_id, id)")]
    pub decider: BelongsTo<Option<super::account::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(SendApprovalId);
