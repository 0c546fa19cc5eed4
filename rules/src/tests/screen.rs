use super::{MANIFEST, SCRIPT, active, defaults};
use crate::*;

/// A RECIPIENT rule with one code, B, whose cases pass and do not.
const RECIPIENT: &str = r#"
slug = "chosen"
stages = ["RECIPIENT"]
title = { en = "Chosen", fr = "Choisis" }
description = { en = "For tests", fr = "Pour les essais" }
[codes.B]
level = "SKIP"
en = "{person.sent_today} today."
fr = "{person.sent_today} aujourd’hui."
[[cases]]
facts = { person = { sent_today = 0 } }
verdict = "PASS"
[[cases]]
facts = { person = { sent_today = 3, sex = "MALE", tags = [] } }
verdict = "B"
"#;

fn rule(script: &str) -> Rule {
    Rule::load_own(RECIPIENT, script).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn refused(manifest: &str, script: &str) -> String {
    let problems = Rule::load_own(manifest, script).expect_err("it must not load");
    problems.iter().map(|problem| problem.message.en.clone()).collect::<Vec<_>>().join("; ")
}

fn sent(sent_today: i64) -> PersonFacts {
    PersonFacts { sent_today, ..PersonFacts::default() }
}

fn commercial() -> Facts {
    let mut facts = Facts::default();
    facts.message.purpose = "COMMERCIAL".to_owned();
    facts
}

#[test]
fn each_person_is_looked_at_and_those_left_out_are_counted() {
    let mut screen = Screen::new(&[active(rule("person.sent_today < 2"), State::Active)], Facts::default());
    let told: Vec<_> = [0, 2, 1, 2, 5].map(|count| screen.look_at(sent(count))).into_iter().collect();
    let message = |place: usize| told[place].as_ref().map(|skip| skip.message.en.as_str());
    assert_eq!(
        (message(0), message(1), message(3), message(4)),
        (None, Some("2 today."), Some("2 today."), Some("5 today."))
    );
    let decision = decide(Stage::Send, &[], &Facts::default()).with_screen(&screen);
    let [verdict] = &decision.verdicts[..] else { panic!("one verdict expected") };
    assert_eq!((verdict.level, verdict.code.as_str(), verdict.people), (Level::Skip, "B", 3));
    assert_eq!(verdict.message.fr, "Choisis : 3 personnes sont écartées.");
    assert_eq!(decision.outcome, Outcome::Allowed, "leaving people out refuses nothing");
}

#[test]
fn a_rule_only_observed_leaves_nobody_out_and_is_counted() {
    let mut screen = Screen::new(&[active(rule("person.sent_today < 2"), State::Observed)], Facts::default());
    assert_eq!(screen.look_at(sent(3)), None);
    let decision = decide(Stage::Send, &[], &Facts::default()).with_screen(&screen);
    assert_eq!((decision.verdicts[0].people, decision.verdicts[0].observed_only), (1, true));
}

#[test]
fn a_rule_that_fails_leaves_the_person_out() {
    let failing = rule("6 / (person.sent_today - 1) < 3 && person.sent_today < 3");
    let mut screen = Screen::new(&[active(failing, State::Active)], Facts::default());
    assert_eq!(screen.look_at(sent(0)), None);
    let skip = screen.look_at(sent(1)).expect("it divides by zero");
    assert_eq!((skip.slug.as_str(), skip.code.as_str()), ("chosen", RULE_ERROR));
}

/// Looks at people until one is left out: how many were let through, and why that one was not.
fn until_one_is_left_out(rules: &[ActiveRule]) -> (usize, std::sync::Arc<Skip>) {
    let mut screen = Screen::new(rules, Facts::default());
    // Everyone is another: nothing is known of anyone before.
    let told =
        (4..100_000).map(sent).enumerate().find_map(|(place, person)| Some((place, screen.look_at(person)?)));
    told.expect("the budget ends before a hundred thousand people")
}

#[test]
fn rules_that_take_too_long_over_all_leave_the_rest_out() {
    let many = vec!["1000000"; 200].join(", ");
    let long = format!("person.sent_today != 3 && ![{many}].contains(person.sent_today)");
    let one = active(rule(&long), State::Active);
    let (alone, skip) = until_one_is_left_out(std::slice::from_ref(&one));
    assert_eq!(skip.code, RULE_ERROR);
    assert!(skip.message.fr.contains("pour toutes ces personnes"), "{}", skip.message.fr);

    // Each takes as much, so that two of them get half as far: also when one is only observed.
    let other = Rule::load_own(&RECIPIENT.replace("\"chosen\"", "\"other\""), &long).expect("a rule");
    let observed = active(other, State::Observed);
    let (together, skip) = until_one_is_left_out(&[observed, one]);
    assert_eq!((skip.slug.as_str(), skip.code.as_str()), ("chosen", RULE_ERROR));
    assert!(together.abs_diff(alone / 2) <= 1, "{together} of {alone}");
}

#[test]
fn consent_matters_to_commercial_messages_only() {
    let consenting = |commercial_consent| PersonFacts { commercial_consent, ..PersonFacts::default() };
    let mut information = Screen::new(&defaults(), Facts::default());
    assert!(information.lets_everyone_through());
    assert_eq!(information.look_at(consenting(false)), None);
    let mut screen = Screen::new(&defaults(), commercial());
    assert!(!screen.lets_everyone_through());
    assert_eq!(screen.look_at(consenting(true)), None);
    let skip = screen.look_at(consenting(false)).expect("no consent");
    assert_eq!(skip.code, "NO_COMMERCIAL_CONSENT");
    assert!(screen.reads("person.commercial_consent") && !screen.reads("person.tags"));
    let decision = decide(Stage::Send, &defaults(), &commercial()).with_screen(&screen);
    assert_eq!(decision.facts_read["message.purpose"], "COMMERCIAL");
    assert!(decision.facts_read.get("person.commercial_consent").is_none(), "no fact of a person is kept");
}

#[test]
fn whoever_reads_more_than_a_few_values_lets_nobody_through_unseen() {
    let through = |script| {
        Screen::new(&[active(rule(script), State::Active)], Facts::default()).lets_everyone_through()
    };
    assert!(!through("person.sent_today < 2"));
    assert!(!through("person.sex != \"MALE\""));
}

#[test]
fn what_is_not_known_yet_or_is_of_one_person_cannot_be_read() {
    for fact in
        ["audience.person_count", "message.cost", "credit.balance", "credit.reserved", "history.sent_today"]
    {
        let told = refused(RECIPIENT, &format!("{fact} < 3 && person.sent_today < 2"));
        assert!(told.contains(&format!("\"{fact}\" is known once everyone is")), "{told}");
    }
    let told = refused(MANIFEST, "person.sent_today < 2");
    assert!(told.contains("only a RECIPIENT rule can read it"), "{told}");
    let quoting = RECIPIENT.replace("{person.sent_today} today", "{message.cost} SMS");
    assert!(refused(&quoting, "person.sent_today < 2").contains("is known once everyone is"));
}

#[test]
fn a_recipient_rule_stands_alone_and_only_leaves_out() {
    let denying = RECIPIENT.replace("SKIP", "DENY");
    assert!(refused(&denying, "person.sent_today < 2").contains("SKIP is the level of RECIPIENT rules"));
    let skipping = MANIFEST.replace("DENY", "SKIP");
    assert!(refused(&skipping, SCRIPT).contains("SKIP is the level of RECIPIENT rules"));
    let both = RECIPIENT.replace("[\"RECIPIENT\"]", "[\"SEND\", \"RECIPIENT\"]");
    assert!(refused(&both, "person.sent_today < 2").contains("RECIPIENT stands alone"));
}
