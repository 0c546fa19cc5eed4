//! Owns the replay of a verdict that was stored: the same rule, on the facts and parameters kept of it.
//!
//! Invariant: nothing is guessed. What was not kept whole is not replayable, and says why; only a run on all that the rule read then can
//! agree or differ.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::facts::{Facts, MESSAGE_TEXT};
use crate::params::ParamValue;
use crate::rule::{Rule, Ruling};
use crate::script::sha256;
use crate::text::LocalText;
use crate::verdict::{ENGINE, Level, RULE_ERROR, Stage, Verdict};

/// Where the facts kept hold the hash of the message's text.
pub(crate) const TEXT_HASH: &str = "message.text_sha256";

/// What a replay came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The rule answers what is stored.
    Same,
    /// It answers something else.
    Differs {
        /// How grave its answer is.
        level: Level,
        /// Its code.
        code: String,
        /// What it says.
        message: LocalText,
    },
    /// It cannot be told.
    Unknown(Unreplayable),
}

/// Why a verdict cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unreplayable {
    /// Another version of the engine decided.
    Engine,
    /// The rule could not be loaded then, and did not run; today it answers.
    Unloaded,
    /// The parameters were not kept then, and with their defaults the rule answers something else.
    Parameters,
    /// Too little was kept for the rule.
    Missing(Missing),
}

/// What a decision did not keep, and a rule needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// The rule looks at each person; what was known of each is not kept.
    People,
    /// The rule reads the text of the message, which is gone.
    Text,
    /// A fact that the rule reads was not kept, or cannot be read.
    Fact(&'static str),
}

impl Rule {
    /// Rules again on what a decision kept: the facts by path, and the text of the message where it is still there. The message is compared
    /// only where `word_for_word`: that of a rule of the platform may have been worded anew since, and that of a failure is ours.
    #[must_use]
    pub fn replay(
        &self,
        verdict: &Verdict,
        facts_read: &Json,
        text: Option<&str>,
        word_for_word: bool,
    ) -> Replay {
        if verdict.engine != ENGINE {
            return Replay::Unknown(Unreplayable::Engine);
        }
        // The rule read the text, so that a text without its hash is not known to be the one that it read.
        let text = text.filter(|text| facts_read.get(TEXT_HASH).is_some_and(|hash| *hash == sha256(text)));
        let again = match self.again(&verdict.params, facts_read, text) {
            Ok(again) => again,
            Err(missing) => return Replay::Unknown(Unreplayable::Missing(missing)),
        };
        let same = again.level == verdict.level
            && again.code == verdict.code
            && (!word_for_word || again.code == RULE_ERROR || again.message == verdict.message);
        if same {
            return Replay::Same;
        }
        // As [`crate::Decision::with_unloaded`] records it.
        if verdict.code == RULE_ERROR && verdict.operations == 0 && verdict.params.is_empty() {
            return Replay::Unknown(Unreplayable::Unloaded);
        }
        if verdict.params.is_empty() && !self.manifest().params.is_empty() {
            return Replay::Unknown(Unreplayable::Parameters);
        }
        Replay::Differs { level: again.level, code: again.code, message: again.message }
    }

    /// What the rule would have answered to what a decision kept, with these parameters over its defaults. Where no hash of the text was
    /// kept, since no rule read it, the text given is taken to be the one decided on.
    ///
    /// # Errors
    /// Why it cannot be told.
    pub fn in_hindsight(
        &self,
        set: &BTreeMap<String, ParamValue>,
        facts_read: &Json,
        text: Option<&str>,
    ) -> Result<Ruling, Missing> {
        let text = text.filter(|text| facts_read.get(TEXT_HASH).is_none_or(|hash| *hash == sha256(text)));
        self.again(set, facts_read, text)
    }

    fn again(
        &self,
        set: &BTreeMap<String, ParamValue>,
        facts_read: &Json,
        text: Option<&str>,
    ) -> Result<Ruling, Missing> {
        if self.manifest().stages.contains(&Stage::Recipient) {
            return Err(Missing::People);
        }
        Ok(self.rule_on(&Arc::new(self.facts_kept(facts_read, text)?), set))
    }

    /// The facts that the rule reads, as they were kept; the others have their reference value, and make no difference.
    fn facts_kept(&self, facts_read: &Json, text: Option<&str>) -> Result<Facts, Missing> {
        let mut facts = serde_json::to_value(Facts::default()).expect("invariant: facts are plain data");
        for path in self.reads() {
            let kept = if path == MESSAGE_TEXT {
                text.map(Json::from).ok_or(Missing::Text)?
            } else {
                facts_read.get(path).cloned().ok_or(Missing::Fact(path))?
            };
            let pointer = format!("/{}", path.replace('.', "/"));
            *facts.pointer_mut(&pointer).ok_or(Missing::Fact(path))? = kept;
            // One by one, so that the fact at fault can be named.
            if serde_json::from_value::<Facts>(facts.clone()).is_err() {
                return Err(Missing::Fact(path));
            }
        }
        Ok(serde_json::from_value(facts).expect("invariant: checked after each fact"))
    }

    /// The parameters that a verdict keeps: of each that the rule declares, what was set or its default, in bounds or not.
    pub(crate) fn params_kept(&self, set: &BTreeMap<String, ParamValue>) -> BTreeMap<String, ParamValue> {
        let specs = self.manifest().params.iter();
        specs.map(|(name, spec)| (name.clone(), set.get(name).unwrap_or(&spec.default).clone())).collect()
    }
}
