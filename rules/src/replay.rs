//! Owns the replay of a verdict that was stored: the same rule, on the facts and parameters kept of it.
//!
//! Invariant: nothing is guessed. What was not kept whole is not replayable, and says why; only a run on all that the rule read then can
//! agree or differ.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::facts::{Facts, MESSAGE_TEXT};
use crate::params::ParamValue;
use crate::rule::Rule;
use crate::script::sha256;
use crate::text::LocalText;
use crate::tree::Trace;
use crate::verdict::{ENGINE, Level, Stage, Verdict};

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
    /// The rule looks at each person; what was known of each is not kept.
    People,
    /// The rule reads the text of the message, which is gone.
    Text,
    /// A fact that the rule reads was not kept, or cannot be read.
    Fact(&'static str),
    /// The parameters were not kept then, and with their defaults the rule answers something else.
    Parameters,
}

impl Rule {
    /// Rules again on what a decision kept: the facts by path, and the text of the message where it is still there. The message is compared
    /// only where `word_for_word`: that of a rule of the platform may have been worded anew since.
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
        if self.manifest().stages.contains(&Stage::Recipient) {
            return Replay::Unknown(Unreplayable::People);
        }
        let facts = match self.facts_kept(facts_read, text) {
            Ok(facts) => facts,
            Err(why) => return Replay::Unknown(why),
        };
        let trace = self.trace(&facts, &verdict.params);
        let same = trace.level == verdict.level
            && trace.code == verdict.code
            && (!word_for_word || trace.message == verdict.message);
        if same {
            return Replay::Same;
        }
        if verdict.params.is_empty() && !self.manifest().params.is_empty() {
            return Replay::Unknown(Unreplayable::Parameters);
        }
        Replay::Differs { level: trace.level, code: trace.code, message: trace.message }
    }

    /// What the rule would have answered to what a decision kept, with these parameters over its defaults.
    ///
    /// # Errors
    /// Why it cannot be told.
    pub fn in_hindsight(
        &self,
        set: &BTreeMap<String, ParamValue>,
        facts_read: &Json,
        text: Option<&str>,
    ) -> Result<Trace, Unreplayable> {
        if self.manifest().stages.contains(&Stage::Recipient) {
            return Err(Unreplayable::People);
        }
        Ok(self.trace(&self.facts_kept(facts_read, text)?, set))
    }

    /// The facts that the rule reads, as they were kept; the others have their reference value, and make no difference.
    fn facts_kept(&self, facts_read: &Json, text: Option<&str>) -> Result<Facts, Unreplayable> {
        let mut facts = serde_json::to_value(Facts::default()).expect("invariant: facts are plain data");
        for path in self.reads() {
            let kept = if path == MESSAGE_TEXT {
                let hash = &facts_read[format!("{MESSAGE_TEXT}_sha256")];
                let text = text.filter(|text| *hash == sha256(text));
                text.map(Json::from).ok_or(Unreplayable::Text)?
            } else {
                facts_read.get(path).cloned().ok_or(Unreplayable::Fact(path))?
            };
            let pointer = format!("/{}", path.replace('.', "/"));
            *facts.pointer_mut(&pointer).ok_or(Unreplayable::Fact(path))? = kept;
            // One by one, so that the fact at fault can be named.
            if serde_json::from_value::<Facts>(facts.clone()).is_err() {
                return Err(Unreplayable::Fact(path));
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
