//! What was sent: campaigns, their messages, and what became of each.
//!
//! Architecture Invariant: read-only. States and counters are written by the delivery of messages alone.

use std::collections::HashMap;

use entity::At;
use entity::campaign::{self, Column};
use entity::enums::{AttemptOutcome, CampaignState, MessageState, Module, Purpose, ReceiptStatus};
use entity::ids::{AccountId, CampaignId, DecisionId, MessageId, PersonId, StructureId};
use entity::sensitive::Sensitive;
use entity::{attempt, campaign_cancellation, message, message_person, receipt};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult, QueryFilter, QuerySelect, QueryTrait, Select};

use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::Fault;
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};
use crate::services::people::{self, PersonRow};
use crate::store::among;

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct CampaignRow {
    /// The campaign.
    pub id: CampaignId,
    /// Where it stands.
    pub state: CampaignState,
    /// The text as it arrives; none once erased.
    pub text: Option<Sensitive>,
    /// Why it is sent.
    pub purpose: Purpose,
    /// The sender shown on telephones.
    pub sender: String,
    /// When it was accepted.
    pub created_at: At,
    /// When it shall leave; none when it left at once.
    pub send_at: Option<At>,
    /// The zone in which that was meant.
    pub time_zone: Option<String>,
    /// When what is still queued of it is given up, once it is under way.
    pub expires_at: Option<At>,
    /// Who cancelled it, if someone did and it was kept.
    pub cancelled_by: Option<AccountId>,
    /// Who sent it.
    pub created_by: AccountId,
    /// What was reserved for it, in SMS.
    pub cost: i64,
    /// What the rules answered.
    pub decision_id: DecisionId,
    /// How many messages are where.
    #[sea_orm(nested)]
    pub progress: Progress,
}

/// Each message of a campaign once, by its present state: the fields add up to `total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
#[expect(missing_docs, reason = "each field counts the messages in the state of that name")]
pub struct Progress {
    pub total: i64,
    pub queued: i64,
    pub sending: i64,
    pub handed_over: i64,
    pub delivered: i64,
    pub undelivered: i64,
    pub no_report: i64,
    pub rejected: i64,
    pub suppressed: i64,
    pub unknown: i64,
    pub written_off: i64,
}

impl Keyed for CampaignRow {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Id(self.id.as_uuid())]
    }
}

const COLUMNS: [Column; 23] = [
    Column::Id,
    Column::State,
    Column::Text,
    Column::Purpose,
    Column::Sender,
    Column::CreatedAt,
    Column::SendAt,
    Column::TimeZone,
    Column::ExpiresAt,
    Column::CreatedBy,
    Column::Cost,
    Column::DecisionId,
    Column::Total,
    Column::Queued,
    Column::Sending,
    Column::HandedOver,
    Column::Delivered,
    Column::Undelivered,
    Column::NoReport,
    Column::Rejected,
    Column::Suppressed,
    Column::Unknown,
    Column::WrittenOff,
];

/// Chooses what is read of campaigns.
fn row(query: Select<campaign::Entity>) -> Select<campaign::Entity> {
    use campaign_cancellation::Column as Its;
    let its = |column: Its| Expr::col((campaign_cancellation::Entity, column));
    let of = |column: Column| Expr::col((campaign::Entity, column));
    let cancelled_by = Query::select()
        .column((campaign_cancellation::Entity, Its::AccountId))
        .from(campaign_cancellation::Entity)
        .and_where(its(Its::StructureId).eq(of(Column::StructureId)))
        .and_where(its(Its::CampaignId).eq(of(Column::Id)))
        .take();
    let cancelled_by = Expr::SubQuery(None, Box::new(cancelled_by.into()));
    query.select_only().columns(COLUMNS).expr_as(cancelled_by, "cancelled_by")
}

/// The campaigns of the caller's structure, latest first, in any of these states when some are given.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS`; those of a page.
pub async fn page(
    ctx: &Ctx,
    caller: &Caller,
    states: Option<&[CampaignState]>,
    args: &PageArgs,
) -> Result<Page<CampaignRow>, Fault> {
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    let mut query = row(campaign::in_structure(structure));
    if let Some(states) = states {
        query = query.filter(Column::State.is_in(states.iter().copied()));
    }
    let listing = Listing::descending("campaigns", structure).by((campaign::Entity, Column::Id), KeyKind::Id);
    listing.page(ctx.store.readers(), query.into_query(), args).await
}

/// One campaign; none when it is another structure's.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS`.
pub async fn by_id(ctx: &Ctx, caller: &Caller, id: CampaignId) -> Result<Option<CampaignRow>, Fault> {
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    Ok(row(campaign::by_id_in(structure, id)).into_model::<CampaignRow>().one(ctx.store.readers()).await?)
}

/// The campaigns of those ids that are of the caller's structure, in no particular order, with one statement; others are
/// passed over. At most a page of ids.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS`.
pub async fn by_ids(ctx: &Ctx, caller: &Caller, ids: &[CampaignId]) -> Result<Vec<CampaignRow>, Fault> {
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    let query = campaign::in_structure(structure).filter(Column::Id.is_in(ids.iter().copied()));
    Ok(row(query).into_model::<CampaignRow>().all(ctx.store.readers()).await?)
}

/// A message of a campaign.
#[derive(Debug, Clone)]
pub struct MessageRow {
    /// The message.
    pub id: MessageId,
    /// The number it goes to; none once erased.
    pub number: Option<Sensitive>,
    /// The text as it arrives; none once erased.
    pub text: Option<Sensitive>,
    /// The SMS it takes.
    pub segments: i32,
    /// Where it stands.
    pub state: MessageState,
    /// Why it stands there, a code.
    pub reason: Option<String>,
    /// The people it covers, when asked for.
    pub people: Vec<PersonRow>,
    /// What became of it, in order, when asked for.
    pub events: Vec<MessageEvent>,
}

/// A step in the life of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageEvent {
    /// When.
    pub at: At,
    /// The state it came to.
    pub state: MessageState,
    /// Why, a code.
    pub code: Option<String>,
}

/// What to read of messages beside their own columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Detail {
    /// The people they cover.
    pub people: bool,
    /// What became of them.
    pub events: bool,
}

#[derive(Clone, FromQueryResult)]
struct Row {
    id: MessageId,
    number: Option<Sensitive>,
    text: Option<Sensitive>,
    segments: i32,
    state: MessageState,
    reason: Option<String>,
    state_at: At,
    created_at: At,
}

impl Keyed for Row {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Id(self.id.as_uuid())]
    }
}

fn messages_query(structure: StructureId) -> SelectStatement {
    use message::Column as M;
    let text =
        Func::coalesce([Expr::col((message::Entity, M::Text)), Expr::col((campaign::Entity, Column::Text))]);
    Query::select()
        .columns(
            [M::Id, M::Number, M::Segments, M::State, M::Reason, M::StateAt]
                .map(|column| (message::Entity, column)),
        )
        .column((campaign::Entity, Column::CreatedAt))
        .expr_as(text, Alias::new("text"))
        .from(message::Entity)
        .inner_join(
            campaign::Entity,
            Expr::col((campaign::Entity, Column::Id)).equals((message::Entity, M::CampaignId)),
        )
        .and_where(M::StructureId.eq(structure))
        .take()
}

/// The same page of the messages of each of these campaigns, in any of these states when some are given. A campaign of another
/// structure has none. As many statements however many campaigns and messages.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS`; those of a page.
pub async fn messages(
    ctx: &Ctx,
    caller: &Caller,
    of: &[CampaignId],
    states: Option<&[MessageState]>,
    args: &PageArgs,
    detail: Detail,
) -> Result<HashMap<CampaignId, Page<MessageRow>>, Fault> {
    use message::Column as M;
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    let owner = (message::Entity, M::CampaignId);
    let mut query = messages_query(structure);
    if let Some(states) = states {
        query.and_where(M::State.is_in(states.iter().copied()));
    }
    let listing = Listing::ascending("messages", structure).by((message::Entity, M::Id), KeyKind::Id);
    let mut pages: HashMap<CampaignId, Page<Row>> =
        listing.page_of_each(ctx.store.readers(), query, owner, of, args).await?;
    for campaign in of {
        if !pages.contains_key(campaign) {
            pages.insert(*campaign, listing.slice(Vec::new(), args)?);
        }
    }
    let rows = pages.values().flat_map(|page| page.items.iter().map(|(_, row)| row.clone())).collect();
    let messages = complete(ctx, caller, rows, detail).await?;
    let mut messages: HashMap<MessageId, MessageRow> =
        messages.into_iter().map(|message| (message.id, message)).collect();
    let mut found = HashMap::with_capacity(pages.len());
    for (campaign, page) in pages {
        let turn = |rows: Vec<Row>| rows.iter().filter_map(|row| messages.remove(&row.id)).collect();
        found.insert(campaign, page.turn(turn));
    }
    Ok(found)
}

/// The messages of those ids that are of the caller's structure, in no particular order, with all that is told of them; others
/// are passed over. As many statements however many. At most a page of ids.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS`.
pub async fn messages_by_ids(
    ctx: &Ctx,
    caller: &Caller,
    ids: &[MessageId],
) -> Result<Vec<MessageRow>, Fault> {
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    let query = messages_query(structure).and_where(message::Column::Id.is_in(ids.iter().copied())).take();
    let rows = ctx.store.readers().query_all(&query).await?;
    let rows = rows.iter().map(|row| Row::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    complete(ctx, caller, rows, Detail { people: true, events: true }).await
}

/// Adds what was asked for, with as many statements however many messages.
async fn complete(
    ctx: &Ctx,
    caller: &Caller,
    rows: Vec<Row>,
    detail: Detail,
) -> Result<Vec<MessageRow>, Fault> {
    let ids: Vec<MessageId> = rows.iter().map(|row| row.id).collect();
    let mut people = if detail.people { people_of(ctx, caller, &ids).await? } else { HashMap::new() };
    let mut steps = if detail.events { steps_of(ctx, caller.structure, &ids).await? } else { HashMap::new() };
    let message = |row: Row| {
        let events =
            if detail.events { events(&row, steps.remove(&row.id).unwrap_or_default()) } else { Vec::new() };
        let people = people.remove(&row.id).unwrap_or_default();
        let Row { id, number, text, segments, state, reason, .. } = row;
        MessageRow { id, number, text, segments, state, reason, people, events }
    };
    Ok(rows.into_iter().map(message).collect())
}

async fn people_of(
    ctx: &Ctx,
    caller: &Caller,
    messages: &[MessageId],
) -> Result<HashMap<MessageId, Vec<PersonRow>>, Fault> {
    let covered = message_person::in_structure(caller.structure)
        .filter(among(
            ctx.store.backend(),
            Expr::col((message_person::Entity, message_person::Column::MessageId)),
            messages.iter().copied(),
        ))
        .all(ctx.store.readers())
        .await?;
    let ids: Vec<PersonId> = covered.iter().map(|row| row.person_id).collect();
    let mut of_person: HashMap<PersonId, Vec<MessageId>> = HashMap::new();
    for row in covered {
        of_person.entry(row.person_id).or_default().push(row.message_id);
    }
    let mut of_message: HashMap<MessageId, Vec<PersonRow>> = HashMap::new();
    for person in people::by_ids(ctx, caller.scope(), &ids).await? {
        for message in of_person.remove(&person.id).unwrap_or_default() {
            of_message.entry(message).or_default().push(person.clone());
        }
    }
    Ok(of_message)
}

/// What attempts and reports tell of messages.
async fn steps_of(
    ctx: &Ctx,
    structure: StructureId,
    messages: &[MessageId],
) -> Result<HashMap<MessageId, Vec<MessageEvent>>, Fault> {
    let db = ctx.store.readers();
    let mut steps: HashMap<MessageId, Vec<MessageEvent>> = HashMap::new();
    let backend = ctx.store.backend();
    let of_messages =
        among(backend, Expr::col((attempt::Entity, attempt::Column::MessageId)), messages.iter().copied());
    for row in attempt::in_structure(structure).filter(of_messages).all(db).await? {
        let steps = steps.entry(row.message_id).or_default();
        steps.push(MessageEvent { at: row.started_at, state: MessageState::Sending, code: None });
        if let (Some(at), Some(outcome)) = (row.finished_at, row.outcome) {
            let state = match outcome {
                AttemptOutcome::HandedOver => MessageState::HandedOver,
                AttemptOutcome::Rejected => MessageState::Rejected,
                AttemptOutcome::NotSent => MessageState::Queued,
                AttemptOutcome::Unknown => MessageState::Unknown,
            };
            steps.push(MessageEvent { at, state, code: row.code });
        }
    }
    let of_messages =
        among(backend, Expr::col((receipt::Entity, receipt::Column::MessageId)), messages.iter().copied());
    for row in receipt::in_structure(structure).filter(of_messages).all(db).await? {
        let state = match row.status {
            ReceiptStatus::Delivered => MessageState::Delivered,
            ReceiptStatus::Undelivered => MessageState::Undelivered,
        };
        steps.entry(row.message_id).or_default().push(MessageEvent {
            at: row.received_at,
            state,
            code: row.code,
        });
    }
    Ok(steps)
}

/// The life of a message: queued, what attempts and reports tell, and its present state where they do not tell it.
fn events(row: &Row, mut steps: Vec<MessageEvent>) -> Vec<MessageEvent> {
    steps.sort_by_key(|step| step.at.0);
    let mut events = vec![MessageEvent { at: row.created_at, state: MessageState::Queued, code: None }];
    events.append(&mut steps);
    if events.iter().all(|event| event.state != row.state) {
        events.push(MessageEvent { at: row.state_at, state: row.state, code: row.reason.clone() });
    }
    events
}
