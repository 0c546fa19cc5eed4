//! Owns what a rule tells of one run of it: each step, with the values seen; and of its cases, for its author.
//!
//! Invariant: what is explained is what was ruled; nothing here decides anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::{Diagnostic, Place};
use crate::facts::{Facts, find};
use crate::manifest::{Case, Owner};
use crate::params::ParamValue;
use crate::rule::{Rule, Untried};
use crate::tree::{Machine, Recorder, Trace};

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Its place among the cases, from 1.
    pub number: usize,
    /// Line of the manifest, from 1.
    pub line: usize,
    /// The code it expects, or [`crate::PASS`].
    pub expected: String,
    /// The facts that the rule reads, by path, as the case has them.
    pub facts: Vec<(&'static str, Value)>,
    /// The parameters that the case sets.
    pub params: BTreeMap<String, ParamValue>,
    /// How the rule came to its answer.
    pub trace: Trace,
}

impl Trial {
    /// Whether the rule answered what the case expects.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.expected == self.trace.code
    }
}

impl Rule {
    /// Runs every case of a rule of the platform or of a structure's own, whether or not it holds.
    ///
    /// # Errors
    /// What keeps the cases from being run.
    pub fn try_cases(manifest_toml: &str, source: &str) -> Result<Vec<Trial>, Vec<Diagnostic>> {
        let Untried { rule, cases } = Self::check(Owner::Platform, manifest_toml, source)?;
        let trial = |(index, (case, place)): (usize, &(Case, Place))| Trial {
            number: index + 1,
            line: place.line,
            expected: case.verdict.clone(),
            facts: rule.facts_seen(&case.facts),
            params: case.params.clone(),
            trace: rule.trace(&case.facts, &case.params),
        };
        Ok(cases.iter().enumerate().map(trial).collect())
    }

    /// The facts that the rule reads, by path, with the values that these have.
    #[must_use]
    pub fn facts_seen(&self, facts: &Facts) -> Vec<(&'static str, Value)> {
        self.reads().filter_map(find).map(|fact| (fact.path, json!(fact.value(facts)))).collect()
    }

    /// Runs the rule on facts, with parameters set over the defaults, and tells how it came to its answer. The text of the message is not
    /// shown: its length is.
    #[must_use]
    pub fn trace(&self, facts: &Facts, set: &BTreeMap<String, ParamValue>) -> Trace {
        let ruling = self.rule_on(&Arc::new(facts.clone()), set);
        let script = self.params(set).ok().and_then(|params| {
            let params: Vec<ParamValue> = params.into_values().collect();
            let mut machine = Machine { facts, params: &params, tracer: Recorder::default() };
            // What it answers is the verdict already told.
            let _ = self.tree().run(&mut machine);
            machine.tracer.whole()
        });
        Trace { level: ruling.level, code: ruling.code, message: ruling.message, script }
    }
}
