//! A rule as it would be, were it published or set so: to be tried before it is.
//!
//! Architecture Invariant: nothing is written, and what is tried loaded as it would have to for being published.

use std::sync::Arc;

use entity::enums::Module;
use entity::ids::RuleVersionId;
use entity::{rule, rule_setting, rule_version};
use rules::{ActiveRule, Diagnostic, Rule, State};
use sea_orm::{ColumnTrait, QueryFilter};

use super::active::platform_params;
use super::rows::{self, Params};
use super::setting::set_params;
use super::{RuleKey, is_replaceable, not_found, slug_taken};
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

impl From<CandidateProblem> for Failure<CandidateProblem> {
    fn from(problem: CandidateProblem) -> Self {
        Self::Problem(problem)
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
/// `RULE_NOT_FOUND`, `RULE_NOT_PUBLISHED`, `RULE_VERSION_NOT_FOUND`, `RULE_SLUG_TAKEN` by a rule of the platform that may not be replaced; [`CandidateProblem::Broken`]; the problems of parameters;
/// [`Fault::Forbidden`] without READ on RULES.
pub async fn candidate(
    ctx: &Ctx,
    caller: &Caller,
    what: Candidate,
    parameters: &[(String, String)],
) -> Result<ActiveRule, Failure<CandidateProblem>> {
    caller.may_read(Module::Rules)?;
    let as_it_is = matches!(what, Candidate::Rule(_));
    let found = match what {
        Candidate::Rule(RuleKey::Platform(slug)) => return as_set(ctx, caller, &slug, parameters).await,
        Candidate::Rule(RuleKey::Own(id)) => {
            let published = rows::published_of(ctx.store.readers(), caller.structure, id).await?;
            let not_published = || Problem::new("RULE_NOT_PUBLISHED").at(&["candidate", "rule"]);
            of_version(ctx, caller, published.ok_or_else(not_published)?).await?
        }
        Candidate::Version(id) => {
            let version = rule_version::by_id_in(caller.structure, id).one(ctx.store.readers()).await?;
            let not_found = || Problem::new("RULE_VERSION_NOT_FOUND").at(&["candidate", "version"]);
            of_version(ctx, caller, version.ok_or_else(not_found)?).await?
        }
        Candidate::Texts { manifest, source } => {
            let params = set_of_the_same_name(ctx, caller, &manifest).await?;
            Found { manifest, source, version: 0, params }
        }
    };
    let Found { manifest, source, version, mut params } = found;
    // Not kept among the loaded rules, where texts that nobody saved would take the room of those in force.
    let rule = ctx.run_rules(caller.structure, move || Rule::load_own(&manifest, &source)).await?;
    let rule = rule.map_err(|diagnostics| CandidateProblem::Broken(diagnostics.into()))?;
    let slug = &rule.manifest().slug;
    if ctx.catalog.get(slug).is_some_and(|platform| !is_replaceable(platform)) {
        return Err(slug_taken(slug, "candidate").into());
    }
    if !as_it_is {
        // As a publication would: what the new manifest does not accept goes back to its default.
        rule.manifest().keep_accepted(&mut params);
    }
    set_params(&mut params, rule.manifest(), parameters, ctx.lang)?;
    Ok(ActiveRule { rule: Arc::new(rule), version, state: State::Active, params })
}

/// A rule of the platform, as the structure set it.
async fn as_set(
    ctx: &Ctx,
    caller: &Caller,
    slug: &str,
    parameters: &[(String, String)],
) -> Result<ActiveRule, Failure<CandidateProblem>> {
    let rule = ctx.catalog.get(slug).ok_or_else(|| not_found().within(&["candidate"]))?;
    let query = rule_setting::in_structure(caller.structure).filter(rule_setting::Column::Slug.eq(slug));
    let setting = query.one(ctx.store.readers()).await?;
    let mut params = platform_params(setting.as_ref()).unwrap_or_default();
    set_params(&mut params, rule.manifest(), parameters, ctx.lang)?;
    Ok(ActiveRule { rule: Arc::clone(rule), version: rule.manifest().version, state: State::Active, params })
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

/// What the structure set of the rule of that slug: of its own, or of the platform's that it would replace.
async fn set_of_the_same_name(ctx: &Ctx, caller: &Caller, manifest: &str) -> Result<Params, Fault> {
    let Some(slug) = rules::declared_slug(manifest) else {
        return Ok(Params::new());
    };
    let db = ctx.store.readers();
    let own = rule::in_structure(caller.structure).filter(rule::Column::Slug.eq(&slug)).one(db).await?;
    if let Some(own) = own {
        return Ok(rows::params(&own.params).unwrap_or_default());
    }
    let query = rule_setting::in_structure(caller.structure).filter(rule_setting::Column::Slug.eq(slug));
    Ok(platform_params(query.one(db).await?.as_ref()).unwrap_or_default())
}
