//! Who is on which list.
//!
//! Invariant: person and list are of the same structure.

use sea_orm::entity::prelude::*;

use crate::{
    ids::{ListId, PersonId, StructureId},
    scope::scoped,
};

/// A row of `person_list_member`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_list_member")]
pub struct Model {
    /// The structure that owns the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// The list.
    #[sea_orm(primary_key, auto_increment = false)]
    pub list_id: ListId,
    /// The person on it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: PersonId,
    /// The row that `list_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, list_id)", to = "(structure_id, id)")]
    pub list: BelongsTo<super::person_list::Entity>,
    /// The row that `person_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, person_id)", to = "(structure_id, id)")]
    pub person: BelongsTo<super::person::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
