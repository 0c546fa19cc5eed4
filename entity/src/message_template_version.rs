//! The versions of a structure's templates.
//!
//! Owns each wording that a template ever had, with its name of then.
//! Invariant: a row is never changed after it is written, nor deleted.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    ids::{AccountId, MessageTemplateId, MessageTemplateVersionId, StructureId},
    scope::scoped,
    sensitive::Sensitive,
};

/// A row of `message_template_version`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message_template_version")]
pub struct Model {
    /// The version.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageTemplateVersionId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// The template it is of.
    pub template_id: MessageTemplateId,
    /// Its rank among the template's versions, from 1.
    pub number: i32,
    /// How the template was called.
    pub name: String,
    /// The text, with its merge fields.
    pub text: Sensitive,
    /// Who wrote it.
    pub author: AccountId,
    /// What they said of it.
    pub comment: Option<String>,
    /// When it was saved.
    pub created_at: At,
    /// The row that `template_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, template_id)", to = "(structure_id, id)")]
    pub template: BelongsTo<super::message_template::Entity>,
    /// The row that `author` names.
    #[sea_orm(belongs_to, from = "(structure_id, author)", to = "(structure_id, id)")]
    pub writer: BelongsTo<super::account::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(MessageTemplateVersionId);
