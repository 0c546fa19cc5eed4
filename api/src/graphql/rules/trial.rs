//! Trying a rule before it is published: on facts, on a preview, or on a message to real people.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, OneofObject, Result, SimpleObject};
use rules::{Lang, Seen, Step};

use super::mutation::{RuleParameterInput, given};
use super::version::RuleDiagnostic;
use crate::error::Problem;
use crate::graphql::context::{Maybe, Session};
use crate::graphql::decisions::{Outcome, VerdictLevel};
use crate::graphql::error::UserError;
use crate::graphql::message::{AudienceInput, Exclusion, ExclusionConnection, MessageInput};
use crate::graphql::node_id;
use crate::graphql::page::{cost, page_args};
use crate::services::message::{self, LeftOut, Trial, TrialInput, TriedMessage, TriedOn};
use crate::services::ruleset::{Candidate, CandidateProblem};

/// Parts of a script that are shown of one run: a script of 8 KiB has more than anybody reads.
const MAX_STEPS: usize = 500;

/// Which rule to try.
#[derive(OneofObject)]
pub enum CandidateInput {
    /// A rule as it is: of the platform, or the published version of one of the structure's own.
    Rule(ID),
    /// A version of a rule of the structure, such as a draft.
    Version(ID),
    /// Texts that nobody saved.
    Texts(RuleTextsInput),
}

/// The two texts of a rule.
#[derive(InputObject)]
pub struct RuleTextsInput {
    /// The manifest, in TOML, at most 32 KiB.
    manifest: String,
    /// The script, one expression of at most 8 KiB.
    source: String,
}

impl From<CandidateInput> for Candidate {
    fn from(input: CandidateInput) -> Self {
        match input {
            CandidateInput::Rule(id) => Self::Rule(node_id::rule(&id)),
            CandidateInput::Version(id) => Self::Version(node_id::rule_version(&id)),
            CandidateInput::Texts(RuleTextsInput { manifest, source }) => Self::Texts { manifest, source },
        }
    }
}

/// What a rule is tried on.
#[derive(OneofObject)]
#[expect(clippy::large_enum_variant, reason = "one a request, read and turned into the service's at once")]
pub enum TryOnInput {
    /// Facts, as the cases of a manifest give them, each table of TOML a line or more: `message = { cost = 200 }`. What is not named has its
    /// reference value.
    Facts(String),
    /// A preview of this account's own.
    Preview(ID),
    /// A message to real people, as `previewSms` takes it. Nothing is sent.
    Message(TryMessageInput),
}

/// A message to try a rule on.
#[derive(InputObject)]
pub struct TryMessageInput {
    /// Whom it is for.
    audience: AudienceInput,
    /// What it says.
    message: MessageInput,
    /// Facts to lay over those of the message, written as those of a case: `now = { weekday = 6, hour = 10, minute_of_day = 600 }` tries the
    /// rule as of a Saturday at ten. Whom rules leave out is told as of now: not for a rule that looks at people.
    facts: Option<String>,
}

impl From<TryOnInput> for TriedOn {
    fn from(input: TryOnInput) -> Self {
        match input {
            TryOnInput::Facts(text) => Self::Facts(text),
            TryOnInput::Preview(id) => Self::Preview(node_id::preview(&id)),
            TryOnInput::Message(TryMessageInput { audience, message, facts }) => {
                Self::Message(message.to(audience.into()), facts)
            }
        }
    }
}

/// Which rule to try, with which values, on what.
#[derive(InputObject)]
pub struct TestRuleInput {
    /// The rule.
    candidate: CandidateInput,
    /// Values for its parameters, over those that the structure set.
    parameters: Option<Vec<RuleParameterInput>>,
    /// What it is tried on.
    on: TryOnInput,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What a trial came to.
#[derive(SimpleObject)]
pub struct TestRulePayload {
    /// How the rule fared; null when it could not be tried.
    test: Option<RuleTest>,
    /// All that keeps the rule from loading.
    diagnostics: Vec<RuleDiagnostic>,
    /// Why it could not be tried.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// How a rule fared.
#[derive(SimpleObject)]
pub struct RuleTest {
    /// The rule, by its name for programs.
    rule_slug: String,
    /// How grave its answer is. Of a rule that looks at people, its answer to the first whom it leaves out, or to the first of all.
    level: VerdictLevel,
    /// Its answer: one of its own codes, `PASS` or `RULE_ERROR`.
    code: String,
    /// The same for people, in the language of the request (`Accept-Language`).
    message: String,
    /// The operations that its script took: a measure of its work.
    operations: i64,
    /// The most that it can take, whatever the facts.
    operations_bound: i64,
    /// The parts of its script that were evaluated, each before its own parts, at most 500.
    trace: Vec<TraceStep>,
    /// The facts that it reads, as it saw them; without the text of the message.
    facts: Vec<FactSeen>,
    /// What would be enough for it to pass, where that can be told.
    fixes: Vec<RuleFix>,
    /// The same as one sentence, in the language of the request; null where nothing can be told.
    fix: Option<String>,
    /// What the message would come to; null when the rule was tried on facts alone.
    sms: Option<TriedSms>,
}

impl RuleTest {
    fn new(trial: Trial, lang: Lang) -> Self {
        let mut trace = Vec::new();
        if let Some(script) = &trial.trace.script {
            collect(script, 0, lang, &mut trace);
        }
        Self {
            rule_slug: trial.slug,
            level: trial.trace.level.into(),
            code: trial.trace.code,
            message: trial.trace.message.get(lang).to_owned(),
            operations: trial.trace.operations,
            operations_bound: i64::try_from(trial.operations_bound).unwrap_or(i64::MAX),
            trace,
            facts: trial.facts.into_iter().map(FactSeen::from).collect(),
            fix: rules::sentence(&trial.fixes).map(|text| text.get(lang).to_owned()),
            fixes: trial.fixes.iter().map(|fix| RuleFix::new(fix, lang)).collect(),
            sms: trial.message.map(TriedSms::from),
        }
    }
}

/// One part of a script that was evaluated. What `&&`, `||` or `if` left aside is not there.
#[derive(SimpleObject)]
pub struct TraceStep {
    /// How deep it lies: 0 is the whole script, and a part comes after what it is a part of.
    depth: i32,
    /// What it is: a fact, a parameter, an operator, a function, a constant.
    what: String,
    /// The line of the script, from 1.
    line: i32,
    /// The column in characters, from 1.
    column: i32,
    /// What it came to: `true`, `12`, a text or a list as JSON, a code; null where the text of the message would show.
    value: Option<String>,
    /// Why the run failed here, in the language of the request; null where it did not.
    failure: Option<String>,
}

fn collect(step: &Step, depth: i32, lang: Lang, into: &mut Vec<TraceStep>) {
    if into.len() == MAX_STEPS {
        return;
    }
    let place = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let (value, failure) = match &step.value {
        Seen::Bool(flag) => (Some(flag.to_string()), None),
        Seen::Int(number) => (Some(number.to_string()), None),
        Seen::Text(text) => (Some(serde_json::Value::from(text.as_str()).to_string()), None),
        Seen::Texts(items) => (Some(serde_json::Value::from(items.as_slice()).to_string()), None),
        Seen::Ints(items) => (Some(serde_json::Value::from(items.as_slice()).to_string()), None),
        Seen::Verdict(code) => (Some(code.clone()), None),
        Seen::Hidden { .. } => (None, None),
        Seen::Failed(reason) => (None, Some(reason.get(lang).to_owned())),
    };
    let (line, column) = (place(step.line), place(step.column));
    into.push(TraceStep { depth, what: step.what.clone(), line, column, value, failure });
    for part in &step.steps {
        collect(part, depth + 1, lang, into);
    }
}

/// A fact, as a rule saw it.
#[derive(SimpleObject)]
pub struct FactSeen {
    /// The fact, as scripts name it.
    path: String,
    /// Its value, as JSON.
    value: String,
}

impl From<(&'static str, serde_json::Value)> for FactSeen {
    fn from((path, value): (&'static str, serde_json::Value)) -> Self {
        Self { path: path.to_owned(), value: value.to_string() }
    }
}

/// One change that would be enough for a rule to pass.
#[derive(SimpleObject)]
pub struct RuleFix {
    /// The fact to change.
    fact: String,
    /// Its value now.
    from: i64,
    /// The nearest value with which the rule passes.
    to: i64,
    /// `to` less `from`.
    delta: i64,
    /// What to do, in the language of the request.
    text: String,
}

impl RuleFix {
    /// One change, as it is told in that language.
    pub fn new(fix: &rules::Fix, lang: Lang) -> Self {
        let rules::Fix { fact, from, to, delta, text } = fix;
        Self { fact: fact.clone(), from: *from, to: *to, delta: *delta, text: text.get(lang).to_owned() }
    }
}

/// What a message comes to as things are, and would come to with the rule in force, when an account that may send sends it.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct TriedSms {
    /// What the rules in force say of it.
    outcome: Outcome,
    /// What they would say.
    outcome_with_rule: Outcome,
    /// The SMS to send.
    message_count: i64,
    /// The SMS to send, with the rule.
    message_count_with_rule: i64,
    /// What they cost, in SMS of credit.
    cost: i64,
    /// What they cost, with the rule.
    cost_with_rule: i64,
    /// People whom the rule would leave out.
    left_out_count: i64,
    /// Some of them, at most 5; none for an account without `READ` on PEOPLE.
    left_out: Vec<Exclusion>,
    #[graphql(skip)]
    all_left_out: Arc<LeftOut>,
}

#[ComplexObject]
impl TriedSms {
    /// All whom the rule would leave out, by name: ask for the next page with the same trial again. Needs `READ` on PEOPLE.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn exclusions(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<ExclusionConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        session
            .maybe(async {
                let left_out = &self.all_left_out;
                let page =
                    message::tried_exclusions(&session.ctx, session.caller()?, left_out, &args).await?;
                Ok(Some(page.turn(Exclusion::together).into()))
            })
            .await
    }
}

impl From<TriedMessage> for TriedSms {
    fn from(tried: TriedMessage) -> Self {
        Self {
            outcome: tried.outcome_now.into(),
            outcome_with_rule: tried.outcome_then.into(),
            message_count: tried.messages.0,
            message_count_with_rule: tried.messages.1,
            cost: tried.cost.0,
            cost_with_rule: tried.cost.1,
            left_out_count: i64::try_from(tried.left_out.len()).unwrap_or(i64::MAX),
            left_out: Exclusion::together(tried.samples),
            all_left_out: tried.left_out,
        }
    }
}

/// The mutations that try rules.
#[derive(Default)]
pub struct TrialMutation;

/// The mutations that try rules.
#[Object]
impl TrialMutation {
    /// Tries a rule: what it answers and how it comes to it, and what a message would come to. Nothing is sent, and nothing changes. Needs
    /// `READ` on RULES.
    async fn test_rule(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to try, and on what.")] input: TestRuleInput,
    ) -> Result<TestRulePayload> {
        let session = Session::of(graphql);
        let TestRuleInput { candidate, parameters, on, client_mutation_id } = input;
        let input = TrialInput { rule: candidate.into(), parameters: given(parameters), on: on.into() };
        // Boxed: the future that holds it would take much of a stack.
        let done = Box::pin(async { message::try_rule(&session.ctx, session.caller()?, input).await });
        let lang = session.ctx.lang;
        Ok(match session.outcome(done.await)? {
            Ok(trial) => TestRulePayload {
                test: Some(RuleTest::new(trial, lang)),
                diagnostics: Vec::new(),
                errors: Vec::new(),
                client_mutation_id,
            },
            Err(problem) => {
                let (diagnostics, errors) = told(session, &problem);
                TestRulePayload { test: None, diagnostics, errors, client_mutation_id }
            }
        })
    }
}

/// What keeps a rule from being tried.
pub(super) fn told(session: &Session, problem: &CandidateProblem) -> (Vec<RuleDiagnostic>, Vec<UserError>) {
    let lang = session.ctx.lang;
    match problem {
        CandidateProblem::Input(problem) => (Vec::new(), vec![session.user_error(problem)]),
        CandidateProblem::Broken(diagnostics) => {
            let broken = Problem::new("RULE_DOES_NOT_LOAD").at(&["candidate"]);
            let all = diagnostics.iter().map(|diagnostic| RuleDiagnostic::new(diagnostic, lang));
            (all.collect(), vec![session.user_error(&broken)])
        }
    }
}
