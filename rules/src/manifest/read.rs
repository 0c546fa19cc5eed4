//! Reads a manifest: TOML of the expected shape, then every rule of [`Manifest`], all problems collected.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::de::{DeTable, Deserializer};
use toml::{Spanned, Table};

use super::keys::{self, Keys};
use super::reader::Reader;
use super::toml_words::unreadable;
use super::{Case, Manifest, Message, Owner};
use crate::error::{Diagnostic, Place};
use crate::limits::{LAST_POSITION, MAX_MANIFEST_BYTES, MAX_NAME_CHARS, MAX_TITLE_CHARS};
use crate::names::{Names, Params};
use crate::params::ParamKind;
use crate::text::{LocalText, hidden_character};
use crate::verdict::{Lock, Stage, State};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    slug: String,
    #[serde(default = "first_version")]
    version: i64,
    stages: Vec<Stage>,
    lock: Option<Lock>,
    state: Option<State>,
    position: Option<i64>,
    help_url: Option<String>,
    title: LocalText,
    description: LocalText,
    #[serde(default)]
    params: BTreeMap<String, Spanned<RawParam>>,
    #[serde(default)]
    codes: BTreeMap<String, Spanned<RawCode>>,
    #[serde(default)]
    cases: Vec<Spanned<RawCase>>,
}

const fn first_version() -> i64 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawParam {
    #[serde(rename = "type")]
    pub kind: ParamKind,
    pub default: toml::Value,
    pub min: Option<toml::Value>,
    pub max: Option<toml::Value>,
    pub options: Option<Vec<String>>,
    pub above: Option<String>,
    pub title: LocalText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCode {
    pub level: RawLevel,
    pub en: String,
    pub fr: String,
}

/// The levels a code may have: the others are not a rule's to choose.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum RawLevel {
    Warn,
    Confirm,
    Deny,
    Skip,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCase {
    #[serde(default)]
    pub facts: Table,
    #[serde(default)]
    pub params: Table,
    pub verdict: String,
}

/// A manifest as far as it could be read, the messages of its codes, its cases and where they stand, and every problem.
pub(crate) struct Reading {
    pub manifest: Manifest,
    pub messages: BTreeMap<String, Message>,
    pub cases: Vec<Case>,
    pub case_places: Vec<Place>,
    /// Where each parameter and each code is declared, by key.
    pub declared: BTreeMap<String, Place>,
    pub problems: Vec<Diagnostic>,
}

/// Reads a manifest.
///
/// # Errors
/// What keeps the rest from being looked at: size, a hidden character, keys that no manifest has, TOML of another shape.
pub(crate) fn read(text: &str, owner: Owner) -> Result<Reading, Vec<Diagnostic>> {
    let refused = |error: &toml::de::Error| {
        vec![unreadable(text, error, "the manifest cannot be read", "le manifeste ne peut pas être lu")]
    };
    check_text(text).map_err(|problem| vec![problem])?;
    let table = DeTable::parse(text).map_err(|error| refused(&error))?;
    let unknown = keys::unknown(text, table.get_ref());
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let mut reader = Reader::new(text, Keys::of(table.get_ref()));
    let raw = Raw::deserialize(Deserializer::from(table)).map_err(|error| refused(&error))?;
    let params: Params = raw
        .params
        .into_iter()
        .map(|(name, raw)| {
            let spec = reader.param(&name, raw);
            (name, spec)
        })
        .collect();
    reader.relations(&params);
    let names = Names { params: &params, recipient: raw.stages.contains(&Stage::Recipient) };
    let mut codes = BTreeMap::new();
    let mut messages = BTreeMap::new();
    for (code, raw) in raw.codes {
        let (spec, message) = reader.code(&code, raw, names);
        messages.extend(message.map(|message| (code.clone(), message)));
        codes.insert(code, spec);
    }
    let (mut cases, mut case_places) = (Vec::new(), Vec::new());
    for (index, raw) in raw.cases.into_iter().enumerate() {
        let place = reader.place(&raw.span());
        if let Some(case) = reader.case(index + 1, place, raw.into_inner(), &params, &codes) {
            cases.push(case);
            case_places.push(place);
        }
    }
    reader.contradictions(&cases, &case_places, &params);
    let platform = owner == Owner::Platform;
    let manifest = Manifest {
        slug: raw.slug,
        version: raw.version,
        stages: raw.stages,
        lock: raw.lock.or(platform.then_some(Lock::Locked)),
        state: raw.state.or(platform.then_some(State::Active)),
        position: raw.position.or(platform.then_some(LAST_POSITION)),
        help_url: raw.help_url,
        title: raw.title,
        description: raw.description,
        params,
        codes,
    };
    reader.whole(&manifest, cases.len(), owner);
    let keys = manifest.params.keys().map(|name| format!("params.{name}"));
    let keys = keys.chain(manifest.codes.keys().map(|code| format!("codes.{code}")));
    let declared = keys.map(|key| (key.clone(), reader.at(&key))).collect();
    Ok(Reading { manifest, messages, cases, case_places, declared, problems: reader.problems })
}

/// The slug that a manifest gives, whatever else is wrong with it; none when it gives none, or one that is no slug.
#[must_use]
pub fn declared_slug(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        slug: String,
    }
    check_text(text).ok()?;
    let Head { slug } = toml::from_str(text).ok()?;
    is_slug(&slug).then_some(slug)
}

/// The title that a manifest gives, whatever else is wrong with it; none when it gives none.
#[must_use]
pub fn declared_title(text: &str) -> Option<LocalText> {
    #[derive(Deserialize)]
    struct Head {
        title: LocalText,
    }
    check_text(text).ok()?;
    let Head { title } = toml::from_str(text).ok()?;
    let fits = |title: &str| !title.trim().is_empty() && title.chars().count() <= MAX_TITLE_CHARS;
    (fits(&title.en) && fits(&title.fr)).then_some(title)
}

/// Whether a name may be a rule's: `a-z`, `0-9` and `-`, a letter first.
pub(super) fn is_slug(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    starts && name.len() <= MAX_NAME_CHARS && name.chars().all(allowed)
}

/// Size first, before anything reads the text, then what it may hide.
pub(super) fn check_text(text: &str) -> Result<(), Diagnostic> {
    if text.len() > MAX_MANIFEST_BYTES {
        return Err(Diagnostic::error(
            Place::default(),
            format!("the manifest has {} bytes: at most {MAX_MANIFEST_BYTES} are allowed", text.len()),
            format!("le manifeste compte {} octets : {MAX_MANIFEST_BYTES} au plus sont permis", text.len()),
        ));
    }
    hidden_character(text).map_or(Ok(()), |(line, column, character)| {
        let code = u32::from(character);
        Err(Diagnostic::error(
            Place { line, column },
            format!("the invisible or control character U+{code:04X} is not allowed in a manifest"),
            format!("le caractère invisible ou de contrôle U+{code:04X} n’est pas permis dans un manifeste"),
        ))
    })
}
