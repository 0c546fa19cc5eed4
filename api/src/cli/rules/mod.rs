//! `envoi rules`: what authors of rules do at their desk, with no database and no settings; and what the operator does with the
//! rules and decisions that are kept.
//!
//! Exit codes: 0, all is well; 1, a rule is refused, or something was not done; 2, the command line names what is not there.

mod check;
mod draw;
mod files;
mod new;
mod reference;
mod run;
mod test;
mod words;

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::CliError;
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

impl Rules {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let words = Words::of(self.lang);
        match self.command {
            Command::New(new) => new.run(words),
            Command::Check(check) => check.run(words),
            Command::Test(test) => test.run(words),
            Command::Run(run) => run.run(words),
            Command::Reference => reference::run(),
        }
    }
}
