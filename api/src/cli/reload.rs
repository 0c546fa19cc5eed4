//! Keeps the platform's rules those of the operator's folder while the server runs.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use rules::Lang;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::{App, Ctx};
use crate::caller::Operator;
use crate::services::ruleset::{Look, Namesake, namesakes};

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
            let looking = Arc::clone(&app);
            if let Ok(look) = tokio::task::spawn_blocking(move || looking.platform.look(asked)).await {
                tell(&look, asked);
                if matches!(look, Look::Loaded { .. }) {
                    warn(&app).await;
                }
            }
        }
    })))
}

/// Warns of what the operator's rules take the place of, or run beside.
pub(super) async fn warn(app: &Arc<App>) {
    let ctx = Ctx::new(Arc::clone(app), Lang::En);
    for (slug, title) in ctx.catalog.locked_replaced() {
        tracing::warn!(
            rule = slug,
            title = title.en,
            "a rule of the operator's folder is in the place of a built-in that is LOCKED: what the built-in refuses is no longer refused by it"
        );
    }
    let namesakes = match namesakes(&ctx, Operator::at_the_command_line()).await {
        Ok(namesakes) => namesakes,
        Err(cause) => {
            tracing::error!(%cause, "the rules of structures that share a name with the operator's could not be read");
            return;
        }
    };
    for Namesake { structure, slug, in_its_place } in namesakes {
        let runs = if in_its_place { "the structure's alone" } else { "both" };
        tracing::warn!(
            rule = slug,
            structure,
            runs,
            "a rule of the operator's folder and one that a structure wrote have the same name"
        );
    }
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
        Look::Mended => {
            tracing::info!(
                "the operator's folder holds the rules in force again: what was refused is mended"
            );
        }
        Look::Same if asked => tracing::info!("the operator's rules are as they were"),
        Look::Same | Look::Changing => {}
    }
}
