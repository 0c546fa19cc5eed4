//! What a version changed: a unified diff of both texts against the version before it.
//!
//! Invariant: `patch -p1`, where the two files of the version before are, makes those of this one.

use std::collections::HashMap;

use entity::enums::Module;
use entity::ids::RuleId;
use entity::rule_version::{self, Column};
use rules::declared_slug;
use sea_orm::QueryFilter;
use sea_orm::sea_query::{Expr, ExprTrait};
use similar::TextDiff;

use super::rows::VersionRow;
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::Fault;

/// Names a version: its rule, and its number.
pub type VersionKey = (RuleId, i32);

/// The versions of those rules and numbers, with one statement; others than those of the caller's structure are absent. At most a page
/// of pages.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on RULES.
pub async fn versions_by_number(
    ctx: &Ctx,
    caller: &Caller,
    keys: &[VersionKey],
) -> Result<HashMap<VersionKey, VersionRow>, Fault> {
    let structure = caller.may_read(Module::Rules)?.structure;
    let key = Expr::tuple([Expr::col(Column::RuleId), Expr::col(Column::Number)]);
    let query = rule_version::in_structure(structure).filter(key.in_tuples(keys.iter().copied()));
    let rows = query.all(ctx.store.readers()).await?;
    rows.into_iter().map(|row| Ok(((row.rule_id, row.number), VersionRow::try_from(row)?))).collect()
}

/// What a version changed of the one before it; empty when nothing. Off the threads that answer requests: the largest texts take a while.
///
/// # Errors
/// That the work was given up.
pub async fn diff(before: VersionRow, after: VersionRow) -> Result<String, Fault> {
    let work = tokio::task::spawn_blocking(move || {
        let slug = declared_slug(&after.manifest).unwrap_or_else(|| "rule".to_owned());
        let manifest = unified(&format!("{slug}.toml"), &before.manifest, &after.manifest);
        [manifest, unified(&format!("{slug}.rhai"), &before.source, &after.source)].concat()
    });
    work.await.map_err(Fault::internal)
}

fn unified(file: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff().header(&format!("a/{file}"), &format!("b/{file}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_shows_what_changed_with_what_stands_around() {
        let before = "one\ntwo\nthree\nfour\nfive\nsix\n";
        let after = "one\ntwo\nthree\nfour\n5\nsix\n";
        let expected = "--- a/x.toml\n+++ b/x.toml\n@@ -2,5 +2,5 @@\n two\n three\n four\n-five\n+5\n six\n";
        assert_eq!(unified("x.toml", before, after), expected);
        assert_eq!(unified("x.toml", before, before), "");
        let expected = "--- a/x.rhai\n+++ b/x.rhai\n@@ -1 +1 @@\n-true\n\\ No newline at end of file\n+false\n\\ No newline at end of file\n";
        assert_eq!(unified("x.rhai", "true", "false"), expected);
    }

    #[test]
    fn the_largest_texts_that_have_little_in_common_are_compared() {
        let text = |seed: u32| {
            let mut state = seed;
            let mut line = move |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if state & 0x8000_0000 == 0 { "a\n" } else { "b\n" }
            };
            (0..rules::MAX_MANIFEST_BYTES / 2).map(&mut line).collect::<String>()
        };
        let (before, after) = (text(1), text(2));
        let diff = unified("x.toml", &before, &after);
        let lines = |starts: &str| diff.lines().skip(2).filter(|line| line.starts_with(starts)).count();
        let longer = before.lines().count() + lines("+") - lines("-");
        assert_eq!(longer, after.lines().count());
    }
}
