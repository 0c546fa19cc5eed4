//! Owns the input contract of rules: the facts a script may read, and the one table that documents them.
//!
//! Facts are small plain structs filled in by the caller; this module must not know entities, a clock or a database.
//! Invariant: a fact exists for scripts, placeholders and cases if and only if it has a line in [`TABLE`].

#![expect(
    missing_docs,
    reason = "fields are documented once, in TABLE, from which the authors' reference is made"
)]

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::Lang;
use crate::types::Type;

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
    /// The instant it would leave, in the structure's time zone.
    pub now: NowFacts,
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
    pub sender: String,
}

/// Those whom the message goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceFacts {
    pub person_count: i64,
    pub message_count: i64,
    pub excluded_count: i64,
}

/// The structure's credit, in SMS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditFacts {
    pub balance: i64,
    pub reserved: i64,
}

/// The instant the message would leave, in the structure's time zone.
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

impl fmt::Debug for MessageFacts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MessageFacts")
            .field("length", &self.length)
            .field("segments", &self.segments)
            .field("encoding", &self.encoding)
            .field("cost", &self.cost)
            .field("sender", &self.sender)
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
        let (encoding, sender) = ("GSM7".to_owned(), "4VENTS".to_owned());
        Self { text, length: 25, segments: 1, encoding, cost: 2, sender }
    }
}

impl Default for AudienceFacts {
    fn default() -> Self {
        Self { person_count: 2, message_count: 2, excluded_count: 0 }
    }
}

impl Default for CreditFacts {
    fn default() -> Self {
        Self { balance: 228, reserved: 0 }
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

/// The value of one fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<String>),
}

/// One line of the table: a fact that rules may read.
pub(crate) struct FactSpec {
    /// As scripts write it.
    pub path: &'static str,
    pub kind: Type,
    /// The only words a text may hold; empty when any text will do.
    pub words: &'static [&'static str],
    /// For the authors' reference.
    pub doc: &'static str,
    pub get: fn(&Facts) -> Value,
}

const ACCESS: &[&str] = &["NONE", "READ", "READ_WRITE"];
const PRODUCTS: &[&str] =
    &["ARTIST_STANDARD", "ARTIST_PREMIUM", "SCHOOL_STANDARD", "SCHOOL_PREMIUM", "MANAGER"];

const fn int(path: &'static str, doc: &'static str, get: fn(&Facts) -> Value) -> FactSpec {
    FactSpec { path, kind: Type::Int, words: &[], doc, get }
}

const fn bool(path: &'static str, doc: &'static str, get: fn(&Facts) -> Value) -> FactSpec {
    FactSpec { path, kind: Type::Bool, words: &[], doc, get }
}

const fn text(
    path: &'static str,
    words: &'static [&'static str],
    doc: &'static str,
    get: fn(&Facts) -> Value,
) -> FactSpec {
    FactSpec { path, kind: Type::Text, words, doc, get }
}

/// The text of the message: readable by scripts, never quoted nor stored.
pub(crate) const MESSAGE_TEXT: &str = "message.text";

/// Every fact, in the order of the authors' reference.
#[rustfmt::skip]
pub(crate) const TABLE: &[FactSpec] = &[
    text("account.kind", &["ADMIN", "PERSONAL"], "the account that asks", |f| Value::Text(f.account.kind.clone())),
    text("account.permissions.people", ACCESS, "its right on people", |f| Value::Text(f.account.permissions.people.clone())),
    text("account.permissions.communication_sms", ACCESS, "its right on SMS", |f| Value::Text(f.account.permissions.communication_sms.clone())),
    text("account.permissions.credit", ACCESS, "its right on credit", |f| Value::Text(f.account.permissions.credit.clone())),
    text("account.permissions.rules", ACCESS, "its right on rules", |f| Value::Text(f.account.permissions.rules.clone())),
    text("account.permissions.accounts", ACCESS, "its right on accounts", |f| Value::Text(f.account.permissions.accounts.clone())),
    text("account.permissions.settings", ACCESS, "its right on settings", |f| Value::Text(f.account.permissions.settings.clone())),
    text("structure.product", PRODUCTS, "what the structure bought", |f| Value::Text(f.structure.product.clone())),
    text("structure.region", &[], "its country, two letters", |f| Value::Text(f.structure.region.clone())),
    text("structure.time_zone", &[], "its zone, such as `Europe/Paris`", |f| Value::Text(f.structure.time_zone.clone())),
    bool("subscription.active", "whether the SMS option is in force", |f| Value::Bool(f.subscription.active)),
    text("subscription.state", &["NONE", "ACTIVE", "SUSPENDED", "EXPIRED"], "its state", |f| Value::Text(f.subscription.state.clone())),
    int("subscription.days_left", "whole days until it ends, 0 when it is not active", |f| Value::Int(f.subscription.days_left)),
    bool("settings.configured", "whether SMS sending is set up in full", |f| Value::Bool(f.settings.configured)),
    text("settings.sender", &[], "the name shown where a message asks for none, empty when none is set", |f| Value::Text(f.settings.sender.clone())),
    FactSpec { path: "settings.senders", kind: Type::TextList, words: &[], doc: "the names that the operator lets the structure show", get: |f| Value::List(f.settings.senders.clone()) },
    FactSpec { path: "settings.missing", kind: Type::TextList, words: &["sender", "stop_mention", "provider"], doc: "what is still to be set up", get: |f| Value::List(f.settings.missing.clone()) },
    text(MESSAGE_TEXT, &[], "what was written, without the STOP mention; no message may quote it", |f| Value::Text(f.message.text.clone())),
    int("message.length", "its length in the units charged, without the STOP mention", |f| Value::Int(f.message.length)),
    int("message.segments", "SMS that one recipient costs, with the STOP mention", |f| Value::Int(f.message.segments)),
    text("message.encoding", &["GSM7", "UCS2"], "its alphabet", |f| Value::Text(f.message.encoding.clone())),
    int("message.cost", "SMS that the whole send costs", |f| Value::Int(f.message.cost)),
    text("message.sender", &[], "the name that it shows, spelled as in `settings.senders` when it is one of them; empty when none is set", |f| Value::Text(f.message.sender.clone())),
    int("audience.person_count", "people selected", |f| Value::Int(f.audience.person_count)),
    int("audience.message_count", "numbers that will receive it", |f| Value::Int(f.audience.message_count)),
    int("audience.excluded_count", "people selected whom it will not reach", |f| Value::Int(f.audience.excluded_count)),
    int("credit.balance", "SMS that can still be spent, what is reserved already taken off", |f| Value::Int(f.credit.balance)),
    int("credit.reserved", "SMS held for sends under way", |f| Value::Int(f.credit.reserved)),
    int("now.year", "year, in the structure's zone", |f| Value::Int(f.now.year)),
    int("now.month", "month, 1 to 12", |f| Value::Int(f.now.month)),
    int("now.day", "day of the month, 1 to 31", |f| Value::Int(f.now.day)),
    int("now.weekday", "1 is Monday, 7 is Sunday", |f| Value::Int(f.now.weekday)),
    int("now.hour", "hour, 0 to 23", |f| Value::Int(f.now.hour)),
    int("now.minute_of_day", "minutes since midnight, 0 to 1439", |f| Value::Int(f.now.minute_of_day)),
    bool("now.public_holiday", "whether it is a public holiday where the structure is", |f| Value::Bool(f.now.public_holiday)),
];

/// The fact of that path.
pub(crate) fn find(path: &str) -> Option<&'static FactSpec> {
    TABLE.iter().find(|fact| fact.path == path)
}

/// The first part of every path: the names a script may start from, beside `params`.
pub(crate) fn groups() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    TABLE.iter().filter_map(move |fact| {
        let group = fact.path.split_once('.').map_or(fact.path, |(group, _)| group);
        (std::mem::replace(&mut last, group) != group).then_some(group)
    })
}

/// The authors' reference: every fact with its type and what it says, as a Markdown table.
#[must_use]
pub fn facts_reference() -> String {
    let head = "| fact | type | what it is |\n| --- | --- | --- |\n".to_owned();
    TABLE.iter().fold(head, |table, fact| {
        let words: Vec<String> = fact.words.iter().map(|word| format!("`{word}`")).collect();
        let among = if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) };
        format!("{table}| `{}` | {} | {}{among} |\n", fact.path, fact.kind.name(Lang::En), fact.doc)
    })
}
