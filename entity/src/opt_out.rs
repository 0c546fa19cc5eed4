//! The numbers that refuse commercial messages of a structure.
//!
//! Knows numbers by their keyed hash only, so a refusal outlives the person it came from.
//! Invariant: a row is never removed by what removes people. One that the operator recorded names no SMS, and no SMS removes it.

use sea_orm::{JoinType, QuerySelect, entity::prelude::*};

use crate::{
    At,
    enums::OptOutSource,
    ids::{InboundId, StructureId},
    inbound,
    scope::{self, scoped},
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
    /// The row that `inbound_id` names.
    #[sea_orm(belongs_to, from = "inbound_id", to = "id")]
    pub inbound: BelongsTo<Option<super::inbound::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();

/// The refusals of a number, of every structure: for the operator, whom its owner asked, and for what comes in by SMS; never for an
/// account.
#[must_use]
pub fn of_number(number_hash: Digest) -> Select<Entity> {
    scope::select::<Entity>().filter(Column::NumberHash.eq(number_hash))
}

/// Those of a number's refusals that came by SMS to a short code, of every structure: for what comes in by SMS alone.
#[must_use]
pub fn by_sms(number_hash: Digest, short_code: &str) -> Select<Entity> {
    of_number(number_hash)
        .filter(Column::Source.eq(OptOutSource::Sms))
        .join(JoinType::InnerJoin, Relation::Inbound.def())
        .filter(inbound::Column::ShortCode.eq(short_code))
}
