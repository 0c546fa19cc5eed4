//! The facts that the rules see of a message.
//!
//! Architecture Invariant: gathered here and nowhere else, so that a preview and its send tell the rules the same things.

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;
use entity::At;
use entity::enums::{Module, Purpose};
use entity::ids::StructureId;
use rules::{
    AccountFacts, AudienceFacts, CreditFacts, Facts, HistoryFacts, MessageFacts, NowFacts, PermissionFacts,
    SettingsFacts, SubscriptionFacts,
};

use sea_orm::ConnectionTrait;

use super::plan::Plan;
use super::targets::Targets;
use super::wording::Wording;
use crate::app::App;
use crate::caller::Caller;
use crate::domain::holidays::{Territory, is_public_holiday};
use crate::domain::segments::Encoding;
use crate::error::Fault;
use crate::services::audience::Counts;
use crate::services::ledger::Credit;
use crate::services::ruleset;
use crate::services::structures::{self, StructureFacts};

/// The built-in rule that says when commercial messages leave.
const HOURS_RULE: &str = "legal-hours";

/// The days left of a subscription that has no end.
const ENDLESS: i64 = 36_500;

/// The facts of a plan already made, had the structure, the credit and the instant been these.
pub fn of(
    plan: &Plan,
    caller: &Caller,
    structure: &StructureFacts,
    credit: Credit,
    now: DateTime<Utc>,
) -> Result<Facts, Fault> {
    let said = Said {
        text: plan.letter.text().as_str(),
        purpose: plan.purpose,
        sender: plan.sender.as_deref(),
        send_at: plan.send_at,
    };
    let facts = beforehand(caller, structure, said, credit, now)?;
    let sums = Sums {
        messages: plan.messages,
        unfilled: plan.unfilled,
        cost: plan.cost,
        approved: plan.approval.is_some(),
    };
    Ok(of_the_whole(
        facts,
        Size::of(&plan.longest),
        plan.counts,
        (sums, plan.targets.clone(), plan.history.clone()),
    ))
}

/// What a message says to everyone.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The text, as its user wrote it.
    pub text: &'a str,
    /// Why it is sent.
    pub purpose: Purpose,
    /// The sender that it shows.
    pub sender: Option<&'a str>,
    /// When it shall leave; none means at once.
    pub send_at: Option<At>,
}

/// The size of the longest text.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// In the units charged, without the STOP mention.
    pub length: i64,
    /// The parts that it takes, with it.
    pub segments: i64,
    /// How it is encoded.
    pub encoding: Encoding,
}

impl Size {
    /// That of a text.
    pub fn of(longest: &Wording) -> Self {
        Self { length: longest.length(), segments: longest.segments(), encoding: longest.measure.encoding }
    }
}

/// What all the messages of a plan come to.
#[derive(Debug, Clone, Copy)]
pub struct Sums {
    /// How many.
    pub messages: i64,
    /// Of them, those in which a field says nothing.
    pub unfilled: i64,
    /// What they cost.
    pub cost: i64,
    /// Whether another account approved just these.
    pub approved: bool,
}

/// What is known of a message before it is known who gets it.
pub fn beforehand(
    caller: &Caller,
    structure: &StructureFacts,
    Said { text, purpose, sender, send_at }: Said<'_>,
    credit: Credit,
    now: DateTime<Utc>,
) -> Result<Facts, Fault> {
    let StructureFacts { structure, subscription, settings } = structure;
    let zone = zone_of(&structure.time_zone)?;
    Ok(Facts {
        account: account(caller),
        structure: rules::StructureFacts {
            product: structure.product.as_str().to_owned(),
            region: structure.region.clone(),
            time_zone: structure.time_zone.clone(),
        },
        subscription: SubscriptionFacts {
            active: subscription.is_active(),
            state: subscription.state.as_str().to_owned(),
            days_left: subscription.days_left.unwrap_or(if subscription.is_active() { ENDLESS } else { 0 }),
        },
        settings: SettingsFacts {
            configured: settings.configured,
            sender: settings.default_sender().map(|sender| sender.name.clone()).unwrap_or_default(),
            senders: settings.senders.iter().map(|sender| sender.name.clone()).collect(),
            missing: settings.missing.iter().map(|what| (*what).to_owned()).collect(),
        },
        message: MessageFacts {
            text: text.to_owned(),
            purpose: purpose.as_str().to_owned(),
            sender: sender.unwrap_or_default().to_owned(),
            scheduled: send_at.is_some(),
            late_minutes: send_at.map_or(0, |hour| Ord::max((now - hour.0).num_minutes(), 0)),
            ..MessageFacts::default()
        },
        credit: CreditFacts { balance: credit.balance, reserved: credit.reserved },
        now: local(now, zone, settings.holidays.territory(&structure.region)),
        ..Facts::default()
    })
}

/// The same, once it is known that the longest text is this one, and what all the messages come to.
pub fn of_the_whole(
    facts: Facts,
    longest: Size,
    counts: Counts,
    (sums, targets, history): (Sums, Targets, HistoryFacts),
) -> Facts {
    let Sums { messages, unfilled, cost, approved } = sums;
    Facts {
        message: MessageFacts {
            length: longest.length,
            segments: longest.segments,
            encoding: longest.encoding.as_str().to_owned(),
            cost,
            approved,
            ..facts.message
        },
        audience: AudienceFacts {
            person_count: counts.people,
            message_count: messages,
            excluded_count: counts.people - counts.reachable,
            empty_field_count: unfilled,
            lists: targets.lists,
            tags: targets.tags,
        },
        history,
        ..facts
    }
}

/// Whether a commercial message of a structure may leave now, by the hours that its rule sets.
///
/// # Errors
/// The database's.
pub async fn may_leave(app: &App, db: &impl ConnectionTrait, structure: StructureId) -> Result<bool, Fault> {
    let now = app.now();
    let StructureFacts { structure: view, settings, .. } =
        structures::facts_of(app, db, structure, now).await?;
    let zone = zone_of(&view.time_zone)?;
    let now = local(now, zone, settings.holidays.territory(&view.region));
    let message =
        MessageFacts { purpose: Purpose::Commercial.as_str().to_owned(), ..MessageFacts::default() };
    let facts = Facts { message, now, ..Facts::default() };
    ruleset::platform_allows(app, db, structure, HOURS_RULE, &facts).await
}

pub(super) fn zone_of(name: &str) -> Result<Tz, Fault> {
    name.parse().map_err(|_| Fault::internal("a structure has an unknown time zone"))
}

fn account(caller: &Caller) -> AccountFacts {
    let access = |module| caller.access(module).as_str().to_owned();
    AccountFacts {
        kind: caller.kind.as_str().to_owned(),
        permissions: PermissionFacts {
            people: access(Module::People),
            communication_sms: access(Module::CommunicationSms),
            credit: access(Module::Credit),
            rules: access(Module::Rules),
            accounts: access(Module::Accounts),
            settings: access(Module::Settings),
        },
    }
}

/// Where no holidays are known, no day is one.
fn local(now: DateTime<Utc>, zone: Tz, territory: Option<Territory>) -> NowFacts {
    let local = now.with_timezone(&zone);
    NowFacts {
        year: i64::from(local.year()),
        month: i64::from(local.month()),
        day: i64::from(local.day()),
        weekday: i64::from(local.weekday().number_from_monday()),
        hour: i64::from(local.hour()),
        minute_of_day: i64::from(local.hour() * 60 + local.minute()),
        public_holiday: territory.is_some_and(|territory| is_public_holiday(local.date_naive(), territory)),
    }
}
