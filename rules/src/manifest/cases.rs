//! Checks the cases of a manifest: facts that exist, parameters within their bounds, codes that are declared.

use std::collections::BTreeMap;

use serde::Deserialize as _;
use toml::Table;
use toml::de::{DeTable, Deserializer};

use super::keys::Keys;
use super::read::{RawCase, check_text};
use super::reader::{Reader, param_value};
use super::toml_words::unreadable;
use super::{Case, CodeSpec};
use crate::error::{Diagnostic, Place};
use crate::facts::{self, Facts, REGION, is_region};
use crate::names::{Params, fact, hint, param};
use crate::params::{ParamError, ParamSpec, put_in_order};
use crate::text::{Lang, LocalText};
use crate::types::Type;
use crate::verdict::PASS;

const MINUTES_OF_AN_HOUR: i64 = 60;

/// Facts written as those of a case: tables of TOML, what is not named having its reference value.
///
/// # Errors
/// Every problem found, with its place.
pub fn read_facts(text: &str) -> Result<Facts, Vec<Diagnostic>> {
    lay_over(&Facts::default(), text)
}

/// The same, what is not named being as it is in those facts.
///
/// # Errors
/// As [`read_facts`].
pub fn lay_over(facts: &Facts, text: &str) -> Result<Facts, Vec<Diagnostic>> {
    check_text(text).map_err(|problem| vec![problem])?;
    let (en, fr) = ("the facts cannot be read", "les faits ne peuvent pas être lus");
    let refused = |error: &toml::de::Error| vec![unreadable(text, error, en, fr)];
    let table = DeTable::parse(text).map_err(|error| refused(&error))?;
    let keys = Keys::of(table.get_ref());
    let given = Table::deserialize(Deserializer::from(table)).map_err(|error| refused(&error))?;
    let mut reader = Reader::new(text, keys);
    let facts = reader.facts_over(facts, "", ("", Place::default()), &given);
    facts.filter(|_| reader.problems.is_empty()).ok_or(reader.problems)
}

impl Reader<'_> {
    pub(super) fn case(
        &mut self,
        number: usize,
        place: Place,
        raw: RawCase,
        params: &Params,
        codes: &BTreeMap<String, CodeSpec>,
    ) -> Option<Case> {
        let key = format!("cases[{number}]");
        let before = self.problems.len();
        if raw.verdict != PASS && !codes.contains_key(&raw.verdict) {
            let reason = LocalText::new(
                format!("{:?} is neither PASS nor a declared code", raw.verdict),
                format!("{:?} n’est ni PASS ni un code déclaré", raw.verdict),
            );
            let hint = hint(&raw.verdict, codes.keys().map(String::as_str));
            self.problem(self.within(place, &format!("{key}.verdict")), &key, &reason, hint);
        }
        let mut values = BTreeMap::new();
        for (name, value) in raw.params {
            match param(&name, params) {
                Ok(spec) => {
                    let given = param_value(spec.kind, &value);
                    let given = given.ok_or(ParamError::WrongKind { expected: spec.kind });
                    match given.and_then(|value| spec.check(&value).map(|()| value)) {
                        Ok(value) => {
                            values.insert(name, value);
                        }
                        Err(error) => self.wrong_param(&key, place, &name, &error),
                    }
                }
                Err(unknown) => {
                    let place = self.within(place, &format!("{key}.params.{name}"));
                    self.problem(place, &key, &unknown.reason, unknown.hint);
                }
            }
        }
        let in_order = put_in_order(params, &values, |name| values.contains_key(name));
        if let (Err((name, error)), true) = (in_order, self.ordered) {
            self.wrong_param(&key, place, name, &error);
        }
        let facts = self.facts_over(&Facts::default(), &format!("{key}.facts."), (&key, place), &raw.facts);
        let sound = self.problems.len() == before;
        facts.filter(|_| sound).map(|facts| Case { facts, params: values, verdict: raw.verdict })
    }

    fn wrong_param(&mut self, key: &str, place: Place, name: &str, error: &ParamError) {
        let reason = error.text();
        let reason = LocalText::new(format!("{name}: {}", reason.en), format!("{name} : {}", reason.fr));
        self.problem(self.within(place, &format!("{key}.params.{name}")), key, &reason, None);
    }

    /// Two cases that give the same facts and parameters expect the same verdict. Those that could not be read are noted already, and no
    /// others are looked at beside them.
    pub(super) fn contradictions(&mut self, cases: &[Case], places: &[Place], params: &Params) {
        if !self.problems.is_empty() {
            return;
        }
        let value = |case: &'_ Case, name: &str, spec: &ParamSpec| {
            case.params.get(name).unwrap_or(&spec.default).clone()
        };
        let same = |one: &Case, other: &Case| {
            one.facts == other.facts
                && params.iter().all(|(name, spec)| value(one, name, spec) == value(other, name, spec))
        };
        for (number, (case, place)) in cases.iter().zip(places).enumerate() {
            let before = cases.iter().take(number).enumerate();
            let against =
                before.into_iter().find(|(_, other)| case.verdict != other.verdict && same(case, other));
            if let Some((other, against)) = against {
                let (one, other) = (number + 1, other + 1);
                let (wanted, before) = (&case.verdict, &against.verdict);
                let reason = LocalText::new(
                    format!(
                        "{wanted} is expected, and cases[{other}] expects {before} of the same facts and parameters"
                    ),
                    format!(
                        "{wanted} est attendu, et cases[{other}] attend {before} des mêmes faits et paramètres"
                    ),
                );
                self.problem(*place, &format!("cases[{one}]"), &reason, None);
            }
        }
    }

    /// Facts, with those that are given under `within` set over them; problems are told of `key`, and stand at that place where their own
    /// key has none.
    fn facts_over(
        &mut self,
        facts: &Facts,
        within: &str,
        (key, place): (&str, Place),
        given: &Table,
    ) -> Option<Facts> {
        let before = self.problems.len();
        let mut facts = serde_json::to_value(facts).expect("invariant: facts are plain data");
        self.set_facts((key, place), (within, ""), given, &mut facts);
        if self.problems.len() == before {
            self.set_hour((key, place), within, given, &mut facts);
        }
        let facts = serde_json::from_value(facts).ok();
        self.require(
            facts.is_some(),
            place,
            key,
            "facts are nested tables: { message = { cost = 2 } }",
            "les faits sont des tables imbriquées : { message = { cost = 2 } }",
        );
        facts
    }

    fn set_facts(
        &mut self,
        (key, place): (&str, Place),
        (within, group): (&str, &str),
        given: &Table,
        into: &mut serde_json::Value,
    ) {
        for (name, value) in given {
            let path = format!("{group}{name}");
            if let (toml::Value::Table(inner), true) = (value, facts::find(&path).is_none()) {
                let inner_group = format!("{path}.");
                if facts::TABLE.iter().any(|fact| fact.path.starts_with(&inner_group)) {
                    let into = &mut into[name.as_str()];
                    self.set_facts((key, place), (within, &inner_group), inner, into);
                    continue;
                }
            }
            let place = self.within(place, &format!("{within}{path}"));
            match fact(&path).map(|fact| fact_value(fact, value)) {
                Ok(Some(value)) => into[name.as_str()] = value,
                Ok(None) => {
                    let reason = LocalText::new(
                        format!("{path} cannot hold that value"),
                        format!("{path} ne peut pas avoir cette valeur"),
                    );
                    self.problem(place, key, &reason, facts::find(&path).map(holds));
                }
                Err(unknown) => self.problem(place, key, &unknown.reason, unknown.hint),
            }
        }
    }

    /// The hour and the minute of the day are of one moment: the one that is not given follows the other.
    fn set_hour(
        &mut self,
        (key, place): (&str, Place),
        within: &str,
        given: &Table,
        into: &mut serde_json::Value,
    ) {
        let given = |name: &str| given.get("now")?.get(name)?.as_integer();
        match (given("hour"), given("minute_of_day")) {
            (None, None) => {}
            (Some(hour), None) => into["now"]["minute_of_day"] = (hour * MINUTES_OF_AN_HOUR).into(),
            (None, Some(minute)) => into["now"]["hour"] = (minute / MINUTES_OF_AN_HOUR).into(),
            (Some(hour), Some(minute)) if minute / MINUTES_OF_AN_HOUR == hour => {}
            (Some(hour), Some(minute)) => {
                let of = minute / MINUTES_OF_AN_HOUR;
                let reason = LocalText::new(
                    format!("now.hour is {hour}, and now.minute_of_day {minute} is in the hour {of}"),
                    format!("now.hour vaut {hour}, et now.minute_of_day {minute} est dans l’heure {of}"),
                );
                let hint = LocalText::new(
                    "give one of them: the other follows",
                    "donnez l’un des deux : l’autre suit",
                );
                let place = self.within(place, &format!("{within}now.minute_of_day"));
                self.problem(place, key, &reason, Some(hint));
            }
        }
    }
}

/// What the fact can hold, as advice.
fn holds(fact: &facts::FactSpec) -> LocalText {
    LocalText::new(format!("it is {}", fact.holds(Lang::En)), format!("c’est {}", fact.holds(Lang::Fr)))
}

/// A value of a manifest, as the fact holds it.
fn fact_value(fact: &facts::FactSpec, value: &toml::Value) -> Option<serde_json::Value> {
    let known = |word: &str| {
        (fact.words.is_empty() || fact.words.contains(&word)) && (fact.path != REGION || is_region(word))
    };
    let within = |number: i64| fact.range().is_none_or(|(least, most)| (least..=most).contains(&number));
    match (fact.kind(), value) {
        (Type::Bool, toml::Value::Boolean(flag)) => Some((*flag).into()),
        (Type::Int, toml::Value::Integer(number)) if within(*number) => Some((*number).into()),
        (Type::Text, toml::Value::String(text)) if known(text) => Some(text.as_str().into()),
        (Type::TextList, toml::Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().filter(|item| known(item)))
            .collect::<Option<Vec<_>>>()
            .map(Into::into),
        _ => None,
    }
}
