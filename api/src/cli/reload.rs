//! Keeps the platform's rules those of the operator's folder while the server runs.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use crate::services::ruleset::Look;

/// How often the folder is looked at: what an operator copies there is in force within two of these, and a look reads a few small files.
const LOOK: Duration = Duration::from_secs(1);

/// Looks at the folder from time to time, and at once on SIGHUP. Nothing, where the settings name no folder: a hangup then ends the process,
/// as that of any other.
///
/// # Errors
/// The system's, which gives no signals.
pub(super) fn spawn(app: &Arc<App>) -> std::io::Result<Option<JoinHandle<()>>> {
    if app.config.rules.plugins.is_none() {
        return Ok(None);
    }
    #[cfg(unix)]
    let mut hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
    let app = Arc::clone(app);
    Ok(Some(tokio::spawn(async move {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            #[cfg(unix)]
            let told = hangup.recv();
            #[cfg(not(unix))]
            let told = pending::<Option<()>>();
            let asked = tokio::select! {
                _ = ticks.tick() => false,
                told = told => match told {
                    Some(()) => true,
                    None => pending().await,
                },
            };
            let app = Arc::clone(&app);
            if let Ok(look) = tokio::task::spawn_blocking(move || app.platform.look(asked)).await {
                tell(&look, asked);
            }
        }
    })))
}

fn tell(look: &Look, asked: bool) {
    match look {
        Look::Loaded { rules } => tracing::info!(rules, "the operator's rules were loaded again"),
        Look::Refused(error) => {
            tracing::error!(%error, "the operator's rules were not loaded again: those before stay in force");
        }
        Look::Gone(slugs) => tracing::error!(
            rules = slugs.join(", "),
            "rules of the operator are gone from their folder, and stay in force: send SIGHUP to confirm"
        ),
        Look::Same if asked => tracing::info!("the operator's rules are as they were"),
        Look::Same | Look::Changing => {}
    }
}
