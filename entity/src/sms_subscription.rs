//! The SMS subscription of a structure.
//!
//! Invariant: no row means that the structure never subscribed; that a subscription has expired is computed from `ends_at`, never stored.

use sea_orm::entity::prelude::*;

use crate::{At, enums::SubscriptionState, ids::StructureId, scope::scoped};

/// A row of `sms_subscription`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sms_subscription")]
pub struct Model {
    /// The structure that subscribed.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// Whether the operator lets it be used.
    pub state: SubscriptionState,
    /// From when it may be used.
    pub starts_at: At,
    /// Until when, that instant excluded; `None` for no end.
    pub ends_at: Option<At>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
