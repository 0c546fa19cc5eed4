//! The rules a structure wrote.
//!
//! Owns what stays the same from one version to the next.
//! Invariant: a slug is used once in a structure, retired rules included, so that slug and number name one version for ever.

use sea_orm::entity::prelude::*;
use sea_orm::{JoinType, QueryOrder, QuerySelect};

use crate::{
    At,
    enums::{RuleState, RuleVersionState},
    ids::{AccountId, RuleId, StructureId},
    rule_version,
    scope::{self, scoped},
};

/// A row of `rule`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rule")]
pub struct Model {
    /// The rule.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RuleId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// Its name for machines.
    pub slug: String,
    /// Whether it decides, is only observed, or sleeps.
    pub state: RuleState,
    /// Its rank: lower runs first.
    pub position: i32,
    /// The values of its parameters.
    pub params: Json,
    /// When it was created.
    pub created_at: At,
    /// Whether it stands in for the platform's rule of that slug, once published and as long as the platform lets it.
    pub replaces: bool,
    /// Since when it is out of use; none while it is in use.
    pub retired_at: Option<At>,
    /// Who took it out of use.
    pub retired_by: Option<AccountId>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(RuleId);

/// The rules of those slugs of which a version is published, of every structure: for the operator only, never for an account.
#[must_use]
pub fn published_of_slugs(slugs: &[&str]) -> Select<Entity> {
    let published = rule_version::Column::State.eq(RuleVersionState::Published);
    scope::select::<Entity>()
        .filter(Column::Slug.is_in(slugs.iter().copied()))
        .filter(Column::RetiredAt.is_null())
        .join(JoinType::InnerJoin, rule_version::Relation::Rule.def().rev())
        .filter(published)
        .order_by_asc(Column::Slug)
        .order_by_asc(Column::Id)
}
