use std::collections::BTreeMap;

use super::passing;
use crate::*;

const SECRET: &str = "Rendez-vous au Café de la Gare";

fn traced(script: &str) -> Trace {
    let rule = passing(script).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut facts = Facts::default();
    facts.message.text = SECRET.to_owned();
    rule.trace(&facts, &BTreeMap::new())
}

/// `what = value` of each step, those within indented.
fn shown(step: &Step, depth: usize) -> String {
    let value = match &step.value {
        Seen::Bool(flag) => flag.to_string(),
        Seen::Int(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let line = format!("{}{}:{} {} = {value}\n", "  ".repeat(depth), step.line, step.column, step.what);
    step.steps.iter().fold(line, |told, step| told + shown(step, depth + 1).as_str())
}

#[test]
fn a_trace_tells_each_part_its_place_and_its_value_in_order() {
    let trace = traced("message.cost - 1 <= params.most\n  && !(now.weekday in [6, 7])");
    let expected = "\
1:18 && = true
  1:18 <= = true
    1:14 - = 1
      1:1 message.cost = 2
      1:16 1 = 1
    1:21 params.most = 10
  2:6 ! = true
    2:20 contains = false
      2:23 [] = Ints([6, 7])
      2:8 now.weekday = 3
";
    let told = shown(&trace.script.expect("it ran"), 0);
    assert_eq!((trace.level, trace.code.as_str()), (Level::Pass, PASS));
    assert_eq!(told, expected);
}

#[test]
fn what_is_left_aside_is_not_there() {
    let script = "if message.cost >= 2 || 1 / 0 == 1 { true } else { audience.person_count == 1 }";
    let told = shown(&traced(script).script.expect("it ran"), 0);
    assert!(told.contains("if = true") && !told.contains('/') && !told.contains("person_count"), "{told}");
}

#[test]
fn the_text_of_the_message_is_never_shown_and_its_length_is() {
    let scripts = [
        "message.text == \"a\" || true",
        "message.text.to_lower().contains(\"zut\") || true",
        "message.text in [message.text, \"a\"] || true",
        "(if true { message.text } else { \"a\" }) != \"a\"",
        "[message.text.to_lower()].contains(\"a\") || true",
        "message.text.to_lower().len() > 1",
    ];
    for script in scripts {
        let told = serde_json::to_string(&traced(script)).expect("plain data").to_lowercase();
        assert!(!told.contains("gare") && !told.contains("rendez"), "{script}: {told}");
        assert!(told.contains("\"hidden\""), "{script}: {told}");
    }
    let told = shown(&traced("message.text.len() > 2").script.expect("it ran"), 0);
    assert!(told.contains("message.text = Hidden { length: 30 }") && told.contains("len = 30"), "{told}");
}

#[test]
fn a_run_that_fails_shows_where() {
    let rule =
        passing("credit.balance == 228 || message.cost / credit.balance >= 0").expect("its cases pass");
    let mut facts = Facts::default();
    facts.credit.balance = 0;
    let trace = rule.trace(&facts, &BTreeMap::new());
    assert_eq!((trace.level, trace.code.as_str()), (Level::Error, RULE_ERROR));
    let told = shown(&trace.script.expect("it ran"), 0);
    assert!(told.contains("1:39 / = Failed("), "{told}");
    let bad = BTreeMap::from([("most".to_owned(), ParamValue::Bool(true))]);
    assert!(rule.trace(&facts, &bad).script.is_none(), "a parameter kept it from running");
}

#[test]
fn a_trace_is_read_back_as_it_was_written() {
    let trace = traced("message.text.len() > 2 && settings.sender != \"\"");
    let written = serde_json::to_string(&trace).expect("plain data");
    assert_eq!(serde_json::from_str::<Trace>(&written).expect("just written"), trace);
}
