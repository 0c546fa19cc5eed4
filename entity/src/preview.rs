//! What an account was shown before a send, bound to a token.
//!
//! Owns all that a send is compared with.
//! Invariant: never changed after it is written; serves one campaign at most, and none after `expires_at`.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::{Encoding, EncodingPolicy, Purpose},
    ids::{AccountId, DecisionId, MessageTemplateVersionId, PreviewId, StructureId},
    scope::scoped,
    sensitive::{Digest, Sensitive},
};

/// A row of `preview`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "preview")]
pub struct Model {
    /// The preview.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PreviewId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// Who asked for it.
    pub account_id: AccountId,
    /// What the rules answered.
    pub decision_id: DecisionId,
    /// The hash of its token.
    pub token_hash: Digest,
    /// Whom it was asked for, as it was asked.
    pub audience: Json,
    /// The text as it was written.
    pub text: Sensitive,
    /// The version of a template that it was started from; of the same structure, which no reference of the table keeps.
    pub template_version_id: Option<MessageTemplateVersionId>,
    /// The sender that was asked for; none means the structure's default.
    pub sender: Option<String>,
    /// Why it is sent.
    pub purpose: Purpose,
    /// When it shall leave; none means at once.
    pub send_at: Option<At>,
    /// How far characters of the text were replaced.
    pub encoding_policy: EncodingPolicy,
    /// The text as the first person by name would read it, mention included.
    pub body: Sensitive,
    /// How the longest text is encoded.
    pub encoding: Encoding,
    /// Its length, mention included, in units of its encoding: septets or UTF-16 code units.
    pub length: i64,
    /// The parts that it takes.
    pub segments: i32,
    /// What was told of the texts, beside this; none in rows of before.
    pub reading: Option<Json>,
    /// The hash of recipients, body and prices.
    pub plan_hash: Digest,
    /// The hash of the rules that were run, versions and parameters.
    pub rules_hash: Digest,
    /// People who would receive it.
    pub recipient_count: i64,
    /// People of the audience who would not.
    pub excluded_count: i64,
    /// Messages it would make: one a distinct number.
    pub message_count: i64,
    /// The most it would cost, in credits.
    pub cost: i64,
    /// The credits available when it was made.
    pub balance: i64,
    /// When it was made.
    pub created_at: At,
    /// Until when its token serves.
    pub expires_at: At,
    /// The row that `account_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, account_id)", to = "(structure_id, id)")]
    pub account: BelongsTo<super::account::Entity>,
    /// The row that `decision_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, decision_id)", to = "(structure_id, id)")]
    pub decision: BelongsTo<super::decision::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(PreviewId);
