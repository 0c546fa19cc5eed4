//! Claiming what is due: a lease on rows of the queue, which authorises nothing. When it expires, others take them.

use std::sync::Arc;

use entity::ids::{CampaignId, MessageId, StructureId};
use entity::{campaign, enums, message};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, Order, Query};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::app::App;
use crate::domain::message_state::MessageState;
use crate::fault::{self, Bug, Point};
use crate::services::delivery::{in_state, later};
use crate::store::StoreError;

/// A message that this instance may be the one to send.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub(super) struct Claimed {
    pub(super) id: MessageId,
    pub(super) structure_id: StructureId,
    pub(super) campaign_id: CampaignId,
}

/// Claims the messages that have been due for longest, at most as many as the settings say.
pub(super) async fn claim(app: &Arc<App>, me: Uuid) -> Result<Vec<Claimed>, StoreError> {
    use message::Column;
    let at = app.at();
    let column = |column: Column| Expr::col((message::Entity, column));
    // What is leased until now is free from now on.
    let free_from =
        if fault::planted(Bug::LeaseTakenOver) { later(at, app.config.dispatch.lease * 2) } else { at };
    let due = Query::select()
        .column((message::Entity, Column::Id))
        .from(message::Entity)
        .and_where(in_state(MessageState::Queued))
        .and_where(column(Column::NextAttemptAt).lte(at))
        .and_where(column(Column::LeaseUntil).is_null().or(column(Column::LeaseUntil).lt(free_from)))
        .and_where(under_way())
        .order_by((message::Entity, Column::NextAttemptAt), Order::Asc)
        .order_by((message::Entity, Column::Id), Order::Asc)
        .limit(app.config.dispatch.claim)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .to_owned();
    let claim = Query::update()
        .table(message::Entity)
        .value(Column::LeaseOwner, me)
        .value(Column::LeaseUntil, later(at, app.config.dispatch.lease))
        .and_where(Expr::col(Column::Id).in_subquery(due))
        .returning(Query::returning().columns([Column::Id, Column::StructureId, Column::CampaignId]))
        .to_owned();
    app.store
        .write::<Vec<Claimed>, StoreError, _>(move |tx| {
            Box::pin(async move {
                let rows = tx.query_all(&claim).await?;
                Ok(rows.iter().map(|row| Claimed::from_query_result(row, "")).collect::<Result<_, _>>()?)
            })
        })
        .await
        .inspect(|_| fault::at(Point::Claimed))
}

/// Whether the campaign of a message lets it be sent: one that is cancelled does not.
pub(super) fn under_way() -> Expr {
    let column = |column: campaign::Column| Expr::col((campaign::Entity, column));
    let campaign = Query::select()
        .expr(Expr::val(1_i32))
        .from(campaign::Entity)
        .and_where(column(campaign::Column::Id).equals((message::Entity, message::Column::CampaignId)))
        .and_where(column(campaign::Column::State).eq(enums::CampaignState::Dispatching.as_str()))
        .to_owned();
    Expr::exists(campaign)
}

/// Gives back what this instance claimed and did not begin to send.
pub(super) async fn hand_back(app: &Arc<App>, me: Uuid) -> Result<(), StoreError> {
    use message::Column;
    let release = Query::update()
        .table(message::Entity)
        .value(Column::LeaseOwner, Option::<Uuid>::None)
        .value(Column::LeaseUntil, Option::<entity::At>::None)
        .and_where(in_state(MessageState::Queued))
        .and_where(Expr::col(Column::LeaseOwner).eq(me))
        .to_owned();
    app.store
        .write::<(), StoreError, _>(move |tx| {
            Box::pin(async move {
                tx.execute(&release).await?;
                Ok(())
            })
        })
        .await
}
