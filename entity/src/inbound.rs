//! The SMS that came in, in answer to what was sent.
//!
//! Knows neither their text nor their number, but what they ask and the number's keyed hash. Belongs to no structure: a short code is
//! shared, and which structures an SMS concerned is `inbound_structure`'s.
//! Invariant: a provider's reference is there once; a row has a number's hash, or why its sender is no number.

use sea_orm::entity::prelude::*;

use crate::{At, enums::InboundKeyword, ids::InboundId, sensitive::Digest};

/// A row of `inbound`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbound")]
pub struct Model {
    /// The SMS.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InboundId,
    /// The provider that brought it.
    pub provider: String,
    /// The provider's own reference, where it gave one that can be kept.
    pub reference: Option<String>,
    /// The keyed hash of the number it came from.
    pub number_hash: Option<Digest>,
    /// Why what it came from is no number, a code.
    pub sender_problem: Option<String>,
    /// The short code it came to, digits only; empty when that could not be read.
    pub short_code: Option<String>,
    /// What it asks.
    pub keyword: InboundKeyword,
    /// When it came.
    pub received_at: At,
}

impl ActiveModelBehavior for ActiveModel {}
