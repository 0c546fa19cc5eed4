//! The facts that the rules see of a message.
//!
//! Architecture Invariant: gathered here and nowhere else, so that a preview and its send tell the rules the same things.

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;
use entity::enums::{Module, Purpose};
use rules::{
    AccountFacts, AudienceFacts, CreditFacts, Facts, MessageFacts, NowFacts, PermissionFacts, SettingsFacts,
    SubscriptionFacts,
};

use super::plan::Plan;
use super::wording::Wording;
use crate::caller::Caller;
use crate::domain::holidays::{Territory, is_public_holiday};
use crate::error::Fault;
use crate::services::audience::Counts;
use crate::services::ledger::Credit;
use crate::services::structures::StructureFacts;

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
    let facts = beforehand(caller, structure, (plan.letter.text().as_str(), plan.purpose), credit, now)?;
    Ok(of_the_whole(facts, &plan.longest, plan.counts, (plan.messages, plan.cost)))
}

/// What is known of a message that its user wrote so, for that purpose, before it is known who gets it.
pub fn beforehand(
    caller: &Caller,
    structure: &StructureFacts,
    (text, purpose): (&str, Purpose),
    credit: Credit,
    now: DateTime<Utc>,
) -> Result<Facts, Fault> {
    let StructureFacts { structure, subscription, settings } = structure;
    let zone: Tz =
        structure.time_zone.parse().map_err(|_| Fault::internal("a structure has an unknown time zone"))?;
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
            sender: settings.sender.clone().unwrap_or_default(),
            missing: settings.missing.iter().map(|what| (*what).to_owned()).collect(),
        },
        message: MessageFacts {
            text: text.to_owned(),
            purpose: purpose.as_str().to_owned(),
            ..MessageFacts::default()
        },
        credit: CreditFacts { balance: credit.balance, reserved: credit.reserved },
        now: local(now, zone, settings.holidays.territory(&structure.region)),
        ..Facts::default()
    })
}

/// The same, once it is known that the longest text is this one, and so many SMS leave at such a cost.
pub fn of_the_whole(facts: Facts, longest: &Wording, counts: Counts, (messages, cost): (i64, i64)) -> Facts {
    Facts {
        message: MessageFacts {
            length: longest.length(),
            segments: longest.segments(),
            encoding: longest.measure.encoding.as_str().to_owned(),
            cost,
            ..facts.message
        },
        audience: AudienceFacts {
            person_count: counts.people,
            message_count: messages,
            excluded_count: counts.people - counts.reachable,
            ..facts.audience
        },
        ..facts
    }
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
