//! Which people are wanted, and in which order.

use async_graphql::{Enum, ID, InputObject};

use super::Sex;
use crate::graphql::node_id;
use crate::services::people::{self, filter};

/// Which people are wanted: those whom every criterion given finds. An empty filter finds everyone. Filters hold others: at most
/// 8 within one another, and 100 criteria in all, a word of a search or a tag each counting for one.
#[derive(InputObject, Default)]
#[graphql(name = "PersonFilter")]
pub struct PersonFilterInput {
    /// Words, each of which must be somewhere in the last or first name, whatever the case and the accents. At most 200
    /// characters.
    search: Option<String>,
    /// One of these sexes. An empty list finds nobody.
    sex: Option<Vec<Sex>>,
    /// By their tags, at most 100 in all.
    tags: Option<TagFilterInput>,
    /// Those on this list. Nobody is on a list that the structure does not have.
    list: Option<ID>,
    /// Those whom this person teaches. A person whom the structure does not have teaches nobody.
    taught_by: Option<ID>,
    /// Whether an SMS can reach them.
    reachable: Option<bool>,
    /// Those whom all of these find. An empty list finds everyone.
    and: Option<Vec<PersonFilterInput>>,
    /// Those whom at least one of these finds. An empty list finds nobody.
    or: Option<Vec<PersonFilterInput>>,
    /// Those whom this does not find.
    not: Option<Box<PersonFilterInput>>,
}

/// Which tags people have. An id that is no tag of the structure is nobody's.
#[derive(InputObject, Default)]
#[graphql(name = "TagFilter")]
pub struct TagFilterInput {
    /// Every one of these.
    all: Option<Vec<ID>>,
    /// At least one of these. An empty list finds nobody.
    any: Option<Vec<ID>>,
    /// None of these.
    none: Option<Vec<ID>>,
}

impl From<PersonFilterInput> for filter::PersonFilter {
    fn from(input: PersonFilterInput) -> Self {
        let parts = |parts: Vec<PersonFilterInput>| parts.into_iter().map(Self::from).collect();
        Self {
            search: input.search,
            sex: input.sex.map(|sexes| sexes.into_iter().map(Into::into).collect()),
            tags: input.tags.map(filter::TagFilter::from),
            list: input.list.as_ref().map(node_id::list),
            taught_by: input.taught_by.as_ref().map(node_id::person),
            reachable: input.reachable,
            and: input.and.map(parts),
            or: input.or.map(parts),
            not: input.not.map(|part| Box::new(Self::from(*part))),
        }
    }
}

impl From<TagFilterInput> for filter::TagFilter {
    fn from(input: TagFilterInput) -> Self {
        let tags = |ids: Option<Vec<ID>>| ids.map(|ids| ids.iter().map(node_id::tag).collect());
        Self { all: tags(input.all), any: tags(input.any), none: tags(input.none) }
    }
}

/// What people can be ordered by.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
pub enum PersonOrderField {
    /// The last name, then the first, whatever the case and the accents.
    Name,
    /// When they were added: those added first come first when ascending.
    CreatedAt,
}

/// Which way a list goes.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
pub enum OrderDirection {
    /// From the least to the greatest.
    Asc,
    /// From the greatest to the least.
    Desc,
}

/// The order of people.
#[derive(InputObject)]
pub struct PersonOrder {
    /// What they are ordered by.
    field: PersonOrderField,
    /// Which way.
    direction: OrderDirection,
}

impl From<PersonOrder> for people::PersonOrder {
    fn from(order: PersonOrder) -> Self {
        match (order.field, order.direction) {
            (PersonOrderField::Name, OrderDirection::Asc) => Self::Name,
            (PersonOrderField::Name, OrderDirection::Desc) => Self::NameDescending,
            (PersonOrderField::CreatedAt, OrderDirection::Asc) => Self::Creation,
            (PersonOrderField::CreatedAt, OrderDirection::Desc) => Self::CreationDescending,
        }
    }
}
