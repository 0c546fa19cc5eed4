//! Owns the input contract of rules: what they can know, as small plain structs filled in by the caller.
//!
//! It must not know entities, a clock or a database. Invariant: a fact exists for scripts, placeholders and cases if and only if it has a
//! line in the table, which is where it is documented.

#![expect(
    missing_docs,
    reason = "fields are documented once, in the table, from which the authors' reference is made"
)]

use std::fmt;

use serde::{Deserialize, Serialize};

mod table;

pub use table::facts_reference;
pub(crate) use table::{
    FactSpec, Get, Known, MESSAGE_TEXT, REGION, SEXES, TABLE, Value, find, groups, is_region,
};

/// The hours since the last SMS to a person to whom none was sent that is remembered: a hundred years.
pub const NEVER_SENT_HOURS: i64 = 876_000;

/// The minutes since the same text was last sent, of a text that never was: a hundred years.
pub const NEVER_SENT_MINUTES: i64 = 52_560_000;

/// All that rules can know of one preview or send. [`Default`] gives the reference values on which cases build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The account that asks.
    pub account: AccountFacts,
    /// The structure it belongs to.
    pub structure: StructureFacts,
    /// The SMS option of the structure.
    pub subscription: SubscriptionFacts,
    /// Its SMS settings.
    pub settings: SettingsFacts,
    /// The message.
    pub message: MessageFacts,
    /// Those whom it goes to.
    pub audience: AudienceFacts,
    /// The structure's credit, in SMS.
    pub credit: CreditFacts,
    /// What the structure sent before.
    pub history: HistoryFacts,
    /// The instant it would leave, in the structure's time zone.
    pub now: NowFacts,
    /// The person looked at, where one is: see [`crate::Stage::Recipient`].
    pub person: PersonFacts,
}

/// The account that asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountFacts {
    pub kind: String,
    pub permissions: PermissionFacts,
}

/// What the account may do in each module: `NONE`, `READ` or `READ_WRITE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionFacts {
    pub people: String,
    pub communication_sms: String,
    pub credit: String,
    pub rules: String,
    pub accounts: String,
    pub settings: String,
}

/// The structure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StructureFacts {
    pub product: String,
    pub region: String,
    pub time_zone: String,
}

/// The structure's SMS option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionFacts {
    pub active: bool,
    pub state: String,
    pub days_left: i64,
}

/// The structure's SMS settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsFacts {
    pub configured: bool,
    pub sender: String,
    pub senders: Vec<String>,
    pub missing: Vec<String>,
}

/// The message. Its text stays out of `Debug`, of stored facts and of what messages may quote.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageFacts {
    pub text: String,
    pub length: i64,
    pub segments: i64,
    pub encoding: String,
    pub cost: i64,
    pub purpose: String,
    pub sender: String,
    pub scheduled: bool,
    pub late_minutes: i64,
    pub approved: bool,
}

/// Those whom the message goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceFacts {
    pub person_count: i64,
    pub message_count: i64,
    pub excluded_count: i64,
    pub lists: Vec<String>,
    pub tags: Vec<String>,
    pub empty_field_count: i64,
}

/// The structure's credit, in SMS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditFacts {
    pub balance: i64,
    pub reserved: i64,
}

/// What the structure sent before this message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryFacts {
    pub sent_today: i64,
    pub sent_this_month: i64,
    pub same_text_minutes: i64,
}

/// The instant the message leaves, now or when it is scheduled for, in the structure's time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NowFacts {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub weekday: i64,
    pub hour: i64,
    pub minute_of_day: i64,
    pub public_holiday: bool,
}

/// One person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonFacts {
    pub sex: String,
    pub tags: Vec<String>,
    pub lists: Vec<String>,
    pub sent_today: i64,
    pub last_sent_hours: i64,
    pub commercial_consent: bool,
}

impl fmt::Debug for MessageFacts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MessageFacts")
            .field("length", &self.length)
            .field("segments", &self.segments)
            .field("encoding", &self.encoding)
            .field("cost", &self.cost)
            .field("purpose", &self.purpose)
            .field("sender", &self.sender)
            .field("scheduled", &self.scheduled)
            .field("late_minutes", &self.late_minutes)
            .field("approved", &self.approved)
            .finish_non_exhaustive()
    }
}

impl Default for AccountFacts {
    fn default() -> Self {
        let read = || "READ".to_owned();
        Self {
            kind: "PERSONAL".to_owned(),
            permissions: PermissionFacts {
                people: read(),
                communication_sms: "READ_WRITE".to_owned(),
                credit: read(),
                rules: read(),
                accounts: read(),
                settings: read(),
            },
        }
    }
}

impl Default for StructureFacts {
    fn default() -> Self {
        Self {
            product: "SCHOOL_PREMIUM".to_owned(),
            region: "FR".to_owned(),
            time_zone: "Europe/Paris".to_owned(),
        }
    }
}

impl Default for SubscriptionFacts {
    fn default() -> Self {
        Self { active: true, state: "ACTIVE".to_owned(), days_left: 200 }
    }
}

impl Default for SettingsFacts {
    fn default() -> Self {
        let sender = "4VENTS".to_owned();
        Self { configured: true, senders: vec![sender.clone()], sender, missing: Vec::new() }
    }
}

impl Default for MessageFacts {
    fn default() -> Self {
        let text = "Répétition ce soir à 20 h".to_owned();
        let (encoding, purpose, sender) =
            ("GSM7".to_owned(), "INFORMATIONAL".to_owned(), "4VENTS".to_owned());
        Self {
            text,
            length: 25,
            segments: 1,
            encoding,
            cost: 2,
            purpose,
            sender,
            scheduled: false,
            late_minutes: 0,
            approved: false,
        }
    }
}

impl Default for AudienceFacts {
    fn default() -> Self {
        Self {
            person_count: 2,
            message_count: 2,
            excluded_count: 0,
            empty_field_count: 0,
            lists: Vec::new(),
            tags: Vec::new(),
        }
    }
}

impl Default for CreditFacts {
    fn default() -> Self {
        Self { balance: 228, reserved: 0 }
    }
}

impl Default for HistoryFacts {
    fn default() -> Self {
        Self { sent_today: 0, sent_this_month: 0, same_text_minutes: NEVER_SENT_MINUTES }
    }
}

impl Default for NowFacts {
    fn default() -> Self {
        Self {
            year: 2026,
            month: 11,
            day: 25,
            weekday: 3,
            hour: 10,
            minute_of_day: 600,
            public_holiday: false,
        }
    }
}

impl Default for PersonFacts {
    fn default() -> Self {
        Self {
            sex: "FEMALE".to_owned(),
            tags: vec!["Musicien".to_owned()],
            lists: vec!["Orchestre".to_owned()],
            sent_today: 0,
            last_sent_hours: NEVER_SENT_HOURS,
            commercial_consent: false,
        }
    }
}
