//! Campaigns, their messages, and what became of each.

mod message;
mod mutation;

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::ids::{CampaignId, DecisionId};

pub use message::{SmsMessage, SmsMessageConnection};
pub use mutation::CampaignMutation;

use super::account::Account;
use super::context::{Maybe, Session};
use super::decisions::Decision;
use super::message::{Exclusion, ExclusionConnection, MessagePurpose};
use super::node_id::NodeId;
use super::page::{PageArgs, connection, cost, page_args};
use super::people::Company;
use super::templates::MessageTemplateVersion;
use super::together::Together;
use crate::error::Fault;
use crate::services::campaigns::{self, CampaignRow, Detail, Progress};
use crate::services::decisions::{self, DecisionRow};
use crate::services::message::exclusions_of_campaigns;
use crate::services::page::Page;
use crate::services::reports;
use crate::services::templates::{self, VersionRow};

/// Where a campaign stands.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "entity::enums::CampaignState")]
pub enum CampaignState {
    /// It waits for its hour, `sendAt`; it can be cancelled.
    Scheduled,
    /// Some of its messages are not settled.
    Dispatching,
    /// None of its messages starts to be sent until it goes on (`resumeCampaign`); what had left is settled as ever.
    Paused,
    /// All are, and nothing stays reserved for it.
    Completed,
    /// It was cancelled: nothing more of it is sent, and some of what had left is not settled.
    Cancelling,
    /// It was cancelled: what was not sent is given back, and all the rest is settled.
    Cancelled,
}

/// Where a message stands.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "entity::enums::MessageState")]
pub enum MessageState {
    /// It waits to be sent.
    Queued,
    /// It is being sent.
    Sending,
    /// The telephone network accepted it, and it is charged; no report has come yet.
    HandedOver,
    /// The telephone has it.
    Delivered,
    /// The telephone will not have it. It stays charged.
    Undelivered,
    /// No report came in time. It stays charged.
    NoReport,
    /// The telephone network refused it, and it is not charged.
    Rejected,
    /// It was not sent, by choice, and is not charged.
    Suppressed,
    /// Whether it was accepted is not known; its credit stays reserved until it is.
    Unknown,
    /// That never became known: its credit was given back.
    WrittenOff,
}

/// Each message of a campaign once, by its present state: the fields add up to `total`.
#[derive(SimpleObject)]
pub struct CampaignProgress {
    /// All its messages.
    total: i64,
    /// Messages in state QUEUED.
    queued: i64,
    /// Messages in state SENDING.
    sending: i64,
    /// Messages in state `HANDED_OVER`.
    handed_over: i64,
    /// Messages in state DELIVERED.
    delivered: i64,
    /// Messages in state UNDELIVERED.
    undelivered: i64,
    /// Messages in state `NO_REPORT`.
    no_report: i64,
    /// Messages in state REJECTED.
    rejected: i64,
    /// Messages in state SUPPRESSED.
    suppressed: i64,
    /// Messages in state UNKNOWN.
    unknown: i64,
    /// Messages in state `WRITTEN_OFF`.
    written_off: i64,
}

impl From<Progress> for CampaignProgress {
    fn from(progress: Progress) -> Self {
        let Progress { total, queued, sending, handed_over, delivered, undelivered, .. } = progress;
        let Progress { no_report, rejected, suppressed, unknown, written_off, .. } = progress;
        Self {
            total,
            queued,
            sending,
            handed_over,
            delivered,
            undelivered,
            no_report,
            rejected,
            suppressed,
            unknown,
            written_off,
        }
    }
}

/// Which messages of campaigns are asked for, and with what.
type Asked = (Option<Vec<entity::enums::MessageState>>, PageArgs, Detail);
/// Campaigns that were read together, and pages of their messages.
type Messages = Together<CampaignId, Asked, Page<SmsMessage>>;
/// Campaigns that were read together, and pages of whom they left out.
type LeftOut = Together<CampaignId, PageArgs, Page<Exclusion>>;
/// Campaigns that were read together, and what they were started from.
type Origins = Together<CampaignId, (), VersionRow>;

/// Campaigns that were read together, and what was said of them at their hour.
type Judged = Together<CampaignId, (), DecisionRow>;

/// A send that was accepted, with its decision where it was read along.
#[derive(Clone)]
pub struct Campaign {
    row: CampaignRow,
    decision: Option<DecisionRow>,
    together: Arc<Messages>,
    left_out: Arc<LeftOut>,
    origins: Arc<Origins>,
    judged: Arc<Judged>,
}

impl From<CampaignRow> for Campaign {
    fn from(row: CampaignRow) -> Self {
        let (together, origins) = (Arc::new(Messages::new([row.id])), Arc::new(Origins::new([row.id])));
        let left_out = Arc::new(LeftOut::new([row.id]));
        let judged = Arc::new(Judged::new([row.id]));
        Self { row, decision: None, together, left_out, origins, judged }
    }
}

/// Campaigns in their order, with their decisions when these are asked for: one statement, however many.
///
/// # Errors
/// The database's.
pub async fn with_decisions(
    session: &Session,
    rows: Vec<CampaignRow>,
    asked: bool,
) -> Result<Vec<Campaign>, Fault> {
    let mut found = HashMap::new();
    if asked && !rows.is_empty() {
        let ids: Vec<DecisionId> = rows.iter().map(|row| row.decision_id).collect();
        let decisions = decisions::by_ids(&session.ctx, session.caller()?, &ids).await?;
        found.extend(decisions.into_iter().map(|decision| (decision.id, decision)));
    }
    let together = Arc::new(Messages::new(rows.iter().map(|row| row.id)));
    let origins = Arc::new(Origins::new(rows.iter().map(|row| row.id)));
    let left_out = Arc::new(LeftOut::new(rows.iter().map(|row| row.id)));
    let judged = Arc::new(Judged::new(rows.iter().map(|row| row.id)));
    let campaign = |row: CampaignRow| {
        let decision = found.get(&row.decision_id).cloned();
        let (together, origins) = (Arc::clone(&together), Arc::clone(&origins));
        let (left_out, judged) = (Arc::clone(&left_out), Arc::clone(&judged));
        Campaign { row, decision, together, left_out, origins, judged }
    };
    Ok(rows.into_iter().map(campaign).collect())
}

/// A send that was accepted: a message and all whom it goes to.
#[Object]
impl Campaign {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::Campaign(self.row.id).encode()
    }

    /// Where it stands.
    async fn state(&self) -> CampaignState {
        self.row.state.into()
    }

    /// The text as telephones show it, STOP mention included; with merge fields, as it was written. Null once erased.
    async fn text(&self) -> Option<&str> {
        self.row.text.as_ref().map(entity::sensitive::Sensitive::expose)
    }

    /// Why it is sent.
    async fn purpose(&self) -> MessagePurpose {
        self.row.purpose.into()
    }

    /// The version of a template that its text was started from, and may differ from; null when there is none.
    async fn template(&self, graphql: &Context<'_>) -> Maybe<MessageTemplateVersion> {
        let session = Session::of(graphql);
        let read = async {
            let found = templates::of_campaigns(&session.ctx, session.caller()?, self.origins.keys()).await?;
            let authors = found.values().map(|version| version.author);
            session.read_accounts(graphql.look_ahead().field("author"), authors).await?;
            Ok(found)
        };
        session.maybe(async { Ok(self.origins.of(self.row.id, (), read).await?.map(Into::into)) }).await
    }

    /// The name that telephones show as the sender.
    async fn sender(&self) -> Option<&str> {
        Some(&self.row.sender)
    }

    /// When it shall leave, or was to; null of one that was to leave at once.
    async fn send_at(&self) -> Option<DateTime<Utc>> {
        self.row.send_at.map(|at| *at)
    }

    /// The zone of the structure when it was sent, such as `Europe/Paris`: the one in which `sendAt` was meant. Null where that is.
    async fn time_zone(&self) -> Option<&str> {
        self.row.time_zone.as_deref()
    }

    /// When what is still waiting to be sent of it is given up, and its credit given back: its messages are SUPPRESSED then, for the reason
    /// `EXPIRED`. The time that a commercial message waits for legal hours does not count: this moves on meanwhile, by as much. The time in
    /// which it could have left does. Null while it is scheduled or paused, and once it is cancelled or complete.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        let under_way = self.row.state == entity::enums::CampaignState::Dispatching;
        self.row.expires_at.filter(|_| under_way).map(|at| *at)
    }

    /// Who cancelled it; null of one that nobody did.
    async fn cancelled_by(&self, graphql: &Context<'_>) -> Maybe<Account> {
        let session = Session::of(graphql);
        session.maybe(session.account(self.row.cancelled_by)).await
    }

    /// When it was accepted.
    async fn created_at(&self) -> DateTime<Utc> {
        *self.row.created_at
    }

    /// Who sent it.
    async fn created_by(&self, graphql: &Context<'_>) -> Maybe<Account> {
        let session = Session::of(graphql);
        session.maybe(session.account(self.row.created_by)).await
    }

    /// What was reserved for it, in SMS: the most it can cost.
    async fn cost(&self) -> i64 {
        self.row.cost
    }

    /// How many of its messages are in each state.
    async fn progress(&self) -> CampaignProgress {
        self.row.progress.into()
    }

    /// A link to the report of it as a CSV file, one line for each message. It serves without signing in, for a quarter of an hour
    /// unless the operator set another time, and only while this account may read campaigns: whoever has it has the report.
    async fn report_url(&self, graphql: &Context<'_>) -> Maybe<String> {
        let session = Session::of(graphql);
        session.maybe(async { reports::link(&session.ctx, session.caller()?, self.row.id).map(Some) }).await
    }

    /// Its messages, one for each number.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn messages(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "Only messages in one of these states.")] state: Option<Vec<MessageState>>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<SmsMessageConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        let states: Option<Vec<_>> = state.map(|states| states.into_iter().map(Into::into).collect());
        let node = graphql.look_ahead().field("edges").field("node");
        let detail = Detail { people: node.field("people").exists(), events: node.field("events").exists() };
        // Boxed: the future that holds it would take much of a stack.
        let read = Box::pin(async {
            let (caller, of) = (session.caller()?, self.together.keys());
            let found =
                campaigns::messages(&session.ctx, caller, of, states.as_deref(), &args, detail).await?;
            let rows = || found.values().flat_map(|page| page.items.iter().map(|(_, row)| row));
            let company = Company::of(rows().flat_map(|row| &row.people));
            let message = |row| SmsMessage::among(&company, row);
            Ok(found.into_iter().map(|(id, page)| (id, page.map(message))).collect::<HashMap<_, _>>())
        });
        let asked = (states.clone(), args.clone(), detail);
        session.maybe(async { Ok(self.together.of(self.row.id, asked, read).await?.map(Into::into)) }).await
    }

    /// Those of its audience whom it was not sent to, by name, and why, as it was when it was sent; nobody, of what was sent before this was
    /// kept. Needs `READ` on PEOPLE.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn exclusions(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<ExclusionConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        // Boxed: the future that holds it would take much of a stack.
        let read = Box::pin(async {
            let (caller, of) = (session.caller()?, self.left_out.keys());
            let found = exclusions_of_campaigns(&session.ctx, caller, of, &args).await?;
            Ok(found.into_iter().map(|(id, page)| (id, page.turn(Exclusion::together))).collect())
        });
        session
            .maybe(async { Ok(self.left_out.of(self.row.id, args.clone(), read).await?.map(Into::into)) })
            .await
    }

    /// What the rules said when its hour had come; null before, and of one that left at once. Where they refuse, or ask what nobody
    /// confirmed when it was sent, nothing of it is sent: its messages are SUPPRESSED, for the reason `RULE`.
    async fn dispatch_decision(&self, graphql: &Context<'_>) -> Maybe<Decision> {
        let session = Session::of(graphql);
        let read =
            async { decisions::of_dispatched(&session.ctx, session.caller()?, self.judged.keys()).await };
        session.maybe(async { Ok(self.judged.of(self.row.id, (), read).await?.map(Into::into)) }).await
    }

    /// What the rules said when it was sent.
    async fn decision(&self, graphql: &Context<'_>) -> Maybe<Decision> {
        let session = Session::of(graphql);
        session
            .maybe(async {
                if let Some(decision) = &self.decision {
                    return Ok(Some(decision.clone().into()));
                }
                let found = decisions::by_id(&session.ctx, session.caller()?, self.row.decision_id).await?;
                Ok(found.map(Decision::from))
            })
            .await
    }
}

connection! {
    /// A page of campaigns.
    CampaignConnection {
        /// A campaign in a page.
        CampaignEdge { Campaign }
    }
}
