//! Which structures an SMS that came in concerned.
//!
//! Invariant: written with the SMS, never changed after.

use sea_orm::entity::prelude::*;

use crate::{
    ids::{InboundId, StructureId},
    scope::{self, scoped},
};

/// A row of `inbound_structure`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbound_structure")]
pub struct Model {
    /// The structure.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// The SMS.
    #[sea_orm(primary_key, auto_increment = false)]
    pub inbound_id: InboundId,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();

/// What these SMS concerned, in every structure: for the operator alone.
#[must_use]
pub fn of_inbound(ids: impl IntoIterator<Item = InboundId>) -> Select<Entity> {
    scope::select::<Entity>().filter(Column::InboundId.is_in(ids))
}
