//! `node` and `nodes`: anything that has an id, by it.

use std::collections::{HashMap, HashSet};

use async_graphql::{Context, Error, ID, Interface, Lookahead, Object};

use super::account::Account;
use super::approvals::SendApproval;
use super::campaigns::{Campaign, SmsMessage, with_decisions};
use super::context::{Maybe, Session};
use super::credit::{Credit, LedgerEntry, TopUpOrder, with_campaigns};
use super::decisions::Decision;
use super::error::fault;
use super::message::SmsPreview;
use super::node_id::{self, NodeId};
use super::people::{Person, PersonList, Tag};
use super::rules::{Rule, RuleVersion};
use super::structure::Structure;
use super::templates::{MessageTemplate, MessageTemplateVersion};
use super::viewer::Viewer;
use crate::caller::Caller;
use crate::error::Fault;
use crate::services::ruleset::{self, RuleKey, VersionRow};
use crate::services::{
    accounts, campaigns, decisions, ledger, message, people, structures, templates, top_up,
};

/// The most ids that `nodes` takes: as many as the largest page.
const MAX_NODES: usize = 100;

/// An object that can be had again by its id.
#[derive(Clone, Interface)]
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
    PersonList(PersonList),
    Credit(Credit),
    LedgerEntry(LedgerEntry),
    TopUpOrder(TopUpOrder),
    SmsPreview(SmsPreview),
    Decision(Decision),
    Campaign(Campaign),
    SmsMessage(SmsMessage),
    Rule(Rule),
    RuleVersion(RuleVersion),
    MessageTemplate(MessageTemplate),
    MessageTemplateVersion(MessageTemplateVersion),
    SendApproval(SendApproval),
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
        found(graphql, &[id]).await.pop().flatten()
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
            return Err(fault(&session.ctx, Fault::PageSizeInvalid { max }));
        }
        Ok(found(graphql, &ids).await)
    }
}

/// The objects with these ids, in their order: those of one type are read together.
async fn found(graphql: &Context<'_>, ids: &[ID]) -> Vec<Maybe<Node>> {
    let session = Session::of(graphql);
    let caller = match session.caller() {
        Ok(caller) => caller,
        Err(cause) => {
            let error = fault(&session.ctx, cause);
            return ids.iter().map(|_| Some(Err(error.clone()))).collect();
        }
    };
    let wanted: Vec<Option<Wanted>> = ids.iter().map(Wanted::decode).collect();
    let mut found = Found { session, caller, asked: graphql.look_ahead(), nodes: HashMap::new() };
    found.read(&wanted.iter().flatten().cloned().collect()).await;
    wanted.iter().map(|one| found.nodes.get(one.as_ref()?).cloned()).collect()
}

/// What an id names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Wanted {
    Row(NodeId),
    Rule(RuleKey),
}

impl Wanted {
    fn decode(id: &ID) -> Option<Self> {
        if let Some(slug) = node_id::platform_rule(id) {
            return Some(Self::Rule(RuleKey::Platform(slug)));
        }
        Some(match NodeId::decode(id)? {
            NodeId::OwnRule(id) => Self::Rule(RuleKey::Own(id)),
            other => Self::Row(other),
        })
    }
}

/// Objects that were found, or why they could not be read.
struct Found<'s> {
    session: &'s Session,
    caller: &'s Caller,
    asked: Lookahead<'s>,
    nodes: HashMap<Wanted, Result<Node, Error>>,
}

/// Reads the objects of one type, where some are wanted.
macro_rules! read {
    ($found:ident, $wanted:ident, $type:ident, |$ids:ident| $rows:expr) => {
        let $ids: Vec<_> = $wanted
            .iter()
            .filter_map(|one| match one {
                Wanted::Row(NodeId::$type(id)) => Some(*id),
                _ => None,
            })
            .collect();
        if !$ids.is_empty() {
            let rows: Result<Vec<_>, Fault> = async { $rows }.await;
            $found.keep(
                $ids.iter().map(|id| Wanted::Row(NodeId::$type(*id))),
                rows.map(|rows| {
                    rows.into_iter()
                        .map(|(id, node)| (Wanted::Row(NodeId::$type(id)), Node::from(node)))
                        .collect()
                }),
            );
        }
    };
}

impl Found<'_> {
    async fn read(&mut self, wanted: &HashSet<Wanted>) {
        self.read_of_the_caller(wanted).await;
        self.read_people(wanted).await;
        self.read_credit(wanted).await;
        self.read_messages(wanted).await;
        self.read_approvals(wanted).await;
        self.read_templates(wanted).await;
        self.read_rules(wanted).await;
    }

    fn keep(&mut self, wanted: impl Iterator<Item = Wanted>, read: Result<Vec<(Wanted, Node)>, Fault>) {
        match read {
            Ok(rows) => self.nodes.extend(rows.into_iter().map(|(id, node)| (id, Ok(node)))),
            Err(cause) => {
                let error = fault(&self.session.ctx, cause);
                self.nodes.extend(wanted.map(|id| (id, Err(error.clone()))));
            }
        }
    }

    /// The objects of which a caller has one.
    async fn read_of_the_caller(&mut self, wanted: &HashSet<Wanted>) {
        let (ctx, caller) = (&self.session.ctx, self.caller);
        read!(self, wanted, Structure, |ids| {
            let own = ids.contains(&caller.structure);
            let view = if own { Some(structures::viewer_structure(ctx, caller).await?) } else { None };
            Ok(view.into_iter().map(|view| (caller.structure, Structure::from(view))).collect())
        });
        read!(self, wanted, Credit, |ids| {
            let own = ids.contains(&caller.structure);
            let credit = if own { Some(ledger::credit(ctx, caller).await?) } else { None };
            Ok(credit.into_iter().map(|credit| (caller.structure, Credit::from(credit))).collect())
        });
        read!(self, wanted, Viewer, |ids| {
            let own = ids.contains(&caller.account);
            let viewer = if own { Some(accounts::viewer(ctx, caller).await?) } else { None };
            Ok(viewer.into_iter().map(|viewer| (caller.account, Viewer::from(viewer))).collect())
        });
    }

    async fn read_people(&mut self, wanted: &HashSet<Wanted>) {
        let (ctx, caller) = (&self.session.ctx, self.caller);
        read!(self, wanted, Account, |ids| {
            let rows = accounts::by_ids(ctx, caller, &ids).await?;
            Ok(rows.into_iter().map(|row| (row.id, Account::from(row))).collect())
        });
        read!(self, wanted, Person, |ids| {
            let rows = people::readable(ctx, caller, &ids).await?;
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            Ok(ids.into_iter().zip(Person::together(rows)).collect())
        });
        read!(self, wanted, Tag, |ids| {
            let rows = people::tags::by_ids(ctx, caller, &ids).await?;
            Ok(rows.into_iter().map(|row| (row.id, Tag::from(row))).collect())
        });
        read!(self, wanted, PersonList, |ids| {
            let rows = people::lists::by_ids(ctx, caller, &ids).await?;
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            Ok(ids.into_iter().zip(PersonList::together(rows)).collect())
        });
    }

    async fn read_credit(&mut self, wanted: &HashSet<Wanted>) {
        let (session, caller) = (self.session, self.caller);
        read!(self, wanted, LedgerEntry, |ids| {
            let rows = ledger::by_ids(&session.ctx, caller, &ids).await?;
            session
                .read_accounts(self.asked.field("by"), rows.iter().filter_map(|row| row.account_id))
                .await?;
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            Ok(ids
                .into_iter()
                .zip(with_campaigns(session, rows, self.asked.field("campaign")).await?)
                .collect())
        });
        read!(self, wanted, TopUpOrder, |ids| {
            let rows = top_up::by_ids(&session.ctx, caller, &ids).await?;
            let who = rows.iter().filter_map(|row| row.requested_by);
            session.read_accounts(self.asked.field("requestedBy"), who).await?;
            Ok(rows.into_iter().map(|row| (row.id, TopUpOrder::from(row))).collect())
        });
    }

    async fn read_messages(&mut self, wanted: &HashSet<Wanted>) {
        let (session, caller) = (self.session, self.caller);
        read!(self, wanted, Preview, |ids| {
            let rows = message::by_ids(&session.ctx, caller, &ids).await?;
            Ok(rows.into_iter().map(|row| (row.id, SmsPreview::from(row))).collect())
        });
        read!(self, wanted, Decision, |ids| {
            let rows = decisions::by_ids(&session.ctx, caller, &ids).await?;
            Ok(rows.into_iter().map(|row| (row.id, Decision::from(row))).collect())
        });
        read!(self, wanted, Campaign, |ids| {
            let rows = campaigns::by_ids(&session.ctx, caller, &ids).await?;
            session
                .read_accounts(self.asked.field("createdBy"), rows.iter().map(|row| row.created_by))
                .await?;
            let cancellers = rows.iter().filter_map(|row| row.cancelled_by);
            session.read_accounts(self.asked.field("cancelledBy"), cancellers).await?;
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            let decisions = self.asked.field("decision").exists();
            Ok(ids.into_iter().zip(with_decisions(session, rows, decisions).await?).collect())
        });
        read!(self, wanted, Message, |ids| {
            let rows = campaigns::messages_by_ids(&session.ctx, caller, &ids).await?;
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            Ok(ids.into_iter().zip(SmsMessage::together(rows)).collect())
        });
    }

    async fn read_approvals(&mut self, wanted: &HashSet<Wanted>) {
        let (session, caller) = (self.session, self.caller);
        read!(self, wanted, SendApproval, |ids| {
            let rows = message::approvals::by_ids(&session.ctx, caller, &ids).await?;
            SendApproval::read_accounts(session, &self.asked, &rows).await?;
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            Ok(ids.into_iter().zip(SendApproval::together(rows)).collect())
        });
    }

    async fn read_templates(&mut self, wanted: &HashSet<Wanted>) {
        let (session, caller) = (self.session, self.caller);
        read!(self, wanted, MessageTemplate, |ids| {
            let rows = templates::by_ids(&session.ctx, caller, &ids).await?;
            let authors = rows.iter().map(|row| row.current.author);
            session.read_accounts(self.asked.field("current").field("author"), authors).await?;
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            Ok(ids.into_iter().zip(MessageTemplate::together(rows)).collect())
        });
        read!(self, wanted, MessageTemplateVersion, |ids| {
            let rows = templates::versions_by_ids(&session.ctx, caller, &ids).await?;
            session.read_accounts(self.asked.field("author"), rows.iter().map(|row| row.author)).await?;
            Ok(rows.into_iter().map(|row| (row.id, MessageTemplateVersion::from(row))).collect())
        });
    }

    async fn read_rules(&mut self, wanted: &HashSet<Wanted>) {
        let (session, caller) = (self.session, self.caller);
        read!(self, wanted, RuleVersion, |ids| {
            let rows = ruleset::versions_by_ids(&session.ctx, caller, &ids).await?;
            session.read_accounts(self.asked.field("author"), rows.iter().map(|row| row.author)).await?;
            let publishers = rows.iter().filter_map(|row| row.published_by);
            session.read_accounts(self.asked.field("publishedBy"), publishers).await?;
            let before = rows.iter().map(VersionRow::before).collect();
            session.read_versions(self.asked.field("diff"), before).await?;
            Ok(rows.into_iter().map(|row| (row.id, RuleVersion::from(row))).collect())
        });
        if !wanted.iter().any(|one| matches!(one, Wanted::Rule(_))) {
            return;
        }
        let rules = session.rules().await.map(|rules| {
            let keyed = |rule: &Rule| (Wanted::Rule(rule.view().key.clone()), Node::from(rule.clone()));
            rules.iter().map(keyed).collect()
        });
        let rules_wanted = wanted.iter().filter(|one| matches!(one, Wanted::Rule(_))).cloned();
        self.keep(rules_wanted, rules);
    }
}
