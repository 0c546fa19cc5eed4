//! The filter as SQL, and its bounds. That it finds whom it says is tested on both databases, elsewhere.

use std::borrow::Cow;

use sea_orm::sea_query::{PostgresQueryBuilder, SqliteQueryBuilder};
use uuid::Uuid;

use super::bounds::{MAX_CRITERIA, MAX_DEPTH, MAX_SEARCH, MAX_SEXES, MAX_TAGS};
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
    let tags =
        TagFilter { all: Some(vec![TagId::from_uuid(Uuid::nil()); MAX_TAGS + 1]), ..TagFilter::default() };
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
        assert_eq!((problem.code, problem.path), (code, vec![Cow::Borrowed(field)]));
    }
    sql(&searching(&"é".repeat(MAX_SEARCH)));
}

/// So many filters within one another, the innermost searching.
fn nested(depth: usize) -> PersonFilter {
    (0..depth)
        .fold(searching("a"), |inner, _| PersonFilter { and: Some(vec![inner]), ..PersonFilter::default() })
}

#[test]
fn filters_within_one_another_are_bounded_and_the_way_is_told() {
    sql(&nested(MAX_DEPTH));
    let problem = bounds::check(&nested(MAX_DEPTH + 1)).expect_err("too deep");
    assert_eq!(problem.code, "FILTER_TOO_DEEP");
    assert_eq!(problem.path, ["and", "0"].repeat(MAX_DEPTH + 1));
    let faulty = PersonFilter { sex: Some(vec![Sex::Other; MAX_SEXES + 1]), ..PersonFilter::default() };
    let not = PersonFilter { not: Some(Box::new(faulty)), ..PersonFilter::default() };
    let or = PersonFilter { or: Some(vec![PersonFilter::default(), not]), ..PersonFilter::default() };
    assert_eq!(bounds::check(&or).expect_err("too large").path, ["or", "1", "not", "sex"]);
}

#[test]
fn criteria_are_bounded_in_all() {
    let of = |parts| PersonFilter { or: Some(vec![searching("a"); parts]), ..PersonFilter::default() };
    let (sqlite, _) = sql(&of(MAX_CRITERIA / 2));
    assert_eq!(sqlite.matches("LIKE").count(), MAX_CRITERIA / 2);
    let problem = bounds::check(&of(MAX_CRITERIA / 2 + 1)).expect_err("too large");
    assert_eq!(problem.code, "FILTER_TOO_LARGE");
    assert_eq!(problem.path, ["or".to_owned(), (MAX_CRITERIA / 2).to_string()]);
    // One character can stand for several words.
    let words = searching(&"\u{FDFA}".repeat(MAX_SEARCH));
    assert_eq!(bounds::check(&words).expect_err("too large").path, ["search"]);
}

#[test]
fn every_statement_within_is_of_the_structure() {
    let structure = StructureId::from_uuid(Uuid::from_u128(7));
    let tags = TagFilter {
        all: Some(vec![TagId::from_uuid(Uuid::nil())]),
        any: Some(vec![TagId::from_uuid(Uuid::nil())]),
        none: Some(vec![TagId::from_uuid(Uuid::nil())]),
    };
    let filter = PersonFilter {
        tags: Some(tags),
        list: Some(ListId::from_uuid(Uuid::nil())),
        taught_by: Some(PersonId::from_uuid(Uuid::nil())),
        ..PersonFilter::default()
    };
    let condition = condition(structure, &filter).expect("the filter is within bounds");
    let select = Query::select().expr(Expr::val(1)).from(person::Entity).cond_where(condition).take();
    let sql = select.to_string(PostgresQueryBuilder);
    let (selects, scopes) =
        (sql.matches("SELECT").count(), sql.matches(&structure.as_uuid().to_string()).count());
    assert_eq!((selects, scopes), (6, 6), "{sql}");
}

#[test]
fn what_older_versions_kept_is_read_and_what_is_unknown_is_refused() {
    let kept = serde_json::json!({
        "search": "a", "sex": ["FEMALE"], "tags": { "any": [Uuid::nil()] }, "reachable": true,
    });
    let filter: PersonFilter = serde_json::from_value(kept).expect("it is read");
    assert_eq!((filter.search.as_deref(), filter.reachable, filter.and), (Some("a"), Some(true), None));
    let unknown = serde_json::json!({ "search": "a", "born_before": 0 });
    assert!(serde_json::from_value::<PersonFilter>(unknown).is_err());
    let kept = serde_json::to_value(nested(1)).expect("it is kept");
    assert_eq!(kept, serde_json::json!({ "and": [{ "search": "a" }] }), "what is absent is not kept");
}
