//! The people of its audience whom a campaign was not sent to, and why.
//!
//! Invariant: written with the campaign, and never changed; campaign and person are of the same structure.

use sea_orm::entity::prelude::*;

use crate::{
    ids::{CampaignId, PersonId, StructureId},
    scope::scoped,
};

/// A row of `campaign_exclusion`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_exclusion")]
pub struct Model {
    /// The structure that owns the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// The campaign.
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign_id: CampaignId,
    /// The person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: PersonId,
    /// Why: a code of ours, or of the rule that left them out.
    pub code: String,
    /// The rule that left them out; none where none did.
    pub rule: Option<String>,
    /// What that rule said, in every language; none where none did.
    pub message: Option<Json>,
    /// The row that `campaign_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, campaign_id)", to = "(structure_id, id)")]
    pub campaign: BelongsTo<super::campaign::Entity>,
    /// The row that `person_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, person_id)", to = "(structure_id, id)")]
    pub person: BelongsTo<super::person::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
