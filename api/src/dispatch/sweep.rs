//! What time alone brings about: leases that expire, outcomes and reports that never come, what is left of a campaign that was
//! cancelled or is too old to be sent, idempotency keys that are remembered no more, and balances that came to their threshold and were not
//! told of.
//!
//! Architecture Invariant: a `SENDING` whose lease expired becomes `UNKNOWN`, never `QUEUED`: its request may have left.

use std::collections::BTreeSet;
use std::sync::Arc;

use entity::At;
use entity::enums::AttemptOutcome;
use entity::ids::{CampaignId, MessageId, StructureId};
use entity::{attempt, message};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult};

use crate::app::App;
use crate::domain::message_state::{InvalidTransition, MessageState};
use crate::domain::outcome::UnknownReason;
use crate::fault::{self, Bug, Point};
use crate::services::delivery::{self, Change, Moves, Place, Standing, domain_state, in_state};
use crate::services::{cancel, expire, idempotency, ledger};
use crate::store::{StoreError, among};

/// The most messages changed by one transaction.
const BATCH: u64 = 500;

/// Messages that stayed in a state until an instant, and what they become.
#[derive(Clone, Copy)]
struct Aged {
    state: MessageState,
    /// The column whose instant is past.
    column: message::Column,
    before: At,
    becomes: fn(MessageState) -> Result<MessageState, InvalidTransition>,
    reason: Option<&'static str>,
}

#[derive(FromQueryResult)]
struct Row {
    id: MessageId,
    structure_id: StructureId,
    campaign_id: CampaignId,
    state: entity::enums::MessageState,
    attempts: i32,
}

/// Changes what time has changed, at most a batch of each kind; answers whether more may be left. One kind that fails keeps no other waiting.
pub(super) async fn sweep(app: &Arc<App>) -> Result<bool, StoreError> {
    let mut results = Vec::new();
    for kind in kinds(app) {
        results.push(change(app, kind).await);
    }
    results.extend([
        cancel::go_on(app).await,
        expire::go_on(app).await,
        idempotency::forget_old(app).await,
        ledger::tell_low(app).await,
    ]);
    results.into_iter().try_fold(false, |more, result| Ok(more | result?))
}

fn kinds(app: &App) -> [Aged; 3] {
    let now = app.at();
    let window =
        chrono::TimeDelta::from_std(app.config.dispatch.report_window).unwrap_or(chrono::TimeDelta::MAX);
    let given_up =
        At::from(now.0.checked_sub_signed(window).unwrap_or(chrono::DateTime::<chrono::Utc>::MIN_UTC));
    [
        Aged {
            state: MessageState::Sending,
            column: message::Column::LeaseUntil,
            before: now,
            becomes: if fault::planted(Bug::ExpiredSendingRequeued) {
                MessageState::requeue
            } else {
                MessageState::lose_track
            },
            reason: Some(UnknownReason::LeaseExpired.as_str()),
        },
        Aged {
            state: MessageState::Unknown,
            column: message::Column::StateAt,
            before: given_up,
            becomes: MessageState::write_off,
            reason: None,
        },
        Aged {
            state: MessageState::HandedOver,
            column: message::Column::StateAt,
            before: given_up,
            becomes: MessageState::give_up_report,
            reason: None,
        },
    ]
}

/// Changes a batch of one kind; answers whether it was full.
async fn change(app: &Arc<App>, kind: Aged) -> Result<bool, StoreError> {
    let found = rows(app.store.readers(), kind.query().limit(BATCH)).await?;
    if found.is_empty() {
        return Ok(false);
    }
    let inner = Arc::clone(app);
    Ok(app
        .store
        .write::<usize, StoreError, _>(move |tx| {
            Box::pin(async move { change_in(tx, &inner, kind, &found).await })
        })
        .await? as u64
        == BATCH)
}

async fn change_in(
    tx: &DatabaseTransaction,
    app: &App,
    kind: Aged,
    found: &[Row],
) -> Result<usize, StoreError> {
    let places: BTreeSet<Place> = found.iter().map(|row| (row.structure_id, row.campaign_id)).collect();
    delivery::lock(tx, &places).await?;
    // Read again under the locks: what they waited for may have settled some.
    let ids = found.iter().map(|row| row.id);
    let rows = rows(
        tx,
        kind.query().and_where(among(tx.get_database_backend(), Expr::col(message::Column::Id), ids)),
    )
    .await?;
    let mut moves = Moves::default();
    for row in &rows {
        let standing = Standing {
            id: row.id,
            place: (row.structure_id, row.campaign_id),
            state: domain_state(row.state),
            attempts: row.attempts,
        };
        if let Ok(to) = (kind.becomes)(standing.state) {
            moves.add(&standing, Change { to, reason: kind.reason.map(str::to_owned), not_before: None });
        }
    }
    let changed = moves.apply(tx, app, None).await?;
    if kind.state == MessageState::Sending && !changed.is_empty() {
        lose_track(tx, app.at(), changed.iter().copied()).await?;
    }
    fault::at(Point::SweepWritten);
    Ok(changed.len())
}

impl Aged {
    fn query(&self) -> SelectStatement {
        use message::Column;
        let columns = [Column::Id, Column::StructureId, Column::CampaignId, Column::State, Column::Attempts];
        Query::select()
            .columns(columns)
            .from(message::Entity)
            .and_where(in_state(self.state))
            .and_where(Expr::col(self.column).lt(self.before))
            .order_by(self.column, Order::Asc)
            .to_owned()
    }
}

async fn rows(db: &impl ConnectionTrait, query: &SelectStatement) -> Result<Vec<Row>, StoreError> {
    let rows = db.query_all(query).await?;
    Ok(rows.iter().map(|row| Row::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

/// Records that nothing tells what came of the attempts under way at these messages.
async fn lose_track(
    tx: &DatabaseTransaction,
    at: At,
    messages: impl Iterator<Item = MessageId>,
) -> Result<(), StoreError> {
    use attempt::Column;
    let update = Query::update()
        .table(attempt::Entity)
        .value(Column::FinishedAt, at)
        .value(Column::Outcome, AttemptOutcome::Unknown.as_str())
        .value(Column::Code, UnknownReason::LeaseExpired.as_str())
        .and_where(among(tx.get_database_backend(), Expr::col(Column::MessageId), messages))
        .and_where(Expr::col(Column::Outcome).is_null())
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}
