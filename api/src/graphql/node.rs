//! `node` and `nodes`: anything that has an id, by it.

use async_graphql::{Context, ID, Interface, Object};

use super::account::Account;
use super::campaigns::{Campaign, SmsMessage};
use super::context::{Maybe, Session, unexpected};
use super::credit::{Credit, LedgerEntry, TopUpOrder};
use super::decisions::Decision;
use super::message::SmsPreview;
use super::node_id::{self, NodeId};
use super::people::{Person, Tag};
use super::rules::{Rule, RuleVersion};
use super::structure::Structure;
use super::viewer::Viewer;
use crate::error::Fault;
use crate::services::ruleset::{self, RuleKey};
use crate::services::{accounts, campaigns, decisions, ledger, message, people, structures, top_up};

/// The most ids that `nodes` takes: as many as the largest page.
const MAX_NODES: usize = 100;

/// An object that can be had again by its id.
#[derive(Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "The id of this object: opaque, and unique among all objects."
))]
pub enum Node {
    Structure(Structure),
    Viewer(Viewer),
    Account(Account),
    Person(Person),
    Tag(Tag),
    Credit(Credit),
    LedgerEntry(LedgerEntry),
    TopUpOrder(TopUpOrder),
    SmsPreview(SmsPreview),
    Decision(Decision),
    Campaign(Campaign),
    SmsMessage(SmsMessage),
    Rule(Rule),
    RuleVersion(RuleVersion),
}

/// The fields of `Query` that find objects by their ids.
#[derive(Default)]
pub struct NodeQuery;

/// The fields of `Query` that find objects by their ids.
#[Object]
impl NodeQuery {
    /// The object with this id; null when there is none, or it is of another structure.
    async fn node(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "The id of an object.")] id: ID,
    ) -> Maybe<Node> {
        let session = Session::of(graphql);
        session.maybe(load(session, &id)).await
    }

    /// The objects with these ids, in their order; null in the place of each that there is none for.
    #[graphql(complexity = "ids.len().saturating_mul(child_complexity).saturating_add(1)")]
    async fn nodes(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "At most 100 ids of objects.")] ids: Vec<ID>,
    ) -> async_graphql::Result<Vec<Maybe<Node>>> {
        let session = Session::of(graphql);
        if ids.len() > MAX_NODES {
            let max = u64::try_from(MAX_NODES).unwrap_or(u64::MAX);
            return Err(super::error::fault(&session.ctx, Fault::PageSizeInvalid { max }));
        }
        let mut nodes = Vec::with_capacity(ids.len());
        for id in &ids {
            nodes.push(session.maybe(load(session, id)).await);
        }
        Ok(nodes)
    }
}

async fn load(session: &Session, id: &ID) -> Result<Option<Node>, Fault> {
    let (ctx, caller) = (&session.ctx, session.caller()?);
    if let Some(slug) = node_id::platform_rule(id) {
        let rule = ruleset::by_key(ctx, caller, &RuleKey::Platform(slug)).await?;
        return Ok(rule.map(|view| Rule::from(view).into()));
    }
    let Some(id) = NodeId::decode(id) else {
        return Ok(None);
    };
    Ok(match id {
        NodeId::Structure(id) if id == caller.structure => {
            Some(Structure::from(structures::viewer_structure(ctx, caller).await?).into())
        }
        NodeId::Credit(id) if id == caller.structure => {
            Some(Credit::from(ledger::credit(ctx, caller).await?).into())
        }
        NodeId::Viewer(id) if id == caller.account => {
            Some(Viewer::from(accounts::viewer(ctx, caller).await?).into())
        }
        NodeId::Account(id) => session.account(id).await?.map(Node::from),
        NodeId::Structure(_) | NodeId::Credit(_) | NodeId::Viewer(_) => None,
        NodeId::Person(id) => people::by_id(ctx, caller, id).await?.map(|row| Person::from(row).into()),
        NodeId::Tag(id) => people::tags::by_id(ctx, caller, id).await?.map(|row| Tag::from(row).into()),
        NodeId::LedgerEntry(id) => {
            ledger::entry(ctx, caller, id).await?.map(|row| LedgerEntry::from(row).into())
        }
        NodeId::TopUpOrder(id) => {
            top_up::by_id(ctx, caller, id).await?.map(|row| TopUpOrder::from(row).into())
        }
        NodeId::Preview(id) => {
            let found = message::by_id(ctx, caller, id).await.map_err(unexpected)?;
            found.map(|preview| SmsPreview::from(preview).into())
        }
        NodeId::Decision(id) => {
            decisions::by_id(ctx, caller, id).await?.map(|row| Decision::from(row).into())
        }
        NodeId::Campaign(id) => {
            campaigns::by_id(ctx, caller, id).await?.map(|row| Campaign::from(row).into())
        }
        NodeId::OwnRule(id) => {
            let rule = ruleset::by_key(ctx, caller, &RuleKey::Own(id)).await?;
            rule.map(|view| Rule::from(view).into())
        }
        NodeId::RuleVersion(id) => {
            ruleset::version_by_id(ctx, caller, id).await?.map(|row| RuleVersion::from(row).into())
        }
        NodeId::Message(id) => {
            campaigns::message(ctx, caller, id).await?.map(|row| SmsMessage::from(row).into())
        }
    })
}
