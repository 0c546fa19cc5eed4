//! Keys of the installation, sealed under the master key.
//!
//! Knows nothing of what they are used for, nor of the master key. Belongs to no structure.
//! Invariant: what is stored here is unreadable without the master key.

use sea_orm::entity::prelude::*;

use crate::scope;

/// A row of `sealed_key`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sealed_key")]
pub struct Model {
    /// What the key is for; bound to the sealed bytes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The nonce it was sealed with.
    pub nonce: Vec<u8>,
    /// The sealed key with its authentication tag.
    pub sealed: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The sealed key of that name.
#[must_use]
pub fn by_name(name: &str) -> Select<Entity> {
    scope::select::<Entity>().filter(Column::Name.eq(name))
}
