//! Slips in manifests and in given facts, as their author is told of them: once each, at their place, with what was perhaps meant.

use super::{MANIFEST, SCRIPT};
use crate::*;

/// All that is told of the sample with a part of it replaced, in French, each with its line.
fn told(part: &str, by: &str, script: &str) -> Vec<String> {
    assert!(MANIFEST.contains(part), "{part}");
    let problems = Rule::load_own(&MANIFEST.replacen(part, by, 1), script).expect_err(by);
    problems.iter().map(in_french).collect()
}

fn in_french(problem: &Diagnostic) -> String {
    let hint = problem.hint.as_ref().map_or_else(String::new, |hint| format!(" ({})", hint.fr));
    format!("{}: {}{hint}", problem.line, problem.message.fr)
}

#[test]
fn a_default_of_another_type_is_told_once_with_the_shape_it_wants() {
    for (part, by, line) in [
        (
            "default = \"08:00\"",
            "default = \"8h00\"",
            "12: params.from : la valeur par défaut n’est pas de son type : une heure comme \"08:30\" est attendue",
        ),
        (
            "default = 10",
            "default = \"dix\"",
            "8: params.most : la valeur par défaut n’est pas de son type : un nombre entier est attendu",
        ),
        (
            "default = [\"a\", \"b\"]",
            "default = \"a, b\"",
            "16: params.words : la valeur par défaut n’est pas de son type : une liste comme [\"a\", \"b\"] est attendue",
        ),
        (
            "default = \"08:00\"",
            "default = \"08:00\"\nmin = 7",
            "13: params.from : une borne s’écrit comme la valeur : une heure comme \"08:30\" est attendue",
        ),
    ] {
        let script = "message.cost <= params.most && params.from > 3 && !(\"a\" in params.words)";
        assert_eq!(told(part, by, script), [line], "{by}");
    }
}

/// The sample with a second hour, above the first or as it is told.
fn with_hours(from: &str, to: &str) -> Vec<String> {
    let hour = |name: &str, keys: &str| {
        format!("[params.{name}]\ntype = \"TIME\"\n{keys}\ntitle = {{ en = \"T\", fr = \"T\" }}\n")
    };
    let both = [hour("from", from), hour("to", to)].concat();
    let before =
        "[params.from]\ntype = \"TIME\"\ndefault = \"08:00\"\ntitle = { en = \"From\", fr = \"De\" }\n";
    told(before, &both, SCRIPT)
}

#[test]
fn each_slip_of_an_order_is_told_by_a_sentence_of_its_own_and_a_circle_once() {
    let from = "default = \"08:00\"";
    let to = "default = \"20:00\"";
    for (first, second, line) in [
        (
            from,
            "default = \"20:00\"\nabove = \"form\"",
            "17: params.to : above nomme \"form\", et ce paramètre n’existe pas (vouliez-vous dire \"from\" ?)",
        ),
        (
            from,
            "default = \"20:00\"\nabove = \"most\"",
            "17: params.to : above nomme \"most\", qui est INT, et celui-ci est TIME : tous deux sont INT, ou tous deux TIME",
        ),
        (
            "default = \"08:00\"\nabove = \"to\"",
            "default = \"20:00\"\nabove = \"from\"",
            "13: params.from : above tourne en rond, ce qu’aucune valeur ne peut respecter : from, to, from",
        ),
        (
            "default = \"08:00\"\nabove = \"to\"",
            to,
            "12: params.from : la valeur par défaut n’est pas à sa place : la valeur doit dépasser celle de \"to\", qui est 20:00",
        ),
        (
            "default = \"8h\"\nabove = \"to\"",
            to,
            "12: params.from : la valeur par défaut n’est pas de son type : une heure comme \"08:30\" est attendue",
        ),
    ] {
        assert_eq!(with_hours(first, second), [line], "{first} {second}");
    }
}

#[test]
fn every_unknown_key_is_told_at_once_with_the_nearest() {
    let manifest = MANIFEST
        .replace("stages = ", "stage = ")
        .replace("default = 10", "defualt = 10")
        .replace("level = ", "levle = ")
        .replace("[[cases]]", "[[case]]")
        .replace("fr = \"Exemple\"", "de = \"Beispiel\"");
    let problems = Rule::load_own(&manifest, SCRIPT).expect_err("five slips");
    assert_eq!(
        problems.iter().map(in_french).collect::<Vec<_>>(),
        [
            "3: un manifeste n’a pas de clé \"stage\" (vouliez-vous dire \"stages\" ?)",
            "4: un manifeste n’a pas de clé \"title.de\" (les clés y sont : en, fr)",
            "8: un manifeste n’a pas de clé \"params.most.defualt\" (vouliez-vous dire \"default\" ?)",
            "19: un manifeste n’a pas de clé \"codes.A.levle\" (vouliez-vous dire \"level\" ?)",
            "22: un manifeste n’a pas de clé \"case\" (vouliez-vous dire \"cases\" ?)",
        ]
    );
    assert!(problems.iter().all(|problem| problem.half == Some(Half::Manifest)));
    let case = "verdict = \"A\"";
    assert_eq!(
        told(case, "verdict = \"A\"\nfact = 1", SCRIPT),
        ["28: un manifeste n’a pas de clé \"cases[2].fact\" (vouliez-vous dire \"facts\" ?)"]
    );
    let wrong = told("\"SEND\"]", "\"SENT\"]", SCRIPT);
    assert!(wrong[0].ends_with("(vouliez-vous dire \"SEND\" ?)"), "{wrong:?}");
}

#[test]
fn what_is_wrong_stands_at_the_line_of_its_key() {
    let slug = "slug = \"sample\"";
    for (part, by, line) in [
        (slug, "slug = \"sample\"\nlock = \"LOCKED\"", 3),
        (slug, "slug = \"sample\"\nstate = \"OFF\"", 3),
        (slug, "slug = \"Sample\"", 2),
        ("stages = [\"PREVIEW\", \"SEND\"]", "stages = []", 3),
        ("level = \"DENY\"", "level = \"SKIP\"", 19),
        ("en = \"Cost {message.cost}.\"", "en = \"Cost {message.coast}.\"", 20),
        ("verdict = \"A\"", "verdict = \"B\"", 27),
        (
            "facts = { message = { cost = 11 } }\nverdict = \"A\"",
            "verdict = \"A\"\n[cases.facts.message]\n# dear\ncoast = 3",
            29,
        ),
        ("verdict = \"A\"", "verdict = \"A\"\n[cases.params]\nmost = \"x\"", 29),
        ("verdict = \"A\"", "verdict = \"A\"\n[cases.params]\nmots = 2", 29),
    ] {
        let problems = Rule::load_own(&MANIFEST.replacen(part, by, 1), SCRIPT).expect_err(by);
        assert_eq!(problems[0].line, line, "{by}: {problems:?}");
    }
    let rule = Rule::load_own(MANIFEST, SCRIPT).expect("it loads");
    assert_eq!(rule.warnings().iter().map(|warning| warning.line).collect::<Vec<_>>(), [10, 14]);
}

/// What is told of facts that are given, in French.
fn facts_told(text: &str) -> Vec<String> {
    let problems = read_facts(text).expect_err(text);
    problems.iter().map(in_french).collect()
}

#[test]
fn unknown_facts_are_told_at_their_line_with_the_nearest() {
    for (text, line) in [
        ("mesage = { cost = 2 }", "1: il n’existe aucun fait \"mesage\" (vouliez-vous dire \"message\" ?)"),
        ("\nweekday = 2", "2: il n’existe aucun fait \"weekday\" (vouliez-vous dire \"now.weekday\" ?)"),
        ("weekdy = 2", "1: il n’existe aucun fait \"weekdy\" (vouliez-vous dire \"now.weekday\" ?)"),
        (
            "sent_today = 2",
            "1: il n’existe aucun fait \"sent_today\" (vouliez-vous dire \"history.sent_today\" ou \"person.sent_today\" ?)",
        ),
        (
            "[message]\ncost = 2\ncoast = 2",
            "3: il n’existe aucun fait \"message.coast\" (vouliez-vous dire \"message.cost\" ?)",
        ),
        ("[now]\nweekday = 9", "2: now.weekday ne peut pas avoir cette valeur (c’est un entier de 1 à 7)"),
        (
            "structure.region = \"fr\"",
            "1: structure.region ne peut pas avoir cette valeur (c’est un texte de deux capitales, comme \"FR\")",
        ),
    ] {
        assert_eq!(facts_told(text), [line], "{text}");
    }
}

#[test]
fn the_hour_and_the_minute_of_the_day_are_of_one_moment() {
    let late = NowFacts { hour: 21, minute_of_day: 1261, ..NowFacts::default() };
    let base = Facts { now: late, ..Facts::default() };
    for (text, moment) in [
        ("", (21, 1261)),
        ("now.hour = 10", (10, 600)),
        ("now.minute_of_day = 479", (7, 479)),
        ("now.hour = 7\nnow.minute_of_day = 479", (7, 479)),
        ("now.weekday = 2", (21, 1261)),
    ] {
        let now = lay_over(&base, text).expect(text).now;
        assert_eq!((now.hour, now.minute_of_day), moment, "{text}");
    }
    assert_eq!(
        facts_told("[now]\nhour = 10\nminute_of_day = 1261"),
        [
            "3: now.hour vaut 10, et now.minute_of_day 1261 est dans l’heure 21 (donnez l’un des deux : l’autre suit)"
        ]
    );
    assert_eq!(
        facts_told("now.hour = 9223372036854775807").len(),
        1,
        "of what is out of range nothing follows"
    );
    let case = "facts = { message = { cost = 11 } }";
    let two = "facts = { now = { hour = 8, minute_of_day = 60 } }";
    assert!(told(case, two, SCRIPT)[0].starts_with("26: cases[2] : now.hour vaut 8"));
    let early = MANIFEST.replacen(case, "facts = { now = { hour = 7 } }", 1);
    Rule::load_own(&early, "now.minute_of_day >= 480").expect("the minute of the case follows its hour");
}
