//! What the operator asks for an SMS, by the beginning of the number it goes to.
//!
//! Belongs to no structure: the operator's prices are everyone's.
//! Invariant: a prefix is there once; numbers that begin with none of them are sent nothing.

use sea_orm::entity::prelude::*;

use crate::scope;

/// A row of `price`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "price")]
pub struct Model {
    /// The first digits of a number, country code first.
    #[sea_orm(primary_key, auto_increment = false)]
    pub prefix: String,
    /// The SMS that one part costs.
    pub price: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// Every price.
#[must_use]
pub fn every() -> Select<Entity> {
    scope::select::<Entity>()
}
