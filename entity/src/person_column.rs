//! The columns that a structure keeps of its people beside those that we know: what merge fields of its own can say.
//!
//! Invariant: a name is there once in a structure, and people have values of such columns only.

use sea_orm::entity::prelude::*;

use crate::{At, ids::StructureId, scope::scoped};

/// A row of `person_column`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_column")]
pub struct Model {
    /// The structure that owns the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// What it goes by in texts: its title without case, accents and punctuation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Its title, as it was first written.
    pub title: String,
    /// When it was first kept.
    pub created_at: At,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
