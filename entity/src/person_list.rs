//! The lists of people that a structure keeps.
//!
//! Invariant: no two lists of a structure have names that differ only by case or accents.

use sea_orm::entity::prelude::*;

use crate::{
    ids::{ListId, StructureId},
    scope::scoped,
};

/// A row of `person_list`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_list")]
pub struct Model {
    /// The list.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ListId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// Its name.
    pub name: String,
    /// Its name, case and accents removed; unique in the structure.
    pub folded: String,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(ListId);
