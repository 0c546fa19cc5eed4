//! The part of the walk that concerns comparisons of a fact with a number: one that comes out the same whatever the fact was meant otherwise.

use super::any::Any;
use super::{Int, Node, Walk, What};
use crate::error::Place;
use crate::facts::FactSpec;
use crate::text::{Lang, LocalText};
use crate::tree::{Comparison, Ints};

impl Walk<'_> {
    /// Notes an operator or a function that compares a fact with numbers that it never reaches.
    pub(super) fn ranges(&mut self, name: &str, takes: &[Any]) {
        match takes {
            [Any::Int(left), Any::Int(right)] => {
                let Some(comparison) = Comparison::read(name) else { return };
                if let (Some(fact), Some(number)) = (fact(left), constant(right)) {
                    self.comparison(right.at, (fact, number), comparison);
                } else if let (Some(number), Some(fact)) = (constant(left), fact(right)) {
                    self.comparison(left.at, (fact, number), comparison.turned());
                }
            }
            [Any::Ints(Node { at, what: What::Is(Ints::Constant(numbers)) }), Any::Int(item)] => {
                let Some(spec) = fact(item) else { return };
                let Some((least, most)) = spec.range() else { return };
                if let Some(number) = numbers.iter().find(|number| !(least..=most).contains(*number)) {
                    let path = spec.path;
                    self.out_of_range(
                        *at,
                        spec,
                        (format!("{path} is never {number}"), format!("{path} ne vaut jamais {number}")),
                    );
                }
            }
            _ => {}
        }
    }

    fn comparison(&mut self, at: Place, (spec, number): (&FactSpec, i64), comparison: Comparison) {
        let Some((least, most)) = spec.range() else { return };
        // Over a range without holes, a comparison that holds at both ends and beside the number holds everywhere.
        let near = [number.saturating_sub(1), number, number.saturating_add(1)];
        let met = near.into_iter().filter(|one| (least..=most).contains(one)).chain([least, most]);
        let (mut holds, mut fails) = (false, false);
        for one in met {
            if comparison.holds(one, number) {
                holds = true;
            } else {
                fails = true;
            }
        }
        let (path, written) = (spec.path, comparison.written());
        let (en, fr) = match (holds, fails) {
            (true, true) => return,
            (true, false) => ("always holds", "est toujours vrai"),
            (false, _) => ("is never true", "n’est jamais vrai"),
        };
        let told = |what: &str| format!("{path} {written} {number} {what}");
        self.out_of_range(at, spec, (told(en), told(fr)));
    }

    fn out_of_range(&mut self, at: Place, spec: &FactSpec, (en, fr): (String, String)) {
        let path = spec.path;
        let hint = LocalText::new(
            format!("{path} is {}", spec.holds(Lang::En)),
            format!("{path} est {}", spec.holds(Lang::Fr)),
        );
        self.problem(at, en, fr, Some(hint));
    }
}

fn fact(node: &Node<Int>) -> Option<&'static FactSpec> {
    match &node.what {
        What::Is(Int::Fact(fact, _)) => Some(fact),
        _ => None,
    }
}

/// A number written out, with a sign or without.
fn constant(node: &Node<Int>) -> Option<i64> {
    match &node.what {
        What::Is(Int::Constant(number)) => Some(*number),
        What::Is(Int::Negative(part)) => constant(part)?.checked_neg(),
        _ => None,
    }
}
