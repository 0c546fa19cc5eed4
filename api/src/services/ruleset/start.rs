//! Starting a rule: from a template of the catalogue, or from a rule of the platform that may be replaced.
//!
//! Invariant: what is started is a draft as any other, which its author can change; nothing of it runs.

use std::sync::Arc;

use entity::enums::Module;
use rules::{LocalText, Rule, Stage, as_own};

use super::rows::Params;
use super::save::{self, Checked, NewRule};
use super::setting::set_params;
use super::versions::Text;
use super::view::{ParameterView, parameters};
use super::{Change, RuleKey, RuleProblem, Saved, is_replaceable, locked, not_found};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};

/// What a rule can be started from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateView {
    /// Its name for machines.
    pub slug: String,
    /// How it is called.
    pub title: LocalText,
    /// What it is for.
    pub description: LocalText,
    /// When it runs.
    pub stages: Vec<Stage>,
    /// What may be set of it, by name.
    pub parameters: Vec<ParameterView>,
    /// Its manifest, as that of a rule of the structure.
    pub manifest: String,
    /// Its script.
    pub source: String,
    /// The rule of the platform in whose place it would run; none for a template.
    pub replaces: Option<RuleKey>,
}

/// What to start from.
#[derive(Debug, Clone)]
pub enum StartFrom {
    /// A template, by its slug.
    Template(String),
    /// A rule of the platform that may be replaced.
    Rule(RuleKey),
}

/// A rule to start.
#[derive(Debug, Clone)]
pub struct StartRule {
    /// What it starts from.
    pub from: StartFrom,
    /// Its slug; none for that of what it starts from, a rule of the platform being replaced then.
    pub slug: Option<String>,
    /// Values by parameter, in the notation of manifests; parameters not named have their default.
    pub parameters: Vec<(String, String)>,
    /// What the author says of it.
    pub comment: Option<String>,
}

/// What a structure can start rules from: the templates by slug, then the rules of the platform that may be replaced, by place.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on RULES.
pub async fn templates(ctx: &Ctx, caller: &Caller) -> Result<Vec<TemplateView>, Fault> {
    caller.may_read(Module::Rules)?;
    let replaceable = ctx.catalog.rules().filter(|rule| is_replaceable(rule)).map(|rule| (rule, true));
    let all = ctx.catalog.templates().map(|rule| (rule, false)).chain(replaceable);
    all.map(|(rule, replaced)| {
        let manifest = rule.manifest();
        let text = as_own(rule.manifest_toml(), &manifest.slug);
        Ok(TemplateView {
            slug: manifest.slug.clone(),
            title: manifest.title.clone(),
            description: manifest.description.clone(),
            stages: manifest.stages.clone(),
            parameters: parameters(manifest, &Params::new()),
            manifest: text.ok_or_else(|| Fault::internal("a rule of the catalogue has no slug"))?,
            source: rule.source().to_owned(),
            replaces: replaced.then(|| RuleKey::Platform(manifest.slug.clone())),
        })
    })
    .collect()
}

/// Saves the first draft of a rule from what the catalogue has, with values for its parameters. From a rule of the platform, and under its
/// slug, the draft is to run in its place; the values are those that the structure set of it, where none are given.
///
/// # Errors
/// `RULE_TEMPLATE_NOT_FOUND`, `RULE_NOT_FOUND`, `RULE_LOCKED` for a rule of the platform that may not be replaced, `RULE_SLUG_INVALID`,
/// `RULE_SLUG_TAKEN`, `RULE_LIMIT_REACHED`, the problems of parameters and of comments; [`Fault::Forbidden`] without `READ_WRITE` on
/// RULES.
pub async fn start(ctx: &Ctx, caller: &Caller, input: StartRule) -> Result<Saved, Failure<RuleProblem>> {
    let structure = caller.may_write(Module::Rules)?.structure;
    let StartRule { from, slug, parameters, comment } = input;
    let (rule, of_platform) = source(ctx, &from)?;
    let own = &rule.manifest().slug;
    let slug = slug.unwrap_or_else(|| own.clone());
    let replaces = of_platform && slug == *own;
    let manifest = as_own(rule.manifest_toml(), &slug);
    let manifest = manifest.ok_or_else(|| Problem::new("RULE_SLUG_INVALID").at(&["slug"]))?;
    let mut params = Params::new();
    set_params(&mut params, rule.manifest(), &parameters, ctx.lang)?;
    let text = Text { manifest, source: rule.source().to_owned(), comment };
    let checked = Checked::of(ctx, structure, text).await?;
    save::new_rule(ctx, caller, checked, NewRule { replaces, params, path: "slug" }).await
}

/// The rule that is started from, and whether it is one of the platform.
fn source(ctx: &Ctx, from: &StartFrom) -> Result<(Arc<Rule>, bool), RuleProblem> {
    match from {
        StartFrom::Template(slug) => {
            let template = ctx.catalog.templates().find(|template| template.manifest().slug == *slug);
            let template = template.ok_or_else(|| Problem::new("RULE_TEMPLATE_NOT_FOUND").at(&["from"]))?;
            Ok((Arc::clone(template), false))
        }
        StartFrom::Rule(RuleKey::Platform(slug)) => {
            let rule = ctx.catalog.get(slug).ok_or_else(not_found)?;
            if !is_replaceable(rule) {
                return Err(locked(slug, Change::Script));
            }
            Ok((Arc::clone(rule), true))
        }
        StartFrom::Rule(RuleKey::Own(_)) => Err(not_found().into()),
    }
}
