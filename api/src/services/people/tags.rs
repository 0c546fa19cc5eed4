//! The tags of a structure, by name.
//!
//! Owns their listing; knows nothing of who has them.

use entity::enums::Module;
use entity::ids::TagId;
use entity::tag;
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QuerySelect, QueryTrait};
use serde::{Deserialize, Serialize};

use crate::app::Ctx;
use crate::caller::Caller;
use crate::domain::name::fold;
use crate::error::Fault;
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};

/// What is shown of a tag.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult, Serialize, Deserialize)]
pub struct TagRow {
    /// The tag.
    pub id: TagId,
    /// Its name.
    pub name: String,
}

impl Keyed for TagRow {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Text(fold(&self.name)), Key::Id(self.id.as_uuid())]
    }
}

/// A page of the structure's tags, by name.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people, the page's and the database's.
pub async fn page(ctx: &Ctx, caller: &Caller, args: &PageArgs) -> Result<Page<TagRow>, Fault> {
    let scope = caller.may_read(Module::People)?;
    let query =
        tag::in_structure(scope.structure).select_only().columns([tag::Column::Id, tag::Column::Name]);
    Listing::ascending("tags", scope.structure)
        .by((tag::Entity, tag::Column::Folded), KeyKind::Text)
        .by((tag::Entity, tag::Column::Id), KeyKind::Id)
        .page(ctx.store.readers(), query.into_query(), args)
        .await
}

/// The tags of those ids that are of the caller's structure, in no particular order, with one statement; others are passed
/// over. At most a page of ids.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people, or the database's.
pub async fn by_ids(ctx: &Ctx, caller: &Caller, ids: &[TagId]) -> Result<Vec<TagRow>, Fault> {
    let scope = caller.may_read(Module::People)?;
    let query = tag::in_structure(scope.structure)
        .filter(tag::Column::Id.is_in(ids.iter().copied()))
        .into_model::<TagRow>();
    Ok(query.all(ctx.store.readers()).await?)
}
