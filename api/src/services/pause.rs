//! Pausing a campaign, and going on with it.
//!
//! Architecture Invariants. From the commit that makes a campaign `PAUSED` on, the dispatcher begins none of its messages: both hold the
//! campaign's row. What is queued stays queued, with its credit; what is being sent, or in doubt, is settled as ever, and a campaign of
//! which nothing is left completes while it is paused. Time that is paused does not count for what is too old to be sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use entity::ids::CampaignId;
use entity::{campaign, enums};
use sea_orm::DatabaseTransaction;

use crate::app::{App, Ctx};
use crate::caller::Caller;
use crate::domain::message_state::{CampaignState, InvalidTransition};
use crate::error::{Failure, Fault};
use crate::services::delivery::{self, Place};
use crate::services::expire;

/// Why a campaign was not paused, or does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseProblem {
    /// The structure has no such campaign.
    NotFound,
    /// It stands where that means nothing: it waits for its hour, is cancelled, or is over.
    NotUnderWay,
}

/// Pauses a campaign that is on its way. Asked again, it changes nothing more. Whoever may send may pause, and the administrator's account
/// too: it sends nothing.
///
/// # Errors
/// [`Fault::Forbidden`] without `READ_WRITE` on `COMMUNICATION_SMS`; [`PauseProblem`]; the database's.
pub async fn pause(ctx: &Ctx, caller: &Caller, id: CampaignId) -> Result<(), Failure<PauseProblem>> {
    change(ctx, caller, id, CampaignState::pause).await
}

/// Goes on with a campaign that is paused. Asked again, it changes nothing more. Whoever may send may, and the administrator's account too:
/// what leaves is what another account sent.
///
/// # Errors
/// As [`pause`].
pub async fn resume(ctx: &Ctx, caller: &Caller, id: CampaignId) -> Result<(), Failure<PauseProblem>> {
    change(ctx, caller, id, CampaignState::resume).await?;
    ctx.queued.notify_one();
    Ok(())
}

type Change = fn(CampaignState) -> Result<CampaignState, InvalidTransition>;

async fn change(ctx: &Ctx, caller: &Caller, id: CampaignId, to: Change) -> Result<(), Failure<PauseProblem>> {
    let place = (caller.may_write(enums::Module::CommunicationSms)?.structure, id);
    let ctx = ctx.clone();
    // The work goes on when the client has left.
    let work = tokio::spawn(async move {
        let app = Arc::clone(&ctx.app);
        ctx.store
            .write::<_, Failure<PauseProblem>, _>(move |tx| {
                Box::pin(async move { set(tx, &app, place, to).await })
            })
            .await
    });
    work.await.map_err(|cause| Failure::from(Fault::internal(cause)))?
}

async fn set(
    tx: &DatabaseTransaction,
    app: &App,
    place: Place,
    change: Change,
) -> Result<(), Failure<PauseProblem>> {
    let (structure, id) = place;
    let find = async || {
        let found = campaign::by_id_in(structure, id).one(tx).await?;
        found.ok_or(Failure::Problem(PauseProblem::NotFound))
    };
    // Before another structure's could be locked.
    find().await?;
    delivery::lock(tx, &BTreeSet::from([place])).await?;
    let from = delivery::domain_campaign_state(find().await?.state);
    let to = change(from).map_err(|_| Failure::Problem(PauseProblem::NotUnderWay))?;
    if to != from {
        delivery::set_state(tx, place, to).await?;
        if to == CampaignState::Dispatching {
            expire::give_time(tx, app, [id]).await?;
        }
    }
    Ok(())
}
