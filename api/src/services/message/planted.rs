//! Bugs of the send that take more than a line, planted by tests alone: `fault` says when.

use entity::campaign;
use entity::ids::CampaignId;

use super::send::{SendInput, request_of};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::Fault;
use crate::services::idempotency::Known;
use crate::services::ledger;

/// The bug `key-before-commit`: the key is remembered in a transaction of its own, before the send's.
pub(super) async fn remember_first(
    ctx: &Ctx,
    caller: &Caller,
    input: &SendInput,
    campaign: CampaignId,
) -> Result<(), Fault> {
    let (ctx, caller, (_, request)) = (ctx.clone(), caller.clone(), request_of(input));
    let store = ctx.store.clone();
    let remembered = store.write(move |tx| {
        Box::pin(async move {
            if request.look_up(tx, &ctx, &caller).await? == Known::New {
                request.remember(tx, &ctx, &caller, campaign.as_uuid()).await?;
            }
            Ok(())
        })
    });
    remembered.await
}

/// The bug `reservation-outside`: credit is set aside in a transaction of its own, after the send's.
pub(super) async fn reserve_after(ctx: &Ctx, caller: &Caller, id: CampaignId) -> Result<(), Fault> {
    let (ctx, scope) = (ctx.clone(), caller.scope());
    let store = ctx.store.clone();
    let reserved = store.write(move |tx| {
        Box::pin(async move {
            let found = campaign::by_id_in(scope.structure, id).one(tx).await?;
            let cost = found.map_or(0, |campaign| campaign.cost);
            ledger::reserve(tx, &ctx, scope, id, cost).await?;
            Ok(())
        })
    });
    reserved.await
}
