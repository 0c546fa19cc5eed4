//! `envoi rules list`, `export` and `import`: the rules that are kept in the database, as the operator sees them.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use rules::{Lock, State};
use serde_json::json;

use super::draw::draw;
use super::files::{Pair, Texts, pairs, write_pair};
use super::words::Words;
use crate::app::Ctx;
use crate::caller::Operator;
use crate::cli::{CliError, print};
use crate::error::Failure;
use crate::services::operator;
use crate::services::ruleset::{Imported, Origin, RuleTexts, RuleView, bring_in, rules_of, texts_of};

#[derive(Args)]
pub(super) struct List {
    /// The structure's id, or its exact name; without it, the rules of the platform.
    #[arg(long)]
    structure: Option<String>,
}

#[derive(Args)]
pub(super) struct Export {
    /// The structure's id, or its exact name.
    #[arg(long)]
    structure: String,
    /// The rule: one that the structure wrote, or one of the platform.
    slug: String,
    /// Where to write its two files.
    #[arg(value_name = "FOLDER", default_value = ".")]
    into: PathBuf,
}

#[derive(Args)]
pub(super) struct Import {
    /// The structure's id, or its exact name.
    #[arg(long)]
    structure: String,
    /// Files of rules (either half names the rule), and folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Put them in force, as `active` when no state is given; without it they are drafts.
    #[arg(long, value_enum, value_name = "STATE", num_args = 0..=1, require_equals = true, default_missing_value = "active")]
    publish: Option<InForce>,
}

/// How a rule is in force.
#[derive(Clone, Copy, ValueEnum)]
enum InForce {
    /// It runs and counts.
    Active,
    /// It runs and is recorded, and changes nothing.
    Observed,
}

impl From<InForce> for State {
    fn from(state: InForce) -> Self {
        match state {
            InForce::Active => Self::Active,
            InForce::Observed => Self::Observed,
        }
    }
}

impl List {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator, words: Words) -> Result<ExitCode, CliError> {
        let Some(structure) = self.structure else {
            for rule in ctx.catalog.rules() {
                let manifest = rule.manifest();
                let (state, lock) =
                    (manifest.state.unwrap_or(State::Active), manifest.lock.unwrap_or(Lock::Locked));
                let line = Line { slug: &manifest.slug, state, lock, version: Some(manifest.version) };
                line.print(words.pick(&manifest.title))?;
            }
            return Ok(ExitCode::SUCCESS);
        };
        let structure = operator::find_structure(ctx, operator, &structure).await?;
        for RuleView { slug, state, lock, active, title, origin, .. } in
            rules_of(ctx, operator, structure).await?
        {
            let version = match origin {
                Origin::Platform => ctx.catalog.get(&slug).map(|rule| rule.manifest().version),
                Origin::Structure => active.map(|version| version.number.into()),
            };
            Line { slug: &slug, state, lock, version }.print(words.pick(&title))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// One rule, in columns.
struct Line<'a> {
    slug: &'a str,
    state: State,
    lock: Lock,
    /// None of a rule that was never published.
    version: Option<i64>,
}

impl Line<'_> {
    fn print(&self, title: &str) -> Result<(), CliError> {
        let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let (state, lock) = (word(json!(self.state)), word(json!(self.lock)));
        let version = self.version.map_or_else(|| "-".to_owned(), |version| format!("v{version}"));
        print(&format!("{:<24} {version:<5} {state:<8} {lock:<11} {title}", self.slug))
    }
}

impl Export {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator, words: Words) -> Result<ExitCode, CliError> {
        let structure = operator::find_structure(ctx, operator, &self.structure).await?;
        let texts = texts_of(ctx, operator, structure, &self.slug).await?.ok_or_else(|| {
            CliError::Refused(words.say("RULES_NO_RULE", &[("slug", self.slug.clone().into())]))
        })?;
        let texts = Texts { manifest: texts.manifest, source: texts.source };
        words.print("RULES_WRITTEN", &write_pair(&self.into, &self.slug, &texts, words)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Import {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator, words: Words) -> Result<ExitCode, CliError> {
        let structure = operator::find_structure(ctx, operator, &self.structure).await?;
        let mut refused = false;
        for pair in pairs(&self.paths, words)? {
            let Some(texts) = checked(&pair, words)? else {
                refused = true;
                continue;
            };
            let state = self.publish.map(State::from);
            let how = (state, words.say("RULES_IMPORT_COMMENT", &[]));
            let done = bring_in(ctx, operator, structure, texts, how).await;
            let (code, number) = match done {
                Ok(Some(Imported::Unchanged(number))) => ("RULES_IMPORT_UNCHANGED", number),
                Ok(Some(Imported::Saved(number))) => ("RULES_IMPORT_SAVED", number),
                Ok(Some(Imported::Published(number))) if state == Some(State::Observed) => {
                    ("RULES_IMPORT_OBSERVED", number)
                }
                Ok(Some(Imported::Published(number))) => ("RULES_IMPORT_PUBLISHED", number),
                Ok(None) => return Err(CliError::Refused(words.say("RULES_NO_ADMINISTRATOR", &[]))),
                Err(Failure::Problem(refusal)) => {
                    refused = true;
                    let problem = refusal.problem();
                    print(&format!("{}: {}", pair.name(), words.say(problem.code, &problem.args)))?;
                    continue;
                }
                Err(Failure::Fault(fault)) => return Err(fault.into()),
            };
            words.print(code, &[("slug", pair.name().into()), ("number", i64::from(number).into())])?;
        }
        Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// The texts of a rule that loads as a structure's own; none, once it is told what is wrong with them.
fn checked(pair: &Pair, words: Words) -> Result<Option<RuleTexts>, CliError> {
    let texts = match pair.read(words) {
        Ok(texts) => texts,
        Err(reason) => {
            print(&reason)?;
            return Ok(None);
        }
    };
    match rules::Rule::load_own(&texts.manifest, &texts.source) {
        Ok(_) => Ok(Some(RuleTexts { manifest: texts.manifest, source: texts.source })),
        Err(diagnostics) => {
            for diagnostic in &diagnostics {
                print(&draw(diagnostic, pair, &texts, words))?;
                print("")?;
            }
            Ok(None)
        }
    }
}
