//! What files there are, how long, and what lists of them must agree.

use std::collections::BTreeSet;

use super::Source;

const MAX_LINES: usize = 400;

/// Files that may be longer, each with the reason written.
pub(super) const LONG_FILES: &[(&str, &str)] = &[];

const TOP_LEVEL: &[&str] = &[
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "Makefile",
    "README.md",
    "api",
    "clippy.toml",
    "deny.toml",
    "docs",
    "entity",
    "migration",
    "rules",
    "rustfmt.toml",
    "schema.graphql",
    "tests",
];

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn oversized(files: &[Source], exceptions: &[(&str, &str)]) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files {
        let lines = file.text.lines().count();
        let excepted = exceptions.iter().any(|(path, _)| *path == file.path);
        if lines > MAX_LINES && !excepted {
            violations.push(format!("{} has {lines} lines, more than {MAX_LINES}", file.path));
        } else if lines <= MAX_LINES && excepted {
            violations.push(format!("{} no longer needs its exception of size", file.path));
        }
    }
    violations
}

pub(super) fn rules_without_cases(files: &[Source]) -> Vec<String> {
    let has = |path: &str| files.iter().any(|file| file.path == path);
    let mut violations = Vec::new();
    for file in files {
        if let Some(stem) = file.path.strip_suffix(".rhai") {
            if !has(&format!("{stem}.toml")) {
                violations.push(format!("{} has no manifest", file.path));
            }
        } else if let Some(stem) = file.path.strip_suffix(".toml") {
            if !has(&format!("{stem}.rhai")) {
                violations.push(format!("{} has no script", file.path));
            }
            if !file.text.lines().any(|line| line.trim() == "[[cases]]") {
                violations.push(format!("{} has no cases", file.path));
            }
        }
    }
    violations
}

pub(super) fn strangers_at_the_top(tracked: &str) -> Vec<String> {
    let top: BTreeSet<&str> = tracked.lines().map(|path| path.split('/').next().unwrap_or(path)).collect();
    top.into_iter()
        .filter(|name| !TOP_LEVEL.contains(name))
        .map(|name| format!("{name} does not belong at the top of the repository"))
        .collect()
}

pub(super) fn foreign_sources(lock: &str) -> Vec<String> {
    lock.lines()
        .filter_map(|line| line.strip_prefix("source = "))
        .map(|source| source.trim_matches('"'))
        .filter(|source| *source != REGISTRY)
        .map(|source| format!("Cargo.lock takes a package from {source}"))
        .collect()
}

/// Records are `0001-…`, `0002-…` and so on, each linked from the index.
pub(super) fn misnumbered_decisions(names: &[&str], index: &str) -> Vec<String> {
    let mut violations = Vec::new();
    for (position, name) in names.iter().enumerate() {
        let expected = format!("{:04}-", position + 1);
        if !name.starts_with(&expected) {
            violations.push(format!("docs/decisions/{name}: expected a record numbered {expected}"));
        }
        if !index.contains(&format!("({name})")) {
            violations.push(format!("docs/decisions/README.md does not link {name}"));
        }
    }
    violations
}

/// The checks, each on a planted violation.
mod planted {
    use super::*;

    use crate::tidy::file;

    #[test]
    fn a_long_file_and_a_stale_exception_are_seen() {
        let long = file("api/src/long.rs", &"\n".repeat(MAX_LINES + 1));
        let short = file("api/src/short.rs", &"\n".repeat(MAX_LINES));
        let excepted = [("api/src/long.rs", "a table"), ("api/src/short.rs", "was long once")];
        assert_eq!(oversized(&[long, short], &[]).len(), 1);
        let long = file("api/src/long.rs", &"\n".repeat(MAX_LINES + 1));
        let short = file("api/src/short.rs", "");
        assert_eq!(oversized(&[long, short], &excepted).len(), 1);
    }

    #[test]
    fn a_rule_without_manifest_script_or_cases_is_seen() {
        let whole = [file("r/a.rhai", ""), file("r/a.toml", "slug = \"a\"\n[[cases]]\n")];
        assert_eq!(rules_without_cases(&whole).len(), 0);
        assert_eq!(rules_without_cases(&[file("r/a.rhai", "")]).len(), 1);
        assert_eq!(rules_without_cases(&[file("r/a.toml", "# [[cases]]")]).len(), 2);
    }

    #[test]
    fn a_stranger_at_the_top_is_seen() {
        assert_eq!(
            strangers_at_the_top("api/src/lib.rs\nscripts/a.sh\nscripts/b.sh\nnotes.txt"),
            [
                "notes.txt does not belong at the top of the repository",
                "scripts does not belong at the top of the repository"
            ]
        );
    }

    #[test]
    fn a_foreign_source_is_seen() {
        let lock = format!("source = \"{REGISTRY}\"\nsource = \"registry+https://mirror.example/index\"");
        assert_eq!(foreign_sources(&lock).len(), 1);
    }

    #[test]
    fn a_hole_a_double_and_a_missing_link_are_seen() {
        let index = "[a](0001-a.md) [b](0002-b.md) [c](0003-c.md)";
        assert_eq!(misnumbered_decisions(&["0001-a.md", "0002-b.md"], index).len(), 0);
        assert_eq!(misnumbered_decisions(&["0001-a.md", "0003-c.md"], index).len(), 1);
        assert_eq!(misnumbered_decisions(&["0001-a.md", "0001-d.md"], index).len(), 2);
    }
}
