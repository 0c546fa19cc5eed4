//! Owns what scripts may call, and how they read facts.
//!
//! A script starts from a group (`message`, `params`); the group answers the fact or the parameter of that name.
//! Invariant: everything here is pure, takes typed arguments, and answers with an error rather than a guess.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Position};

use crate::facts::{self, Facts, Value};
use crate::limits::{MAX_LIST_ITEMS, MAX_TEXT_BYTES};
use crate::params::ParamValue;
use crate::text::LocalText;
use crate::types::Type;

/// What one run of a script may read. Parameters are complete and within their bounds.
pub(crate) struct Run {
    pub facts: Arc<Facts>,
    pub params: BTreeMap<String, ParamValue>,
}

/// A group of facts or of parameters, as scripts hold it on the way to a value.
#[derive(Clone)]
pub(crate) struct Group {
    run: Arc<Run>,
    path: String,
}

/// What a script answers when it does not answer a boolean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Pass,
    Code(String),
}

/// A function that scripts may call, also as a method of its first argument.
pub(crate) struct Signature {
    pub name: &'static str,
    pub takes: &'static [Type],
    pub gives: Type,
}

const fn signature(name: &'static str, takes: &'static [Type], gives: Type) -> Signature {
    Signature { name, takes, gives }
}

/// Every function, `verdict` left aside: its argument is one of the manifest's codes, written out.
pub(crate) const FUNCTIONS: &[Signature] = &[
    signature("pass", &[], Type::Answer),
    signature("contains", &[Type::Text, Type::Text], Type::Bool),
    signature("contains", &[Type::TextList, Type::Text], Type::Bool),
    signature("contains", &[Type::IntList, Type::Int], Type::Bool),
    signature("starts_with", &[Type::Text, Type::Text], Type::Bool),
    signature("ends_with", &[Type::Text, Type::Text], Type::Bool),
    signature("to_lower", &[Type::Text], Type::Text),
    signature("len", &[Type::Text], Type::Int),
    signature("len", &[Type::TextList], Type::Int),
    signature("min", &[Type::Int, Type::Int], Type::Int),
    signature("max", &[Type::Int, Type::Int], Type::Int),
];

/// The function by which a script answers a code.
pub(crate) const VERDICT: &str = "verdict";

/// Gives an engine the functions above, groups, and the two unary operators it has not of itself.
pub(crate) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<Group>("group")
        .register_indexer_get(|group: &mut Group, name: ImmutableString| member(group, &name))
        .register_type_with_name::<Answer>("answer")
        .register_fn("pass", || Answer::Pass)
        .register_fn(VERDICT, |code: ImmutableString| Answer::Code(code.into_owned()))
        .register_fn("contains", |text: ImmutableString, part: ImmutableString| text.contains(part.as_str()))
        .register_fn("contains", |list: Array, item: ImmutableString| {
            list.iter().any(|other| other.read_lock::<ImmutableString>().is_some_and(|other| *other == item))
        })
        .register_fn("contains", |list: Array, item: i64| list.iter().any(|other| other.as_int() == Ok(item)))
        .register_fn("starts_with", |text: ImmutableString, part: ImmutableString| {
            text.starts_with(part.as_str())
        })
        .register_fn("ends_with", |text: ImmutableString, part: ImmutableString| {
            text.ends_with(part.as_str())
        })
        .register_fn("to_lower", |text: ImmutableString| text.to_lowercase())
        .register_fn("len", |text: ImmutableString| count(text.chars().count()))
        .register_fn("len", |list: Array| count(list.len()))
        .register_fn("min", |a: i64, b: i64| a.min(b))
        .register_fn("max", |a: i64, b: i64| a.max(b))
        .register_fn("!", |flag: bool| !flag)
        .register_fn("-", |number: i64| {
            number.checked_neg().ok_or_else(|| {
                Box::new(EvalAltResult::ErrorArithmetic("negation".to_owned(), Position::NONE))
            })
        });
}

fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

/// The group of that name for this run, when there is one.
pub(crate) fn group(run: &Arc<Run>, name: &str) -> Option<Group> {
    let known = name == "params" || facts::groups().any(|group| group == name);
    known.then(|| Group { run: Arc::clone(run), path: name.to_owned() })
}

/// The fact, the parameter or the group within a group.
fn member(group: &Group, name: &str) -> Result<Dynamic, Box<EvalAltResult>> {
    if group.path == "params" {
        return match group.run.params.get(name) {
            Some(ParamValue::Int(number) | ParamValue::Time(number)) => Ok((*number).into()),
            Some(ParamValue::Bool(flag)) => Ok((*flag).into()),
            Some(ParamValue::String(text)) => Ok(text.as_str().into()),
            Some(ParamValue::List(items)) => Ok(list(items)),
            None => Err(failure(
                format!("the parameter {name:?} has no value"),
                format!("le paramètre {name:?} n’a pas de valeur"),
            )
            .into()),
        };
    }
    let path = format!("{}.{name}", group.path);
    if let Some(fact) = facts::find(&path) {
        return value(fact, (fact.get)(&group.run.facts));
    }
    let inner = format!("{path}.");
    if facts::TABLE.iter().any(|fact| fact.path.starts_with(&inner)) {
        return Ok(Dynamic::from(Group { run: Arc::clone(&group.run), path }));
    }
    Err(failure(format!("there is no fact {path:?}"), format!("il n’existe aucun fait {path:?}")).into())
}

/// A fact's value for scripts, refused when it is not what the table promises.
fn value(fact: &facts::FactSpec, value: Value) -> Result<Dynamic, Box<EvalAltResult>> {
    let path = fact.path;
    match value {
        Value::Bool(flag) => Ok(flag.into()),
        Value::Int(number) => Ok(number.into()),
        Value::Text(text) if text.len() > MAX_TEXT_BYTES => Err(failure(
            format!("{path} is longer than {MAX_TEXT_BYTES} bytes"),
            format!("{path} dépasse {MAX_TEXT_BYTES} octets"),
        )
        .into()),
        Value::Text(text) if !fact.words.is_empty() && !fact.words.contains(&text.as_str()) => Err(failure(
            format!("{path} holds a word that rules do not know"),
            format!("{path} contient un mot que les règles ne connaissent pas"),
        )
        .into()),
        Value::Text(text) => Ok(text.into()),
        Value::List(items) if items.len() > MAX_LIST_ITEMS => Err(failure(
            format!("{path} has more than {MAX_LIST_ITEMS} items"),
            format!("{path} a plus de {MAX_LIST_ITEMS} éléments"),
        )
        .into()),
        Value::List(items) => Ok(list(&items)),
    }
}

fn list(items: &[String]) -> Dynamic {
    Dynamic::from_array(items.iter().map(|item| item.as_str().into()).collect())
}

/// An error of ours, which keeps its two languages through the interpreter.
pub(crate) fn failure(en: impl Into<String>, fr: impl Into<String>) -> EvalAltResult {
    EvalAltResult::ErrorRuntime(Dynamic::from(LocalText::new(en, fr)), Position::NONE)
}
