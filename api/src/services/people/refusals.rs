//! The people of a structure whose number opted out, since when and how.
//!
//! A refusal whose number nobody has any more is the operator's to see: it tells a structure nothing.

use std::collections::HashMap;

use entity::enums::{Module, OptOutSource};
use entity::ids::PersonId;
use entity::{At, opt_out, person};
use sea_orm::FromQueryResult;
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use super::query::{PersonRow, by_ids};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::Fault;
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};

/// A person whose number opted out.
#[derive(Debug, Clone)]
pub struct OptOutRow {
    /// Who.
    pub person: PersonRow,
    /// Since when.
    pub since: At,
    /// How it was said.
    pub source: OptOutSource,
}

#[derive(FromQueryResult)]
struct Refusing {
    id: PersonId,
    sort_key: String,
    opted_out_at: At,
    source: OptOutSource,
}

impl Keyed for Refusing {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Text(self.sort_key.clone()), Key::Id(self.id.as_uuid())]
    }
}

/// A page of the people whose number opted out, by last then first name. Two who share a number are both there.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people; the page's and the database's.
pub async fn page(ctx: &Ctx, caller: &Caller, args: &PageArgs) -> Result<Page<OptOutRow>, Fault> {
    use person::Column;
    let scope = caller.may_read(Module::People)?;
    let refusal = |column: opt_out::Column| Expr::col((opt_out::Entity, column));
    let same = refusal(opt_out::Column::StructureId)
        .equals((person::Entity, Column::StructureId))
        .and(refusal(opt_out::Column::NumberHash).equals((person::Entity, Column::NumberHash)));
    let query = Query::select()
        .columns([Column::Id, Column::SortKey].map(|column| (person::Entity, column)))
        .columns(
            [opt_out::Column::OptedOutAt, opt_out::Column::Source].map(|column| (opt_out::Entity, column)),
        )
        .from(person::Entity)
        .inner_join(opt_out::Entity, same)
        .and_where(Expr::col((person::Entity, Column::StructureId)).eq(scope.structure))
        .take();
    let listing = Listing::ascending("opt-outs", scope.structure)
        .by((person::Entity, Column::SortKey), KeyKind::Text)
        .by((person::Entity, Column::Id), KeyKind::Id);
    let page: Page<Refusing> = listing.page(ctx.store.readers(), query, args).await?;
    let ids: Vec<PersonId> = page.items.iter().map(|(_, refusing)| refusing.id).collect();
    let people = by_ids(ctx, scope, &ids).await?;
    let mut people: HashMap<PersonId, PersonRow> =
        people.into_iter().map(|person| (person.id, person)).collect();
    let Page { items, has_next, has_previous, total } = page;
    let row = |(cursor, refusing): (String, Refusing)| {
        let person = people.remove(&refusing.id)?;
        Some((cursor, OptOutRow { person, since: refusing.opted_out_at, source: refusing.source }))
    };
    Ok(Page { items: items.into_iter().filter_map(row).collect(), has_next, has_previous, total })
}
