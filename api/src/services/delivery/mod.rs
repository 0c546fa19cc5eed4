//! The one place that changes the state of a message.
//!
//! Owns what goes with such a change, in its transaction: the counters of the campaign, its completion, the credit, the
//! outcome of attempts. What may follow what is decided by `domain::message_state`; when, by the callers.
//!
//! Architecture Invariants. Money follows from the two states alone, so a change cannot forget it: what leaves the states
//! that hold credit is charged or released once. Counters move by the number of rows that really moved. Whoever changes
//! states calls [`lock`] first: on PostgreSQL it takes the credit rows, then the campaigns, in ascending order, so that
//! transactions never wait for one another in a circle, and only one at a time works on a campaign.

mod moves;
mod suppress;

use std::collections::BTreeSet;
use std::time::Duration;

use entity::At;
use entity::enums::{self, AttemptOutcome};
use entity::ids::{AttemptId, CampaignId, MessageId, StructureId};
use entity::{attempt, campaign, credit, message, opt_out};
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, Func, IntoIden, LockType, Order, Query, TableRef, ValueTuple,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, FromQueryResult, QueryFilter,
    Value,
};

use crate::domain::message_state::{CampaignState, MessageState};
use crate::store::{StoreError, among};

pub use moves::{Change, Lease, Moves};
pub use suppress::{SUPPRESSED_AT_ONCE, places, suppress, suppress_each};

/// Why a message was not sent, by our own choice.
pub mod reason {
    /// Its number opted out.
    pub const OPTED_OUT: &str = "OPTED_OUT";
    /// It is commercial, and nobody whom it covers agrees to such messages any more.
    pub const NO_COMMERCIAL_CONSENT: &str = "NO_COMMERCIAL_CONSENT";
    /// Its campaign was cancelled.
    pub const CANCELLED: &str = "CANCELLED";
    /// The rules refused its campaign, or left out all whom it covers, when its hour had come.
    pub const RULE: &str = "RULE";
    /// It was tried as often as is allowed.
    pub const ATTEMPTS_EXHAUSTED: &str = "ATTEMPTS_EXHAUSTED";
    /// It waited for so long that it was not worth sending any more.
    pub const EXPIRED: &str = "EXPIRED";
}

/// A campaign, and the structure that owns it, in the order of locking.
pub type Place = (StructureId, CampaignId);

/// Where a message stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// The message.
    pub id: MessageId,
    /// Its campaign.
    pub place: Place,
    /// Its state.
    pub state: MessageState,
    /// Attempts made so far.
    pub attempts: i32,
}

/// Takes the locks that changing messages of these campaigns needs. SQLite has one writer, and needs none.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &DatabaseTransaction, places: &BTreeSet<Place>) -> Result<(), StoreError> {
    if tx.get_database_backend() == DbBackend::Sqlite || places.is_empty() {
        return Ok(());
    }
    let structures: BTreeSet<StructureId> = places.iter().map(|(structure, _)| *structure).collect();
    let credits = Query::select()
        .column(credit::Column::StructureId)
        .from(credit::Entity)
        .and_where(Expr::col(credit::Column::StructureId).is_in(structures))
        .order_by(credit::Column::StructureId, Order::Asc)
        .lock(LockType::NoKeyUpdate)
        .to_owned();
    tx.query_all(&credits).await?;
    let campaigns = Query::select()
        .column(campaign::Column::Id)
        .from(campaign::Entity)
        .and_where(Expr::col(campaign::Column::Id).is_in(places.iter().map(|(_, campaign)| *campaign)))
        .order_by(campaign::Column::Id, Order::Asc)
        .lock(LockType::NoKeyUpdate)
        .to_owned();
    tx.query_all(&campaigns).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct StandingRow {
    id: MessageId,
    structure_id: StructureId,
    campaign_id: CampaignId,
    state: enums::MessageState,
    attempts: i32,
}

/// Where these messages stand. After [`lock`] nobody else changes it until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn standings(tx: &DatabaseTransaction, ids: &[MessageId]) -> Result<Vec<Standing>, StoreError> {
    use message::Column;
    let query = Query::select()
        .columns([Column::Id, Column::StructureId, Column::CampaignId, Column::State, Column::Attempts])
        .from(message::Entity)
        .and_where(among(tx.get_database_backend(), Expr::col(Column::Id), ids.iter().copied()))
        .to_owned();
    let rows = tx.query_all(&query).await?;
    let standing = |row: StandingRow| Standing {
        id: row.id,
        place: (row.structure_id, row.campaign_id),
        state: domain_state(row.state),
        attempts: row.attempts,
    };
    Ok(rows
        .iter()
        .map(|row| StandingRow::from_query_result(row, "").map(standing))
        .collect::<Result<_, _>>()?)
}

/// The state that a column holds.
pub(crate) fn domain_state(stored: enums::MessageState) -> MessageState {
    stored
        .as_str()
        .parse()
        .expect("invariant: both lists of states have the same spellings, as a test checks")
}

/// The state that a campaign's column holds.
pub(crate) fn domain_campaign_state(stored: enums::CampaignState) -> CampaignState {
    stored
        .as_str()
        .parse()
        .expect("invariant: both lists of states have the same spellings, as a test checks")
}

/// Has a campaign whose lock is held take a state that follows its own.
///
/// # Errors
/// The database's.
pub(crate) async fn set_state(
    tx: &DatabaseTransaction,
    (structure, id): Place,
    state: CampaignState,
) -> Result<(), StoreError> {
    campaign::Entity::update_many()
        .col_expr(campaign::Column::State, Expr::val(state.as_str()))
        .filter(campaign::Column::StructureId.eq(structure))
        .filter(campaign::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The condition that a message is in a state, written so that the partial indexes serve: as a literal.
pub(crate) fn in_state(state: MessageState) -> Expr {
    Expr::col((message::Entity, message::Column::State)).eq(Expr::Constant(state.as_str().into()))
}

/// Whether the number of a message of the table `message` opted out.
pub(crate) fn opted_out() -> Expr {
    let message = |column: message::Column| Expr::col((message::Entity, column));
    let refused = |column: opt_out::Column| Expr::col((opt_out::Entity, column));
    let refusal = Query::select()
        .expr(Expr::val(1_i32))
        .from(opt_out::Entity)
        .and_where(refused(opt_out::Column::StructureId).eq(message(message::Column::StructureId)))
        .and_where(refused(opt_out::Column::NumberHash).eq(message(message::Column::NumberHash)))
        .to_owned();
    Expr::exists(refusal)
}

/// An instant so much later.
pub(crate) fn later(at: At, wait: Duration) -> At {
    let wait = chrono::TimeDelta::from_std(wait).unwrap_or(chrono::TimeDelta::MAX);
    At::from(at.0.checked_add_signed(wait).unwrap_or(chrono::DateTime::<chrono::Utc>::MAX_UTC))
}

/// What came of an attempt.
#[derive(Debug, Clone)]
pub struct Finish {
    /// The attempt.
    pub attempt: AttemptId,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// What was answered, a code.
    pub code: Option<String>,
    /// The provider's own reference.
    pub provider_ref: Option<String>,
}

/// Records what came of attempts. One whose outcome is known for good keeps it.
///
/// # Errors
/// The database's.
pub async fn finish(tx: &DatabaseTransaction, at: At, attempts: &[Finish]) -> Result<(), StoreError> {
    use attempt::Column;
    if attempts.is_empty() {
        return Ok(());
    }
    let rows = attempts.iter().map(|finish| {
        ValueTuple::Many(vec![
            finish.attempt.into(),
            Value::from(finish.outcome.as_str()),
            finish.code.clone().into(),
            finish.provider_ref.clone().into(),
        ])
    });
    // Both databases name the columns of a list of values so.
    let given = Alias::new("given");
    let of = |column: &'static str| Expr::col((given.clone(), Alias::new(column)));
    let stored = |column: Column| Expr::col((attempt::Entity, column));
    let update = Query::update()
        .table(attempt::Entity)
        .from(TableRef::ValuesList(rows.collect(), given.clone().into_iden()))
        .value(Column::FinishedAt, at)
        .value(Column::Outcome, of("column2"))
        .value(Column::Code, of("column3"))
        .value(Column::ProviderRef, Func::coalesce([of("column4"), stored(Column::ProviderRef)]))
        .and_where(stored(Column::Id).eq(of("column1")))
        .and_where(
            stored(Column::Outcome)
                .is_null()
                .or(stored(Column::Outcome).eq(AttemptOutcome::Unknown.as_str()))
                .or(stored(Column::Outcome).eq(of("column2"))),
        )
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable as _;

    use super::*;

    #[test]
    fn the_stored_states_are_those_of_the_domain() {
        let stored: Vec<_> = enums::MessageState::iter().map(domain_state).collect();
        assert_eq!(stored, MessageState::ALL);
        let stored: Vec<_> = enums::CampaignState::iter().map(domain_campaign_state).collect();
        assert_eq!(stored, CampaignState::ALL);
    }
}
