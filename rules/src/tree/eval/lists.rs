//! How texts and lists are run, within their limits.

use std::borrow::Cow;

use super::super::trace::{Seen, Tracer};
use super::super::{Ints, Node, Text, Texts};
use super::{Eval, Kind, Machine, misplaced};
use crate::error::{Fault, Place};
use crate::facts::MESSAGE_TEXT;
use crate::limits::{MAX_LIST_ITEMS, MAX_TEXT_BYTES};
use crate::params::ParamValue;
use crate::text::LocalText;

/// A fact that is not what the table promises.
#[cold]
fn unsound(at: Place, problem: Option<LocalText>) -> Fault {
    problem.map_or_else(|| Fault::too_large(at), |reason| Fault { place: at, reason })
}

impl Kind for Text {
    type Value<'a> = Cow<'a, str>;

    fn eval<'a, T: Tracer>(&'a self, at: Place, machine: &mut Machine<'a, T>) -> Eval<Cow<'a, str>> {
        Ok(match self {
            Self::Constant(text) => text.as_str().into(),
            Self::Fact(fact, get) => {
                let text = get(machine.facts);
                if !fact.may_hold(text) {
                    return Err(unsound(at, fact.text_problem(text)).into());
                }
                text.into()
            }
            Self::Param(param) => match machine.param(param.slot) {
                ParamValue::String(text) => text.as_str().into(),
                _ => return Err(misplaced().into()),
            },
            Self::Lower(text) => bounded(at, machine.node(text)?.to_lowercase())?.into(),
        })
    }

    fn label(&self) -> Cow<'_, str> {
        match self {
            Self::Constant(text) => return format!("{text:?}").into(),
            Self::Fact(fact, _) => fact.path,
            Self::Param(param) => return format!("params.{}", param.name).into(),
            Self::Lower(_) => "to_lower",
        }
        .into()
    }

    fn seen(value: &Cow<'_, str>) -> Seen {
        Seen::Text(value.clone().into_owned())
    }

    fn is_secret(&self) -> bool {
        match self {
            Self::Constant(_) | Self::Param(_) => false,
            Self::Fact(fact, _) => fact.path == MESSAGE_TEXT,
            Self::Lower(text) => text.is_secret(),
        }
    }
}

/// Some letters take more bytes as small ones.
fn bounded(at: Place, text: String) -> Eval<String> {
    if text.len() > MAX_TEXT_BYTES { Err(Box::new(Fault::too_large(at))) } else { Ok(text) }
}

/// A list of texts as it is held, or made.
pub(crate) enum List<'a> {
    Held(&'a [String]),
    Made(Vec<Cow<'a, str>>),
}

impl List<'_> {
    pub(super) fn any(&self, is_it: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Held(items) => items.iter().any(|item| is_it(item)),
            Self::Made(items) => items.iter().any(|item| is_it(item)),
        }
    }

    /// Each item in small letters, all together within the limit of one text.
    fn lower(&self, at: Place) -> Eval<Self> {
        let lower = match self {
            Self::Held(items) => items.iter().map(|item| item.to_lowercase()).collect::<Vec<_>>(),
            Self::Made(items) => items.iter().map(|item| item.to_lowercase()).collect(),
        };
        if lower.iter().map(String::len).sum::<usize>() > MAX_TEXT_BYTES {
            return Err(Box::new(Fault::too_large(at)));
        }
        Ok(List::Made(lower.into_iter().map(Cow::Owned).collect()))
    }

    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Held(items) => items.len(),
            Self::Made(items) => items.len(),
        }
    }
}

impl Kind for Texts {
    type Value<'a> = List<'a>;

    fn eval<'a, T: Tracer>(&'a self, at: Place, machine: &mut Machine<'a, T>) -> Eval<List<'a>> {
        let items = match self {
            Self::Constant(items) => return Ok(List::Held(items)),
            Self::Fact(fact, get) => {
                let items = get(machine.facts);
                if items.len() > MAX_LIST_ITEMS {
                    return Err(unsound(at, fact.list_problem(items)).into());
                }
                items
            }
            Self::Param(param) => match machine.param(param.slot) {
                ParamValue::List(items) => items.as_slice(),
                _ => return Err(misplaced().into()),
            },
            Self::Items(items) => return machine.items(items).map(List::Made),
            Self::Lower(list) => return machine.node(list)?.lower(at),
        };
        let bytes: usize = items.iter().map(String::len).sum();
        if bytes > MAX_TEXT_BYTES { Err(Box::new(Fault::too_large(at))) } else { Ok(List::Held(items)) }
    }

    fn label(&self) -> Cow<'_, str> {
        match self {
            Self::Fact(fact, _) => fact.path.into(),
            Self::Param(param) => format!("params.{}", param.name).into(),
            Self::Items(_) | Self::Constant(_) => "[]".into(),
            Self::Lower(_) => "to_lower".into(),
        }
    }

    fn seen(value: &List<'_>) -> Seen {
        Seen::Texts(match value {
            List::Held(items) => items.to_vec(),
            List::Made(items) => items.iter().map(|item| item.clone().into_owned()).collect(),
        })
    }

    fn is_secret(&self) -> bool {
        match self {
            Self::Items(items) => items.iter().any(Node::is_secret),
            Self::Lower(list) => list.is_secret(),
            Self::Fact(..) | Self::Param(_) | Self::Constant(_) => false,
        }
    }
}

impl<'a, T: Tracer> Machine<'a, T> {
    /// The items of a list written out, which hold no more than one text may.
    fn items(&mut self, items: &'a [Node<Text>]) -> Eval<Vec<Cow<'a, str>>> {
        let (mut made, mut bytes) = (Vec::with_capacity(items.len().min(MAX_LIST_ITEMS)), 0);
        for item in items {
            let text = self.node(item)?;
            bytes += text.len();
            if bytes > MAX_TEXT_BYTES {
                return Err(Box::new(Fault::too_large(item.at)));
            }
            made.push(text);
        }
        Ok(made)
    }
}

impl Kind for Ints {
    type Value<'a> = Cow<'a, [i64]>;

    fn eval<'a, T: Tracer>(&'a self, _: Place, machine: &mut Machine<'a, T>) -> Eval<Cow<'a, [i64]>> {
        match self {
            Self::Constant(items) => Ok(items.as_slice().into()),
            Self::Items(items) => {
                items.iter().map(|item| machine.node(item)).collect::<Eval<Vec<_>>>().map(Into::into)
            }
        }
    }

    fn label(&self) -> Cow<'_, str> {
        "[]".into()
    }

    fn seen(value: &Cow<'_, [i64]>) -> Seen {
        Seen::Ints(value.to_vec())
    }
}
