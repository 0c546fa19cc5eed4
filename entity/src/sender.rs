//! The senders of a structure: the names that telephones may show for it.
//!
//! Invariants: no two senders of a structure differ by case alone; at most one is its default.

use sea_orm::entity::prelude::*;

use crate::{ids::StructureId, scope::scoped};

/// A row of `sender`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sender")]
pub struct Model {
    /// The structure that owns the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// The name without its case; unique in the structure.
    #[sea_orm(primary_key, auto_increment = false)]
    pub folded: String,
    /// The name as it is shown.
    pub name: String,
    /// Whether it is shown when a message asks for none.
    pub is_default: bool,
    /// Whether the operator let the structure have it, whatever names are protected.
    pub although_protected: bool,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
