//! Which people a search or an audience finds, as a condition on the table `person`.
//!
//! Owns the meaning of each criterion, so that a list on the screen and the audience of a message agree; knows neither pages
//! nor messages.
//!
//! Architecture Invariant: every condition made here is scoped to one structure, its size is bounded, and it is never NULL: what
//! is not found is what its negation finds.

mod bounds;
#[cfg(test)]
mod tests;

use entity::enums::Sex;
use entity::ids::{ListId, PersonId, StructureId, TagId};
use entity::{opt_out, person, person_list_member, person_tag, teaching};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, IntoColumnRef, Query, SelectStatement};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, QueryTrait};
use serde::{Deserialize, Serialize};

use crate::domain::name::fold;
use crate::error::Problem;
use crate::services::prices;
use crate::store::contains;

/// Which people are wanted: those whom every criterion present finds. The empty filter finds everyone.
///
/// Kept with previews: a criterion that this version does not know is refused when it is read back, never passed over, since
/// fewer criteria find more people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// Those on this list; nobody is on a list that the structure does not have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<ListId>,
    /// Those whom this person teaches; nobody, when the structure has no such person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taught_by: Option<PersonId>,
    /// Whether they have a mobile number that has not opted out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reachable: Option<bool>,
    /// Those whom all of these find; everyone, when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub and: Option<Vec<PersonFilter>>,
    /// Those whom at least one of these finds; nobody, when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub or: Option<Vec<PersonFilter>>,
    /// Those whom this does not find.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not: Option<Box<PersonFilter>>,
}

/// Which tags people have. A tag that the structure does not have is nobody's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// The people of `structure` that the filter finds, as a condition on the table `person`.
///
/// # Errors
/// `FILTER_TOO_LARGE` and `FILTER_TOO_DEEP`, at the field at fault, with its `max`, and `SEARCH_INVALID` for a search that holds
/// the character NUL, which PostgreSQL cannot store.
pub fn condition(structure: StructureId, filter: &PersonFilter) -> Result<Condition, Problem> {
    bounds::check(filter)?;
    Ok(Condition::all().add(person::Column::StructureId.eq(structure)).add(found(structure, filter)))
}

/// Whom a filter within bounds finds, among the people of the structure.
fn found(structure: StructureId, filter: &PersonFilter) -> Condition {
    let mut condition = own(structure, filter);
    for part in filter.and.iter().flatten() {
        condition = condition.add(found(structure, part));
    }
    if let Some(parts) = &filter.or {
        // No part at all finds nobody.
        let nobody = Condition::any().add(Expr::cust("FALSE"));
        condition = condition.add(parts.iter().fold(nobody, |any, part| any.add(found(structure, part))));
    }
    if let Some(part) = &filter.not {
        condition = condition.add(found(structure, part).not());
    }
    condition
}

/// Whom the criteria of a filter find, whatever filters it holds.
fn own(structure: StructureId, filter: &PersonFilter) -> Condition {
    // The builder of statements passes over a condition without parts, which is to find everyone.
    let mut condition = Condition::all().add(Expr::cust("TRUE"));
    for word in filter.search.as_deref().map(fold).unwrap_or_default().split_whitespace() {
        condition = condition.add(contains(person_column(person::Column::SortKey), word));
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
    if let Some(list) = filter.list {
        condition = condition.add(is_among(on_list(structure, list)));
    }
    if let Some(teacher) = filter.taught_by {
        condition = condition.add(is_among(taught(structure, teacher)));
    }
    match filter.reachable {
        None => condition,
        Some(true) => condition.add(reachable()),
        Some(false) => condition.add(reachable().not()),
    }
}

/// Whether a person of the table `person` has a mobile number that has a price and has not opted out.
#[must_use]
pub fn reachable() -> Expr {
    let served = prices::served(&person_column(person::Column::Mobile));
    person::Column::Mobile.is_not_null().and(served).and(opted_out().not())
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

/// The tags among these that a person of the table `person` has.
fn tagged(structure: StructureId, tags: &[TagId]) -> SelectStatement {
    person_tag::in_structure(structure)
        .select_only()
        .column(person_tag::Column::TagId)
        .filter(is_the_person((person_tag::Entity, person_tag::Column::PersonId)))
        .filter(person_tag::Column::TagId.is_in(tags.iter().copied()))
        .into_query()
}

/// The people on this list.
fn on_list(structure: StructureId, list: ListId) -> SelectStatement {
    use person_list_member::Column::{ListId, PersonId};
    person_list_member::in_structure(structure)
        .select_only()
        .column(PersonId)
        .filter(ListId.eq(list))
        .into_query()
}

/// The people whom this one teaches.
fn taught(structure: StructureId, teacher: PersonId) -> SelectStatement {
    use teaching::Column::{StudentId, TeacherId};
    teaching::in_structure(structure)
        .select_only()
        .column(StudentId)
        .filter(TeacherId.eq(teacher))
        .into_query()
}

/// That a person of the table `person` is one of these, read once: where they are few, SQLite would otherwise look for each person
/// of the structure among them. None of them is NULL, so that neither is the answer.
fn is_among(people: SelectStatement) -> Expr {
    person_column(person::Column::Id).in_subquery(people)
}

/// That this column names the person of the table `person`.
fn is_the_person(column: impl IntoColumnRef) -> Expr {
    Expr::col(column).equals((person::Entity, person::Column::Id))
}

fn person_column(column: person::Column) -> Expr {
    Expr::col((person::Entity, column))
}
