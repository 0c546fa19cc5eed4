//! The SMS that came in, in answer to what was sent.
//!
//! Knows neither their text nor their number, but what they ask. Belongs to no structure: a short code is shared, and which structures
//! an SMS concerned is `inbound_structure`'s.
//! Invariant: a provider's reference is there once.

use sea_orm::{ExprTrait, JoinType, QueryOrder, QuerySelect, entity::prelude::*, sea_query::Query};

use crate::{
    At, attempt, campaign,
    enums::{AttemptOutcome, InboundKeyword},
    ids::InboundId,
    inbound_structure, message, scope,
    sensitive::Digest,
};

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
    /// Why what it came from is no number, a code.
    pub sender_problem: Option<String>,
    /// The short code it came to, digits only; empty when that could not be read.
    pub short_code: Option<String>,
    /// What it asks.
    pub keyword: InboundKeyword,
    /// When it was sent, as far as its provider tells; never after it came.
    pub said_at: At,
    /// When it came.
    pub received_at: At,
}

impl ActiveModelBehavior for ActiveModel {}

/// Those that came in, the newest first: for the operator alone, since they belong to no structure.
#[must_use]
pub fn newest() -> Select<Entity> {
    scope::select::<Entity>().order_by_desc(Column::ReceivedAt).order_by_desc(Column::Id)
}

/// The attempts by which structures handed, or may have handed, an SMS to this number, with this short code to answer to, since an
/// instant: of every structure, for what comes in by SMS alone. What is known to have been refused or not sent is none of them.
#[must_use]
pub fn what_it_answers(number_hash: Digest, short_code: &str, since: At) -> Select<attempt::Entity> {
    let accepted = [AttemptOutcome::HandedOver, AttemptOutcome::Unknown];
    scope::select::<attempt::Entity>()
        .join(JoinType::InnerJoin, attempt::Relation::Message.def())
        .join(JoinType::InnerJoin, message::Relation::Campaign.def())
        .filter(message::Column::NumberHash.eq(number_hash))
        .filter(campaign::Column::ShortCode.eq(short_code))
        .filter(attempt::Column::StartedAt.gte(since))
        .filter(attempt::Column::Outcome.is_null().or(attempt::Column::Outcome.is_in(accepted)))
}

/// The condition that an SMS concerned no structure.
#[must_use]
pub fn concerns_none() -> Expr {
    let concerned = Query::select()
        .expr(Expr::val(1_i32))
        .from(inbound_structure::Entity)
        .and_where(
            Expr::col((inbound_structure::Entity, inbound_structure::Column::InboundId))
                .equals((Entity, Column::Id)),
        )
        .take();
    Expr::exists(concerned).not()
}
