//! Rolling rules back, discarding their drafts, retiring them, and their order.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::mutation::{changed, saved};
use super::{Rule, RuleState, RuleVersion};
use crate::graphql::context::Session;
use crate::graphql::error::UserError;
use crate::graphql::node_id;
use crate::graphql::page::cost;
use crate::services::ruleset::{self, RollBackRule};

/// An earlier version to put in force again.
#[derive(InputObject)]
pub struct RollBackRuleInput {
    /// The rule.
    rule: ID,
    /// The version whose texts are to be in force again: one that was in force before.
    to_version: ID,
    /// The version in force when the author looked (`Rule.active`); absent where none was. Nothing is published over another.
    expected_active: Option<ID>,
    /// The state that the rule takes; absent, the one it has, or that of a first publication where no version of it is in force.
    state: Option<RuleState>,
    /// What the author says of it, at most 500 characters.
    comment: Option<String>,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What rolling a rule back came to.
#[derive(SimpleObject)]
pub struct RollBackRulePayload {
    /// The rule; null when nothing was published.
    rule: Option<Rule>,
    /// The new version, in force, with the texts of the earlier one; null when nothing was published.
    version: Option<RuleVersion>,
    /// Why nothing was published. A `RuleConflictError` tells who changed the rule meanwhile, and what is in force now.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// Drafts to discard.
#[derive(InputObject)]
pub struct DiscardRuleDraftInput {
    /// The rule.
    rule: ID,
    /// Its latest version when the author looked, a draft.
    version: ID,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What discarding drafts came to.
#[derive(SimpleObject)]
pub struct DiscardRuleDraftPayload {
    /// The rule without its drafts; null when nothing is left of it, or nothing was discarded.
    rule: Option<Rule>,
    /// Whether the drafts were discarded.
    discarded: bool,
    /// Why nothing was discarded. A `RuleConflictError` tells who saved meanwhile, and what.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// A rule to take out of use.
#[derive(InputObject)]
pub struct RetireRuleInput {
    /// The rule, one that the structure wrote.
    rule: ID,
    /// The version in force when the author looked (`Rule.active`). Nothing is retired under another.
    expected_active: Option<ID>,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What taking a rule out of use came to.
#[derive(SimpleObject)]
pub struct RetireRulePayload {
    /// The rule; null when nothing was changed.
    rule: Option<Rule>,
    /// Why nothing was changed. A `RuleConflictError` tells who changed the rule meanwhile, and what is in force now.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// An order of rules.
#[derive(InputObject)]
pub struct ReorderRulesInput {
    /// Every rule in use that the structure wrote, once, in the order in which they are to run. Those that replace rules of the platform
    /// keep the places of these, and are not named.
    rules: Vec<ID>,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What reordering rules came to.
#[derive(SimpleObject)]
pub struct ReorderRulesPayload {
    /// Every rule, in the order in which they run now; null when nothing was changed.
    #[graphql(complexity = "cost(Some(100), None, child_complexity)")]
    rules: Option<Vec<Rule>>,
    /// Why nothing was changed.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// The mutations of what rules become.
#[derive(Default)]
pub struct RuleLifeMutation;

/// The mutations of what rules become.
#[Object]
impl RuleLifeMutation {
    /// Puts the texts of an earlier version of a rule in force again, as a new version: checks and cases run once more. A rule that was
    /// retired comes back. Needs `READ_WRITE` on RULES.
    async fn roll_back_rule(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to go back to.")] input: RollBackRuleInput,
    ) -> Result<RollBackRulePayload> {
        let session = Session::of(graphql);
        let RollBackRuleInput { rule, to_version, expected_active, state, comment, client_mutation_id } =
            input;
        let input = RollBackRule {
            rule: node_id::rule(&rule),
            to: node_id::rule_version(&to_version),
            expected_active: expected_active.as_ref().map(node_id::rule_version),
            state: state.map(Into::into),
            comment,
        };
        let done = async { ruleset::roll_back(&session.ctx, session.caller()?, input).await };
        let (rule, version, errors) = saved(session, done.await).await?;
        Ok(RollBackRulePayload { rule, version, errors, client_mutation_id })
    }

    /// Discards the drafts of a rule that were saved since a version of it was last in force. A rule that never was in force is gone with
    /// them. Needs `READ_WRITE` on RULES.
    async fn discard_rule_draft(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to discard.")] input: DiscardRuleDraftInput,
    ) -> Result<DiscardRuleDraftPayload> {
        let session = Session::of(graphql);
        let DiscardRuleDraftInput { rule, version, client_mutation_id } = input;
        let (rule, version) = (node_id::rule(&rule), node_id::rule_version(&version));
        let done = async {
            let left = ruleset::discard(&session.ctx, session.caller()?, &rule, version).await?;
            Ok(Left(left.map(Rule::from)))
        };
        let (left, errors) = changed::<Left, Left>(session, done.await).await?;
        let discarded = left.is_some();
        Ok(DiscardRuleDraftPayload {
            rule: left.and_then(|left| left.0),
            discarded,
            errors,
            client_mutation_id,
        })
    }

    /// Takes a rule that the structure wrote out of use: it leaves the order and no longer runs; its versions are kept. The rule of the
    /// platform that it replaced runs again, as the structure had set it. Saving or rolling back brings it back. Needs `READ_WRITE` on
    /// RULES.
    async fn retire_rule(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to take out of use.")] input: RetireRuleInput,
    ) -> Result<RetireRulePayload> {
        let session = Session::of(graphql);
        let RetireRuleInput { rule, expected_active, client_mutation_id } = input;
        let (rule, expected) = (node_id::rule(&rule), expected_active.as_ref().map(node_id::rule_version));
        let done = async { ruleset::retire(&session.ctx, session.caller()?, &rule, expected).await };
        let (rule, errors) = changed(session, done.await).await?;
        Ok(RetireRulePayload { rule, errors, client_mutation_id })
    }

    /// Orders the rules that the structure wrote; they run after those of the platform. The order decides nothing but in which order reasons
    /// are told. Needs `READ_WRITE` on RULES.
    async fn reorder_rules(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "The order.")] input: ReorderRulesInput,
    ) -> Result<ReorderRulesPayload> {
        let session = Session::of(graphql);
        let ReorderRulesInput { rules, client_mutation_id } = input;
        let rules = rules.iter().map(node_id::rule).collect();
        let done = async {
            let views = ruleset::reorder(&session.ctx, session.caller()?, rules).await?;
            Ok(Ordered(Rule::together(views)))
        };
        let (ordered, errors) = changed::<Ordered, Ordered>(session, done.await).await?;
        let rules = ordered.map(|ordered: Ordered| ordered.0);
        Ok(ReorderRulesPayload { rules, errors, client_mutation_id })
    }
}

/// What is left of a rule without its drafts.
struct Left(Option<Rule>);

/// Every rule, in order.
struct Ordered(Vec<Rule>);
