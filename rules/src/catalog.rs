//! Owns the rules of the platform: the built-ins, embedded, and the operator's folder of plugins over them; and the templates from which
//! structures start rules of their own.
//!
//! Invariant: a catalogue is whole or it is not made; a bad file is refused by name, and the caller keeps what it had.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::CatalogError;
use crate::limits::MAX_MANIFEST_BYTES;
use crate::rule::Rule;
use crate::text::LocalText;
use crate::verdict::{Lock, Origin};

/// Slug, manifest and script of each built-in.
const BUILTINS: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));
/// Slug, manifest and script of each template.
const TEMPLATES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// The rules of a folder of plugins, as they were read at one moment, by path of their manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plugins(Vec<Plugin>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Plugin {
    path: PathBuf,
    manifest: String,
    source: String,
}

/// The rules of the platform.
#[derive(Debug)]
pub struct Catalog {
    /// By place, then slug.
    rules: Vec<Arc<Rule>>,
    /// By slug.
    templates: Vec<Arc<Rule>>,
    /// Built-ins with the lock LOCKED that a rule of the operator's is in the place of: slug and title.
    locked_replaced: Vec<(String, LocalText)>,
}

impl Catalog {
    /// The built-ins alone.
    ///
    /// # Errors
    /// The built-in that does not load, which a test keeps from happening.
    pub fn builtin() -> Result<Self, CatalogError> {
        Self::of(builtins()?, Vec::new())
    }

    /// The built-ins, and the rules of a folder over them: each adds one, or replaces the built-in of its slug.
    ///
    /// # Errors
    /// The first file, by name, that does not load.
    pub fn with(plugins: &Plugins) -> Result<Self, CatalogError> {
        let mut rules = builtins()?;
        let mut locked_replaced = Vec::new();
        for plugin in &plugins.0 {
            let Plugin { path, manifest, source } = plugin;
            let rule = checked(path.clone(), &plugin.slug(), Rule::load(manifest, source))?;
            let slug = rule.manifest().slug.clone();
            let before = rules.insert(slug.clone(), rule.of_plugin());
            let locked = before.filter(|before| before.manifest().lock == Some(Lock::Locked));
            locked_replaced.extend(locked.map(|before| (slug, before.manifest().title.clone())));
        }
        Self::of(rules, locked_replaced)
    }

    fn of(
        rules: BTreeMap<String, Rule>,
        locked_replaced: Vec<(String, LocalText)>,
    ) -> Result<Self, CatalogError> {
        let mut rules: Vec<Arc<Rule>> = rules.into_values().map(Arc::new).collect();
        rules.sort_by_key(|rule| rule.manifest().position);
        let template = |(slug, manifest, source): &(&str, &str, &str)| {
            let path = PathBuf::from(format!("templates/{slug}.toml"));
            checked(path, slug, Rule::load_own(manifest, source)).map(Arc::new)
        };
        let templates = TEMPLATES.iter().map(template).collect::<Result<_, _>>()?;
        Ok(Self { rules, templates, locked_replaced })
    }

    /// Every rule, by place and then slug.
    pub fn rules(&self) -> impl Iterator<Item = &Arc<Rule>> {
        self.rules.iter()
    }

    /// Built-ins that structures cannot change, and that a rule of the operator's is in the place of: slug and title.
    pub fn locked_replaced(&self) -> impl Iterator<Item = (&str, &LocalText)> {
        self.locked_replaced.iter().map(|(slug, title)| (slug.as_str(), title))
    }

    /// The rules of the operator's folder.
    pub fn plugins(&self) -> impl Iterator<Item = &Arc<Rule>> {
        self.rules.iter().filter(|rule| rule.origin() == Origin::Plugin)
    }

    /// Rules from which a structure may start one of its own, by slug. They run nowhere as they are.
    pub fn templates(&self) -> impl Iterator<Item = &Arc<Rule>> {
        self.templates.iter()
    }

    /// The rule of that slug.
    #[must_use]
    pub fn get(&self, slug: &str) -> Option<&Arc<Rule>> {
        self.rules.iter().find(|rule| rule.manifest().slug == slug)
    }
}

impl Plugin {
    /// The name of its files.
    fn slug(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Plugins {
    /// Reads a folder: each `<slug>.toml` with its `<slug>.rhai`. Other files are left aside.
    ///
    /// # Errors
    /// The first file, by name, that cannot be read or lacks its other half.
    pub fn read(dir: &Path) -> Result<Self, CatalogError> {
        let texts = |path: PathBuf| {
            let script = path.with_extension("rhai");
            if !script.is_file() {
                return Err(CatalogError::HalfMissing { present: path, absent: script });
            }
            Ok(Plugin { manifest: read(&path)?, source: read(&script)?, path })
        };
        manifests(dir)?.into_iter().map(texts).collect::<Result<_, _>>().map(Self)
    }

    /// The slugs of those that are not in another folder, or at another moment.
    #[must_use]
    pub fn not_in(&self, other: &Self) -> Vec<String> {
        self.slugs().filter(|slug| other.slugs().all(|there| there != *slug)).collect()
    }

    fn slugs(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(Plugin::slug)
    }

    /// How many rules there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

fn builtins() -> Result<BTreeMap<String, Rule>, CatalogError> {
    BUILTINS
        .iter()
        .map(|(slug, manifest, source)| {
            let path = PathBuf::from(format!("builtin/{slug}.toml"));
            checked(path, slug, Rule::load(manifest, source)).map(|rule| ((*slug).to_owned(), rule))
        })
        .collect()
}

/// The manifests of a folder, by name, none of its scripts being alone.
fn manifests(dir: &Path) -> Result<Vec<PathBuf>, CatalogError> {
    let unreadable =
        |error: &io::Error| CatalogError::Unreadable { path: dir.to_owned(), reason: error.to_string() };
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| unreadable(&error))? {
        files.push(entry.map_err(|error| unreadable(&error))?.path());
    }
    files.sort();
    let has = |file: &Path, extension: &str| file.extension().is_some_and(|found| found == extension);
    let script = files.iter().find(|file| has(file, "rhai") && !file.with_extension("toml").is_file());
    if let Some(script) = script {
        return Err(CatalogError::HalfMissing {
            present: script.clone(),
            absent: script.with_extension("toml"),
        });
    }
    files.retain(|file| has(file, "toml"));
    Ok(files)
}

/// A file of at most the size of the larger half of a rule.
fn read(path: &Path) -> Result<String, CatalogError> {
    let unreadable = |reason: String| CatalogError::Unreadable { path: path.to_owned(), reason };
    let mut text = String::new();
    let most = u64::try_from(MAX_MANIFEST_BYTES).unwrap_or(u64::MAX);
    let file = fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
    file.take(most + 1).read_to_string(&mut text).map_err(|error| unreadable(error.to_string()))?;
    if text.len() > MAX_MANIFEST_BYTES {
        return Err(unreadable(format!("it is larger than {MAX_MANIFEST_BYTES} bytes, and no rule is")));
    }
    Ok(text)
}

fn checked(
    path: PathBuf,
    slug: &str,
    rule: Result<Rule, Vec<crate::error::Diagnostic>>,
) -> Result<Rule, CatalogError> {
    match rule {
        Err(diagnostics) => Err(CatalogError::Invalid { path, diagnostics }),
        Ok(rule) if rule.manifest().slug != slug => {
            Err(CatalogError::SlugMismatch { path, slug: rule.manifest().slug.clone() })
        }
        Ok(rule) => Ok(rule),
    }
}
