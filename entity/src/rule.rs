//! The rules a structure wrote.
//!
//! Owns what stays the same from one version to the next.
//! Invariant: a slug is used once in a structure.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::RuleState,
    ids::{RuleId, StructureId},
    scope::scoped,
};

/// A row of `rule`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rule")]
pub struct Model {
    /// The rule.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RuleId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// Its name for machines.
    pub slug: String,
    /// Whether it decides, is only observed, or sleeps.
    pub state: RuleState,
    /// Its rank: lower runs first.
    pub position: i32,
    /// The values of its parameters.
    pub params: Json,
    /// When it was created.
    pub created_at: At,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(RuleId);
