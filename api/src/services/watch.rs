//! Watching: what an account may read, as it stands, then again whenever it changed.
//!
//! Architecture Invariant: nothing is passed on from who changed it. Each state is read as a query would read it, by the caller
//! as he stands at that moment; a session that ended, or permissions that are no longer those it began with, end the watching.

use std::time::Duration;

use entity::ids::CampaignId;
use futures::future::{BoxFuture, ready};
use futures::stream::{self, Stream, StreamExt as _};
use tokio::time::{sleep, timeout};

use super::accounts;
use super::campaigns::{self, CampaignRow};
use super::ledger::{self, Credit};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::Fault;
use crate::store::{Change, Watcher};

/// The least time between two states told: ten a second are more than an eye follows, and bound what a watcher costs
/// while thousands of messages move. The latest state is always told.
pub const PAUSE: Duration = Duration::from_millis(100);

/// A campaign of the caller's structure, now and after each change. It has no end of its own, since reports come after the
/// campaign is completed; none, and the end, when there is no such campaign or it is another structure's.
///
/// # Errors
/// As the last item: [`Fault::Unauthenticated`] once the session has ended, [`Fault::PermissionsChanged`],
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS`, and the database's.
pub fn campaign(
    ctx: &Ctx,
    caller: &Caller,
    id: CampaignId,
) -> impl Stream<Item = Result<Option<CampaignRow>, Fault>> + Send + use<> {
    follow(ctx, caller, Change::Campaign(caller.structure, id), move |ctx, caller| {
        Box::pin(campaigns::by_id(ctx, caller, id))
    })
}

/// The credit of the caller's structure, now and after each change.
///
/// # Errors
/// As the last item: [`Fault::Unauthenticated`] once the session has ended, [`Fault::PermissionsChanged`],
/// [`Fault::Forbidden`] without READ on CREDIT, and the database's.
pub fn credit(
    ctx: &Ctx,
    caller: &Caller,
) -> impl Stream<Item = Result<Option<Credit>, Fault>> + Send + use<> {
    follow(ctx, caller, Change::Credit(caller.structure), |ctx, caller| {
        Box::pin(async { ledger::credit(ctx, caller).await.map(Some) })
    })
}

/// The credit of the caller's structure, each time that its balance came to its threshold; now, if it is there.
///
/// # Errors
/// Those of [`credit`].
pub fn low(ctx: &Ctx, caller: &Caller) -> impl Stream<Item = Result<Option<Credit>, Fault>> + Send + use<> {
    let mut told = None;
    credit(ctx, caller).filter(move |state| {
        let tells = match state {
            Ok(Some(credit)) => match told.replace(credit.low_count) {
                None => credit.low_since.is_some(),
                Some(before) => before != credit.low_count,
            },
            _ => true,
        };
        ready(tells)
    })
}

/// One who watches, and what he was told last.
struct Follower<T, R> {
    ctx: Ctx,
    caller: Caller,
    watcher: Watcher,
    read: R,
    told: Option<T>,
    ended: bool,
}

fn follow<T, R>(
    ctx: &Ctx,
    caller: &Caller,
    change: Change,
    read: R,
) -> impl Stream<Item = Result<Option<T>, Fault>> + Send + use<T, R>
where
    T: Clone + PartialEq + Send + Sync,
    R: for<'a> Fn(&'a Ctx, &'a Caller) -> BoxFuture<'a, Result<Option<T>, Fault>> + Send + Sync,
{
    // Watching begins before the first reading, so that nothing falls between them.
    let watcher = ctx.store.changes().watch(change);
    let follower =
        Follower { ctx: ctx.clone(), caller: caller.clone(), watcher, read, told: None, ended: false };
    stream::unfold(follower, |mut follower| async move {
        let state = follower.next().await?;
        Some((state, follower))
    })
}

impl<T, R> Follower<T, R>
where
    T: Clone + PartialEq,
    R: for<'a> Fn(&'a Ctx, &'a Caller) -> BoxFuture<'a, Result<Option<T>, Fault>>,
{
    async fn next(&mut self) -> Option<Result<Option<T>, Fault>> {
        if self.ended {
            return None;
        }
        loop {
            let changed = self.told.is_none() || self.wait().await;
            match self.look().await {
                Ok(Some(state)) if changed || self.told.as_ref() != Some(&state) => {
                    self.told = Some(state.clone());
                    return Some(Ok(Some(state)));
                }
                Ok(Some(_)) => {}
                last => {
                    self.ended = true;
                    return Some(last);
                }
            }
        }
    }

    /// Waits until it is time to look again, and answers whether it is known that something changed. Not all that matters is told: not the end
    /// of a session, nor what another process writes to an SQLite file, such as the command line.
    async fn wait(&mut self) -> bool {
        sleep(PAUSE).await;
        timeout(self.ctx.config.live.check, self.watcher.changed()).await.unwrap_or(false)
    }

    async fn look(&self) -> Result<Option<T>, Fault> {
        let _turn = self.ctx.store.turn().await;
        let now = accounts::renew(&self.ctx, &self.caller).await?;
        let state = (self.read)(&self.ctx, &now).await?;
        if now == self.caller { Ok(state) } else { Err(Fault::PermissionsChanged) }
    }
}
