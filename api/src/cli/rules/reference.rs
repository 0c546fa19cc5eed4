//! `envoi rules reference`.

use std::process::ExitCode;

use rules::{facts_reference, functions_reference};

use crate::cli::{CliError, print};

/// Prints what scripts may read and call, from the tables that the check itself goes by.
pub(super) fn run() -> Result<ExitCode, CliError> {
    print(&format!("## Facts\n\n{}", facts_reference()))?;
    print(&format!("## Functions\n\n{}", functions_reference().trim_end()))?;
    Ok(ExitCode::SUCCESS)
}
