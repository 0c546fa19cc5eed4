//! Who has which tag.
//!
//! Invariant: person and tag are of the same structure.

use sea_orm::entity::prelude::*;

use crate::{
    ids::{PersonId, StructureId, TagId},
    scope::scoped,
};

/// A row of `person_tag`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_tag")]
pub struct Model {
    /// The structure that owns the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// The person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: PersonId,
    /// The tag they have.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag_id: TagId,
    /// The row that `person_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, person_id)", to = "(structure_id, id)")]
    pub person: BelongsTo<super::person::Entity>,
    /// The row that `tag_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, tag_id)", to = "(structure_id, id)")]
    pub tag: BelongsTo<super::tag::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
