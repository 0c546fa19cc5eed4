//! Subscriptions: what stands, then what changes.

use async_graphql::{Context, ID, Subscription};
use entity::ids::CampaignId;
use futures::Stream;
use uuid::Uuid;

use super::campaigns::Campaign;
use super::context::{Maybe, Session};
use super::credit::Credit;
use super::node_id::NodeId;
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

    /// The structure's credit, as it is reserved, charged, given back and topped up. Needs `READ` on CREDIT.
    async fn credit_changed(&self, graphql: &Context<'_>) -> impl Stream<Item = Maybe<Credit>> {
        let session = Session::of(graphql);
        session.live(session.caller().map(|caller| watch::credit(&session.ctx, caller)))
    }
}
