//! `envoi rules`: what authors of rules do at their desk, with no database and no settings; and what the operator does with the
//! rules and decisions that are kept.
//!
//! Exit codes: 0, all is well; 1, a rule is refused, or something was not done; 2, the command line names what is not there.

mod check;
mod draw;
mod explain;
mod files;
mod kept;
mod new;
mod reference;
mod run;
mod test;
mod verify;
mod words;

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::{CliError, block_on, on_database};
use crate::app::Ctx;
use crate::caller::Operator;
use crate::config::{Config, ConfigError};
use words::Words;

#[derive(Args)]
pub(super) struct Rules {
    /// The language of what is said; by default that of `LC_ALL`, `LC_MESSAGES` or `LANG`, and English.
    #[arg(long, global = true, value_enum)]
    lang: Option<Language>,
    #[command(subcommand)]
    command: Command,
}

/// A language of authors.
#[derive(Clone, Copy, ValueEnum)]
enum Language {
    /// French.
    Fr,
    /// English.
    En,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Desk(Desk),
    #[command(flatten)]
    Kept(Kept),
}

/// What takes files alone.
#[derive(Subcommand)]
enum Desk {
    /// Start a rule: write its two files, which pass every check.
    New(new::New),
    /// Check rules, and show in their texts what is wrong; exit with 1 when a rule is refused.
    Check(check::Check),
    /// Run the cases of rules; exit with 1 when one does not hold.
    Test(test::Test),
    /// Run a rule on facts: its verdict, its message, what it read, the smallest fix.
    Run(run::Run),
    /// Print the reference of facts and functions, in Markdown.
    Reference,
}

/// What works on an open database.
#[derive(Subcommand)]
enum Kept {
    /// List the rules of the platform, or those of a structure as it set them: version, state, lock, title.
    List(kept::List),
    /// Write the two files of a rule of a structure.
    Export(kept::Export),
    /// Bring rules into a structure from their files, checked as the API checks them; they bear its first administrator's name.
    Import(kept::Import),
    /// Tell why a send was allowed or refused: each rule, what it answered, what it knew.
    Explain(explain::Explain),
    /// Take stored decisions again; exit with 1 when some verdict is not what its rule answers.
    Verify(verify::Verify),
}

impl Rules {
    /// Runs the command; the settings are read by those that need them.
    pub(super) fn run(
        self,
        settings: impl FnOnce() -> Result<Config, ConfigError>,
    ) -> Result<ExitCode, CliError> {
        let words = Words::of(self.lang);
        match self.command {
            Command::Desk(desk) => desk.run(words),
            Command::Kept(kept) => {
                block_on(on_database(settings()?, async |ctx, operator| kept.run(ctx, operator, words).await))
            }
        }
    }
}

impl Desk {
    fn run(self, words: Words) -> Result<ExitCode, CliError> {
        match self {
            Self::New(new) => new.run(words),
            Self::Check(check) => check.run(words),
            Self::Test(test) => test.run(words),
            Self::Run(run) => run.run(words),
            Self::Reference => reference::run(),
        }
    }
}

impl Kept {
    async fn run(self, ctx: &Ctx, operator: Operator, words: Words) -> Result<ExitCode, CliError> {
        match self {
            Self::List(list) => list.run(ctx, operator, words).await,
            Self::Export(export) => export.run(ctx, operator, words).await,
            Self::Import(import) => import.run(ctx, operator, words).await,
            Self::Explain(explain) => explain.run(ctx, operator, words).await,
            Self::Verify(verify) => verify.run(ctx, operator, words).await,
        }
    }
}
