//! People, their tags and lists, and who teaches whom.

mod filter;

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use entity::ids::{ListId, PersonId};
use tokio::sync::OnceCell;

use super::context::{Maybe, Session};
use super::node_id::NodeId;
use super::page::{PageArgs, connection, cost, page_args};
use super::people_columns::{PersonValue, values};
use super::scalar::PhoneNumber;
use super::together::Together;
use crate::error::Fault;
use crate::services::page::Page;
use crate::services::people::columns::ColumnRow;
use crate::services::people::lists::ListRow;
use crate::services::people::tags::TagRow;
use crate::services::people::{self, PersonRow, Relation};

pub use filter::{PersonFilterInput, PersonOrder};

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
#[derive(Clone)]
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

/// Lists that were read together, and how many people are on each.
type Lists = Together<ListId, (), i64>;

/// A list of people that a structure keeps.
#[derive(Clone)]
pub struct PersonList {
    row: ListRow,
    together: Arc<Lists>,
}

impl PersonList {
    /// These lists, read together.
    pub fn together(rows: Vec<ListRow>) -> Vec<Self> {
        let together = Arc::new(Lists::new(rows.iter().map(|row| row.id)));
        rows.into_iter().map(|row| Self { row, together: Arc::clone(&together) }).collect()
    }
}

/// A list of people that a structure keeps. Its people are those whom `people` finds with the filter `list`.
#[Object]
impl PersonList {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::PersonList(self.row.id).encode()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// How many people are on it. Needs `READ` on PEOPLE.
    async fn people_count(&self, graphql: &Context<'_>) -> Maybe<i64> {
        let session = Session::of(graphql);
        let sizes =
            async { people::lists::sizes(&session.ctx, session.caller()?, self.together.keys()).await };
        session
            .maybe(async {
                // A list that nobody is on is absent.
                Ok(Some(self.together.of(self.row.id, (), sizes).await?.unwrap_or_default()))
            })
            .await
    }
}

connection! {
    /// A page of lists of people.
    PersonListConnection {
        /// A list of people in a page.
        PersonListEdge { PersonList }
    }
}

/// People who were read together: what hangs on one of them is read for all.
pub struct Company {
    teachers: Together<PersonId, PageArgs, Page<Person>>,
    students: Together<PersonId, PageArgs, Page<Person>>,
    lists: Arc<Lists>,
    columns: OnceCell<Vec<ColumnRow>>,
}

impl Company {
    /// These people.
    pub fn of<'r>(rows: impl IntoIterator<Item = &'r PersonRow>) -> Arc<Self> {
        let rows: Vec<&PersonRow> = rows.into_iter().collect();
        let ids = || rows.iter().map(|row| row.id);
        let lists = rows.iter().flat_map(|row| row.lists.iter().map(|list| list.id));
        Arc::new(Self {
            teachers: Together::new(ids()),
            students: Together::new(ids()),
            lists: Arc::new(Lists::new(lists)),
            columns: OnceCell::new(),
        })
    }
}

/// A person of a structure.
#[derive(Clone)]
pub struct Person {
    row: PersonRow,
    company: Arc<Company>,
}

impl From<PersonRow> for Person {
    fn from(row: PersonRow) -> Self {
        Self { company: Company::of([&row]), row }
    }
}

impl Person {
    /// One of a company.
    pub fn among(company: &Arc<Company>, row: PersonRow) -> Self {
        Self { row, company: Arc::clone(company) }
    }

    /// These people, read together.
    pub fn together(rows: Vec<PersonRow>) -> Vec<Self> {
        let company = Company::of(&rows);
        rows.into_iter().map(|row| Self::among(&company, row)).collect()
    }

    /// The page of those related to this person, read for the whole company.
    async fn related(
        &self,
        session: &Session,
        relation: Relation,
        args: &PageArgs,
    ) -> Result<Option<PersonConnection>, Fault> {
        let together = match relation {
            Relation::Teachers => &self.company.teachers,
            Relation::Students => &self.company.students,
        };
        let read = async {
            let found =
                people::related(&session.ctx, session.caller()?, relation, together.keys(), args).await?;
            let company = Company::of(found.values().flat_map(|page| page.items.iter().map(|(_, row)| row)));
            let person = |row| Self::among(&company, row);
            Ok(found.into_iter().map(|(id, page)| (id, page.map(person))).collect::<HashMap<_, _>>())
        };
        Ok(together.of(self.row.id, args.clone(), read).await?.map(Into::into))
    }
}

/// A person of a structure.
#[Object]
impl Person {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::Person(self.row.id).encode()
    }

    /// The first name.
    async fn first_name(&self) -> &str {
        &self.row.first_name
    }

    /// The last name.
    async fn last_name(&self) -> &str {
        &self.row.last_name
    }

    /// The name to show, first name first.
    async fn display_name(&self) -> String {
        format!("{} {}", self.row.first_name, self.row.last_name).trim().to_owned()
    }

    /// The sex, where known.
    async fn sex(&self) -> Sex {
        self.row.sex.into()
    }

    /// The mobile number; null when none is known.
    async fn mobile(&self) -> Option<PhoneNumber> {
        self.row.mobile.clone().map(PhoneNumber::from)
    }

    /// Whether an SMS can reach them: they have a mobile number, and it has not opted out.
    async fn reachable(&self) -> bool {
        self.row.reachable
    }

    /// Whether their number has opted out of SMS.
    async fn opted_out(&self) -> bool {
        self.row.opted_out
    }

    /// When they agreed to commercial messages; null when they did not.
    async fn commercial_consent_at(&self) -> Option<DateTime<Utc>> {
        self.row.commercial_consent_at.map(|at| *at)
    }

    /// When they were added.
    async fn created_at(&self) -> DateTime<Utc> {
        *self.row.created_at
    }

    /// Their tags, by name.
    async fn tags(&self) -> Vec<Tag> {
        self.row.tags.iter().cloned().map(Tag::from).collect()
    }

    /// What the structure's own columns say of them, by name; those that say nothing are left out. Needs `READ` on PEOPLE.
    async fn columns(&self, graphql: &Context<'_>) -> Maybe<Vec<PersonValue>> {
        let session = Session::of(graphql);
        let read = async { people::columns::list(&session.ctx, session.caller()?).await };
        session
            .maybe(async {
                let columns = self.company.columns.get_or_try_init(|| read).await?;
                Ok(Some(values(columns, &self.row)))
            })
            .await
    }

    /// The lists they are on, by name. Needs `READ` on PEOPLE.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn lists(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<PersonListConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        session
            .maybe(async {
                let page = people::lists::of_person(session.caller()?, &self.row, &args)?;
                let list = |row| PersonList { row, together: Arc::clone(&self.company.lists) };
                Ok(Some(page.map(list).into()))
            })
            .await
    }

    /// Those who teach them, by name. Needs `READ` on PEOPLE.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn teachers(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<PersonConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        session.maybe(self.related(session, Relation::Teachers, &args)).await
    }

    /// Those whom they teach, by name. Needs `READ` on PEOPLE.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn students(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<PersonConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        session.maybe(self.related(session, Relation::Students, &args)).await
    }
}

connection! {
    /// A page of people.
    PersonConnection {
        /// A person in a page.
        PersonEdge { Person }
    }
}
