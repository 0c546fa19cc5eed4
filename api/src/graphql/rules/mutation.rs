//! Starting, saving, publishing and setting rules.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, Result, SimpleObject};

use super::{Rule, RuleDiagnostic, RuleState, RuleVersion};
use crate::error::Failure;
use crate::graphql::context::Session;
use crate::graphql::error::{RuleConflictError, RuleLockedError, RuleManifestError, UserError, fault};
use crate::graphql::node_id;
use crate::services::ruleset::{
    self, PublishRule, RuleProblem, SaveRule, Saved, SetRule, StartFrom, StartRule,
};

/// What a rule is started from.
#[derive(OneofObject)]
pub enum StartRuleFromInput {
    /// A template, by its slug (`Query.ruleTemplates`).
    Template(String),
    /// A rule of the platform whose lock is REPLACEABLE.
    Rule(ID),
}

/// A rule to start.
#[derive(InputObject)]
pub struct StartRuleInput {
    /// What it starts from.
    from: StartRuleFromInput,
    /// Its name for programs; absent for that of what it starts from. Started so from a rule of the platform, it runs in the place of that
    /// rule once it is published.
    slug: Option<String>,
    /// Values for its parameters, each named once. The others have their default; those of a rule that is replaced, what the structure set
    /// of it.
    parameters: Option<Vec<RuleParameterInput>>,
    /// What the author says of it, at most 500 characters.
    comment: Option<String>,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What starting a rule came to.
#[derive(SimpleObject)]
pub struct StartRulePayload {
    /// The rule, OFF until a version of it is published; null when none was started.
    rule: Option<Rule>,
    /// Its first draft; null when none was started.
    version: Option<RuleVersion>,
    /// Why none was started.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// A rule to save. With neither `rule` nor `basedOn` it is a new rule, whose slug the manifest gives.
#[derive(InputObject)]
pub struct SaveRuleInput {
    /// The rule that this is a version of; absent for a new rule. One of the platform whose lock is REPLACEABLE is replaced once this is
    /// published; it keeps its slug.
    rule: Option<ID>,
    /// The version that the author worked from, which must be the latest; absent for a new rule.
    based_on: Option<ID>,
    /// The manifest, in TOML, at most 32 KiB.
    manifest: String,
    /// The script, one expression of at most 8 KiB.
    source: String,
    /// What the author says of it, at most 500 characters.
    comment: Option<String>,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What a save came to. A version with diagnostics of severity ERROR is kept, and cannot be published.
#[derive(SimpleObject)]
pub struct SaveRulePayload {
    /// The rule; null when nothing was saved.
    rule: Option<Rule>,
    /// The new version; null when nothing was saved.
    version: Option<RuleVersion>,
    /// Why nothing was saved. A `RuleConflictError` tells who saved meanwhile, and what; a `RuleManifestError` what is wrong with a manifest
    /// that does not say how a new rule is called.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// What to publish.
#[derive(InputObject)]
pub struct PublishRuleInput {
    /// The version: a draft, saved after the version published now.
    version: ID,
    /// The version in force when the author looked (`Rule.active`); absent where none was. Nothing is published over another.
    expected_active: Option<ID>,
    /// The state that the rule takes; absent, ACTIVE. The first version in the place of a rule of the platform takes the state that the
    /// structure set of that rule, if it set one. A rule that is ACTIVE is not replaced by a version that is only OBSERVED, since
    /// nothing would be in force meanwhile.
    state: Option<RuleState>,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What a publication came to.
#[derive(SimpleObject)]
pub struct PublishRulePayload {
    /// The rule; null when nothing was published.
    rule: Option<Rule>,
    /// The version published; null when none was.
    version: Option<RuleVersion>,
    /// Why nothing was published. A `RuleConflictError` tells who changed the rule meanwhile, and what is in force now.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// A value for a parameter.
#[derive(InputObject)]
pub struct RuleParameterInput {
    /// The parameter.
    name: String,
    /// Its value, in the notation of manifests: `149`, `true`, `08:30`, a text, or a JSON array of texts.
    value: String,
}

/// What to set of a rule.
#[derive(InputObject)]
pub struct SetRuleStateInput {
    /// The rule.
    rule: ID,
    /// Its state; absent, it keeps the one it has.
    state: Option<RuleState>,
    /// Values for its parameters, each named once; parameters not named keep the one they have.
    parameters: Option<Vec<RuleParameterInput>>,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What setting a rule came to.
#[derive(SimpleObject)]
pub struct SetRuleStatePayload {
    /// The rule; null when nothing was set.
    rule: Option<Rule>,
    /// Why nothing was set.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// The mutations of rules.
#[derive(Default)]
pub struct RuleMutation;

/// The mutations of rules.
#[Object]
impl RuleMutation {
    /// Starts a rule of the structure from a template, or in the place of a rule of the platform that may be replaced: its first draft.
    /// Needs `READ_WRITE` on RULES.
    async fn start_rule(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "The rule to start.")] input: StartRuleInput,
    ) -> Result<StartRulePayload> {
        let session = Session::of(graphql);
        let StartRuleInput { from, slug, parameters, comment, client_mutation_id } = input;
        let from = match from {
            StartRuleFromInput::Template(slug) => StartFrom::Template(slug),
            StartRuleFromInput::Rule(id) => StartFrom::Rule(node_id::rule(&id)),
        };
        let input = StartRule { from, slug, parameters: given(parameters), comment };
        let done = async { ruleset::start(&session.ctx, session.caller()?, input).await };
        let (rule, version, errors) = saved(session, done.await).await?;
        Ok(StartRulePayload { rule, version, errors, client_mutation_id })
    }

    /// Saves a new draft version of a rule of the structure, or of a new one: checked, its cases run. Needs `READ_WRITE` on
    /// RULES.
    async fn save_rule(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "The rule to save.")] input: SaveRuleInput,
    ) -> Result<SaveRulePayload> {
        let session = Session::of(graphql);
        let SaveRuleInput { rule, based_on, manifest, source, comment, client_mutation_id } = input;
        let (rule, based_on) =
            (rule.as_ref().map(node_id::rule), based_on.as_ref().map(node_id::rule_version));
        let input = SaveRule { rule, based_on, manifest, source, comment };
        let done = async { ruleset::save(&session.ctx, session.caller()?, input).await };
        let (rule, version, errors) = saved(session, done.await).await?;
        Ok(SaveRulePayload { rule, version, errors, client_mutation_id })
    }

    /// Publishes a version of a rule of the structure: its checks and cases run once more, and the version published before
    /// is superseded. Needs `READ_WRITE` on RULES.
    async fn publish_rule(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to publish.")] input: PublishRuleInput,
    ) -> Result<PublishRulePayload> {
        let session = Session::of(graphql);
        let PublishRuleInput { version, expected_active, state, client_mutation_id } = input;
        let input = PublishRule {
            version: node_id::rule_version(&version),
            expected_active: expected_active.as_ref().map(node_id::rule_version),
            state: state.map(Into::into),
        };
        let done = async { ruleset::publish(&session.ctx, session.caller()?, input).await };
        let (rule, version, errors) = saved(session, done.await).await?;
        Ok(PublishRulePayload { rule, version, errors, client_mutation_id })
    }

    /// Sets the state and the parameters of a rule, as far as its lock and its bounds allow. Needs `READ_WRITE` on RULES.
    async fn set_rule_state(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to set.")] input: SetRuleStateInput,
    ) -> Result<SetRuleStatePayload> {
        let session = Session::of(graphql);
        let SetRuleStateInput { rule, state, parameters, client_mutation_id } = input;
        let (rule, state) = (node_id::rule(&rule), state.map(Into::into));
        let input = SetRule { rule, state, parameters: given(parameters) };
        let done = async { ruleset::set_state(&session.ctx, session.caller()?, input).await };
        let (rule, errors) = changed(session, done.await).await?;
        Ok(SetRuleStatePayload { rule, errors, client_mutation_id })
    }
}

/// Values by parameter, as services take them.
pub(super) fn given(parameters: Option<Vec<RuleParameterInput>>) -> Vec<(String, String)> {
    parameters.unwrap_or_default().into_iter().map(|given| (given.name, given.value)).collect()
}

/// The rule and the version written, or why none was, as payloads tell it.
pub(super) async fn saved(
    session: &Session,
    done: std::result::Result<Saved, Failure<RuleProblem>>,
) -> Result<(Option<Rule>, Option<RuleVersion>, Vec<UserError>)> {
    session.forget_rules().await;
    Ok(match session.outcome(done)? {
        Ok(Saved { rule, version }) => (Some(rule.into()), Some(version.into()), Vec::new()),
        Err(problem) => (None, None, told(session, problem).await?),
    })
}

/// What was changed, or why nothing was, as payloads tell it.
pub(super) async fn changed<T, U: From<T>>(
    session: &Session,
    done: std::result::Result<T, Failure<RuleProblem>>,
) -> Result<(Option<U>, Vec<UserError>)> {
    session.forget_rules().await;
    Ok(match session.outcome(done)? {
        Ok(done) => (Some(done.into()), Vec::new()),
        Err(problem) => (None, told(session, problem).await?),
    })
}

async fn told(session: &Session, problem: RuleProblem) -> Result<Vec<UserError>> {
    Ok(vec![match problem {
        RuleProblem::Input(problem) => session.user_error(&problem),
        RuleProblem::Locked(problem) => RuleLockedError::new(&session.ctx, &problem).into(),
        RuleProblem::Nameless(problem, diagnostics) => {
            let lang = session.ctx.lang;
            let all = diagnostics.iter().map(|diagnostic| RuleDiagnostic::new(diagnostic, lang)).collect();
            RuleManifestError::new(&session.ctx, &problem, all).into()
        }
        RuleProblem::Conflict(conflict) => {
            let by = session.account(conflict.by).await.map_err(|cause| fault(&session.ctx, cause))?;
            let (current, at) = (conflict.current.map(RuleVersion::from), conflict.at.map(|at| *at));
            RuleConflictError::new(&session.ctx, &conflict.problem, current, by, at).into()
        }
    }])
}
