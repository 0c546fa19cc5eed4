//! Who may name whom: modules of `api`, and members of the workspace.

use std::collections::BTreeSet;

use super::{MEMBERS, Source};

/// Identifiers that a module of `api` never writes, and why.
const BANNED_NAMES: &[(&str, &[&str], &str)] = &[
    ("graphql", &["sea_orm"], "resolvers call services, which own the store"),
    ("http", &["sea_orm"], "handlers call services, which own the store"),
    ("services", &["async_graphql", "axum"], "services do not know who calls them"),
    ("domain", &["async_graphql", "axum", "sea_orm", "tokio"], "the domain is pure"),
    ("providers", &["async_graphql", "axum", "sea_orm"], "providers know only the domain"),
];

/// Modules of the crate that a module of `api` may name, besides itself.
const ALLOWED_PATHS: &[(&str, &[&str])] = &[("domain", &[]), ("providers", &["domain"])];

/// Modules of the crate that a module of `api` never names.
const FORBIDDEN_PATHS: &[(&str, &[&str])] = &[
    ("services", &["cli", "graphql", "http"]),
    ("store", &["cli", "dispatch", "graphql", "http", "services"]),
    ("dispatch", &["cli", "graphql", "http"]),
];

/// The first module of `api` on a file's path: `api/src/http/auth.rs` and `api/src/http.rs` are both of `http`.
fn module_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("api/src/")?;
    Some(rest.split('/').next().unwrap_or(rest).trim_end_matches(".rs"))
}

/// The code without its comment lines: prose may name anything.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The words of a text: maximal runs of letters, digits and underscores.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The modules named by `crate::a`, `crate::{a::b, c}`.
fn crate_paths(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (at, prefix) in code.match_indices("crate::") {
        let rest = &code[at + prefix.len()..];
        if !rest.starts_with('{') {
            named.extend(words(rest).next().map(str::to_owned));
            continue;
        }
        let mut depth = 0;
        let mut item = String::new();
        for c in rest.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 || (depth == 1 && c == ',') {
                named.extend(words(&item).next().map(str::to_owned));
                item.clear();
            }
            if depth == 0 {
                break;
            }
            item.push(c);
        }
    }
    named
}

/// Whether a path of `super::` climbs from a file of `api` to the root of the crate, where every module is in reach.
///
/// Two at least: in a folder's own file, one alone is how a nested module of tests names its parent.
fn climbs_out(path: &str, code: &str) -> bool {
    let inside = path.trim_start_matches("api/src/").trim_end_matches(".rs").trim_end_matches("/mod");
    let depth = inside.split('/').count().max(2);
    code.contains(&"super::".repeat(depth))
}

pub(super) fn banned_names(files: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files {
        for (module, names, why) in BANNED_NAMES {
            if module_of(&file.path) != Some(*module) {
                continue;
            }
            let code = code(&file.text);
            for name in *names {
                if words(&code).any(|word| word.starts_with(name)) {
                    violations.push(format!("{} names {name}: {why}", file.path));
                }
            }
        }
    }
    violations
}

pub(super) fn crossed_directions(files: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files {
        let Some(module) = module_of(&file.path) else {
            continue;
        };
        let code = code(&file.text);
        let named = crate_paths(&code);
        let allowed = ALLOWED_PATHS.iter().find(|(from, _)| *from == module).map(|(_, to)| *to);
        let forbidden = FORBIDDEN_PATHS.iter().find(|(from, _)| *from == module).map(|(_, to)| *to);
        if allowed.is_some() && climbs_out(&file.path, &code) {
            violations.push(format!("{} climbs out by super: name the path from crate", file.path));
        }
        for target in &named {
            let target = target.as_str();
            let outside = allowed.is_some_and(|to| target != module && !to.contains(&target));
            if outside || forbidden.is_some_and(|to| to.contains(&target)) {
                violations.push(format!("{} names {target}, which {module} must not know", file.path));
            }
        }
    }
    violations
}

/// Dependencies of a member on another, in the text of its manifest.
pub(super) fn sibling_dependencies(manifest: &Source) -> Vec<String> {
    let mut in_dependencies = false;
    let mut violations = Vec::new();
    for line in manifest.text.lines().map(str::trim) {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        }
        let key = words(line).next().unwrap_or_default();
        if in_dependencies && (MEMBERS.contains(&key) || line.contains("envoi-") || line.contains("path =")) {
            violations.push(format!("{} depends on a sibling: {line}", manifest.path));
        }
    }
    violations
}

/// The checks, each on a planted violation.
mod planted {
    use super::*;

    use crate::tidy::file;

    #[test]
    fn a_banned_name_is_seen_in_code_only() {
        let seen = |path, text| banned_names(&[file(path, text)]).len();
        assert_eq!(seen("api/src/graphql/people/query.rs", "use sea_orm::EntityTrait;"), 1);
        assert_eq!(seen("api/src/http.rs", "fn f() { sea_orm::Database::connect(url) }"), 1);
        assert_eq!(
            seen("api/src/services/people.rs", "use async_graphql_axum::GraphQL;\nuse axum::Json;"),
            2
        );
        assert_eq!(seen("api/src/services/people.rs", "use sea_orm::EntityTrait;"), 0);
        assert_eq!(seen("api/src/graphql/mod.rs", "//! Never names sea_orm."), 0);
    }

    #[test]
    fn a_crossed_direction_is_seen_however_it_is_written() {
        let seen = |path, text| crossed_directions(&[file(path, text)]).len();
        assert_eq!(seen("api/src/domain/phone.rs", "use crate::store::Writer;"), 1);
        assert_eq!(
            seen("api/src/domain/phone.rs", "use crate::{domain::text, store::{Writer, Reader}, i18n};"),
            2
        );
        assert_eq!(seen("api/src/domain/a/b.rs", "use super::super::super::store;"), 1);
        assert_eq!(
            seen("api/src/providers/sandbox.rs", "use crate::{domain::phone::Phone, providers::error};"),
            0
        );
        assert_eq!(seen("api/src/providers/sandbox.rs", "use crate::services::ledger;"), 1);
        assert_eq!(seen("api/src/services/people.rs", "use crate::graphql::page;"), 1);
        assert_eq!(seen("api/src/services/people.rs", "use crate::store::Writer;"), 0);
    }

    #[test]
    fn a_dependency_on_a_sibling_is_seen() {
        let seen = |text| sibling_dependencies(&file("rules/Cargo.toml", text)).len();
        assert_eq!(seen("[package]\nname = \"envoi-rules\"\n[dependencies]\nserde.workspace = true"), 0);
        assert_eq!(seen("[dependencies]\nentity.workspace = true"), 1);
        assert_eq!(
            seen("[dev-dependencies]\nstore = { package = \"envoi-entity\", path = \"../entity\" }"),
            1
        );
    }
}
