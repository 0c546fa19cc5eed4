//! The attempts to hand a message to a provider.
//!
//! Knows nothing of money: what an outcome costs is decided where it is recorded.
//! Invariant: a row is committed before its request leaves, and authorises one request at most.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::AttemptOutcome,
    ids::{AttemptId, MessageId, StructureId},
    scope::scoped,
};

/// A row of `attempt`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempt")]
pub struct Model {
    /// The attempt.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AttemptId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// The message it is for.
    pub message_id: MessageId,
    /// Its rank among the message's attempts, from 1.
    pub number: i32,
    /// The provider that was asked.
    pub provider: String,
    /// When it was committed.
    pub started_at: At,
    /// When its outcome was recorded.
    pub finished_at: Option<At>,
    /// What came of it; empty while it is not known.
    pub outcome: Option<AttemptOutcome>,
    /// What the provider or the transport answered, a code.
    pub code: Option<String>,
    /// The provider's own reference.
    pub provider_ref: Option<String>,
    /// The row that `message_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, message_id)", to = "(structure_id, id)")]
    pub message: BelongsTo<super::message::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(AttemptId);
