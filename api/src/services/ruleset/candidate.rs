//! A rule as it would be, were it published or set so: to be tried before it is.
//!
//! Architecture Invariant: nothing is written, and what is tried loaded as it would have to for being published.

use std::sync::Arc;

use entity::enums::Module;
use entity::ids::{RuleVersionId, StructureId};
use entity::{rule, rule_setting, rule_version};
use rules::{ActiveRule, Diagnostic, Rule, State};
use sea_orm::{ColumnTrait, QueryFilter};

use super::rows::{self, Params};
use super::setting::set_params;
use super::{RuleKey, not_found};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};

/// What to try.
#[derive(Debug, Clone)]
pub enum Candidate {
    /// A rule as it is, of the platform or a published one of the structure's own.
    Rule(RuleKey),
    /// A version of a rule that the structure wrote.
    Version(RuleVersionId),
    /// Two texts that nobody saved.
    Texts {
        /// The manifest, in TOML.
        manifest: String,
        /// The script, in Rhai.
        source: String,
    },
}

/// Why a rule cannot be tried.
#[derive(Debug, Clone)]
pub enum CandidateProblem {
    /// The input.
    Input(Problem),
    /// It does not load: all that is wrong with it.
    Broken(Arc<[Diagnostic]>),
}

impl From<Problem> for CandidateProblem {
    fn from(problem: Problem) -> Self {
        Self::Input(problem)
    }
}

impl From<Problem> for Failure<CandidateProblem> {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem.into())
    }
}

/// Its texts, the version that decisions would record, and the parameters set of it.
struct Found {
    manifest: String,
    source: String,
    version: i64,
    params: Params,
}

/// The rule to try, ACTIVE, with these values set over those that the structure set of it.
///
/// # Errors
/// `RULE_NOT_FOUND`, `RULE_NOT_PUBLISHED`, `RULE_VERSION_NOT_FOUND`; [`CandidateProblem::Broken`]; the problems of parameters;
/// [`Fault::Forbidden`] without READ on RULES.
pub async fn candidate(
    ctx: &Ctx,
    caller: &Caller,
    what: Candidate,
    parameters: &[(String, String)],
) -> Result<ActiveRule, Failure<CandidateProblem>> {
    caller.may_read(Module::Rules)?;
    let (rule, version, mut params) = match what {
        Candidate::Rule(RuleKey::Platform(slug)) => {
            let rule = Arc::clone(ctx.catalog.get(&slug).ok_or_else(not_found)?);
            let query =
                rule_setting::in_structure(caller.structure).filter(rule_setting::Column::Slug.eq(&slug));
            let setting = query.one(ctx.store.readers()).await?;
            let params = setting.and_then(|setting| rows::params(&setting.params)).unwrap_or_default();
            (Arc::clone(&rule), rule.manifest().version, params)
        }
        Candidate::Rule(RuleKey::Own(id)) => {
            let published = rows::published_of(ctx.store.readers(), caller.structure, id).await?;
            let published = published.ok_or_else(|| Problem::new("RULE_NOT_PUBLISHED").at(&["rule"]))?;
            loaded(ctx, caller.structure, of_version(ctx, caller, published).await?).await?
        }
        Candidate::Version(id) => {
            let version = rule_version::by_id_in(caller.structure, id).one(ctx.store.readers()).await?;
            let version = version.ok_or_else(|| Problem::new("RULE_VERSION_NOT_FOUND").at(&["version"]))?;
            loaded(ctx, caller.structure, of_version(ctx, caller, version).await?).await?
        }
        Candidate::Texts { manifest, source } => {
            let params = set_of_the_same_name(ctx, caller, &manifest).await?;
            loaded(ctx, caller.structure, Found { manifest, source, version: 0, params }).await?
        }
    };
    set_params(&mut params, rule.manifest(), parameters, ctx.lang)?;
    params
        .retain(|name, value| rule.manifest().params.get(name).is_some_and(|spec| spec.check(value).is_ok()));
    Ok(ActiveRule { rule, version, state: State::Active, params })
}

async fn of_version(
    ctx: &Ctx,
    caller: &Caller,
    version: rule_version::Model,
) -> Result<Found, Failure<CandidateProblem>> {
    let rule = rule::by_id_in(caller.structure, version.rule_id).one(ctx.store.readers()).await?;
    let params = rule.and_then(|rule| rows::params(&rule.params)).unwrap_or_default();
    let rule_version::Model { manifest, source, number, .. } = version;
    Ok(Found { manifest, source, version: i64::from(number), params })
}

/// What the structure set of its rule of that slug, when it has one.
async fn set_of_the_same_name(ctx: &Ctx, caller: &Caller, manifest: &str) -> Result<Params, Fault> {
    let Some(slug) = rules::declared_slug(manifest) else {
        return Ok(Params::new());
    };
    let query = rule::in_structure(caller.structure).filter(rule::Column::Slug.eq(slug));
    let rule = query.one(ctx.store.readers()).await?;
    Ok(rule.and_then(|rule| rows::params(&rule.params)).unwrap_or_default())
}

/// Loads texts, off the threads that serve everyone: that compiles the script and runs every case.
async fn loaded(
    ctx: &Ctx,
    structure: StructureId,
    found: Found,
) -> Result<(Arc<Rule>, i64, Params), Failure<CandidateProblem>> {
    let Found { manifest, source, version, params } = found;
    let cache = Arc::clone(&ctx.rule_cache);
    let rule = ctx.evaluators.run(structure, move || cache.load(&manifest, &source)).await?;
    let rule = rule.map_err(|diagnostics| Failure::Problem(CandidateProblem::Broken(diagnostics)))?;
    Ok((rule, version, params))
}
