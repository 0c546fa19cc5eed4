//! The people a message is for: one or several who share its number.
//!
//! Invariant: message and person are of the same structure.

use sea_orm::entity::prelude::*;

use crate::{
    ids::{MessageId, PersonId, StructureId},
    scope::scoped,
};

/// A row of `message_person`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message_person")]
pub struct Model {
    /// The structure that owns the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// The message.
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: MessageId,
    /// One of the people it is for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: PersonId,
    /// The row that `message_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, message_id)", to = "(structure_id, id)")]
    pub message: BelongsTo<super::message::Entity>,
    /// The row that `person_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, person_id)", to = "(structure_id, id)")]
    pub person: BelongsTo<super::person::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
