//! Beginning to send: the transaction after which requests may leave.
//!
//! Architecture Invariants. An opt-out, a consent withdrawn from a commercial message, or the cancelling of a campaign, committed before
//! this transaction is honoured; a commercial message that comes late waits for legal hours; nothing leaves whose time is over. What it answers is `SENDING`, with an attempt of its own, once it is committed: each attempt authorises one request.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use entity::At;
use entity::enums::{Encoding, Purpose};
use entity::ids::{AttemptId, CampaignId, MessageId, StructureId};
use entity::sensitive::Sensitive;
use entity::{attempt, campaign, message, message_person, person};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, FromQueryResult,
};
use uuid::Uuid;

use super::claim::{Claimed, under_way};
use super::hours;
use crate::app::App;
use crate::domain::message_state::MessageState;
use crate::domain::phone::Phone;
use crate::domain::segments;
use crate::fault::{self, Bug, Point};
use crate::providers::Outbound;
use crate::services::delivery::{self, Change, Lease, Moves, Place, Standing, reason};
use crate::services::{callbacks, expire};
use crate::store::{StoreError, among, has};

/// A message to send now, under an attempt that is recorded.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) message: MessageId,
    pub(super) place: Place,
    pub(super) attempt: AttemptId,
    /// The attempt's rank, from 1.
    pub(super) number: i32,
    pub(super) provider: String,
    /// None when the number or the text is gone: such a message cannot be sent.
    pub(super) outbound: Option<Outbound>,
}

#[derive(FromQueryResult)]
struct Row {
    id: MessageId,
    structure_id: StructureId,
    campaign_id: CampaignId,
    number: Option<Sensitive>,
    text: Option<Sensitive>,
    encoding: Encoding,
    attempts: i32,
    opted_out: bool,
    unwilling: bool,
}

impl Row {
    /// Why it must not be sent any more.
    fn refusal(&self) -> Option<&'static str> {
        match (self.opted_out && !fault::planted(Bug::OptOutReadBefore), self.unwilling) {
            (true, _) => Some(reason::OPTED_OUT),
            (_, true) => Some(reason::NO_COMMERCIAL_CONSENT),
            _ => None,
        }
    }
}

#[derive(FromQueryResult)]
struct CampaignRow {
    id: CampaignId,
    text: Option<Sensitive>,
    purpose: Purpose,
    sender: String,
    provider: String,
}

/// A campaign's part of its messages.
pub(super) struct Common {
    text: Option<Arc<str>>,
    pub(super) purpose: Purpose,
    sender: String,
    provider: String,
}

/// Begins to send those of the claimed messages that are still this instance's.
pub(super) async fn begin(app: &Arc<App>, me: Uuid, claimed: Vec<Claimed>) -> Result<Vec<Ready>, StoreError> {
    let inner = Arc::clone(app);
    app.store
        .write::<Vec<Ready>, StoreError, _>(move |tx| {
            Box::pin(async move { begin_in(tx, &inner, me, &claimed).await })
        })
        .await
        .inspect(|_| fault::at(Point::BeginCommitted))
}

async fn begin_in(
    tx: &DatabaseTransaction,
    app: &App,
    me: Uuid,
    claimed: &[Claimed],
) -> Result<Vec<Ready>, StoreError> {
    let places: BTreeSet<Place> = claimed.iter().map(|row| (row.structure_id, row.campaign_id)).collect();
    delivery::lock(tx, &places).await?;
    let campaigns = campaigns(tx, &places).await?;
    let waiting = hours::closed(tx, app, &places, &campaigns).await?;
    let rows = read(tx, app, me, claimed).await?;
    let (late, mut rows): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| waiting.contains(&row.campaign_id) && row.refusal().is_none());
    hours::put_off(tx, app, late.iter().map(|row| row.id)).await?;
    if !late.is_empty() {
        // The time that they wait for legal hours does not count.
        let campaigns: BTreeSet<CampaignId> = late.iter().map(|row| row.campaign_id).collect();
        expire::discount(tx, app, campaigns, hours::WAIT).await?;
    }
    let mut moves = Moves::default();
    for row in &rows {
        let standing = Standing {
            id: row.id,
            place: (row.structure_id, row.campaign_id),
            state: MessageState::Queued,
            attempts: row.attempts,
        };
        let change = match row.refusal() {
            Some(why) => standing.state.suppress().map(|state| Change::to(state).because(why)),
            None => standing.state.start_sending().map(Change::to),
        };
        moves.add(&standing, change.expect("invariant: only queued messages are read here"));
    }
    let changed = moves.apply(tx, app, Some(Lease { owner: me, lasts: app.config.dispatch.lease })).await?;
    let order: HashMap<MessageId, usize> =
        claimed.iter().enumerate().map(|(rank, row)| (row.id, rank)).collect();
    rows.sort_by_key(|row| order.get(&row.id).copied());
    let ready: Vec<Ready> = rows
        .into_iter()
        .filter(|row| row.refusal().is_none() && changed.contains(&row.id))
        .map(|row| ready(app, &campaigns, row))
        .collect();
    if !fault::planted(Bug::AttemptAfterRequest) {
        record(tx, app, &ready).await?;
    }
    fault::at(Point::BeginWritten);
    Ok(ready)
}

/// Reads what is needed to send, of the claimed messages that are still this instance's, and keeps others off them.
async fn read(
    tx: &DatabaseTransaction,
    app: &App,
    me: Uuid,
    claimed: &[Claimed],
) -> Result<Vec<Row>, StoreError> {
    let rows = tx.query_all(&rows_query(tx.get_database_backend(), app.at(), me, claimed)).await?;
    Ok(rows.iter().map(|row| Row::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

fn rows_query(backend: DbBackend, now: At, me: Uuid, claimed: &[Claimed]) -> SelectStatement {
    use message::Column;
    let column = |column: Column| Expr::col((message::Entity, column));
    let columns = [
        Column::Id,
        Column::StructureId,
        Column::CampaignId,
        Column::Number,
        Column::Text,
        Column::Encoding,
        Column::Attempts,
    ];
    Query::select()
        .columns(columns.map(|column| (message::Entity, column)))
        .expr_as(delivery::opted_out(), "opted_out")
        .expr_as(unwilling(now), "unwilling")
        .from(message::Entity)
        .and_where(among(backend, column(Column::Id), claimed.iter().map(|row| row.id)))
        .and_where(has(column(Column::State), Expr::val(MessageState::Queued.as_str())))
        .and_where(has(column(Column::LeaseOwner), Expr::val(me)))
        // Asked under the lock of the campaign: whoever cancels it holds that too.
        .and_where(under_way(now))
        .lock(LockType::NoKeyUpdate)
        .to_owned()
}

/// Whether a message is commercial, and nobody whom it covers agrees to such messages now.
fn unwilling(now: At) -> Expr {
    let covered = |column: message_person::Column| Expr::col((message_person::Entity, column));
    let commercial = Query::select()
        .expr(Expr::val(1_i32))
        .from(campaign::Entity)
        .and_where(
            Expr::col((campaign::Entity, campaign::Column::Id))
                .equals((message::Entity, message::Column::CampaignId)),
        )
        .and_where(Expr::col((campaign::Entity, campaign::Column::Purpose)).eq(Purpose::Commercial.as_str()))
        .to_owned();
    let agreed = Query::select()
        .expr(Expr::val(1_i32))
        .from(message_person::Entity)
        .inner_join(
            person::Entity,
            covered(message_person::Column::PersonId).equals((person::Entity, person::Column::Id)),
        )
        .and_where(
            covered(message_person::Column::StructureId)
                .equals((message::Entity, message::Column::StructureId)),
        )
        .and_where(covered(message_person::Column::MessageId).equals((message::Entity, message::Column::Id)))
        .and_where(Expr::col((person::Entity, person::Column::CommercialConsentAt)).lte(now))
        .to_owned();
    Expr::exists(commercial).and(Expr::exists(agreed).not())
}

async fn campaigns(
    tx: &DatabaseTransaction,
    places: &BTreeSet<Place>,
) -> Result<HashMap<CampaignId, Common>, StoreError> {
    use campaign::Column;
    let query = Query::select()
        .columns([Column::Id, Column::Text, Column::Purpose, Column::Sender, Column::Provider])
        .from(campaign::Entity)
        .and_where(Expr::col(Column::Id).is_in(places.iter().map(|(_, campaign)| *campaign)))
        .to_owned();
    let rows = tx.query_all(&query).await?;
    let common = |row: CampaignRow| {
        let text = row.text.map(|text| Arc::from(text.into_exposed()));
        (row.id, Common { text, purpose: row.purpose, sender: row.sender, provider: row.provider })
    };
    Ok(rows
        .iter()
        .map(|row| CampaignRow::from_query_result(row, "").map(common))
        .collect::<Result<_, _>>()?)
}

fn ready(app: &App, campaigns: &HashMap<CampaignId, Common>, row: Row) -> Ready {
    let common = campaigns.get(&row.campaign_id).expect("invariant: a message's campaign exists");
    let attempt: AttemptId = app.id();
    let to = row.number.and_then(|number| Phone::from_e164(number.into_exposed()).ok());
    let text = row.text.map(|text| Arc::from(text.into_exposed())).or_else(|| common.text.clone());
    let outbound = to.zip(text).map(|(to, text)| Outbound {
        attempt: attempt.as_uuid(),
        to,
        sender: common.sender.clone(),
        text,
        report_url: callbacks::report_url(app, &common.provider, attempt.as_uuid()),
        encoding: match row.encoding {
            Encoding::Gsm7 => segments::Encoding::Gsm7,
            Encoding::Ucs2 => segments::Encoding::Ucs2,
        },
    });
    Ready {
        message: row.id,
        place: (row.structure_id, row.campaign_id),
        attempt,
        number: row.attempts.saturating_add(1),
        provider: common.provider.clone(),
        outbound,
    }
}

async fn record(tx: &DatabaseTransaction, app: &App, ready: &[Ready]) -> Result<(), StoreError> {
    if ready.is_empty() {
        return Ok(());
    }
    let rows = ready.iter().map(|ready| {
        attempt_row(app, ready.attempt, (ready.place, ready.message), ready.number, &ready.provider)
    });
    attempt::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// An attempt that begins.
pub(super) fn attempt_row(
    app: &App,
    id: AttemptId,
    ((structure, _), message): (Place, MessageId),
    number: i32,
    provider: &str,
) -> attempt::ActiveModel {
    attempt::ActiveModel {
        id: Set(id),
        structure_id: Set(structure),
        message_id: Set(message),
        number: Set(number),
        provider: Set(provider.to_owned()),
        started_at: Set(app.at()),
        finished_at: Set(None),
        outcome: Set(None),
        code: Set(None),
        provider_ref: Set(None),
    }
}
