//! What an account may do, one row a module.
//!
//! Invariant: no row means no access.

use sea_orm::entity::prelude::*;

use crate::{
    enums::{Access, Module},
    ids::{AccountId, StructureId},
    scope::scoped,
};

/// A row of `permission`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "permission")]
pub struct Model {
    /// The structure that owns the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub structure_id: StructureId,
    /// The account it is granted to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    /// The part of the service it opens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub module: Module,
    /// How far.
    pub access: Access,
    /// The row that `account_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, account_id)", to = "(structure_id, id)")]
    pub account: BelongsTo<super::account::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!();
