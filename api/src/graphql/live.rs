//! Subscriptions: what stands, then what changes.

use std::future::ready;

use async_graphql::{Context, ID, Subscription};
use entity::ids::CampaignId;
use futures::stream::{self, Stream, StreamExt as _};
use uuid::Uuid;

use super::campaigns::Campaign;
use super::context::{Maybe, Session};
use super::credit::Credit;
use super::error::fault;
use super::node_id::NodeId;
use super::rules::{BacktestRuleInput, BacktestRulePayload};
use crate::error::{Failure, Fault};
use crate::services::backtest::{Backtest, Backtester};
use crate::services::watch;

/// What can be watched, over a WebSocket at `/graphql` with the protocol `graphql-transport-ws`. Each yields the present state
/// first, then the whole object again whenever it changed, at most ten times a second.
#[derive(Default)]
pub struct Subscription;

/// What can be watched, over a WebSocket at `/graphql` with the protocol `graphql-transport-ws`. Each yields the present state
/// first, then the whole object again whenever it changed, at most ten times a second.
#[Subscription]
impl Subscription {
    /// A campaign, as its messages move. It goes on after the campaign is COMPLETED, since reports come later; null, and the
    /// end, when there is none with that id. Needs `READ` on `COMMUNICATION_SMS`.
    async fn campaign_progress(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "The id of the campaign.")] campaign: ID,
    ) -> impl Stream<Item = Maybe<Campaign>> {
        let session = Session::of(graphql);
        let id = match NodeId::decode(&campaign) {
            Some(NodeId::Campaign(id)) => id,
            // It names nothing, and is looked for like any other.
            _ => CampaignId::from_uuid(Uuid::nil()),
        };
        session.live(session.caller().map(|caller| watch::campaign(&session.ctx, caller, id)))
    }

    /// A rule, run on the decisions already taken: what was found so far, after each 200 of them, until `done`. Nothing changes; who
    /// unsubscribes ends it. An account tries two rules at once (`BACKTESTS_TOO_MANY`). Needs `READ` on RULES.
    async fn backtest_rule(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to try.")] input: BacktestRuleInput,
    ) -> impl Stream<Item = Maybe<BacktestRulePayload>> {
        let session = Session::of(graphql);
        let (lang, id) = (session.ctx.lang, input.client_mutation_id.clone());
        let begun = match session.caller() {
            Ok(caller) => Backtester::begin(&session.ctx, caller, input.into()).await,
            Err(fault) => Err(Failure::Fault(fault)),
        };
        match session.outcome(begun) {
            Ok(Ok(tester)) => {
                let ctx = session.ctx.clone();
                let told = move |step: Result<Backtest, Fault>| match step {
                    Ok(backtest) => Some(Ok(BacktestRulePayload::found(&backtest, lang, id.clone()))),
                    Err(cause) => Some(Err(fault(&ctx, cause))),
                };
                tester.steps().map(told).boxed()
            }
            Ok(Err(problem)) => {
                stream::once(ready(Some(Ok(BacktestRulePayload::refused(session, &problem, id))))).boxed()
            }
            Err(error) => stream::once(ready(Some(Err(error)))).boxed(),
        }
    }

    /// The structure's credit, as it is reserved, charged, given back and topped up. Needs `READ` on CREDIT.
    async fn credit_changed(&self, graphql: &Context<'_>) -> impl Stream<Item = Maybe<Credit>> {
        let session = Session::of(graphql);
        session.live(session.caller().map(|caller| watch::credit(&session.ctx, caller)))
    }

    /// The structure's credit, once for each time that its balance comes to `lowBalanceAt` or below; at the beginning, if it is low then. Times
    /// that follow one another within a tenth of a second are one; `lowSince` is null when it was back above already. Needs `READ` on CREDIT.
    async fn credit_low(&self, graphql: &Context<'_>) -> impl Stream<Item = Maybe<Credit>> {
        let session = Session::of(graphql);
        session.live(session.caller().map(|caller| watch::low(&session.ctx, caller)))
    }
}
