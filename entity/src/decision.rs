//! What the rules answered, once for each time they were run for an account.
//!
//! Knows verdicts and facts as the JSON they were recorded in, not their meaning.
//! Invariant: never changed after it is written.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::{Outcome, Stage},
    ids::{AccountId, DecisionId, StructureId},
    scope::{self, scoped},
};

/// A row of `decision`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "decision")]
pub struct Model {
    /// The decision.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DecisionId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// For whom the rules were run.
    pub account_id: AccountId,
    /// At which stage.
    pub stage: Stage,
    /// When.
    pub decided_at: At,
    /// What they came to together.
    pub outcome: Outcome,
    /// What each rule answered.
    pub verdicts: Json,
    /// What the rules were told.
    pub facts: Json,
    /// The row that `account_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, account_id)", to = "(structure_id, id)")]
    pub account: BelongsTo<super::account::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(DecisionId);

/// The decision of that id, whatever structure it is of: for the operator's command line only, never for an account.
#[must_use]
pub fn by_id(id: DecisionId) -> Select<Entity> {
    scope::select::<Entity>().filter(Column::Id.eq(id))
}
