//! The numbers that refuse commercial messages of a structure.
//!
//! Knows numbers by their keyed hash only, so a refusal outlives the person it came from.
//! Invariant: a row is never removed by what removes people. One that the operator recorded names no SMS, and no SMS removes it.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::OptOutSource,
    ids::{InboundId, StructureId},
    scope::scoped,
    sensitive::Digest,
};

/// A row of `opt_out`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "opt_out")]
pub struct Model {
    /// The structure that owns the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// The keyed hash of the number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number_hash: Digest,
    /// When the refusal was recorded.
    pub opted_out_at: At,
    /// How it came.
    pub source: OptOutSource,
    /// The last SMS by which it was said, where it came by SMS.
    pub inbound_id: Option<InboundId>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
