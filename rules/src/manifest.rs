//! Owns what a plugin declares: read from TOML, checked whole, every problem listed with its line.
//!
//! It knows nothing of the script. Invariant: a [`Manifest`] that is handed out has texts in both languages, at least one
//! code and one case, placeholders that stand for something, and defaults within their bounds.

use std::collections::BTreeMap;

use crate::facts::Facts;
use crate::names::Names;
use crate::params::{ParamError, ParamSpec, ParamValue, in_order, put_in_order};
use crate::template::Template;
use crate::text::LocalText;
use crate::verdict::{Level, Lock, Stage, State};

mod cases;
mod keys;
mod own;
mod read;
mod reader;
mod relations;
mod toml_words;

pub use cases::{lay_over, read_facts};
pub use own::as_own;
pub(crate) use read::{Reading, read};
pub use read::{declared_slug, declared_title};

/// What a plugin declares of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its name in files, addresses and verdicts: `a-z`, `0-9` and `-`.
    pub slug: String,
    /// The version of a rule of the platform. A structure's own rule is numbered by its rows, not here.
    pub version: i64,
    /// When it runs.
    pub stages: Vec<Stage>,
    /// What structures may change of it; absent from a structure's own rule.
    pub lock: Option<Lock>,
    /// Whether it counts where nobody chose; absent from a structure's own rule.
    pub state: Option<State>,
    /// Its place among the rules, least first; absent from a structure's own rule.
    pub position: Option<i64>,
    /// A page that helps those it refuses.
    pub help_url: Option<String>,
    /// How it is called.
    pub title: LocalText,
    /// What it is for.
    pub description: LocalText,
    /// What may be set, by name.
    pub params: BTreeMap<String, ParamSpec>,
    /// What it may answer, by code.
    pub codes: BTreeMap<String, CodeSpec>,
}

/// One answer of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSpec {
    /// WARN, CONFIRM or DENY; SKIP of a rule that looks at one person after another.
    pub level: Level,
    /// What is said, placeholders not yet filled in.
    pub message: LocalText,
}

/// One example that the rule must get right, at each load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The facts given: those the manifest names, and for the rest the reference values.
    pub facts: Facts,
    /// The parameters set, the others keeping their default.
    pub params: BTreeMap<String, ParamValue>,
    /// The code expected, or `PASS`.
    pub verdict: String,
}

impl Manifest {
    /// Whether values set stand in the order that the manifest asks for, those not set having their default.
    ///
    /// # Errors
    /// The first parameter, by name, whose value does not, and why.
    pub fn in_order(&self, set: &BTreeMap<String, ParamValue>) -> Result<(), (&str, ParamError)> {
        in_order(&self.params, set)
    }

    /// The same, where only some of the values set are given now: of two that are not in order, one that is given is named.
    ///
    /// # Errors
    /// As [`Manifest::in_order`].
    pub fn put_in_order(
        &self,
        set: &BTreeMap<String, ParamValue>,
        given: impl Fn(&str) -> bool,
    ) -> Result<(), (&str, ParamError)> {
        put_in_order(&self.params, set, given)
    }

    /// Leaves of values set under another manifest those that this one accepts; the others go back to their default.
    pub fn keep_accepted(&self, set: &mut BTreeMap<String, ParamValue>) {
        set.retain(|name, value| self.params.get(name).is_some_and(|spec| spec.check(value).is_ok()));
        // Defaults are in order: what is not was set, in one of the two.
        while let Err((name, _)) = self.in_order(set) {
            let other = self.params.get(name).and_then(|spec| spec.above.as_ref());
            let before = set.len();
            set.retain(|set, _| set != name && Some(set) != other);
            if set.len() == before {
                return;
            }
        }
    }

    /// What its script and its messages may name.
    pub(crate) fn names(&self) -> Names<'_> {
        Names { params: &self.params, recipient: self.stages.contains(&Stage::Recipient) }
    }
}

/// The message of one code in both languages, ready to fill in.
pub(crate) struct Message {
    pub en: Template,
    pub fr: Template,
}

/// Whose rule a manifest declares.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A built-in or a plugin of the operator's.
    Platform,
    /// A structure's own rule: its lock, state and place are not for the manifest to say.
    Structure,
}
