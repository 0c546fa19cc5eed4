//! The tags of a structure.
//!
//! Invariant: no two tags of a structure have names that differ only by case or accents.

use sea_orm::entity::prelude::*;

use crate::{
    ids::{StructureId, TagId},
    scope::scoped,
};

/// A row of `tag`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tag")]
pub struct Model {
    /// The tag.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TagId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// Its name.
    pub name: String,
    /// Its name, case and accents removed; unique in the structure.
    pub folded: String,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(TagId);
