//! The committed answers of requests that carried an idempotency key.
//!
//! Knows the request by its hash and the answer by its id, or whole where no table holds it.
//! Invariant: written in the transaction of what it stands for, or not at all.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::Operation,
    ids::{AccountId, StructureId},
    scope::scoped,
    sensitive::Digest,
};

/// A row of `idempotency`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// The structure that owns the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// Who asked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    /// What was asked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation: Operation,
    /// The client's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: Uuid,
    /// The hash of the request.
    pub request_hash: Digest,
    /// What was made: a campaign's, an order's or an import's id, by the operation.
    pub result_id: Uuid,
    /// What was answered, where no table holds it: the report of an import.
    pub answer: Option<Json>,
    /// When it was answered.
    pub created_at: At,
    /// The row that `account_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, account_id)", to = "(structure_id, id)")]
    pub account: BelongsTo<super::account::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
