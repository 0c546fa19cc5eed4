//! The requests for credit.
//!
//! Invariant: an order is decided once, and an approved one has one transfer.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::OrderState,
    ids::{AccountId, OrderId, StructureId},
    scope::scoped,
};

/// A row of `top_up_order`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "top_up_order")]
pub struct Model {
    /// The order.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrderId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// Credits asked for, more than none.
    pub quantity: i64,
    /// Where it stands.
    pub state: OrderState,
    /// The account that asked; `None` where the operator gave without being asked.
    pub requested_by: Option<AccountId>,
    /// When it was asked.
    pub requested_at: At,
    /// When it was approved or refused.
    pub decided_at: Option<At>,
    /// The row that `requested_by` names.
    #[sea_orm(belongs_to, from = "(structure_id, requested_by)", to = "(structure_id, id)")]
    pub requester: BelongsTo<Option<super::account::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(OrderId);
