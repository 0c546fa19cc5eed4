//! Checks the parts of a manifest, and notes the problems of each under its key.

use std::ops::Range;

use toml::Spanned;

use super::keys::Keys;
use super::read::{RawCode, RawLevel, RawParam, is_slug};
use super::{CodeSpec, Manifest, Message, Owner};
use crate::error::{Diagnostic, Place};
use crate::limits::{
    LAST_POSITION, MAX_CASES, MAX_DECLARED, MAX_DIAGNOSTICS, MAX_NAME_CHARS, MAX_PROSE_CHARS, MAX_TITLE_CHARS,
};
use crate::names::Names;
use crate::params::{ParamError, ParamKind, ParamSpec, ParamValue, minutes};
use crate::template::Template;
use crate::text::{LocalText, hidden_character};
use crate::verdict::{Level, PASS, RULE_ERROR, Stage};

/// Notes problems while a manifest is read.
pub(super) struct Reader<'a> {
    text: &'a str,
    keys: Keys,
    /// Whether the defaults of the parameters could be read and stand in order: else no case is held against their order.
    pub ordered: bool,
    pub problems: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str, keys: Keys) -> Self {
        Self { text, keys, ordered: true, problems: Vec::new() }
    }

    /// Where a key stands, by its path; no place when it is not there.
    pub(super) fn at(&self, path: &str) -> Place {
        self.keys.place(self.text, path).unwrap_or_default()
    }

    /// Where a key of a part stands, or else the part.
    pub(super) fn within(&self, part: Place, path: &str) -> Place {
        self.keys.place(self.text, path).unwrap_or(part)
    }

    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        Place::of_byte(self.text, span.start)
    }

    /// Notes a problem of one key, which is told first where one is given.
    pub(super) fn problem(&mut self, place: Place, key: &str, reason: &LocalText, hint: Option<LocalText>) {
        if self.problems.len() < MAX_DIAGNOSTICS {
            let (en, fr) = match key {
                "" => (reason.en.clone(), reason.fr.clone()),
                _ => (format!("{key}: {}", reason.en), format!("{key} : {}", reason.fr)),
            };
            self.problems.push(Diagnostic::error(place, en, fr).with_hint(hint));
        }
    }

    pub(super) fn require(&mut self, holds: bool, place: Place, key: &str, en: &str, fr: &str) {
        if !holds {
            self.problem(place, key, &LocalText::new(en, fr), None);
        }
    }

    /// What concerns the manifest as a whole.
    pub(super) fn whole(&mut self, manifest: &Manifest, cases: usize, owner: Owner) {
        let slug = &manifest.slug;
        self.name(self.at("slug"), "slug", slug, is_slug(slug), |_| true);
        self.require(
            manifest.version >= 1,
            self.at("version"),
            "version",
            "it starts at 1",
            "elle commence à 1",
        );
        let placed = manifest.position.is_none_or(|position| (0..=LAST_POSITION).contains(&position));
        let (en, fr) = (format!("from 0 to {LAST_POSITION}"), format!("de 0 à {LAST_POSITION}"));
        self.require(placed, self.at("position"), "position", &en, &fr);
        let mut stages = manifest.stages.clone();
        stages.sort_unstable();
        stages.dedup();
        let once = !stages.is_empty() && stages.len() == manifest.stages.len();
        self.require(
            once,
            self.at("stages"),
            "stages",
            "name at least one, each once",
            "nommez-en au moins une, chacune une fois",
        );
        self.whose(manifest, owner);
        self.screens(manifest);
        self.prose(self.at("title"), "title", &manifest.title, MAX_TITLE_CHARS);
        self.prose(self.at("description"), "description", &manifest.description, MAX_PROSE_CHARS);
        if let Some(url) = &manifest.help_url {
            let fits = url.len() <= MAX_PROSE_CHARS
                && url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
                && url.chars().all(|c| c.is_ascii_graphic());
            self.require(
                fits,
                self.at("help_url"),
                "help_url",
                "it must be an https:// address",
                "c’est une adresse en https://",
            );
        }
        let declared = |count: usize| count <= MAX_DECLARED;
        let (en, fr) = (format!("at most {MAX_DECLARED}"), format!("{MAX_DECLARED} au plus"));
        self.require(declared(manifest.params.len()), self.at("params"), "params", &en, &fr);
        self.require(declared(manifest.codes.len()), self.at("codes"), "codes", &en, &fr);
        self.require(
            !manifest.codes.is_empty(),
            self.at("codes"),
            "codes",
            "declare at least one",
            "déclarez-en au moins un",
        );
        let (en, fr) = (format!("give 1 to {MAX_CASES}"), format!("donnez-en de 1 à {MAX_CASES}"));
        let given = (1..=MAX_CASES).contains(&cases);
        self.require(given || !self.problems.is_empty(), self.at("cases"), "cases", &en, &fr);
    }

    /// What only a rule of the platform may say.
    fn whose(&mut self, manifest: &Manifest, owner: Owner) {
        if owner == Owner::Structure {
            let (en, fr) = (
                "a structure's own rule leaves it out: publishing sets it",
                "une règle propre à la structure ne le dit pas : la publication s’en charge",
            );
            self.require(manifest.lock.is_none(), self.at("lock"), "lock", en, fr);
            self.require(manifest.state.is_none(), self.at("state"), "state", en, fr);
            self.require(manifest.position.is_none(), self.at("position"), "position", en, fr);
        }
    }

    /// A rule looks at the whole, or at one person after another, whom it may only leave out.
    fn screens(&mut self, manifest: &Manifest) {
        let recipient = manifest.stages.contains(&Stage::Recipient);
        let (en, fr) = ("RECIPIENT stands alone", "RECIPIENT va seule");
        self.require(!recipient || manifest.stages.len() == 1, self.at("stages"), "stages", en, fr);
        let (en, fr) = (
            "SKIP is the level of RECIPIENT rules, and the only one they have",
            "SKIP est le niveau des règles RECIPIENT, et le seul qu’elles ont",
        );
        let wrong = manifest.codes.iter().find(|(_, code)| (code.level == Level::Skip) != recipient);
        if let Some((code, _)) = wrong {
            let place = self.at(&format!("codes.{code}.level"));
            self.problem(place, &format!("codes.{code}"), &LocalText::new(en, fr), None);
        }
        let runs = |stage| manifest.stages.contains(&stage);
        let asks = manifest.codes.values().any(|code| code.level == Level::Confirm);
        let (en, fr) = (
            "what a rule asks at DISPATCH was confirmed at SEND, or refuses: give it the stages PREVIEW and SEND too",
            "ce qu’une règle demande à DISPATCH a été confirmé à SEND, ou refuse : donnez-lui aussi les étapes PREVIEW et SEND",
        );
        self.require(
            !(asks && runs(Stage::Dispatch)) || runs(Stage::Send),
            self.at("stages"),
            "stages",
            en,
            fr,
        );
    }

    fn name(&mut self, place: Place, key: &str, name: &str, starts: bool, allowed: impl Fn(char) -> bool) {
        let fits = starts && name.len() <= MAX_NAME_CHARS && name.chars().all(allowed);
        let (en, fr) = (
            format!(
                "it starts with a letter, has letters (capitals in a code, none in a slug or a parameter), digits and hyphens (in a slug) or underscores, and at most {MAX_NAME_CHARS} characters"
            ),
            format!(
                "il commence par une lettre, se compose de lettres (majuscules dans un code, minuscules dans un slug ou un paramètre), de chiffres et de traits d’union (dans un slug) ou de soulignés, et compte au plus {MAX_NAME_CHARS} caractères"
            ),
        );
        self.require(fits, place, key, &en, &fr);
    }

    /// A text in both languages, neither empty nor endless nor hiding anything.
    fn prose(&mut self, place: Place, key: &str, text: &LocalText, max: usize) {
        let fits = |text: &String| {
            !text.trim().is_empty() && text.chars().count() <= max && hidden_character(text).is_none()
        };
        self.require(
            fits(&text.en) && fits(&text.fr),
            place,
            key,
            &format!("give it in en and fr, at most {max} characters, none invisible"),
            &format!("donnez-le en en et fr, {max} caractères au plus, aucun invisible"),
        );
    }

    /// A parameter. One whose default cannot be read has another in its place, so that what names it is not refused for that.
    pub(super) fn param(&mut self, name: &str, raw: Spanned<RawParam>) -> ParamSpec {
        let place = self.place(&raw.span());
        let key = format!("params.{name}");
        let raw = raw.into_inner();
        self.name(place, &key, name, name.starts_with(|c: char| c.is_ascii_lowercase()), |c| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
        });
        self.prose(self.within(place, &format!("{key}.title")), &key, &raw.title, MAX_TITLE_CHARS);
        let bounded = matches!(raw.kind, ParamKind::Int | ParamKind::Time);
        let listed = matches!(raw.kind, ParamKind::String | ParamKind::List);
        let (en, fr) = ("min and max are for INT and TIME", "min et max sont pour INT et TIME");
        self.require(bounded || (raw.min.is_none() && raw.max.is_none()), place, &key, en, fr);
        let (en, fr) = ("options are for STRING and LIST", "options est pour STRING et LIST");
        self.require(listed || raw.options.is_none(), place, &key, en, fr);
        let expected = ParamError::WrongKind { expected: raw.kind }.text();
        let mut bound = |bound: &str, value: Option<toml::Value>| {
            let number = value.as_ref().map(|value| param_value(raw.kind, value));
            let fits = matches!(number, None | Some(Some(ParamValue::Int(_) | ParamValue::Time(_))));
            let (en, fr) = (
                format!("a bound is written as the value is: {}", expected.en),
                format!("une borne s’écrit comme la valeur : {}", expected.fr),
            );
            let place = self.within(place, &format!("{key}.{bound}"));
            self.require(fits || !bounded, place, &key, &en, &fr);
            match number.flatten() {
                Some(ParamValue::Int(number) | ParamValue::Time(number)) => Some(number),
                _ => None,
            }
        };
        let (min, max) = (bound("min", raw.min), bound("max", raw.max));
        let given = param_value(raw.kind, &raw.default);
        let default = given.clone().unwrap_or_else(|| stand_in(raw.kind));
        let (options, above, title) = (raw.options, raw.above, raw.title);
        let spec = ParamSpec { kind: raw.kind, default, min, max, options, above, title };
        let problem = match given {
            None => Some(("is not of its type", "n’est pas de son type", expected)),
            Some(default) => spec
                .check(&default)
                .err()
                .map(|error| ("breaks its bounds", "sort de ses bornes", error.text())),
        };
        if let Some((en, fr, reason)) = problem {
            self.ordered = false;
            let reason = LocalText::new(
                format!("the default {en}: {}", reason.en),
                format!("la valeur par défaut {fr} : {}", reason.fr),
            );
            let place = self.within(place, &format!("{key}.default"));
            self.problem(place, &key, &reason, None);
        }
        spec
    }

    pub(super) fn code(
        &mut self,
        code: &str,
        raw: Spanned<RawCode>,
        names: Names<'_>,
    ) -> (CodeSpec, Option<Message>) {
        let place = self.place(&raw.span());
        let key = format!("codes.{code}");
        let raw = raw.into_inner();
        let starts = code.starts_with(|c: char| c.is_ascii_uppercase());
        self.name(place, &key, code, starts && code != PASS && code != RULE_ERROR, |c| {
            c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'
        });
        let level = match raw.level {
            RawLevel::Warn => Level::Warn,
            RawLevel::Confirm => Level::Confirm,
            RawLevel::Deny => Level::Deny,
            RawLevel::Skip => Level::Skip,
        };
        let message = LocalText::new(raw.en, raw.fr);
        self.prose(place, &key, &message, MAX_PROSE_CHARS);
        let mut template = |lang: &str, text: &str| {
            Template::parse(text, names)
                .map_err(|unknown| {
                    let key = format!("{key}.{lang}");
                    self.problem(self.within(place, &key), &key, &unknown.reason, unknown.hint);
                })
                .ok()
        };
        let (en, fr) = (template("en", &message.en), template("fr", &message.fr));
        (CodeSpec { level, message }, en.zip(fr).map(|(en, fr)| Message { en, fr }))
    }
}

/// A value of that kind.
fn stand_in(kind: ParamKind) -> ParamValue {
    match kind {
        ParamKind::Int => ParamValue::Int(0),
        ParamKind::String => ParamValue::String(String::new()),
        ParamKind::Bool => ParamValue::Bool(false),
        ParamKind::Time => ParamValue::Time(0),
        ParamKind::List => ParamValue::List(Vec::new()),
    }
}

/// A value of a manifest, as a parameter of that kind holds it.
pub(super) fn param_value(kind: ParamKind, value: &toml::Value) -> Option<ParamValue> {
    match (kind, value) {
        (ParamKind::Int, toml::Value::Integer(number)) => Some(ParamValue::Int(*number)),
        (ParamKind::Bool, toml::Value::Boolean(flag)) => Some(ParamValue::Bool(*flag)),
        (ParamKind::String, toml::Value::String(text)) => Some(ParamValue::String(text.clone())),
        (ParamKind::Time, toml::Value::String(text)) => minutes(text).map(ParamValue::Time),
        (ParamKind::List, toml::Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(ParamValue::List),
        _ => None,
    }
}
