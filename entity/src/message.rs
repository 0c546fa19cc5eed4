//! The messages: one a campaign and a number. The table is also the queue they are sent from.
//!
//! Knows nothing of what a provider answers: that is the attempts'.
//! Invariant: a number is in a campaign once, and a message leaves `QUEUED` for `SENDING` only with an attempt.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::{Encoding, MessageState},
    ids::{CampaignId, MessageId, StructureId},
    scope::scoped,
    sensitive::{Digest, Sensitive},
};

/// A row of `message`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    /// The message.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// The campaign it is part of.
    pub campaign_id: CampaignId,
    /// The number it goes to, in E.164; empty once erased.
    pub number: Option<Sensitive>,
    /// The keyed hash of that number.
    pub number_hash: Digest,
    /// The body, where it differs from the campaign's; empty otherwise or once erased.
    pub text: Option<Sensitive>,
    /// How the body is encoded.
    pub encoding: Encoding,
    /// The SMS it takes.
    pub segments: i32,
    /// What it costs, in credits.
    pub cost: i64,
    /// Where it stands.
    pub state: MessageState,
    /// Why it stands there, a code.
    pub reason: Option<String>,
    /// Attempts made so far.
    pub attempts: i32,
    /// Not sent before this instant.
    pub next_attempt_at: At,
    /// The worker that holds it.
    pub lease_owner: Option<Uuid>,
    /// Until when.
    pub lease_until: Option<At>,
    /// When it entered its state.
    pub state_at: At,
    /// The row that `campaign_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, campaign_id)", to = "(structure_id, id)")]
    pub campaign: BelongsTo<super::campaign::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(MessageId);
