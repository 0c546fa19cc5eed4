//! Owns what a rule tells of one run of it: each step, with the values seen.
//!
//! Invariant: what is explained is what was ruled; nothing here decides anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::facts::Facts;
use crate::params::ParamValue;
use crate::rule::Rule;
use crate::tree::{Machine, Recorder, Trace};

impl Rule {
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
