//! The lists and tags that a message is addressed to, by name, as far as the rules in force ask.
//!
//! Owns what *addressed* means: named anywhere in the audience's filter but in what it excludes. Architecture Invariant: names of the
//! structure's own alone; an id of elsewhere names nothing.

use entity::ids::{ListId, StructureId, TagId};
use entity::{person_list, tag};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};

use crate::error::Fault;
use crate::services::audience::Audience;
use crate::services::people::filter::PersonFilter;
use crate::services::ruleset::RuleSet;

/// The names, in order.
#[derive(Debug, Clone, Default)]
pub struct Targets {
    /// Of lists.
    pub lists: Vec<String>,
    /// Of tags.
    pub tags: Vec<String>,
}

/// What an audience is addressed to.
///
/// # Errors
/// The database's.
pub async fn of(
    db: &impl ConnectionTrait,
    structure: StructureId,
    rules: &RuleSet,
    audience: &Audience,
) -> Result<Targets, Fault> {
    let (mut lists, mut tags) = (Vec::new(), Vec::new());
    if let Audience::Matching { filter, .. } = audience {
        named(filter, &mut lists, &mut tags);
    }
    let mut targets = Targets::default();
    if rules.reads("audience.lists") && !lists.is_empty() {
        let query = person_list::in_structure(structure).filter(person_list::Column::Id.is_in(lists));
        targets.lists = query.select_only().column(person_list::Column::Name).into_tuple().all(db).await?;
        targets.lists.sort_unstable();
    }
    if rules.reads("audience.tags") && !tags.is_empty() {
        let query = tag::in_structure(structure).filter(tag::Column::Id.is_in(tags));
        targets.tags = query.select_only().column(tag::Column::Name).into_tuple().all(db).await?;
        targets.tags.sort_unstable();
    }
    Ok(targets)
}

fn named(filter: &PersonFilter, lists: &mut Vec<ListId>, tags: &mut Vec<TagId>) {
    lists.extend(filter.list);
    if let Some(wanted) = &filter.tags {
        tags.extend(wanted.all.iter().chain(&wanted.any).flatten());
    }
    for inner in filter.and.iter().chain(&filter.or).flatten() {
        named(inner, lists, tags);
    }
}
