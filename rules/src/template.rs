//! Owns the messages of rules: texts with placeholders.
//!
//! A placeholder is `{name}` or `{name - name}`, where a name is a fact or a parameter and a difference takes two integers.
//! Invariant: the text of the message being sent is never quoted, so that no stored verdict holds it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::facts::{Facts, MESSAGE_TEXT, Value};
use crate::names::{Names, Reference, UnknownName, resolve};
use crate::params::{ParamKind, ParamValue};
use crate::text::{Lang, LocalText};
use crate::types::Type;

/// A message, its placeholders checked.
#[derive(Clone)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Clone)]
enum Piece {
    Text(String),
    Value(Reference),
    Difference(Reference, Reference),
}

impl Template {
    /// Reads a message and checks its placeholders.
    pub(crate) fn parse(text: &str, names: Names<'_>) -> Result<Self, UnknownName> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            let inside = from.strip_prefix('{').and_then(|from| from.split_once('}'));
            let Some((inside, after)) = inside.filter(|(inside, _)| !inside.contains('{')) else {
                return Err(wrong(
                    "a brace is not closed or not opened",
                    "une accolade n’est pas fermée ou pas ouverte",
                ));
            };
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(placeholder(inside, names)?);
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    /// The facts that its placeholders read.
    pub(crate) fn facts(&self) -> impl Iterator<Item = &'static str> {
        self.references().filter_map(|reference| match reference {
            Reference::Fact(fact) => Some(fact.path),
            Reference::Param(..) => None,
        })
    }

    /// The parameters that its placeholders read.
    pub(crate) fn params(&self) -> impl Iterator<Item = &str> {
        self.references().filter_map(|reference| match reference {
            Reference::Fact(_) => None,
            Reference::Param(name, _) => Some(name.as_str()),
        })
    }

    fn references(&self) -> impl Iterator<Item = &Reference> {
        self.0
            .iter()
            .flat_map(|piece| match piece {
                Piece::Text(_) => [None, None],
                Piece::Value(name) => [Some(name), None],
                Piece::Difference(left, right) => [Some(left), Some(right)],
            })
            .flatten()
    }

    /// The message, its placeholders filled in.
    pub(crate) fn render(&self, lang: Lang, facts: &Facts, params: &BTreeMap<String, ParamValue>) -> String {
        let mut message = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => message.push_str(text),
                Piece::Value(name) => message.push_str(&shown(name, lang, facts, params)),
                Piece::Difference(left, right) => {
                    let difference = number(left, facts, params).saturating_sub(number(right, facts, params));
                    write!(message, "{difference}").expect("writing to a string cannot fail: invariant");
                }
            }
        }
        message
    }
}

fn wrong(en: &str, fr: &str) -> UnknownName {
    let hint = LocalText::new(
        "a placeholder is {fact}, {params.name} or {name - name}",
        "une variable s’écrit {fait}, {params.nom} ou {nom - nom}",
    );
    UnknownName { reason: LocalText::new(en, fr), hint: Some(hint) }
}

fn placeholder(inside: &str, names: Names<'_>) -> Result<Piece, UnknownName> {
    let Some((left, right)) = inside.split_once(" - ") else {
        return Ok(Piece::Value(quotable(inside, names)?));
    };
    let (left, right) = (quotable(left.trim(), names)?, quotable(right.trim(), names)?);
    let is_number = |name: &Reference| {
        name.script_type() == Type::Int && !matches!(name, Reference::Param(_, ParamKind::Time))
    };
    if is_number(&left) && is_number(&right) {
        Ok(Piece::Difference(left, right))
    } else {
        Err(wrong("a difference takes two integers", "une différence se fait entre deux entiers"))
    }
}

fn quotable(path: &str, names: Names<'_>) -> Result<Reference, UnknownName> {
    if path == MESSAGE_TEXT {
        return Err(wrong(
            "the text of the message cannot be quoted",
            "le texte du message ne peut pas être cité",
        ));
    }
    resolve(path, names)
}

fn number(name: &Reference, facts: &Facts, params: &BTreeMap<String, ParamValue>) -> i64 {
    match name {
        Reference::Fact(fact) => match fact.value(facts) {
            Value::Int(number) => number,
            _ => 0,
        },
        Reference::Param(name, _) => match params.get(name) {
            Some(ParamValue::Int(number)) => *number,
            _ => 0,
        },
    }
}

fn shown(name: &Reference, lang: Lang, facts: &Facts, params: &BTreeMap<String, ParamValue>) -> String {
    match name {
        Reference::Fact(fact) => match fact.value(facts) {
            Value::Bool(flag) => yes_or_no(flag, lang),
            Value::Int(number) => number.to_string(),
            Value::Text(text) => text,
            Value::List(items) => enumeration(items.iter().map(|item| word(fact.path, item, lang)), lang),
        },
        Reference::Param(name, _) => match params.get(name) {
            Some(ParamValue::Bool(flag)) => yes_or_no(*flag, lang),
            Some(ParamValue::List(items)) => enumeration(items.iter().map(String::as_str), lang),
            Some(value) => value.to_string(),
            None => String::new(),
        },
    }
}

fn yes_or_no(flag: bool, lang: Lang) -> String {
    let word = match (flag, lang) {
        (true, Lang::En) => "yes",
        (true, Lang::Fr) => "oui",
        (false, Lang::En) => "no",
        (false, Lang::Fr) => "non",
    };
    word.to_owned()
}

/// `a, b and c`.
fn enumeration<'a>(items: impl Iterator<Item = &'a str>, lang: Lang) -> String {
    let and = match lang {
        Lang::En => " and ",
        Lang::Fr => " et ",
    };
    let items: Vec<&str> = items.collect();
    match items.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{}{and}{last}", others.join(", ")),
        None => String::new(),
    }
}

/// A word of an enumerated fact, as users read it.
fn word<'a>(path: &str, item: &'a str, lang: Lang) -> &'a str {
    match (path, item, lang) {
        ("settings.missing", "sender", Lang::En) => "the sender",
        ("settings.missing", "sender", Lang::Fr) => "l’expéditeur",
        ("settings.missing", "stop_mention", Lang::En) => "the STOP mention",
        ("settings.missing", "stop_mention", Lang::Fr) => "la mention STOP",
        ("settings.missing", "provider", Lang::En) => "an SMS provider available on this server",
        ("settings.missing", "provider", Lang::Fr) => "un prestataire d’envoi disponible sur ce serveur",
        _ => item,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Params;
    use crate::params::ParamSpec;

    fn params() -> Params {
        let spec = |kind, default| ParamSpec {
            kind,
            default,
            min: None,
            max: None,
            options: None,
            above: None,
            title: LocalText::new("Limit", "Limite"),
        };
        Params::from([
            ("max_length".to_owned(), spec(ParamKind::Int, ParamValue::Int(149))),
            ("from".to_owned(), spec(ParamKind::Time, ParamValue::Time(480))),
        ])
    }

    fn render(text: &str, lang: Lang, facts: &Facts) -> String {
        let values = params().into_iter().map(|(name, spec)| (name, spec.default)).collect();
        Template::parse(text, Names { params: &params(), recipient: false })
            .expect("checked: the placeholders are good")
            .render(lang, facts, &values)
    }

    #[test]
    fn values_and_differences_are_filled_in() {
        let mut facts = Facts::default();
        facts.message.length = 161;
        let text =
            "{message.length}/{params.max_length}: {message.length - params.max_length}, {params.from}";
        assert_eq!(render(text, Lang::En, &facts), "161/149: 12, 08:00");
    }

    #[test]
    fn lists_and_booleans_are_written_in_the_language() {
        let mut facts = Facts::default();
        facts.settings.missing = ["sender", "stop_mention", "provider"].map(str::to_owned).to_vec();
        let text = "{settings.missing} {settings.configured}";
        assert_eq!(
            render(text, Lang::En, &facts),
            "the sender, the STOP mention and an SMS provider available on this server yes"
        );
        assert_eq!(
            render(text, Lang::Fr, &facts),
            "l’expéditeur, la mention STOP et un prestataire d’envoi disponible sur ce serveur oui"
        );
    }

    #[test]
    fn bad_placeholders_are_refused() {
        let bad = [
            "{message.lenght}",
            "{params.keep}",
            "{message.text}",
            "{person.sex}",
            "{message}",
            "{}",
            "{a",
            "a}",
            "{{message.length}}",
            "{message.length + 1}",
            "{message.length - settings.sender}",
            "{message.length - params.from}",
            "{message.length - message.cost - message.cost}",
        ];
        for text in bad {
            let names = Names { params: &params(), recipient: false };
            assert!(Template::parse(text, names).is_err(), "{text}");
        }
    }
}
