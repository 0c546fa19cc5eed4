//! The movements of credit: the truth that balances sum up.
//!
//! Invariant: never changed after it is written; moves more than nothing between two different places; one of a kind for a message, an order
//! or a key, and one reservation for a campaign.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::{LedgerAccount, TransferKind},
    ids::{AccountId, CampaignId, MessageId, OrderId, StructureId, TransferId},
    scope::scoped,
};

/// A row of `transfer`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer")]
pub struct Model {
    /// The transfer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TransferId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// Why it was made.
    pub kind: TransferKind,
    /// Where the credits were.
    pub source: LedgerAccount,
    /// Where they are now.
    pub destination: LedgerAccount,
    /// How many, in credits.
    pub amount: i64,
    /// The campaign it is for.
    pub campaign_id: Option<CampaignId>,
    /// The message it is for.
    pub message_id: Option<MessageId>,
    /// The order it is for.
    pub order_id: Option<OrderId>,
    /// The account that caused it.
    pub account_id: Option<AccountId>,
    /// Why the operator corrected the balance; a correction has it.
    pub note: Option<String>,
    /// Who of the operator's people did; a correction has it.
    pub operator: Option<String>,
    /// The key under which the operator's command makes it once.
    pub key: Option<String>,
    /// When it was made.
    pub made_at: At,
    /// The row that `campaign_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, campaign_id)", to = "(structure_id, id)")]
    pub campaign: BelongsTo<Option<super::campaign::Entity>>,
    /// The row that `message_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, message_id)", to = "(structure_id, id)")]
    pub message: BelongsTo<Option<super::message::Entity>>,
    /// The row that `order_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, order_id)", to = "(structure_id, id)")]
    pub order: BelongsTo<Option<super::top_up_order::Entity>>,
    /// The row that `account_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, account_id)", to = "(structure_id, id)")]
    pub account: BelongsTo<Option<super::account::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(TransferId);
