//! `envoi rules verify`.

use std::process::ExitCode;

use clap::Args;
use entity::At;
use entity::ids::DecisionId;
use rules::{Missing, Unreplayable};
use serde_json::json;

use super::run::level_word;
use super::words::Words;
use crate::app::Ctx;
use crate::caller::Operator;
use crate::cli::{CliError, parse, print};
use crate::error::Arg;
use crate::services::operator;
use crate::services::verify::{Difference, Unknown, Verified, verify};

#[derive(Args)]
pub(super) struct Verify {
    /// The structure's id, or its exact name; without it, every structure.
    #[arg(long)]
    structure: Option<String>,
    /// Only decisions taken from that day or instant on, such as 2026-12-31 (in UTC).
    #[arg(long, value_name = "DATE", value_parser = parse::day_or_instant)]
    since: Option<chrono::DateTime<chrono::Utc>>,
}

impl Verify {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator, words: Words) -> Result<ExitCode, CliError> {
        let structures = if let Some(structure) = &self.structure {
            vec![operator::find_structure(ctx, operator, structure).await?]
        } else {
            let all = operator::list_structures(ctx, operator).await?;
            all.into_iter().map(|structure| structure.id).collect()
        };
        let (since, mut whole) = (self.since.map(At::from), Verified::default());
        for structure in structures {
            let mut printed = Ok(());
            let told = |id: DecisionId, difference: &Difference| {
                if printed.is_ok() {
                    printed = tell(id, difference, words);
                }
            };
            let verified = verify(ctx, operator, structure, since, told).await?;
            printed?;
            whole.decisions += verified.decisions;
            whole.replayed += verified.replayed;
            whole.differing += verified.differing;
            for (of, count) in verified.unknown {
                *whole.unknown.entry(of).or_default() += count;
            }
        }
        let mut unknown = 0;
        for ((slug, version, why), count) in &whole.unknown {
            unknown += count;
            let args = [
                ("slug", slug.as_str().into()),
                ("version", (*version).into()),
                ("count", (*count).into()),
                ("reason", reason(why, words).into()),
            ];
            words.print("RULES_UNKNOWN", &args)?;
        }
        let args = [
            ("decisions", whole.decisions.into()),
            ("replayed", whole.replayed.into()),
            ("differing", whole.differing.into()),
            ("unknown", unknown.into()),
        ];
        words.print("RULES_VERIFIED", &args)?;
        Ok(if whole.differing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn tell(id: DecisionId, difference: &Difference, words: Words) -> Result<(), CliError> {
    let mut args: Vec<(&'static str, Arg)> = vec![("id", id.as_uuid().to_string().into())];
    let code = match difference {
        Difference::Verdict { stored, level, code } => {
            args.extend(rule(&stored.slug, stored.version));
            args.push(("stored", format!("{} {}", level_word(stored.level), stored.code).into()));
            args.push(("found", format!("{} {code}", level_word(*level)).into()));
            let words_alone = stored.level == *level && stored.code == *code;
            if words_alone { "RULES_DIFFERS_IN_WORDS" } else { "RULES_DIFFERS" }
        }
        Difference::Altered(stored) => {
            args.extend(rule(&stored.slug, stored.version));
            "RULES_ALTERED"
        }
        Difference::Outcome { stored, made } => {
            let word = |outcome| json!(outcome).as_str().unwrap_or_default().to_owned();
            args.push(("stored", word(*stored).into()));
            args.push(("found", word(*made).into()));
            "RULES_OUTCOME_DIFFERS"
        }
        Difference::Unreadable => "RULES_UNREADABLE",
    };
    print(&words.say(code, &args))
}

fn rule(slug: &str, version: i64) -> [(&'static str, Arg); 2] {
    [("slug", slug.into()), ("version", version.into())]
}

fn reason(why: &Unknown, words: Words) -> String {
    match why {
        Unknown::Kept(Unreplayable::Engine) => words.say("RULES_UNKNOWN_ENGINE", &[]),
        Unknown::Kept(Unreplayable::Unloaded) => words.say("RULES_UNKNOWN_UNLOADED", &[]),
        Unknown::Kept(Unreplayable::Parameters) => words.say("RULES_UNKNOWN_PARAMETERS", &[]),
        Unknown::Kept(Unreplayable::Missing(Missing::People)) => words.say("RULES_UNKNOWN_PEOPLE", &[]),
        Unknown::Kept(Unreplayable::Missing(Missing::Text)) => words.say("RULES_UNKNOWN_TEXT", &[]),
        Unknown::Kept(Unreplayable::Missing(Missing::Fact(path))) => {
            words.say("RULES_UNKNOWN_FACT", &[("fact", (*path).into())])
        }
        Unknown::Gone => words.say("RULES_VERSION_GONE", &[]),
        Unknown::Broken(en, fr) => words.pick(&rules::LocalText::new(en.as_str(), fr.as_str())).to_owned(),
    }
}
