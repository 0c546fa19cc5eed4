//! What the benchmark runs and nothing else does: the same decision by the interpreter and by the tree, without what surrounds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::facts::Facts;
use crate::host::{Answer, Run};
use crate::params::ParamValue;
use crate::rule::Rule;
use crate::script::Script;
use crate::tree::{Machine, Recorder};

/// Rules, facts and parameters, all at hand.
#[derive(Debug)]
pub struct Prepared {
    facts: Arc<Facts>,
    rules: Vec<(Arc<Rule>, Arc<Run>, Vec<ParamValue>)>,
}

impl Prepared {
    /// Rules as they are by default, on these facts.
    #[must_use]
    pub fn new(rules: Vec<Arc<Rule>>, facts: Facts) -> Self {
        let facts = Arc::new(facts);
        let prepare = |rule: Arc<Rule>| {
            let params = rule.params(&BTreeMap::new()).unwrap_or_default();
            let values = params.values().cloned().collect();
            (rule, Arc::new(Run { facts: Arc::clone(&facts), params }), values)
        };
        Self { rules: rules.into_iter().map(prepare).collect(), facts }
    }

    /// Compiles a script and checks it against the manifest of a rule, and nothing else: what a rule takes whose manifest is read already.
    #[must_use]
    pub fn compiles(rule: &Rule, source: &str) -> bool {
        Script::compile(source, rule.manifest()).is_ok()
    }

    /// How many rules pass, as the interpreter says.
    #[must_use]
    pub fn by_the_interpreter(&self) -> usize {
        let passes = |(rule, run, _): &&(Arc<Rule>, Arc<Run>, _)| {
            matches!(rule.script().run(Arc::clone(run), "").0, Ok(Answer::Pass))
        };
        self.rules.iter().filter(passes).count()
    }

    /// The same, as the tree says.
    #[must_use]
    pub fn by_the_tree(&self) -> usize {
        let passes = |(rule, _, params): &&(Arc<Rule>, Arc<Run>, Vec<ParamValue>)| {
            let mut machine = Machine { facts: &self.facts, params, tracer: () };
            matches!(rule.tree().run(&mut machine), Ok(None))
        };
        self.rules.iter().filter(passes).count()
    }

    /// The same, each step kept.
    #[must_use]
    pub fn by_the_tree_traced(&self) -> usize {
        let passes = |(rule, _, params): &&(Arc<Rule>, Arc<Run>, Vec<ParamValue>)| {
            let mut machine = Machine { facts: &self.facts, params, tracer: Recorder::default() };
            let passes = matches!(rule.tree().run(&mut machine), Ok(None));
            passes && machine.tracer.whole().is_some()
        };
        self.rules.iter().filter(passes).count()
    }
}
