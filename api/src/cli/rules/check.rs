//! `envoi rules check`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use rules::{Diagnostic, Rule, Severity};

use super::draw::draw;
use super::files::{Pair, Texts, pairs};
use super::words::Words;
use crate::cli::{CliError, print};

#[derive(Args)]
pub(super) struct Check {
    /// Files of rules (either half names the rule), and folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// As a structure's own rules, which leave out lock, state and position.
    #[arg(long)]
    own: bool,
}

impl Check {
    pub(super) fn run(self, words: Words) -> Result<ExitCode, CliError> {
        let pairs = pairs(&self.paths, words)?;
        let (mut refused, mut warnings) = (0_i64, 0_i64);
        for pair in &pairs {
            let texts = match pair.read(words) {
                Ok(texts) => texts,
                Err(reason) => {
                    refused += 1;
                    print(&reason)?;
                    continue;
                }
            };
            let found = self.diagnostics(pair, &texts, words)?;
            refused += i64::from(found.errors);
            warnings += found.warnings;
        }
        let checked = i64::try_from(pairs.len()).unwrap_or(i64::MAX);
        let args = [("checked", checked.into()), ("refused", refused.into()), ("warnings", warnings.into())];
        words.print("RULES_CHECKED", &args)?;
        Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Draws all there is to say of one rule.
    fn diagnostics(&self, pair: &Pair, texts: &Texts, words: Words) -> Result<Found, CliError> {
        let load = if self.own { Rule::load_own } else { Rule::load };
        let (diagnostics, slug) = match load(&texts.manifest, &texts.source) {
            Ok(rule) => (rule.warnings().to_vec(), Some(rule.manifest().slug.clone())),
            Err(diagnostics) => (diagnostics, rules::declared_slug(&texts.manifest)),
        };
        for diagnostic in &diagnostics {
            print(&draw(diagnostic, pair, texts, words))?;
            print("")?;
        }
        let severe = |one: &Diagnostic| one.severity == Severity::Error;
        let misnamed = slug.filter(|slug| *slug != pair.name());
        if let Some(slug) = &misnamed {
            let path = pair.manifest().display().to_string();
            words.print("RULES_MISNAMED", &[("path", path.into()), ("slug", slug.clone().into())])?;
        }
        let warnings = diagnostics.iter().filter(|one| !severe(one)).count();
        Ok(Found {
            errors: misnamed.is_some() || diagnostics.iter().any(severe),
            warnings: i64::try_from(warnings).unwrap_or(i64::MAX),
        })
    }
}

/// What was found in one rule.
struct Found {
    /// Whether it is refused.
    errors: bool,
    warnings: i64,
}
