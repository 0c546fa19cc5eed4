//! `envoi rules new`.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use rules::{Catalog, declared_slug};

use super::files::Texts;
use super::words::Words;
use crate::cli::CliError;
use crate::start::StartError;

/// What a rule starts from where no template is named.
const SKELETON: (&str, &str) = (include_str!("skeleton.toml"), include_str!("skeleton.rhai"));

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
        let path = |extension: &str| self.into.join(format!("{}.{extension}", self.slug));
        let (manifest, script) = (path("toml"), path("rhai"));
        if let Some(there) = [&manifest, &script].into_iter().find(|path| path.exists()) {
            let args = [("path", there.display().to_string().into())];
            return Err(CliError::Refused(words.say("RULES_FILE_EXISTS", &args)));
        }
        write(&manifest, &texts.manifest)?;
        write(&script, &texts.source)?;
        let args = [
            ("manifest", manifest.display().to_string().into()),
            ("script", script.display().to_string().into()),
        ];
        words.print("RULES_NEW", &args)?;
        Ok(ExitCode::SUCCESS)
    }

    fn texts(&self, words: Words) -> Result<Texts, CliError> {
        let slug = &self.slug;
        if declared_slug(&format!("slug = {slug:?}")).as_ref() != Some(slug) {
            return Err(CliError::Usage(words.say("RULES_SLUG_WRONG", &[("slug", slug.clone().into())])));
        }
        let Some(template) = &self.template else {
            return Ok(named(slug, SKELETON.0, SKELETON.1));
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

/// Writes a file that is not there yet.
fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|cause| CliError::File { path: path.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use rules::Rule;

    use super::*;

    #[test]
    fn what_a_rule_starts_from_has_nothing_to_mend() {
        let catalog = Catalog::builtin().expect("checked by a test of the engine");
        let templates = catalog.templates().map(|rule| (rule.manifest_toml(), rule.source()));
        for (manifest, source) in templates.chain([SKELETON]) {
            let texts = named("mine", manifest, source);
            let rule = Rule::load_own(&texts.manifest, &texts.source).unwrap_or_else(|why| panic!("{why:?}"));
            assert_eq!((rule.manifest().slug.as_str(), rule.warnings()), ("mine", &[][..]));
        }
    }
}
