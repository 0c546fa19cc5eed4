//! Setting a rule: its state, and its parameters within their bounds.
//!
//! Architecture Invariant: what is set was checked against the manifest in force, and a locked rule keeps its state.

use std::collections::BTreeSet;

use entity::enums::Module;
use entity::ids::{RuleId, RuleVersionId, StructureId};
use entity::{rule, rule_setting};
use rules::{Lang, Lock, Manifest, ParamError, Rule, State};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::active::{platform_params, platform_state};
use super::cache::Loaded;
use super::rows::{self, Params};
use super::view::changed;
use super::{Change, RuleKey, RuleProblem, RuleView, first_error, load, lock, locked, not_found, stored};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Problem};

/// What to set of a rule.
#[derive(Debug, Clone)]
pub struct SetRule {
    /// The rule.
    pub rule: RuleKey,
    /// Its state; none leaves it.
    pub state: Option<State>,
    /// Values by parameter, in the notation of manifests; parameters not named are left.
    pub parameters: Vec<(String, String)>,
}

/// Sets the state and the parameters of a rule of the platform, for the caller's structure, or of one that it wrote.
///
/// # Errors
/// `RULE_LOCKED` when the rule must keep its state; `RULE_REPLACED` when one of the structure's stands in for it; `RULE_NOT_FOUND`, `RULE_NOT_PUBLISHED` for one that has no published
/// version, `RULE_BROKEN` for the parameters of one that no longer loads, `PARAMETER_UNKNOWN`, `RULE_WITHOUT_PARAMETERS`,
/// `PARAMETER_REPEATED`, `PARAMETER_INVALID`, `PARAMETER_OUT_OF_BOUNDS`; [`crate::error::Fault::Forbidden`] without `READ_WRITE` on RULES.
pub async fn set_state(ctx: &Ctx, caller: &Caller, input: SetRule) -> Result<RuleView, Failure<RuleProblem>> {
    let structure = caller.may_write(Module::Rules)?.structure;
    loop {
        let loaded = loaded(ctx, structure, &input).await?;
        let (task_ctx, task_caller, task_input) = (ctx.clone(), caller.clone(), input.clone());
        let write = ctx.store.write(move |tx| {
            Box::pin(async move {
                let (ctx, input) = (&task_ctx, &task_input);
                lock(tx, structure).await?;
                match &input.rule {
                    RuleKey::Platform(slug) => set_platform(tx, ctx, &task_caller, slug, input).await,
                    RuleKey::Own(id) => set_own(tx, ctx, (structure, *id), input, loaded).await,
                }
            })
        });
        if write.await? == Outcome::Set {
            return Ok(changed(ctx, structure, &input.rule).await?);
        }
    }
}

/// What came of a transaction.
#[derive(PartialEq, Eq)]
enum Outcome {
    /// All is set.
    Set,
    /// Another version was put in force since one was loaded: nothing was set, and that one has to be loaded.
    Overtaken,
}

/// A version of a rule, loaded.
type LoadedVersion = (RuleVersionId, Loaded);

/// The version in force of the structure's rule whose parameters are to be set, if there is one. Loaded before the transaction, in which
/// nobody should wait for a turn.
async fn loaded(
    ctx: &Ctx,
    structure: StructureId,
    input: &SetRule,
) -> Result<Option<LoadedVersion>, Failure<RuleProblem>> {
    let (RuleKey::Own(id), false) = (&input.rule, input.parameters.is_empty()) else { return Ok(None) };
    let published = rows::published_of(ctx.store.readers(), structure, *id).await?;
    let Some(published) = published else { return Ok(None) };
    Ok(Some((published.id, load(ctx, structure, published.manifest, published.source).await?)))
}

async fn set_platform(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    slug: &str,
    input: &SetRule,
) -> Result<Outcome, Failure<RuleProblem>> {
    let rule = ctx.catalog.get(slug).ok_or_else(not_found)?;
    let before = rows::setting(tx, caller.structure, slug).await?;
    check_lock(rule, before.as_ref(), input.state)?;
    if let Some(own) = rows::standing_in(tx, caller.structure, rule).await? {
        return Err(Problem::new("RULE_REPLACED").at(&["rule"]).with("rule", own.slug).into());
    }
    let mut params = platform_params(before.as_ref()).unwrap_or_default();
    set_params(&mut params, rule.manifest(), &input.parameters, ctx.lang)?;
    let row = rule_setting::ActiveModel {
        structure_id: Set(caller.structure),
        slug: Set(slug.to_owned()),
        state: Set(input.state.map(stored).or_else(|| before.and_then(|before| before.state))),
        params: Set(rows::column(&params)?),
        updated_by: Set(caller.account),
        updated_at: Set(ctx.at()),
    };
    let replace = OnConflict::columns([rule_setting::Column::StructureId, rule_setting::Column::Slug])
        .update_columns([
            rule_setting::Column::State,
            rule_setting::Column::Params,
            rule_setting::Column::UpdatedBy,
            rule_setting::Column::UpdatedAt,
        ])
        .to_owned();
    rule_setting::Entity::insert(row).on_conflict(replace).exec_without_returning(tx).await?;
    Ok(Outcome::Set)
}

/// A locked rule keeps its state; asking for the state it has is no change.
fn check_lock(
    rule: &Rule,
    before: Option<&rule_setting::Model>,
    state: Option<State>,
) -> Result<(), RuleProblem> {
    let manifest = rule.manifest();
    let held = manifest.lock.unwrap_or(Lock::Locked) == Lock::Locked;
    if held && state.is_some_and(|state| state != platform_state(rule, before)) {
        return Err(locked(&manifest.slug, Change::State));
    }
    Ok(())
}

async fn set_own(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    (structure, id): (StructureId, RuleId),
    input: &SetRule,
    loaded: Option<LoadedVersion>,
) -> Result<Outcome, Failure<RuleProblem>> {
    let row = rule::by_id_in(structure, id).one(tx).await?.ok_or_else(not_found)?;
    let published = rows::published_of(tx, structure, id).await?;
    let published = published.ok_or_else(|| Problem::new("RULE_NOT_PUBLISHED").at(&["rule"]))?;
    let mut params = row.params;
    if !input.parameters.is_empty() {
        let Some((_, loaded)) = loaded.filter(|(version, _)| *version == published.id) else {
            return Ok(Outcome::Overtaken);
        };
        let loaded = loaded.map_err(|diagnostics| {
            Problem::new("RULE_BROKEN").at(&["rule"]).with("reason", first_error(&diagnostics, ctx.lang))
        })?;
        let mut values = rows::params(&params).unwrap_or_default();
        set_params(&mut values, loaded.manifest(), &input.parameters, ctx.lang)?;
        params = rows::column(&values)?;
    }
    let state = input.state.map_or(row.state, stored);
    rule::Entity::update_many()
        .col_expr(rule::Column::State, Expr::value(state))
        .col_expr(rule::Column::Params, Expr::value(params))
        .filter(rule::Column::StructureId.eq(structure))
        .filter(rule::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(Outcome::Set)
}

/// Sets the values given over those set before.
pub(super) fn set_params(
    params: &mut Params,
    manifest: &Manifest,
    given: &[(String, String)],
    lang: Lang,
) -> Result<(), Problem> {
    let mut named = BTreeSet::new();
    for (name, text) in given {
        let at = |code| Problem::new(code).at(&["parameters"]).with("name", shown(name));
        let spec = manifest.params.get(name).ok_or_else(|| match nearest(name, manifest) {
            Some(nearest) => at("PARAMETER_UNKNOWN")
                .with("nearest", nearest)
                .with("known", manifest.params.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
                .with("rule", &*manifest.slug),
            None => Problem::new("RULE_WITHOUT_PARAMETERS").at(&["parameters"]).with("rule", &*manifest.slug),
        })?;
        if !named.insert(name) {
            return Err(at("PARAMETER_REPEATED"));
        }
        let value = spec.parse(text).map_err(|error| {
            let code = match error {
                ParamError::BelowMinimum { .. } | ParamError::AboveMaximum { .. } => {
                    "PARAMETER_OUT_OF_BOUNDS"
                }
                _ => "PARAMETER_INVALID",
            };
            at(code).with("reason", error.text().get(lang))
        })?;
        params.insert(name.clone(), value);
    }
    match manifest.put_in_order(params, |name| given.iter().any(|(given, _)| given == name)) {
        Err((name, error)) if !given.is_empty() => Err(Problem::new("PARAMETER_OUT_OF_BOUNDS")
            .at(&["parameters"])
            .with("name", name)
            .with("reason", error.text().get(lang))),
        _ => Ok(()),
    }
}

/// A name as a message quotes it: of a length that fits.
fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(48).collect()
}

/// The parameter whose name is nearest; none when the rule has no parameter.
fn nearest<'a>(name: &str, manifest: &'a Manifest) -> Option<&'a str> {
    let name = shown(name);
    manifest.params.keys().map(String::as_str).min_by_key(|known| strsim::osa_distance(&name, known))
}
