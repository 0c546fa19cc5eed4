//! The loop of one instance: claim, begin, send, record, again.
//!
//! Architecture Invariants. Requests under way plus results not yet recorded never exceed the in-flight window: that is all a
//! crash can leave unknown. A result stays in hand until the database has it, however often it fails.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use uuid::Uuid;

use super::begin::{self, Ready};
use super::claim::{self, Claimed};
use super::lookup::Lookups;
use super::record::{self, Finished};
use super::sweep;
use crate::app::App;
use crate::domain::outcome::{Outcome, UnknownReason};
use crate::fault::{self, Bug, Point};
use crate::providers::{Outbound, Report};
use crate::services::message::Schedules;
use crate::services::receipts;
use crate::store::StoreError;

/// Results that are recorded without waiting for more.
const RESULTS: usize = 500;
/// How long a result may wait for others to be recorded with.
const RESULT_WAIT: Duration = Duration::from_millis(10);
/// How long between two looks at the queue when nothing rings, and between two sweeps.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long to wait after the database failed.
pub(super) const RETRY: Duration = Duration::from_secs(1);
/// How often to try, when asked to stop, to record what is in hand; the next process finds the rest unknown.
const LAST_TRIES: u32 = 5;
/// How long to wait at a time for a report that is on its way inside this process.
const REPORT_WAIT: Duration = Duration::from_millis(20);

/// One instance's hands.
pub(super) struct Worker {
    app: Arc<App>,
    me: Uuid,
    claimed: VecDeque<Claimed>,
    running: FuturesUnordered<BoxFuture<'static, Finished>>,
    finished: Vec<Finished>,
    record_at: Instant,
    reports: Vec<Report>,
    look_at: Instant,
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
            app,
            claimed: VecDeque::new(),
            running: FuturesUnordered::new(),
            finished: Vec::new(),
            record_at: now,
            reports: Vec::new(),
            look_at: now,
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
            let idle = self.running.is_empty() && self.finished.is_empty() && self.reports.is_empty();
            if stopping && idle {
                break;
            }
            tokio::select! {
                // Also when the handle is dropped.
                _ = &mut stop, if !stopping => stopping = true,
                () = self.wait(stopping) => {}
            }
        }
        if let Err(error) = claim::hand_back(&self.app, self.me).await {
            tracing::warn!(%error, "claimed messages could not be given back: others take them when the lease expires");
        }
    }

    /// Does all that can be done without waiting for a provider.
    async fn turn(&mut self, stopping: bool) -> Result<(), StoreError> {
        let now = Instant::now();
        let full = self.finished.len() >= RESULTS || self.running.is_empty() || now >= self.record_at;
        if !self.finished.is_empty() && full {
            self.record().await?;
        }
        self.apply_reports().await?;
        if stopping {
            return Ok(());
        }
        if now >= self.sweep_at {
            let more = sweep::sweep(&self.app).await? | self.lookups.step(&self.app).await?;
            self.sweep_at = if more { now } else { now + LOOK_EVERY };
        }
        if self.claimed.is_empty() && now >= self.look_at {
            self.claim().await?;
        }
        // Until something runs, or nothing is left: what was claimed may have been suppressed since, all of it.
        while self.has_use_for(self.room()) {
            self.begin(self.room()).await?;
        }
        Ok(())
    }

    /// Waits for something to do. Cut off, it loses nothing.
    async fn wait(&mut self, stopping: bool) {
        let mut until = if stopping { Instant::now() + LOOK_EVERY } else { self.sweep_at };
        if self.claimed.is_empty() && !stopping {
            until = until.min(self.look_at);
        }
        if !self.finished.is_empty() {
            until = until.min(self.record_at);
        }
        tokio::select! {
            Some(done) = self.running.next(), if !self.running.is_empty() => {
                self.take(done);
                while let Some(Some(done)) = self.running.next().now_or_never() {
                    self.take(done);
                }
            }
            () = self.app.providers.receive(&mut self.reports, receipts::BATCH) => {}
            () = self.app.queued.notified(), if self.claimed.is_empty() && !stopping => self.look_at = Instant::now(),
            () = sleep_until(until) => {}
        }
    }

    fn window(&self) -> usize {
        self.app.config.dispatch.in_flight.max(1)
    }

    fn room(&self) -> usize {
        self.window().saturating_sub(self.running.len() + self.finished.len())
    }

    /// Whether so much room is worth a commit: not each slot that frees is, half a window is.
    fn has_use_for(&self, room: usize) -> bool {
        room > 0 && !self.claimed.is_empty() && (room * 2 >= self.window() || room >= self.claimed.len())
    }

    fn take(&mut self, done: Finished) {
        if self.finished.is_empty() {
            self.record_at = Instant::now() + RESULT_WAIT;
        }
        self.finished.push(done);
    }

    async fn claim(&mut self) -> Result<(), StoreError> {
        let claimed = claim::claim(&self.app, self.me).await?;
        let now = Instant::now();
        self.look_at = if claimed.is_empty() { now + LOOK_EVERY } else { now };
        self.claimed.extend(claimed);
        Ok(())
    }

    /// Begins as many of the claimed messages as there is room for, and sends them.
    async fn begin(&mut self, room: usize) -> Result<(), StoreError> {
        let taken: Vec<Claimed> = self.claimed.drain(..room.min(self.claimed.len())).collect();
        let ready = match begin::begin(&self.app, self.me, taken.clone()).await {
            Ok(ready) => ready,
            Err(error) => {
                taken.into_iter().rev().for_each(|row| self.claimed.push_front(row));
                return Err(error);
            }
        };
        for ready in ready {
            self.running.push(send(Arc::clone(&self.app), ready).boxed());
        }
        Ok(())
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
            self.claim().await?;
            if self.claimed.is_empty() {
                break;
            }
            while !self.claimed.is_empty() {
                self.begin(self.window()).await?;
                while let Some(done) = self.running.next().await {
                    self.take(done);
                }
                self.record().await?;
            }
        }
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

/// The outcome as it is; with a bug planted, what that makes of a doubt.
async fn as_planted(app: &App, ready: &Ready, outbound: &Outbound, outcome: Outcome) -> Outcome {
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
