//! Messages of a campaign that shall not be sent, batch by batch.

use std::collections::BTreeSet;
use std::sync::Arc;

use entity::ids::{AccountId, CampaignId, MessageId, StructureId};
use entity::{campaign, campaign_cancellation, message};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, FromQueryResult, QueryFilter};

use super::{Change, Moves, Place, Standing, in_state, lock, reason};
use crate::app::App;
use crate::domain::message_state::MessageState;
use crate::fault::{self, Bug};
use crate::store::StoreError;

/// The most messages suppressed by one transaction: a campaign of a school is suppressed at once, and no other waits long.
pub const SUPPRESSED_AT_ONCE: usize = 1_000;

/// Suppresses a batch of what is queued of a campaign whose lock is held, for this reason; answers how many. Rows that others
/// hold at this moment are left to the next: claims are made and given back in an order of their own.
///
/// # Errors
/// The database's.
pub async fn suppress(
    tx: &DatabaseTransaction,
    app: &App,
    place: Place,
    reason: &'static str,
) -> Result<usize, StoreError> {
    #[derive(FromQueryResult)]
    struct Row {
        id: MessageId,
        attempts: i32,
    }
    use message::Column;
    let state =
        if fault::planted(Bug::CancelReleasesSending) { MessageState::Sending } else { MessageState::Queued };
    let queued = Query::select()
        .columns([Column::Id, Column::Attempts])
        .from(message::Entity)
        .and_where(Expr::col(Column::StructureId).eq(place.0))
        .and_where(Expr::col(Column::CampaignId).eq(place.1))
        .and_where(in_state(state))
        .order_by(Column::Id, Order::Asc)
        .limit(SUPPRESSED_AT_ONCE as u64)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .to_owned();
    let mut moves = Moves::wanted_by(match reason {
        reason::CANCELLED => cancelled_by(tx, place).await?,
        _ => None,
    });
    for row in &tx.query_all(&queued).await? {
        let Row { id, attempts } = Row::from_query_result(row, "")?;
        let suppressed =
            MessageState::Queued.suppress().expect("invariant: what is queued may be suppressed");
        moves.add(&Standing { id, place, state, attempts }, Change::to(suppressed).because(reason));
    }
    Ok(moves.apply(tx, app, None).await?.len())
}

/// Suppresses a batch of each of the campaigns that a query finds, and that it finds again under their lock; answers whether more may be left.
///
/// # Errors
/// The database's.
pub async fn suppress_each(
    app: &Arc<App>,
    query: SelectStatement,
    reason: &'static str,
) -> Result<bool, StoreError> {
    let mut more = false;
    for place in places(app.store.readers(), &query).await? {
        let (inner, mut again) = (Arc::clone(app), query.clone());
        again.and_where(campaign::Column::Id.eq(place.1));
        let suppressed = app
            .store
            .write::<usize, StoreError, _>(move |tx| {
                Box::pin(async move {
                    lock(tx, &BTreeSet::from([place])).await?;
                    // It may have been cancelled, paused, or gone on, since.
                    if places(tx, &again).await?.is_empty() {
                        return Ok(0);
                    }
                    suppress(tx, &inner, place, reason).await
                })
            })
            .await?;
        more |= suppressed == SUPPRESSED_AT_ONCE;
    }
    Ok(more)
}

/// The campaigns that a query finds, by their `structure_id` and `id`.
///
/// # Errors
/// The database's.
pub async fn places(db: &impl ConnectionTrait, query: &SelectStatement) -> Result<Vec<Place>, StoreError> {
    #[derive(FromQueryResult)]
    struct Row {
        structure_id: StructureId,
        id: CampaignId,
    }
    let rows = db.query_all(query).await?;
    let place = |row: Row| (row.structure_id, row.id);
    Ok(rows.iter().map(|row| Row::from_query_result(row, "").map(place)).collect::<Result<_, _>>()?)
}

/// Who cancelled a campaign, where that was kept.
async fn cancelled_by(
    tx: &DatabaseTransaction,
    (structure, campaign): Place,
) -> Result<Option<AccountId>, StoreError> {
    let row = campaign_cancellation::in_structure(structure)
        .filter(campaign_cancellation::Column::CampaignId.eq(campaign))
        .one(tx)
        .await?;
    Ok(row.map(|row| row.account_id))
}
