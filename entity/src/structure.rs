//! The structures: the tenants, each a school or an artist with its own people, credit and rules.
//!
//! Owns what identifies a structure and nothing of what it does. Everything else in the database belongs to one.
//! Invariant: a structure is never deleted while anything refers to it.

use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};

use crate::{At, enums::Product, ids::StructureId, scope};

/// A row of `structure`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "structure")]
pub struct Model {
    /// The structure.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StructureId,
    /// The name people see.
    pub name: String,
    /// What it subscribed to.
    pub product: Product,
    /// The region its numbers are read in, two letters of ISO 3166-1.
    pub region: String,
    /// Its time zone, an IANA name.
    pub time_zone: String,
    /// When it was created.
    pub created_at: At,
}

impl ActiveModelBehavior for ActiveModel {}

/// The structure of that id: the way in for a caller whose structure is known, and for the command line.
#[must_use]
pub fn by_id(id: StructureId) -> Select<Entity> {
    scope::select::<Entity>().filter(Column::Id.eq(id))
}

/// Every structure, in the order of their creation: for the operator's command line only, never for an account.
#[must_use]
pub fn every() -> Select<Entity> {
    scope::select::<Entity>().order_by_asc(Column::Id)
}

/// The regions of all structures, each once: what a number that a network wrote may be of. They tell nothing of any structure.
#[must_use]
pub fn regions() -> Select<Entity> {
    scope::select::<Entity>().select_only().column(Column::Region).distinct().order_by_asc(Column::Region)
}
