//! What is hostile and no script of the corpus: manifests, places, and what is long and harmless.

use std::time::{Duration, Instant};

use super::{MANIFEST, problems_of};
use crate::*;

/// Longer than any honest load takes, even unoptimised on a busy machine.
const PATIENCE: Duration = Duration::from_secs(1);

#[expect(clippy::disallowed_methods, reason = "how long it really takes is what is tested")]
fn timed<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    done
}

#[test]
fn what_is_long_and_flat_is_looked_at_in_time() {
    for flat in [format!("true{}", " && true".repeat(900)), format!("false{}", "||false".repeat(900))] {
        timed(|| problems_of(&flat));
    }
}

#[test]
fn a_script_that_could_be_cut_short_is_refused() {
    let list = format!("1 in [{}]", vec!["\"\".len()"; 220].join(","));
    let problems = timed(|| problems_of(&vec![list; 4].join("||")));
    assert!(problems[0].message.en.contains("operations: at most 5000"), "{problems:?}");
}

#[test]
fn characters_that_hide_are_refused_where_they_stand() {
    for hidden in ['\0', '\u{7}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{e0041}', '\u{ad}'] {
        let problems = problems_of(&format!("true\n// {hidden}"));
        assert_eq!((problems[0].line, problems[0].column), (2, 4), "{hidden:?}");
    }
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
