//! `envoi migrate`.

use std::process::ExitCode;

use super::{CliError, print};
use crate::config::Config;
use crate::start::open_store;

/// Brings the database up to date.
pub(super) async fn run(config: Config) -> Result<ExitCode, CliError> {
    open_store(&config, true).await?.close().await;
    print("The database is up to date.")?;
    Ok(ExitCode::SUCCESS)
}
