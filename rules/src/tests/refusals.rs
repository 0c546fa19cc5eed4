use super::{MANIFEST, SCRIPT, problems_of};
use crate::*;

/// The first problem of that script, as its author reads it.
fn first(script: &str) -> String {
    problems_of(script).first().map_or_else(|| "none".to_owned(), ToString::to_string)
}

#[test]
fn a_script_is_refused_with_place_reason_and_advice() {
    let expected = [
        (
            "message.lenght < 3",
            "line 1, column 1: there is no fact \"message.lenght\" (did you mean \"message.length\"?)",
        ),
        ("mesage.length < 3", "line 1, column 1: there is no fact \"mesage\" (did you mean \"message\"?)"),
        (
            "message.cost <= params.mots",
            "line 1, column 17: the manifest declares no parameter \"mots\" (did you mean \"most\"?)",
        ),
        (
            "true &&\n verdic(\"A\")",
            "line 2, column 2: there is no function \"verdic\" (did you mean \"verdict\"?)",
        ),
        ("verdict(\"B\")", "line 1, column 9: the manifest declares no code \"B\" (did you mean \"A\"?)"),
        (
            "account.kind == \"ADMIM\"",
            "line 1, column 17: account.kind is never \"ADMIM\": it is one of ADMIN, PERSONAL (did you mean \"ADMIN\"?)",
        ),
        (
            "switch message.cost { 2 => true, _ => false }",
            "line 1, column 1: rules have no switch (write if … { … } else if … { … } else { … })",
        ),
        (
            "message.cost = 2",
            "line 1, column 14: a script is one expression, and this is not: Unexpected '=' (to compare, write ==)",
        ),
        (
            "message.len() > 2",
            "line 1, column 1: \"message\" is a group of facts, and not one (name one of them, such as message.text)",
        ),
        (
            "message.text.contain(\"a\")",
            "line 1, column 14: there is no function \"contain\" (did you mean \"contains\"?)",
        ),
        (
            "len(message.text, 2) > 1",
            "line 1, column 1: len does not take (a text, an integer) (it takes (a text) or (a list of texts))",
        ),
        (
            "\"9\" < 10",
            "line 1, column 5: the operator < does not take a text, an integer (a number has no quotes: 9)",
        ),
        ("weekday == 3", "line 1, column 1: there is no fact \"weekday\" (did you mean \"now.weekday\"?)"),
        ("message.cost", "line 1, column 1: the script answers an integer, not a boolean or a verdict"),
        ("message.cost && true", "line 1, column 1: a boolean is expected here, and this is an integer"),
        (
            "if message.cost > 3 { verdict(\"A\") }",
            "line 1, column 1: this if has no else: say what holds otherwise",
        ),
        (
            "if true { 1 } else { false }",
            "line 1, column 1: one branch gives an integer, the other a boolean",
        ),
        (
            "message.text.starts_with(3)",
            "line 1, column 14: starts_with does not take (a text, an integer) (it takes (a text, a text))",
        ),
    ];
    for (script, told) in expected {
        assert_eq!(first(script), told, "{script}");
    }
}

/// What is written as elsewhere, where it is noted, and the advice in French.
const HABITS: &[(&str, (usize, usize), &str)] = &[
    ("message.text == 'a'", (1, 17), "un texte s’écrit entre guillemets droits : \"…\""),
    ("message.text == 'abc'", (1, 17), "un texte s’écrit entre guillemets droits : \"…\""),
    ("message.text == “a”", (1, 17), "un texte s’écrit entre guillemets droits : \"…\""),
    ("message.cost > 2 and now.hour < 8", (1, 18), "pour « et », écrivez &&"),
    ("(message.cost > 2 or now.hour < 8)", (1, 19), "pour « ou », écrivez ||"),
    ("not now.public_holiday", (1, 1), "pour « non », écrivez !"),
    ("message.cost = 2", (1, 14), "pour comparer, écrivez =="),
    ("if (message.cost = 3) { true } else { false }", (1, 18), "pour comparer, écrivez =="),
    ("message.cost === 2", (1, 14), "pour comparer, écrivez =="),
    ("message.cost ≠ 2", (1, 14), "écrivez !="),
    ("message.cost <> 2", (1, 15), "écrivez !="),
    ("message.cost ≥ 2", (1, 14), "écrivez >="),
    (
        "now.hour >= \"08:00\"",
        (1, 10),
        "pour une heure, comparez now.minute_of_day à un paramètre de type TIME, ou now.hour à un nombre",
    ),
    (
        "\"8h00\" < now.minute_of_day",
        (1, 8),
        "pour une heure, comparez now.minute_of_day à un paramètre de type TIME, ou now.hour à un nombre",
    ),
    ("let x = 2", (1, 1), "écrivez la valeur là où elle sert"),
    ("return true", (1, 1), "écrivez la réponse seule, ou if … { … } else { … }"),
    ("# frais\ntrue", (1, 1), "un commentaire commence par //"),
    ("message.cost > 2 ? true : false", (1, 18), "écrivez if … { … } else if … { … } else { … }"),
    ("True", (1, 1), "écrivez true"),
    ("message.text.includes(\"a\")", (1, 14), "vouliez-vous dire \"contains\" ?"),
    ("verdict(\"TOO_DEAR\")", (1, 9), "déclarez-le par [codes.TOO_DEAR], ou répondez l’un de : A"),
    (
        "now.day_of_the_week == 1",
        (1, 1),
        "les faits de now sont : year, month, day, weekday, hour, minute_of_day, public_holiday",
    ),
    ("message.cost <= params.ceiling", (1, 17), "il déclare : from, most, words"),
];

#[test]
fn habits_of_other_languages_are_met_with_advice() {
    for (script, place, advice) in HABITS {
        let problem = problems_of(script).into_iter().find(|problem| problem.half == Some(Half::Script));
        let problem = problem.unwrap_or_else(|| panic!("{script} is refused"));
        assert_eq!((problem.line, problem.column), *place, "{script}: {problem}");
        assert_eq!(Diagnostic { half: None, ..problem.clone() }.source(), Half::Script, "{problem}");
        assert_eq!(problem.hint.as_ref().map(|hint| &*hint.fr), Some(*advice), "{script}");
        for english in ["Unexpected", "Invalid", "Expecting", "not a valid", "reserved"] {
            assert!(!problem.message.fr.contains(english), "{script}: {}", problem.message.fr);
        }
    }
}

#[test]
fn types_are_never_confused() {
    let confused = [
        "message.cost == \"2\"",
        "message.text == 2",
        "subscription.active == \"true\"",
        "settings.missing == settings.missing",
        "message.text < \"b\"",
        "message.text + \"b\" == \"b\"",
        "!message.cost",
        "-message.text == \"\"",
        "message.cost in [\"2\"]",
        "message.text in [1, 2]",
        "message.cost in params.words",
        "message.cost in [1, \"2\"]",
        "[].len() == 0",
        "pass() == pass()",
        "verdict(\"A\") || true",
        "verdict(message.text)",
        "message == message",
        "account.permissions == \"READ\"",
        "message.cost.length == 2",
        "message?.cost == 2",
        "message[\"cost\"] == 2",
        "message.text[0] == 'a'",
        "message.cost ** 2 > 3",
        "(message.cost & 1) == 1",
        "message.cost == 1.5",
        "message.text.len == 2",
        "pass(1)",
    ];
    for script in confused {
        assert_ne!(first(script), "none", "{script}");
    }
}

/// A part of the sample manifest, what to put in its place, and what must then be told.
const BAD_MANIFESTS: &[(&str, &str, &str)] = &[
    ("slug = \"sample\"", "slug = \"Sample\"", "slug: "),
    (
        "slug = \"sample\"",
        "slug = \"sample\"\nlock = \"LOCKED\"",
        "lock: a structure's own rule leaves it out",
    ),
    ("slug = \"sample\"", "slug = \"sample\"\nstate = \"OFF\"", "state: "),
    ("slug = \"sample\"", "slug = \"sample\"\nposition = 1", "position: "),
    ("slug = \"sample\"", "slug = \"sample\"\nversion = 0", "version: "),
    ("slug = \"sample\"", "slug = \"sample\"\nhelp_url = \"javascript:alert(1)\"", "help_url: "),
    (
        "slug = \"sample\"",
        "slug = \"sample\"\nstagse = []",
        "the manifest has no key \"stagse\" (did you mean \"stages\"?)",
    ),
    ("\"SEND\"]", "\"LATER\"]", "unknown variant `LATER`"),
    ("\"SEND\"]", "\"PREVIEW\"]", "stages: "),
    ("[\"PREVIEW\", \"SEND\"]", "[]", "stages: "),
    ("level = \"DENY\"", "level = \"SKIP\"", "line 19, column 1: codes.A: SKIP is the level"),
    ("level = \"DENY\"", "level = \"PASS\"", "unknown variant `PASS`"),
    ("[codes.A]", "[codes.PASS]", "codes.PASS: "),
    ("{message.cost}", "{message.coast}", "codes.A.en: there is no fact"),
    ("{message.cost}", "{message.text}", "codes.A.en: the text of the message cannot be quoted"),
    (
        "default = 10",
        "default = \"10\"",
        "params.most: the default is not of its type: a whole number is expected",
    ),
    (
        "default = 10",
        "default = 10\nmax = 9",
        "params.most: the default breaks its bounds: it must be at most 9",
    ),
    ("default = 10", "default = 10\nmin = \"9\"", "params.most: a bound"),
    ("default = 10", "default = 10\noptions = [\"a\"]", "params.most: options"),
    ("default = \"08:00\"", "default = \"8h\"", "params.from: "),
    (
        "default = 10",
        "default = 10\nabove = \"from\"",
        "params.most: above names \"from\", which is TIME, and this is INT",
    ),
    (
        "default = 10",
        "default = 10\nabove = \"most\"",
        "params.most: above names another parameter, not its own",
    ),
    (
        "default = 10",
        "default = 10\nabove = \"least\"",
        "params.most: above names \"least\", and there is no such parameter",
    ),
    (
        "default = [\"a\", \"b\"]",
        "default = []\nabove = \"words\"",
        "params.words: above is for INT and TIME",
    ),
    (
        "[params.words]",
        "[params.to]\ntype = \"TIME\"\ndefault = \"08:00\"\nabove = \"from\"\ntitle = { en = \"To\", fr = \"À\" }\n[params.words]",
        "params.to: the default is out of order: it must be greater than \"from\", which is 08:00",
    ),
    ("default = [\"a\", \"b\"]", "default = []\nmin = 1", "params.words: min and max"),
    ("fr = \"Exemple\"", "fr = \" \"", "title: "),
    (", fr = \"Exemple\"", "", "missing field `fr`"),
    (
        "facts = { message = { cost = 10 } }",
        "facts = { \"message.cost\" = 10 }",
        "cases[1]: facts are nested",
    ),
    ("slug = \"sample\"", "slug = \"sample\"\nposition = -1", "position: from 0"),
    ("cost = 10 }", "coast = 10 }", "cases[1]: there is no fact \"message.coast\""),
    ("cost = 10 }", "cost = \"10\" }", "cases[1]: message.cost cannot hold that value"),
    (
        "{ message = { cost = 10 } }",
        "{ now = { weekday = 8 } }",
        "cases[1]: now.weekday cannot hold that value (it is an integer from 1 to 7)",
    ),
    (
        "cost = 10 }",
        "cost = -1 }",
        "cases[1]: message.cost cannot hold that value (it is an integer from 0 up)",
    ),
    (
        "{ message = { cost = 10 } }",
        "{ account = { kind = \"ADMIM\" } }",
        "cases[1]: account.kind cannot hold that value (it is a text among ADMIN, PERSONAL)",
    ),
    ("verdict = \"A\"", "verdict = \"AA\"", "cases[2]: \"AA\" is neither PASS nor a declared code"),
    ("verdict = \"A\"", "verdict = \"PASS\"", "cases[2]: PASS was expected, the rule answered A"),
    (
        "facts = { message = { cost = 11 } }",
        "params = { most = 10 }\nfacts = { message = { cost = 10 } }",
        "cases[2]: A is expected, and cases[1] expects PASS of the same facts and parameters",
    ),
    (
        "verdict = \"A\"",
        "params = { most = \"x\" }\nverdict = \"A\"",
        "cases[2]: most: a whole number is expected",
    ),
    (
        "verdict = \"A\"",
        "params = { mist = 3 }\nverdict = \"A\"",
        "cases[2]: the manifest declares no parameter",
    ),
    ("en = \"Sample\"", "en = \"Sam\u{202e}ple\"", "U+202E"),
    ("en = \"Sample\"", "en = \"Sam\\u202Eple\"", "title: "),
];

#[test]
fn a_manifest_is_refused_with_its_key() {
    for &(part, bad, told) in BAD_MANIFESTS {
        assert!(MANIFEST.contains(part), "{part}");
        let problems = Rule::load_own(&MANIFEST.replace(part, bad), SCRIPT).expect_err(bad);
        for problem in &problems {
            let before = Diagnostic { half: None, ..problem.clone() };
            assert_eq!(before.source(), problem.source(), "stored before it was noted: {problem}");
        }
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(texts.iter().any(|text| text.contains(told)), "{bad}: {texts:?}");
    }
    assert!(Rule::load(MANIFEST, SCRIPT).is_ok(), "the sample itself loads");
}

#[test]
fn what_is_asked_at_the_hour_can_be_confirmed_before() {
    let asks = MANIFEST.replace("level = \"DENY\"", "level = \"CONFIRM\"");
    let at = |stages: &str| Rule::load_own(&asks.replace("[\"PREVIEW\", \"SEND\"]", stages), SCRIPT);
    let problems = at("[\"DISPATCH\"]").expect_err("nobody is there to confirm");
    assert!(problems.iter().any(|one| one.to_string().contains("PREVIEW and SEND too")), "{problems:?}");
    assert!(at("[\"PREVIEW\", \"SEND\", \"DISPATCH\"]").is_ok());
}

#[test]
fn a_manifest_without_cases_or_codes_does_not_load() {
    let (head, _) = MANIFEST.split_once("[[cases]]").expect("constant: the sample has cases");
    assert!(
        Rule::load_own(head, SCRIPT)
            .expect_err("no case")
            .iter()
            .any(|p| p.message.en.starts_with("cases: "))
    );
    let (head, _) = MANIFEST.split_once("[codes.A]").expect("constant: the sample has a code");
    assert!(
        Rule::load_own(head, SCRIPT)
            .expect_err("no code")
            .iter()
            .any(|p| p.message.en.starts_with("codes: "))
    );
}

#[test]
fn every_problem_is_listed_at_once_with_the_line_of_each() {
    let manifest = MANIFEST
        .replace("default = 10", "default = 10\nmax = 9")
        .replace("{message.cost}", "{message.coast}");
    let problems = Rule::load_own(&manifest, "mesage.cost < 1").expect_err("four problems");
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [8, 21, 22, 1]);
    assert!(problems.iter().all(|problem| !problem.message.fr.is_empty()));
}

#[test]
fn what_a_manifest_declares_and_nothing_uses_is_a_warning() {
    let rule = Rule::load_own(MANIFEST, SCRIPT).expect("it loads");
    let warned: Vec<&str> = rule.warnings().iter().map(|warning| warning.message.en.as_str()).collect();
    assert_eq!(warned.len(), 2, "{warned:?}");
    assert!(
        warned[0].starts_with("params.from: declared") && warned[1].starts_with("params.words: declared")
    );
    let always = super::passing("true").expect("it loads");
    assert!(always.warnings().iter().any(|warning| warning.message.en.starts_with("cases: give one")));
}
