//! Keeps the shape of the repository: directions between modules, sizes, rules with their cases, what lies at the top,
//! where dependencies come from, decisions numbered without holes.
//!
//! Reads files as text and knows nothing of what they do; the compiler and clippy keep the rest. Each check is a function from
//! files to violations, and each is shown failing on a planted one.

mod directions;
mod files;
mod packages;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use directions::{banned_names, crossed_directions, sibling_dependencies};
use files::{
    LONG_FILES, foreign_sources, misnumbered_decisions, oversized, rules_without_cases, strangers_at_the_top,
};
use packages::{loose_versions, strange_packages};

const MEMBERS: &[&str] = &["api", "entity", "migration", "rules", "tests"];

/// A file: its path from the root of the repository, and its text.
struct Source {
    path: String,
    text: String,
}

/// A planted file.
fn file(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> Source {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    Source { path: path.to_owned(), text }
}

/// The files under a folder whose extension is one of `extensions`, in order of path; none when there is no such folder.
fn files_under(folder: &str, extensions: &[&str]) -> Vec<Source> {
    let Ok(entries) = fs::read_dir(root().join(folder)) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("the folder can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut files = Vec::new();
    for name in names.iter().filter(|name| *name != "target" && *name != "node_modules") {
        let path = format!("{folder}/{name}");
        if root().join(&path).is_dir() {
            files.extend(files_under(&path, extensions));
        } else if extensions.iter().any(|extension| path.ends_with(&format!(".{extension}"))) {
            files.push(read(&path));
        }
    }
    files
}

fn rust_files() -> Vec<Source> {
    MEMBERS.iter().flat_map(|member| files_under(member, &["rs"])).collect()
}

#[track_caller]
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn modules_keep_their_directions() {
    let files = rust_files();
    assert!(files.iter().any(|file| file.path == "api/src/lib.rs"), "the sources are found");
    assert_none(&banned_names(&files));
    assert_none(&crossed_directions(&files));
    for member in ["entity", "migration", "rules"] {
        assert_none(&sibling_dependencies(&read(&format!("{member}/Cargo.toml"))));
    }
}

#[test]
fn files_keep_to_their_size() {
    assert_none(&oversized(&rust_files(), LONG_FILES));
    let playground = files_under("api/playground", &["css", "graphql", "html", "js", "jsx", "mjs"]);
    assert!(
        playground.iter().any(|file| file.path == "api/playground/src/main.jsx"),
        "the sources are found"
    );
    assert_none(&oversized(&playground, LONG_FILES));
}

#[test]
fn each_rule_has_a_manifest_with_cases() {
    for folder in ["rules/builtin", "rules/templates"] {
        assert_none(&rules_without_cases(&files_under(folder, &["rhai", "toml"])));
    }
}

#[test]
fn the_top_of_the_repository_holds_what_is_named() {
    if !root().join(".git").exists() {
        return; // unpacked from an archive: nothing says what is tracked
    }
    let output = Command::new("git").arg("-C").arg(root()).arg("ls-files").output().expect("git runs");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    assert_none(&strangers_at_the_top(&String::from_utf8_lossy(&output.stdout)));
}

#[test]
fn dependencies_come_from_the_public_registry() {
    assert_none(&foreign_sources(&read("Cargo.lock").text));
    assert_none(&strange_packages(&read("api/playground/package-lock.json").text));
    assert_none(&loose_versions(&read("api/playground/package.json").text));
}

#[test]
fn decisions_are_numbered_without_holes() {
    let files = files_under("docs/decisions", &["md"]);
    let names: Vec<&str> =
        files.iter().filter_map(|file| file.path.strip_prefix("docs/decisions/")).collect();
    let records: Vec<&str> = names.into_iter().filter(|name| *name != "README.md").collect();
    assert!(!records.is_empty(), "the records are found");
    assert_none(&misnumbered_decisions(&records, &read("docs/decisions/README.md").text));
}
