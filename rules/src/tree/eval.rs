//! Runs a typed tree on facts.
//!
//! It answers what the interpreter answers, and fails where it fails. Invariant: it changes nothing, reads nothing but the facts and the
//! parameters it was given, and never panics.

use std::borrow::Cow;

mod lists;

use super::trace::{Seen, Tracer};
use super::{Answer, Arithmetic, Bool, Int, Node, Pair, Root, Sameness, TextTest, Tree, What};
use crate::error::{Fault, Place};
use crate::facts::Facts;
use crate::params::ParamValue;

/// A value, or why there is none.
pub(crate) type Eval<V> = Result<V, Box<Fault>>;

/// What a tree answered: a code, or nothing where all is well.
pub(crate) type Answered<'a> = Option<&'a str>;

/// What one run reads, and who looks on.
pub(crate) struct Machine<'a, T> {
    pub facts: &'a Facts,
    /// The value of every parameter that the manifest declares, in the order of their names.
    pub params: &'a [ParamValue],
    pub tracer: T,
}

/// A kind of value, and what gives one.
pub(crate) trait Kind: Sized {
    type Value<'a>;

    fn eval<'a, T: Tracer>(&'a self, at: Place, machine: &mut Machine<'a, T>) -> Eval<Self::Value<'a>>;

    /// As its author knows it: the fact, the operator, the function.
    fn label(&self) -> Cow<'_, str>;

    /// Its value, for whoever reads a trace.
    fn seen(value: &Self::Value<'_>) -> Seen;

    /// Whether it holds the text of the message, which nobody is shown.
    fn is_secret(&self) -> bool {
        false
    }
}

impl Tree {
    /// Runs the tree.
    pub(crate) fn run<'a, T: Tracer>(&'a self, machine: &mut Machine<'a, T>) -> Eval<Answered<'a>> {
        match &self.root {
            Root::Holds(node, code) => Ok(if machine.node(node)? { None } else { Some(code) }),
            Root::Says(node) => machine.node(node),
        }
    }
}

impl<K: Kind> Node<K> {
    pub(super) fn is_secret(&self) -> bool {
        match &self.what {
            What::Is(kind) => kind.is_secret(),
            What::If(choice) => choice.then.is_secret() || choice.otherwise.is_secret(),
        }
    }
}

impl<'a, T: Tracer> Machine<'a, T> {
    /// The value of one part.
    pub(crate) fn node<K: Kind>(&mut self, node: &'a Node<K>) -> Eval<K::Value<'a>> {
        self.tracer.enter();
        let value = match &node.what {
            What::Is(kind) => kind.eval(node.at, self),
            What::If(choice) => self
                .node(&choice.condition)
                .and_then(|holds| self.node(if holds { &choice.then } else { &choice.otherwise })),
        };
        self.tracer.leave(node, &value);
        value
    }

    fn pair<A: Kind, B: Kind>(&mut self, pair: &'a Pair<A, B>) -> Eval<(A::Value<'a>, B::Value<'a>)> {
        Ok((self.node(&pair.0)?, self.node(&pair.1)?))
    }

    fn until(&mut self, parts: &'a [Node<Bool>], last: bool) -> Eval<bool> {
        for part in parts {
            if self.node(part)? == last {
                return Ok(last);
            }
        }
        Ok(!last)
    }

    fn param(&self, slot: usize) -> &'a ParamValue {
        &self.params[slot]
    }
}

/// A parameter that is not of the kind that its manifest declares: none reaches a run.
fn misplaced() -> Fault {
    Fault::new("a parameter is of another type", "un paramètre est d’un autre type")
}

impl Kind for Bool {
    type Value<'a> = bool;

    fn eval<'a, T: Tracer>(&'a self, _: Place, machine: &mut Machine<'a, T>) -> Eval<bool> {
        Ok(match self {
            Self::Constant(flag) => *flag,
            Self::Fact(_, get) => get(machine.facts),
            Self::Param(param) => match machine.param(param.slot) {
                ParamValue::Bool(flag) => *flag,
                _ => return Err(misplaced().into()),
            },
            Self::Not(part) => !machine.node(part)?,
            Self::All(parts) => machine.until(parts, false)?,
            Self::Any(parts) => machine.until(parts, true)?,
            Self::Compare(comparison, pair) => {
                let left = machine.node(&pair.0)?;
                comparison.holds(left, machine.node(&pair.1)?)
            }
            Self::EqualTexts(sameness, pair) => {
                let (left, right) = machine.pair(pair)?;
                (left == right) == (*sameness == Sameness::Equal)
            }
            Self::EqualFlags(sameness, pair) => {
                let (left, right) = machine.pair(pair)?;
                (left == right) == (*sameness == Sameness::Equal)
            }
            Self::InText(test, pair) => {
                let (whole, part) = machine.pair(pair)?;
                match test {
                    TextTest::Contains => whole.contains(&*part),
                    TextTest::StartsWith => whole.starts_with(&*part),
                    TextTest::EndsWith => whole.ends_with(&*part),
                }
            }
            Self::InTexts(pair) => {
                let (list, item) = machine.pair(pair)?;
                list.any(|other| *other == item)
            }
            Self::HoldsAny(pair) => {
                let (whole, parts) = machine.pair(pair)?;
                parts.any(|part| whole.contains(part))
            }
            Self::InInts(pair) => {
                let (list, item) = machine.pair(pair)?;
                list.contains(&item)
            }
        })
    }

    fn label(&self) -> Cow<'_, str> {
        match self {
            Self::Constant(flag) => return flag.to_string().into(),
            Self::Fact(fact, _) => fact.path,
            Self::Param(param) => return format!("params.{}", param.name).into(),
            Self::Not(_) => "!",
            Self::All(_) => "&&",
            Self::Any(_) => "||",
            Self::Compare(comparison, _) => comparison.written(),
            Self::EqualTexts(sameness, _) | Self::EqualFlags(sameness, _) => sameness.written(),
            Self::InText(test, _) => test.written(),
            Self::InTexts(_) | Self::InInts(_) => "contains",
            Self::HoldsAny(_) => "contains_any",
        }
        .into()
    }

    fn seen(value: &bool) -> Seen {
        Seen::Bool(*value)
    }
}

impl Kind for Int {
    type Value<'a> = i64;

    fn eval<'a, T: Tracer>(&'a self, at: Place, machine: &mut Machine<'a, T>) -> Eval<i64> {
        Ok(match self {
            Self::Constant(number) => *number,
            Self::Fact(_, get) => get(machine.facts),
            Self::Param(param) => match machine.param(param.slot) {
                ParamValue::Int(number) | ParamValue::Time(number) => *number,
                _ => return Err(misplaced().into()),
            },
            Self::Negative(part) => machine.node(part)?.checked_neg().ok_or_else(|| Fault::arithmetic(at))?,
            Self::Arithmetic(operation, pair) => {
                let left = machine.node(&pair.0)?;
                let right = machine.node(&pair.1)?;
                operation.apply(left, right).ok_or_else(|| Fault::arithmetic(at))?
            }
            Self::Length(text) => count(machine.node(text)?.chars().count()),
            Self::Count(list) => count(machine.node(list)?.len()),
        })
    }

    fn label(&self) -> Cow<'_, str> {
        match self {
            Self::Constant(number) => return number.to_string().into(),
            Self::Fact(fact, _) => fact.path,
            Self::Param(param) => return format!("params.{}", param.name).into(),
            Self::Negative(_) => "-",
            Self::Arithmetic(operation, _) => operation.written(),
            Self::Length(_) | Self::Count(_) => "len",
        }
        .into()
    }

    fn seen(value: &i64) -> Seen {
        Seen::Int(*value)
    }
}

impl Arithmetic {
    const fn apply(self, left: i64, right: i64) -> Option<i64> {
        match self {
            Self::Plus => left.checked_add(right),
            Self::Minus => left.checked_sub(right),
            Self::Times => left.checked_mul(right),
            Self::Over => left.checked_div(right),
            Self::Modulo => left.checked_rem(right),
            Self::Least => Some(if left < right { left } else { right }),
            Self::Greatest => Some(if left > right { left } else { right }),
        }
    }
}

fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

impl Kind for Answer {
    type Value<'a> = Answered<'a>;

    fn eval<'a, T: Tracer>(&'a self, _: Place, _: &mut Machine<'a, T>) -> Eval<Answered<'a>> {
        Ok(match self {
            Self::Pass => None,
            Self::Code(code) => Some(code),
        })
    }

    fn label(&self) -> Cow<'_, str> {
        match self {
            Self::Pass => "pass",
            Self::Code(_) => "verdict",
        }
        .into()
    }

    fn seen(value: &Answered<'_>) -> Seen {
        Seen::Verdict(value.unwrap_or(crate::verdict::PASS).to_owned())
    }
}
