//! Rules judged by the past: what a draft, or other values, would have changed of the decisions already taken.
//!
//! Architecture Invariant: reads only, a bounded number of decisions; one that lacks what the rule reads is counted as such, never guessed.
//! Each page is read in turn with those who watch, for the caller as he stands at that moment.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::TimeDelta;
use entity::At;
use entity::ids::{AccountId, DecisionId};
use entity::sensitive::Sensitive;
use futures::stream::{self, Stream};
use rules::{ActiveRule, Level, LocalText, Missing, Outcome, Stage, Verdict, join};
use tokio::time::{Instant, timeout_at};

use super::accounts;
use super::decisions::outcome_of;
use super::kept::{Kept, Span, Texts};
use crate::app::{App, Ctx};
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};
use crate::services::ruleset::{self, Candidate, CandidateProblem};

/// How far back a rule may be tried: what a season was like, and the one before.
pub const MAX_DAYS: i64 = 366;
/// The most decisions looked at, the latest first: some seconds' work.
pub const MAX_DECISIONS: u64 = 50_000;
/// Rules that an account tries at once: one, and another to compare it with.
const AT_ONCE: i64 = 2;
/// Of the time of a request, what is looked at takes no more than such a part: the answer is to be written too.
const TIME_SHARE: u32 = 2;
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
    pub unknown: BTreeMap<Unknown, i64>,
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

/// Why it cannot be told what a rule would have changed of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unknown {
    /// Too little was kept for the rule.
    Missing(Missing),
    /// What the other rules answered cannot be read.
    Verdicts,
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

/// How many rules each account is trying; those that try none are absent.
#[derive(Debug, Default)]
pub struct Backtests(Mutex<HashMap<AccountId, i64>>);

impl Backtests {
    fn accounts(&self) -> MutexGuard<'_, HashMap<AccountId, i64>> {
        self.0.lock().expect("invariant: nothing panics while it counts")
    }
}

/// One of the rules that an account may try at once, until dropped.
struct Place {
    app: Arc<App>,
    account: AccountId,
}

impl Place {
    fn take(ctx: &Ctx, account: AccountId) -> Result<Self, Problem> {
        let mut accounts = ctx.backtests.accounts();
        let under_way = accounts.entry(account).or_default();
        if *under_way >= AT_ONCE {
            return Err(Problem::new("BACKTESTS_TOO_MANY").with("max", AT_ONCE));
        }
        *under_way += 1;
        Ok(Self { app: Arc::clone(&ctx.app), account })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut accounts = self.app.backtests.accounts();
        if let Some(under_way) = accounts.get_mut(&self.account) {
            *under_way -= 1;
            if *under_way == 0 {
                accounts.remove(&self.account);
            }
        }
    }
}

/// A rule that is being tried on the past.
pub struct Backtester {
    ctx: Ctx,
    caller: Caller,
    _place: Place,
    rule: Arc<ActiveRule>,
    span: Span,
    report: Backtest,
}

impl Backtester {
    /// Begins, with nothing looked at.
    ///
    /// # Errors
    /// Those of [`ruleset::candidate`], [`Fault::Forbidden`] without READ on RULES among them; `BACKTEST_DAYS_INVALID`,
    /// `BACKTESTS_TOO_MANY`.
    pub async fn begin(
        ctx: &Ctx,
        caller: &Caller,
        input: BacktestInput,
    ) -> Result<Self, Failure<CandidateProblem>> {
        let BacktestInput { rule, parameters, days } = input;
        let place = Place::take(ctx, caller.account)?;
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
        let reads_text = rule.rule.reads().any(|fact| fact == "message.text");
        let texts = if reads_text { Texts::All } else { Texts::None };
        let span = Span::latest_first(caller.structure, since, stages, texts);
        let total = span.count(ctx, MAX_DECISIONS).await?;
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
        let (ctx, caller, rule) = (ctx.clone(), caller.clone(), Arc::new(rule));
        Ok(Self { ctx, caller, _place: place, rule, span, report })
    }

    /// Looks at some more decisions, if there are more.
    ///
    /// # Errors
    /// [`Fault::Unauthenticated`] once the session has ended, [`Fault::PermissionsChanged`], and the database's.
    pub async fn go_on(&mut self) -> Result<(), Fault> {
        let page = self.page().await?;
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

    /// The next decisions to look at. The turn is over when they are read: those who watch do not wait for the rule to run.
    async fn page(&mut self) -> Result<Vec<Kept>, Fault> {
        let _turn = self.ctx.store.turn().await;
        if accounts::renew(&self.ctx, &self.caller).await? != self.caller {
            return Err(Fault::PermissionsChanged);
        }
        let left = u64::try_from(self.report.total - self.report.examined).unwrap_or_default();
        self.span.next(&self.ctx, left).await
    }

    /// Looks at all, or at what can be looked at in the time of one request.
    ///
    /// # Errors
    /// Those of [`Self::go_on`].
    pub async fn go_on_for_a_request(&mut self) -> Result<(), Fault> {
        let end = Instant::now() + self.ctx.config.http.request_timeout / TIME_SHARE;
        while !self.report.done {
            // A step that is cut short leaves the report as it was before.
            match timeout_at(end, self.go_on()).await {
                Ok(done) => done?,
                Err(_) => break,
            }
        }
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
    fn cannot_tell(&mut self, why: Unknown) {
        *self.unknown.entry(why).or_default() += 1;
    }

    fn judge(&mut self, rule: &ActiveRule, kept: &Kept) {
        self.examined += 1;
        let text = kept.text.as_ref().map(Sensitive::expose);
        let ruling = match rule.rule.in_hindsight(&rule.params, &kept.facts, text) {
            Ok(ruling) => ruling,
            Err(missing) => return self.cannot_tell(Unknown::Missing(missing)),
        };
        let Ok(verdicts) = serde_json::from_value::<Vec<Verdict>>(kept.verdicts.clone()) else {
            return self.cannot_tell(Unknown::Verdicts);
        };
        self.fired += i64::from(ruling.level != Level::Pass);
        let others: Vec<Verdict> = verdicts.into_iter().filter(|verdict| verdict.slug != self.slug).collect();
        let (from, to) = (outcome_of(kept.outcome), join(&others).max(Outcome::from(ruling.level)));
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
            let (code, message) = (ruling.code, ruling.message);
            self.examples.push(Example { decision: kept.id, at: kept.at, from, to, code, message });
        }
    }
}

/// A stage, as decisions record it; none of what is recorded with another.
const fn stored(stage: Stage) -> Option<entity::enums::Stage> {
    match stage {
        Stage::Preview => Some(entity::enums::Stage::Preview),
        Stage::Send => Some(entity::enums::Stage::Send),
        Stage::Dispatch => Some(entity::enums::Stage::Dispatch),
        Stage::Recipient => None,
    }
}
