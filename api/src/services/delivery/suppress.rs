//! Messages of a campaign that shall not be sent, batch by batch.

use entity::ids::{AccountId, MessageId};
use entity::message;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, Order, Query};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult};

use super::{Change, Moves, Place, Standing, in_state};
use crate::app::App;
use crate::domain::message_state::MessageState;
use crate::fault::{self, Bug};
use crate::store::StoreError;

/// The most messages suppressed by one transaction: a campaign of a school is suppressed at once, and no other waits long.
pub const SUPPRESSED_AT_ONCE: usize = 1_000;

/// Suppresses a batch of what is queued of a campaign whose lock is held, for this reason, at the wish of this account if of one's; answers how many. Rows that others hold at this
/// moment are left to the next: claims are made and given back in an order of their own.
///
/// # Errors
/// The database's.
pub async fn suppress(
    tx: &DatabaseTransaction,
    app: &App,
    place: Place,
    reason: &'static str,
    by: Option<AccountId>,
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
    let mut moves = Moves::wanted_by(by);
    for row in &tx.query_all(&queued).await? {
        let Row { id, attempts } = Row::from_query_result(row, "")?;
        let suppressed =
            MessageState::Queued.suppress().expect("invariant: what is queued may be suppressed");
        moves.add(&Standing { id, place, state, attempts }, Change::to(suppressed).because(reason));
    }
    Ok(moves.apply(tx, app, None).await?.len())
}
