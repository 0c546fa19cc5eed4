//! Owns what rules answer: levels, verdicts, and the decision they make together.
//!
//! Invariant: the outcome of a decision is the join of its ACTIVE verdicts, so that one more rule can only narrow it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::fixes::Fix;
use crate::params::ParamValue;
use crate::text::LocalText;

/// When a rule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// When a message is previewed.
    Preview,
    /// When it is sent.
    Send,
    /// When the hour of a message that was sent for later has come, before it leaves.
    Dispatch,
    /// For each person, before anything is counted: it may only leave that person out.
    Recipient,
}

/// Whether a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// It runs and counts.
    Active,
    /// It runs and is recorded, and changes nothing.
    Observed,
    /// It does not run.
    Off,
}

/// What a structure may change of a rule of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Lock {
    /// Only parameters, within their bounds.
    Locked,
    /// Parameters and state.
    Adjustable,
    /// The script too.
    Replaceable,
}

/// How grave a verdict is. The order is the lattice that decisions join over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// The rule has nothing to say.
    Pass,
    /// It says something, and stops nothing.
    Warn,
    /// It leaves people out, and stops nothing.
    Skip,
    /// Whoever sends must confirm its code.
    Confirm,
    /// It refuses.
    Deny,
    /// It failed, and therefore refuses.
    Error,
}

/// What the rules say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Go ahead.
    Allowed,
    /// Go ahead once the codes of [`Decision::codes_to_confirm`] are confirmed.
    ConfirmationRequired,
    /// No.
    Refused,
}

impl From<Level> for Outcome {
    fn from(level: Level) -> Self {
        match level {
            Level::Pass | Level::Warn | Level::Skip => Self::Allowed,
            Level::Confirm => Self::ConfirmationRequired,
            Level::Deny | Level::Error => Self::Refused,
        }
    }
}

/// The code of a verdict whose rule has nothing to say.
pub const PASS: &str = "PASS";
/// The version of what scripts mean. It goes up when some script would answer otherwise on the same facts: what was decided before is then not
/// taken again.
pub const ENGINE: i64 = 1;

/// The code of a verdict whose rule failed.
pub const RULE_ERROR: &str = "RULE_ERROR";

/// Whose rule gave a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Origin {
    /// One that is built in.
    BuiltIn,
    /// One of the operator's folder.
    Plugin,
    /// One that the structure wrote.
    Own,
}

/// What one rule answered. Stored as JSON with the decision it is part of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule.
    pub slug: String,
    /// Its version, as the caller gave it.
    pub version: i64,
    /// SHA-256 of its script, in hexadecimal.
    pub script_hash: String,
    /// How grave it is.
    pub level: Level,
    /// A code of the manifest, [`PASS`] or [`RULE_ERROR`]; never empty.
    pub code: String,
    /// What is said of it, placeholders filled in.
    pub message: LocalText,
    /// A page that helps, where the rule has one and does not pass.
    pub help_url: Option<String>,
    /// Whether the rule is only tried out, and counts for nothing.
    pub observed_only: bool,
    /// Operations that the script took; 0 when it did not run.
    pub operations: i64,
    /// How many people a RECIPIENT rule leaves out; 0 of any other, and of decisions taken before there were such.
    #[serde(default)]
    pub people: i64,
    /// The smallest changes, each enough for the rule to pass, of one that asks or refuses; none of decisions taken before they were told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<Fix>,
    /// Every parameter that the rule declares, as it was then; none of decisions taken before they were kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, ParamValue>,
    /// The version of the engine; the first, of decisions taken before it was kept.
    #[serde(default = "first_engine", skip_serializing_if = "is_first_engine")]
    pub engine: i64,
    /// Whose rule it was; none of decisions taken before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

const fn first_engine() -> i64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_first_engine(engine: &i64) -> bool {
    *engine == first_engine()
}

/// What all rules of a stage answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The join of the verdicts that count.
    pub outcome: Outcome,
    /// Every rule that ran, in the order given.
    pub verdicts: Vec<Verdict>,
    /// The facts that these rules read and those at hand, by path; of the message's text only its SHA-256, under `message.text_sha256`,
    /// and only where one of them reads it.
    pub facts_read: serde_json::Value,
}

impl Decision {
    /// Joins verdicts.
    pub(crate) fn of(verdicts: Vec<Verdict>, facts_read: serde_json::Value) -> Self {
        Self { outcome: join(&verdicts), verdicts, facts_read }
    }

    /// The codes that whoever sends must confirm, those of rules only tried out left aside.
    #[must_use]
    pub fn codes_to_confirm(&self) -> BTreeSet<&str> {
        codes_to_confirm(&self.verdicts)
    }
}

/// The codes that whoever sends must confirm, those of rules only tried out left aside.
#[must_use]
pub fn codes_to_confirm(verdicts: &[Verdict]) -> BTreeSet<&str> {
    let asks = |verdict: &&Verdict| verdict.level == Level::Confirm && !verdict.observed_only;
    verdicts.iter().filter(asks).map(|verdict| verdict.code.as_str()).collect()
}

/// The gravest outcome among the verdicts that count; ALLOWED when there is none.
#[must_use]
pub fn join(verdicts: &[Verdict]) -> Outcome {
    let counting = verdicts.iter().filter(|verdict| !verdict.observed_only);
    counting.map(|verdict| Outcome::from(verdict.level)).max().unwrap_or(Outcome::Allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [Level; 6] =
        [Level::Pass, Level::Warn, Level::Skip, Level::Confirm, Level::Deny, Level::Error];

    fn verdict(level: Level, observed_only: bool) -> Verdict {
        Verdict {
            slug: "a".to_owned(),
            version: 1,
            script_hash: String::new(),
            level,
            code: format!("{level:?}"),
            message: LocalText::new("", ""),
            help_url: None,
            observed_only,
            operations: 0,
            people: 0,
            fixes: Vec::new(),
            params: BTreeMap::new(),
            engine: ENGINE,
            origin: None,
        }
    }

    fn outcome(levels: &[Level]) -> Outcome {
        join(&levels.iter().map(|level| verdict(*level, false)).collect::<Vec<_>>())
    }

    #[test]
    fn joining_ignores_order_and_repetition_and_only_narrows() {
        assert_eq!(outcome(&[]), Outcome::Allowed);
        for a in LEVELS {
            assert_eq!(outcome(&[a, a]), outcome(&[a]));
            for b in LEVELS {
                assert_eq!(outcome(&[a, b]), outcome(&[b, a]));
                assert!(outcome(&[a, b]) >= outcome(&[a]));
                for c in LEVELS {
                    assert_eq!(outcome(&[a, b, c]), outcome(&[a, b]).max(outcome(&[c])));
                }
            }
        }
    }

    #[test]
    fn a_rule_only_tried_out_counts_for_nothing() {
        for a in LEVELS {
            for tried in LEVELS {
                let both =
                    Decision::of(vec![verdict(a, false), verdict(tried, true)], serde_json::Value::Null);
                assert_eq!(both.outcome, outcome(&[a]));
                let confirm = if a == Level::Confirm { vec!["Confirm"] } else { Vec::new() };
                assert_eq!(both.codes_to_confirm().into_iter().collect::<Vec<_>>(), confirm);
            }
        }
    }

    #[test]
    fn whose_rule_it_was_is_not_guessed_of_what_was_stored_before() {
        let mut before = serde_json::to_value(verdict(Level::Deny, false)).expect("plain data");
        assert!(before.get("origin").is_none());
        let read =
            |json: &serde_json::Value| serde_json::from_value::<Verdict>(json.clone()).expect("a verdict");
        assert_eq!(read(&before).origin, None);
        before["origin"] = "BUILT_IN".into();
        assert_eq!(read(&before).origin, Some(Origin::BuiltIn));
    }

    #[test]
    fn a_decision_is_read_back_as_it_was_stored() {
        let decision =
            Decision::of(vec![verdict(Level::Confirm, false)], serde_json::json!({ "message.cost": 2 }));
        let stored = serde_json::to_string(&decision).expect("checked: plain data");
        assert!(stored.contains(r#""outcome":"CONFIRMATION_REQUIRED""#), "{stored}");
        assert_eq!(serde_json::from_str::<Decision>(&stored).expect("checked: just written"), decision);
    }
}
