//! Makes the manifest of a rule of the platform one that a structure can start a rule of its own from.
//!
//! Invariant: only the lines that say whose rule it is are touched; what the author of the manifest wrote beside them stays as it was.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::read::is_slug;

/// The keys of a manifest that are row data of a structure's own rule, and its name.
#[derive(Deserialize)]
struct Head {
    slug: Spanned<String>,
    version: Option<Spanned<toml::Value>>,
    lock: Option<Spanned<toml::Value>>,
    state: Option<Spanned<toml::Value>>,
    position: Option<Spanned<toml::Value>>,
}

/// A manifest under another slug, without what a structure's own rule leaves out: version, lock, state and position. None when the
/// slug is none that a rule may have, or the text is no manifest.
#[must_use]
pub fn as_own(text: &str, slug: &str) -> Option<String> {
    if !is_slug(slug) {
        return None;
    }
    let head: Head = toml::from_str(text).ok()?;
    let left_out = [head.version, head.lock, head.state, head.position];
    let mut edits: Vec<(Range<usize>, String)> = left_out
        .into_iter()
        .flatten()
        .map(|value| (whole_lines(text, value.span()), String::new()))
        .collect();
    edits.push((head.slug.span(), format!("\"{slug}\"")));
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut own = text.to_owned();
    for (range, with) in edits {
        own.replace_range(range, &with);
    }
    Some(own)
}

/// The lines that a value stands on, its key and what follows it among them: TOML lets no other key stand there.
fn whole_lines(text: &str, value: Range<usize>) -> Range<usize> {
    let start = text.get(..value.start).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let end = text.get(value.end..).and_then(|after| after.find('\n'));
    start..end.map_or(text.len(), |end| value.end + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, Rule};

    #[test]
    fn only_what_says_whose_it_is_changes() {
        let text = "# ours\nslug = 'large-send' # a name\nversion = 3\nlock = \"REPLACEABLE\" # ours\nstages = [\"SEND\"]\nstate = \"OFF\"\nposition = 5\n\n[title]\nen = \"lock = 1\"\n";
        let own = "# ours\nslug = \"mine\" # a name\nstages = [\"SEND\"]\n\n[title]\nen = \"lock = 1\"\n";
        assert_eq!(as_own(text, "mine").as_deref(), Some(own));
        assert_eq!(as_own("slug = \"a\"\nlock = \"LOCKED\"", "b").as_deref(), Some("slug = \"b\"\n"));
        for slug in ["", "Mine", "a\"b", "-a", "a b"] {
            assert_eq!(as_own(text, slug), None, "{slug:?}");
        }
        assert_eq!(as_own("slug = ", "mine"), None);
    }

    #[test]
    fn every_rule_of_the_platform_loads_as_ones_own() {
        let catalog = Catalog::builtin().expect("checked by another test");
        for rule in catalog.rules().chain(catalog.templates()) {
            let own = as_own(rule.manifest_toml(), "mine").expect("a manifest");
            let loaded = Rule::load_own(&own, rule.source()).expect("it loaded as the platform's");
            assert_eq!((&*loaded.manifest().slug, loaded.warnings()), ("mine", rule.warnings()));
        }
    }
}
