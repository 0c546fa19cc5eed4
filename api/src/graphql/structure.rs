//! The structure: everything that a tenant owns hangs below it.

mod settings;

use async_graphql::{Context, Enum, ID, Object};

pub use self::settings::{SmsSettings, SmsSubscription};
use super::approvals::{SendApproval, SendApprovalConnection, SendApprovalState};
use super::campaigns::{CampaignConnection, CampaignState, with_decisions};
use super::context::{Maybe, Session};
use super::credit::Credit;
use super::decisions::DecisionConnection;
use super::node_id::NodeId;
use super::opt_outs::{OptOut, OptOutConnection};
use super::page::{cost, page_args, turned};
use super::people::{
    Person, PersonConnection, PersonFilterInput, PersonList, PersonListConnection, PersonOrder, TagConnection,
};
use super::people_columns::PersonColumn;
use super::rules::{Rule, RuleConnection};
use super::templates::{MessageTemplate, MessageTemplateConnection};
use crate::services::message::approvals;
use crate::services::structures::{self, StructureView};
use crate::services::{campaigns, decisions, ledger, people, ruleset, templates};

/// What a structure subscribed to.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "entity::enums::Product")]
pub enum Product {
    /// For artists.
    ArtistStandard,
    /// For artists, with more.
    ArtistPremium,
    /// For schools.
    SchoolStandard,
    /// For schools, with more.
    SchoolPremium,
    /// For managers of several.
    Manager,
}

/// A structure: a school, an artist or a manager, with its own people, credit and rules.
#[derive(Clone)]
pub struct Structure(StructureView);

impl From<StructureView> for Structure {
    fn from(view: StructureView) -> Self {
        Self(view)
    }
}

/// A structure: a school, an artist or a manager, with its own people, credit and rules. Everything that a tenant owns hangs
/// below it.
#[Object]
impl Structure {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::Structure(self.0.id).encode()
    }

    /// The name people see.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it subscribed to.
    async fn product(&self) -> Product {
        self.0.product.into()
    }

    /// Its time zone, a name of the IANA database such as `Europe/Paris`.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// The region in which its telephone numbers are read: two letters of ISO 3166-1.
    async fn region(&self) -> &str {
        &self.0.region
    }

    /// Its subscription to the SMS option. Needs `READ` on `COMMUNICATION_SMS`.
    async fn sms_subscription(&self, graphql: &Context<'_>) -> Maybe<SmsSubscription> {
        let session = Session::of(graphql);
        session
            .maybe(async {
                let view = structures::subscription(&session.ctx, session.caller()?).await?;
                Ok(Some(SmsSubscription::new(&view, &session.ctx.config.links.subscribe)))
            })
            .await
    }

    /// How its SMS are set up. Needs `READ` on `COMMUNICATION_SMS`.
    async fn sms_settings(&self, graphql: &Context<'_>) -> Maybe<SmsSettings> {
        let session = Session::of(graphql);
        session
            .maybe(async {
                let view = structures::settings(&session.ctx, session.caller()?).await?;
                Ok(Some(SmsSettings::new(view, &session.ctx.config.links.settings)))
            })
            .await
    }

    /// Its people. Needs `READ` on PEOPLE.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, and its own")]
    async fn people(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "Which people; everyone when absent.")] filter: Option<PersonFilterInput>,
        #[graphql(desc = "In which order; by name, ascending, when absent.")] order_by: Option<PersonOrder>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<PersonConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        let filter = filter.unwrap_or_default().into();
        let order = order_by.map(Into::into).unwrap_or_default();
        let lists = graphql.look_ahead().field("edges").field("node").field("lists").exists();
        session
            .maybe(async {
                let page =
                    people::page(&session.ctx, session.caller()?, &filter, order, lists, &args).await?;
                Ok(Some(page.turn(Person::together).into()))
            })
            .await
    }

    /// The columns that it keeps of its people beside what every structure knows, by name: merge fields of its own. Needs `READ` on
    /// PEOPLE.
    async fn person_columns(&self, graphql: &Context<'_>) -> Maybe<Vec<PersonColumn>> {
        let session = Session::of(graphql);
        session
            .maybe(async {
                let columns = people::columns::list(&session.ctx, session.caller()?).await?;
                Ok(Some(columns.into_iter().map(PersonColumn::from).collect()))
            })
            .await
    }

    /// Its tags, by name. Needs `READ` on PEOPLE.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn tags(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<TagConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        session
            .maybe(async {
                Ok(Some(people::tags::page(&session.ctx, session.caller()?, &args).await?.into()))
            })
            .await
    }

    /// Its lists of people, by name. Needs `READ` on PEOPLE.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn lists(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<PersonListConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        session
            .maybe(async {
                let page = people::lists::page(&session.ctx, session.caller()?, &args).await?;
                Ok(Some(page.turn(PersonList::together).into()))
            })
            .await
    }

    /// Those of its people whose number opted out, by name. Needs `READ` on PEOPLE.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn opt_outs(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<OptOutConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        session
            .maybe(async {
                let page = people::refusals::page(&session.ctx, session.caller()?, &args).await?;
                Ok(Some(page.turn(OptOut::together).into()))
            })
            .await
    }

    /// Its credit. Needs `READ` on CREDIT.
    async fn credit(&self, graphql: &Context<'_>) -> Maybe<Credit> {
        let session = Session::of(graphql);
        session.maybe(async { Ok(Some(ledger::credit(&session.ctx, session.caller()?).await?.into())) }).await
    }

    /// Its rules in the order in which they run: those of the platform, or those it wrote in their places, then its others. Needs `READ` on
    /// RULES.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn rules(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "Those out of use instead of those in use.", default)] retired: bool,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<RuleConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        let node = graphql.look_ahead().field("edges").field("node");
        session
            .maybe(async {
                let page = ruleset::rules_page(&session.ctx, session.caller()?, retired, &args).await?;
                let active = node.field("active");
                let authors = page.items.iter().filter_map(|(_, rule)| Some(rule.active.as_ref()?.author));
                session.read_accounts(active.field("author"), authors).await?;
                let publishers = page.items.iter().filter_map(|(_, rule)| rule.active.as_ref()?.published_by);
                session.read_accounts(active.field("publishedBy"), publishers).await?;
                let retirers = page.items.iter().filter_map(|(_, rule)| rule.retired_by);
                session.read_accounts(node.field("retiredBy"), retirers).await?;
                let versions = page.items.iter().filter_map(|(_, rule)| rule.active.as_ref());
                let before: Vec<_> = versions.map(ruleset::VersionRow::before).collect();
                session.read_versions(active.field("diff"), before).await?;
                Ok(Some(page.turn(Rule::together).into()))
            })
            .await
    }

    /// What its rules decided, latest first. Needs `READ` on RULES.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn decisions(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<DecisionConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        session
            .maybe(async { Ok(Some(decisions::page(&session.ctx, session.caller()?, &args).await?.into())) })
            .await
    }

    /// What it sent, latest first. Needs `READ` on `COMMUNICATION_SMS`.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn campaigns(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "Only campaigns in one of these states.")] state: Option<Vec<CampaignState>>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<CampaignConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        let states: Option<Vec<_>> = state.map(|states| states.into_iter().map(Into::into).collect());
        let node = graphql.look_ahead().field("edges").field("node");
        session
            .maybe(async {
                let page = campaigns::page(&session.ctx, session.caller()?, states.as_deref(), &args).await?;
                let senders = page.items.iter().map(|(_, row)| row.created_by);
                session.read_accounts(node.field("createdBy"), senders).await?;
                let cancellers = page.items.iter().filter_map(|(_, row)| row.cancelled_by);
                session.read_accounts(node.field("cancelledBy"), cancellers).await?;
                let asked = node.field("decision").exists();
                Ok(Some(turned(page, |rows| with_decisions(session, rows, asked)).await?.into()))
            })
            .await
    }

    /// The messages that a second person is asked to approve, and those that were, latest first. Needs `READ_WRITE` on `COMMUNICATION_SMS`.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn send_approvals(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "Only requests in one of these states.")] state: Option<Vec<SendApprovalState>>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<SendApprovalConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        let states: Option<Vec<_>> = state.map(|states| states.into_iter().map(Into::into).collect());
        let node = graphql.look_ahead().field("edges").field("node");
        session
            .maybe(async {
                let page = approvals::page(&session.ctx, session.caller()?, states.as_deref(), &args).await?;
                SendApproval::read_accounts(session, &node, page.items.iter().map(|(_, row)| row)).await?;
                Ok(Some(page.turn(SendApproval::together).into()))
            })
            .await
    }

    /// The texts that it keeps to write with, by name. Needs `READ` on `COMMUNICATION_SMS`.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, and its own")]
    async fn message_templates(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "Words, each somewhere in the name, whatever case and accents.")] search: Option<
            String,
        >,
        #[graphql(desc = "Those out of use instead of those in use.", default)] archived: bool,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<MessageTemplateConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        let node = graphql.look_ahead().field("edges").field("node");
        let which = templates::Which { search, archived };
        session
            .maybe(async {
                let page = templates::page(&session.ctx, session.caller()?, &which, &args).await?;
                let authors = page.items.iter().map(|(_, row)| row.current.author);
                session.read_accounts(node.field("current").field("author"), authors).await?;
                Ok(Some(page.turn(MessageTemplate::together).into()))
            })
            .await
    }
}
