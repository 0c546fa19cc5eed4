//! Who teaches whom.
//!
//! Invariant: both are people of the same structure, and nobody teaches themselves.

use sea_orm::entity::prelude::*;

use crate::{
    ids::{PersonId, StructureId},
    scope::scoped,
};

/// A row of `teaching`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "teaching")]
pub struct Model {
    /// The structure that owns the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// Who teaches.
    #[sea_orm(primary_key, auto_increment = false)]
    pub teacher_id: PersonId,
    /// Whom they teach.
    #[sea_orm(primary_key, auto_increment = false)]
    pub student_id: PersonId,
    /// The row that `teacher_id` names.
    #[sea_orm(
        belongs_to,
        relation_enum = "Teacher",
        from = "(structure_id, teacher_id)",
        to = "(structure_id, id)"
    )]
    pub teacher: BelongsTo<super::person::Entity>,
    /// The row that `student_id` names.
    #[sea_orm(
        belongs_to,
        relation_enum = "Student",
        from = "(structure_id, student_id)",
        to = "(structure_id, id)"
    )]
    pub student: BelongsTo<super::person::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
