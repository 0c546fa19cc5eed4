//! Owns the refusal that a stored rule is once it can no longer run: it has no script to answer for it.
//!
//! Invariant: such a rule is never skipped; at every stage it answers [`RULE_ERROR`], named.

use std::collections::BTreeMap;

use crate::error::Fault;
use crate::script::sha256;
use crate::text::LocalText;
use crate::verdict::{Decision, ENGINE, Level, Origin, RULE_ERROR, Verdict};

/// A stored rule that can no longer run, such as one that a newer version of the engine refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unloaded {
    /// The rule.
    pub slug: String,
    /// How it is called, where its manifest tells; else its slug.
    pub title: LocalText,
    /// The version to record.
    pub version: i64,
    /// Its script.
    pub source: String,
    /// Whose rule it is.
    pub origin: Origin,
    /// Whether it is only tried out, and counts for nothing.
    pub observed: bool,
    /// Why it cannot run, as the end of a sentence that names it.
    pub reason: LocalText,
}

impl Decision {
    /// The same decision, refused by that rule too.
    #[must_use]
    pub fn with_unloaded(mut self, rule: &Unloaded) -> Self {
        let fault = Fault::new(&*rule.reason.en, &*rule.reason.fr);
        self.verdicts.push(Verdict {
            slug: rule.slug.clone(),
            version: rule.version,
            script_hash: sha256(&rule.source),
            level: Level::Error,
            code: RULE_ERROR.to_owned(),
            message: fault.message(&rule.title),
            help_url: None,
            observed_only: rule.observed,
            operations: 0,
            people: 0,
            fixes: Vec::new(),
            params: BTreeMap::new(),
            engine: ENGINE,
            origin: Some(rule.origin),
        });
        Self::of(self.verdicts, self.facts_read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Outcome;

    fn decided(observed: bool) -> Decision {
        let rule = Unloaded {
            slug: "quiet-hours".to_owned(),
            title: LocalText::new("Quiet hours", "Heures calmes"),
            version: 3,
            source: "true".to_owned(),
            origin: Origin::Own,
            observed,
            reason: LocalText::new("it no longer loads", "elle ne se charge plus"),
        };
        Decision::of(Vec::new(), serde_json::json!({})).with_unloaded(&rule)
    }

    #[test]
    fn a_rule_that_cannot_run_refuses_by_name() {
        let decision = decided(false);
        assert_eq!(decision.outcome, Outcome::Refused);
        assert_eq!(decision.verdicts[0].code, RULE_ERROR);
        let told = &decision.verdicts[0].message.fr;
        assert!(
            told.contains("« Heures calmes »") && told.ends_with("prévenez votre administrateur."),
            "{told}"
        );
    }

    #[test]
    fn one_only_tried_out_refuses_nothing() {
        assert_eq!(decided(true).outcome, Outcome::Allowed);
    }
}
