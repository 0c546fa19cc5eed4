//! Letting scheduled campaigns leave, each second.
//!
//! A task of its own beside the worker: judging takes what a send takes, and the answers of providers must not wait for it. Knows no rule; what
//! is due and what it becomes is `services::message`'s.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;

use super::worker::{LOOK_EVERY, RETRY};
use crate::app::App;
use crate::services::message::Schedules;

/// Judges what is due until told to stop. Cut off between two campaigns, it loses nothing.
pub(super) async fn run(app: Arc<App>, mut stop: oneshot::Receiver<()>) {
    let mut schedules = Schedules::default();
    loop {
        let wait = match schedules.step(&app).await {
            Ok(true) => Duration::ZERO,
            Ok(false) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(%error, "scheduled messages wait for the database");
                RETRY
            }
        };
        tokio::select! {
            // Also when the handle is dropped.
            _ = &mut stop => return,
            () = sleep(wait) => {}
        }
    }
}
