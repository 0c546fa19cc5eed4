//! Which people a search or an audience finds, as a condition on the table `person`.
//!
//! Owns the meaning of each criterion, so that a list on the screen and the audience of a message agree; knows neither pages
//! nor messages.
//!
//! Architecture Invariant: every condition made here is scoped to one structure, and its size is bounded.

use entity::enums::Sex;
use entity::ids::{StructureId, TagId};
use entity::{opt_out, person, person_tag};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, LikeExpr, Query, SelectStatement};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, QueryTrait};
use serde::{Deserialize, Serialize};

use crate::domain::name::fold;
use crate::error::Problem;

/// The most characters of a search: names are shorter, and each word costs a comparison a person.
pub const MAX_SEARCH: usize = 200;
/// The most tags named by one filter, in all.
pub const MAX_TAGS: usize = 100;
/// The most sexes named by one filter: each of the four, and room for a repetition.
pub const MAX_SEXES: usize = 8;

/// Takes the character after it in a LIKE pattern as itself. Not the backslash, which PostgreSQL may read first.
const ESCAPE: char = '!';

/// Which people are wanted: those whom every criterion present finds. The empty filter finds everyone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonFilter {
    /// Words, each of which must be somewhere in the last or first name; case and accents make no difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// One of these sexes; an empty list finds nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Vec<Sex>>,
    /// By their tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<TagFilter>,
    /// Whether they have a mobile number that has not opted out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reachable: Option<bool>,
}

/// Which tags people have. A tag that the structure does not have is nobody's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagFilter {
    /// Every one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<Vec<TagId>>,
    /// At least one of these; an empty list finds nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any: Option<Vec<TagId>>,
    /// None of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none: Option<Vec<TagId>>,
}

impl TagFilter {
    fn len(&self) -> usize {
        [&self.all, &self.any, &self.none].into_iter().flatten().map(Vec::len).sum()
    }
}

/// The people of `structure` that the filter finds, as a condition on the table `person`.
///
/// # Errors
/// `FILTER_TOO_LARGE`, naming the field and its `max`, and `SEARCH_INVALID` for a search that holds the character NUL, which
/// PostgreSQL cannot store.
pub fn condition(structure: StructureId, filter: &PersonFilter) -> Result<Condition, Problem> {
    check(filter)?;
    let mut condition = Condition::all().add(person::Column::StructureId.eq(structure));
    for word in filter.search.as_deref().map(fold).unwrap_or_default().split_whitespace() {
        let pattern = LikeExpr::new(format!("%{}%", escaped(word))).escape(ESCAPE);
        condition = condition.add(person_column(person::Column::SortKey).like(pattern));
    }
    if let Some(sexes) = &filter.sex {
        condition = condition.add(person::Column::Sex.is_in(sexes.iter().copied()));
    }
    if let Some(tags) = &filter.tags {
        for tag in tags.all.iter().flatten() {
            condition = condition.add(Expr::exists(tagged(structure, std::slice::from_ref(tag))));
        }
        if let Some(any) = &tags.any {
            condition = condition.add(Expr::exists(tagged(structure, any)));
        }
        if let Some(none) = &tags.none {
            condition = condition.add(Expr::exists(tagged(structure, none)).not());
        }
    }
    Ok(match filter.reachable {
        None => condition,
        Some(true) => condition.add(reachable()),
        Some(false) => condition.add(reachable().not()),
    })
}

/// Whether a person of the table `person` has a mobile number that has not opted out.
#[must_use]
pub fn reachable() -> Expr {
    person::Column::Mobile.is_not_null().and(opted_out().not())
}

/// Whether the number of a person of the table `person` has opted out; false of a person who has none.
#[must_use]
pub fn opted_out() -> Expr {
    let same = |theirs: opt_out::Column, ours: person::Column| {
        Expr::col((opt_out::Entity, theirs)).equals((person::Entity, ours))
    };
    Expr::exists(
        Query::select()
            .column((opt_out::Entity, opt_out::Column::NumberHash))
            .from(opt_out::Entity)
            .and_where(same(opt_out::Column::StructureId, person::Column::StructureId))
            .and_where(same(opt_out::Column::NumberHash, person::Column::NumberHash))
            .take(),
    )
}

fn check(filter: &PersonFilter) -> Result<(), Problem> {
    let search = filter.search.as_deref().unwrap_or_default();
    let sizes = [
        ("search", search.chars().count(), MAX_SEARCH),
        ("sex", filter.sex.as_ref().map_or(0, Vec::len), MAX_SEXES),
        ("tags", filter.tags.as_ref().map_or(0, TagFilter::len), MAX_TAGS),
    ];
    for (field, size, max) in sizes {
        if size > max {
            let max = i64::try_from(max).expect("invariant: the bounds are small constants");
            return Err(Problem::new("FILTER_TOO_LARGE").at(&[field]).with("field", field).with("max", max));
        }
    }
    if search.contains('\0') {
        return Err(Problem::new("SEARCH_INVALID").at(&["search"]));
    }
    Ok(())
}

/// The tags among these that a person of the table `person` has.
fn tagged(structure: StructureId, tags: &[TagId]) -> SelectStatement {
    let theirs = Expr::col((person_tag::Entity, person_tag::Column::PersonId))
        .equals((person::Entity, person::Column::Id));
    person_tag::in_structure(structure)
        .select_only()
        .column(person_tag::Column::TagId)
        .filter(theirs)
        .filter(person_tag::Column::TagId.is_in(tags.iter().copied()))
        .into_query()
}

fn person_column(column: person::Column) -> Expr {
    Expr::col((person::Entity, column))
}

/// The word with the signs that LIKE would interpret taken as themselves.
fn escaped(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len());
    for c in word.chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::{PostgresQueryBuilder, SqliteQueryBuilder};
    use uuid::Uuid;

    use super::*;

    fn sql(filter: &PersonFilter) -> (String, String) {
        let condition =
            condition(StructureId::from_uuid(Uuid::nil()), filter).expect("the filter is within bounds");
        let select = Query::select().expr(Expr::val(1)).from(person::Entity).cond_where(condition).take();
        (select.to_string(SqliteQueryBuilder), select.to_string(PostgresQueryBuilder))
    }

    fn searching(text: &str) -> PersonFilter {
        PersonFilter { search: Some(text.to_owned()), ..PersonFilter::default() }
    }

    #[test]
    fn each_word_of_a_search_is_folded_and_taken_as_itself() {
        let (sqlite, postgres) = sql(&searching(" Élo_% Ça! \\ "));
        for sql in [sqlite, postgres] {
            assert_eq!(sql.matches("LIKE").count(), 3, "{sql}");
            assert!(sql.contains("'%elo!_!%%' ESCAPE '!'"), "{sql}");
            assert!(sql.contains("'%ca!!%' ESCAPE '!'"), "{sql}");
        }
    }

    #[test]
    fn a_blank_search_and_the_empty_filter_find_everyone() {
        for filter in [PersonFilter::default(), searching(""), searching(" \t\n")] {
            assert!(!sql(&filter).0.contains("LIKE"));
        }
    }

    #[test]
    fn what_is_too_large_or_cannot_be_stored_is_refused_by_field() {
        let tags = TagFilter {
            all: Some(vec![TagId::from_uuid(Uuid::nil()); MAX_TAGS + 1]),
            ..TagFilter::default()
        };
        for (filter, code, field) in [
            (searching(&"é".repeat(MAX_SEARCH + 1)), "FILTER_TOO_LARGE", "search"),
            (PersonFilter { tags: Some(tags), ..PersonFilter::default() }, "FILTER_TOO_LARGE", "tags"),
            (
                PersonFilter { sex: Some(vec![Sex::Other; MAX_SEXES + 1]), ..PersonFilter::default() },
                "FILTER_TOO_LARGE",
                "sex",
            ),
            (searching("a\0b"), "SEARCH_INVALID", "search"),
        ] {
            let problem = condition(StructureId::from_uuid(Uuid::nil()), &filter).expect_err("out of bounds");
            assert_eq!((problem.code, problem.path), (code, vec![field]));
        }
        sql(&searching(&"é".repeat(MAX_SEARCH)));
    }
}
