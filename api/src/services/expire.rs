//! Campaigns that are too old to be worth sending: what is still queued of them is given up, and its credit given back.
//!
//! Architecture Invariants. Only what is `QUEUED` of a campaign that is `DISPATCHING` is given up: what is paused has its whole time again when it
//! goes on, and what may have left is settled as ever. The dispatcher begins nothing of a campaign whose time is over, however much of it is still
//! queued. The time in which a commercial message waits for legal hours does not count, and is added once, however many of its messages wait,
//! and however many instances look; the time in which it could have been sent counts.

use std::sync::Arc;

use chrono::TimeDelta;
use entity::At;
use entity::campaign::{self, Column};
use entity::ids::CampaignId;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use crate::app::App;
use crate::domain::message_state::CampaignState;
use crate::services::delivery::{later, reason, suppress_each};
use crate::store::StoreError;

/// The most campaigns that one sweep gives up at once.
const CAMPAIGNS: u64 = 16;

/// When what leaves now is given up.
pub fn expiry(app: &App) -> At {
    later(app.at(), app.config.dispatch.expire)
}

/// Gives campaigns whose locks are held the whole time from now on.
///
/// # Errors
/// The database's.
pub async fn give_time(
    tx: &DatabaseTransaction,
    app: &App,
    campaigns: impl IntoIterator<Item = CampaignId>,
) -> Result<(), StoreError> {
    campaign::Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::val(expiry(app)))
        .filter(Column::Id.is_in(campaigns))
        .exec(tx)
        .await?;
    Ok(())
}

/// Has the time not count in which campaigns whose locks are held wait to be looked at again, from now on for `wait`: it is added to what they
/// have, as far as it was not added already. They were closed at both ends of what passed since the last such wait ended, if it was
/// no longer than another: that does not count either, so that whoever looks a little late takes nothing from them.
///
/// # Errors
/// The database's.
pub async fn discount(
    tx: &DatabaseTransaction,
    app: &App,
    campaigns: impl IntoIterator<Item = CampaignId>,
    wait: TimeDelta,
) -> Result<(), StoreError> {
    let (now, until) = (app.now(), At::from(app.now() + wait));
    let counted_from = Expr::col(Column::UncountedUntil);
    let added =
        Expr::case(counted_from.clone().gte(At::from(now - wait)), Expr::val(until).sub(counted_from))
            .finally(Expr::val(wait.num_milliseconds()));
    campaign::Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::col(Column::ExpiresAt).add(added))
        .col_expr(Column::UncountedUntil, Expr::val(until))
        .filter(Column::Id.is_in(campaigns))
        .filter(Column::UncountedUntil.is_null().or(Column::UncountedUntil.lt(until)))
        .exec(tx)
        .await?;
    Ok(())
}

/// Whether the time of a campaign of the table `campaign` is over.
pub fn is_over(now: At) -> Expr {
    Expr::col((campaign::Entity, Column::ExpiresAt)).lte(now)
}

/// Gives up a batch of each campaign whose time is over; answers whether more may be left.
///
/// # Errors
/// The database's.
pub async fn go_on(app: &Arc<App>) -> Result<bool, StoreError> {
    suppress_each(app, query(app.at()), reason::EXPIRED).await
}

/// The campaigns under way whose time is over, and that have messages queued.
fn query(now: At) -> SelectStatement {
    let column = |column: Column| Expr::col((campaign::Entity, column));
    // The state as a literal, so that the partial index serves.
    Query::select()
        .columns([Column::StructureId, Column::Id])
        .from(campaign::Entity)
        .and_where(column(Column::State).eq(Expr::Constant(CampaignState::Dispatching.as_str().into())))
        .and_where(is_over(now))
        .and_where(column(Column::Queued).gt(0_i64))
        .order_by(Column::ExpiresAt, Order::Asc)
        .limit(CAMPAIGNS)
        .take()
}
