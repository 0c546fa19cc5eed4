//! Owns the one table of facts: their names, types and words, when they are known, and what they say, for authors.

use serde::Serialize;

use super::{Facts, NEVER_SENT_HOURS, NEVER_SENT_MINUTES};
use crate::limits::{MAX_LIST_ITEMS, MAX_TEXT_BYTES};
use crate::text::{Lang, LocalText};
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

/// Where a fact stands among the others, by its type.
#[derive(Clone, Copy)]
pub(crate) enum Get {
    Bool(fn(&Facts) -> bool),
    Int(fn(&Facts) -> i64),
    Text(fn(&Facts) -> &str),
    List(fn(&Facts) -> &[String]),
}

/// One line of the table: a fact that rules may read.
#[derive(Clone, Copy)]
pub(crate) struct FactSpec {
    /// As scripts write it.
    pub path: &'static str,
    /// The only words a text may hold; empty when any text will do.
    pub words: &'static [&'static str],
    /// For the authors' reference.
    pub doc: &'static str,
    /// When it is known.
    pub known: Known,
    pub get: Get,
}

impl FactSpec {
    /// What scripts take it for.
    pub(crate) const fn kind(&self) -> Type {
        match self.get {
            Get::Bool(_) => Type::Bool,
            Get::Int(_) => Type::Int,
            Get::Text(_) => Type::Text,
            Get::List(_) => Type::TextList,
        }
    }

    /// Its value, to be kept.
    pub(crate) fn value(&self, facts: &Facts) -> Value {
        match self.get {
            Get::Bool(get) => Value::Bool(get(facts)),
            Get::Int(get) => Value::Int(get(facts)),
            Get::Text(get) => Value::Text(get(facts).to_owned()),
            Get::List(get) => Value::List(get(facts).to_vec()),
        }
    }

    /// Whether a text is what this table promises of the fact.
    #[inline]
    pub(crate) fn may_hold(&self, text: &str) -> bool {
        text.len() <= MAX_TEXT_BYTES && (self.words.is_empty() || self.words.contains(&text))
    }

    /// The least and the greatest that an integer can be; none of another type.
    pub(crate) fn range(&self) -> Option<(i64, i64)> {
        matches!(self.get, Get::Int(_)).then(|| {
            let bounded = RANGES.iter().find(|(path, ..)| *path == self.path);
            bounded.map_or((0, i64::MAX), |(_, least, most)| (*least, *most))
        })
    }

    /// What it holds: its type, and the range of an integer or the words of a text.
    pub(crate) fn holds(&self, lang: Lang) -> String {
        let kind = self.kind().name(lang);
        let words = self.words.join(", ");
        match (self.range(), self.words, lang) {
            (None, [], Lang::En) if self.path == REGION => {
                "a text of two capital letters, such as \"FR\"".to_owned()
            }
            (None, [], Lang::Fr) if self.path == REGION => {
                "un texte de deux capitales, comme \"FR\"".to_owned()
            }
            (Some((least, i64::MAX)), _, Lang::En) => format!("{kind} from {least} up"),
            (Some((least, i64::MAX)), _, Lang::Fr) => format!("{kind} d’au moins {least}"),
            (Some((least, most)), _, Lang::En) => format!("{kind} from {least} to {most}"),
            (Some((least, most)), _, Lang::Fr) => format!("{kind} de {least} à {most}"),
            (None, [], _) => kind.to_owned(),
            (None, _, Lang::En) => format!("{kind} among {words}"),
            (None, _, Lang::Fr) => format!("{kind} parmi {words}"),
        }
    }

    /// Why a text is not what this table promises of the fact, when it is not.
    pub(crate) fn text_problem(&self, text: &str) -> Option<LocalText> {
        let path = self.path;
        if text.len() > MAX_TEXT_BYTES {
            return Some(LocalText::new(
                format!("{path} is longer than {MAX_TEXT_BYTES} bytes"),
                format!("{path} dépasse {MAX_TEXT_BYTES} octets"),
            ));
        }
        (!self.words.is_empty() && !self.words.contains(&text)).then(|| {
            LocalText::new(
                format!("{path} holds a word that rules do not know"),
                format!("{path} contient un mot que les règles ne connaissent pas"),
            )
        })
    }

    /// Why a list is not what this table promises of the fact, when it is not.
    pub(crate) fn list_problem(&self, items: &[String]) -> Option<LocalText> {
        let path = self.path;
        (items.len() > MAX_LIST_ITEMS).then(|| {
            LocalText::new(
                format!("{path} has more than {MAX_LIST_ITEMS} items"),
                format!("{path} a plus de {MAX_LIST_ITEMS} éléments"),
            )
        })
    }
}

impl FactSpec {
    /// Whether it is kept though no rule reads it. Not what is asked of the database for the rules that read it, nor the text: even its
    /// hash tells who has the same text. An approval counts as at hand: while no rule asks for it there is none.
    pub(crate) fn is_at_hand(&self) -> bool {
        let asked =
            self.path.starts_with("history.") || matches!(self.path, "audience.lists" | "audience.tags");
        self.known != Known::OfThePerson && !asked && self.path != MESSAGE_TEXT
    }
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

const fn fact(path: &'static str, doc: &'static str, get: Get) -> FactSpec {
    FactSpec { path, words: &[], doc, known: Known::Always, get }
}

const fn int(path: &'static str, doc: &'static str, get: fn(&Facts) -> i64) -> FactSpec {
    fact(path, doc, Get::Int(get))
}

const fn bool(path: &'static str, doc: &'static str, get: fn(&Facts) -> bool) -> FactSpec {
    fact(path, doc, Get::Bool(get))
}

const fn text(
    path: &'static str,
    words: &'static [&'static str],
    doc: &'static str,
    get: fn(&Facts) -> &str,
) -> FactSpec {
    FactSpec { words, ..fact(path, doc, Get::Text(get)) }
}

const fn list(path: &'static str, doc: &'static str, get: fn(&Facts) -> &[String]) -> FactSpec {
    fact(path, doc, Get::List(get))
}

const fn of_the_whole(fact: FactSpec) -> FactSpec {
    FactSpec { known: Known::OfTheWhole, ..fact }
}

const fn of_the_person(fact: FactSpec) -> FactSpec {
    FactSpec { known: Known::OfThePerson, ..fact }
}

/// The country of the structure.
pub(crate) const REGION: &str = "structure.region";

/// Whether a text is written as a country is: two capital letters.
pub(crate) fn is_region(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase())
}

/// The text of the message: readable by scripts, never quoted nor stored.
pub(crate) const MESSAGE_TEXT: &str = "message.text";

/// The ranges of the integers that are no counts. The others go from 0 up.
const RANGES: &[(&str, i64, i64)] = &[
    ("history.same_text_minutes", 0, NEVER_SENT_MINUTES),
    ("now.year", 1970, 9999),
    ("now.month", 1, 12),
    ("now.day", 1, 31),
    ("now.weekday", 1, 7),
    ("now.hour", 0, 23),
    ("now.minute_of_day", 0, 1_439),
    ("person.last_sent_hours", 0, NEVER_SENT_HOURS),
];

/// Every fact, in the order of the authors' reference.
#[rustfmt::skip]
pub(crate) const TABLE: &[FactSpec] = &[
    text("account.kind", &["ADMIN", "PERSONAL"], "the account that asks", |f| &f.account.kind),
    text("account.permissions.people", ACCESS, "its right on people", |f| &f.account.permissions.people),
    text("account.permissions.communication_sms", ACCESS, "its right on SMS", |f| &f.account.permissions.communication_sms),
    text("account.permissions.credit", ACCESS, "its right on credit", |f| &f.account.permissions.credit),
    text("account.permissions.rules", ACCESS, "its right on rules", |f| &f.account.permissions.rules),
    text("account.permissions.accounts", ACCESS, "its right on accounts", |f| &f.account.permissions.accounts),
    text("account.permissions.settings", ACCESS, "its right on settings", |f| &f.account.permissions.settings),
    text("structure.product", PRODUCTS, "what the structure bought", |f| &f.structure.product),
    text(REGION, &[], "its country, two capital letters", |f| &f.structure.region),
    text("structure.time_zone", &[], "its zone, such as `Europe/Paris`", |f| &f.structure.time_zone),
    bool("subscription.active", "whether the SMS option is in force", |f| f.subscription.active),
    text("subscription.state", &["NONE", "ACTIVE", "SUSPENDED", "EXPIRED"], "its state", |f| &f.subscription.state),
    int("subscription.days_left", "whole days until it ends, 0 when it is not active", |f| f.subscription.days_left),
    bool("settings.configured", "whether SMS sending is set up in full", |f| f.settings.configured),
    text("settings.sender", &[], "the name shown where a message asks for none, empty when none is set", |f| &f.settings.sender),
    list("settings.senders", "the names that the operator lets the structure show", |f| &f.settings.senders),
    FactSpec { words: &["sender", "stop_mention", "provider"], ..list("settings.missing", "what is still to be set up", |f| &f.settings.missing) },
    text(MESSAGE_TEXT, &[], "what was written, without the STOP mention; no message may quote it", |f| &f.message.text),
    of_the_whole(int("message.length", "its length in the units charged, without the STOP mention", |f| f.message.length)),
    of_the_whole(int("message.segments", "SMS that one recipient costs, with the STOP mention", |f| f.message.segments)),
    of_the_whole(text("message.encoding", &["GSM7", "UCS2"], "its alphabet", |f| &f.message.encoding)),
    of_the_whole(int("message.cost", "SMS that the whole send costs", |f| f.message.cost)),
    text("message.purpose", &["INFORMATIONAL", "COMMERCIAL"], "why it is sent", |f| &f.message.purpose),
    text("message.sender", &[], "the name that it shows, spelled as in `settings.senders` when it is one of them; empty when none is set", |f| &f.message.sender),
    bool("message.scheduled", "whether it is to leave later than it is sent", |f| f.message.scheduled),
    int("message.late_minutes", "whole minutes since the hour at which it was to leave; 0 before, and of one that leaves at once", |f| f.message.late_minutes),
    of_the_whole(bool("message.approved", "whether another account, which may send too, approved this very message: the same text, people, sender, purpose and hour, at no higher cost", |f| f.message.approved)),
    of_the_whole(int("audience.person_count", "people selected", |f| f.audience.person_count)),
    of_the_whole(int("audience.message_count", "numbers that will receive it", |f| f.audience.message_count)),
    of_the_whole(int("audience.excluded_count", "people selected whom it will not reach", |f| f.audience.excluded_count)),
    of_the_whole(int("audience.empty_field_count", "messages in which some merge field says nothing, with nothing in its place", |f| f.audience.empty_field_count)),
    of_the_whole(list("audience.lists", "the lists it was addressed to, by name", |f| &f.audience.lists)),
    of_the_whole(list("audience.tags", "the tags it was addressed to, by name", |f| &f.audience.tags)),
    of_the_whole(int("credit.balance", "SMS that can still be spent, what is reserved already taken off", |f| f.credit.balance)),
    of_the_whole(int("credit.reserved", "SMS held for sends under way", |f| f.credit.reserved)),
    of_the_whole(int("history.sent_today", "SMS that the structure's sends cost on the day the message leaves, in its zone", |f| f.history.sent_today)),
    of_the_whole(int("history.sent_this_month", "SMS that they cost in that month", |f| f.history.sent_this_month)),
    of_the_whole(int("history.same_text_minutes", "whole minutes between the message and the nearest other send of this very text; 52560000 when there is none", |f| f.history.same_text_minutes)),
    int("now.year", "year, in the structure's zone", |f| f.now.year),
    int("now.month", "month", |f| f.now.month),
    int("now.day", "day of the month", |f| f.now.day),
    int("now.weekday", "1 is Monday, 7 is Sunday", |f| f.now.weekday),
    int("now.hour", "hour", |f| f.now.hour),
    int("now.minute_of_day", "minutes since midnight", |f| f.now.minute_of_day),
    bool("now.public_holiday", "whether it is a public holiday where the structure is", |f| f.now.public_holiday),
    of_the_person(text("person.sex", SEXES, "the sex of the person", |f| &f.person.sex)),
    of_the_person(list("person.tags", "their tags", |f| &f.person.tags)),
    of_the_person(list("person.lists", "the lists they are on", |f| &f.person.lists)),
    of_the_person(int("person.sent_today", "SMS sent to them on the day the message leaves, in the structure's zone", |f| f.person.sent_today)),
    of_the_person(int("person.last_sent_hours", "whole hours between the message and the nearest other SMS to them; 876000 when there is none within 31 days", |f| f.person.last_sent_hours)),
    of_the_person(bool("person.commercial_consent", "whether they agreed to commercial messages", |f| f.person.commercial_consent)),
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
        let kind = match fact.range() {
            Some(_) => fact.holds(Lang::En),
            None => fact.kind().name(Lang::En).to_owned(),
        };
        format!("{table}| `{}` | {kind} | {}{among}{known} |\n", fact.path, fact.doc)
    })
}
