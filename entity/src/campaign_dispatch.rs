//! What the rules answered when the hour of a scheduled campaign had come.
//!
//! Invariant: one row a campaign, written in the transaction that lets it leave, or that refuses it for good; never changed.

use sea_orm::entity::prelude::*;

use crate::{
    ids::{CampaignId, DecisionId, StructureId},
    scope::scoped,
};

/// A row of `campaign_dispatch`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_dispatch")]
pub struct Model {
    /// The structure that owns the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// The campaign.
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign_id: CampaignId,
    /// The decision.
    pub decision_id: DecisionId,
    /// The row that `campaign_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, campaign_id)", to = "(structure_id, id)")]
    pub campaign: BelongsTo<super::campaign::Entity>,
    /// The row that `decision_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, decision_id)", to = "(structure_id, id)")]
    pub decision: BelongsTo<super::decision::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
