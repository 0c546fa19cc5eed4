use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::{MANIFEST, SCRIPT};
use crate::*;

fn active(slug: &str, params: &[(&str, ParamValue)]) -> ActiveRule {
    let catalog = Catalog::builtin().expect("checked by another test");
    let rule = Arc::clone(catalog.get(slug).expect("a built-in"));
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    ActiveRule { version: rule.manifest().version, rule, state: State::Active, params }
}

fn decided(rule: &ActiveRule, facts: &Facts) -> (Verdict, serde_json::Value) {
    let mut decision = decide(Stage::Send, std::slice::from_ref(rule), facts);
    (decision.verdicts.remove(0), decision.facts_read)
}

#[test]
fn every_built_in_answers_again_what_it_answered() {
    let catalog = Catalog::builtin().expect("checked by another test");
    for rule in catalog.rules() {
        for case in rule.cases() {
            let slug = &rule.manifest().slug;
            let active = ActiveRule {
                rule: Arc::clone(rule),
                version: 1,
                state: State::Active,
                params: case.params.clone(),
            };
            let stage = rule.manifest().stages[0];
            let decision = decide(stage, &[active], &case.facts);
            let (verdict, text) = (&decision.verdicts[0], case.facts.message.text.as_str());
            let again = rule.replay(verdict, &decision.facts_read, Some(text), true);
            if stage == Stage::Recipient {
                assert_eq!(again, Replay::Unknown(Unreplayable::Missing(Missing::People)), "{slug}");
                continue;
            }
            assert_eq!(again, Replay::Same, "{slug}");
            let other = if verdict.level == Level::Pass { Level::Deny } else { Level::Pass };
            let tampered = Verdict { level: other, ..verdict.clone() };
            let again = rule.replay(&tampered, &decision.facts_read, Some(text), false);
            assert!(matches!(again, Replay::Differs { .. }), "{slug}: {again:?}");
        }
    }
}

#[test]
fn what_was_not_kept_is_not_guessed() {
    let length = active("message-length", &[("max_length", ParamValue::Int(20))]);
    let facts = Facts { message: MessageFacts { length: 21, ..MessageFacts::default() }, ..Facts::default() };
    let (verdict, kept) = decided(&length, &facts);
    assert_eq!(verdict.params["max_length"], ParamValue::Int(20));
    let again = |verdict: &Verdict, kept: &serde_json::Value| length.rule.replay(verdict, kept, None, true);
    assert_eq!(again(&verdict, &kept), Replay::Same);
    let old = Verdict { params: BTreeMap::new(), ..verdict.clone() };
    assert_eq!(again(&old, &kept), Replay::Unknown(Unreplayable::Parameters), "149 is the default");
    let elsewhere = Verdict { engine: ENGINE + 1, ..verdict.clone() };
    assert_eq!(again(&elsewhere, &kept), Replay::Unknown(Unreplayable::Engine));
    for kept in [json!({}), json!({ "message.length": "long" }), json!(null)] {
        let fact = Replay::Unknown(Unreplayable::Missing(Missing::Fact("message.length")));
        assert_eq!(again(&verdict, &kept), fact, "{kept}");
    }
    let told = Verdict { message: LocalText::new("Fine.", "Bien."), ..verdict.clone() };
    assert!(matches!(again(&told, &kept), Replay::Differs { .. }));
    assert_eq!(length.rule.replay(&told, &kept, None, false), Replay::Same, "words alone");
    let (passed, kept) = decided(&active("message-length", &[]), &Facts::default());
    let old = Verdict { params: BTreeMap::new(), ..passed };
    assert_eq!(again(&old, &kept), Replay::Same, "the defaults hold");
}

#[test]
fn a_rule_that_reads_the_text_needs_that_very_text() {
    let rule = Rule::load(MANIFEST, &format!("({SCRIPT}) && !(\"x\" in message.text)"));
    let rule = Arc::new(rule.unwrap_or_else(|problems| panic!("{problems:?}")));
    let active =
        ActiveRule { rule: Arc::clone(&rule), version: 1, state: State::Active, params: BTreeMap::new() };
    let facts = Facts::default();
    let decision = decide(rule.manifest().stages[0], &[active], &facts);
    let again = |text| rule.replay(&decision.verdicts[0], &decision.facts_read, text, true);
    assert_eq!(again(Some(facts.message.text.as_str())), Replay::Same);
    assert_eq!(again(None), Replay::Unknown(Unreplayable::Missing(Missing::Text)));
    assert_eq!(again(Some("another text")), Replay::Unknown(Unreplayable::Missing(Missing::Text)));
    let mut unread = decision.facts_read.clone();
    unread.as_object_mut().expect("facts").remove("message.text_sha256");
    let again = rule.replay(&decision.verdicts[0], &unread, Some(&facts.message.text), true);
    assert_eq!(
        again,
        Replay::Unknown(Unreplayable::Missing(Missing::Text)),
        "it read a text, and which is not known"
    );
    let hindsight = |kept: &serde_json::Value, text| {
        rule.in_hindsight(&BTreeMap::new(), kept, text).map(|ruling| ruling.code)
    };
    assert_eq!(hindsight(&unread, Some("a text")), Ok("A".to_owned()), "no rule read it then");
    assert_eq!(hindsight(&unread, Some("aucun")), Ok(PASS.to_owned()));
    assert_eq!(hindsight(&unread, None), Err(Missing::Text));
    assert_eq!(hindsight(&decision.facts_read, Some("another text")), Err(Missing::Text));
}

#[test]
fn what_did_not_run_then_is_not_held_against_a_rule_that_loads_today() {
    let account = active("not-admin-account", &[]);
    let decision = decide(Stage::Send, &[], &Facts::default()).with_unloaded(&Unloaded {
        slug: "not-admin-account".to_owned(),
        version: 1,
        source: account.rule.source().to_owned(),
        title: LocalText::new("Gone", "Partie"),
        origin: Origin::Own,
        observed: false,
        reason: LocalText::new("it no longer loads", "elle ne se charge plus"),
    });
    let again = |verdict: &Verdict| account.rule.replay(verdict, &decision.facts_read, None, true);
    assert_eq!(again(&decision.verdicts[0]), Replay::Unknown(Unreplayable::Unloaded));
    let ran = Verdict { operations: 5, ..decision.verdicts[0].clone() };
    assert!(matches!(again(&ran), Replay::Differs { .. }), "it ran, and failed then");
}
