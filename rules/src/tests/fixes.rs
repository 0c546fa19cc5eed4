use std::collections::BTreeMap;
use std::sync::Arc;

use super::differential::chance;
use super::generated::{self, Writer};
use super::passing;
use crate::*;

fn builtin(slug: &str) -> Arc<Rule> {
    let catalog = Catalog::builtin().expect("checked by a test of its own");
    Arc::clone(catalog.get(slug).expect("a built-in"))
}

fn told(rule: &Rule, facts: &Facts) -> Vec<(String, i64, i64, i64)> {
    let fixes = rule.fixes(facts, &BTreeMap::new());
    fixes.into_iter().map(|fix| (fix.fact, fix.from, fix.to, fix.delta)).collect()
}

#[test]
fn what_is_too_much_is_told_by_how_much_in_both_languages() {
    let mut facts = Facts::default();
    facts.message.length = 161;
    let rule = builtin("message-length");
    assert_eq!(told(&rule, &facts), [("message.length".to_owned(), 161, 149, -12)]);
    let said = sentence(&rule.fixes(&facts, &BTreeMap::new())).expect("something can be done");
    assert_eq!(
        (said.en.as_str(), said.fr.as_str()),
        ("Shorten by 12 characters.", "Raccourcissez de 12 caractères.")
    );

    (facts.credit.balance, facts.message.cost) = (60, 100);
    let keep = BTreeMap::from([("keep".to_owned(), ParamValue::Int(5))]);
    let fixes = builtin("credit-sufficient").fixes(&facts, &keep);
    let said = sentence(&fixes).expect("something can be done");
    assert_eq!(said.en, "Buy 45 SMS, or spend 45 SMS less.");
    assert_eq!(said.fr, "Achetez 45 SMS, ou dépensez 45 SMS de moins.");
}

#[test]
fn the_hour_and_the_day_are_told_as_such() {
    let mut facts = Facts::default();
    facts.message.purpose = "COMMERCIAL".to_owned();
    let rule = builtin("legal-hours");
    let said = |facts: &Facts| sentence(&rule.fixes(facts, &BTreeMap::new())).map(|said| said.fr);
    assert_eq!(said(&facts), None, "it passes");
    facts.now.minute_of_day = 479;
    assert_eq!(said(&facts).as_deref(), Some("Envoyez à partir de 08:00."));
    facts.now.minute_of_day = 1_400;
    assert_eq!(said(&facts), None, "that hour is over");
    (facts.now.minute_of_day, facts.now.weekday) = (600, 7);
    assert_eq!(said(&facts).as_deref(), Some("Envoyez un lundi."));
    facts.now.minute_of_day = 1_400;
    assert_eq!(said(&facts), None, "no single change is enough");
}

#[test]
fn only_what_a_user_can_change_is_offered_and_only_what_is_enough() {
    let offered = |script: &str, change: fn(&mut Facts)| {
        let rule = passing(script).unwrap_or_else(|problems| panic!("{script}: {problems:?}"));
        let mut facts = Facts::default();
        change(&mut facts);
        told(&rule, &facts)
    };
    assert_eq!(offered("subscription.days_left > 3", |facts| facts.subscription.days_left = 1), []);
    assert_eq!(offered("account.kind == \"PERSONAL\"", |facts| facts.account.kind = "ADMIN".to_owned()), []);
    let both = "message.length <= 10 + 20 && credit.balance >= 3 * message.segments";
    let shorter = ("message.length".to_owned(), 40, 30, -10);
    assert_eq!(offered(both, |facts| facts.message.length = 40), [shorter]);
    assert_eq!(offered(both, |facts| (facts.message.length, facts.credit.balance) = (40, 0)), []);
    let product = ("audience.message_count".to_owned(), 200, 149, -51);
    assert_eq!(
        offered("!(2 * audience.message_count >= 300)", |facts| facts.audience.message_count = 200),
        [product]
    );
}

#[test]
fn a_fix_that_is_offered_makes_the_rule_pass() {
    let mut chance = chance();
    let mut offered = 0;
    for _ in 0..4_000 {
        let manifest = &generated::manifests()[0].0;
        let source = Writer { chance: &mut chance, recipient: false, methods: false }.script(false);
        let loaded = |verdict: &str| {
            Rule::load_own(
                &manifest.replace("verdict = \"PASS\"", &format!("verdict = {verdict:?}")),
                &source,
            )
        };
        let Some(rule) = ["PASS", "A"].into_iter().find_map(|verdict| loaded(verdict).ok()) else { continue };
        let (facts, none) = (Facts::default(), BTreeMap::new());
        for fix in rule.fixes(&facts, &none) {
            let with = |value: i64| {
                let mut json = serde_json::to_value(&facts).expect("plain data");
                let fact = fix.fact.split('.').fold(&mut json, |group, name| &mut group[name]);
                *fact = value.into();
                rule.trace(&serde_json::from_value(json).expect("an integer as before"), &none).code
            };
            assert_eq!(with(fix.to), PASS, "{source}\n{fix:?}");
            assert_eq!((with(fix.from), fix.to - fix.from), ("A".to_owned(), fix.delta), "{source}\n{fix:?}");
            offered += 1;
        }
    }
    assert!(offered > 20, "some fixes are offered: {offered}");
}
