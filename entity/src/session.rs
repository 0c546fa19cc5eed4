//! The sessions of accounts.
//!
//! Knows only the hash of a token: who reads the table cannot sign in with it.
//! Invariant: a session serves only before `expires_at` and while `revoked_at` is empty.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    ids::{AccountId, SessionId, StructureId},
    scope::{self, scoped},
    sensitive::Digest,
};

/// A row of `session`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// The session.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The hash of its token.
    pub token_hash: Digest,
    /// When it was opened.
    pub created_at: At,
    /// When it ends by itself.
    pub expires_at: At,
    /// When it was closed early.
    pub revoked_at: Option<At>,
    /// The row that `account_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, account_id)", to = "(structure_id, id)")]
    pub account: BelongsTo<super::account::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(SessionId);

/// The session of the token with that hash: its structure is not known yet. Expiry and revocation are the caller's to check.
#[must_use]
pub fn by_token_hash(hash: Digest) -> Select<Entity> {
    scope::select::<Entity>().filter(Column::TokenHash.eq(hash))
}
