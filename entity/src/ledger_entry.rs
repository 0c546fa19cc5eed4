//! The ledger as people read it: transfers of one campaign and reason gathered in one entry.
//!
//! Owns no truth: every entry can be computed again from the transfers.
//! Invariant: one entry a campaign and a reason; one a correction.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::LedgerReason,
    ids::{AccountId, CampaignId, LedgerEntryId, OrderId, StructureId, TransferId},
    scope::scoped,
};

/// A row of `ledger_entry`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_entry")]
pub struct Model {
    /// The entry.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LedgerEntryId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// Why the balance moved.
    pub reason: LedgerReason,
    /// The campaign it is for.
    pub campaign_id: Option<CampaignId>,
    /// The order it is for.
    pub order_id: Option<OrderId>,
    /// The one transfer that it is of, where that has no campaign and no order.
    pub transfer_id: Option<TransferId>,
    /// The account that caused it.
    pub account_id: Option<AccountId>,
    /// How many credits its transfers moved.
    pub quantity: i64,
    /// What it did to the available balance, in credits; negative where it took.
    pub delta: i64,
    /// The available balance after the last of them, in credits.
    pub balance_after: i64,
    /// When the first was made.
    pub first_at: At,
    /// When the last was made.
    pub last_at: At,
    /// The row that `campaign_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, campaign_id)", to = "(structure_id, id)")]
    pub campaign: BelongsTo<Option<super::campaign::Entity>>,
    /// The row that `order_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, order_id)", to = "(structure_id, id)")]
    pub order: BelongsTo<Option<super::top_up_order::Entity>>,
    /// The row that `transfer_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, transfer_id)", to = "(structure_id, id)")]
    pub transfer: BelongsTo<Option<super::transfer::Entity>>,
    /// The row that `account_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, account_id)", to = "(structure_id, id)")]
    pub account: BelongsTo<Option<super::account::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(LedgerEntryId);
