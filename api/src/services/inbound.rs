//! SMS that people send to a short code: a refusal (STOP), one that is taken back (START), or anything else.
//!
//! A short code is shared, so that an SMS names no structure: this is the one place that looks across structures. It concerns those that
//! handed the number an SMS through that short code in the last [`REACH`], and nothing here tells one structure of another.
//!
//! Architecture Invariants. An SMS and all that it changes are committed together, once for each reference of its provider's. Neither its
//! text nor its number is kept: what it asks. A refusal that was committed before a message starts to be sent is honoured:
//! `dispatch::begin` reads it in its own transaction. An SMS takes back only what was last refused by SMS to the same short code, and
//! not after it was sent: gateways bring again, in any order, what they could not bring.

use std::collections::{BTreeSet, HashMap};

use chrono::TimeDelta;
use entity::enums::InboundKeyword;
use entity::ids::{InboundId, StructureId};
use entity::sensitive::Digest;
use entity::{At, attempt, inbound, inbound_structure, opt_out};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
    TryInsertResult,
};

use super::people::opt_outs;
use super::structures;
use crate::app::Ctx;
use crate::caller::Operator;
use crate::domain::phone::{Phone, PhoneError};
use crate::domain::short_code;
use crate::domain::stop_word::{Keyword, keyword};
use crate::error::Fault;
use crate::providers::callback::Inbound;

/// How far back a STOP reaches: people answer the last SMS they had, and a structure that was silent for longer is not whom they mean.
pub const REACH: TimeDelta = TimeDelta::days(30);
/// The longest reference of a provider's that is kept, in bytes: theirs are UUIDs or shorter.
const MAX_REFERENCE: usize = 100;

/// The most SMS that the operator is shown at once: what one reads.
pub const LISTED: u32 = 200;

/// An SMS without what is not kept.
struct Received {
    provider: String,
    reference: Option<String>,
    /// The number, or those it may be where it was written without its country; or why it is none.
    sender: Result<Vec<Digest>, PhoneError>,
    short_code: Option<String>,
    keyword: Keyword,
    said_at: At,
    /// When it came.
    at: At,
}

/// Records a message that a provider brought, and what it changes, before it answers. The caller vouches that the call is the
/// provider's own. A message that concerns no structure is kept for the operator.
///
/// # Errors
/// The database's: the provider is then asked to call again.
pub async fn receive(ctx: &Ctx, provider: &str, message: Inbound) -> Result<(), Fault> {
    let received = read(ctx, provider, &message).await?;
    let (request, asked) = (ctx.request, stored(received.keyword));
    let ctx = ctx.clone();
    let concerned = ctx
        .store
        .clone()
        .write::<_, Fault, _>(move |tx| Box::pin(async move { record(tx, &ctx, received).await }))
        .await?;
    if let Some(structures) = concerned {
        tracing::info!(request.id = %request, provider, asked = asked.as_str(), structures, "an SMS came in");
    } else {
        tracing::debug!(request.id = %request, provider, "an SMS came in again");
    }
    Ok(())
}

async fn read(ctx: &Ctx, provider: &str, message: &Inbound) -> Result<Received, Fault> {
    let regions = structures::regions(ctx.store.readers()).await?;
    let now = ctx.now();
    let kept = |reference: &String| {
        (1..=MAX_REFERENCE).contains(&reference.len()) && !reference.contains(char::is_control)
    };
    Ok(Received {
        provider: provider.to_owned(),
        reference: message.reference.clone().filter(kept),
        sender: Phone::candidates(&message.from, &regions)
            .map(|numbers| numbers.iter().map(|number| ctx.keys.number_hash(number)).collect()),
        short_code: short_code::read(&message.to).map(str::to_owned),
        keyword: keyword(&message.text),
        // A gateway's clock may be ahead of ours.
        said_at: At::from(message.sent_at.unwrap_or(now).min(now)),
        at: At::from(now),
    })
}

/// Records it; answers how many structures it concerned, or nothing when it was recorded before.
async fn record(tx: &DatabaseTransaction, ctx: &Ctx, received: Received) -> Result<Option<usize>, Fault> {
    let Received { provider, reference, sender, short_code, keyword, said_at, at } = received;
    let id: InboundId = ctx.id();
    let row = inbound::ActiveModel {
        id: Set(id),
        provider: Set(provider),
        reference: Set(reference),
        sender_problem: Set(sender.as_ref().err().map(|problem| problem.code().to_owned())),
        short_code: Set(short_code.clone()),
        keyword: Set(stored(keyword)),
        said_at: Set(said_at),
        received_at: Set(at),
    };
    // First of all: on PostgreSQL a repetition that comes meanwhile waits here for the end of this transaction.
    let inserted = inbound::Entity::insert_many([row])
        .on_conflict_do_nothing_on([inbound::Column::Provider, inbound::Column::Reference])
        .exec_without_returning(tx)
        .await?;
    if matches!(inserted, TryInsertResult::Conflicted | TryInsertResult::Inserted(0)) {
        return Ok(None);
    }
    let (Ok(numbers), Some(short_code)) = (sender, short_code) else {
        return Ok(Some(0));
    };
    let concerned = match keyword {
        Keyword::Stop => {
            let mut concerned = BTreeSet::new();
            for number in &numbers {
                concerned.extend(stop(tx, ctx, id, number, &short_code).await?);
            }
            concerned
        }
        Keyword::Start => match numbers.as_slice() {
            [number] => opt_outs::accept_by_sms(tx, number, &short_code, said_at).await?,
            // Of several, nobody knows who it was: a refusal stands.
            _ => BTreeSet::new(),
        },
        Keyword::Other => BTreeSet::new(),
    };
    let rows = concerned.iter().map(|structure| inbound_structure::ActiveModel {
        structure_id: Set(*structure),
        inbound_id: Set(id),
    });
    inbound_structure::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(Some(concerned.len()))
}

/// Opts the number out; answers of which structures, those included that it told so before.
async fn stop(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    id: InboundId,
    number: &Digest,
    short_code: &str,
) -> Result<BTreeSet<StructureId>, Fault> {
    let since = At::from(ctx.now() - REACH);
    let wrote = inbound::what_it_answers(number.clone(), short_code, since)
        .select_only()
        .column(attempt::Column::StructureId)
        .distinct();
    let told = opt_out::by_sms(number.clone(), short_code).select_only().column(opt_out::Column::StructureId);
    let mut concerned: BTreeSet<StructureId> = wrote.into_tuple().all(tx).await?.into_iter().collect();
    concerned.extend(told.into_tuple::<StructureId>().all(tx).await?);
    opt_outs::refuse_by_sms(tx, ctx.at(), &concerned, number, id).await?;
    Ok(concerned)
}

fn stored(keyword: Keyword) -> InboundKeyword {
    match keyword {
        Keyword::Stop => InboundKeyword::Stop,
        Keyword::Start => InboundKeyword::Start,
        Keyword::Other => InboundKeyword::Other,
    }
}

/// An SMS that came in, as the operator sees it: neither what it says nor whose it is.
#[derive(Debug, Clone)]
pub struct InboundRow {
    /// When it came.
    pub received_at: At,
    /// The provider that brought it.
    pub provider: String,
    /// The provider's own reference: by it the operator finds the SMS in the log of the gateway.
    pub reference: Option<String>,
    /// The short code it came to, where that could be read.
    pub short_code: Option<String>,
    /// What it asks.
    pub keyword: InboundKeyword,
    /// Why what it came from is no number, a code.
    pub sender_problem: Option<String>,
    /// How many structures it concerned.
    pub structures: usize,
}

/// What came in, the newest first, as many as [`LISTED`], and one more where there are more: STOPs that concerned no structure, or
/// everything.
///
/// # Errors
/// The database's.
pub async fn list(ctx: &Ctx, _operator: Operator, everything: bool) -> Result<Vec<InboundRow>, Fault> {
    let db = ctx.store.readers();
    let mut query = inbound::newest().limit(u64::from(LISTED) + 1);
    if !everything {
        query =
            query.filter(inbound::Column::Keyword.eq(InboundKeyword::Stop)).filter(inbound::concerns_none());
    }
    let found = query.all(db).await?;
    let of_these = inbound_structure::of_inbound(found.iter().map(|row| row.id)).all(db).await?;
    let mut structures: HashMap<InboundId, usize> = HashMap::new();
    for row in of_these {
        *structures.entry(row.inbound_id).or_default() += 1;
    }
    let row = |row: inbound::Model| InboundRow {
        structures: structures.get(&row.id).copied().unwrap_or_default(),
        received_at: row.received_at,
        provider: row.provider,
        reference: row.reference,
        short_code: row.short_code,
        keyword: row.keyword,
        sender_problem: row.sender_problem,
    };
    Ok(found.into_iter().map(row).collect())
}
