//! How rules and their versions are written: one line of versions a rule.
//!
//! Invariant: the number of what was in force names one text for ever, and no text is written over. Numbers of discarded drafts are free again.

use entity::At;
use entity::enums::RuleVersionState;
use entity::ids::{AccountId, RuleId, StructureId};
use entity::{rule, rule_version};
use rules::Diagnostic;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
};

use super::{MAX_OWN_RULES, MAX_VERSIONS, RuleProblem, cache, hex, limit, rows};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};

/// What an author writes of a version.
pub(super) struct Text {
    pub manifest: String,
    pub source: String,
    pub comment: Option<String>,
}

/// A version to store.
pub(super) struct NewVersion {
    pub rule: RuleId,
    pub number: i32,
    pub state: RuleVersionState,
    pub text: Text,
    pub diagnostics: Vec<Diagnostic>,
}

/// Stores a version, written by the caller; one that is not a draft is put in force by them, too.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    version: NewVersion,
) -> Result<rule_version::Model, Failure<RuleProblem>> {
    let NewVersion { rule, number, state, text, diagnostics } = version;
    let Text { manifest, source, comment } = text;
    let hash = cache::hash(&manifest, &source);
    let in_force = state == RuleVersionState::Published;
    let row = rule_version::ActiveModel {
        id: Set(ctx.id()),
        structure_id: Set(caller.structure),
        rule_id: Set(rule),
        number: Set(number),
        state: Set(state),
        manifest: Set(manifest),
        source: Set(source),
        hash: Set(hex(&hash)),
        diagnostics: Set(serde_json::to_value(diagnostics).map_err(Fault::internal)?),
        author: Set(caller.account),
        comment: Set(comment),
        created_at: Set(ctx.at()),
        published_at: Set(in_force.then(|| ctx.at())),
        published_by: Set(in_force.then_some(caller.account)),
    };
    Ok(rule_version::Entity::insert(row).exec_with_returning(tx).await?)
}

/// The latest version of a rule.
pub(super) async fn latest(
    tx: &DatabaseTransaction,
    structure: StructureId,
    rule: RuleId,
) -> Result<rule_version::Model, Fault> {
    let latest = rows::latest(tx, structure, rule).await?;
    latest.ok_or_else(|| Fault::internal("a rule without a version"))
}

/// The number of the version after the latest.
pub(super) fn next_number(latest: &rule_version::Model) -> Result<i32, Problem> {
    if latest.number < MAX_VERSIONS {
        return Ok(latest.number + 1);
    }
    Err(Problem::new("RULE_VERSION_LIMIT_REACHED").at(&["rule"]).with("max", i64::from(MAX_VERSIONS)))
}

/// A retired rule, in use again, in the last place.
pub(super) async fn bring_back(
    tx: &DatabaseTransaction,
    structure: StructureId,
    rule: RuleId,
) -> Result<(), Failure<RuleProblem>> {
    check_room(tx, structure).await?;
    let place = last_place(tx, structure).await?;
    let back = rule::Entity::update_many()
        .col_expr(rule::Column::RetiredAt, Expr::value(None::<At>))
        .col_expr(rule::Column::RetiredBy, Expr::value(None::<AccountId>))
        .col_expr(rule::Column::Position, Expr::value(place));
    only(back, structure, rule).exec(tx).await?;
    Ok(())
}

/// That rule alone.
pub(super) fn only(
    update: sea_orm::UpdateMany<rule::Entity>,
    structure: StructureId,
    rule: RuleId,
) -> sea_orm::UpdateMany<rule::Entity> {
    update.filter(rule::Column::StructureId.eq(structure)).filter(rule::Column::Id.eq(rule))
}

/// The place after all the structure's rules.
pub(super) async fn last_place(tx: &DatabaseTransaction, structure: StructureId) -> Result<i32, Fault> {
    let last = rule::in_structure(structure).order_by_desc(rule::Column::Position).one(tx).await?;
    Ok(last.map_or(1, |last| last.position + 1))
}

/// Whether one more rule of the structure may be in use.
pub(super) async fn check_room(
    tx: &DatabaseTransaction,
    structure: StructureId,
) -> Result<(), Failure<RuleProblem>> {
    let in_use = rule::in_structure(structure).filter(rule::Column::RetiredAt.is_null());
    if in_use.count(tx).await? < MAX_OWN_RULES {
        return Ok(());
    }
    Err(Problem::new("RULE_LIMIT_REACHED").with("max", limit(MAX_OWN_RULES)).into())
}
