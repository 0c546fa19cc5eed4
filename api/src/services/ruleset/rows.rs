//! What is stored of rules, read for one structure.
//!
//! Knows the rows, and nothing of what is in force.

use std::collections::{BTreeMap, HashMap};

use entity::At;
use entity::enums::{RuleState, RuleVersionState};
use entity::ids::{AccountId, RuleId, RuleVersionId, StructureId};
use entity::{rule, rule_setting, rule_version};
use rules::{Diagnostic, ParamValue, Rule};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, IntoCondition, Order, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, FromJsonQueryResult, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait, Select,
};
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::services::page::{Key, Keyed};

/// Parameters that a structure set, by name.
pub(super) type Params = BTreeMap<String, ParamValue>;

/// A rule that a structure wrote, with one of its versions.
pub(super) struct OwnRow {
    pub rule: rule::Model,
    pub version: rule_version::Model,
}

impl OwnRow {
    /// Whether this rule is the platform's, as the structure rewrote it: it then runs in its place. Only as long as the platform lets it:
    /// beside a rule that was locked since, both run.
    pub fn stands_in_for(&self, platform: &Rule) -> bool {
        let in_force = self.version.state == RuleVersionState::Published;
        let rewritten = self.rule.replaces && self.rule.slug == platform.manifest().slug;
        rewritten && in_force && super::is_replaceable(platform)
    }
}

/// One version of a rule that a structure wrote. Its texts never change.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct VersionRow {
    /// The version.
    pub id: RuleVersionId,
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
    /// What the checks said of it when it was saved.
    pub diagnostics: Diagnostics,
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
}

/// What the checks said of a version, as its column holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl VersionRow {
    /// Names the version before it, if there is one.
    #[must_use]
    pub fn before(&self) -> (RuleId, i32) {
        (self.rule_id, self.number - 1)
    }
}

impl Keyed for VersionRow {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Number(self.number.into())]
    }
}

impl TryFrom<rule_version::Model> for VersionRow {
    type Error = Fault;

    fn try_from(row: rule_version::Model) -> Result<Self, Fault> {
        let rule_version::Model {
            id,
            rule_id,
            number,
            state,
            manifest,
            source,
            author,
            comment,
            created_at,
            published_at,
            published_by,
            ..
        } = row;
        let diagnostics = serde_json::from_value(row.diagnostics).map_err(Fault::internal)?;
        Ok(Self {
            id,
            rule_id,
            number,
            state,
            manifest,
            source,
            diagnostics,
            author,
            comment,
            created_at,
            published_at,
            published_by,
        })
    }
}

/// What the structure set of the platform's rules, by slug.
pub(super) async fn settings(
    db: &impl ConnectionTrait,
    structure: StructureId,
) -> Result<HashMap<String, rule_setting::Model>, Fault> {
    let rows = rule_setting::in_structure(structure).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.slug.clone(), row)).collect())
}

/// What the structure set of one rule of the platform.
pub(super) async fn setting(
    db: &impl ConnectionTrait,
    structure: StructureId,
    slug: &str,
) -> Result<Option<rule_setting::Model>, Fault> {
    Ok(rule_setting::in_structure(structure).filter(rule_setting::Column::Slug.eq(slug)).one(db).await?)
}

/// The published version of each of the structure's rules, in the order they run. Those that are OFF are left out, save where they
/// stand in for one of the platform, which does not run then either.
pub(super) async fn in_force(
    db: &impl ConnectionTrait,
    structure: StructureId,
) -> Result<Vec<OwnRow>, Fault> {
    let query = rule::in_structure(structure)
        .filter(rule::Column::State.ne(RuleState::Off).or(rule::Column::Replaces.eq(true)))
        .filter(Expr::col((rule_version::Entity, rule_version::Column::State)).eq(published()));
    with_version(db, query).await
}

/// The rule of the structure's that stands in for one of the platform.
pub(super) async fn standing_in(
    db: &impl ConnectionTrait,
    structure: StructureId,
    platform: &Rule,
) -> Result<Option<rule::Model>, Fault> {
    if !super::is_replaceable(platform) {
        return Ok(None);
    }
    let query = rule::in_structure(structure)
        .filter(rule::Column::Slug.eq(&*platform.manifest().slug))
        .filter(rule::Column::Replaces.eq(true))
        .join(JoinType::InnerJoin, rule_version::Relation::Rule.def().rev())
        .filter(Expr::col((rule_version::Entity, rule_version::Column::State)).eq(published()));
    Ok(query.one(db).await?)
}

/// Those of the structure's rules, each with its published version, or its latest where none is, in the order they run.
pub(super) async fn shown(
    db: &impl ConnectionTrait,
    structure: StructureId,
    which: impl IntoCondition,
) -> Result<Vec<OwnRow>, Fault> {
    let published = versions("p")
        .and_where(Expr::col((Alias::new("p"), rule_version::Column::State)).eq(published()))
        .take();
    let latest =
        versions("l").order_by((Alias::new("l"), rule_version::Column::Number), Order::Desc).limit(1).take();
    let version = Func::coalesce([
        Expr::SubQuery(None, Box::new(published.into())),
        Expr::SubQuery(None, Box::new(latest.into())),
    ]);
    let query = rule::in_structure(structure)
        .filter(which)
        .filter(Expr::col((rule_version::Entity, rule_version::Column::Id)).eq(version));
    with_version(db, query).await
}

/// The ids of the versions of the rule of the outer query.
fn versions(alias: &'static str) -> SelectStatement {
    let column = |column| (Alias::new(alias), column);
    Query::select()
        .column(column(rule_version::Column::Id))
        .from_as(rule_version::Entity, Alias::new(alias))
        .and_where(Expr::col(column(rule_version::Column::RuleId)).equals((rule::Entity, rule::Column::Id)))
        .take()
}

/// Written out in the statement, so that the index on published versions serves.
fn published() -> Expr {
    Expr::Constant(RuleVersionState::Published.as_str().into())
}

async fn with_version(db: &impl ConnectionTrait, rules: Select<rule::Entity>) -> Result<Vec<OwnRow>, Fault> {
    let rows = rules
        .join(JoinType::InnerJoin, rule_version::Relation::Rule.def().rev())
        .order_by_asc(rule::Column::Position)
        .order_by_asc(rule::Column::Id)
        .select_also(rule_version::Entity)
        .all(db)
        .await?;
    let own = |(rule, version): (rule::Model, Option<rule_version::Model>)| {
        Some(OwnRow { rule, version: version? })
    };
    Ok(rows.into_iter().filter_map(own).collect())
}

fn versions_of(structure: StructureId, rule: RuleId) -> Select<rule_version::Entity> {
    rule_version::in_structure(structure).filter(rule_version::Column::RuleId.eq(rule))
}

/// The latest version of a rule.
pub(super) async fn latest(
    db: &impl ConnectionTrait,
    structure: StructureId,
    rule: RuleId,
) -> Result<Option<rule_version::Model>, Fault> {
    let query = versions_of(structure, rule).order_by_desc(rule_version::Column::Number);
    Ok(query.one(db).await?)
}

/// The published version of a rule.
pub(super) async fn published_of(
    db: &impl ConnectionTrait,
    structure: StructureId,
    rule: RuleId,
) -> Result<Option<rule_version::Model>, Fault> {
    let query =
        versions_of(structure, rule).filter(rule_version::Column::State.eq(RuleVersionState::Published));
    Ok(query.one(db).await?)
}

/// The latest version of a rule that is, or was, in force.
pub(super) async fn last_in_force(
    db: &impl ConnectionTrait,
    structure: StructureId,
    rule: RuleId,
) -> Result<Option<rule_version::Model>, Fault> {
    let query = versions_of(structure, rule)
        .filter(rule_version::Column::State.ne(RuleVersionState::Draft))
        .order_by_desc(rule_version::Column::Number);
    Ok(query.one(db).await?)
}

/// The parameters in a column; none when it holds something else.
pub(super) fn params(column: &serde_json::Value) -> Option<Params> {
    serde_json::from_value(column.clone()).ok()
}

/// Parameters, as their column holds them.
pub(super) fn column(params: &Params) -> Result<serde_json::Value, Fault> {
    serde_json::to_value(params).map_err(Fault::internal)
}
