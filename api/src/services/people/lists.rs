//! The lists of people that a structure keeps, by name.
//!
//! Owns their listing and how many people are on each; whom a list holds is for the filter of people.

use std::collections::HashMap;

use entity::enums::Module;
use entity::ids::ListId;
use entity::{person_list, person_list_member};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QuerySelect, QueryTrait};
use serde::{Deserialize, Serialize};

use super::PersonRow;
use crate::app::Ctx;
use crate::caller::Caller;
use crate::domain::name::fold;
use crate::error::Fault;
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};
use crate::store::among;

/// What is shown of a list.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult, Serialize, Deserialize)]
pub struct ListRow {
    /// The list.
    pub id: ListId,
    /// Its name.
    pub name: String,
}

impl Keyed for ListRow {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Text(fold(&self.name)), Key::Id(self.id.as_uuid())]
    }
}

/// A page of the structure's lists, by name.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people, the page's and the database's.
pub async fn page(ctx: &Ctx, caller: &Caller, args: &PageArgs) -> Result<Page<ListRow>, Fault> {
    use person_list::Column::{Folded, Id, Name};
    let scope = caller.may_read(Module::People)?;
    let query = person_list::in_structure(scope.structure).select_only().columns([Id, Name]);
    Listing::ascending("lists", scope.structure)
        .by((person_list::Entity, Folded), KeyKind::Text)
        .by((person_list::Entity, Id), KeyKind::Id)
        .page(ctx.store.readers(), query.into_query(), args)
        .await
}

/// A page of the lists that a person is on, by name, out of those read with the person.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people, and the page's.
pub fn of_person(caller: &Caller, person: &PersonRow, args: &PageArgs) -> Result<Page<ListRow>, Fault> {
    let scope = caller.may_read(Module::People)?;
    let mut lists = person.lists.clone();
    lists.sort_by_cached_key(Keyed::keys);
    Listing::ascending("person.lists", scope.structure)
        .by(person_list::Column::Folded, KeyKind::Text)
        .by(person_list::Column::Id, KeyKind::Id)
        .slice(lists, args)
}

/// The lists of those ids that are of the caller's structure, in no particular order, with one statement; others are passed
/// over. At most a page of ids.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people, or the database's.
pub async fn by_ids(ctx: &Ctx, caller: &Caller, ids: &[ListId]) -> Result<Vec<ListRow>, Fault> {
    let scope = caller.may_read(Module::People)?;
    let query = person_list::in_structure(scope.structure)
        .filter(person_list::Column::Id.is_in(ids.iter().copied()))
        .into_model::<ListRow>();
    Ok(query.all(ctx.store.readers()).await?)
}

/// How many people are on each of these lists of the caller's structure, with one statement; empty lists are absent, and those of
/// another structure.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people, or the database's.
pub async fn sizes(ctx: &Ctx, caller: &Caller, lists: &[ListId]) -> Result<HashMap<ListId, i64>, Fault> {
    use person_list_member::Column::{ListId, PersonId};
    let scope = caller.may_read(Module::People)?;
    let of_lists = Expr::col((person_list_member::Entity, ListId));
    let sizes = person_list_member::in_structure(scope.structure)
        .select_only()
        .column(ListId)
        .column_as(PersonId.count(), "people")
        .filter(among(ctx.store.backend(), of_lists, lists.iter().copied()))
        .group_by(ListId)
        .into_tuple()
        .all(ctx.store.readers())
        .await?;
    Ok(sizes.into_iter().collect())
}
