//! `envoi audit`.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;

use super::{CliError, print};
use crate::app::Ctx;
use crate::services::audit::{self, Covers, FAULTS_NAMED, Journal, JournalError, Reconciled};

#[derive(Args)]
pub(super) struct Audit {
    /// A provider's journal to hold against what is stored: CSV with the columns `attempt` and `event`, a line for each message that
    /// it accepted. It must name all that were accepted of the attempts of `--provider` (without it: of every provider) begun
    /// from `--since` (without it: ever) until `--until` (without it: when the file is read): a message charged for any other is at fault.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// The provider whose journal it is, such as `kannel`: attempts through another are not held against it.
    #[arg(long, value_name = "NAME", requires = "journal")]
    provider: Option<String>,
    /// When the journal begins, such as 2026-03-01T00:00:00Z: attempts begun before are not held against it.
    #[arg(long, value_name = "INSTANT", requires = "journal")]
    since: Option<DateTime<Utc>>,
    /// Until when it is complete: attempts begun at that instant or later are not held against it. Give one some minutes before the
    /// list was made while messages were being sent.
    #[arg(long, value_name = "INSTANT", requires = "journal")]
    until: Option<DateTime<Utc>>,
}

impl Audit {
    /// Checks that what is stored adds up: one line a check, one line a fault, exit code 1 when there is any.
    pub(super) async fn run(self, ctx: &Ctx) -> Result<ExitCode, CliError> {
        let covers =
            Covers { provider: self.provider, since: self.since, until: self.until.or(Some(ctx.now())) };
        let journal = self.journal.map(read).transpose()?.map(|journal| journal.of(covers));
        let report = audit::run(ctx, journal).await?;
        for check in &report.checks {
            told(check.name, &check.faults)?;
        }
        if let Some(reconciled) = &report.reconciled {
            told("the provider's journal says the same", &reconciled.faults)?;
            print(&summary(reconciled))?;
        }
        let (structures, campaigns, messages) = (report.structures, report.campaigns, report.messages);
        print(&format!("{structures} structures, {campaigns} campaigns, {messages} messages examined"))?;
        Ok(if report.clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn read(path: PathBuf) -> Result<Journal, CliError> {
    Journal::read(&path).map_err(|error| match error {
        JournalError::File(cause) => CliError::File { path, cause },
        line @ JournalError::Line(_) => CliError::Refused(format!("{}: {line}", path.display())),
    })
}

fn told(name: &str, faults: &[String]) -> Result<(), CliError> {
    print(&format!("{}: {name}", if faults.is_empty() { "ok" } else { "FAULT" }))?;
    for fault in faults {
        print(&format!("    {fault}"))?;
    }
    if faults.len() as u64 == FAULTS_NAMED {
        print("    and perhaps more")?;
    }
    Ok(())
}

fn summary(found: &Reconciled) -> String {
    format!(
        "{} accepted by the provider: {} lost, {} duplicated, {} double-charged, {} charged but not accepted, {} accepted but not \
         charged, {} forged reports believed; {} in doubt, of which {} accepted",
        found.accepted,
        found.lost,
        found.duplicated,
        found.double_charged,
        found.charged_not_accepted,
        found.accepted_not_charged,
        found.forged,
        found.ambiguous,
        found.ambiguous_accepted,
    )
}
