//! Owns the smallest fix: by how much one thing must change for a refusal to be none.
//!
//! It looks at the comparisons of integers that do not hold, solves each for each fact that a user can change, and runs the rule again with
//! that one fact changed. Invariant: with a fix that is offered, and nothing else changed, the rule passes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::facts::{FactSpec, Facts, find};
use crate::params::ParamValue;
use crate::rule::Rule;
use crate::text::LocalText;
use crate::tree::{Arithmetic, Bool, Comparison, Int, Machine, Node, Root, What};

mod words;

use words::{CHANGEABLE, Changeable};

/// Changes that are tried of one rule: a script that a person can read has fewer comparisons, and each try runs it once.
const MAX_RUNS: u32 = 64;

/// Facts of the instant.
const NOW: &str = "now.";
/// The day of the week, from 1.
const WEEKDAY: &str = "now.weekday";
/// Days of a week.
const DAYS: i64 = 7;

/// One change that is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// The fact to change.
    pub fact: String,
    /// Its value now.
    pub from: i64,
    /// The nearest value with which the rule passes.
    pub to: i64,
    /// `to` less `from`.
    pub delta: i64,
    /// What to do, as part of a sentence: “shorten by 12 characters”.
    pub text: LocalText,
}

/// A sum of facts, each so many times, and a number.
#[derive(Default)]
struct Linear {
    facts: BTreeMap<&'static str, i128>,
    number: i128,
}

impl Rule {
    /// The smallest changes, each of one fact, that would make the rule pass; none when it passes, fails, answers by verdicts, or when no
    /// single change of what a user can change is enough. In the order of the script.
    #[must_use]
    pub fn fixes(&self, facts: &Facts, set: &BTreeMap<String, ParamValue>) -> Vec<Fix> {
        let (Root::Holds(root, _), Ok(params)) = (&self.tree().root, self.params(set)) else {
            return Vec::new();
        };
        let params: Vec<ParamValue> = params.into_values().collect();
        let mut machine = Machine { facts, params: &params, tracer: () };
        if !matches!(self.tree().run(&mut machine), Ok(Some(_))) {
            return Vec::new();
        }
        let mut search =
            Search { rule: self, facts, params: &params, fixes: Vec::new(), runs_left: MAX_RUNS };
        search.look_at(root, true);
        search.fixes
    }
}

/// What can be done, as one sentence: “Shorten by 12 characters, or buy 40 SMS.” None when nothing can.
#[must_use]
pub fn sentence(fixes: &[Fix]) -> Option<LocalText> {
    let told = |text: fn(&Fix) -> &str, or: &str| {
        let all = fixes.iter().map(text).collect::<Vec<_>>().join(or);
        let mut letters = all.chars();
        let first = letters.next()?;
        Some(format!("{}{}.", first.to_uppercase(), letters.as_str()))
    };
    Some(LocalText::new(told(|fix| &fix.text.en, ", or ")?, told(|fix| &fix.text.fr, ", ou ")?))
}

/// One search through a tree.
struct Search<'a> {
    rule: &'a Rule,
    facts: &'a Facts,
    params: &'a [ParamValue],
    fixes: Vec<Fix>,
    /// How many more times the rule may be run.
    runs_left: u32,
}

impl<'a> Search<'a> {
    /// Looks for what would make that part come to `wanted`.
    fn look_at(&mut self, node: &'a Node<Bool>, wanted: bool) {
        match &node.what {
            What::Is(Bool::Not(part)) => self.look_at(part, !wanted),
            What::Is(Bool::All(parts) | Bool::Any(parts)) => {
                for part in parts {
                    self.look_at(part, wanted);
                }
            }
            What::Is(Bool::Compare(comparison, pair)) => {
                let comparison = if wanted { *comparison } else { comparison.opposite() };
                self.solve(comparison, &pair.0, &pair.1);
            }
            What::If(choice) => {
                self.look_at(&choice.then, wanted);
                self.look_at(&choice.otherwise, wanted);
            }
            What::Is(_) => {}
        }
    }

    /// Notes, for each fact that a user can change, the least change of it that makes the comparison hold, if the rule then passes.
    fn solve(&mut self, comparison: Comparison, left: &'a Node<Int>, right: &'a Node<Int>) {
        let (Some(left), Some(right)) = (self.linear(left), self.linear(right)) else { return };
        let Some(sum) = left.less(right) else { return };
        let Some(now) = self.value(&sum) else { return };
        if comparison.holds(now, 0) {
            return;
        }
        for (path, times) in &sum.facts {
            let Some(changeable) = CHANGEABLE.iter().find(|changeable| changeable.path == *path) else {
                continue;
            };
            let deltas = deltas(comparison, now, *times);
            // Of two ways that are as short, the first that a user can take.
            let fix = deltas.into_iter().flatten().find_map(|delta| self.enough(changeable, delta));
            if let Some(fix) = fix.filter(|fix| self.fixes.iter().all(|known| known.fact != fix.fact)) {
                self.fixes.push(fix);
            }
        }
    }

    /// That change, if it stays within what the fact can be, and the rule then passes. Time goes one way: of days the next with which it passes
    /// is looked for, and an hour that is over is none.
    fn enough(&mut self, changeable: &Changeable, delta: i128) -> Option<Fix> {
        let from = (changeable.get)(self.facts);
        if changeable.path == WEEKDAY {
            let ahead = |days: i64| (from - 1 + days).rem_euclid(DAYS) + 1;
            return (1..DAYS).map(ahead).find_map(|to| self.passes(changeable, from, to));
        }
        let delta =
            i64::try_from(delta).ok().filter(|delta| *delta > 0 || !changeable.path.starts_with(NOW))?;
        let to = from.checked_add(delta).filter(|to| (changeable.min..=changeable.max).contains(to))?;
        self.passes(changeable, from, to)
    }

    /// The change of a fact to that value, if the rule then passes.
    fn passes(&mut self, changeable: &Changeable, from: i64, to: i64) -> Option<Fix> {
        let delta = to - from;
        self.runs_left = self.runs_left.checked_sub(1)?;
        let mut facts = self.facts.clone();
        *(changeable.get_mut)(&mut facts) = to;
        let mut machine = Machine { facts: &facts, params: self.params, tracer: () };
        if !matches!(self.rule.tree().run(&mut machine), Ok(None)) {
            return None;
        }
        Some(Fix { fact: changeable.path.to_owned(), from, to, delta, text: (changeable.text)(to, delta) })
    }

    /// A part as a sum of facts; what is no sum counts for what it is now.
    fn linear(&self, node: &'a Node<Int>) -> Option<Linear> {
        match &node.what {
            What::Is(Int::Fact(fact, _)) => Some(Linear::fact(fact)),
            What::Is(Int::Negative(part)) => Linear::default().less(self.linear(part)?),
            What::Is(Int::Arithmetic(Arithmetic::Plus, pair)) => {
                let negative = Linear::default().less(self.linear(&pair.1)?)?;
                self.linear(&pair.0)?.less(negative)
            }
            What::Is(Int::Arithmetic(Arithmetic::Minus, pair)) => {
                self.linear(&pair.0)?.less(self.linear(&pair.1)?)
            }
            What::Is(Int::Arithmetic(Arithmetic::Times, pair)) => {
                let (left, right) = (self.linear(&pair.0)?, self.linear(&pair.1)?);
                if left.facts.is_empty() {
                    right.times(left.number)
                } else if right.facts.is_empty() {
                    left.times(right.number)
                } else {
                    self.constant(node)
                }
            }
            _ => self.constant(node),
        }
    }

    fn constant(&self, node: &'a Node<Int>) -> Option<Linear> {
        let mut machine = Machine { facts: self.facts, params: self.params, tracer: () };
        let number = machine.node(node).ok()?.into();
        Some(Linear { facts: BTreeMap::new(), number })
    }

    fn value(&self, sum: &Linear) -> Option<i128> {
        sum.facts.iter().try_fold(sum.number, |value, (path, times)| {
            let number = match find(path)?.value(self.facts) {
                crate::facts::Value::Int(number) => i128::from(number),
                _ => return None,
            };
            value.checked_add(number.checked_mul(*times)?)
        })
    }
}

impl Linear {
    fn fact(fact: &FactSpec) -> Self {
        Self { facts: BTreeMap::from([(fact.path, 1)]), number: 0 }
    }

    fn less(mut self, other: Self) -> Option<Self> {
        self.number = self.number.checked_sub(other.number)?;
        for (path, times) in other.facts {
            let now = self.facts.entry(path).or_default();
            *now = now.checked_sub(times)?;
        }
        self.facts.retain(|_, times| *times != 0);
        Some(self)
    }

    fn times(mut self, number: i128) -> Option<Self> {
        self.number = self.number.checked_mul(number)?;
        for times in self.facts.values_mut() {
            *times = times.checked_mul(number)?;
        }
        self.facts.retain(|_, times| *times != 0);
        Some(self)
    }
}

/// The least changes of a fact, counted `times` in a sum that is `now`, that make the sum compare so with zero: one, or one each way.
fn deltas(comparison: Comparison, now: i128, times: i128) -> [Option<i128>; 2] {
    // How much the sum has to change by, at least, towards the side where it has to be.
    let shift = match comparison {
        Comparison::Less => -1 - now,
        Comparison::AtMost | Comparison::AtLeast => -now,
        Comparison::More => 1 - now,
        Comparison::Equal => return [(now % times == 0).then(|| -now / times), None],
        Comparison::Different => return [Some(1), Some(-1)],
    };
    // Away from zero: a part of a step is not enough.
    let (whole, part) = (shift / times, shift % times);
    let away = if (shift < 0) == (times < 0) { 1 } else { -1 };
    [Some(if part == 0 { whole } else { whole + away }), None]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_change_is_the_least_that_is_enough() {
        let all = [
            Comparison::Less,
            Comparison::AtMost,
            Comparison::More,
            Comparison::AtLeast,
            Comparison::Equal,
            Comparison::Different,
        ];
        for comparison in all {
            for now in -30..30_i128 {
                for times in [-7, -3, -1, 1, 2, 5_i128] {
                    if comparison.holds(now, 0) {
                        continue;
                    }
                    let least = (-40..=40_i128)
                        .filter(|delta| comparison.holds(now + delta * times, 0))
                        .min_by_key(|delta| delta.abs());
                    let found = deltas(comparison, now, times)[0];
                    assert_eq!(found.map(i128::abs), least.map(i128::abs), "{now} + {times}d");
                    assert!(found.is_none_or(|delta| comparison.holds(now + delta * times, 0)));
                }
            }
        }
    }
}
