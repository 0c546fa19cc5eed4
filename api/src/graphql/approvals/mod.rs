//! A second person's approval of a message.

mod mutation;

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Lookahead, Object};
use chrono::{DateTime, Utc};
use entity::ids::CampaignId;

use super::account::Account;
use super::campaigns::{Campaign, with_decisions};
use super::context::{Maybe, Session};
use super::message::{MessagePurpose, PreviewRecipient, PreviewRecipientConnection};
use super::node_id::NodeId;
use super::page::{connection, cost, page_args};
use super::together::Together;
use crate::error::Fault;
use crate::services::campaigns;
use crate::services::message::approvals::{self, ApprovalRow};

pub use mutation::ApprovalMutation;

/// Where a request for approval stands.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "approvals::State")]
pub enum SendApprovalState {
    /// Nobody decided.
    Pending,
    /// Another account approved: the message can be sent once.
    Approved,
    /// Somebody declined.
    Declined,
    /// Nobody decided in time, or what was approved was not sent in time.
    Expired,
    /// What was approved was sent.
    Used,
}

/// Campaigns of requests that were read together.
type Campaigns = Together<CampaignId, (), Campaign>;

/// A message that a second person is asked to approve.
#[derive(Clone)]
pub struct SendApproval {
    row: ApprovalRow,
    together: Arc<Campaigns>,
}

impl SendApproval {
    /// These requests, read together.
    pub fn together(rows: Vec<ApprovalRow>) -> Vec<Self> {
        let together = Arc::new(Campaigns::new(rows.iter().filter_map(|row| row.campaign)));
        rows.into_iter().map(|row| Self { row, together: Arc::clone(&together) }).collect()
    }

    /// Reads the accounts that these requests name, where they are asked for.
    ///
    /// # Errors
    /// The database's.
    pub async fn read_accounts(
        session: &Session,
        asked: &Lookahead<'_>,
        rows: impl IntoIterator<Item = &ApprovalRow>,
    ) -> Result<(), Fault> {
        let (asking, deciding): (Vec<_>, Vec<_>) =
            rows.into_iter().map(|row| (row.requested_by, row.decided_by)).unzip();
        session.read_accounts(asked.field("requestedBy"), asking).await?;
        session.read_accounts(asked.field("decidedBy"), deciding.into_iter().flatten()).await
    }
}

impl From<ApprovalRow> for SendApproval {
    fn from(row: ApprovalRow) -> Self {
        Self { together: Arc::new(Campaigns::new(row.campaign)), row }
    }
}

/// A message that a second person is asked to approve, as it was previewed. What is sent by it has the same text, people, sender, purpose and
/// hour, and costs no more; it is sent by another account than the one that approved. Only accounts with `READ_WRITE` on `COMMUNICATION_SMS` see it.
#[Object]
impl SendApproval {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::SendApproval(self.row.id).encode()
    }

    /// Where it stands.
    async fn state(&self) -> SendApprovalState {
        self.row.state.into()
    }

    /// The account that asked.
    async fn requested_by(&self, graphql: &Context<'_>) -> Maybe<Account> {
        let session = Session::of(graphql);
        session.maybe(session.account(self.row.requested_by)).await
    }

    /// When.
    async fn requested_at(&self) -> DateTime<Utc> {
        *self.row.requested_at
    }

    /// Until when it can be approved, and the message sent.
    async fn expires_at(&self) -> DateTime<Utc> {
        *self.row.expires_at
    }

    /// What the one who asked says of it; null when nothing.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }

    /// The account that approved or declined; null when none did.
    async fn decided_by(&self, graphql: &Context<'_>) -> Maybe<Account> {
        let session = Session::of(graphql);
        session.maybe(session.account(self.row.decided_by)).await
    }

    /// When.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.row.decided_at.map(|at| *at)
    }

    /// The text as it was written, with its merge fields, without the STOP mention.
    async fn text(&self) -> &str {
        self.row.text.expose()
    }

    /// The name that telephones will show as the sender; null while the structure has none.
    async fn sender(&self) -> Option<&str> {
        self.row.sender.as_deref()
    }

    /// Why it is sent.
    async fn purpose(&self) -> MessagePurpose {
        self.row.purpose.into()
    }

    /// When it shall leave; null when it leaves at once.
    async fn send_at(&self) -> Option<DateTime<Utc>> {
        self.row.send_at.map(|at| *at)
    }

    /// People whom it reaches.
    async fn person_count(&self) -> i64 {
        self.row.people
    }

    /// Messages to be sent: one for each number, however many people share it.
    async fn message_count(&self) -> i64 {
        self.row.messages
    }

    /// What it costs, in SMS: what is sent by it costs no more.
    async fn cost(&self) -> i64 {
        self.row.cost
    }

    /// Whom it reaches, one item for each number, by name, as people are now: who came in or left since keeps the approval from serving. Needs
    /// `READ` on PEOPLE.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn recipients(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<PreviewRecipientConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        session
            .maybe(async {
                let read = approvals::recipients(&session.ctx, session.caller()?, self.row.id, &args);
                Ok(Box::pin(read).await?.map(|page| page.turn(PreviewRecipient::together).into()))
            })
            .await
    }

    /// What was sent by it; null until then.
    async fn campaign(&self, graphql: &Context<'_>) -> Maybe<Campaign> {
        let session = Session::of(graphql);
        let asked = graphql.look_ahead();
        // Boxed: the future that holds it would take much of a stack.
        let read = Box::pin(async {
            let rows = campaigns::by_ids(&session.ctx, session.caller()?, self.together.keys()).await?;
            session.read_accounts(asked.field("createdBy"), rows.iter().map(|row| row.created_by)).await?;
            let cancellers = rows.iter().filter_map(|row| row.cancelled_by);
            session.read_accounts(asked.field("cancelledBy"), cancellers).await?;
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            let found = with_decisions(session, rows, asked.field("decision").exists()).await?;
            Ok(ids.into_iter().zip(found).collect::<HashMap<_, _>>())
        });
        session
            .maybe(async {
                match self.row.campaign {
                    Some(campaign) => self.together.of(campaign, (), read).await,
                    None => Ok(None),
                }
            })
            .await
    }
}

connection! {
    /// A page of requests for approval.
    SendApprovalConnection {
        /// A request in a page.
        SendApprovalEdge { SendApproval }
    }
}
