//! How a structure sends its SMS, where it differs from the operator's defaults.
//!
//! Invariant: no row, or an empty column, means the operator's default.

use sea_orm::entity::prelude::*;

use crate::{ids::StructureId, scope::scoped};

/// A row of `sms_settings`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sms_settings")]
pub struct Model {
    /// The structure these settings are for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// The sender shown on telephones.
    pub sender: Option<String>,
    /// The mention that tells how to refuse commercial messages.
    pub stop_mention: Option<String>,
    /// The name of the provider that carries its messages.
    pub provider: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
