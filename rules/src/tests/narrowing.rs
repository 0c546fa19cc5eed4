//! Whatever rules a structure adds, they only narrow what the platform allows. Its rules are made by chance.

use std::collections::BTreeMap;
use std::sync::Arc;

use fastrand::Rng;

use super::differential::chance;
use super::generated::{self, Writer};
use super::{active, defaults};
use crate::*;

/// Sets of rules tried.
const SETS: usize = 60;
/// Facts, and people, that each set meets.
const FACTS: usize = 12;

/// A rule by chance, of that stage: its one case has the verdict that it turns out to give.
fn rule(chance: &mut Rng, recipient: bool) -> Rule {
    let manifests = generated::manifests();
    loop {
        let (manifest, verdicts, _) = &manifests[usize::from(recipient) * 2 + usize::from(chance.bool())];
        let source = Writer { chance, recipient, methods: false }.script(*verdicts);
        let of_verdict = |verdict: &str| {
            Rule::load_own(
                &manifest.replace("verdict = \"PASS\"", &format!("verdict = {verdict:?}")),
                &source,
            )
        };
        if let Some(rule) = ["PASS", "A", "B"].into_iter().find_map(|verdict| of_verdict(verdict).ok()) {
            return rule;
        }
    }
}

fn state(chance: &mut Rng) -> State {
    [State::Active, State::Active, State::Observed, State::Off][chance.usize(..4)]
}

/// The rules of the platform, and others among them in any order.
fn with_others(chance: &mut Rng, recipient: bool) -> Vec<ActiveRule> {
    let mut rules = defaults();
    for _ in 0..chance.usize(1..5) {
        let (rule, state) = (rule(chance, recipient), state(chance));
        rules.push(active(rule, state));
    }
    chance.shuffle(&mut rules);
    rules
}

fn by_slug(decision: &Decision) -> BTreeMap<&str, &Verdict> {
    decision.verdicts.iter().map(|verdict| (verdict.slug.as_str(), verdict)).collect()
}

#[test]
fn what_the_platform_refuses_stays_refused_whatever_a_structure_adds() {
    let (mut chance, platform) = (chance(), defaults());
    let mut narrowed = 0;
    for _ in 0..SETS {
        let rules = with_others(&mut chance, false);
        for _ in 0..FACTS {
            let facts = if chance.bool() { generated::facts(&mut chance) } else { Facts::default() };
            let (alone, together) =
                (decide(Stage::Send, &platform, &facts), decide(Stage::Send, &rules, &facts));
            assert!(together.outcome >= alone.outcome, "{facts:?}\n{together:?}");
            let all = by_slug(&together);
            assert!(
                alone.verdicts.iter().all(|verdict| all[verdict.slug.as_str()] == verdict),
                "{together:?}"
            );
            narrowed += usize::from(together.outcome > alone.outcome);
        }
    }
    assert!(narrowed > 0, "some rule added says no where the platform says yes");
}

#[test]
fn whoever_is_left_out_stays_out_and_leaving_out_changes_nothing_else() {
    let (mut chance, platform) = (chance(), defaults());
    let mut more = 0;
    for _ in 0..SETS {
        let rules = with_others(&mut chance, true);
        let mut facts = Facts::default();
        if chance.bool() {
            facts.message.purpose = "COMMERCIAL".to_owned();
        }
        let (mut alone, mut together) =
            (Screen::new(&platform, facts.clone()), Screen::new(&rules, facts.clone()));
        let through = together.lets_everyone_through();
        for _ in 0..FACTS {
            let person = generated::facts(&mut chance).person;
            let (by_platform, by_all) = (alone.look_at(person.clone()), together.look_at(person));
            assert!(by_platform.is_none() || by_all.is_some(), "{by_platform:?}");
            assert!(!through || by_all.is_none(), "{by_all:?}");
            more += usize::from(by_platform.is_none() && by_all.is_some());
        }
        let (before, after) =
            (decide(Stage::Send, &rules, &facts), decide(Stage::Send, &rules, &facts).with_screen(&together));
        assert_eq!((after.outcome, after.codes_to_confirm()), (before.outcome, before.codes_to_confirm()));
        assert_eq!(
            after.verdicts[..before.verdicts.len()],
            before.verdicts,
            "what was ruled of the whole stands"
        );
        let screened = &after.verdicts[before.verdicts.len()..];
        assert!(
            screened.iter().all(|verdict| matches!(verdict.level, Level::Pass | Level::Skip)),
            "{screened:?}"
        );
    }
    assert!(more > 0, "some rule added leaves out more people");
}

#[test]
fn the_order_of_rules_and_a_rule_twice_change_no_outcome() {
    let mut chance = chance();
    for _ in 0..SETS {
        let mut rules = with_others(&mut chance, false);
        let facts = Arc::new(generated::facts(&mut chance));
        let outcome = decide(Stage::Send, &rules, &facts).outcome;
        chance.shuffle(&mut rules);
        let twice: Vec<ActiveRule> = rules.iter().chain(&rules).cloned().collect();
        assert_eq!(decide(Stage::Send, &rules, &facts).outcome, outcome);
        assert_eq!(decide(Stage::Send, &twice, &facts).outcome, outcome);
        let (some, others) = rules.split_at(chance.usize(..=rules.len()));
        let parts =
            decide(Stage::Send, some, &facts).outcome.max(decide(Stage::Send, others, &facts).outcome);
        assert_eq!(parts, outcome, "the join of two parts is that of the whole");
    }
}
