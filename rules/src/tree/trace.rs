//! Owns what a run shows of itself: each part that was evaluated, where it stands, and the value it had.
//!
//! Invariant: the text of the message is in no trace, whatever a script does with it; its length is.

use serde::{Deserialize, Serialize};

use super::eval::{Eval, Kind};
use super::{Node, What};
use crate::text::LocalText;
use crate::verdict::Level;

/// One run of one rule, part by part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// How grave the answer is.
    pub level: Level,
    /// A code of the manifest, [`crate::PASS`] or [`crate::RULE_ERROR`].
    pub code: String,
    /// What is said of it, placeholders filled in.
    pub message: LocalText,
    /// Operations that the script took; 0 when it did not run.
    pub operations: i64,
    /// The whole script; nothing when a parameter kept it from running.
    pub script: Option<Step>,
}

/// One part of a script that was evaluated. What `&&`, `||` or `if` left aside is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// As its author knows it: a fact, a parameter, an operator, a function, a constant.
    pub what: String,
    /// Line of the script, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What it came to.
    pub value: Seen,
    /// Its own parts, in the order in which they were evaluated.
    pub steps: Vec<Step>,
}

/// The value of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Seen {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
    /// A list of integers.
    Ints(Vec<i64>),
    /// The text of the message, or what holds it: its characters, or its items.
    Hidden {
        /// How many.
        length: usize,
    },
    /// A code, or [`crate::PASS`].
    Verdict(String),
    /// Nothing: the run failed here.
    Failed(LocalText),
}

impl Seen {
    /// The same, without what nobody is shown.
    fn hidden(self) -> Self {
        match self {
            Self::Text(text) => Self::Hidden { length: text.chars().count() },
            Self::Texts(items) => Self::Hidden { length: items.len() },
            other => other,
        }
    }
}

/// Who looks on while a tree runs.
pub(crate) trait Tracer {
    /// A part is about to be evaluated.
    fn enter(&mut self);
    /// It was.
    fn leave<K: Kind>(&mut self, node: &Node<K>, value: &Eval<K::Value<'_>>);
}

/// Nobody.
impl Tracer for () {
    fn enter(&mut self) {}
    fn leave<K: Kind>(&mut self, _: &Node<K>, _: &Eval<K::Value<'_>>) {}
}

/// Keeps every step.
#[derive(Default)]
pub(crate) struct Recorder {
    done: Vec<Step>,
    /// For each part begun, how many steps were done before.
    begun: Vec<usize>,
}

impl Recorder {
    /// The step that holds all others.
    pub(crate) fn whole(mut self) -> Option<Step> {
        self.done.pop()
    }
}

impl Tracer for Recorder {
    fn enter(&mut self) {
        self.begun.push(self.done.len());
    }

    fn leave<K: Kind>(&mut self, node: &Node<K>, value: &Eval<K::Value<'_>>) {
        let before = self.begun.pop().unwrap_or_default();
        let steps = self.done.split_off(before);
        let what = match &node.what {
            What::Is(kind) => kind.label().into_owned(),
            What::If(_) => "if".to_owned(),
        };
        let value = match value {
            Ok(value) if node.is_secret() => K::seen(value).hidden(),
            Ok(value) => K::seen(value),
            Err(fault) => Seen::Failed(fault.reason.clone()),
        };
        self.done.push(Step { what, line: node.at.line, column: node.at.column, value, steps });
    }
}
