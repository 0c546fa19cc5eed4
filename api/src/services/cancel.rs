//! Cancelling a campaign: what is still queued is not sent, and its credit is given back.
//!
//! Architecture Invariants. From the commit that makes a campaign `CANCELLING` on, the dispatcher begins none of its messages: both
//! hold the campaign's row. Only what is `QUEUED` is suppressed; what is being sent, or in doubt, keeps its credit until it is
//! settled, and the campaign is `CANCELLED` then. A transaction suppresses one batch; the dispatcher's sweep goes on with the rest,
//! whatever became of the process that began.

use std::collections::BTreeSet;
use std::sync::Arc;

use entity::ids::{AccountId, CampaignId};
use entity::{campaign, campaign_cancellation, enums};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait};

use crate::app::{App, Ctx};
use crate::caller::Caller;
use crate::domain::message_state::CampaignState;
use crate::error::{Failure, Fault};
use crate::fault::{self, Bug, Point};
use crate::services::delivery::{self, Place, reason, suppress, suppress_each};
use crate::store::StoreError;

/// The most campaigns that one sweep goes on with.
const CAMPAIGNS: u64 = 16;

/// Why a campaign was not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelProblem {
    /// The structure has no such campaign.
    NotFound,
    /// All its messages were settled already.
    AlreadyCompleted,
}

/// Cancels a campaign. Asked again, it changes nothing more. Whoever may send may cancel, and the administrator's account too: it
/// sends nothing. The work goes on when the client has left.
///
/// # Errors
/// [`Fault::Forbidden`] without `READ_WRITE` on `COMMUNICATION_SMS`; [`CancelProblem`]; the database's.
pub async fn cancel(ctx: &Ctx, caller: &Caller, id: CampaignId) -> Result<(), Failure<CancelProblem>> {
    let structure = caller.may_write(enums::Module::CommunicationSms)?.structure;
    let by = caller.account;
    let ctx = ctx.clone();
    let work = tokio::spawn(async move {
        let app = Arc::clone(&ctx.app);
        let done = ctx.store.write::<_, Failure<CancelProblem>, _>(move |tx| {
            Box::pin(async move { begin(tx, &app, (structure, id), by).await })
        });
        // What one batch did not hold, the sweep of any instance goes on with.
        done.await?;
        fault::at(Point::CancelCommitted);
        Ok(())
    });
    work.await.map_err(|cause| Failure::from(Fault::internal(cause)))?
}

async fn begin(
    tx: &DatabaseTransaction,
    app: &App,
    place: Place,
    by: AccountId,
) -> Result<(), Failure<CancelProblem>> {
    let (structure, id) = place;
    let find = async || {
        let query = if fault::planted(Bug::StructureMissing) {
            #[expect(clippy::disallowed_methods, reason = "the bug itself")]
            campaign::Entity::find_by_id(id)
        } else {
            campaign::by_id_in(structure, id)
        };
        let found = query.one(tx).await?;
        found.ok_or(Failure::Problem(CancelProblem::NotFound))
    };
    // Before another structure's could be locked.
    find().await?;
    delivery::lock(tx, &BTreeSet::from([place])).await?;
    let found = find().await?;
    let from = delivery::domain_campaign_state(found.state);
    let to = from.cancel().map_err(|_| Failure::Problem(CancelProblem::AlreadyCompleted))?;
    if to != from {
        delivery::set_state(tx, place, to).await?;
        let row = campaign_cancellation::ActiveModel {
            structure_id: Set(structure),
            campaign_id: Set(id),
            account_id: Set(by),
            cancelled_at: Set(app.at()),
        };
        campaign_cancellation::Entity::insert(row).exec_without_returning(tx).await?;
    }
    suppress(tx, app, place, reason::CANCELLED).await?;
    fault::at(Point::CancelWritten);
    Ok(())
}

/// Goes on with the campaigns that are being cancelled, a batch of each; answers whether more may be left.
///
/// # Errors
/// The database's.
pub async fn go_on(app: &Arc<App>) -> Result<bool, StoreError> {
    use campaign::Column;
    let column = |column: Column| Expr::col((campaign::Entity, column));
    // The state as a literal, so that the partial index serves.
    let unfinished = Query::select()
        .columns([Column::StructureId, Column::Id])
        .from(campaign::Entity)
        .and_where(column(Column::State).eq(Expr::Constant(CampaignState::Cancelling.as_str().into())))
        .and_where(column(Column::Queued).gt(0_i64))
        .order_by(Column::Id, Order::Asc)
        .limit(CAMPAIGNS)
        .to_owned();
    suppress_each(app, unfinished, reason::CANCELLED).await
}
