//! Owns the one table of facts: their names, types and words, when they are known, and what they say, for authors.

use serde::Serialize;

use super::Facts;
use crate::text::Lang;
use crate::types::Type;

/// The value of one fact.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<String>),
}

/// One line of the table: a fact that rules may read.
#[derive(Clone, Copy)]
pub(crate) struct FactSpec {
    /// As scripts write it.
    pub path: &'static str,
    pub kind: Type,
    /// The only words a text may hold; empty when any text will do.
    pub words: &'static [&'static str],
    /// For the authors' reference.
    pub doc: &'static str,
    /// When it is known.
    pub known: Known,
    pub get: fn(&Facts) -> Value,
}

/// When a fact is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Always,
    /// Where one person after another is looked at.
    OfThePerson,
    /// Once it is known who gets the message.
    OfTheWhole,
}

/// The words of `person.sex`.
pub(crate) const SEXES: &[&str] = &["FEMALE", "MALE", "OTHER", "UNKNOWN"];
const ACCESS: &[&str] = &["NONE", "READ", "READ_WRITE"];
const PRODUCTS: &[&str] =
    &["ARTIST_STANDARD", "ARTIST_PREMIUM", "SCHOOL_STANDARD", "SCHOOL_PREMIUM", "MANAGER"];

const fn fact(path: &'static str, kind: Type, doc: &'static str, get: fn(&Facts) -> Value) -> FactSpec {
    FactSpec { path, kind, words: &[], doc, known: Known::Always, get }
}

const fn int(path: &'static str, doc: &'static str, get: fn(&Facts) -> Value) -> FactSpec {
    fact(path, Type::Int, doc, get)
}

const fn bool(path: &'static str, doc: &'static str, get: fn(&Facts) -> Value) -> FactSpec {
    fact(path, Type::Bool, doc, get)
}

const fn text(
    path: &'static str,
    words: &'static [&'static str],
    doc: &'static str,
    get: fn(&Facts) -> Value,
) -> FactSpec {
    FactSpec { words, ..fact(path, Type::Text, doc, get) }
}

const fn list(path: &'static str, doc: &'static str, get: fn(&Facts) -> Value) -> FactSpec {
    fact(path, Type::TextList, doc, get)
}

const fn of_the_whole(fact: FactSpec) -> FactSpec {
    FactSpec { known: Known::OfTheWhole, ..fact }
}

const fn of_the_person(fact: FactSpec) -> FactSpec {
    FactSpec { known: Known::OfThePerson, ..fact }
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
    list("settings.senders", "the names that the operator lets the structure show", |f| Value::List(f.settings.senders.clone())),
    FactSpec { words: &["sender", "stop_mention", "provider"], ..list("settings.missing", "what is still to be set up", |f| Value::List(f.settings.missing.clone())) },
    text(MESSAGE_TEXT, &[], "what was written, without the STOP mention; no message may quote it", |f| Value::Text(f.message.text.clone())),
    of_the_whole(int("message.length", "its length in the units charged, without the STOP mention", |f| Value::Int(f.message.length))),
    of_the_whole(int("message.segments", "SMS that one recipient costs, with the STOP mention", |f| Value::Int(f.message.segments))),
    of_the_whole(text("message.encoding", &["GSM7", "UCS2"], "its alphabet", |f| Value::Text(f.message.encoding.clone()))),
    of_the_whole(int("message.cost", "SMS that the whole send costs", |f| Value::Int(f.message.cost))),
    text("message.purpose", &["INFORMATIONAL", "COMMERCIAL"], "why it is sent", |f| Value::Text(f.message.purpose.clone())),
    text("message.sender", &[], "the name that it shows, spelled as in `settings.senders` when it is one of them; empty when none is set", |f| Value::Text(f.message.sender.clone())),
    of_the_whole(int("audience.person_count", "people selected", |f| Value::Int(f.audience.person_count))),
    of_the_whole(int("audience.message_count", "numbers that will receive it", |f| Value::Int(f.audience.message_count))),
    of_the_whole(int("audience.excluded_count", "people selected whom it will not reach", |f| Value::Int(f.audience.excluded_count))),
    of_the_whole(int("audience.empty_field_count", "messages in which some merge field says nothing, with nothing in its place", |f| Value::Int(f.audience.empty_field_count))),
    of_the_whole(int("credit.balance", "SMS that can still be spent, what is reserved already taken off", |f| Value::Int(f.credit.balance))),
    of_the_whole(int("credit.reserved", "SMS held for sends under way", |f| Value::Int(f.credit.reserved))),
    int("now.year", "year, in the structure's zone", |f| Value::Int(f.now.year)),
    int("now.month", "month, 1 to 12", |f| Value::Int(f.now.month)),
    int("now.day", "day of the month, 1 to 31", |f| Value::Int(f.now.day)),
    int("now.weekday", "1 is Monday, 7 is Sunday", |f| Value::Int(f.now.weekday)),
    int("now.hour", "hour, 0 to 23", |f| Value::Int(f.now.hour)),
    int("now.minute_of_day", "minutes since midnight, 0 to 1439", |f| Value::Int(f.now.minute_of_day)),
    bool("now.public_holiday", "whether it is a public holiday where the structure is", |f| Value::Bool(f.now.public_holiday)),
    of_the_person(text("person.sex", SEXES, "the sex of the person", |f| Value::Text(f.person.sex.clone()))),
    of_the_person(list("person.tags", "their tags", |f| Value::List(f.person.tags.clone()))),
    of_the_person(list("person.lists", "the lists they are on", |f| Value::List(f.person.lists.clone()))),
    of_the_person(int("person.sent_today", "SMS sent to them since midnight, in the structure's zone", |f| Value::Int(f.person.sent_today))),
    of_the_person(int("person.last_sent_hours", "whole hours since the last was sent to them; 876000 when none was in the last 31 days", |f| Value::Int(f.person.last_sent_hours))),
    of_the_person(bool("person.commercial_consent", "whether they agreed to commercial messages", |f| Value::Bool(f.person.commercial_consent))),
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
        let known = match fact.known {
            Known::Always => "",
            Known::OfThePerson => " (RECIPIENT rules only)",
            Known::OfTheWhole => " (not in RECIPIENT rules)",
        };
        format!("{table}| `{}` | {} | {}{among}{known} |\n", fact.path, fact.kind.name(Lang::En), fact.doc)
    })
}
