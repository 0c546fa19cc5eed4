//! The people of a structure.
//!
//! Invariant: `mobile` and `number_hash` are set and cleared together, and `sort_key` follows the names.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::Sex,
    ids::{PersonId, StructureId},
    own_values::OwnValues,
    scope::scoped,
    sensitive::{Digest, Sensitive},
};

/// A row of `person`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    /// The person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PersonId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// The identifier the structure gives them; unique in it.
    pub identifier: Option<String>,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// Last name then first name, case and accents removed: they are ordered and searched by it.
    pub sort_key: String,
    /// The sex, where known.
    pub sex: Sex,
    /// The mobile number, in E.164.
    pub mobile: Option<Sensitive>,
    /// The keyed hash of that number.
    pub number_hash: Option<Digest>,
    /// When they agreed to commercial messages.
    pub commercial_consent_at: Option<At>,
    /// When they withdrew, or refused, that consent; a consent of an earlier date does not count.
    pub consent_withdrawn_at: Option<At>,
    /// What the structure's own columns say of them; none when nothing was kept.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub own: Option<OwnValues>,
    /// When the row was created.
    pub created_at: At,
    /// When it last changed.
    pub updated_at: At,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(PersonId);
