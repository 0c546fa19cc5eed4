//! Who teaches whom, for many people at once.
//!
//! Architecture Invariant: two statements, three where the lists are to be counted, however many people are asked about and
//! however many teach or are taught.

use std::collections::{HashMap, HashSet};

use entity::enums::Module;
use entity::ids::PersonId;
use entity::person::Column::{Id, SortKey};
use entity::{person, teaching};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, FromQueryResult};

use super::PersonRow;
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::Fault;
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};

/// How people are related to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Those who teach them.
    Teachers,
    /// Those whom they teach.
    Students,
}

/// A person related to another, by name.
#[derive(Clone, FromQueryResult)]
struct Related {
    id: PersonId,
    sort_key: String,
}

impl Keyed for Related {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Text(self.sort_key.clone()), Key::Id(self.id.as_uuid())]
    }
}

/// The same page of those related to each of these people, by last then first name. A person of another structure has nobody.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people, those of a page, and the database's.
pub async fn related(
    ctx: &Ctx,
    caller: &Caller,
    relation: Relation,
    people: &[PersonId],
    args: &PageArgs,
) -> Result<HashMap<PersonId, Page<PersonRow>>, Fault> {
    let scope = caller.may_read(Module::People)?;
    let (name, owner, other) = match relation {
        Relation::Teachers => ("person.teachers", teaching::Column::StudentId, teaching::Column::TeacherId),
        Relation::Students => ("person.students", teaching::Column::TeacherId, teaching::Column::StudentId),
    };
    let listing = Listing::ascending(name, scope.structure)
        .by((person::Entity, SortKey), KeyKind::Text)
        .by((person::Entity, Id), KeyKind::Id);
    let query = Query::select()
        .columns([Id, SortKey].map(|column| (person::Entity, column)))
        .from(teaching::Entity)
        .inner_join(person::Entity, Expr::col((person::Entity, Id)).equals((teaching::Entity, other)))
        .and_where(teaching::Column::StructureId.eq(scope.structure))
        .and_where(person::Column::StructureId.eq(scope.structure))
        .take();
    let mut pages: HashMap<PersonId, Page<Related>> =
        listing.page_of_each(ctx.store.readers(), query, (teaching::Entity, owner), people, args).await?;
    let ids: HashSet<PersonId> =
        pages.values().flat_map(|page| page.items.iter().map(|(_, person)| person.id)).collect();
    let ids: Vec<PersonId> = ids.into_iter().collect();
    let rows = super::by_ids(ctx, scope, &ids).await?;
    let rows: HashMap<PersonId, PersonRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mut found = HashMap::with_capacity(people.len());
    for person in people {
        let Page { items, has_next, has_previous, total } = match pages.remove(person) {
            Some(page) => page,
            None => listing.slice(Vec::new(), args)?,
        };
        let row = |(cursor, person): (String, Related)| Some((cursor, rows.get(&person.id)?.clone()));
        let items = items.into_iter().filter_map(row).collect();
        found.insert(*person, Page { items, has_next, has_previous, total });
    }
    Ok(found)
}
