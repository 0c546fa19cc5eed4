//! Keeps the table of `docs/reliability.md`: each invariant has tests, each test there is, and each planted bug makes those tests fail
//! beside which it stands, on both databases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;

use api::fault::{Bug, Point};
use envoi_tests::plainly;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const DOCUMENT: &str = "docs/reliability.md";
/// Invariants of the design, I1 to I14.
const INVARIANTS: usize = 14;
/// Bugs planted at once, each in a process of its own.
const AT_ONCE: usize = 2;

/// A line of the table.
#[derive(Debug)]
struct Row {
    invariant: String,
    test: String,
    bugs: Vec<String>,
}

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(DOCUMENT);
    std::fs::read_to_string(path).expect("the document is there")
}

/// The words in backticks of a cell.
fn quoted(cell: &str) -> impl Iterator<Item = String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned)
}

/// The rows of the table whose first column is an invariant.
fn rows(document: &str) -> Vec<Row> {
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut rows = Vec::new();
    let mut invariant = String::new();
    for line in document.lines().filter(|line| line.starts_with('|')) {
        let cells = cells(line);
        let [first, test, bugs] = cells.as_slice() else { continue };
        if first.starts_with('I') {
            first.split(' ').next().unwrap_or_default().clone_into(&mut invariant);
        } else if !first.is_empty() {
            continue;
        }
        let Some(test) = quoted(test).next().filter(|_| !invariant.is_empty()) else { continue };
        rows.push(Row { invariant: invariant.clone(), test, bugs: quoted(bugs).collect() });
    }
    rows
}

/// The names of this program's tests.
async fn names() -> BTreeSet<String> {
    let list = itself(&["--list", "--format", "terse"], None).await;
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

/// Runs this program once more.
async fn itself(arguments: &[&str], bug: Option<&str>) -> Output {
    let program = std::env::current_exe().expect("the tests know where they are");
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    // One that is asked for a torture plays little here all the same.
    command.env_remove("ENVOI_TORTURE").env("RUST_BACKTRACE", "0");
    command.envs(bug.map(|bug| ("FAULT_BUG", bug)));
    command.output().await.expect("the tests can be run")
}

/// The tests that a row names: one on each database, or the one of that very name.
fn meant(row: &Row, names: &BTreeSet<String>) -> Vec<String> {
    if names.contains(&row.test) {
        return vec![row.test.clone()];
    }
    let (module, test) = row.test.rsplit_once("::").unwrap_or_default();
    let both = ["sqlite", "postgres"].map(|backend| format!("{module}::{backend}::{test}"));
    both.into_iter().filter(|name| names.contains(name)).collect()
}

#[test]
fn the_table_is_complete() {
    plainly(async || {
        let rows = rows(&document());
        let names = names().await;
        let mut missing = Vec::new();
        for row in &rows {
            if meant(row, &names).is_empty() {
                missing.push(format!("there is no test {}", row.test));
            }
            for bug in row.bugs.iter().filter(|bug| Bug::ALL.iter().all(|known| known.name() != **bug)) {
                missing.push(format!("there is no bug {bug}"));
            }
        }
        for number in 1..=INVARIANTS {
            let invariant = format!("I{number}");
            if rows.iter().all(|row| row.invariant != invariant) {
                missing.push(format!("{invariant} has no test"));
            }
        }
        for bug in
            Bug::ALL.iter().filter(|bug| rows.iter().all(|row| !row.bugs.contains(&bug.name().to_owned())))
        {
            missing.push(format!("no test is said to catch {bug}"));
        }
        let document = document();
        for point in Point::ALL.iter().filter(|point| !document.contains(&format!("`{point}`"))) {
            missing.push(format!("the place {point} is not named"));
        }
        assert!(missing.is_empty(), "{DOCUMENT}: {missing:#?}");
    });
}

#[test]
fn each_planted_bug_is_caught() {
    plainly(async || {
        let names = names().await;
        let mut by_bug: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in rows(&document()) {
            for bug in &row.bugs {
                by_bug.entry(bug.clone()).or_default().extend(meant(&row, &names));
            }
        }
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let mut tried = JoinSet::new();
        for (bug, tests) in by_bug {
            let turns = Arc::clone(&turns);
            tried.spawn(async move {
                let _turn = turns.acquire_owned().await;
                passed_all_the_same(&bug, &tests).await
            });
        }
        let uncaught: Vec<String> = tried.join_all().await.into_iter().flatten().collect();
        assert!(uncaught.is_empty(), "with the feature `faults`, as `make test` has it: {uncaught:#?}");
    });
}

/// The tests that pass although the bug is planted.
async fn passed_all_the_same(bug: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut arguments = vec!["--exact"];
    arguments.extend(tests.iter().map(String::as_str));
    let output = itself(&arguments, Some(bug)).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = |test: &&String| said.lines().any(|line| line == format!("test {test} ... FAILED"));
    let passed = tests.iter().filter(|test| !failed(test));
    passed.map(|test| format!("{test} does not catch {bug}")).collect()
}

/// The compiler refuses the feature where it refuses debug assertions: no release can have a planted bug.
#[test]
fn no_release_has_planted_bugs() {
    let mut compiler = std::process::Command::new(env!("CARGO"));
    compiler.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    compiler.args([
        "rustc",
        "--locked",
        "--quiet",
        "--package",
        "envoi-api",
        "--lib",
        "--features",
        "faults",
    ]);
    compiler.args(["--", "-C", "debug-assertions=off"]);
    let output = compiler.output().expect("cargo can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("no release has it"), "{said}");
}
