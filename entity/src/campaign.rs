//! The sends that were accepted.
//!
//! Owns the counters of its messages, never the messages.
//! Invariant: `total` is the sum of the ten counters after it, each at least 0; completed and cancelled mean that none is queued, sending or unknown;
//! `send_at` and `time_zone` are there together.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::{CampaignState, Purpose},
    ids::{AccountId, CampaignId, DecisionId, PreviewId, StructureId},
    scope::{self, scoped},
    sensitive::Sensitive,
};

/// A row of `campaign`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign")]
pub struct Model {
    /// The campaign.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CampaignId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// Who sent it.
    pub created_by: AccountId,
    /// The preview it consumed; no other campaign has it.
    pub preview_id: PreviewId,
    /// What the rules answered at the send.
    pub decision_id: DecisionId,
    /// The first campaign of those sent to reach the same people, when it is not the first itself.
    pub retry_of: Option<CampaignId>,
    /// Where it stands.
    pub state: CampaignState,
    /// The body sent; empty once erased.
    pub text: Option<Sensitive>,
    /// Why it is sent.
    pub purpose: Purpose,
    /// The sender shown on telephones.
    pub sender: String,
    /// The provider that carries it.
    pub provider: String,
    /// The short code that its STOP mention names, digits only: a STOP sent there may concern it.
    pub short_code: Option<String>,
    /// What was reserved for it, in credits.
    pub cost: i64,
    /// When it was accepted.
    pub created_at: At,
    /// When it shall leave; none when it left at once.
    pub send_at: Option<At>,
    /// The zone in which that instant was meant, an IANA name; none where there is none.
    pub time_zone: Option<String>,
    /// When what is still queued of it is given up, while it is under way; none of one that has not left.
    pub expires_at: Option<At>,
    /// Until when it waits for legal hours as far as that was added to `expires_at`; none of one that never did.
    pub uncounted_until: Option<At>,
    /// When its last message was settled.
    pub completed_at: Option<At>,
    /// All its messages.
    pub total: i64,
    /// Messages in `QUEUED`.
    pub queued: i64,
    /// Messages in `SENDING`.
    pub sending: i64,
    /// Messages in `HANDED_OVER`.
    pub handed_over: i64,
    /// Messages in `DELIVERED`.
    pub delivered: i64,
    /// Messages in `UNDELIVERED`.
    pub undelivered: i64,
    /// Messages in `NO_REPORT`.
    pub no_report: i64,
    /// Messages in `REJECTED`.
    pub rejected: i64,
    /// Messages in `SUPPRESSED`.
    pub suppressed: i64,
    /// Messages in `UNKNOWN`.
    pub unknown: i64,
    /// Messages in `WRITTEN_OFF`.
    pub written_off: i64,
    /// The row that `created_by` names.
    #[sea_orm(belongs_to, from = "(structure_id, created_by)", to = "(structure_id, id)")]
    pub creator: BelongsTo<super::account::Entity>,
    /// The row that `preview_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, preview_id)", to = "(structure_id, id)")]
    pub preview: BelongsTo<super::preview::Entity>,
    /// The row that `decision_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, decision_id)", to = "(structure_id, id)")]
    pub decision: BelongsTo<super::decision::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(CampaignId);

/// The campaign of that id, whatever structure it is of: for the operator's command line only, never for an account.
#[must_use]
pub fn by_id(id: CampaignId) -> Select<Entity> {
    scope::select::<Entity>().filter(Column::Id.eq(id))
}
