//! Credit, its ledger and its orders.

mod mutation;

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, Lookahead, Object};
use chrono::{DateTime, Utc};
use entity::ids::CampaignId;

use super::account::Account;
use super::campaigns::{Campaign, with_decisions};
use super::context::{Maybe, Session};
use super::node_id::NodeId;
use super::page::{connection, cost, page_args, turned};
use crate::error::Fault;
use crate::services::campaigns;
use crate::services::ledger::{self, EntryRow};
use crate::services::top_up::{self, OrderRow};
pub use mutation::CreditMutation;

/// Why credit moved.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "entity::enums::LedgerReason")]
pub enum LedgerReason {
    /// An order was approved.
    TopUp,
    /// A campaign set credit aside.
    Reservation,
    /// Messages were accepted by the telephone network, and are paid.
    Charge,
    /// Messages will not be charged: what was set aside for them is back.
    Release,
    /// Charges were given back.
    Refund,
    /// The operator corrected the balance.
    Adjustment,
}

/// Where an order stands.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "entity::enums::OrderState")]
pub enum TopUpOrderState {
    /// The operator has not decided.
    Pending,
    /// The credit was given.
    Approved,
    /// It was not.
    Refused,
}

/// The prepaid credit of a structure, in SMS.
#[derive(Clone)]
pub struct Credit(ledger::Credit);

impl From<ledger::Credit> for Credit {
    fn from(credit: ledger::Credit) -> Self {
        Self(credit)
    }
}

/// The prepaid credit of a structure, in SMS.
#[Object]
impl Credit {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::Credit(self.0.structure).encode()
    }

    /// What can still be spent, in SMS.
    async fn balance(&self) -> i64 {
        self.0.balance
    }

    /// What campaigns under way hold, in SMS.
    async fn reserved(&self) -> i64 {
        self.0.reserved
    }

    /// The balance at which, or below, it is low, in SMS; null when the structure set none.
    async fn low_balance_at(&self) -> Option<i64> {
        self.0.low_at
    }

    /// Since when the balance is low; null when it is not.
    async fn low_since(&self) -> Option<DateTime<Utc>> {
        self.0.low_since.map(|since| *since)
    }

    /// The page on which to order more.
    async fn top_up_url(&self, graphql: &Context<'_>) -> Option<String> {
        Some(Session::of(graphql).ctx.config.links.top_up.clone())
    }

    /// Its movements, latest first: one line for each campaign and reason, not one for each message, and one for each ADJUSTMENT.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn ledger(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<LedgerEntryConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        let node = graphql.look_ahead().field("edges").field("node");
        let campaign = node.field("campaign");
        session
            .maybe(async {
                let page = ledger::entries(&session.ctx, session.caller()?, &args).await?;
                session
                    .read_accounts(node.field("by"), page.items.iter().filter_map(|(_, row)| row.account_id))
                    .await?;
                Ok(Some(turned(page, |rows| with_campaigns(session, rows, campaign)).await?.into()))
            })
            .await
    }

    /// The orders for credit, latest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn orders(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<TopUpOrderConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        let node = graphql.look_ahead().field("edges").field("node");
        session
            .maybe(async {
                let page = top_up::page(&session.ctx, session.caller()?, &args).await?;
                let who = page.items.iter().filter_map(|(_, row)| row.requested_by);
                session.read_accounts(node.field("requestedBy"), who).await?;
                Ok(Some(page.into()))
            })
            .await
    }
}

/// A line of the ledger, with its campaign where it was read along.
#[derive(Clone)]
pub struct LedgerEntry {
    row: EntryRow,
    campaign: Option<Campaign>,
}

impl From<EntryRow> for LedgerEntry {
    fn from(row: EntryRow) -> Self {
        Self { row, campaign: None }
    }
}

/// Lines in their order, with their campaigns and what is asked of these, when it is: three statements at most, however many.
///
/// # Errors
/// The database's.
pub async fn with_campaigns(
    session: &Session,
    rows: Vec<EntryRow>,
    asked: Lookahead<'_>,
) -> Result<Vec<LedgerEntry>, Fault> {
    let ids: Vec<CampaignId> = rows.iter().filter_map(|row| row.campaign_id).collect();
    if !asked.exists() || ids.is_empty() {
        return Ok(rows.into_iter().map(LedgerEntry::from).collect());
    }
    let found = match campaigns::by_ids(&session.ctx, session.caller()?, &ids).await {
        Ok(found) => found,
        // Each line then answers for itself that its campaign may not be read.
        Err(Fault::Forbidden { .. }) => Vec::new(),
        Err(cause) => return Err(cause),
    };
    session.read_accounts(asked.field("createdBy"), found.iter().map(|row| row.created_by)).await?;
    session
        .read_accounts(asked.field("cancelledBy"), found.iter().filter_map(|row| row.cancelled_by))
        .await?;
    let decisions = asked.field("decision").exists();
    let ids: Vec<CampaignId> = found.iter().map(|row| row.id).collect();
    let found: HashMap<_, _> =
        ids.into_iter().zip(with_decisions(session, found, decisions).await?).collect();
    let campaign = |row: &EntryRow| row.campaign_id.and_then(|id| found.get(&id).cloned());
    Ok(rows.into_iter().map(|row| LedgerEntry { campaign: campaign(&row), row }).collect())
}

/// A line of the ledger: all the movements of one campaign for one reason, or a correction by the operator. Lines are ordered by their first
/// movement.
#[Object]
impl LedgerEntry {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::LedgerEntry(self.row.id).encode()
    }

    /// When its latest movement was made.
    async fn at(&self) -> DateTime<Utc> {
        *self.row.last_at
    }

    /// What it did to the balance, in SMS: below 0 when it took. A CHARGE of what was reserved is 0.
    async fn delta(&self) -> i64 {
        self.row.delta
    }

    /// The balance after its latest movement, in SMS.
    async fn balance_after(&self) -> i64 {
        self.row.balance_after
    }

    /// Why credit moved.
    async fn reason(&self) -> LedgerReason {
        self.row.reason.into()
    }

    /// The account that caused it; null when none did: the operator gave credit or corrected the balance, or the telephone network answered. Of
    /// a RELEASE, who cancelled the campaign, if someone did, although some of it may have another cause.
    async fn by(&self, graphql: &Context<'_>) -> Maybe<Account> {
        let session = Session::of(graphql);
        session.maybe(session.account(self.row.account_id)).await
    }

    /// Who of the operator's people corrected the balance, by name; null when the line is no ADJUSTMENT.
    async fn operator(&self) -> Option<&str> {
        self.row.operator.as_deref()
    }

    /// Why the operator corrected the balance; null when the line is no ADJUSTMENT.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }

    /// How many SMS moved.
    async fn quantity(&self) -> i64 {
        self.row.quantity
    }

    /// The campaign it is for; null when it is for none. Needs `READ` on `COMMUNICATION_SMS`.
    async fn campaign(&self, graphql: &Context<'_>) -> Maybe<Campaign> {
        let session = Session::of(graphql);
        session
            .maybe(async {
                if self.campaign.is_some() {
                    return Ok(self.campaign.clone());
                }
                let Some(campaign) = self.row.campaign_id else {
                    return Ok(None);
                };
                Ok(campaigns::by_id(&session.ctx, session.caller()?, campaign).await?.map(Campaign::from))
            })
            .await
    }
}

connection! {
    /// A page of the ledger.
    LedgerEntryConnection {
        /// A line of the ledger in a page.
        LedgerEntryEdge { LedgerEntry }
    }
}

/// An order for credit.
#[derive(Clone)]
pub struct TopUpOrder(OrderRow);

impl From<OrderRow> for TopUpOrder {
    fn from(row: OrderRow) -> Self {
        Self(row)
    }
}

/// An order for credit, which the operator approves or refuses.
#[Object]
impl TopUpOrder {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::TopUpOrder(self.0.id).encode()
    }

    /// How many SMS.
    async fn quantity(&self) -> i64 {
        self.0.quantity
    }

    /// Where it stands.
    async fn state(&self) -> TopUpOrderState {
        self.0.state.into()
    }

    /// When it was placed.
    async fn requested_at(&self) -> DateTime<Utc> {
        *self.0.requested_at
    }

    /// The account that placed it; null when the operator gave credit that was not ordered.
    async fn requested_by(&self, graphql: &Context<'_>) -> Maybe<Account> {
        let session = Session::of(graphql);
        session.maybe(session.account(self.0.requested_by)).await
    }
}

connection! {
    /// A page of orders for credit.
    TopUpOrderConnection {
        /// An order in a page.
        TopUpOrderEdge { TopUpOrder }
    }
}
