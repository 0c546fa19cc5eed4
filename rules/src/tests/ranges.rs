//! Comparisons of facts with what they never are.

use super::problems_of;
use crate::*;

/// The first problem of that script, as its author reads it.
fn first(script: &str) -> String {
    problems_of(script).first().map_or_else(|| "none".to_owned(), ToString::to_string)
}

/// A comparison that comes out the same whatever the fact, where it is noted, and what is told of it.
const OUT_OF_RANGE: &[(&str, &str)] = &[
    (
        "now.weekday != 0",
        "line 1, column 16: now.weekday != 0 always holds (now.weekday is an integer from 1 to 7)",
    ),
    (
        "now.weekday == 9",
        "line 1, column 16: now.weekday == 9 is never true (now.weekday is an integer from 1 to 7)",
    ),
    (
        "0 < now.weekday",
        "line 1, column 1: now.weekday > 0 always holds (now.weekday is an integer from 1 to 7)",
    ),
    (
        "message.cost < 0",
        "line 1, column 16: message.cost < 0 is never true (message.cost is an integer from 0 up)",
    ),
    (
        "message.cost >= -3",
        "line 1, column 17: message.cost >= -3 always holds (message.cost is an integer from 0 up)",
    ),
    (
        "true &&\n now.hour < 24",
        "line 2, column 13: now.hour < 24 always holds (now.hour is an integer from 0 to 23)",
    ),
    (
        "now.weekday in [0, 6]",
        "line 1, column 16: now.weekday is never 0 (now.weekday is an integer from 1 to 7)",
    ),
    (
        "[6, 8].contains(now.weekday)",
        "line 1, column 1: now.weekday is never 8 (now.weekday is an integer from 1 to 7)",
    ),
];

#[test]
fn a_comparison_with_what_a_fact_never_is_is_refused() {
    for (script, told) in OUT_OF_RANGE {
        assert_eq!(first(script), *told, "{script}");
    }
    let french = &problems_of("now.month > 12")[0];
    assert_eq!(french.message.fr, "now.month > 12 n’est jamais vrai");
    assert_eq!(french.hint.as_ref().expect("a hint").fr, "now.month est un entier de 1 à 12");
    for fine in [
        "now.weekday != 1",
        "now.weekday < 7",
        "now.weekday in [1, 7]",
        "0 == message.cost",
        "message.cost > 0",
        "now.minute_of_day <= 1438",
        "history.same_text_minutes == 52560000",
        "now.weekday + 1 != 0",
    ] {
        assert_eq!(problems_of(fine).iter().filter(|problem| problem.line == 1).count(), 0, "{fine}");
    }
}

#[test]
fn a_comparison_is_refused_where_no_value_in_range_makes_a_difference() {
    type Holds = fn(&i64, &i64) -> bool;
    let comparisons: [(&str, Holds); 6] =
        [("<", i64::lt), ("<=", i64::le), (">", i64::gt), (">=", i64::ge), ("==", i64::eq), ("!=", i64::ne)];
    for (written, holds) in comparisons {
        for number in -2..=10 {
            let turned = (1..=7).filter(|day| holds(&number, day)).count();
            let held = (1..=7).filter(|day| holds(day, &number)).count();
            for (script, held) in [
                (format!("now.weekday {written} {number}"), held),
                (format!("{number} {written} now.weekday"), turned),
            ] {
                let told = problems_of(&script).iter().any(|problem| problem.half == Some(Half::Script));
                assert_eq!(told, held == 0 || held == 7, "{script}");
            }
        }
    }
}

/// A text that its fact never is, and what is told of it.
const OTHER_WORDS: &[(&str, &str)] = &[
    (
        "account.kind in [\"ADMIN\", \"PERSONNAL\"]",
        "line 1, column 27: account.kind is never \"PERSONNAL\": it is one of ADMIN, PERSONAL (did you mean \"PERSONAL\"?)",
    ),
    (
        "structure.region == \"fr\"",
        "line 1, column 21: structure.region is never \"fr\": it is two capital letters, such as \"FR\" (did you mean \"FR\"?)",
    ),
    (
        "structure.region in [\"FR\", \"France\"]",
        "line 1, column 28: structure.region is never \"France\": it is two capital letters, such as \"FR\"",
    ),
];

#[test]
fn a_comparison_with_a_word_that_a_fact_never_is_is_refused() {
    for (script, told) in OTHER_WORDS {
        assert_eq!(first(script), *told, "{script}");
    }
    for fine in
        ["structure.region == \"BE\"", "structure.region in [\"FR\", \"BE\"]", "\"a\" in settings.senders"]
    {
        assert_eq!(problems_of(fine).iter().filter(|problem| problem.line == 1).count(), 0, "{fine}");
    }
}
