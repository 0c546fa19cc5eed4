//! Saving, publishing and setting rules.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{Rule, RuleState, RuleVersion};
use crate::graphql::context::Session;
use crate::graphql::error::{RuleLockedError, UserError};
use crate::graphql::node_id;
use crate::services::ruleset::{self, RuleProblem, SaveRule, Saved, SetRule};

/// A rule to save. With neither `rule` nor `basedOn` it is a new rule, whose slug the manifest gives.
#[derive(InputObject)]
pub struct SaveRuleInput {
    /// The rule that this is a version of; absent for a new rule.
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
    /// Why nothing was saved.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// What to publish.
#[derive(InputObject)]
pub struct PublishRuleInput {
    /// The version: a draft, saved after the version published now.
    version: ID,
    /// The state that the rule takes. A rule that is ACTIVE is not replaced by a version that is only OBSERVED, since nothing
    /// would be in force meanwhile.
    #[graphql(default_with = "RuleState::Active")]
    state: RuleState,
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
    /// Why nothing was published.
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

impl From<RuleParameterInput> for (String, String) {
    fn from(given: RuleParameterInput) -> Self {
        (given.name, given.value)
    }
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
        Ok(match session.outcome(done.await)? {
            Ok(Saved { rule, version }) => SaveRulePayload {
                rule: Some(rule.into()),
                version: Some(version.into()),
                errors: Vec::new(),
                client_mutation_id,
            },
            Err(problem) => SaveRulePayload {
                rule: None,
                version: None,
                errors: told(session, &problem),
                client_mutation_id,
            },
        })
    }

    /// Publishes a version of a rule of the structure: its checks and cases run once more, and the version published before
    /// is superseded. Needs `READ_WRITE` on RULES.
    async fn publish_rule(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to publish.")] input: PublishRuleInput,
    ) -> Result<PublishRulePayload> {
        let session = Session::of(graphql);
        let PublishRuleInput { version, state, client_mutation_id } = input;
        let version = node_id::rule_version(&version);
        let done = async { ruleset::publish(&session.ctx, session.caller()?, version, state.into()).await };
        Ok(match session.outcome(done.await)? {
            Ok(Saved { rule, version }) => PublishRulePayload {
                rule: Some(rule.into()),
                version: Some(version.into()),
                errors: Vec::new(),
                client_mutation_id,
            },
            Err(problem) => PublishRulePayload {
                rule: None,
                version: None,
                errors: told(session, &problem),
                client_mutation_id,
            },
        })
    }

    /// Sets the state and the parameters of a rule, as far as its lock and its bounds allow. Needs `READ_WRITE` on RULES.
    async fn set_rule_state(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to set.")] input: SetRuleStateInput,
    ) -> Result<SetRuleStatePayload> {
        let session = Session::of(graphql);
        let SetRuleStateInput { rule, state, parameters, client_mutation_id } = input;
        let parameters = parameters.unwrap_or_default().into_iter().map(Into::into).collect();
        let input = SetRule { rule: node_id::rule(&rule), state: state.map(Into::into), parameters };
        let done = async { ruleset::set_state(&session.ctx, session.caller()?, input).await };
        Ok(match session.outcome(done.await)? {
            Ok(rule) => {
                SetRuleStatePayload { rule: Some(rule.into()), errors: Vec::new(), client_mutation_id }
            }
            Err(problem) => {
                SetRuleStatePayload { rule: None, errors: told(session, &problem), client_mutation_id }
            }
        })
    }
}

fn told(session: &Session, problem: &RuleProblem) -> Vec<UserError> {
    vec![match problem {
        RuleProblem::Input(problem) => session.user_error(problem),
        RuleProblem::Locked(problem) => RuleLockedError::new(&session.ctx, problem).into(),
    }]
}
