//! Owns what scripts may call, and how they read facts.
//!
//! A script starts from a group (`message`, `params`); the group answers the fact or the parameter of that name.
//! Invariant: everything here is pure, takes typed arguments, and answers with an error rather than a guess.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Position};

use crate::facts::{self, FactSpec, Facts, Get};
use crate::params::ParamValue;
use crate::text::{Lang, LocalText};
use crate::types::Type;

/// What one run of a script may read. Parameters are complete and within their bounds.
#[derive(Debug)]
pub(crate) struct Run {
    pub facts: Arc<Facts>,
    pub params: BTreeMap<String, ParamValue>,
}

/// A group of facts or of parameters, as scripts hold it on the way to a value.
#[derive(Clone)]
pub(crate) struct Group {
    run: Arc<Run>,
    path: &'static str,
}

/// What stands under a name in a group.
enum Member {
    Fact(&'static FactSpec),
    Group(&'static str),
}

/// The members of every group, by its path and their name.
static MEMBERS: LazyLock<HashMap<&str, HashMap<&str, Member>>> = LazyLock::new(|| {
    let mut members: HashMap<&str, HashMap<&str, Member>> = HashMap::new();
    for fact in facts::TABLE {
        let (mut path, mut member) = (fact.path, Member::Fact(fact));
        while let Some((group, name)) = path.rsplit_once('.') {
            members.entry(group).or_default().insert(name, member);
            (path, member) = (group, Member::Group(group));
        }
    }
    members.entry(PARAMS).or_default();
    members
});

/// The group of the parameters.
const PARAMS: &str = "params";

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
    /// For the authors' reference.
    pub doc: &'static str,
}

const fn signature(name: &'static str, takes: &'static [Type], gives: Type, doc: &'static str) -> Signature {
    Signature { name, takes, gives, doc }
}

/// Every function, `verdict` left aside: its argument is one of the manifest's codes, written out.
#[rustfmt::skip]
pub(crate) const FUNCTIONS: &[Signature] = &[
    signature("pass", &[], Type::Answer, "all is well"),
    signature("contains", &[Type::Text, Type::Text], Type::Bool, "whether the first holds the second; also written `second in first`"),
    signature("contains", &[Type::TextList, Type::Text], Type::Bool, "whether it is an item; also written `item in list`"),
    signature("contains", &[Type::IntList, Type::Int], Type::Bool, "whether it is an item; also written `item in list`"),
    signature("contains_any", &[Type::Text, Type::TextList], Type::Bool, "whether the text holds one of the items"),
    signature("starts_with", &[Type::Text, Type::Text], Type::Bool, "whether the first begins with the second"),
    signature("ends_with", &[Type::Text, Type::Text], Type::Bool, "whether the first ends with the second"),
    signature("to_lower", &[Type::Text], Type::Text, "the same in small letters"),
    signature("to_lower", &[Type::TextList], Type::TextList, "each item in small letters"),
    signature("len", &[Type::Text], Type::Int, "its characters"),
    signature("len", &[Type::TextList], Type::Int, "its items"),
    signature("min", &[Type::Int, Type::Int], Type::Int, "the lesser"),
    signature("max", &[Type::Int, Type::Int], Type::Int, "the greater"),
];

/// The authors' reference: every function with what it takes, gives and does, as a Markdown table.
#[must_use]
pub fn functions_reference() -> String {
    let head = "| function | takes | gives | what it does |\n| --- | --- | --- | --- |\n".to_owned();
    let verdict =
        format!("| `{VERDICT}` | a code of the manifest, written out | a verdict | answers that code |\n");
    let listed = |takes: &[Type]| match takes {
        [] => "nothing".to_owned(),
        takes => takes.iter().map(|kind| kind.name(Lang::En)).collect::<Vec<_>>().join(", "),
    };
    FUNCTIONS.iter().fold(format!("{head}{verdict}"), |table, known| {
        let (takes, gives) = (listed(known.takes), known.gives.name(Lang::En));
        format!("{table}| `{}` | {takes} | {gives} | {} |\n", known.name, known.doc)
    })
}

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
        .register_fn("contains_any", |text: ImmutableString, parts: Array| {
            parts
                .iter()
                .filter_map(Dynamic::read_lock::<ImmutableString>)
                .any(|part| text.contains(part.as_str()))
        })
        .register_fn("starts_with", |text: ImmutableString, part: ImmutableString| {
            text.starts_with(part.as_str())
        })
        .register_fn("ends_with", |text: ImmutableString, part: ImmutableString| {
            text.ends_with(part.as_str())
        })
        .register_fn("to_lower", |text: ImmutableString| text.to_lowercase())
        .register_fn("to_lower", |list: Array| -> Array {
            let lower = |item: &Dynamic| {
                item.read_lock::<ImmutableString>()
                    .map_or_else(|| item.clone(), |text| text.to_lowercase().into())
            };
            list.iter().map(lower).collect()
        })
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
    MEMBERS.get_key_value(name).map(|(path, _)| Group { run: Arc::clone(run), path })
}

/// The fact, the parameter or the group within a group.
fn member(group: &Group, name: &str) -> Result<Dynamic, Box<EvalAltResult>> {
    if group.path == PARAMS {
        return match group.run.params.get(name) {
            Some(ParamValue::Int(number) | ParamValue::Time(number)) => Ok((*number).into()),
            Some(ParamValue::Bool(flag)) => Ok((*flag).into()),
            Some(ParamValue::String(text)) => Ok(text.as_str().into()),
            Some(ParamValue::List(items)) => Ok(list(items)),
            None => Err(failure(LocalText::new(
                format!("the parameter {name:?} has no value"),
                format!("le paramètre {name:?} n’a pas de valeur"),
            ))
            .into()),
        };
    }
    match MEMBERS.get(group.path).and_then(|members| members.get(name)) {
        Some(Member::Fact(fact)) => value(fact, &group.run.facts),
        Some(Member::Group(path)) => Ok(Dynamic::from(Group { run: Arc::clone(&group.run), path })),
        None => {
            let path = format!("{}.{name}", group.path);
            let (en, fr) = (format!("there is no fact {path:?}"), format!("il n’existe aucun fait {path:?}"));
            Err(failure(LocalText::new(en, fr)).into())
        }
    }
}

/// A fact's value for scripts, refused when it is not what the table promises.
fn value(fact: &FactSpec, facts: &Facts) -> Result<Dynamic, Box<EvalAltResult>> {
    let (value, problem) = match fact.get {
        Get::Bool(get) => return Ok(get(facts).into()),
        Get::Int(get) => return Ok(get(facts).into()),
        Get::Text(get) => (get(facts).into(), fact.text_problem(get(facts))),
        Get::List(get) => (list(get(facts)), fact.list_problem(get(facts))),
    };
    problem.map_or(Ok(value), |problem| Err(failure(problem).into()))
}

fn list(items: &[String]) -> Dynamic {
    Dynamic::from_array(items.iter().map(|item| item.as_str().into()).collect())
}

/// An error of ours, which keeps its two languages through the interpreter.
pub(crate) fn failure(reason: LocalText) -> EvalAltResult {
    EvalAltResult::ErrorRuntime(Dynamic::from(reason), Position::NONE)
}
