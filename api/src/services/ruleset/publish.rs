//! Publishing a version of a rule that the structure wrote.
//!
//! Architecture Invariant: one version of a rule is published at most; a version is only published over one that it was
//! made on, and only if it loads and all its cases hold at that moment.

use entity::enums::{Module, RuleState, RuleVersionState};
use entity::ids::{RuleVersionId, StructureId};
use entity::{rule, rule_version};
use rules::{Rule, State};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::rows::{self, VersionRow};
use super::view::changed;
use super::{RuleKey, RuleProblem, Saved, first_error, lock, not_found, stored};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};

/// Publishes a draft; the version published before is superseded. Its rule takes `state`, and keeps the parameters that the
/// new manifest accepts, the others going back to their default.
///
/// A rule that counts is not replaced by a version that is only observed: nothing would be in force meanwhile. Such a
/// version is tried as a rule of its own.
///
/// # Errors
/// `RULE_VERSION_NOT_FOUND`, `RULE_VERSION_ALREADY_PUBLISHED`, `RULE_VERSION_SUPERSEDED` when it, or one made after it, was
/// published before, `RULE_NOT_PUBLISHABLE` when it does not load, `RULE_SLUG_TAKEN` when the platform has a rule of that
/// slug by now, `RULE_OBSERVED_WHILE_ACTIVE`; [`Fault::Forbidden`] without `READ_WRITE` on RULES.
pub async fn publish(
    ctx: &Ctx,
    caller: &Caller,
    id: RuleVersionId,
    state: State,
) -> Result<Saved, Failure<RuleProblem>> {
    let structure = caller.may_write(Module::Rules)?.structure;
    let version = rule_version::by_id_in(structure, id).one(ctx.store.readers()).await?;
    let version = version.ok_or_else(version_not_found)?;
    let (task_ctx, manifest, source) = (ctx.clone(), version.manifest, version.source);
    let loading = tokio::task::spawn_blocking(move || task_ctx.rule_cache.load(&manifest, &source));
    let loaded = loading.await.map_err(Fault::internal)?.map_err(|diagnostics| {
        let error = diagnostics.iter().find(|diagnostic| diagnostic.severity == rules::Severity::Error);
        let place = |of: fn(&rules::Diagnostic) -> usize| {
            error.map_or(0, |error| i64::try_from(of(error)).unwrap_or(0))
        };
        Problem::new("RULE_NOT_PUBLISHABLE")
            .at(&["version"])
            .with("reason", first_error(&diagnostics, ctx.lang))
            .with("line", place(|error| error.line))
            .with("column", place(|error| error.column))
    })?;
    if ctx.catalog.get(&loaded.manifest().slug).is_some() {
        let problem = Problem::new("RULE_SLUG_TAKEN").at(&["version"]);
        return Err(problem.with("slug", loaded.manifest().slug.clone()).into());
    }
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            lock(tx, structure).await?;
            replace(tx, structure, id, &loaded, state).await
        })
    });
    let version: rule_version::Model = write.await?;
    let version = VersionRow::try_from(version)?;
    let rule = changed(ctx, structure, &RuleKey::Own(version.rule_id)).await?;
    Ok(Saved { rule, version })
}

async fn replace(
    tx: &DatabaseTransaction,
    structure: StructureId,
    id: RuleVersionId,
    loaded: &Rule,
    state: State,
) -> Result<rule_version::Model, Failure<RuleProblem>> {
    let version = rule_version::by_id_in(structure, id).one(tx).await?.ok_or_else(version_not_found)?;
    let rule = rule::by_id_in(structure, version.rule_id).one(tx).await?.ok_or_else(not_found)?;
    let published = rows::published_of(tx, structure, rule.id).await?;
    let later = published.as_ref().filter(|published| published.number > version.number);
    match version.state {
        RuleVersionState::Published => return Err(problem("RULE_VERSION_ALREADY_PUBLISHED").into()),
        RuleVersionState::Draft if later.is_none() => {}
        RuleVersionState::Draft | RuleVersionState::Superseded => {
            let number = published.map_or(0, |published| i64::from(published.number));
            return Err(problem("RULE_VERSION_SUPERSEDED").with("number", number).into());
        }
    }
    if state == State::Observed && rule.state == RuleState::Active && published.is_some() {
        return Err(Problem::new("RULE_OBSERVED_WHILE_ACTIVE").at(&["state"]).into());
    }
    if let Some(published) = published {
        let superseded = mark(structure, published.id, RuleVersionState::Superseded);
        superseded.exec(tx).await?;
    }
    let done = mark(structure, id, RuleVersionState::Published).exec_with_returning(tx).await?;
    let mut params = rows::params(&rule.params).unwrap_or_default();
    let specs = &loaded.manifest().params;
    params.retain(|name, value| specs.get(name).is_some_and(|spec| spec.check(value).is_ok()));
    rule::Entity::update_many()
        .col_expr(rule::Column::State, Expr::value(stored(state)))
        .col_expr(rule::Column::Params, Expr::value(rows::column(&params)?))
        .filter(rule::Column::StructureId.eq(structure))
        .filter(rule::Column::Id.eq(rule.id))
        .exec(tx)
        .await?;
    Ok(done.into_iter().next().ok_or_else(version_not_found)?)
}

/// The statement that gives a version its state.
fn mark(
    structure: StructureId,
    id: RuleVersionId,
    state: RuleVersionState,
) -> sea_orm::UpdateMany<rule_version::Entity> {
    rule_version::Entity::update_many()
        .col_expr(rule_version::Column::State, Expr::value(state))
        .filter(rule_version::Column::StructureId.eq(structure))
        .filter(rule_version::Column::Id.eq(id))
}

fn problem(code: &'static str) -> Problem {
    Problem::new(code).at(&["version"])
}

fn version_not_found() -> Problem {
    problem("RULE_VERSION_NOT_FOUND")
}
