//! The delivery reports that were accepted.
//!
//! Invariant: one row an attempt and a status, however often a provider repeats itself.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::ReceiptStatus,
    ids::{AttemptId, MessageId, ReceiptId, StructureId},
    scope::scoped,
};

/// A row of `receipt`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "receipt")]
pub struct Model {
    /// The report.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReceiptId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// The message it is about.
    pub message_id: MessageId,
    /// The attempt it is about.
    pub attempt_id: AttemptId,
    /// What it says.
    pub status: ReceiptStatus,
    /// The provider's code for it.
    pub code: Option<String>,
    /// When it came.
    pub received_at: At,
    /// The row that `message_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, message_id)", to = "(structure_id, id)")]
    pub message: BelongsTo<super::message::Entity>,
    /// The row that `attempt_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, attempt_id)", to = "(structure_id, id)")]
    pub attempt: BelongsTo<super::attempt::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(ReceiptId);
