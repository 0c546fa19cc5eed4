//! The balances of a structure, in credits.
//!
//! Owns the sums of the transfers, never their detail.
//! Invariant: none is negative, and `issued = available + reserved + spent + operator_loss`; `low_since` is there exactly while `available` is
//! at `low_at` or below.

use sea_orm::entity::prelude::*;

use crate::{At, ids::StructureId, scope::scoped};

/// A row of `credit`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit")]
pub struct Model {
    /// Whose balances these are.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// Credits given to the structure, less what corrections took back, and those that the operator bears for it, in credits.
    pub issued: i64,
    /// Credits it may still spend, in credits.
    pub available: i64,
    /// Credits set aside for accepted campaigns, in credits.
    pub reserved: i64,
    /// Credits charged for messages handed over, in credits.
    pub spent: i64,
    /// Credits of messages delivered after they were written off, in credits.
    pub operator_loss: i64,
    /// The balance at which, or below, the structure wants to be told, in credits; none where it does not.
    pub low_at: Option<i64>,
    /// Since when the balance is there.
    pub low_since: Option<At>,
    /// How often it came there.
    pub low_count: i64,
    /// How many of those times are in the log.
    pub low_told: i64,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
