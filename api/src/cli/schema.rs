//! `envoi schema`.

use std::process::ExitCode;

use super::{CliError, print};
use crate::graphql;

/// Prints the GraphQL schema, as its definition language writes it.
pub(super) fn run() -> Result<ExitCode, CliError> {
    print(graphql::sdl().trim_end())?;
    Ok(ExitCode::SUCCESS)
}
