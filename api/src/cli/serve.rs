//! `envoi serve`.

use std::future::{Future, pending};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{CliError, demo, open, print, reload};
use crate::app::App;
use crate::caller::Operator;
use crate::config::{Config, RateLimit};
use crate::providers::sandbox::DEMO_REPORT_WITHIN;
use crate::services::operator;
use crate::start::open_store;
use crate::store::Serving;
use crate::{dispatch, http, log};

#[derive(Args)]
pub(super) struct Serve {
    /// Load the demonstration's data first, if they are not there; orders of credit are approved at once.
    #[arg(long)]
    demo: bool,
    /// Bring the database up to date first. An SQLite file always is.
    #[arg(long)]
    migrate: bool,
}

impl Serve {
    /// Serves until the process is told to end (SIGINT or SIGTERM), then lets what is under way finish.
    pub(super) async fn run(self, mut config: Config) -> Result<ExitCode, CliError> {
        if self.demo {
            config.credit.auto_approve = true;
            config.sandbox.report_within.get_or_insert(DEMO_REPORT_WITHIN);
        }
        log::to_stderr(&config.log);
        if config.rate_limit != RateLimit::Off {
            tracing::warn!("the setting rate_limit is not enforced by this version");
        }
        let listen = |cause| CliError::Listen { address: config.listen, cause };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        config.listen = address;
        let told_to_end = end_signal().map_err(CliError::Runtime)?;
        // Before anything is brought up to date under another server. Until the process ends.
        let _serving = Serving::begin(&config.database.url)?;
        if self.migrate {
            open_store(&config, true).await?.close().await;
        }
        let ctx = open(config).await?;
        if self.demo {
            demo::load(&ctx, Operator::at_the_command_line()).await?;
        }
        for (provider, structures) in
            operator::absent_providers(&ctx, Operator::at_the_command_line()).await?
        {
            tracing::warn!(
                provider,
                structures,
                "structures send through a provider that is not configured here, and can send nothing: configure it, or give them another with `envoi settings set --provider`"
            );
        }
        reload::warn(&ctx.app).await;
        tracing::info!(server.address = %address, "listening");
        print(&format!("Envoi listens on http://{address}"))?;
        if self.demo {
            print(&demo::sign_ins())?;
        }
        let reloading = reload::spawn(&ctx.app).map_err(CliError::Runtime)?;
        let mut sending = ctx.config.dispatch.enabled.then(|| dispatch::spawn(Arc::clone(&ctx.app)));
        let stopper = sending.as_mut().and_then(dispatch::Handle::stopper);
        let served = tokio::select! {
            () = serve(&ctx.app, listener, told_to_end, stopper) => Ok(()),
            () = ended(sending.as_mut()) => Err(CliError::DispatcherEnded),
        };
        if let Some(sending) = sending {
            sending.stop().await;
        }
        if let Some(reloading) = reloading {
            reloading.abort();
        }
        ctx.store.clone().close().await;
        tracing::info!("stopped");
        served.map(|()| ExitCode::SUCCESS)
    }
}

/// Ends when the dispatcher does, unasked: a server that accepts what it cannot send must not go on.
async fn ended(sending: Option<&mut dispatch::Handle>) {
    match sending {
        Some(sending) => sending.ended().await,
        None => pending().await,
    }
}

async fn serve(
    app: &Arc<App>,
    listener: TcpListener,
    told_to_end: impl Future<Output = ()>,
    sending: Option<dispatch::Stopper>,
) {
    let sockets = http::Sockets::at_most(app.config.http.max_sockets);
    let router = http::router(Arc::clone(app), sockets.clone());
    let (ending, ended) = oneshot::channel();
    let told = async {
        told_to_end.await;
        // At once: requests that take long to answer must not have more messages begun.
        if let Some(sending) = sending {
            sending.stop();
        }
        tracing::info!("stopping: what is under way is finished first");
        sockets.close();
        let _ = ending.send(());
    };
    let finished = async {
        http::serve(listener, router, &app.config.http, told).await;
        // The server forgets a connection that became a socket.
        sockets.closed().await;
    };
    tokio::select! {
        () = finished => {}
        () = too_long(ended, app.config.http.request_timeout) => {
            tracing::warn!("some connections were still open and are cut");
        }
    }
}

/// Ends when `patience` has passed since the server was told to.
async fn too_long(ended: oneshot::Receiver<()>, patience: Duration) {
    if ended.await.is_err() {
        pending::<()>().await;
    }
    tokio::time::sleep(patience).await;
}

/// Ends when the process is asked to.
fn end_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        let terminated = async { terminate.recv().await };
        #[cfg(not(unix))]
        let terminated = pending::<Option<()>>();
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated => {}
        }
    })
}
