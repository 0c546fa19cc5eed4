//! Rules judged by the past: what a draft, or other values, would have changed.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use rules::{Lang, Missing};

use super::mutation::{RuleParameterInput, given};
use super::trial::{CandidateInput, told};
use super::version::RuleDiagnostic;
use crate::error::Failure;
use crate::graphql::context::Session;
use crate::graphql::decisions::Outcome;
use crate::graphql::error::UserError;
use crate::graphql::node_id::NodeId;
use crate::i18n;
use crate::services::backtest::{Backtest, BacktestInput, Backtester, Example, Unknown};
use crate::services::ruleset::CandidateProblem;

/// Which rule to try on the past, with which values.
#[derive(InputObject)]
pub struct BacktestRuleInput {
    /// The rule.
    candidate: CandidateInput,
    /// Values for its parameters, over those that the structure set.
    parameters: Option<Vec<RuleParameterInput>>,
    /// How many days back, 1 to 366; of those days, at most the latest 50,000 decisions are looked at.
    #[graphql(default = 30)]
    days: i32,
    /// Given back as it is.
    pub client_mutation_id: Option<String>,
}

impl From<BacktestRuleInput> for BacktestInput {
    fn from(input: BacktestRuleInput) -> Self {
        let BacktestRuleInput { candidate, parameters, days, .. } = input;
        Self { rule: candidate.into(), parameters: given(parameters), days: i64::from(days) }
    }
}

/// What the past says of a rule.
#[derive(SimpleObject)]
pub struct BacktestRulePayload {
    /// What was found; null when the rule could not be tried.
    backtest: Option<RuleBacktest>,
    /// All that keeps the rule from loading.
    diagnostics: Vec<RuleDiagnostic>,
    /// Why it could not be tried.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

impl BacktestRulePayload {
    /// What was found so far.
    pub fn found(backtest: &Backtest, lang: Lang, client_mutation_id: Option<String>) -> Self {
        let backtest = Some(RuleBacktest::new(backtest, lang));
        Self { backtest, diagnostics: Vec::new(), errors: Vec::new(), client_mutation_id }
    }

    /// Why nothing was.
    pub fn refused(
        session: &Session,
        problem: &CandidateProblem,
        client_mutation_id: Option<String>,
    ) -> Self {
        let (diagnostics, errors) = told(session, problem);
        Self { backtest: None, diagnostics, errors, client_mutation_id }
    }
}

/// What a rule, had it counted, would have changed of the decisions taken: those of its stages, the latest first. People whom a rule would
/// leave out cannot be told, since what was known of each is not kept.
#[derive(SimpleObject)]
pub struct RuleBacktest {
    /// The rule, by its name for programs.
    rule_slug: String,
    /// Decisions from here on are looked at.
    since: DateTime<Utc>,
    /// How many there are to look at.
    total: i64,
    /// How many were looked at.
    examined: i64,
    /// Whether all were; the mutation stops where its request would take too long, the subscription goes on to the end.
    done: bool,
    /// On how many of them the rule has something to say.
    fired: i64,
    /// How many outcomes would be others: from what, to what.
    changes: Vec<OutcomeChange>,
    /// SMS of the sends that would have been refused.
    sms_refused: i64,
    /// SMS of the sends that would have had to be confirmed, and had not to.
    sms_to_confirm: i64,
    /// SMS of the previews that were refused and would not have been, each counted though it was repeated.
    sms_let_through: i64,
    /// Decisions that the rule cannot be run on again.
    not_replayable: Vec<NotReplayable>,
    /// Some of the decisions that would change, the latest first, at most 10.
    examples: Vec<BacktestExample>,
}

impl RuleBacktest {
    fn new(backtest: &Backtest, lang: Lang) -> Self {
        let change = |(&(from, to), &decisions): (&(rules::Outcome, rules::Outcome), &i64)| OutcomeChange {
            from: from.into(),
            to: to.into(),
            decisions,
        };
        let unknown = |(&why, &decisions): (&Unknown, &i64)| NotReplayable::new(why, decisions, lang);
        Self {
            rule_slug: backtest.slug.clone(),
            since: *backtest.since,
            total: backtest.total,
            examined: backtest.examined,
            done: backtest.done,
            fired: backtest.fired,
            changes: backtest.changes.iter().map(change).collect(),
            sms_refused: backtest.sms_refused,
            sms_to_confirm: backtest.sms_to_confirm,
            sms_let_through: backtest.sms_let_through,
            not_replayable: backtest.unknown.iter().map(unknown).collect(),
            examples: backtest.examples.iter().map(|example| BacktestExample::new(example, lang)).collect(),
        }
    }
}

/// How many outcomes would be others.
#[derive(SimpleObject)]
pub struct OutcomeChange {
    /// What they were.
    from: Outcome,
    /// What they would be.
    to: Outcome,
    /// How many.
    decisions: i64,
}

/// Decisions that a rule cannot be run on again, and why.
#[derive(SimpleObject)]
pub struct NotReplayable {
    /// Why, for programs: `PEOPLE`, `TEXT`, `FACT` or `VERDICTS`.
    reason: &'static str,
    /// The fact that was not kept; null for another reason.
    fact: Option<&'static str>,
    /// Why, for people, in the language of the request (`Accept-Language`).
    message: String,
    /// How many.
    decisions: i64,
}

impl NotReplayable {
    fn new(why: Unknown, decisions: i64, lang: Lang) -> Self {
        let (reason, fact) = match why {
            Unknown::Missing(Missing::People) => ("PEOPLE", None),
            Unknown::Missing(Missing::Text) => ("TEXT", None),
            Unknown::Missing(Missing::Fact(path)) => ("FACT", Some(path)),
            Unknown::Verdicts => ("VERDICTS", None),
        };
        let message = i18n::message(
            "NOT_REPLAYABLE",
            &[("reason", reason.into()), ("fact", fact.unwrap_or_default().into())],
            lang,
        );
        Self { reason, fact, message, decisions }
    }
}

/// A decision that would change.
#[derive(SimpleObject)]
pub struct BacktestExample {
    /// The id of the decision.
    decision: async_graphql::ID,
    /// When it was taken.
    at: DateTime<Utc>,
    /// What it came to.
    from: Outcome,
    /// What it would come to.
    to: Outcome,
    /// What the rule says.
    code: String,
    /// The same for people, in the language of the request.
    message: String,
}

impl BacktestExample {
    fn new(example: &Example, lang: Lang) -> Self {
        Self {
            decision: NodeId::Decision(example.decision).encode(),
            at: *example.at,
            from: example.from.into(),
            to: example.to.into(),
            code: example.code.clone(),
            message: example.message.get(lang).to_owned(),
        }
    }
}

/// The mutations that try rules on the past.
#[derive(Default)]
pub struct BacktestMutation;

/// The mutations that try rules on the past.
#[Object]
impl BacktestMutation {
    /// Runs a rule on the decisions already taken: how many would be others, which, and what that is in SMS. Nothing changes. The
    /// subscription of the same name tells what was found so far as it goes on, and goes on to the end where one request is too short
    /// (`done`). An account tries two rules at once (`BACKTESTS_TOO_MANY`). Needs `READ` on RULES.
    async fn backtest_rule(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to try.")] input: BacktestRuleInput,
    ) -> Result<BacktestRulePayload> {
        let session = Session::of(graphql);
        let client_mutation_id = input.client_mutation_id.clone();
        let done = async {
            let mut tester = Backtester::begin(&session.ctx, session.caller()?, input.into()).await?;
            tester.go_on_for_a_request().await?;
            Ok::<_, Failure<CandidateProblem>>(tester)
        };
        Ok(match session.outcome(done.await)? {
            Ok(tester) => BacktestRulePayload::found(tester.report(), session.ctx.lang, client_mutation_id),
            Err(problem) => BacktestRulePayload::refused(session, &problem, client_mutation_id),
        })
    }
}
