//! What a structure sent before, as far as the rules in force ask.
//!
//! Owns what counts. A message that waits for its hour counts then. What no rule reads is not asked of the database. Architecture Invariant: sends of a structure
//! whose rules ask for it wait for each other, so that each sees what the others sent.

use chrono_tz::Tz;
use entity::enums::{CampaignState, LedgerReason};
use entity::ids::StructureId;
use entity::{campaign, ledger_entry, preview};
use rules::{HistoryFacts, NEVER_SENT_MINUTES};
use sea_orm::sea_query::{Alias, CaseStatement, Expr, ExprTrait, Func, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult};

use super::approvals::APPROVED;
use super::leaving::Leaving;
use crate::error::Fault;
use crate::services::ruleset::RuleSet;

const TODAY: &str = "history.sent_today";
const THIS_MONTH: &str = "history.sent_this_month";
const MILLIS_PER_MINUTE: i64 = 60_000;

const SAME_TEXT: &str = "history.same_text_minutes";

/// Whether some rule asks what another send changes: what was sent before, to anyone, or an approval, which one send uses up.
pub fn asks(rules: &RuleSet) -> bool {
    let facts = [TODAY, THIS_MONTH, SAME_TEXT, "person.sent_today", "person.last_sent_hours", APPROVED];
    facts.into_iter().any(|fact| rules.reads(fact))
}

/// What a structure sent, or is to send, around an instant in its zone, to one who is about to send this text then.
///
/// # Errors
/// The database's.
pub async fn of(
    db: &impl ConnectionTrait,
    structure: StructureId,
    rules: &RuleSet,
    text: &str,
    (leaving, zone): (Leaving, Tz),
) -> Result<HistoryFacts, Fault> {
    let mut facts = HistoryFacts::default();
    if rules.reads(TODAY) || rules.reads(THIS_MONTH) {
        let spent = spent(db, structure, (leaving, zone)).await?;
        (facts.sent_today, facts.sent_this_month) = (spent.today.unwrap_or(0), spent.this_month.unwrap_or(0));
    }
    if rules.reads(SAME_TEXT) {
        let nearest = nearest(db, structure, text, leaving).await?;
        facts.same_text_minutes = nearest.map_or(NEVER_SENT_MINUTES, |millis| millis / MILLIS_PER_MINUTE);
    }
    Ok(facts)
}

#[derive(FromQueryResult)]
struct Spent {
    today: Option<i64>,
    this_month: Option<i64>,
}

/// What other campaigns that leave in that day and month cost, less what was given back.
async fn spent(
    db: &impl ConnectionTrait,
    structure: StructureId,
    (leaving, zone): (Leaving, Tz),
) -> Result<Spent, Fault> {
    use ledger_entry::Column;
    let entry = |column: Column| Expr::col((ledger_entry::Entity, column));
    let moved = || -> Expr {
        CaseStatement::new()
            .case(
                entry(Column::Reason).eq(LedgerReason::Release.as_str()),
                Expr::val(0).sub(entry(Column::Quantity)),
            )
            .finally(entry(Column::Quantity))
            .into()
    };
    let today = CaseStatement::new().case(leaving.others_within(&leaving.day(zone)), moved()).finally(0);
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
        .and_where(leaving.others_within(&leaving.month(zone)))
        .take();
    let row = db.query_one(&query).await?.ok_or_else(|| Fault::internal("a sum without a row"))?;
    Ok(Spent::from_query_result(&row, "")?)
}

/// How long before or after that instant another send of a text leaves, as its user wrote it, in milliseconds; not one that was cancelled.
async fn nearest(
    db: &impl ConnectionTrait,
    structure: StructureId,
    text: &str,
    leaving: Leaving,
) -> Result<Option<i64>, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        nearest: Option<i64>,
    }
    let cancelled = [CampaignState::Cancelling, CampaignState::Cancelled].map(CampaignState::as_str);
    let query = Query::select()
        .expr_as(Func::min(leaving.distance()), Alias::new("nearest"))
        .from(campaign::Entity)
        .inner_join(
            preview::Entity,
            Expr::col((campaign::Entity, campaign::Column::PreviewId))
                .equals((preview::Entity, preview::Column::Id)),
        )
        .and_where(campaign::Column::StructureId.eq(structure))
        .and_where(Expr::col((campaign::Entity, campaign::Column::State)).is_not_in(cancelled))
        .and_where(Expr::col((preview::Entity, preview::Column::Text)).eq(text))
        // Nor one of which nothing left: the rules refused it at its hour.
        .and_where(Expr::col(campaign::Column::Suppressed).lt(Expr::col(campaign::Column::Total)))
        .and_where(leaving.is_another())
        .take();
    let row = db.query_one(&query).await?.ok_or_else(|| Fault::internal("a minimum without a row"))?;
    Ok(Row::from_query_result(&row, "")?.nearest)
}
