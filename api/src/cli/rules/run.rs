//! `envoi rules run`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use rules::{ActiveRule, Facts, Level, ParamValue, Rule, Seen, State, Step, read_facts, sentence};
use serde_json::{Value, json};

use super::draw::draw_in;
use super::files::{named, read};
use super::words::Words;
use crate::cli::{CliError, print};

#[derive(Args)]
pub(super) struct Run {
    /// One of the rule's files, or the slug of a built-in rule or of a template.
    rule: PathBuf,
    /// A file of facts, written as those of a case ([message] cost = 2); what it does not name has its reference value.
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,
    /// The value of a parameter, written as in the manifest; as often as needed.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    /// Tell each part of the script with its value.
    #[arg(long)]
    trace: bool,
}

impl Run {
    pub(super) fn run(self, words: Words) -> Result<ExitCode, CliError> {
        let texts = named(&self.rule, words)?;
        let rule = Rule::load(&texts.manifest, &texts.source).map_err(|_| {
            let path = self.rule.display().to_string();
            CliError::Refused(words.say("RULES_DOES_NOT_LOAD", &[("rule", path.into())]))
        })?;
        let params = self.params(&rule, words)?;
        let facts = self.facts(words)?;
        let rule = Arc::new(rule);
        let version = rule.manifest().version;
        let active =
            ActiveRule { rule: Arc::clone(&rule), version, state: State::Active, params: params.clone() };
        let stage = rule.manifest().stages.first().copied().unwrap_or(rules::Stage::Preview);
        let decision = rules::decide(stage, &[active], &facts);
        let mut failed = false;
        for verdict in &decision.verdicts {
            failed |= verdict.level == Level::Error;
            print(&format!("{} {}", level_word(verdict.level), verdict.code))?;
            print(words.pick(&verdict.message))?;
            if let Some(fix) = sentence(&rule.fixes(&facts, &params)) {
                words.print("RULES_FIX", &[("fix", words.pick(&fix).into())])?;
            }
            let (took, most) =
                (verdict.operations, i64::try_from(rule.operations_bound()).unwrap_or(i64::MAX));
            words.print("RULES_OPERATIONS", &[("count", took.into()), ("most", most.into())])?;
        }
        words.print("RULES_FACTS_READ", &[])?;
        self::facts(&rule.facts_seen(&facts))?;
        if let (true, Some(script)) = (self.trace, rule.trace(&facts, &params).script) {
            words.print("RULES_TRACE", &[])?;
            steps(&script, 2, words)?;
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn params(&self, rule: &Rule, words: Words) -> Result<BTreeMap<String, ParamValue>, CliError> {
        let manifest = rule.manifest();
        let known = &manifest.params;
        let wrong = |given: &str, reason: &str| {
            let args = [("param", given.to_owned().into()), ("reason", reason.into())];
            CliError::Usage(words.say("RULES_PARAM_WRONG", &args))
        };
        let value = |given: &String| {
            let names = known.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let told = |code, name: &str| {
                let args = [("known", names.clone().into()), ("name", name.to_owned().into())];
                wrong(given, &words.say(code, &args))
            };
            let (name, value) = given.split_once('=').ok_or_else(|| told("RULES_PARAM_NOTATION", given))?;
            let code = if known.is_empty() { "RULES_PARAM_NONE" } else { "RULES_PARAM_UNKNOWN" };
            let spec = known.get(name).ok_or_else(|| told(code, name))?;
            let value = spec.parse(value).map_err(|error| wrong(given, words.pick(&error.text())))?;
            Ok::<_, CliError>((name.to_owned(), value))
        };
        let mut set = BTreeMap::new();
        for given in &self.params {
            let (name, value) = value(given)?;
            if set.insert(name, value).is_some() {
                return Err(wrong(given, &words.say("RULES_PARAM_REPEATED", &[])));
            }
        }
        manifest
            .put_in_order(&set, |name| set.contains_key(name))
            .map_err(|(name, error)| wrong(name, words.pick(&error.text())))?;
        Ok(set)
    }

    fn facts(&self, words: Words) -> Result<Facts, CliError> {
        let Some(path) = &self.facts else { return Ok(Facts::default()) };
        let text = read(path, words).map_err(CliError::Usage)?;
        read_facts(&text).map_err(|problems| {
            let drawn = problems.iter().map(|problem| draw_in(problem, path, &text, words));
            CliError::Usage(drawn.collect::<Vec<_>>().join("\n"))
        })
    }
}

/// The word of a level, as the schema spells it.
pub(super) fn level_word(level: Level) -> String {
    json!(level).as_str().unwrap_or_default().to_owned()
}

/// Prints facts, one a line, as a manifest writes their values.
pub(super) fn facts(facts: &[(&'static str, Value)]) -> Result<(), CliError> {
    facts.iter().try_for_each(|(path, value)| print(&format!("    {path} = {value}")))
}

/// Prints one part of a script with its value, then its own parts, each level further in.
pub(super) fn steps(step: &Step, depth: usize, words: Words) -> Result<(), CliError> {
    let indent = "  ".repeat(depth);
    print(&format!("{indent}{}:{}  {} → {}", step.line, step.column, step.what, seen(&step.value, words)))?;
    step.steps.iter().try_for_each(|part| steps(part, depth + 1, words))
}

fn seen(value: &Seen, words: Words) -> String {
    match value {
        Seen::Bool(flag) => flag.to_string(),
        Seen::Int(number) => number.to_string(),
        Seen::Text(text) => json!(text).to_string(),
        Seen::Texts(items) => json!(items).to_string(),
        Seen::Ints(items) => json!(items).to_string(),
        Seen::Hidden { length } => {
            let length = i64::try_from(*length).unwrap_or(i64::MAX);
            words.say("RULES_HIDDEN", &[("length", length.into())])
        }
        Seen::Verdict(code) => code.clone(),
        Seen::Failed(reason) => words.pick(reason).to_owned(),
    }
}
