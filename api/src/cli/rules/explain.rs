//! `envoi rules explain`.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::run::level_word;
use super::words::Words;
use crate::app::Ctx;
use crate::caller::Operator;
use crate::cli::{CliError, print};
use crate::graphql;
use crate::services::explain::{Explained, Told, explain};
use crate::services::message::{Exclusion, ExclusionReason};

#[derive(Args)]
pub(super) struct Explain {
    /// The id of a decision, or of a campaign, which was sent on one; as the API or the database gives it.
    id: String,
}

impl Explain {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator, words: Words) -> Result<ExitCode, CliError> {
        let id = Uuid::parse_str(&self.id).ok().or_else(|| graphql::decision_or_campaign(&self.id));
        let absent = || CliError::Usage(words.say("RULES_NO_DECISION", &[("id", self.id.clone().into())]));
        let explained = explain(ctx, operator, id.ok_or_else(absent)?).await?.ok_or_else(absent)?;
        told(&explained, words)?;
        left_out(&explained.exclusions, explained.excluded, words)?;
        if let Some(dispatch) = explained.dispatch {
            let then = explain(ctx, operator, dispatch.as_uuid()).await?.ok_or_else(absent)?;
            print("")?;
            told(&then, words)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A decision, and what each rule answered.
fn told(explained: &Explained, words: Words) -> Result<(), CliError> {
    let args = [
        ("id", explained.id.as_uuid().to_string().into()),
        ("structure", explained.structure.clone().into()),
        ("at", explained.at.to_rfc3339().into()),
        ("stage", explained.stage.as_str().into()),
        ("outcome", json!(explained.outcome).as_str().unwrap_or_default().into()),
    ];
    words.print("RULES_EXPLAINED", &args)?;
    explained.verdicts.iter().try_for_each(|told| tell(told, words))
}

/// Whom the campaign left out, one a line.
fn left_out(exclusions: &[Exclusion], all: i64, words: Words) -> Result<(), CliError> {
    if all == 0 {
        return Ok(());
    }
    print("")?;
    words.print("RULES_LEFT_OUT", &[("count", all.into())])?;
    for Exclusion { person, reason } in exclusions {
        let name = format!("{} {}", person.first_name, person.last_name);
        let (code, name) = (reason.code(), name.trim());
        match reason {
            ExclusionReason::Rule(skip) => {
                let title = skip.title.as_ref().map_or(&*skip.slug, |title| words.pick(title));
                print(&format!("    {name} – {code}  {title} – {}", words.pick(&skip.message)))?;
            }
            _ => print(&format!("    {name} – {code}"))?,
        }
    }
    let more = all - i64::try_from(exclusions.len()).unwrap_or(i64::MAX);
    if more > 0 { words.print("RULES_LEFT_OUT_MORE", &[("count", more.into())]) } else { Ok(()) }
}

fn tell(Told { verdict, title, facts }: &Told, words: Words) -> Result<(), CliError> {
    let observed = if verdict.observed_only { words.say("RULES_OBSERVED", &[]) } else { String::new() };
    let title = title
        .as_ref()
        .map_or_else(|| words.say("RULES_VERSION_GONE", &[]), |title| words.pick(title).to_owned());
    let (level, code) = (level_word(verdict.level), &verdict.code);
    print("")?;
    let origin = verdict
        .origin
        .map_or_else(String::new, |origin| format!(" {}", json!(origin).as_str().unwrap_or_default()));
    print(
        format!("{level} {code}  {} v{}{origin} – {title} {observed}", verdict.slug, verdict.version)
            .trim_end(),
    )?;
    print(&format!("    {}", words.pick(&verdict.message)))?;
    if let Some(url) = &verdict.help_url {
        print(&format!("    {url}"))?;
    }
    for (name, value) in &verdict.params {
        print(&format!("    params.{name} = {value}"))?;
    }
    for (path, value) in facts {
        let value = value.as_ref().map_or_else(|| words.say("RULES_NOT_KEPT", &[]), ToString::to_string);
        print(&format!("    {path} = {value}"))?;
    }
    Ok(())
}
