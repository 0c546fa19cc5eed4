use std::collections::BTreeMap;
use std::sync::Arc;

use super::{MANIFEST, SCRIPT, active, defaults, passing};
use crate::*;

fn sample() -> Rule {
    Rule::load_own(MANIFEST, SCRIPT).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn costing(cost: i64) -> Facts {
    let mut facts = Facts::default();
    facts.message.cost = cost;
    facts
}

#[test]
fn a_rule_that_is_observed_is_recorded_and_changes_nothing() {
    let decision = decide(Stage::Send, &[active(sample(), State::Observed)], &costing(11));
    assert_eq!(decision.outcome, Outcome::Allowed);
    let [verdict] = &decision.verdicts[..] else { panic!("one verdict expected") };
    assert_eq!((verdict.level, verdict.code.as_str(), verdict.observed_only), (Level::Deny, "A", true));
}

#[test]
fn a_rule_that_is_off_or_of_another_stage_does_not_run() {
    let decision = decide(Stage::Send, &[active(sample(), State::Off)], &costing(11));
    assert_eq!((decision.outcome, decision.verdicts.len()), (Outcome::Allowed, 0));
    let manifest = MANIFEST.replace(r#"["PREVIEW", "SEND"]"#, r#"["PREVIEW"]"#);
    let rule = || Rule::load_own(&manifest, SCRIPT).expect("checked: it loads with any stage");
    assert_eq!(decide(Stage::Send, &[active(rule(), State::Active)], &costing(11)).outcome, Outcome::Allowed);
    assert_eq!(
        decide(Stage::Preview, &[active(rule(), State::Active)], &costing(11)).outcome,
        Outcome::Refused
    );
}

#[test]
fn a_rule_that_fails_refuses_by_name_and_only_where_it_counts() {
    let problems =
        passing("message.cost / (credit.balance - 228) >= 0").expect_err("its own cases meet the failure");
    assert!(problems[0].message.en.contains("RULE_ERROR"), "{problems:?}");
    let rule =
        || passing("credit.balance == 228 || message.cost / credit.balance >= 0").expect("its cases pass");
    let mut facts = Facts::default();
    facts.credit.balance = 0;
    let decision = decide(Stage::Send, &[active(rule(), State::Active)], &facts);
    assert_eq!(decision.outcome, Outcome::Refused);
    let verdict = &decision.verdicts[0];
    assert_eq!((verdict.level, verdict.code.as_str()), (Level::Error, RULE_ERROR));
    let told =
        "The rule “Sample” failed, line 1, column 39: a number grew too large, or was divided by zero.";
    assert!(verdict.message.en.starts_with(told), "{}", verdict.message.en);
    assert!(
        verdict.message.fr.starts_with("La règle « Exemple » a échoué, ligne 1"),
        "{}",
        verdict.message.fr
    );
    let observed = decide(Stage::Send, &[active(rule(), State::Observed)], &facts);
    assert_eq!((observed.outcome, observed.verdicts[0].level), (Outcome::Allowed, Level::Error));
}

#[test]
fn facts_that_are_not_what_the_table_promises_refuse() {
    let mut facts = Facts::default();
    facts.account.kind = "Personal".to_owned();
    let decision = decide(Stage::Send, &defaults(), &facts);
    let failed: Vec<&str> = decision
        .verdicts
        .iter()
        .filter(|verdict| verdict.code == RULE_ERROR)
        .map(|verdict| verdict.slug.as_str())
        .collect();
    assert_eq!((decision.outcome, failed), (Outcome::Refused, vec!["not-admin-account"]));

    let reads_text = passing("!message.text.contains(\"zut\")").expect("its cases pass");
    let mut facts = Facts::default();
    facts.message.text = "a".repeat(10_000_000);
    let decision = decide(Stage::Send, &[active(reads_text, State::Active)], &facts);
    assert_eq!(decision.verdicts[0].code, RULE_ERROR);
}

#[test]
fn parameters_that_a_structure_set_are_used_and_bad_ones_refuse() {
    let catalog = Catalog::builtin().expect("checked by a test of its own");
    let rule = catalog.get("message-length").expect("a built-in");
    let outcome = |value: ParamValue, length: i64| {
        let params =
            BTreeMap::from([("max_length".to_owned(), value), ("gone".to_owned(), ParamValue::Bool(true))]);
        let mut facts = Facts::default();
        facts.message.length = length;
        let active = ActiveRule { rule: Arc::clone(rule), version: 3, state: State::Active, params };
        let decision = decide(Stage::Send, &[active], &facts);
        assert_eq!(decision.verdicts[0].version, 3);
        decision.verdicts[0].code.clone()
    };
    assert_eq!(outcome(ParamValue::Int(100), 100), PASS);
    assert_eq!(outcome(ParamValue::Int(100), 101), "MESSAGE_TOO_LONG");
    for bad in [ParamValue::Int(919), ParamValue::Int(0), ParamValue::String("200".to_owned())] {
        assert_eq!(outcome(bad, 10), RULE_ERROR);
    }
}

#[test]
fn the_facts_read_and_those_at_hand_are_kept_and_the_text_only_as_its_hash() {
    let rule = passing("!message.text.contains(\"zut\") && history.sent_today < 5").expect("its cases pass");
    let mut facts = Facts::default();
    facts.message.text = "abc".to_owned();
    let kept = decide(Stage::Send, &[active(rule, State::Active)], &facts).facts_read;
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((&kept["message.cost"], &kept["message.text_sha256"]), (&2.into(), &hash.into()));
    assert_eq!(kept["audience.message_count"], facts.audience.message_count, "though no rule reads it");
    assert_eq!(kept["history.sent_today"], 0, "a rule reads it");
    let asked = ["history.sent_this_month", "history.same_text_minutes", "audience.lists", "audience.tags"];
    assert_eq!(kept["message.approved"], false, "while no rule asks there is none");
    let people = ["person.sex", "person.tags", "person.commercial_consent"];
    for absent in asked.into_iter().chain(people).chain(["message.text"]) {
        assert!(kept.get(absent).is_none(), "{absent}");
    }
    assert!(!format!("{facts:?}").contains("abc"));
    let other = passing("message.cost < 100").expect("its cases pass");
    let kept = decide(Stage::Send, &[active(other, State::Active)], &facts).facts_read;
    assert!(kept.get("message.text_sha256").is_none() && kept.get("message.cost").is_some(), "{kept}");
}

#[test]
fn scripts_choose_between_codes_and_use_every_form() {
    let manifest = MANIFEST.replace(
        "[[cases]]\nfacts = { message = { cost = 10 } }",
        "[codes.B]\nlevel = \"CONFIRM\"\nen = \"B\"\nfr = \"B\"\n[[cases]]\nfacts = { message = { cost = 10 } }",
    );
    let script = r#"
        // Comments are welcome.
        if message.cost > params.most && now.minute_of_day >= params.from { verdict("A") }
        else if !(now.weekday in [6, 7]) && (structure.region !in ["FR", "BE"] || params.words.contains("c")
            || message.text.to_lower().starts_with("zut") || "x" in message.text || -message.cost > max(1, 2) % 3) {
            verdict("B")
        } else { pass() }"#;
    let rule = || Rule::load_own(&manifest, script).unwrap_or_else(|problems| panic!("{problems:?}"));
    let code =
        |facts: &Facts| decide(Stage::Send, &[active(rule(), State::Active)], facts).verdicts[0].code.clone();
    assert_eq!(code(&costing(11)), "A");
    assert_eq!(code(&costing(2)), PASS);
    let mut facts = costing(2);
    facts.message.text = "ZUT alors".to_owned();
    assert_eq!(code(&facts), "B");
    facts.now.weekday = 7;
    assert_eq!(code(&facts), PASS);
    facts = costing(2);
    facts.structure.region = "CH".to_owned();
    let decision = decide(Stage::Send, &[active(rule(), State::Active)], &facts);
    assert_eq!(decision.outcome, Outcome::ConfirmationRequired);
    assert_eq!(decision.codes_to_confirm().into_iter().collect::<Vec<_>>(), ["B"]);
}
