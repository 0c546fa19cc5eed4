//! `envoi rules test`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use rules::{Rule, Trial};

use super::draw::draw;
use super::files::{Pair, pairs};
use super::run::{facts, steps};
use super::words::Words;
use crate::cli::{CliError, print};

#[derive(Args)]
pub(super) struct Test {
    /// Files of rules (either half names the rule), and folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Tell how the rule came to its answer in each case that does not hold.
    #[arg(long)]
    trace: bool,
}

impl Test {
    pub(super) fn run(self, words: Words) -> Result<ExitCode, CliError> {
        let (mut held, mut failed) = (0_i64, 0_i64);
        for pair in pairs(&self.paths, words)? {
            match self.cases(&pair, words)? {
                Some((these_held, these_failed)) => {
                    held += these_held;
                    failed += these_failed;
                }
                None => failed += 1,
            }
        }
        words.print("RULES_TESTED", &[("held", held.into()), ("failed", failed.into())])?;
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Runs the cases of one rule: how many hold, and how many do not; none when they cannot be run.
    fn cases(&self, pair: &Pair, words: Words) -> Result<Option<(i64, i64)>, CliError> {
        let texts = match pair.read(words) {
            Ok(texts) => texts,
            Err(reason) => {
                print(&reason)?;
                return Ok(None);
            }
        };
        let trials = match Rule::try_cases(&texts.manifest, &texts.source) {
            Ok(trials) => trials,
            Err(diagnostics) => {
                for diagnostic in &diagnostics {
                    print(&draw(diagnostic, pair, &texts, words))?;
                    print("")?;
                }
                return Ok(None);
            }
        };
        let (mut held, mut failed) = (0, 0);
        for trial in &trials {
            if trial.holds() {
                held += 1;
            } else {
                failed += 1;
            }
            self.tell(pair, trial, words)?;
        }
        Ok(Some((held, failed)))
    }

    fn tell(&self, pair: &Pair, trial: &Trial, words: Words) -> Result<(), CliError> {
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX).into();
        let args = [
            ("path", pair.manifest().display().to_string().into()),
            ("line", number(trial.line)),
            ("number", number(trial.number)),
            ("expected", trial.expected.clone().into()),
            ("answered", trial.trace.code.clone().into()),
        ];
        if trial.holds() {
            return words.print("RULES_CASE_HOLDS", &args);
        }
        words.print("RULES_CASE_FAILS", &args)?;
        if trial.trace.level == rules::Level::Error {
            print(&format!("    {}", words.pick(&trial.trace.message)))?;
        }
        facts(&trial.facts)?;
        for (name, value) in &trial.params {
            print(&format!("    params.{name} = {value}"))?;
        }
        match (&trial.trace.script, self.trace) {
            (Some(script), true) => steps(script, 2, words),
            _ => Ok(()),
        }
    }
}
