//! Scheduled campaigns whose hour has come: the rules look at them again, then they leave, or are refused for good.
//!
//! Architecture Invariants. A campaign leaves, or is refused, in the transaction that keeps the decision: once, whichever instance comes first.
//! Its recipients, texts and price are those that were sent; all that can change is that people are left out. What is refused never
//! leaves: its messages are suppressed batch by batch, and the campaign completes with the last.

mod left_out;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entity::At;
use entity::ids::CampaignId;
use entity::{campaign, campaign_dispatch, preview};
use rules::{Decision, Lang, Outcome, Stage};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::facts::{self, Said, Sums};
use super::leaving::Leaving;
use super::screening::{LeftOut, Screening};
use super::{approvals, history, preview as shown, send, targets};
use crate::app::{App, Ctx};
use crate::caller::Caller;
use crate::domain::message_state::CampaignState;
use crate::error::Fault;
use crate::services::audience::Counts;
use crate::services::delivery::{
    self, Place, domain_campaign_state, places, reason, suppress, suppress_each,
};
use crate::services::{accounts, decisions, expire, ledger, ruleset, structures};
use crate::store::StoreError;
use left_out::Dropped;

/// The most campaigns that one step lets leave, and the most that it goes on suppressing.
const CAMPAIGNS: u64 = 16;
/// When a campaign that could not be judged is tried again: meanwhile it keeps no other from leaving.
const RETRY: TimeDelta = TimeDelta::minutes(1);
/// When one of a structure that something else holds is.
const BUSY: TimeDelta = TimeDelta::seconds(1);

/// The campaigns that wait for their hour, as one dispatcher sees them.
#[derive(Debug, Default)]
pub struct Schedules {
    /// Those that could not be judged, and until when they are left alone.
    put_off: HashMap<CampaignId, DateTime<Utc>>,
}

impl Schedules {
    /// Lets the campaigns leave whose hour has come, and goes on with those that were refused; answers whether more may be left.
    ///
    /// # Errors
    /// The database's.
    pub async fn step(&mut self, app: &Arc<App>) -> Result<bool, StoreError> {
        let now = app.now();
        self.put_off.retain(|_, until| now < *until);
        let due = places(app.store.readers(), &due(now, self.put_off.keys().copied())).await?;
        let mut more = due.len() as u64 == CAMPAIGNS;
        for place in due {
            let wait = match judge(app, place).await {
                Ok(true) => {
                    app.queued.notify_one();
                    continue;
                }
                Ok(false) => BUSY,
                Err(fault) => {
                    let campaign = place.1.as_uuid();
                    tracing::error!(%campaign, %fault, "a scheduled campaign cannot be judged: it waits");
                    RETRY
                }
            };
            self.put_off.insert(place.1, now + wait);
        }
        more |= suppress_each(app, refused(now), reason::RULE).await?;
        Ok(more)
    }
}

/// The campaigns whose hour has come, and that were not judged.
fn due(now: DateTime<Utc>, except: impl ExactSizeIterator<Item = CampaignId>) -> SelectStatement {
    let mut query = overdue(now, false);
    if except.len() > 0 {
        query.and_where(campaign::Column::Id.is_not_in(except));
    }
    query
}

/// The campaigns that were refused, of which some messages are still queued.
fn refused(now: DateTime<Utc>) -> SelectStatement {
    overdue(now, true)
}

fn overdue(now: DateTime<Utc>, judged: bool) -> SelectStatement {
    use campaign::Column;
    let of = |column: Column| Expr::col((campaign::Entity, column));
    let its = |column: campaign_dispatch::Column| Expr::col((campaign_dispatch::Entity, column));
    let decision = Query::select()
        .expr(Expr::val(1_i32))
        .from(campaign_dispatch::Entity)
        .and_where(its(campaign_dispatch::Column::StructureId).eq(of(Column::StructureId)))
        .and_where(its(campaign_dispatch::Column::CampaignId).eq(of(Column::Id)))
        .take();
    let decided = Expr::exists(decision);
    // The state as a literal, so that the partial index serves.
    Query::select()
        .columns([Column::StructureId, Column::Id].map(|column| (campaign::Entity, column)))
        .from(campaign::Entity)
        .and_where(of(Column::State).eq(Expr::Constant(CampaignState::Scheduled.as_str().into())))
        .and_where(of(Column::SendAt).lte(At::from(now)))
        .and_where(if judged { decided } else { decided.not() })
        .order_by((campaign::Entity, Column::SendAt), Order::Asc)
        .order_by((campaign::Entity, Column::Id), Order::Asc)
        .limit(CAMPAIGNS)
        .take()
}

/// Lets a campaign leave, or refuses it; false when its structure is busy.
async fn judge(app: &Arc<App>, place: Place) -> Result<bool, Fault> {
    let ctx = Ctx::new(Arc::clone(app), Lang::En).in_a_write();
    app.store
        .write::<bool, Fault, _>(move |tx| Box::pin(async move { judge_in(tx, &ctx, place).await }))
        .await
}

async fn judge_in(tx: &DatabaseTransaction, ctx: &Ctx, place: Place) -> Result<bool, Fault> {
    let (structure, id) = place;
    if !send::holds_people(tx, ctx, structure).await? {
        // Somebody else changes who its people are, or what was sent to them.
        return Ok(false);
    }
    let Some((row, _)) = waiting(tx, place).await? else {
        return Ok(true);
    };
    let caller = accounts::acting(ctx, tx, structure, row.created_by).await?;
    let (decision, dropped) = decide(tx, ctx, &caller, &row).await?;
    let goes = may_go(tx, &row, &decision).await?;
    // Last, since others wait for the credit row: deliveries of other campaigns.
    delivery::lock(tx, &BTreeSet::from([place])).await?;
    let Some((_, leaves)) = waiting(tx, place).await? else {
        return Ok(true);
    };
    let kept = decisions::insert(tx, ctx, &caller, entity::enums::Stage::Dispatch, &decision).await?;
    let dispatch = campaign_dispatch::ActiveModel {
        structure_id: Set(structure),
        campaign_id: Set(id),
        decision_id: Set(kept.id),
    };
    campaign_dispatch::Entity::insert(dispatch).exec_without_returning(tx).await?;
    if !goes {
        suppress(tx, ctx, place, reason::RULE).await?;
        return Ok(true);
    }
    delivery::set_state(tx, place, leaves).await?;
    expire::give_time(tx, ctx, [id]).await?;
    dropped.keep(tx, ctx, place).await?;
    Ok(true)
}

/// The campaign, and what it becomes when it leaves, if it still waits: not cancelled, nor judged by another instance.
async fn waiting(
    tx: &DatabaseTransaction,
    (structure, id): Place,
) -> Result<Option<(campaign::Model, CampaignState)>, Fault> {
    let Some(row) = campaign::by_id_in(structure, id).one(tx).await? else {
        return Ok(None);
    };
    let Ok(leaves) = domain_campaign_state(row.state).dispatch() else {
        return Ok(None);
    };
    let judged = campaign_dispatch::in_structure(structure)
        .filter(campaign_dispatch::Column::CampaignId.eq(id))
        .one(tx)
        .await?;
    Ok(judged.is_none().then_some((row, leaves)))
}

/// What the rules say of a campaign as of now, and which of its messages are for nobody any more.
async fn decide(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    row: &campaign::Model,
) -> Result<(Decision, Dropped), Fault> {
    let (structure, now) = (caller.structure, ctx.now());
    let seen = preview::by_id_in(structure, row.preview_id).one(tx).await?;
    let seen = seen.ok_or_else(|| Fault::internal("a campaign without its preview"))?;
    let rules = ruleset::active(ctx, tx, structure).await?;
    let standing = structures::facts_of(ctx, tx, structure, now).await?;
    // As before it reserved its own: the rules compare what can be spent with what it costs.
    let credit = ledger::held(tx, structure).await?.before_reserving(row.cost);
    let said = Said {
        text: seen.text.expose(),
        purpose: row.purpose,
        sender: Some(&row.sender),
        send_at: row.send_at,
    };
    let leaving = Leaving { at: now, own: Some(row.id) };
    let facts = facts::beforehand(caller, &standing, said, credit, now)?;
    let screening = Screening::new(ctx, structure, &rules, facts.clone(), leaving).await?;
    let screening = left_out::screen(tx, (structure, row.id), screening).await?;
    let dropped = Dropped::of(tx, (structure, row.id), screening.left_out()).await?;
    let counts = Counts {
        people: seen.recipient_count + seen.excluded_count,
        reachable: seen.recipient_count - dropped.people(),
    };
    let sums = Sums {
        messages: row.queued - dropped.messages(),
        unfilled: shown::unfilled(&seen)?,
        cost: row.cost - dropped.cost(),
        approved: approvals::sent_by(tx, structure, &rules, row.id).await?,
    };
    let targets = targets::of(tx, structure, &rules, &shown::audience_of(&seen)?).await?;
    let zone = facts::zone_of(&standing.structure.time_zone)?;
    let history = history::of(tx, structure, &rules, said.text, (leaving, zone)).await?;
    let facts = facts::of_the_whole(facts, shown::size(&seen)?, counts, (sums, targets, history));
    let decision = ruleset::decide(ctx, structure, &rules, (Stage::Dispatch, &facts)).await?;
    Ok((screening.tell(decision), dropped))
}

/// Whether a decision lets a campaign leave. Nobody is there to confirm: what is asked must have been confirmed when it was sent.
async fn may_go(tx: &DatabaseTransaction, row: &campaign::Model, decision: &Decision) -> Result<bool, Fault> {
    match decision.outcome {
        Outcome::Allowed => Ok(true),
        Outcome::Refused => Ok(false),
        Outcome::ConfirmationRequired => {
            let sent = decisions::read(tx, row.structure_id, row.decision_id).await?;
            let sent = sent.ok_or_else(|| Fault::internal("a campaign without its decision"))?;
            let confirmed = rules::codes_to_confirm(&sent.verdicts);
            Ok(decision.codes_to_confirm().is_subset(&confirmed))
        }
    }
}
