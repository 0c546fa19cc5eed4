//! Owns a decision: every rule of a stage runs on the same facts, and all that they answer is kept.
//!
//! It is pure: no clock, no store, no order that matters. Invariant: a rule that fails in any way refuses, named; and a rule
//! that is only observed changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::Fault;
use crate::facts::{self, FactSpec, Facts, MESSAGE_TEXT};
use crate::fixes::Fix;
use crate::params::ParamValue;
use crate::replay::TEXT_HASH;
use crate::rule::{Rule, Ruling};
use crate::script::sha256;
use crate::verdict::{Decision, ENGINE, Level, Outcome, Stage, State, Verdict};

/// A rule as a structure applies it.
#[derive(Clone, Debug)]
pub struct ActiveRule {
    /// The rule.
    pub rule: Arc<Rule>,
    /// The version to record: the manifest's for a rule of the platform, the row's for a structure's own.
    pub version: i64,
    /// ACTIVE or OBSERVED; a rule that is OFF does not run.
    pub state: State,
    /// The parameters that the structure set; the others keep their default.
    pub params: BTreeMap<String, ParamValue>,
}

/// Runs every rule of that stage and joins what they answer. Never panics; whatever goes wrong in a rule is a refusal by
/// that rule, level ERROR and code `RULE_ERROR`.
#[must_use]
pub fn decide(stage: Stage, rules: &[ActiveRule], facts: &Facts) -> Decision {
    let shared = Arc::new(facts.clone());
    let runs =
        |active: &&ActiveRule| active.state != State::Off && active.rule.manifest().stages.contains(&stage);
    let concerned: Vec<&ActiveRule> = rules.iter().filter(runs).collect();
    let verdicts = concerned.iter().map(|active| verdict(active, &shared)).collect();
    Decision::of(verdicts, facts_kept(&concerned, facts))
}

/// What one rule alone comes to, whatever its stages; one that is only observed, or is off, allows.
#[must_use]
pub fn decide_one(active: &ActiveRule, facts: &Facts) -> Outcome {
    match active.state {
        State::Active => Outcome::from(ruling(active, &Arc::new(facts.clone())).level),
        State::Observed | State::Off => Outcome::Allowed,
    }
}

fn verdict(active: &ActiveRule, facts: &Arc<Facts>) -> Verdict {
    let (manifest, ruling) = (active.rule.manifest(), ruling(active, facts));
    Verdict {
        slug: manifest.slug.clone(),
        version: active.version,
        script_hash: active.rule.hash().to_owned(),
        level: ruling.level,
        code: ruling.code,
        message: ruling.message,
        help_url: manifest.help_url.clone().filter(|_| ruling.level != Level::Pass),
        observed_only: active.state == State::Observed,
        operations: ruling.operations,
        people: 0,
        fixes: fixes(active, ruling.level, facts),
        params: active.rule.params_kept(&active.params),
        engine: ENGINE,
        origin: Some(active.rule.origin()),
    }
}

/// What would be enough for a rule to pass that asks or refuses; nothing is told when the search breaks down.
fn fixes(active: &ActiveRule, level: Level, facts: &Facts) -> Vec<Fix> {
    let search = || active.rule.fixes(facts, &active.params);
    match level {
        Level::Confirm | Level::Deny => catch_unwind(AssertUnwindSafe(search)).unwrap_or_default(),
        Level::Pass | Level::Warn | Level::Skip | Level::Error => Vec::new(),
    }
}

/// What a rule says; a breakdown of the engine is a failure of the rule.
pub(crate) fn ruling(active: &ActiveRule, facts: &Arc<Facts>) -> Ruling {
    let ruling = catch_unwind(AssertUnwindSafe(|| active.rule.rule_on(facts, &active.params)));
    ruling.unwrap_or_else(|_| {
        let fault = Fault::new("the engine broke down", "le moteur s’est arrêté");
        Ruling::error(active.rule.manifest(), &fault, 0)
    })
}

/// The facts to keep, by path: those that these rules read, and those at hand, so that a rule that is written later can be judged by what
/// was decided before. The message's text only where one of them reads it, and as its hash.
fn facts_kept(rules: &[&ActiveRule], facts: &Facts) -> Value {
    let read: BTreeSet<&str> = rules.iter().flat_map(|active| active.rule.reads()).collect();
    let kept = facts::TABLE.iter().filter(|fact| fact.is_at_hand() || read.contains(fact.path));
    Value::Object(kept.map(|fact| stored(fact, facts)).collect())
}

/// A fact as decisions keep it.
pub(crate) fn stored(fact: &FactSpec, facts: &Facts) -> (String, Value) {
    match fact.path {
        MESSAGE_TEXT => (TEXT_HASH.to_owned(), json!(sha256(&facts.message.text))),
        path => (path.to_owned(), json!(fact.value(facts))),
    }
}
