//! The texts that a structure keeps to write with.
//!
//! Owns what stays the same from one version to the next: which version is current, and whether it is out of use.
//! Invariant: of the templates in use, each has a name of its own in its structure, whatever case and accents.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    ids::{MessageTemplateId, StructureId},
    scope::scoped,
};

/// A row of `message_template`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message_template")]
pub struct Model {
    /// The template.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageTemplateId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// The name of its current version, as names are compared and ordered.
    pub folded: String,
    /// The number of its current version, which is its latest.
    pub current: i32,
    /// Since when it is out of use.
    pub archived_at: Option<At>,
    /// When it was created.
    pub created_at: At,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(MessageTemplateId);
