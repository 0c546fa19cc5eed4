//! Decisions that were stored, taken again: whether each verdict is what its rule answers to the facts that were kept.
//!
//! Reads only. What differs names ids, rules and codes, never a text or a number.
//!
//! Architecture Invariant: what cannot be replayed is counted by rule and reason, and neither agrees nor differs.

use std::collections::BTreeMap;

use entity::At;
use entity::ids::{DecisionId, StructureId};
use entity::sensitive::Sensitive;
use rules::{Level, LocalText, Outcome, Replay, Unreplayable, Verdict, join};

use super::decisions::outcome_of;
use super::kept::Span;
use super::ruleset::{Past, PastRules};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::error::Fault;

/// What a replay of many decisions came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Decisions looked at.
    pub decisions: i64,
    /// Verdicts that were replayed.
    pub replayed: i64,
    /// What differs.
    pub differing: i64,
    /// Verdicts that cannot be replayed, by rule, version and reason.
    pub unknown: BTreeMap<(String, i64, Unknown), i64>,
}

/// Why a verdict was not replayed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unknown {
    /// Too little was kept of it.
    Kept(Unreplayable),
    /// That version of the rule is there no more.
    Gone,
    /// That version loads no more: why, in English and in French.
    Broken(String, String),
}

/// What is not as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A rule answers something else, or says it in other words.
    Verdict {
        /// What is stored.
        stored: Box<Verdict>,
        /// How grave the answer is now.
        level: Level,
        /// Its code.
        code: String,
    },
    /// The version of a structure's rule has another script than the one that ran.
    Altered(Box<Verdict>),
    /// The verdicts make another outcome than the one stored.
    Outcome {
        /// What is stored.
        stored: Outcome,
        /// What they make.
        made: Outcome,
    },
    /// The verdicts cannot be read.
    Unreadable,
}

/// Takes the decisions of a structure again, the oldest first, from `since` on; tells what differs as it is found.
///
/// # Errors
/// The database's.
pub async fn verify(
    ctx: &Ctx,
    _operator: Operator,
    structure: StructureId,
    since: Option<At>,
    mut told: impl FnMut(DecisionId, &Difference),
) -> Result<Verified, Fault> {
    let mut verified = Verified::default();
    let mut rules = PastRules::of(structure);
    let mut span = Span::oldest_first(structure, since);
    loop {
        let rows = span.next(ctx, u64::MAX).await?;
        if rows.is_empty() {
            return Ok(verified);
        }
        for row in rows {
            verified.decisions += 1;
            let text = row.text.as_ref().map(Sensitive::expose);
            let mut differs = |difference: Difference| {
                verified.differing += 1;
                told(row.id, &difference);
            };
            let Ok(verdicts) = serde_json::from_value::<Vec<Verdict>>(row.verdicts) else {
                differs(Difference::Unreadable);
                continue;
            };
            let (stored, made) = (outcome_of(row.outcome), join(&verdicts));
            if stored != made {
                differs(Difference::Outcome { stored, made });
            }
            for verdict in verdicts {
                match replay(rules.find(ctx, &verdict).await?, &verdict, &row.facts, text) {
                    Ok(None) => verified.replayed += 1,
                    Ok(Some(difference)) => {
                        verified.replayed += 1;
                        differs(difference);
                    }
                    Err(why) => {
                        *verified.unknown.entry((verdict.slug, verdict.version, why)).or_default() += 1;
                    }
                }
            }
        }
    }
}

/// What differs of one verdict, if anything.
fn replay(
    past: &Past,
    verdict: &Verdict,
    facts: &serde_json::Value,
    text: Option<&str>,
) -> Result<Option<Difference>, Unknown> {
    let again = match past {
        Past::Platform(rule) => rule.replay(verdict, facts, text, false),
        Past::Own(rule) => rule.replay(verdict, facts, text, true),
        Past::Gone => return Err(Unknown::Gone),
        Past::Altered => return Ok(Some(Difference::Altered(Box::new(verdict.clone())))),
        Past::Broken(LocalText { en, fr }) => return Err(Unknown::Broken(en.clone(), fr.clone())),
    };
    match again {
        Replay::Same => Ok(None),
        Replay::Differs { level, code, .. } => {
            Ok(Some(Difference::Verdict { stored: Box::new(verdict.clone()), level, code }))
        }
        Replay::Unknown(why) => Err(Unknown::Kept(why)),
    }
}
