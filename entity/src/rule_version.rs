//! The versions of a structure's rules.
//!
//! Knows manifest and script as text, not what they mean.
//! Invariant: one version of a rule is published at most, and a published text is never changed.

use sea_orm::entity::prelude::*;

use crate::{
    At,
    enums::RuleVersionState,
    ids::{AccountId, RuleId, RuleVersionId, StructureId},
    scope::scoped,
};

/// A row of `rule_version`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rule_version")]
pub struct Model {
    /// The version.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RuleVersionId,
    /// The structure that owns the row.
    pub structure_id: StructureId,
    /// The rule it is of.
    pub rule_id: RuleId,
    /// Its rank among the rule's versions, from 1.
    pub number: i32,
    /// Whether it is a draft, the published one, or one before.
    pub state: RuleVersionState,
    /// Its manifest, in TOML.
    pub manifest: String,
    /// Its script, in Rhai.
    pub source: String,
    /// The hash of both, in hexadecimal.
    pub hash: String,
    /// What the checks said of it.
    pub diagnostics: Json,
    /// Who wrote it.
    pub author: AccountId,
    /// What they said of it.
    pub comment: Option<String>,
    /// When it was saved.
    pub created_at: At,
    /// When it was put in force; none for a draft.
    pub published_at: Option<At>,
    /// Who put it in force.
    pub published_by: Option<AccountId>,
    /// The row that `rule_id` names.
    #[sea_orm(belongs_to, from = "(structure_id, rule_id)", to = "(structure_id, id)")]
    pub rule: BelongsTo<super::rule::Entity>,
    /// The row that `author` names.
    #[sea_orm(belongs_to, from = "(structure_id, author)", to = "(structure_id, id)")]
    pub writer: BelongsTo<super::account::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

scoped!(RuleVersionId);
