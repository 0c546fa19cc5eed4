//! Sending what is queued.
//!
//! Each instance runs one worker: it claims queued messages (a lease, which authorises nothing), begins as many as its window
//! and its pace allow, in turns (states and attempts committed before any request leaves), asks the providers, and records what came of it.
//! Knows no tenant's request: it serves all structures. Changes of state, and the credit and counters that go with them, are
//! `services::delivery`'s.
//!
//! Architecture Invariants:
//! - An attempt authorises one request at most. A message is sent again only on proof that it was not accepted; what is
//!   ambiguous is `UNKNOWN`, looked up or reported on, written off in the end, never sent again.
//! - No transaction lasts across a request to a provider.
//! - On PostgreSQL every transaction here and in the services takes its locks in the same order: credit rows, then campaigns,
//!   then messages; structures and campaigns in ascending order of id. A claim takes messages alone, and skips those that
//!   others hold. A send takes the credit row last: its campaign and messages are new, and nobody waits for them.
//! - Instants that are stored come from the injected clock; the runtime's timers serve for waiting only.

mod backoff;
mod begin;
mod claim;
mod hours;
mod lookup;
mod pace;
mod rate;
mod record;
mod schedule;
mod sweep;
mod turns;
mod worker;

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

use crate::app::App;
use crate::store::StoreError;
use worker::Worker;

/// A dispatcher that runs. Dropped, it stops by itself, unwaited for.
#[must_use = "dropping the handle stops the dispatcher"]
#[derive(Debug)]
pub struct Handle {
    stopper: Option<Stopper>,
    /// None once they are known to have ended.
    worker: Option<JoinHandle<()>>,
    schedules: Option<JoinHandle<()>>,
}

/// What tells a dispatcher to stop. Dropped, it tells so too.
#[derive(Debug)]
pub struct Stopper {
    worker: oneshot::Sender<()>,
    schedules: oneshot::Sender<()>,
}

impl Stopper {
    /// From now on nothing more begins.
    pub fn stop(self) {
        // They may have ended already.
        let _ = self.worker.send(());
        let _ = self.schedules.send(());
    }
}

impl Handle {
    /// What tells it to stop before it is waited for, once.
    #[must_use]
    pub fn stopper(&mut self) -> Option<Stopper> {
        self.stopper.take()
    }

    /// Waits until the dispatcher, or what lets scheduled messages leave, ends by itself, which only a defect makes them do.
    pub async fn ended(&mut self) {
        let (worker, schedules) = (&mut self.worker, &mut self.schedules);
        let ended = tokio::select! {
            ended = end_of(worker) => { *worker = None; ended }
            ended = end_of(schedules) => { *schedules = None; ended }
        };
        match ended {
            Err(error) => tracing::error!(%error, "the dispatcher ended badly"),
            // It was told to.
            Ok(()) => std::future::pending().await,
        }
    }

    /// Stops: begins nothing more, waits for the answers under way (at most as long as a provider may take), records them, and
    /// gives back what was claimed.
    pub async fn stop(self) {
        if let Some(stopper) = self.stopper {
            stopper.stop();
        }
        for task in [self.schedules, self.worker].into_iter().flatten() {
            if let Err(error) = task.await {
                tracing::error!(%error, "the dispatcher ended badly");
            }
        }
    }
}

/// Starts this instance's dispatcher.
///
/// # Panics
/// Outside a Tokio runtime.
pub fn spawn(app: Arc<App>) -> Handle {
    let (stop_worker, worker_stopped) = oneshot::channel();
    let (stop_schedules, schedules_stopped) = oneshot::channel();
    let schedules = Some(tokio::spawn(schedule::run(Arc::clone(&app), schedules_stopped)));
    let worker = Some(tokio::spawn(Worker::new(app).run(worker_stopped)));
    Handle { stopper: Some(Stopper { worker: stop_worker, schedules: stop_schedules }), worker, schedules }
}

/// How a task ends. One that has ended already ends no more.
async fn end_of(task: &mut Option<JoinHandle<()>>) -> Result<(), JoinError> {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}

/// Sends all that is due now, by the same steps as a running dispatcher, and waits for the reports that providers inside this
/// process make of it. What is to be tried again later stays queued.
///
/// # Errors
/// The database's, at the first failure.
pub async fn run_until_idle(app: &Arc<App>) -> Result<(), StoreError> {
    Worker::new(Arc::clone(app)).drain().await
}
