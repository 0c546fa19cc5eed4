use std::time::{Duration, Instant};

use super::{MANIFEST, problems_of};
use crate::*;

/// Longer than any honest load takes, even unoptimised on a busy machine.
const PATIENCE: Duration = Duration::from_secs(1);

/// Refused for what the script is, not for what it answers to the sample's cases.
fn refused(script: &str) {
    let problems = problems_in_time(script);
    let of_itself = |problem: &&Diagnostic| !problem.message.en.starts_with("cases[");
    let errors = problems.iter().filter(of_itself).filter(|problem| problem.severity == Severity::Error);
    let shown: String = script.chars().take(80).collect();
    assert!(errors.count() > 0, "it loaded: {shown}");
}

#[expect(clippy::disallowed_methods, reason = "how long it really takes is what is tested")]
fn timed<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    done
}

fn problems_in_time(script: &str) -> Vec<Diagnostic> {
    timed(|| problems_of(script))
}

#[test]
fn statements_loops_and_functions_are_refused() {
    let scripts = [
        "",
        ";",
        "while true {}",
        "loop {}",
        "do {} until false",
        "for i in 0..1000000 { i }",
        "let a = 1; a == 1",
        "const A = 1; A == 1",
        "fn f() { f() } f()",
        "if true { let a = 1; a == 1 } else { false }",
        "if true { loop {} } else { false }",
        "if true { return true } else { false }",
        "{ true }",
        "return true",
        "message.cost = 3",
        "message.cost += 3",
        "params = 3",
        "true; false",
        "switch message.cost { 2 => verdict(\"A\"), _ => pass() }",
        "try { true } catch { false }",
        "throw 1",
        "import \"std\" as s; true",
        "this == 1",
    ];
    for script in scripts {
        refused(script);
    }
}

#[test]
fn functions_that_reach_out_or_grow_are_not_there() {
    let scripts = [
        "eval(\"true\")",
        "sleep(1000)",
        "Fn(\"sleep\").call(1000)",
        "call(\"sleep\", 1000)",
        "curry(\"len\", 1)",
        "(|x| x)(1)",
        "|x| x",
        "print(\"a\") == ()",
        "debug(message)",
        "exit(0)",
        "type_of(message) == \"group\"",
        "message.text.replace(\"a\", \"aaaa\")",
        "message.text.pad(1000000000, \"a\")",
        "[1].pad(1000000000, 1)",
        "blob(1000000000)",
        "range(0, 1000000000)",
        "0..1000000000",
        "(\"a\" * 1000000000).len() == 1",
        "#{ a: 1 }.a == 1",
        "`${message.text}${message.text}` == \"\"",
        "message.tag == 1",
        "message.set_tag(1)",
        "pass!()",
        "message.text.contains(|x| true)",
    ];
    for script in scripts {
        refused(script);
    }
}

#[test]
fn what_the_sandbox_itself_holds_cannot_be_named() {
    let scripts = [
        "`current run`",
        "current run",
        "$RUN",
        "global::params",
        "message.run",
        "message.path == \"\"",
        "()",
    ];
    for script in scripts {
        refused(script);
    }
}

#[test]
fn sizes_and_depths_are_bounded() {
    let scripts = [
        "true ".repeat(2_000_000),
        format!("{}1{}", "(".repeat(4_000), ")".repeat(4_000)),
        format!("{}true", "!".repeat(8_000)),
        format!("{}1 > 0", "-".repeat(8_000)),
        format!("1{} > 0", " + 1".repeat(2_000)),
        format!("1{} > 0", "+1".repeat(4_000)),
        format!("message{} == 1", ".cost".repeat(1_600)),
        format!("message.text{} == \"\"", ".to_lower()".repeat(700)),
        format!("{}true{}", "if true {".repeat(400), "} else { false }".repeat(300)),
        format!("if true {{true}} {}", "else if true {true} ".repeat(400)),
        format!("{}1{}", "[".repeat(4_000), "]".repeat(4_000)),
        format!("1 in [{}1]", "1,".repeat(4_000)),
        format!("message.text == \"{}\"", "a".repeat(5_000)),
        format!("{}\"a\"{}", "`${".repeat(1_500), "}`".repeat(1_500)),
        "1 > 99999999999999999999999999".to_owned(),
        "/*".repeat(4_000),
        "\"".to_owned(),
        "\u{1F4A3}".repeat(2_000),
    ];
    for script in scripts {
        refused(&script);
    }
    for flat in [format!("true{}", " && true".repeat(900)), format!("false{}", "||false".repeat(900))] {
        problems_in_time(&flat);
    }
}

#[test]
fn characters_that_hide_are_refused_where_they_stand() {
    for hidden in ['\0', '\u{7}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{e0041}', '\u{ad}'] {
        let problems = problems_of(&format!("true\n// {hidden}"));
        assert_eq!((problems[0].line, problems[0].column), (2, 4), "{hidden:?}");
    }
}

#[test]
fn integer_edges_end_in_an_error_and_not_in_a_panic() {
    let scripts = [
        "(-9223372036854775807 - 1) / -message.segments > 0",
        "(-9223372036854775807 - 1) % -message.segments == 0",
        "-(-9223372036854775807 - 1) > 0",
        "9223372036854775807 + message.cost > 0",
        "9223372036854775807 * message.cost > 0",
        "-9223372036854775807 - message.cost < 0",
        "message.cost / 0 > 0",
        "message.cost % 0 > 0",
    ];
    for script in scripts {
        let problems = problems_in_time(script);
        assert!(
            problems.iter().any(|problem| problem.message.en.contains("answered RULE_ERROR")),
            "{script}"
        );
    }
    refused("2 ** 1000000 > 0");
}

#[test]
fn hostile_manifests_are_refused_in_time() {
    let manifests = [
        String::new(),
        "\0".to_owned(),
        "a = ".repeat(10_000_000),
        format!("a = {}", "[".repeat(30_000)),
        format!("{} = 1", "a.".repeat(16_000)),
        format!("{MANIFEST}{}", "[[cases]]\nverdict = \"PASS\"\n".repeat(1_000)),
        format!(
            "{MANIFEST}{}",
            "[[cases]]\nfacts = { message = { cost = { a = { b = 1 } } } }\nverdict = \"PASS\"\n"
        ),
        MANIFEST.replace("Cost", &"{".repeat(500)),
    ];
    for manifest in manifests {
        assert!(timed(|| Rule::load_own(&manifest, "true").is_err()));
    }
}
