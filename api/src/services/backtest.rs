//! Rules judged by the past: what a draft, or other values, would have changed of the decisions already taken.
//!
//! Architecture Invariant: reads only, a bounded number of decisions; one that lacks what the rule reads is counted as such, never guessed.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use entity::At;
use entity::ids::DecisionId;
use entity::sensitive::Sensitive;
use futures::stream::{self, Stream};
use rules::{ActiveRule, Level, LocalText, Outcome, Stage, Unreplayable, Verdict, join};

use super::decisions::outcome_of;
use super::kept::{Kept, Span};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};
use crate::services::ruleset::{self, Candidate, CandidateProblem};

/// How far back a rule may be tried: what a season was like, and the one before.
pub const MAX_DAYS: i64 = 366;
/// The most decisions looked at, the latest first: some seconds' work.
pub const MAX_DECISIONS: i64 = 50_000;
/// Decisions shown of those that would change.
const EXAMPLES: usize = 10;

/// What to try on the past.
#[derive(Debug, Clone)]
pub struct BacktestInput {
    /// The rule.
    pub rule: Candidate,
    /// Values by parameter, in the notation of manifests, over those set.
    pub parameters: Vec<(String, String)>,
    /// How many days back.
    pub days: i64,
}

/// What a rule would have changed, as far as was looked.
#[derive(Debug, Clone)]
pub struct Backtest {
    /// The rule, by its name for programs.
    pub slug: String,
    /// Decisions looked at begin here.
    pub since: At,
    /// How many there are to look at.
    pub total: i64,
    /// How many were looked at.
    pub examined: i64,
    /// On how many of them the rule has something to say.
    pub fired: i64,
    /// How many outcomes would be others: from what, to what.
    pub changes: BTreeMap<(Outcome, Outcome), i64>,
    /// Decisions that the rule cannot be run on again, by reason.
    pub unknown: BTreeMap<Unreplayable, i64>,
    /// SMS of the sends that would have been refused.
    pub sms_refused: i64,
    /// SMS of the sends that would have had to be confirmed, and had not to.
    pub sms_to_confirm: i64,
    /// SMS of the previews that were refused, and would not have been.
    pub sms_let_through: i64,
    /// Some of the decisions that would change, the latest first.
    pub examples: Vec<Example>,
    /// Whether all were looked at.
    pub done: bool,
}

/// A decision that would change.
#[derive(Debug, Clone)]
pub struct Example {
    /// The decision.
    pub decision: DecisionId,
    /// When it was taken.
    pub at: At,
    /// What it came to.
    pub from: Outcome,
    /// What it would come to.
    pub to: Outcome,
    /// What the rule says.
    pub code: String,
    /// The same for people.
    pub message: LocalText,
}

/// A rule that is being tried on the past.
pub struct Backtester {
    ctx: Ctx,
    rule: Arc<ActiveRule>,
    span: Span,
    report: Backtest,
}

impl Backtester {
    /// Begins, with nothing looked at.
    ///
    /// # Errors
    /// Those of [`ruleset::candidate`], [`Fault::Forbidden`] without READ on RULES among them; `BACKTEST_DAYS_INVALID`.
    pub async fn begin(
        ctx: &Ctx,
        caller: &Caller,
        input: BacktestInput,
    ) -> Result<Self, Failure<CandidateProblem>> {
        let BacktestInput { rule, parameters, days } = input;
        let rule = ruleset::candidate(ctx, caller, rule, &parameters).await?;
        if !(1..=MAX_DAYS).contains(&days) {
            return Err(Problem::new("BACKTEST_DAYS_INVALID").at(&["days"]).with("max", MAX_DAYS).into());
        }
        let manifest = rule.rule.manifest();
        // A rule that looks at people has nothing kept to run on; all that they were part of are counted so.
        let stages: Vec<_> = match manifest.stages.as_slice() {
            [Stage::Recipient] => vec![entity::enums::Stage::Preview, entity::enums::Stage::Send],
            stages => stages.iter().filter_map(|stage| stored(*stage)).collect(),
        };
        let since = At::from(ctx.now() - TimeDelta::days(days));
        let span = Span::latest_first(caller.structure, since, stages);
        let total = span.count(ctx).await?.min(MAX_DECISIONS);
        let report = Backtest {
            slug: manifest.slug.clone(),
            since,
            total,
            examined: 0,
            fired: 0,
            changes: BTreeMap::new(),
            unknown: BTreeMap::new(),
            sms_refused: 0,
            sms_to_confirm: 0,
            sms_let_through: 0,
            examples: Vec::new(),
            done: total == 0,
        };
        Ok(Self { ctx: ctx.clone(), rule: Arc::new(rule), span, report })
    }

    /// Looks at some more decisions, if there are more.
    ///
    /// # Errors
    /// The database's.
    pub async fn go_on(&mut self) -> Result<(), Fault> {
        let left = self.report.total - self.report.examined;
        let mut page = if left > 0 { self.span.next(&self.ctx).await? } else { Vec::new() };
        page.truncate(usize::try_from(left).unwrap_or(0));
        if page.is_empty() {
            self.report.done = true;
            return Ok(());
        }
        let (rule, mut report) = (Arc::clone(&self.rule), self.report.clone());
        let structure = self.span.structure();
        let judge = move || {
            for kept in &page {
                report.judge(&rule, kept);
            }
            report
        };
        self.report = self.ctx.evaluators.run(structure, judge).await?;
        self.report.done = self.report.examined >= self.report.total;
        Ok(())
    }

    /// What was found so far.
    #[must_use]
    pub fn report(&self) -> &Backtest {
        &self.report
    }

    /// Looks at all, telling what was found so far after each step; whoever reads no further ends it.
    pub fn steps(self) -> impl Stream<Item = Result<Backtest, Fault>> + Send + use<> {
        stream::unfold(Some(self), |tester| async {
            let mut tester = tester?;
            match tester.go_on().await {
                Ok(()) if tester.report.done => Some((Ok(tester.report), None)),
                Ok(()) => Some((Ok(tester.report.clone()), Some(tester))),
                Err(fault) => Some((Err(fault), None)),
            }
        })
    }
}

impl Backtest {
    fn judge(&mut self, rule: &ActiveRule, kept: &Kept) {
        self.examined += 1;
        let text = kept.text.as_ref().map(Sensitive::expose);
        let trace = match rule.rule.in_hindsight(&rule.params, &kept.facts, text) {
            Ok(trace) => trace,
            Err(why) => return *self.unknown.entry(why).or_default() += 1,
        };
        self.fired += i64::from(trace.level != Level::Pass);
        // One that cannot be read is found by whoever verifies; here it takes no part.
        let verdicts: Vec<Verdict> = serde_json::from_value(kept.verdicts.clone()).unwrap_or_default();
        let others: Vec<Verdict> = verdicts.into_iter().filter(|verdict| verdict.slug != self.slug).collect();
        let (from, to) = (outcome_of(kept.outcome), join(&others).max(Outcome::from(trace.level)));
        if from == to {
            return;
        }
        *self.changes.entry((from, to)).or_default() += 1;
        let cost = kept.facts.get("message.cost").and_then(serde_json::Value::as_i64).unwrap_or_default();
        match (kept.stage, from, to) {
            (entity::enums::Stage::Send, _, Outcome::Refused) => self.sms_refused += cost,
            (entity::enums::Stage::Send, Outcome::Allowed, _) => self.sms_to_confirm += cost,
            (entity::enums::Stage::Preview, Outcome::Refused, _) => self.sms_let_through += cost,
            _ => {}
        }
        if self.examples.len() < EXAMPLES {
            let (code, message) = (trace.code, trace.message);
            self.examples.push(Example { decision: kept.id, at: kept.at, from, to, code, message });
        }
    }
}

/// A stage, as decisions record it; none of what is recorded with another.
const fn stored(stage: Stage) -> Option<entity::enums::Stage> {
    match stage {
        Stage::Preview => Some(entity::enums::Stage::Preview),
        Stage::Send => Some(entity::enums::Stage::Send),
        Stage::Recipient => None,
    }
}
