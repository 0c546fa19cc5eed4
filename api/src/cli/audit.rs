//! `envoi audit`.

use std::process::ExitCode;

use super::{CliError, print};
use crate::app::Ctx;
use crate::services::audit::{self, FAULTS_NAMED};

/// Checks that what is stored adds up: one line a check, one line a fault, exit code 1 when there is any.
pub(super) async fn run(ctx: &Ctx) -> Result<ExitCode, CliError> {
    let report = audit::run(ctx).await?;
    for check in &report.checks {
        print(&format!("{}: {}", if check.faults.is_empty() { "ok" } else { "FAULT" }, check.name))?;
        for fault in &check.faults {
            print(&format!("    {fault}"))?;
        }
        if check.faults.len() as u64 == FAULTS_NAMED {
            print("    and perhaps more")?;
        }
    }
    let (structures, campaigns, messages) = (report.structures, report.campaigns, report.messages);
    print(&format!("{structures} structures, {campaigns} campaigns, {messages} messages examined"))?;
    Ok(if report.clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
