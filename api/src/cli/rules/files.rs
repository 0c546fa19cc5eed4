//! The two files of a rule: found, and read within bounds.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use rules::{Catalog, MAX_MANIFEST_BYTES};

use super::words::Words;
use crate::cli::CliError;
use crate::error::Arg;

/// A rule by the path of its files, the extension left out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair(PathBuf);

/// The two texts of a rule.
pub(super) struct Texts {
    pub(super) manifest: String,
    pub(super) source: String,
}

impl Pair {
    /// The pair that a path names: one of its files, or what both begin with.
    fn of(path: &Path) -> Self {
        if is_half(path) { Self(path.with_extension("")) } else { Self(path.to_owned()) }
    }

    pub(super) fn manifest(&self) -> PathBuf {
        self.with("toml")
    }

    pub(super) fn script(&self) -> PathBuf {
        self.with("rhai")
    }

    /// A slug has no dot, and a folder may.
    fn with(&self, extension: &str) -> PathBuf {
        let mut name = self.0.clone().into_os_string();
        name.push(".");
        name.push(extension);
        PathBuf::from(name)
    }

    /// What both files are called.
    pub(super) fn name(&self) -> String {
        self.0.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Reads both.
    ///
    /// # Errors
    /// The file at fault and what is wrong with it: it is absent, too large, not in UTF-8.
    pub(super) fn read(&self, words: Words) -> Result<Texts, String> {
        Ok(Texts { manifest: read(&self.manifest(), words)?, source: read(&self.script(), words)? })
    }
}

fn is_half(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml" || extension == "rhai")
}

/// The rules that paths name: folders, files, or what the two files of a rule begin with. Each once, in order of path.
///
/// # Errors
/// [`CliError::Usage`] for a path where nothing is.
pub(super) fn pairs(paths: &[PathBuf], words: Words) -> Result<Vec<Pair>, CliError> {
    let mut found = BTreeSet::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path);
            let entries = entries.and_then(Iterator::collect::<io::Result<Vec<_>>>);
            let entries = entries.map_err(|cause| CliError::File { path: path.clone(), cause })?;
            found.extend(
                entries
                    .iter()
                    .map(std::fs::DirEntry::path)
                    .filter(|file| is_half(file))
                    .map(|file| Pair::of(&file)),
            );
        } else {
            found.insert(pair(path, words)?);
        }
    }
    Ok(found.into_iter().collect())
}

/// The rule that a path names.
///
/// # Errors
/// [`CliError::Usage`] where none of its files is.
pub(super) fn pair(path: &Path, words: Words) -> Result<Pair, CliError> {
    let pair = Pair::of(path);
    if pair.manifest().is_file() || pair.script().is_file() {
        return Ok(pair);
    }
    Err(CliError::Usage(words.say("RULES_NOT_THERE", &[("path", path.display().to_string().into())])))
}

/// The texts of the rule that a path or the slug of a built-in or of a template names.
pub(super) fn named(rule: &Path, words: Words) -> Result<Texts, CliError> {
    let missing = match pair(rule, words) {
        Ok(pair) => return pair.read(words).map_err(CliError::Refused),
        Err(missing) => missing,
    };
    let catalog = Catalog::builtin().map_err(crate::start::StartError::Rules)?;
    let slug = rule.to_str().unwrap_or_default();
    let known = catalog.rules().chain(catalog.templates()).find(|rule| rule.manifest().slug == slug);
    let texts = |rule: &std::sync::Arc<rules::Rule>| Texts {
        manifest: rule.manifest_toml().to_owned(),
        source: rule.source().to_owned(),
    };
    known.map(texts).ok_or(missing)
}

/// Writes the two files of a rule, neither of which is there yet: their paths.
pub(super) fn write_pair(
    into: &Path,
    slug: &str,
    texts: &Texts,
    words: Words,
) -> Result<[(&'static str, Arg); 2], CliError> {
    let path = |extension: &str| into.join(format!("{slug}.{extension}"));
    let (manifest, script) = (path("toml"), path("rhai"));
    if let Some(there) = [&manifest, &script].into_iter().find(|path| path.exists()) {
        let args = [("path", there.display().to_string().into())];
        return Err(CliError::Refused(words.say("RULES_FILE_EXISTS", &args)));
    }
    fs::create_dir_all(into).map_err(|cause| CliError::File { path: into.to_owned(), cause })?;
    write(&manifest, &texts.manifest)?;
    write(&script, &texts.source)?;
    let shown = |path: PathBuf| Arg::from(path.display().to_string());
    Ok([("manifest", shown(manifest)), ("script", shown(script))])
}

/// Writes a file that is not there yet.
fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|cause| CliError::File { path: path.to_owned(), cause })
}

/// A file of at most the size of the larger half of a rule; the reason why not, naming it.
pub(super) fn read(path: &Path, words: Words) -> Result<String, String> {
    let shown = path.display().to_string();
    let most = u64::try_from(MAX_MANIFEST_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let done = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    if let Err(cause) = done {
        let code = match cause.kind() {
            io::ErrorKind::NotFound => "RULES_HALF_MISSING",
            _ => "RULES_FILE_UNREADABLE",
        };
        return Err(words.say(code, &[("path", shown.into()), ("reason", cause.to_string().into())]));
    }
    if bytes.len() > MAX_MANIFEST_BYTES {
        let max = i64::try_from(MAX_MANIFEST_BYTES).unwrap_or(i64::MAX);
        return Err(words.say("RULES_FILE_TOO_LARGE", &[("path", shown.into()), ("max", max.into())]));
    }
    String::from_utf8(bytes).map_err(|_| words.say("RULES_FILE_NOT_UTF8", &[("path", shown.into())]))
}
