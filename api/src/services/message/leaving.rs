//! When a message leaves: at once, or when its sender wants.
//!
//! Owns how far ahead a message may be scheduled. Architecture Invariant: rules, history and hours all see the one instant that is told here.

use std::ops::Range;

use chrono::{DateTime, Datelike as _, Duration, Months, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use entity::At;
use entity::campaign;
use entity::ids::CampaignId;
use sea_orm::sea_query::{Expr, ExprTrait, Func};

use crate::error::Problem;

/// How far ahead a message may be scheduled: a season, with the one that follows it in sight.
pub const MAX_DAYS_AHEAD: i64 = 366;

/// The instant that a message leaves at, and the campaign that it is of, when it is queued already.
#[derive(Debug, Clone, Copy)]
pub struct Leaving {
    /// When.
    pub at: DateTime<Utc>,
    /// What is not counted as sent before.
    pub own: Option<CampaignId>,
}

impl Leaving {
    /// That of a message that is not sent yet.
    pub fn of(now: DateTime<Utc>, send_at: Option<At>) -> Self {
        Self { at: send_at.map_or(now, |at| at.0), own: None }
    }

    /// The day on which it is, in a zone.
    pub fn day(&self, zone: Tz) -> Range<DateTime<Utc>> {
        let today = self.at.with_timezone(&zone).date_naive();
        self.between((today, today.succ_opt().unwrap_or(today)), zone)
    }

    /// The month in which it is, in a zone.
    pub fn month(&self, zone: Tz) -> Range<DateTime<Utc>> {
        let today = self.at.with_timezone(&zone).date_naive();
        let first = today.with_day(1).unwrap_or(today);
        self.between((first, first.checked_add_months(Months::new(1)).unwrap_or(first)), zone)
    }

    fn between(&self, (from, to): (NaiveDate, NaiveDate), zone: Tz) -> Range<DateTime<Utc>> {
        begins(from, zone).unwrap_or(self.at)..begins(to, zone).unwrap_or(self.at)
    }

    /// How long before or after it a campaign of the table `campaign` leaves, in milliseconds.
    pub fn distance(&self) -> Expr {
        Func::abs(campaign_leaves().sub(At::from(self.at))).into()
    }

    /// Whether a campaign of the table `campaign` leaves within a period, and is another one.
    pub fn others_within(&self, period: &Range<DateTime<Utc>>) -> Expr {
        let within =
            campaign_leaves().gte(At::from(period.start)).and(campaign_leaves().lt(At::from(period.end)));
        within.and(self.is_another())
    }

    /// Whether a campaign of the table `campaign` is not its own.
    pub fn is_another(&self) -> Expr {
        self.own.map_or_else(
            || Expr::val(1).eq(1),
            |own| Expr::col((campaign::Entity, campaign::Column::Id)).ne(own),
        )
    }
}

/// Refuses an instant that is past, or too far ahead.
///
/// # Errors
/// `SEND_AT_PAST`, `SEND_AT_TOO_FAR`.
pub fn check(now: DateTime<Utc>, send_at: Option<At>) -> Result<(), Problem> {
    let Some(at) = send_at else {
        return Ok(());
    };
    if at.0 <= now {
        return Err(Problem::new("SEND_AT_PAST").at(&["message", "sendAt"]));
    }
    if at.0 > now + Duration::days(MAX_DAYS_AHEAD) {
        return Err(Problem::new("SEND_AT_TOO_FAR").at(&["message", "sendAt"]).with("max", MAX_DAYS_AHEAD));
    }
    Ok(())
}

/// When a campaign of the table `campaign` leaves.
fn campaign_leaves() -> Expr {
    let column = |column| Expr::col((campaign::Entity, column));
    Func::coalesce([column(campaign::Column::SendAt), column(campaign::Column::CreatedAt)]).into()
}

/// The first instant of a day in a zone: where clocks go forward at midnight, an hour later.
fn begins(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    let at = |hours| (midnight + Duration::hours(hours)).and_local_timezone(zone).earliest();
    (0..24).find_map(at).map(|begins| begins.with_timezone(&Utc))
}
