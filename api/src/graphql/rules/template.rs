//! What rules can be started from.

use async_graphql::{Context, Object, SimpleObject};

use super::{Rule, RuleParameter, RuleStage, other};
use crate::graphql::context::{Maybe, Session};
use crate::services::ruleset::{self, RuleKey, TemplateView};

/// What a structure can start a rule of its own from (`startRule`): a template, or a rule of the platform that may be replaced.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct RuleTemplate {
    /// Its name for programs: `a-z`, `0-9` and `-`.
    slug: String,
    /// How it is called, in the language of the request (`Accept-Language`).
    title: String,
    /// What it is for, in the language of the request.
    description: String,
    /// When it runs.
    stages: Vec<RuleStage>,
    /// What can be set of it, by name, each with its default as its value: enough to draw a form.
    parameters: Vec<RuleParameter>,
    /// Its manifest, in TOML, as that of a rule of the structure.
    manifest: String,
    /// Its script: one expression.
    source: String,
    #[graphql(skip)]
    replaced: Option<RuleKey>,
}

#[async_graphql::ComplexObject]
impl RuleTemplate {
    /// The rule of the platform that a rule started from it replaces; null for a template.
    async fn replaces(&self, graphql: &Context<'_>) -> Maybe<Rule> {
        other(graphql, self.replaced.as_ref()).await
    }
}

/// The fields of `Query` about rules.
#[derive(Default)]
pub struct RuleTemplateQuery;

/// The fields of `Query` about rules.
#[Object]
impl RuleTemplateQuery {
    /// What rules can be started from: the templates by slug, then the rules of the platform that may be replaced. Needs `READ` on RULES.
    async fn rule_templates(&self, graphql: &Context<'_>) -> Maybe<Vec<RuleTemplate>> {
        let session = Session::of(graphql);
        let lang = session.ctx.lang;
        let told = |view: TemplateView| RuleTemplate {
            slug: view.slug,
            title: view.title.get(lang).to_owned(),
            description: view.description.get(lang).to_owned(),
            stages: view.stages.into_iter().map(Into::into).collect(),
            parameters: view.parameters.iter().map(|parameter| RuleParameter::new(parameter, lang)).collect(),
            manifest: view.manifest,
            source: view.source,
            replaced: view.replaces,
        };
        session
            .maybe(async {
                let templates = ruleset::templates(&session.ctx, session.caller()?).await?;
                Ok(Some(templates.into_iter().map(told).collect()))
            })
            .await
    }
}
