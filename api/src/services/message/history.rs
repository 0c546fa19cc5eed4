//! What a structure sent before, as far as the rules in force ask.
//!
//! Owns the periods and what counts in them. What no rule reads is not asked of the database. Architecture Invariant: sends of a structure
//! whose rules ask for it wait for each other, so that each sees what the others sent.

use chrono::{DateTime, Datelike as _, Duration, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use entity::At;
use entity::enums::{CampaignState, LedgerReason};
use entity::ids::StructureId;
use entity::{campaign, ledger_entry, preview};
use rules::{HistoryFacts, NEVER_SENT_MINUTES};
use sea_orm::sea_query::{Alias, CaseStatement, Expr, ExprTrait, Func, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult};

use super::approvals::APPROVED;
use crate::error::Fault;
use crate::services::ruleset::RuleSet;

const TODAY: &str = "history.sent_today";
const THIS_MONTH: &str = "history.sent_this_month";
const SAME_TEXT: &str = "history.same_text_minutes";

/// Whether some rule asks what another send changes: what was sent before, to anyone, or an approval, which one send uses up.
pub fn asks(rules: &RuleSet) -> bool {
    let facts = [TODAY, THIS_MONTH, SAME_TEXT, "person.sent_today", "person.last_sent_hours", APPROVED];
    facts.into_iter().any(|fact| rules.reads(fact))
}

/// What a structure sent before `now`, in its zone, to one who is about to send this text.
///
/// # Errors
/// The database's.
pub async fn of(
    db: &impl ConnectionTrait,
    structure: StructureId,
    rules: &RuleSet,
    text: &str,
    (now, zone): (DateTime<Utc>, Tz),
) -> Result<HistoryFacts, Fault> {
    let mut facts = HistoryFacts::default();
    if rules.reads(TODAY) || rules.reads(THIS_MONTH) {
        let spent = spent(db, structure, (midnight(now, zone), first_of_month(now, zone))).await?;
        (facts.sent_today, facts.sent_this_month) = (spent.today.unwrap_or(0), spent.this_month.unwrap_or(0));
    }
    if rules.reads(SAME_TEXT) {
        let last = last_sent(db, structure, text).await?;
        facts.same_text_minutes =
            last.map_or(NEVER_SENT_MINUTES, |last| Ord::max((now - last.0).num_minutes(), 0));
    }
    Ok(facts)
}

#[derive(FromQueryResult)]
struct Spent {
    today: Option<i64>,
    this_month: Option<i64>,
}

/// What campaigns accepted since then cost, less what was given back.
async fn spent(
    db: &impl ConnectionTrait,
    structure: StructureId,
    (midnight, month): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Spent, Fault> {
    use ledger_entry::Column;
    let entry = |column: Column| Expr::col((ledger_entry::Entity, column));
    let accepted = || Expr::col((campaign::Entity, campaign::Column::CreatedAt));
    let moved = || -> Expr {
        CaseStatement::new()
            .case(
                entry(Column::Reason).eq(LedgerReason::Release.as_str()),
                Expr::val(0).sub(entry(Column::Quantity)),
            )
            .finally(entry(Column::Quantity))
            .into()
    };
    let today = CaseStatement::new().case(accepted().gte(At::from(midnight)), moved()).finally(0);
    let sum = |of: Expr| Func::sum(of).cast_as(Alias::new("bigint"));
    let reasons = [LedgerReason::Reservation, LedgerReason::Release].map(LedgerReason::as_str);
    let query = Query::select()
        .expr_as(sum(today.into()), Alias::new("today"))
        .expr_as(sum(moved()), Alias::new("this_month"))
        .from(ledger_entry::Entity)
        .inner_join(
            campaign::Entity,
            entry(Column::CampaignId).equals((campaign::Entity, campaign::Column::Id)),
        )
        .and_where(Column::StructureId.eq(structure))
        .and_where(entry(Column::Reason).is_in(reasons))
        .and_where(accepted().gte(At::from(month)))
        .take();
    let row = db.query_one(&query).await?.ok_or_else(|| Fault::internal("a sum without a row"))?;
    Ok(Spent::from_query_result(&row, "")?)
}

/// When the structure last sent a text, as its user wrote it; not when it was cancelled.
async fn last_sent(
    db: &impl ConnectionTrait,
    structure: StructureId,
    text: &str,
) -> Result<Option<At>, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        last: Option<At>,
    }
    let cancelled = [CampaignState::Cancelling, CampaignState::Cancelled].map(CampaignState::as_str);
    let query = Query::select()
        .expr_as(Func::max(Expr::col((campaign::Entity, campaign::Column::CreatedAt))), Alias::new("last"))
        .from(campaign::Entity)
        .inner_join(
            preview::Entity,
            Expr::col((campaign::Entity, campaign::Column::PreviewId))
                .equals((preview::Entity, preview::Column::Id)),
        )
        .and_where(campaign::Column::StructureId.eq(structure))
        .and_where(Expr::col((campaign::Entity, campaign::Column::State)).is_not_in(cancelled))
        .and_where(Expr::col((preview::Entity, preview::Column::Text)).eq(text))
        .take();
    let row = db.query_one(&query).await?.ok_or_else(|| Fault::internal("a maximum without a row"))?;
    Ok(Row::from_query_result(&row, "")?.last)
}

/// The last midnight in a zone.
pub fn midnight(now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    begins(now.with_timezone(&zone).date_naive().and_time(NaiveTime::MIN), zone).unwrap_or(now)
}

fn first_of_month(now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    let first = today.with_day(1).unwrap_or(today);
    begins(first.and_time(NaiveTime::MIN), zone).unwrap_or(now)
}

/// The first instant of a day in a zone: where clocks go forward at midnight, an hour later.
fn begins(midnight: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let at = |hours| (midnight + Duration::hours(hours)).and_local_timezone(zone).earliest();
    (0..24).find_map(at).map(|begins| begins.with_timezone(&Utc))
}
