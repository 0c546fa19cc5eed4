//! The loop of one instance: claim, begin, send, record, again.
//!
//! Architecture Invariants. Requests under way plus results not yet recorded never exceed the in-flight window: that is all a
//! crash can leave unknown. A result stays in hand until the database has it, however often it fails. What is in hand and may not leave now keeps
//! nothing else waiting.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use entity::ids::MessageId;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use uuid::Uuid;

use super::begin::{self, Ready};
use super::claim::{self, Claimed, Rounds};
use super::lookup::Lookups;
use super::pace::{Now, Pace};
use super::record::{self, Finished};
use super::sweep;
use super::turns::Turns;
use crate::app::App;
use crate::domain::outcome::{Outcome, UnknownReason};
use crate::fault::{self, Bug, Point};
use crate::providers::health::Turn;
use crate::providers::{Outbound, Report};
use crate::services::message::Schedules;
use crate::services::receipts;
use crate::store::StoreError;

/// How long a result may wait for others to be recorded with, and a message in hand for others to be begun with.
const RESULT_WAIT: Duration = Duration::from_millis(10);
/// How long between two looks at the queue when nothing rings and nothing is missing, and between two sweeps.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long to wait after the database failed.
pub(super) const RETRY: Duration = Duration::from_secs(1);
/// How often to try, when asked to stop, to record what is in hand; the next process finds the rest unknown.
const LAST_TRIES: u32 = 5;
/// The most messages in hand, in claims.
const CLAIMS_IN_HAND: usize = 3;
/// How long to wait at a time for a report that is on its way inside this process.
const REPORT_WAIT: Duration = Duration::from_millis(20);

/// One instance's hands.
pub(super) struct Worker {
    app: Arc<App>,
    me: Uuid,
    turns: Turns,
    rounds: Rounds,
    pace: Pace,
    /// What was claimed of providers that closed since: for others, or for later.
    returned: Vec<MessageId>,
    /// Tasks of their own: answers come in while this one waits for the database.
    running: JoinSet<Finished>,
    finished: Vec<Finished>,
    record_at: Instant,
    reports: Vec<Report>,
    look_at: Instant,
    /// Whether the last look may have left something that there is room for.
    more: bool,
    /// Whether it left something only because of what is in hand.
    kept_back: bool,
    /// When what may leave is begun, though a larger batch could be waited for.
    begin_at: Instant,
    sweep_at: Instant,
    lookups: Lookups,
    /// Providers whose configuration was complained about already.
    complained: HashSet<String>,
}

impl Worker {
    pub(super) fn new(app: Arc<App>) -> Self {
        let now = Instant::now();
        Self {
            me: app.id(),
            pace: Pace::new(&app),
            app,
            turns: Turns::default(),
            rounds: Rounds::default(),
            returned: Vec::new(),
            running: JoinSet::new(),
            finished: Vec::new(),
            record_at: now,
            reports: Vec::new(),
            look_at: now,
            more: true,
            kept_back: false,
            begin_at: now,
            sweep_at: now,
            lookups: Lookups::new(),
            complained: HashSet::new(),
        }
    }

    /// Works until told to stop, then ends what is under way and gives back what was not begun.
    pub(super) async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        let mut stopping = false;
        let mut failures = 0;
        loop {
            match self.turn(stopping).await {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, failures, "the dispatcher waits for the database");
                    if stopping && failures >= LAST_TRIES {
                        return;
                    }
                    sleep(RETRY).await;
                }
            }
            if stopping && self.is_idle() {
                break;
            }
            tokio::select! {
                // Told to stop, it takes in no answer first that would make room to begin more.
                biased;
                // Also when the handle is dropped.
                _ = &mut stop, if !stopping => stopping = true,
                () = self.wait(stopping) => {}
            }
        }
        self.returned.extend(self.turns.take_out(|_| true));
        if let Err(error) = self.give_back().await {
            tracing::warn!(%error, "claimed messages could not be given back: others take them when the lease expires");
        }
    }

    /// Does all that can be done without waiting for a provider.
    async fn turn(&mut self, stopping: bool) -> Result<(), StoreError> {
        while let Some(done) = self.running.try_join_next() {
            self.take(done);
        }
        if self.has_results_to_record() {
            self.record().await?;
        }
        self.apply_reports().await?;
        self.give_back().await?;
        if stopping {
            return Ok(());
        }
        if Instant::now() >= self.sweep_at {
            self.sweep().await;
        }
        self.turns.forget(Instant::now());
        if Instant::now() >= self.look_at || self.lacks() {
            self.claim().await?;
        }
        // Until something runs, or nothing is left: what was claimed may have been suppressed since, all of it.
        while self.has_use_for(self.room()) && self.begin(self.room()).await? {}
        Ok(())
    }

    /// What time brings about. It may fail, for one row that is wrong, and sending goes on.
    async fn sweep(&mut self) {
        let (swept, looked_up) = (sweep::sweep(&self.app).await, self.lookups.step(&self.app).await);
        let more = swept.and_then(|more| Ok(more | looked_up?)).unwrap_or_else(|error| {
            tracing::warn!(%error, "what time brings about could not all be done: tried again in a moment");
            false
        });
        self.sweep_at = if more { Instant::now() } else { Instant::now() + LOOK_EVERY };
    }

    /// Waits for something to do. Cut off, it loses nothing.
    async fn wait(&mut self, stopping: bool) {
        let mut until = Instant::now() + LOOK_EVERY;
        if !stopping {
            until = until.min(self.sweep_at).min(self.look_at).min(self.begins_at());
        }
        if !self.finished.is_empty() {
            until = until.min(self.record_at);
        }
        tokio::select! {
            Some(done) = self.running.join_next() => self.take(done),
            () = self.app.providers.receive(&mut self.reports, receipts::BATCH) => {}
            () = self.app.queued.notified(), if !stopping => self.look_at = Instant::now(),
            () = sleep_until(until) => {}
        }
    }

    /// Whether so many results are worth a commit, or have waited for more.
    fn has_results_to_record(&self) -> bool {
        let many = self.finished.len() * 2 >= self.window() || self.running.is_empty();
        !self.finished.is_empty() && (many || Instant::now() >= self.record_at)
    }

    /// Whether nothing is under way, and nothing to be recorded.
    fn is_idle(&self) -> bool {
        self.running.is_empty() && self.finished.is_empty() && self.reports.is_empty()
    }

    fn window(&self) -> usize {
        self.app.config.dispatch.in_flight.max(1)
    }

    fn room(&self) -> usize {
        self.window().saturating_sub(self.running.len() + self.finished.len())
    }

    fn ready(&self) -> usize {
        self.pace.ready(&self.app, &self.turns, Now::of(&self.app))
    }

    /// Whether less than a window is in hand of what may leave, or nothing of a campaign that was, and the queue may have more.
    fn lacks(&self) -> bool {
        let stock = || self.pace.stock(&self.app, &self.turns, Now::of(&self.app));
        self.more && (self.turns.ran_out() || stock() < self.window())
    }

    /// Whether so much room is worth a commit: not each slot that frees is, half a window is, and a moment's wait.
    fn has_use_for(&self, room: usize) -> bool {
        let ready = self.ready();
        let worth = room * 2 >= self.window() || room >= ready || Instant::now() >= self.begin_at;
        room > 0 && ready > 0 && worth
    }

    /// When there is something to claim or to begin, unless something else happens before.
    fn begins_at(&self) -> Instant {
        let now = Instant::now();
        let never = now + LOOK_EVERY;
        if self.lacks() {
            return now;
        }
        if self.room() == 0 {
            return never;
        }
        let rated = self.pace.next(&self.app, &self.turns, Now::of(&self.app)).unwrap_or(never);
        if self.ready() > 0 { rated.min(self.begin_at) } else { rated }
    }

    fn take(&mut self, done: Result<Finished, JoinError>) {
        // A provider's code that panics is a defect of ours: the worker ends with it, and who runs it is told.
        let done = done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        self.pace.ended(&done.provider);
        self.note(&done);
        if self.finished.is_empty() {
            self.record_at = Instant::now() + RESULT_WAIT;
        }
        self.finished.push(done);
    }

    /// What a result says of its provider.
    fn note(&mut self, done: &Finished) {
        let provider = done.provider.as_str();
        let Some(alone) = self.app.config.dispatch.breaker else {
            return;
        };
        let alone = TimeDelta::from_std(alone).unwrap_or(TimeDelta::MAX);
        match self.app.providers.health().note(provider, &done.outcome, self.app.now(), alone) {
            Turn::None => {}
            Turn::Closed => {
                tracing::warn!(
                    provider,
                    "this provider fails, or asks to wait: its messages wait, and are not tried meanwhile"
                );
                self.returned.extend(self.turns.take_out(|message| &*message.provider == provider));
            }
            Turn::Reopened => {
                tracing::info!(provider, "this provider answers again: its messages go on");
                self.more = true;
            }
        }
    }

    /// Looks at the queue: at what is missing here, or at whose turn it is.
    async fn claim(&mut self) -> Result<(), StoreError> {
        self.look_at = Instant::now() + LOOK_EVERY;
        self.more = false;
        let most = usize::try_from(self.app.config.dispatch.claim).unwrap_or(usize::MAX);
        // The shares of campaigns count what is in hand of each: whoever comes in finds a place, however much of others is in hand.
        let budget = most.min((most * CLAIMS_IN_HAND).saturating_sub(self.turns.len()));
        if budget == 0 {
            return Ok(());
        }
        let room = self.pace.room(&self.app, &self.turns, budget, self.app.now());
        let looked = self.rounds.claim(&self.app, self.me, room).await?;
        self.more = looked.more;
        self.kept_back = looked.kept_back;
        self.turns.refill(looked.claimed);
        Ok(())
    }

    /// Gives back what was claimed of providers that closed.
    async fn give_back(&mut self) -> Result<(), StoreError> {
        claim::hand_back(&self.app, self.me, &self.returned).await?;
        self.returned.clear();
        Ok(())
    }

    /// Begins as many of the messages in hand as there is room for and may leave, and sends them; answers whether there were any.
    async fn begin(&mut self, room: usize) -> Result<bool, StoreError> {
        let taken = self.pace.take(&self.app, &mut self.turns, room, Now::of(&self.app));
        if taken.is_empty() {
            return Ok(false);
        }
        self.begin_at = Instant::now() + RESULT_WAIT;
        self.more |= std::mem::take(&mut self.kept_back);
        let begun = begin::begin(&self.app, self.me, taken.clone()).await;
        let mut ids: HashSet<MessageId> = begun.iter().flatten().map(|ready| ready.message).collect();
        // One may be in hand twice, after a clock was set: it leaves once.
        let left: Vec<Claimed> = taken.into_iter().filter(|message| !ids.remove(&message.id)).collect();
        for message in &left {
            self.pace.not_begun(message);
        }
        match begun {
            Ok(ready) => {
                self.returned.extend(left.iter().map(|message| message.id));
                for ready in ready {
                    self.running.spawn(send(Arc::clone(&self.app), ready));
                }
                Ok(true)
            }
            Err(error) => {
                self.turns.put_back(left);
                Err(error)
            }
        }
    }

    async fn record(&mut self) -> Result<(), StoreError> {
        let results: Arc<[Finished]> = std::mem::take(&mut self.finished).into();
        if let Err(error) = record::record(&self.app, Arc::clone(&results)).await {
            self.finished = results.to_vec();
            return Err(error);
        }
        for result in results.iter().filter(|result| result.outcome == Outcome::Misconfigured) {
            if self.complained.insert(result.provider.clone()) {
                tracing::error!(
                    provider = %result.provider,
                    "this provider refuses our configuration, or is not one of ours: its messages wait"
                );
            }
        }
        Ok(())
    }

    async fn apply_reports(&mut self) -> Result<(), StoreError> {
        receipts::apply(&self.app, &self.reports).await?;
        self.reports.clear();
        Ok(())
    }

    /// Sends all that is due, and records the reports that this process itself makes, then ends.
    pub(super) async fn drain(mut self) -> Result<(), StoreError> {
        let mut schedules = Schedules::default();
        while schedules.step(&self.app).await? {}
        while sweep::sweep(&self.app).await? | self.lookups.step(&self.app).await? {}
        loop {
            self.turn(false).await?;
            let waits = self.pace.next(&self.app, &self.turns, Now::of(&self.app)).is_some();
            if self.is_idle() && !self.lacks() && !waits {
                break;
            }
            self.wait(false).await;
        }
        self.returned.extend(self.turns.take_out(|_| true));
        self.give_back().await?;
        while self.app.providers.reports_due().await > 0 {
            let received = self.app.providers.receive(&mut self.reports, receipts::BATCH);
            // Late or not, those received are there; whether more are due is asked again.
            let _ = timeout(REPORT_WAIT, received).await;
            self.apply_reports().await?;
        }
        Ok(())
    }
}

/// Sends one message, once.
async fn send(app: Arc<App>, ready: Ready) -> Finished {
    let outcome = match (app.providers.get(&ready.provider), &ready.outbound) {
        (Some(provider), Some(outbound)) => {
            let answer = timeout(app.config.dispatch.timeout, provider.submit(outbound)).await;
            let outcome = answer.unwrap_or(Outcome::Unknown { reason: UnknownReason::Timeout });
            as_planted(&app, &ready, outbound, outcome).await
        }
        (Some(_), None) => Outcome::Rejected { code: "ERASED".to_owned() },
        (None, _) => Outcome::Misconfigured,
    };
    fault::at(Point::Answered);
    let Ready { message, place, attempt, number, provider, .. } = ready;
    Finished { message, place, attempt, number, provider, outcome }
}

/// The outcome as it is; with a bug planted, what that makes of it.
async fn as_planted(app: &App, ready: &Ready, outbound: &Outbound, outcome: Outcome) -> Outcome {
    if matches!(outcome, Outcome::NotSent { .. }) && fault::planted(Bug::RetryAfterIgnored) {
        return Outcome::NotSent { retry_after: None };
    }
    if !matches!(outcome, Outcome::Unknown { .. }) {
        return outcome;
    }
    let other = app.providers.names().find(|name| *name != ready.provider);
    match other.and_then(|name| app.providers.get(name)) {
        Some(other) if fault::planted(Bug::UnknownThroughAnother) => other.submit(outbound).await,
        _ if fault::planted(Bug::UnknownRequeued) => Outcome::NotSent { retry_after: None },
        _ => outcome,
    }
}
