//! How large a filter may be.
//!
//! Invariant: a filter that passes makes a statement that both databases take (SQLite: 1,000 levels of an expression), and that
//! calls nothing here or in the database by more than a few levels.

use std::borrow::Cow;

use super::{PersonFilter, TagFilter};
use crate::domain::name::fold;
use crate::error::Problem;

/// The most characters of a search: names are shorter, and each word costs a comparison a person.
pub const MAX_SEARCH: usize = 200;
/// The most tags named by one filter, in all.
pub const MAX_TAGS: usize = 100;
/// The most sexes named by one filter: each of the four, and room for a repetition.
pub const MAX_SEXES: usize = 8;
/// The most filters within one another, the outermost apart: twice what a form of people's making comes to.
pub const MAX_DEPTH: usize = 8;
/// The most criteria of a filter and of all it holds, each a comparison a person: a word of a search, a tag, and one for each
/// other criterion and each filter within. Ten times what a form of people's making comes to, and a fraction of a second over
/// the largest structure.
pub const MAX_CRITERIA: usize = 100;

/// Checks a filter and all it holds.
///
/// # Errors
/// `FILTER_TOO_LARGE`, `FILTER_TOO_DEEP` or `SEARCH_INVALID`, with the way to the field at fault.
pub fn check(filter: &PersonFilter) -> Result<(), Problem> {
    Walk { way: Vec::new(), depth: 0, criteria: 0 }.check(filter)
}

/// A walk through a filter: where it is, and what it met.
struct Walk {
    way: Vec<Cow<'static, str>>,
    depth: usize,
    criteria: usize,
}

impl Walk {
    fn check(&mut self, filter: &PersonFilter) -> Result<(), Problem> {
        self.check_own(filter)?;
        for (field, parts) in [("and", &filter.and), ("or", &filter.or)] {
            for (place, part) in parts.iter().flatten().enumerate() {
                self.enter(part, &[Cow::Borrowed(field), Cow::Owned(place.to_string())])?;
            }
        }
        match &filter.not {
            Some(part) => self.enter(part, &[Cow::Borrowed("not")]),
            None => Ok(()),
        }
    }

    fn enter(&mut self, part: &PersonFilter, way: &[Cow<'static, str>]) -> Result<(), Problem> {
        let here = self.way.len();
        self.way.extend_from_slice(way);
        if self.depth == MAX_DEPTH {
            return Err(self.problem("FILTER_TOO_DEEP", None).with("max", number(MAX_DEPTH)));
        }
        self.count(None, 1)?;
        self.depth += 1;
        self.check(part)?;
        self.depth -= 1;
        self.way.truncate(here);
        Ok(())
    }

    fn check_own(&mut self, filter: &PersonFilter) -> Result<(), Problem> {
        let search = filter.search.as_deref().unwrap_or_default();
        let sexes = filter.sex.as_ref().map_or(0, Vec::len);
        let tags = filter.tags.as_ref().map_or(0, tags);
        for (field, size, max) in [
            ("search", search.chars().count(), MAX_SEARCH),
            ("sex", sexes, MAX_SEXES),
            ("tags", tags, MAX_TAGS),
        ] {
            if size > max {
                return Err(self
                    .problem("FILTER_TOO_LARGE", Some(field))
                    .with("of", "part")
                    .with("max", number(max)));
            }
        }
        if search.contains('\0') {
            return Err(self.problem("SEARCH_INVALID", Some("search")));
        }
        for (field, criteria) in [
            ("search", fold(search).split_whitespace().count()),
            ("sex", usize::from(filter.sex.is_some())),
            ("tags", tags),
            ("list", usize::from(filter.list.is_some())),
            ("taughtBy", usize::from(filter.taught_by.is_some())),
            ("reachable", usize::from(filter.reachable.is_some())),
        ] {
            self.count(Some(field), criteria)?;
        }
        Ok(())
    }

    /// Counts criteria of a field, or the filter itself.
    fn count(&mut self, field: Option<&'static str>, criteria: usize) -> Result<(), Problem> {
        self.criteria += criteria;
        if self.criteria > MAX_CRITERIA {
            let problem = self.problem("FILTER_TOO_LARGE", field);
            return Err(problem.with("of", "whole").with("max", number(MAX_CRITERIA)));
        }
        Ok(())
    }

    /// A problem at a field of the filter where the walk is, or at that filter.
    fn problem(&self, code: &'static str, field: Option<&'static str>) -> Problem {
        let mut problem = Problem::new(code);
        problem.path.clone_from(&self.way);
        problem.path.extend(field.map(Cow::Borrowed));
        let field = problem.path.join(".");
        problem.with("field", field)
    }
}

fn tags(TagFilter { all, any, none }: &TagFilter) -> usize {
    [all, any, none].into_iter().flatten().map(Vec::len).sum()
}

fn number(bound: usize) -> i64 {
    i64::try_from(bound).expect("invariant: the bounds are small constants")
}
