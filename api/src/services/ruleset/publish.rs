//! Putting a version of a rule that the structure wrote in force.
//!
//! Architecture Invariant: one version of a rule is published at most; one is put in force only in the place of the version that the
//! caller saw there, and only if it loads and all its cases hold at that moment.

use std::sync::Arc;

use entity::enums::{Module, RuleVersionState};
use entity::ids::{RuleVersionId, StructureId};
use entity::{rule, rule_version};
use rules::{Rule, State};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, UpdateMany};

use super::active::platform_state;
use super::conflict::check_active;
use super::rows;
use super::{
    Change, RuleProblem, Saved, is_replaceable, lock, locked, not_found, refused, save, slug_taken, state_of,
    stored, versions,
};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Problem};

/// A version to put in force.
#[derive(Debug, Clone, Copy)]
pub struct PublishRule {
    /// The version, a draft.
    pub version: RuleVersionId,
    /// The version that was in force when the caller looked; none where none was.
    pub expected_active: Option<RuleVersionId>,
    /// The state that the rule takes; none for ACTIVE, or what the structure chose for the rule that this one stands in for.
    pub state: Option<State>,
}

/// Publishes a draft; the version published before is superseded. Its rule takes `state`, and keeps the parameters that the
/// new manifest accepts, the others going back to their default.
///
/// A rule that counts is not replaced by a version that is only observed: nothing would be in force meanwhile. Such a
/// version is tried as a rule of its own.
///
/// # Errors
/// [`RuleProblem::Conflict`], `RULE_VERSION_NOT_FOUND`, `RULE_VERSION_ALREADY_PUBLISHED`, `RULE_VERSION_SUPERSEDED` when it, or one made
/// after it, was published before, `RULE_NOT_PUBLISHABLE` when it does not load, `RULE_SLUG_TAKEN` when the platform has a rule of that
/// slug by now, `RULE_LOCKED` when it may no longer be replaced, `RULE_OBSERVED_WHILE_ACTIVE`; [`crate::error::Fault::Forbidden`] without `READ_WRITE`
/// on RULES.
pub async fn publish(ctx: &Ctx, caller: &Caller, input: PublishRule) -> Result<Saved, Failure<RuleProblem>> {
    let structure = caller.may_write(Module::Rules)?.structure;
    let version = rule_version::by_id_in(structure, input.version).one(ctx.store.readers()).await?;
    let version = version.ok_or_else(|| version_not_found("version"))?;
    let loaded = load(ctx, &version, "version").await?;
    let (task_ctx, task_caller) = (ctx.clone(), caller.clone());
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            lock(tx, structure).await?;
            put_draft(tx, &task_ctx, &task_caller, input, &loaded).await
        })
    });
    save::saved(ctx, structure, write.await?).await
}

/// A version as it loads now, its cases run.
pub(super) async fn load(
    ctx: &Ctx,
    version: &rule_version::Model,
    path: &'static str,
) -> Result<Arc<Rule>, Failure<RuleProblem>> {
    let (manifest, source) = (version.manifest.clone(), version.source.clone());
    let loaded = super::load(ctx, version.structure_id, manifest, source).await?;
    Ok(loaded.map_err(|diagnostics| {
        refused(Problem::new("RULE_NOT_PUBLISHABLE").at(&[path]), &diagnostics, ctx.lang)
    })?)
}

async fn put_draft(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    input: PublishRule,
    loaded: &Rule,
) -> Result<rule_version::Model, Failure<RuleProblem>> {
    let structure = caller.structure;
    let version = rule_version::by_id_in(structure, input.version).one(tx).await?;
    let version = version.ok_or_else(|| version_not_found("version"))?;
    let rule = rule::by_id_in(structure, version.rule_id).one(tx).await?.ok_or_else(not_found)?;
    let published = rows::published_of(tx, structure, rule.id).await?;
    check_active(tx, &rule, published.as_ref(), input.expected_active).await?;
    // The last one in force may be superseded by none: then the rule is retired.
    let last = rows::last_in_force(tx, structure, rule.id).await?.map_or(0, |last| last.number);
    match version.state {
        RuleVersionState::Published => {
            return Err(Problem::new("RULE_VERSION_ALREADY_PUBLISHED").at(&["version"]).into());
        }
        RuleVersionState::Draft if version.number > last => {}
        RuleVersionState::Draft | RuleVersionState::Superseded => {
            let number = last.max(version.number);
            let problem = Problem::new("RULE_VERSION_SUPERSEDED").at(&["version"]);
            return Err(problem.with("number", i64::from(number)).into());
        }
    }
    make_way(tx, ctx, &rule, (published.as_ref(), loaded), input.state.map_or(Wanted::Fresh, Wanted::This))
        .await?;
    let done = mark(structure, version.id, RuleVersionState::Published)
        .col_expr(rule_version::Column::PublishedAt, Expr::value(Some(ctx.at())))
        .col_expr(rule_version::Column::PublishedBy, Expr::value(Some(caller.account)))
        .exec_with_returning(tx)
        .await?;
    Ok(done.into_iter().next().ok_or_else(|| version_not_found("version"))?)
}

/// The state that a rule is to take.
#[derive(Clone, Copy)]
pub(super) enum Wanted {
    /// This one.
    This(State),
    /// That of a rule just published: ACTIVE, or what the structure chose for the rule that it stands in for.
    Fresh,
    /// The one it has, if a version of it is in force.
    Kept,
}

/// Supersedes the version in force, and readies the rule for the one that takes its place: its state, the parameters that the new
/// manifest still accepts, and its use.
pub(super) async fn make_way(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    rule: &rule::Model,
    (published, loaded): (Option<&rule_version::Model>, &Rule),
    wanted: Wanted,
) -> Result<(), Failure<RuleProblem>> {
    let structure = rule.structure_id;
    let mut before = published.map(|_| state_of(rule.state));
    let mut chosen = None;
    if let Some(platform) = ctx.catalog.get(&rule.slug) {
        if !rule.replaces {
            return Err(slug_taken(&rule.slug, "version").into());
        }
        if !is_replaceable(platform) {
            return Err(locked(&rule.slug, Change::Script).into());
        }
        let setting = rows::setting(tx, structure, &rule.slug).await?;
        before = before.or_else(|| Some(platform_state(platform, setting.as_ref())));
        chosen = setting.and_then(|setting| setting.state).map(state_of);
    }
    let fresh = chosen.filter(|_| published.is_none()).unwrap_or(State::Active);
    let state = match wanted {
        Wanted::This(state) => state,
        Wanted::Kept if published.is_some() => state_of(rule.state),
        Wanted::Fresh | Wanted::Kept => fresh,
    };
    if state == State::Observed && before == Some(State::Active) {
        return Err(Problem::new("RULE_OBSERVED_WHILE_ACTIVE").at(&["state"]).into());
    }
    if let Some(published) = published {
        mark(structure, published.id, RuleVersionState::Superseded).exec(tx).await?;
    }
    if rule.retired_at.is_some() {
        versions::bring_back(tx, structure, rule.id).await?;
    }
    let mut params = rows::params(&rule.params).unwrap_or_default();
    loaded.manifest().keep_accepted(&mut params);
    let ready = rule::Entity::update_many()
        .col_expr(rule::Column::State, Expr::value(stored(state)))
        .col_expr(rule::Column::Params, Expr::value(rows::column(&params)?));
    versions::only(ready, structure, rule.id).exec(tx).await?;
    Ok(())
}

/// The statement that gives a version its state.
pub(super) fn mark(
    structure: StructureId,
    id: RuleVersionId,
    state: RuleVersionState,
) -> UpdateMany<rule_version::Entity> {
    rule_version::Entity::update_many()
        .col_expr(rule_version::Column::State, Expr::value(state))
        .filter(rule_version::Column::StructureId.eq(structure))
        .filter(rule_version::Column::Id.eq(id))
}

pub(super) fn version_not_found(path: &'static str) -> Problem {
    Problem::new("RULE_VERSION_NOT_FOUND").at(&[path])
}
