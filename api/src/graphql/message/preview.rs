//! What a preview shows.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::domain::segments;
use crate::graphql::context::{Maybe, Session};
use crate::graphql::decisions::Decision;
use crate::graphql::node_id::NodeId;
use crate::graphql::page::{connection, cost, page_args};
use crate::graphql::people::{Company, Person};
use crate::graphql::scalar::PhoneNumber;
use crate::services::message::{
    self, EmptyField, Exclusion as ExclusionRow, ExclusionReason, Metrics, Offender, Preview,
    PreviewRecipient as RecipientRow, Spread,
};
use crate::services::people;

/// How an SMS is encoded.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "segments::Encoding")]
pub enum SmsEncoding {
    /// The GSM 7-bit alphabet: 160 septets in one SMS, 153 in each of several. Some characters, such as `€`, take two.
    Gsm7,
    /// UCS-2, for any other character: 70 UTF-16 units in one SMS, 67 in each of several.
    Ucs2,
}

/// A character that forces UCS-2 on a text, once the structure's encoding policy did what it may.
#[derive(SimpleObject)]
pub struct EncodingOffender {
    /// The character.
    character: String,
    /// Its code point, such as `U+200B`: some show nothing.
    code_point: String,
    /// Where it is in the text, in UTF-16 units from 0; nowhere where only the values of merge fields bring it.
    positions: Vec<i64>,
    /// What could stand in its place and be read the same: empty for what shows nothing, null when nothing could.
    replacement: Option<String>,
    /// The SMS that replacing it everywhere, or leaving it out where nothing can replace it, would save: of the whole audience, or of
    /// one number where there is none. Below 0 when it would cost more; of several such characters, one alone saves little.
    saves: i64,
}

impl From<&Offender> for EncodingOffender {
    fn from(offender: &Offender) -> Self {
        let position = |position: &usize| i64::try_from(*position).unwrap_or(i64::MAX);
        Self {
            character: offender.character.to_string(),
            code_point: format!("U+{:04X}", u32::from(offender.character)),
            positions: offender.positions.iter().map(position).collect(),
            replacement: offender.replacement.clone(),
            saves: offender.saves,
        }
    }
}

/// The size of a text: what a counter under the text box shows. It is that of the text as it is sent, which the structure's encoding
/// policy may have changed.
#[derive(SimpleObject)]
pub struct MessageMetrics {
    /// The length of the text without the STOP mention, in the units charged: septets in GSM7, UTF-16 units in UCS2.
    length: i64,
    /// The longest that the rules allow, in the same units.
    limit: i64,
    /// What is left of the rules' limit; below 0 when the text is too long. What costs more is told by `remainingInSegment`.
    remaining: i64,
    /// The units that can still be written without one SMS more to pay for each number, STOP mention counted, the encoding staying
    /// as it is.
    remaining_in_segment: i64,
    /// How the whole SMS is encoded.
    encoding: SmsEncoding,
    /// The SMS that the text takes, STOP mention included: each is charged.
    segments: i64,
    /// What is put behind the text, so that people can refuse the next; empty when none is set.
    stop_mention: String,
    /// The characters that force UCS2, in the order of the text; at most 100 kinds.
    offenders: Vec<EncodingOffender>,
    /// The SMS that doing so with all of them would save.
    saves: i64,
}

impl From<&Metrics> for MessageMetrics {
    fn from(metrics: &Metrics) -> Self {
        Self {
            length: metrics.length,
            limit: metrics.limit,
            remaining: metrics.limit - metrics.length,
            remaining_in_segment: metrics.remaining_in_segment,
            encoding: metrics.encoding.into(),
            segments: metrics.segments,
            stop_mention: metrics.stop_mention.clone(),
            offenders: metrics.offenders.iter().map(EncodingOffender::from).collect(),
            saves: metrics.saves,
        }
    }
}

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

    /// The name that telephones will show as the sender; null while the structure has none.
    async fn sender(&self) -> Option<&str> {
        self.0.sender.as_deref()
    }

    /// The text as the first recipient will read it, STOP mention included.
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
                let page = message::recipients(&session.ctx, session.caller()?, self.0.id, &args).await?;
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
    fn together(rows: Vec<RecipientRow>) -> Vec<Self> {
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

/// A person whom a preview leaves out.
pub struct Exclusion {
    person: Person,
    reason: ExclusionReason,
}

impl Exclusion {
    fn together(rows: Vec<ExclusionRow>) -> Vec<Self> {
        let (people, reasons): (Vec<_>, Vec<_>) =
            rows.into_iter().map(|row| (row.person, row.reason)).unzip();
        let people = Person::together(people).into_iter();
        people.zip(reasons).map(|(person, reason)| Self { person, reason }).collect()
    }
}

/// A person of the audience whom a preview does not reach, and why.
#[Object]
impl Exclusion {
    /// Who.
    async fn person(&self) -> Person {
        self.person.clone()
    }

    /// Why, for programs: `NO_MOBILE`, `COUNTRY_NOT_SERVED` or `OPTED_OUT`.
    async fn reason(&self) -> &'static str {
        self.reason.code()
    }

    /// Why, for people, in the language of the request (`Accept-Language`).
    async fn message(&self, graphql: &Context<'_>) -> String {
        crate::i18n::message(self.reason.code(), &[], Session::of(graphql).ctx.lang)
    }
}

connection! {
    /// A page of those whom a preview leaves out.
    ExclusionConnection {
        /// One of those whom a preview leaves out.
        ExclusionEdge { Exclusion }
    }
}
