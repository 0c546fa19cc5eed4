//! The accounts that sign in.
//!
//! Knows nothing of passwords but their hash.
//! Invariant: a personal account has a person, an administrator's has none.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::{AccountKind, Locale},
    ids::{AccountId, PersonId, StructureId},
    scope::{self, scoped},
    sensitive::Sensitive,
};

/// A row of `account`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccountId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// Whether it administers the structure or stands for one person.
    pub kind: AccountKind,
    /// The address it signs in with, folded to lower case; unique in the whole installation.
    pub email: String,
    /// The hash of its password, in the PHC string format.
    pub password_hash: Sensitive,
    /// The language it is answered in.
    pub locale: Locale,
    /// The person it stands for.
    pub person_id: Option<PersonId>,
    /// Since when it may not sign in.
    pub disabled_at: Option<At>,
    /// When it was created.
    pub created_at: At,
    /// The row that `person_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, person_id)", to = "(structure_id, id)")]
    pub person: BelongsTo<Option<super::person::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(AccountId);

/// The account that signs in with that address, which must already be folded: its structure is not known yet.
#[must_use]
pub fn by_email(folded: &str) -> Select<Entity> {
    scope::select::<Entity>().filter(Column::Email.eq(folded))
}
