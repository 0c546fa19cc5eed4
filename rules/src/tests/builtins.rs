use std::sync::Arc;

use super::defaults;
use std::collections::BTreeMap;

use crate::*;

fn refusal(facts: &Facts) -> Vec<(String, LocalText, Option<String>)> {
    let decision = decide(Stage::Preview, &defaults(), facts);
    assert_eq!(decision, decide(Stage::Send, &defaults(), facts), "preview and send agree");
    let refusing = decision.verdicts.into_iter().filter(|verdict| verdict.level != Level::Pass);
    refusing.map(|verdict| (verdict.code, verdict.message, verdict.help_url)).collect()
}

fn only_refusal(facts: &Facts, code: &str) -> (LocalText, Option<String>) {
    let [(found, message, help)] = &refusal(facts)[..] else {
        panic!("one refusal expected: {:?}", refusal(facts))
    };
    assert_eq!(found, code);
    (message.clone(), help.clone())
}

#[test]
fn every_builtin_loads_gives_its_cases_their_verdict_and_has_nothing_to_mend() {
    let catalog = Catalog::builtin().unwrap_or_else(|error| panic!("{error}"));
    let slugs: Vec<&str> = catalog.rules().map(|rule| rule.manifest().slug.as_str()).collect();
    let order = [
        "subscription-active",
        "sms-configured",
        "not-admin-account",
        "write-permission",
        "credit-sufficient",
        "sender-allowed",
        "message-length",
        "empty-fields",
        "legal-hours",
        "not-too-late",
        "commercial-consent",
        "duplicate-campaign",
        "large-send",
        "daily-budget",
        "recipient-frequency",
    ];
    assert_eq!(slugs, order);
    for rule in catalog.rules() {
        assert_eq!(rule.warnings(), [], "{}", rule.manifest().slug);
        let slug = rule.manifest().slug.as_str();
        let recipient = ["commercial-consent", "recipient-frequency"].contains(&slug);
        let again = ["subscription-active", "sms-configured", "sender-allowed"].contains(&slug);
        let stages: &[Stage] = match (recipient, again) {
            (true, _) => &[Stage::Recipient],
            (_, true) => &[Stage::Preview, Stage::Send, Stage::Dispatch],
            _ if slug == "not-too-late" => &[Stage::Dispatch],
            _ => &[Stage::Preview, Stage::Send],
        };
        assert_eq!(rule.manifest().stages, stages, "{slug}");
        assert!(rule.cases().len() >= 3, "{slug}");
        let asked_for = rule.manifest().lock == Some(Lock::Replaceable) && slug != "empty-fields";
        let state = if asked_for { State::Off } else { State::Active };
        assert_eq!(rule.manifest().state, Some(state), "what is not asked for does not run");
        assert_eq!(rule.hash().len(), 64);
    }
    let lock = |slug| catalog.get(slug).and_then(|rule| rule.manifest().lock);
    for slug in ["message-length", "sender-allowed", "not-too-late"] {
        assert_eq!(lock(slug), Some(Lock::Adjustable));
    }
    assert_eq!(lock("empty-fields"), Some(Lock::Replaceable));
    assert!(order.iter().filter(|slug| lock(slug) == Some(Lock::Locked)).count() == 7);
    assert!(order.iter().filter(|slug| lock(slug) == Some(Lock::Replaceable)).count() == 5);
}

#[test]
fn every_template_is_a_rule_that_a_structure_could_publish_as_it_is() {
    let catalog = Catalog::builtin().unwrap_or_else(|error| panic!("{error}"));
    let templates: Vec<&Arc<Rule>> = catalog.templates().collect();
    let slugs: Vec<&str> = templates.iter().map(|rule| rule.manifest().slug.as_str()).collect();
    assert_eq!(slugs, ["forbidden-words", "one-a-day", "only-a-list", "only-between-hours", "two-people"]);
    for rule in templates {
        assert_eq!(rule.warnings(), [], "{}", rule.manifest().slug);
        assert!(catalog.get(&rule.manifest().slug).is_none(), "its slug is free");
        assert!(Rule::load_own(rule.manifest_toml(), rule.source()).is_ok());
    }
}

#[test]
fn the_reference_facts_are_allowed_and_cost_few_operations() {
    let decision = decide(Stage::Send, &defaults(), &Facts::default());
    assert_eq!(decision.outcome, Outcome::Allowed);
    assert_eq!(decision.verdicts.len(), 9);
    for verdict in &decision.verdicts {
        assert_eq!((verdict.code.as_str(), &verdict.help_url), (PASS, &None));
        assert!((1..200).contains(&verdict.operations), "{verdict:?}");
    }
}

#[test]
fn each_refusal_says_what_is_wrong_in_both_languages() {
    let subscription = SubscriptionFacts { active: false, state: "NONE".to_owned(), days_left: 0 };
    let facts = Facts { subscription, ..Facts::default() };
    let (message, help) = only_refusal(&facts, "SUBSCRIPTION_INACTIVE");
    assert!(message.fr.contains("souscrire"), "{message:?}");
    assert_eq!(help.as_deref(), Some("https://envoi.example/aide/option-sms"));

    let mut facts = Facts::default();
    facts.settings.configured = false;
    facts.settings.missing = vec!["sender".to_owned(), "stop_mention".to_owned()];
    let (message, help) = only_refusal(&facts, "SMS_NOT_CONFIGURED");
    assert_eq!(message.en, "SMS sending is not set up yet. Still missing: the sender and the STOP mention.");
    assert!(message.fr.ends_with("Il manque : l’expéditeur et la mention STOP."), "{}", message.fr);
    assert!(help.is_some());

    let mut facts = Facts::default();
    facts.account.kind = "ADMIN".to_owned();
    only_refusal(&facts, "ADMIN_ACCOUNT");

    let mut facts = Facts::default();
    facts.account.permissions.communication_sms = "READ".to_owned();
    only_refusal(&facts, "WRITE_PERMISSION_MISSING");

    let mut facts = Facts::default();
    (facts.credit.balance, facts.message.cost) = (1, 7);
    let (message, _) = only_refusal(&facts, "INSUFFICIENT_CREDIT");
    assert!(message.en.contains("costs 7 SMS") && message.en.contains("credit: 1 SMS"), "{}", message.en);

    let mut facts = Facts::default();
    facts.message.length = 161;
    let (message, _) = only_refusal(&facts, "MESSAGE_TOO_LONG");
    assert!(message.en.ends_with("the limit is 149: too long by 12."), "{}", message.en);
    assert!(message.fr.ends_with("la limite est de 149 : il y en a 12 de trop."), "{}", message.fr);
}

#[test]
fn every_reason_is_told_at_once() {
    let mut facts = Facts::default();
    facts.subscription.active = false;
    facts.account.kind = "ADMIN".to_owned();
    facts.account.permissions.communication_sms = "NONE".to_owned();
    facts.credit.balance = 0;
    facts.message.length = 150;
    let codes: Vec<String> = refusal(&facts).into_iter().map(|(code, ..)| code).collect();
    let expected = [
        "SUBSCRIPTION_INACTIVE",
        "ADMIN_ACCOUNT",
        "WRITE_PERMISSION_MISSING",
        "INSUFFICIENT_CREDIT",
        "MESSAGE_TOO_LONG",
    ];
    assert_eq!(codes, expected);
}

#[test]
fn parameters_keep_their_bounds() {
    let catalog = Catalog::builtin().expect("checked above");
    let param =
        |slug: &str, name: &str| catalog.get(slug).expect("a built-in").manifest().params[name].clone();
    let length = param("message-length", "max_length");
    assert_eq!(length.parse("918"), Ok(ParamValue::Int(918)));
    assert!(length.parse("919").is_err() && length.parse("0").is_err());
    let keep = param("credit-sufficient", "keep");
    assert_eq!(keep.default, ParamValue::Int(0));
    assert!(keep.parse("-1").is_err());
}

#[test]
fn hours_that_end_before_they_begin_are_refused() {
    let catalog = Catalog::builtin().expect("checked above");
    let rules = catalog.rules().chain(catalog.templates());
    let rules: Vec<_> = rules
        .filter(|rule| ["legal-hours", "only-between-hours"].contains(&&*rule.manifest().slug))
        .collect();
    assert_eq!(rules.len(), 2);
    for rule in rules {
        let (manifest, time) = (rule.manifest(), |hour: i64| ParamValue::Time(hour * 60));
        let set = |from, to| BTreeMap::from([("from".to_owned(), time(from)), ("to".to_owned(), time(to))]);
        assert_eq!(manifest.in_order(&set(9, 10)), Ok(()));
        for (from, to) in [(21, 9), (9, 9)] {
            let (name, error) = manifest.in_order(&set(from, to)).expect_err("the wrong way round");
            assert_eq!((name, error.to_string().contains("greater than \"from\"")), ("to", true));
        }
        let from = BTreeMap::from([("from".to_owned(), time(22))]);
        assert!(manifest.in_order(&from).is_err(), "beside the default");
        let told = |given: &[&str]| {
            let (name, error) =
                manifest.put_in_order(&set(21, 9), |name| given.contains(&name)).expect_err("so");
            (name, matches!(error, ParamError::NotBelow { .. }))
        };
        assert_eq!(told(&["from"]), ("from", true), "the one that was given");
        assert_eq!((told(&["to"]), told(&["from", "to"])), (("to", false), ("to", false)));
        let mut kept = set(21, 9);
        manifest.keep_accepted(&mut kept);
        assert_eq!(kept, BTreeMap::new(), "both go back to their default");
        let text = rule.manifest_toml().to_owned()
            + "\n[[cases]]\nparams = { from = \"12:00\", to = \"11:00\" }\nverdict = \"PASS\"\n";
        let problems = Rule::load(&text, rule.source()).expect_err("a case of them");
        assert!(
            problems[0].message.fr.contains("to : la valeur doit dépasser celle de \"from\", qui est 12:00")
        );
    }
}

const GUIDE: &str = include_str!("../../../docs/guides/write-a-rule.md");

#[test]
fn the_guide_for_authors_holds_the_tables_of_facts_and_functions() {
    for table in [facts_reference(), functions_reference()] {
        assert!(GUIDE.contains(&table), "write this table in the guide:\n{table}");
    }
}

#[test]
fn the_example_of_the_guide_loads_with_nothing_to_mend() {
    let block = |fence: &str| {
        GUIDE.split_once(fence).and_then(|(_, rest)| rest.split_once("```")).map(|(block, _)| block)
    };
    let (manifest, script) = (block("```toml\n").expect("a manifest"), block("```\n").expect("a script"));
    let rule = Rule::load_own(manifest, script).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(rule.warnings(), []);
    assert_eq!(rule.manifest().codes["LARGE_SEND"].level, Level::Confirm);
}
