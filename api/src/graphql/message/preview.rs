//! What a preview shows.

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::metrics::{MessageMetrics, MessagePurpose, SmsEncoding};
use crate::graphql::context::{Maybe, Session};
use crate::graphql::decisions::Decision;
use crate::graphql::node_id::NodeId;
use crate::graphql::page::{connection, cost, page_args};
use crate::graphql::people::{Company, Person};
use crate::graphql::scalar::PhoneNumber;
use crate::services::message::{
    self, EmptyField, Exclusion as ExclusionRow, ExclusionReason, Preview, PreviewRecipient as RecipientRow,
    Spread,
};
use crate::services::people;

/// What sending a message would do.
#[derive(Clone)]
pub struct SmsPreview(Preview);

impl From<Preview> for SmsPreview {
    fn from(preview: Preview) -> Self {
        Self(preview)
    }
}

/// What sending a message would do: whom it reaches, what it says, what it costs, and what the rules say of it.
#[Object]
impl SmsPreview {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::Preview(self.0.id).encode()
    }

    /// What `sendSms` asks for. It serves once, the account that made the preview only, until `expiresAt`.
    async fn token(&self) -> &str {
        &self.0.token
    }

    /// Until when the token serves.
    async fn expires_at(&self) -> DateTime<Utc> {
        *self.0.expires_at
    }

    /// When it shall leave; null when it leaves at once.
    async fn send_at(&self) -> Option<DateTime<Utc>> {
        self.0.send_at.map(|at| *at)
    }

    /// Why it is sent.
    async fn purpose(&self) -> MessagePurpose {
        self.0.purpose.into()
    }

    /// The name that telephones will show as the sender; null while the structure has none.
    async fn sender(&self) -> Option<&str> {
        self.0.sender.as_deref()
    }

    /// The text as the first recipient will read it, STOP mention included. Without `READ` on PEOPLE, its merge fields say nothing of
    /// anyone.
    async fn text(&self) -> &str {
        &self.0.body
    }

    /// The size of the longest text sent.
    async fn metrics(&self) -> MessageMetrics {
        MessageMetrics::from(&self.0.metrics)
    }

    /// People whom it reaches. Those unticked are in neither count.
    async fn recipient_count(&self) -> i64 {
        self.0.recipient_count
    }

    /// People of the audience whom it does not reach, each with a reason.
    async fn excluded_count(&self) -> i64 {
        self.0.excluded_count
    }

    /// Messages to be sent: one for each number, however many people share it. At 0 there is nothing to send, whatever the rules
    /// say: `sendSms` refuses with `NO_RECIPIENT`.
    async fn message_count(&self) -> i64 {
        self.0.message_count
    }

    /// What it costs, in SMS.
    async fn cost(&self) -> i64 {
        self.0.cost
    }

    /// What could be spent when the preview was made, in SMS.
    async fn balance(&self) -> i64 {
        self.0.balance
    }

    /// What could be spent after the send, in SMS; below 0 when the credit does not cover it.
    async fn balance_after(&self) -> i64 {
        self.0.balance - self.0.cost
    }

    /// The page on which to order more credit.
    async fn top_up_url(&self, graphql: &Context<'_>) -> Option<String> {
        Some(Session::of(graphql).ctx.config.links.top_up.clone())
    }

    /// How many messages take how many SMS, fewest first: a text with merge fields is not as long for everyone.
    async fn spread(&self) -> Vec<SegmentSpread> {
        self.0.spread.iter().map(SegmentSpread::from).collect()
    }

    /// The merge fields of the text that say nothing to some, and have nothing in their place: `{prenom|vous}` has `vous`.
    async fn empty_fields(&self) -> Vec<EmptyMergeField> {
        self.0.empty.iter().cloned().map(EmptyMergeField).collect()
    }

    /// What the rules say of it. Only an outcome of ALLOWED, or `CONFIRMATION_REQUIRED` once confirmed, can be sent, and only to
    /// someone: see `messageCount`.
    async fn decision(&self) -> Decision {
        self.0.decision.clone().into()
    }

    /// Whom it reaches, one item for each number, by name, as people are now: of a `retryCampaign` that was sent, nobody any more. Needs
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
                let page =
                    Box::pin(message::recipients(&session.ctx, session.caller()?, self.0.id, &args)).await?;
                Ok(page.map(|page| page.turn(PreviewRecipient::together).into()))
            })
            .await
    }

    /// People of the audience whom it does not reach, by name. Needs `READ` on PEOPLE.
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
        session
            .maybe(async {
                let page = message::exclusions(&session.ctx, session.caller()?, self.0.id, &args).await?;
                Ok(page.map(|page| page.turn(Exclusion::together).into()))
            })
            .await
    }
}

/// How many messages take so many SMS.
#[derive(SimpleObject)]
pub struct SegmentSpread {
    /// The SMS that one of these messages takes.
    segments: i64,
    /// How many messages.
    message_count: i64,
}

impl From<&Spread> for SegmentSpread {
    fn from(spread: &Spread) -> Self {
        Self { segments: spread.segments, message_count: spread.messages }
    }
}

/// A merge field that says nothing to some.
pub struct EmptyMergeField(EmptyField);

/// A merge field that says nothing to some, and has nothing in its place.
#[Object]
impl EmptyMergeField {
    /// Its name, as the text has it.
    async fn field(&self) -> &str {
        &self.0.field
    }

    /// How many messages have nothing there.
    async fn message_count(&self) -> i64 {
        self.0.messages
    }

    /// Some of the people, at most 5. Needs `READ` on PEOPLE.
    async fn people(&self, graphql: &Context<'_>) -> Maybe<Vec<Person>> {
        let session = Session::of(graphql);
        session
            .maybe(async {
                let caller = session.caller()?;
                let scope = caller.may_read(entity::enums::Module::People)?;
                let rows = people::by_ids(&session.ctx, scope, &self.0.people).await?;
                Ok(Some(Person::together(rows)))
            })
            .await
    }
}

/// One message of a preview.
pub struct PreviewRecipient {
    row: RecipientRow,
    people: Vec<Person>,
}

impl PreviewRecipient {
    /// These messages, their people read together.
    pub fn together(rows: Vec<RecipientRow>) -> Vec<Self> {
        let company = Company::of(rows.iter().flat_map(|row| &row.people).collect::<Vec<_>>());
        let one = |mut row: RecipientRow| {
            let people = std::mem::take(&mut row.people).into_iter();
            Self { people: people.map(|person| Person::among(&company, person)).collect(), row }
        };
        rows.into_iter().map(one).collect()
    }
}

/// One message of a preview: a number, and all the people who share it.
#[Object]
impl PreviewRecipient {
    /// The people it is for, by name.
    async fn people(&self) -> Vec<Person> {
        self.people.clone()
    }

    /// The number it goes to.
    async fn number(&self) -> PhoneNumber {
        self.row.number.clone().into()
    }

    /// The text as they will read it, STOP mention included.
    async fn text(&self) -> &str {
        &self.row.wording.body
    }

    /// How it is encoded.
    async fn encoding(&self) -> SmsEncoding {
        self.row.wording.measure.encoding.into()
    }

    /// The SMS it takes.
    async fn segments(&self) -> i64 {
        self.row.wording.segments()
    }

    /// What it costs, in SMS.
    async fn cost(&self) -> i64 {
        self.row.wording.cost(self.row.price)
    }
}

connection! {
    /// A page of those whom a preview reaches.
    PreviewRecipientConnection {
        /// One of those whom a preview reaches.
        PreviewRecipientEdge { PreviewRecipient }
    }
}

/// A person whom a preview, or a send, leaves out.
#[derive(Clone)]
pub struct Exclusion {
    person: Person,
    reason: ExclusionReason,
}

impl Exclusion {
    /// These people, read together.
    pub fn together(rows: Vec<ExclusionRow>) -> Vec<Self> {
        let (people, reasons): (Vec<_>, Vec<_>) =
            rows.into_iter().map(|row| (row.person, row.reason)).unzip();
        let people = Person::together(people).into_iter();
        people.zip(reasons).map(|(person, reason)| Self { person, reason }).collect()
    }
}

/// A person of the audience whom a preview does not reach, or whom a campaign was not sent to, and why.
#[Object]
impl Exclusion {
    /// Who.
    async fn person(&self) -> Person {
        self.person.clone()
    }

    /// Why, for programs: `NO_MOBILE`, `COUNTRY_NOT_SERVED` or `OPTED_OUT`; where a rule leaves them out, its code.
    async fn reason(&self) -> &str {
        self.reason.code()
    }

    /// The rule that leaves them out, by its name for programs; null where none does.
    async fn rule_slug(&self) -> Option<&str> {
        match &self.reason {
            ExclusionReason::Rule(skip) => Some(&skip.slug),
            _ => None,
        }
    }

    /// How that rule is called, or was when the message was sent, in the language of the request (`Accept-Language`); null where no rule
    /// leaves them out, and of sends from before this was kept.
    async fn rule_title(&self, graphql: &Context<'_>) -> Option<&str> {
        match &self.reason {
            ExclusionReason::Rule(skip) => {
                let lang = Session::of(graphql).ctx.lang;
                skip.title.as_ref().map(|title| title.get(lang))
            }
            _ => None,
        }
    }

    /// Why, for people, in the language of the request (`Accept-Language`).
    async fn message(&self, graphql: &Context<'_>) -> String {
        let lang = Session::of(graphql).ctx.lang;
        match &self.reason {
            ExclusionReason::Rule(skip) => skip.message.get(lang).to_owned(),
            reason => crate::i18n::message(reason.code(), &[], lang),
        }
    }
}

connection! {
    /// A page of those who are left out.
    ExclusionConnection {
        /// One of those who are left out.
        ExclusionEdge { Exclusion }
    }
}
