//! Beginning to send: the transaction after which requests may leave.
//!
//! Architecture Invariants. An opt-out, or the cancelling of a campaign, committed before this transaction is honoured. What it
//! answers is `SENDING`, with an attempt of its own, once it is committed: each attempt authorises one request.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use entity::enums::Encoding;
use entity::ids::{AttemptId, CampaignId, MessageId, StructureId};
use entity::sensitive::Sensitive;
use entity::{attempt, campaign, message, opt_out};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, FromQueryResult,
};
use uuid::Uuid;

use super::claim::{self, Claimed};
use crate::app::App;
use crate::domain::message_state::MessageState;
use crate::domain::phone::Phone;
use crate::domain::segments;
use crate::providers::Outbound;
use crate::services::callbacks;
use crate::services::delivery::{self, Change, Lease, Moves, Place, Standing, in_state, reason};
use crate::store::{StoreError, among};

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
}

#[derive(FromQueryResult)]
struct CampaignRow {
    id: CampaignId,
    text: Option<Sensitive>,
    sender: String,
    provider: String,
}

/// A campaign's part of its messages.
struct Common {
    text: Option<Arc<str>>,
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
}

async fn begin_in(
    tx: &DatabaseTransaction,
    app: &App,
    me: Uuid,
    claimed: &[Claimed],
) -> Result<Vec<Ready>, StoreError> {
    let places: BTreeSet<Place> = claimed.iter().map(|row| (row.structure_id, row.campaign_id)).collect();
    delivery::lock(tx, &places).await?;
    let rows = read(tx, me, claimed).await?;
    let mut moves = Moves::default();
    for row in &rows {
        let standing = Standing {
            id: row.id,
            place: (row.structure_id, row.campaign_id),
            state: MessageState::Queued,
            attempts: row.attempts,
        };
        let change = if row.opted_out {
            standing.state.suppress().map(|state| Change::to(state).because(reason::OPTED_OUT))
        } else {
            standing.state.start_sending().map(Change::to)
        };
        moves.add(&standing, change.expect("invariant: only queued messages are read here"));
    }
    let changed = moves.apply(tx, app, Some(Lease { owner: me, lasts: app.config.dispatch.lease })).await?;
    let campaigns = campaigns(tx, &places).await?;
    let ready: Vec<Ready> = rows
        .into_iter()
        .filter(|row| !row.opted_out && changed.contains(&row.id))
        .map(|row| ready(app, &campaigns, row))
        .collect();
    record(tx, app, &ready).await?;
    Ok(ready)
}

/// Reads what is needed to send, of the claimed messages that are still this instance's, and keeps others off them.
async fn read(tx: &DatabaseTransaction, me: Uuid, claimed: &[Claimed]) -> Result<Vec<Row>, StoreError> {
    let rows = tx.query_all(&rows_query(tx.get_database_backend(), me, claimed)).await?;
    Ok(rows.iter().map(|row| Row::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

fn rows_query(backend: DbBackend, me: Uuid, claimed: &[Claimed]) -> SelectStatement {
    use message::Column;
    let column = |column: Column| Expr::col((message::Entity, column));
    let refused = |column: opt_out::Column| Expr::col((opt_out::Entity, column));
    let refusal = Query::select()
        .expr(Expr::val(1_i32))
        .from(opt_out::Entity)
        .and_where(refused(opt_out::Column::StructureId).eq(column(Column::StructureId)))
        .and_where(refused(opt_out::Column::NumberHash).eq(column(Column::NumberHash)))
        .to_owned();
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
        .expr_as(Expr::exists(refusal), "opted_out")
        .from(message::Entity)
        .and_where(among(backend, column(Column::Id), claimed.iter().map(|row| row.id)))
        .and_where(in_state(MessageState::Queued))
        .and_where(column(Column::LeaseOwner).eq(me))
        // Asked under the lock of the campaign: whoever cancels it holds that too.
        .and_where(claim::under_way())
        .lock(LockType::NoKeyUpdate)
        .to_owned()
}

async fn campaigns(
    tx: &DatabaseTransaction,
    places: &BTreeSet<Place>,
) -> Result<HashMap<CampaignId, Common>, StoreError> {
    use campaign::Column;
    let query = Query::select()
        .columns([Column::Id, Column::Text, Column::Sender, Column::Provider])
        .from(campaign::Entity)
        .and_where(Expr::col(Column::Id).is_in(places.iter().map(|(_, campaign)| *campaign)))
        .to_owned();
    let rows = tx.query_all(&query).await?;
    let common = |row: CampaignRow| {
        let text = row.text.map(|text| Arc::from(text.into_exposed()));
        (row.id, Common { text, sender: row.sender, provider: row.provider })
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
    let at = app.at();
    let rows = ready.iter().map(|ready| attempt::ActiveModel {
        id: Set(ready.attempt),
        structure_id: Set(ready.place.0),
        message_id: Set(ready.message),
        number: Set(ready.number),
        provider: Set(ready.provider.clone()),
        started_at: Set(at),
        finished_at: Set(None),
        outcome: Set(None),
        code: Set(None),
        provider_ref: Set(None),
    });
    attempt::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}
