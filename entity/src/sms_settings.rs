//! How a structure sends its SMS, where it differs from the operator's defaults.
//!
//! Invariant: no row, or an empty column, means the operator's default.

use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;

use crate::{
    enums::{EncodingPolicy, Holidays},
    ids::StructureId,
    scope::{self, scoped},
};

/// A row of `sms_settings`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sms_settings")]
pub struct Model {
    /// The structure these settings are for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// The mention that tells how to refuse commercial messages.
    pub stop_mention: Option<String>,
    /// The name of the provider that carries its messages.
    pub provider: Option<String>,
    /// How far characters are replaced so that texts cost less.
    pub encoding_policy: Option<EncodingPolicy>,
    /// The public holidays it keeps, where they are not those of its region.
    pub holidays: Option<Holidays>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();

/// Each provider that a structure is set to send through, with how many structures: for the operator only, never for an account.
#[must_use]
pub fn by_provider() -> Select<Entity> {
    let named = scope::select::<Entity>().filter(Column::Provider.is_not_null());
    named
        .select_only()
        .column(Column::Provider)
        .column_as(Column::StructureId.count(), "structures")
        .group_by(Column::Provider)
}
