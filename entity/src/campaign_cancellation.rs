//! Who cancelled a campaign.
//!
//! Invariant: one row a campaign, of the first who asked, written in the transaction that cancels it; never changed.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    ids::{AccountId, CampaignId, StructureId},
    scope::scoped,
};

/// A row of `campaign_cancellation`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_cancellation")]
pub struct Model {
    /// The structure that owns the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// The campaign.
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign_id: CampaignId,
    /// Who cancelled it.
    pub account_id: AccountId,
    /// When.
    pub cancelled_at: At,
    /// The row that `campaign_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, campaign_id)", to = "(structure_id, id)")]
    pub campaign: BelongsTo<super::campaign::Entity>,
    /// The row that `account_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, account_id)", to = "(structure_id, id)")]
    pub account: BelongsTo<super::account::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
