//! `envoi rules new`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use rules::{Catalog, Lang, declared_slug};

use super::files::{Texts, write_pair};
use super::words::Words;
use crate::cli::CliError;
use crate::start::StartError;

/// What a rule starts from where no template is named.
const SKELETON: (&str, &str) = (include_str!("skeleton.toml"), include_str!("skeleton.rhai"));
/// The same, its comments in French.
const FRENCH: (&str, &str) = (include_str!("skeleton.fr.toml"), include_str!("skeleton.fr.rhai"));

#[derive(Args)]
pub(super) struct New {
    /// The name of the rule and of its files: a-z, 0-9 and hyphens.
    slug: String,
    /// The template to start from, instead of a small rule that shows each part.
    #[arg(long)]
    template: Option<String>,
    /// Where to write the files.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    into: PathBuf,
}

impl New {
    pub(super) fn run(self, words: Words) -> Result<ExitCode, CliError> {
        let texts = self.texts(words)?;
        let args = write_pair(&self.into, &self.slug, &texts, words)?;
        words.print("RULES_NEW", &args)?;
        Ok(ExitCode::SUCCESS)
    }

    fn texts(&self, words: Words) -> Result<Texts, CliError> {
        let slug = &self.slug;
        if declared_slug(&format!("slug = {slug:?}")).as_ref() != Some(slug) {
            return Err(CliError::Usage(words.say("RULES_SLUG_WRONG", &[("slug", slug.clone().into())])));
        }
        let Some(template) = &self.template else {
            let (manifest, source) = match words.lang {
                Lang::En => SKELETON,
                Lang::Fr => FRENCH,
            };
            return Ok(named(slug, manifest, source));
        };
        let catalog = Catalog::builtin().map_err(StartError::Rules)?;
        let found = catalog.templates().find(|rule| rule.manifest().slug == *template);
        let found = found.ok_or_else(|| {
            let known: Vec<&str> = catalog.templates().map(|rule| rule.manifest().slug.as_str()).collect();
            let args = [("template", template.clone().into()), ("known", known.join(", ").into())];
            CliError::Usage(words.say("RULES_NO_TEMPLATE", &args))
        })?;
        Ok(named(slug, found.manifest_toml(), found.source()))
    }
}

/// The same rule by another name: that line of its manifest is the only one that gives it.
fn named(slug: &str, manifest: &str, source: &str) -> Texts {
    let line = |line: &str| {
        if line.starts_with("slug = ") { format!("slug = \"{slug}\"") } else { line.to_owned() }
    };
    let lines: Vec<String> = manifest.lines().map(line).collect();
    Texts { manifest: format!("{}\n", lines.join("\n")), source: source.to_owned() }
}

#[cfg(test)]
mod tests {
    use rules::Rule;

    use super::*;

    #[test]
    fn what_a_rule_starts_from_has_nothing_to_mend() {
        let catalog = Catalog::builtin().expect("checked by a test of the engine");
        let templates = catalog.templates().map(|rule| (rule.manifest_toml(), rule.source()));
        for (manifest, source) in templates.chain([SKELETON, FRENCH]) {
            let texts = named("mine", manifest, source);
            let rule = Rule::load_own(&texts.manifest, &texts.source).unwrap_or_else(|why| panic!("{why:?}"));
            assert_eq!((rule.manifest().slug.as_str(), rule.warnings()), ("mine", &[][..]));
        }
    }

    #[test]
    fn what_a_rule_starts_from_differs_by_its_comments_alone() {
        let bare = |(manifest, source): (&str, &str)| {
            let manifest: toml::Table = manifest.parse().expect("checked above");
            let script: Vec<String> =
                source.lines().filter(|line| !line.starts_with("//")).map(str::to_owned).collect();
            (manifest, script)
        };
        assert_eq!(bare(SKELETON), bare(FRENCH));
    }
}
