//! A structure as its accounts see it: what it is, its subscription to the SMS option, its SMS settings.
//!
//! Architecture Invariant: that a subscription has expired, or that a setting is missing, is computed here and nowhere else, so
//! that what is shown and what the rules are told agree.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::At;
use entity::enums::{self, Module, Product, SubscriptionState};
use entity::ids::StructureId;
use entity::{sms_settings, sms_subscription, structure};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::app::{App, Ctx};
use crate::caller::Caller;
use crate::domain::holidays::HolidayCalendar;
use crate::domain::phone::Region;
use crate::domain::replacement::EncodingPolicy;
use crate::error::Fault;
use crate::services::senders::{self, Sender};

/// What identifies a structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StructureView {
    /// The structure.
    pub id: StructureId,
    /// The name people see.
    pub name: String,
    /// What it subscribed to.
    pub product: Product,
    /// The region its numbers are read in, two letters of ISO 3166-1.
    pub region: String,
    /// Its time zone, an IANA name.
    pub time_zone: String,
}

/// Whether the SMS option is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionStatus {
    /// It was never subscribed to, or begins later.
    None,
    /// It is in force.
    Active,
    /// The operator suspended it.
    Suspended,
    /// Its end is past.
    Expired,
}

impl SubscriptionStatus {
    /// Its spelling, as the API and the rules know it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// The subscription of a structure to the SMS option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionView {
    /// Whether it is in force.
    pub state: SubscriptionStatus,
    /// When it begins.
    pub starts_at: Option<DateTime<Utc>>,
    /// When it ends; none when no end is set.
    pub ends_at: Option<DateTime<Utc>>,
    /// Whole days until its end; none when it is not in force, or has no end.
    pub days_left: Option<i64>,
}

impl SubscriptionView {
    /// Whether the option may be used.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == SubscriptionStatus::Active
    }
}

/// How a structure's SMS are set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsView {
    /// Whether nothing is missing.
    pub configured: bool,
    /// What is still to be set: `sender`, `stop_mention`, `provider`; the last also where this instance does not have the one set.
    pub missing: Vec<&'static str>,
    /// The names that may be shown to those who receive, in order.
    pub senders: Vec<Sender>,
    /// What every SMS ends with.
    pub stop_mention: Option<String>,
    /// The way out to the telephone network.
    pub provider: Option<String>,
    /// How far characters of its texts are replaced.
    pub encoding_policy: EncodingPolicy,
    /// The public holidays it keeps.
    pub holidays: HolidayCalendar,
}

impl SettingsView {
    /// The sender of messages that ask for none.
    #[must_use]
    pub fn default_sender(&self) -> Option<&Sender> {
        self.senders.iter().find(|sender| sender.is_default)
    }
}

/// All of it, read at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StructureFacts {
    /// What identifies the structure.
    pub structure: StructureView,
    /// Its subscription.
    pub subscription: SubscriptionView,
    /// Its SMS settings.
    pub settings: SettingsView,
}

/// The caller's structure: every account may know its own.
///
/// # Errors
/// The database's.
pub async fn viewer_structure(ctx: &Ctx, caller: &Caller) -> Result<StructureView, Fault> {
    let structure = caller.scope().structure;
    Ok(facts_of(ctx, ctx.store.readers(), structure, ctx.now()).await?.structure)
}

/// The subscription of the caller's structure.
///
/// # Errors
/// [`Fault::Forbidden`] to who may not read SMS; the database's.
pub async fn subscription(ctx: &Ctx, caller: &Caller) -> Result<SubscriptionView, Fault> {
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    Ok(facts_of(ctx, ctx.store.readers(), structure, ctx.now()).await?.subscription)
}

/// The SMS settings of the caller's structure.
///
/// # Errors
/// [`Fault::Forbidden`] to who may not read SMS; the database's.
pub async fn settings(ctx: &Ctx, caller: &Caller) -> Result<SettingsView, Fault> {
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    Ok(facts_of(ctx, ctx.store.readers(), structure, ctx.now()).await?.settings)
}

/// What a structure is at `now`, with its subscription and settings, whoever asks: for services that checked, or that a rule
/// answers for. One statement.
///
/// # Errors
/// The database's; [`Fault::Internal`] when no such structure exists.
pub async fn facts_of(
    app: &App,
    db: &impl ConnectionTrait,
    structure: StructureId,
    now: DateTime<Utc>,
) -> Result<StructureFacts, Fault> {
    let rows = db.query_all(&facts_query(structure)).await?;
    let row = rows.first().ok_or_else(|| Fault::internal("the structure of an account does not exist"))?;
    let row = FactsRow::from_query_result(row, "")?;
    Ok(StructureFacts {
        subscription: row.subscription(now),
        settings: row.settings(senders::joined(&rows), |provider| app.providers.get(provider).is_some()),
        structure: StructureView {
            id: structure,
            name: row.name,
            product: row.product,
            region: row.region,
            time_zone: row.time_zone,
        },
    })
}

/// The regions of all structures: a number that a network wrote without its country code is of one of them.
///
/// # Errors
/// The database's.
pub async fn regions(db: &impl ConnectionTrait) -> Result<Vec<Region>, Fault> {
    let codes: Vec<String> = structure::regions().into_tuple().all(db).await?;
    Ok(codes.iter().filter_map(|code| code.parse().ok()).collect())
}

/// The name of a structure.
///
/// # Errors
/// The database's.
pub async fn name(db: &impl ConnectionTrait, structure: StructureId) -> Result<String, Fault> {
    Ok(row(db, structure).await?.name)
}

/// The time zone of a structure.
///
/// # Errors
/// The database's.
pub async fn time_zone(db: &impl ConnectionTrait, structure: StructureId) -> Result<Tz, Fault> {
    let row = row(db, structure).await?;
    row.time_zone.parse().map_err(|_| Fault::internal("a structure has an unknown time zone"))
}

/// The region in which a structure's numbers are read.
///
/// # Errors
/// The database's.
pub async fn region(db: &impl ConnectionTrait, structure: StructureId) -> Result<Region, Fault> {
    let row = row(db, structure).await?;
    row.region.parse().map_err(|_| Fault::internal("a structure has an unknown region"))
}

async fn row(db: &impl ConnectionTrait, structure: StructureId) -> Result<structure::Model, Fault> {
    let row = structure::by_id(structure).one(db).await?;
    row.ok_or_else(|| Fault::internal("the structure of an account does not exist"))
}

#[derive(FromQueryResult)]
struct FactsRow {
    name: String,
    product: Product,
    region: String,
    time_zone: String,
    state: Option<SubscriptionState>,
    starts_at: Option<At>,
    ends_at: Option<At>,
    stop_mention: Option<String>,
    provider: Option<String>,
    encoding_policy: Option<enums::EncodingPolicy>,
    holidays: Option<enums::Holidays>,
}

fn facts_query(structure: StructureId) -> SelectStatement {
    use structure::Column;
    let id = (structure::Entity, Column::Id);
    let mut query = Query::select();
    query
        .columns(
            [Column::Name, Column::Product, Column::Region, Column::TimeZone].map(|c| (structure::Entity, c)),
        )
        .columns(
            [
                sms_subscription::Column::State,
                sms_subscription::Column::StartsAt,
                sms_subscription::Column::EndsAt,
            ]
            .map(|c| (sms_subscription::Entity, c)),
        )
        .columns(
            [
                sms_settings::Column::StopMention,
                sms_settings::Column::Provider,
                sms_settings::Column::EncodingPolicy,
                sms_settings::Column::Holidays,
            ]
            .map(|c| (sms_settings::Entity, c)),
        )
        .from(structure::Entity)
        .left_join(
            sms_subscription::Entity,
            Expr::col((sms_subscription::Entity, sms_subscription::Column::StructureId)).equals(id),
        )
        .left_join(
            sms_settings::Entity,
            Expr::col((sms_settings::Entity, sms_settings::Column::StructureId)).equals(id),
        )
        .and_where(Expr::col(id).eq(structure));
    senders::join(&mut query, id);
    query
}

/// The policy that a column holds.
pub(super) fn encoding_policy(stored: enums::EncodingPolicy) -> EncodingPolicy {
    match stored {
        enums::EncodingPolicy::Exact => EncodingPolicy::Exact,
        enums::EncodingPolicy::Typography => EncodingPolicy::Typography,
        enums::EncodingPolicy::Plain => EncodingPolicy::Plain,
    }
}

/// The policy as a column holds it.
pub(super) fn stored_policy(policy: EncodingPolicy) -> enums::EncodingPolicy {
    match policy {
        EncodingPolicy::Exact => enums::EncodingPolicy::Exact,
        EncodingPolicy::Typography => enums::EncodingPolicy::Typography,
        EncodingPolicy::Plain => enums::EncodingPolicy::Plain,
    }
}

/// The holidays that a column holds.
fn holidays(stored: Option<enums::Holidays>) -> HolidayCalendar {
    match stored {
        None => HolidayCalendar::Region,
        Some(enums::Holidays::AlsaceMoselle) => HolidayCalendar::AlsaceMoselle,
    }
}

/// The holidays as a column holds them.
pub(super) fn stored_holidays(calendar: HolidayCalendar) -> Option<enums::Holidays> {
    match calendar {
        HolidayCalendar::Region => None,
        HolidayCalendar::AlsaceMoselle => Some(enums::Holidays::AlsaceMoselle),
    }
}

impl FactsRow {
    fn subscription(&self, now: DateTime<Utc>) -> SubscriptionView {
        let (starts_at, ends_at) = (self.starts_at.map(|at| *at), self.ends_at.map(|at| *at));
        let state = match self.state {
            None => SubscriptionStatus::None,
            Some(_) if ends_at.is_some_and(|end| end <= now) => SubscriptionStatus::Expired,
            Some(SubscriptionState::Suspended) => SubscriptionStatus::Suspended,
            Some(SubscriptionState::Active) if starts_at.is_some_and(|start| start > now) => {
                SubscriptionStatus::None
            }
            Some(SubscriptionState::Active) => SubscriptionStatus::Active,
        };
        let days_left =
            ends_at.filter(|_| state == SubscriptionStatus::Active).map(|end| (end - now).num_days());
        SubscriptionView { state, starts_at, ends_at, days_left }
    }

    /// A provider that this instance does not have is as good as none.
    fn settings(&self, senders: Vec<Sender>, exists: impl Fn(&str) -> bool) -> SettingsView {
        let provider = self.provider.clone().filter(|provider| exists(provider));
        let set = [
            ("sender", senders.iter().any(|sender| sender.is_default)),
            ("stop_mention", self.stop_mention.is_some()),
            ("provider", provider.is_some()),
        ];
        let missing: Vec<_> = set.into_iter().filter_map(|(name, set)| (!set).then_some(name)).collect();
        SettingsView {
            configured: missing.is_empty(),
            missing,
            senders,
            stop_mention: self.stop_mention.clone(),
            provider,
            encoding_policy: self.encoding_policy.map_or(EncodingPolicy::Typography, encoding_policy),
            holidays: holidays(self.holidays),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("the tests give instants")
    }

    fn row(state: Option<SubscriptionState>, starts: Option<&str>, ends: Option<&str>) -> FactsRow {
        FactsRow {
            name: "Quatre Vents".to_owned(),
            product: Product::SchoolPremium,
            region: "FR".to_owned(),
            time_zone: "Europe/Paris".to_owned(),
            state,
            starts_at: starts.map(|text| At::from(at(text))),
            ends_at: ends.map(|text| At::from(at(text))),
            stop_mention: None,
            provider: Some("gone".to_owned()),
            encoding_policy: None,
            holidays: None,
        }
    }

    #[test]
    fn the_state_of_a_subscription_follows_its_dates() {
        let now = at("2026-11-22T10:00:00Z");
        let (active, suspended) = (Some(SubscriptionState::Active), Some(SubscriptionState::Suspended));
        let past = Some("2026-01-01T00:00:00Z");
        for (state, starts, ends, expected, days_left) in [
            (None, None, None, SubscriptionStatus::None, None),
            (active, past, None, SubscriptionStatus::Active, None),
            (active, past, Some("2026-11-24T09:59:59Z"), SubscriptionStatus::Active, Some(1)),
            (active, past, Some("2026-11-22T10:00:00Z"), SubscriptionStatus::Expired, None),
            (active, Some("2026-11-22T10:00:01Z"), None, SubscriptionStatus::None, None),
            (suspended, past, None, SubscriptionStatus::Suspended, None),
            (suspended, past, Some("2026-11-01T00:00:00Z"), SubscriptionStatus::Expired, None),
        ] {
            let view = row(state, starts, ends).subscription(now);
            assert_eq!((view.state, view.days_left), (expected, days_left), "{state:?} {starts:?} {ends:?}");
        }
    }

    #[test]
    fn what_is_missing_is_named_and_an_absent_provider_is_missing() {
        let sender = Sender { name: "4VENTS".to_owned(), is_default: true, although_protected: false };
        let view = row(None, None, None).settings(vec![sender.clone()], |_| false);
        assert_eq!((view.configured, view.missing), (false, vec!["stop_mention", "provider"]));
        let mut whole = row(None, None, None);
        whole.stop_mention = Some(".STOP 36608".to_owned());
        assert!(whole.settings(vec![sender], |_| true).configured);
    }
}
