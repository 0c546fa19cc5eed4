//! Owns where the keys of a text stand, and which keys a manifest may have.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Diagnostic, MANIFEST_KEYS, Place};
use crate::limits::MAX_DIAGNOSTICS;
use crate::names::hint;
use crate::text::LocalText;

const PARAM: &[&str] = &["type", "default", "min", "max", "options", "above", "title"];
const CODE: &[&str] = &["level", "en", "fr"];
const CASE: &[&str] = &["facts", "params", "verdict"];
const LANGUAGES: &[&str] = &["en", "fr"];

/// Where each key of a text begins, in bytes, by its path: `params.most.default`, `cases[1].facts.message.cost`.
#[derive(Default)]
pub(super) struct Keys(BTreeMap<String, usize>);

impl Keys {
    pub(super) fn of(table: &DeTable<'_>) -> Self {
        let mut keys = Self::default();
        keys.note("", table);
        keys
    }

    fn note(&mut self, within: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = format!("{within}{}", key.get_ref());
            match value.get_ref() {
                DeValue::Table(inner) => self.note(&format!("{path}."), inner),
                DeValue::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        if let DeValue::Table(inner) = item.get_ref() {
                            self.note(&format!("{path}[{}].", index + 1), inner);
                        }
                    }
                }
                _ => {}
            }
            self.0.insert(path, key.span().start);
        }
    }

    /// The place of a key in that text, which these are of; none of one that is not there.
    pub(super) fn place(&self, text: &str, path: &str) -> Option<Place> {
        self.0.get(path).map(|start| Place::of_byte(text, *start))
    }
}

/// Every key that a manifest does not have, with the nearest that it has there.
pub(super) fn unknown(text: &str, manifest: &DeTable<'_>) -> Vec<Diagnostic> {
    let mut search = Search { text, found: Vec::new() };
    search.table("", manifest, MANIFEST_KEYS);
    for (key, value) in manifest {
        let key = key.get_ref().as_ref();
        match (key, value.get_ref()) {
            ("title" | "description", DeValue::Table(languages)) => {
                search.table(&format!("{key}."), languages, LANGUAGES);
            }
            ("params" | "codes", DeValue::Table(declared)) => search.declared(key, declared),
            ("cases", DeValue::Array(cases)) => {
                for (index, case) in cases.iter().enumerate() {
                    if let DeValue::Table(case) = case.get_ref() {
                        search.table(&format!("cases[{}].", index + 1), case, CASE);
                    }
                }
            }
            _ => {}
        }
    }
    search.found.sort_by_key(|problem| (problem.line, problem.column));
    search.found.truncate(MAX_DIAGNOSTICS);
    search.found
}

struct Search<'a> {
    text: &'a str,
    found: Vec<Diagnostic>,
}

impl Search<'_> {
    fn declared(&mut self, group: &str, declared: &DeTable<'_>) {
        for (name, value) in declared {
            let DeValue::Table(keys) = value.get_ref() else { continue };
            let within = format!("{group}.{}.", name.get_ref());
            self.table(&within, keys, if group == "params" { PARAM } else { CODE });
            let title =
                keys.iter().find(|(key, _)| key.get_ref() == "title").map(|(_, title)| title.get_ref());
            if let (Some(DeValue::Table(languages)), "params") = (title, group) {
                self.table(&format!("{within}title."), languages, LANGUAGES);
            }
        }
    }

    fn table(&mut self, within: &str, table: &DeTable<'_>, known: &[&str]) {
        let unknown = table.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        for key in unknown.take(MAX_DIAGNOSTICS) {
            let problem = self.problem(within, key, known);
            self.found.push(problem);
        }
    }

    fn problem(&self, within: &str, key: &Spanned<std::borrow::Cow<'_, str>>, known: &[&str]) -> Diagnostic {
        let path = format!("{within}{}", key.get_ref());
        let all = known.join(", ");
        let all = || LocalText::new(format!("the keys there are: {all}"), format!("les clés y sont : {all}"));
        Diagnostic::error(
            Place::of_byte(self.text, key.span().start),
            format!("the manifest has no key {path:?}"),
            format!("un manifeste n’a pas de clé {path:?}"),
        )
        .with_hint(Some(hint(key.get_ref(), known.iter().copied()).unwrap_or_else(all)))
    }
}
