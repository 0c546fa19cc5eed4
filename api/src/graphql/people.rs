//! People and their tags.

use async_graphql::{Enum, ID, InputObject, Object};
use chrono::{DateTime, Utc};

use super::node_id::{self, NodeId};
use super::page::connection;
use super::scalar::PhoneNumber;
use crate::services::people::tags::TagRow;
use crate::services::people::{Direction, PersonRow, filter};

/// A person's sex.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "entity::enums::Sex")]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Neither.
    Other,
    /// Not known.
    Unknown,
}

/// A word by which a structure sorts its people.
pub struct Tag(TagRow);

impl From<TagRow> for Tag {
    fn from(row: TagRow) -> Self {
        Self(row)
    }
}

/// A word by which a structure sorts its people.
#[Object]
impl Tag {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::Tag(self.0.id).encode()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }
}

connection! {
    /// A page of tags.
    TagConnection {
        /// A tag in a page.
        TagEdge { Tag }
    }
}

/// A person of a structure.
pub struct Person(PersonRow);

impl From<PersonRow> for Person {
    fn from(row: PersonRow) -> Self {
        Self(row)
    }
}

/// A person of a structure.
#[Object]
impl Person {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::Person(self.0.id).encode()
    }

    /// The first name.
    async fn first_name(&self) -> &str {
        &self.0.first_name
    }

    /// The last name.
    async fn last_name(&self) -> &str {
        &self.0.last_name
    }

    /// The name to show, first name first.
    async fn display_name(&self) -> String {
        format!("{} {}", self.0.first_name, self.0.last_name).trim().to_owned()
    }

    /// The sex, where known.
    async fn sex(&self) -> Sex {
        self.0.sex.into()
    }

    /// The mobile number; null when none is known.
    async fn mobile(&self) -> Option<PhoneNumber> {
        self.0.mobile.clone().map(PhoneNumber::from)
    }

    /// Whether an SMS can reach them: they have a mobile number, and it has not opted out.
    async fn reachable(&self) -> bool {
        self.0.reachable
    }

    /// Whether their number has opted out of SMS.
    async fn opted_out(&self) -> bool {
        self.0.opted_out
    }

    /// When they agreed to commercial messages; null when they did not.
    async fn commercial_consent_at(&self) -> Option<DateTime<Utc>> {
        self.0.commercial_consent_at.map(|at| *at)
    }

    /// Their tags, by name.
    async fn tags(&self) -> Vec<Tag> {
        self.0.tags.iter().cloned().map(Tag::from).collect()
    }
}

connection! {
    /// A page of people.
    PersonConnection {
        /// A person in a page.
        PersonEdge { Person }
    }
}

/// Which people are wanted: those whom every criterion given finds. An empty filter finds everyone.
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
    /// Whether an SMS can reach them.
    reachable: Option<bool>,
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
        Self {
            search: input.search,
            sex: input.sex.map(|sexes| sexes.into_iter().map(Into::into).collect()),
            tags: input.tags.map(filter::TagFilter::from),
            reachable: input.reachable,
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

impl From<PersonOrder> for Direction {
    fn from(order: PersonOrder) -> Self {
        match (order.field, order.direction) {
            (PersonOrderField::Name, OrderDirection::Asc) => Self::Ascending,
            (PersonOrderField::Name, OrderDirection::Desc) => Self::Descending,
        }
    }
}
