//! What a structure changed about a built-in rule.
//!
//! Knows a rule by its slug only.
//! Invariant: no row, or an empty `state`, means the manifest's own.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::RuleState,
    ids::{AccountId, StructureId},
    scope::scoped,
};

/// A row of `rule_setting`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rule_setting")]
pub struct Model {
    /// The structure that owns the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// The built-in rule.
    #[sea_orm(primary_key, auto_increment = false)]
    pub slug: String,
    /// The state given instead of the manifest's.
    pub state: Option<RuleState>,
    /// The parameters given instead of the manifest's.
    pub params: Json,
    /// Who changed it last.
    pub updated_by: AccountId,
    /// When.
    pub updated_at: At,
    /// The row that `updated_by` names.
    #[sea_orm(belongs_to, from = "(structure_id, updated_by)", to = "(structure_id, id)")]
    pub updater: BelongsTo<super::account::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
