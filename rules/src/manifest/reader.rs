//! Checks the parts of a manifest, and notes the problems of each under its key.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::read::{RawCode, RawLevel, RawParam, is_slug};
use super::{CodeSpec, Manifest, Message, Owner};
use crate::error::{Diagnostic, Place};
use crate::limits::{
    LAST_POSITION, MAX_CASES, MAX_DECLARED, MAX_DIAGNOSTICS, MAX_NAME_CHARS, MAX_PROSE_CHARS, MAX_TITLE_CHARS,
};
use crate::names::{Names, Params};
use crate::params::{ParamKind, ParamSpec, ParamValue, in_order, minutes};
use crate::template::Template;
use crate::text::{LocalText, hidden_character};
use crate::verdict::{Level, PASS, RULE_ERROR, Stage};

/// Notes problems while a manifest is read.
pub(super) struct Reader<'a> {
    text: &'a str,
    pub problems: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, problems: Vec::new() }
    }

    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        Place::of_byte(self.text, span.start)
    }

    /// Notes a problem of one key.
    pub(super) fn problem(&mut self, place: Place, key: &str, reason: &LocalText, hint: Option<LocalText>) {
        if self.problems.len() < MAX_DIAGNOSTICS {
            let problem =
                Diagnostic::error(place, format!("{key}: {}", reason.en), format!("{key} : {}", reason.fr));
            self.problems.push(problem.with_hint(hint));
        }
    }

    pub(super) fn require(&mut self, holds: bool, place: Place, key: &str, en: &str, fr: &str) {
        if !holds {
            self.problem(place, key, &LocalText::new(en, fr), None);
        }
    }

    /// What concerns the manifest as a whole.
    pub(super) fn whole(&mut self, manifest: &Manifest, cases: usize, owner: Owner) {
        let none = Place::default();
        let slug = &manifest.slug;
        self.name(none, "slug", slug, is_slug(slug), |_| true);
        self.require(manifest.version >= 1, none, "version", "it starts at 1", "elle commence à 1");
        let placed = manifest.position.is_none_or(|position| (0..=LAST_POSITION).contains(&position));
        let (en, fr) = (format!("from 0 to {LAST_POSITION}"), format!("de 0 à {LAST_POSITION}"));
        self.require(placed, none, "position", &en, &fr);
        let mut stages = manifest.stages.clone();
        stages.sort_unstable();
        stages.dedup();
        let once = !stages.is_empty() && stages.len() == manifest.stages.len();
        self.require(
            once,
            none,
            "stages",
            "name at least one, each once",
            "nommez-en au moins une, chacune une fois",
        );
        self.whose(manifest, owner);
        self.screens(manifest);
        self.prose(none, "title", &manifest.title, MAX_TITLE_CHARS);
        self.prose(none, "description", &manifest.description, MAX_PROSE_CHARS);
        if let Some(url) = &manifest.help_url {
            let fits = url.len() <= MAX_PROSE_CHARS
                && url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
                && url.chars().all(|c| c.is_ascii_graphic());
            self.require(
                fits,
                none,
                "help_url",
                "it must be an https:// address",
                "c’est une adresse en https://",
            );
        }
        let declared = |count: usize| count <= MAX_DECLARED;
        let (en, fr) = (format!("at most {MAX_DECLARED}"), format!("{MAX_DECLARED} au plus"));
        self.require(declared(manifest.params.len()), none, "params", &en, &fr);
        self.require(declared(manifest.codes.len()), none, "codes", &en, &fr);
        self.require(
            !manifest.codes.is_empty(),
            none,
            "codes",
            "declare at least one",
            "déclarez-en au moins un",
        );
        let (en, fr) = (format!("give 1 to {MAX_CASES}"), format!("donnez-en de 1 à {MAX_CASES}"));
        let given = (1..=MAX_CASES).contains(&cases);
        self.require(given || !self.problems.is_empty(), none, "cases", &en, &fr);
    }

    /// What only a rule of the platform may say.
    fn whose(&mut self, manifest: &Manifest, owner: Owner) {
        let none = Place::default();
        if owner == Owner::Structure {
            let (en, fr) = (
                "a structure's own rule leaves it out: publishing sets it",
                "une règle propre à la structure ne le dit pas : la publication s’en charge",
            );
            self.require(manifest.lock.is_none(), none, "lock", en, fr);
            self.require(manifest.state.is_none(), none, "state", en, fr);
            self.require(manifest.position.is_none(), none, "position", en, fr);
        }
    }

    /// A rule looks at the whole, or at one person after another, whom it may only leave out.
    fn screens(&mut self, manifest: &Manifest) {
        let none = Place::default();
        let recipient = manifest.stages.contains(&Stage::Recipient);
        let (en, fr) = ("RECIPIENT stands alone", "RECIPIENT va seule");
        self.require(!recipient || manifest.stages.len() == 1, none, "stages", en, fr);
        let (en, fr) = (
            "SKIP is the level of RECIPIENT rules, and the only one they have",
            "SKIP est le niveau des règles RECIPIENT, et le seul qu’elles ont",
        );
        let fits = |code: &CodeSpec| (code.level == Level::Skip) == recipient;
        self.require(manifest.codes.values().all(fits), none, "codes", en, fr);
        let runs = |stage| manifest.stages.contains(&stage);
        let asks = manifest.codes.values().any(|code| code.level == Level::Confirm);
        let (en, fr) = (
            "what a rule asks at DISPATCH was confirmed at SEND, or refuses: give it the stages PREVIEW and SEND too",
            "ce qu’une règle demande à DISPATCH a été confirmé à SEND, ou refuse : donnez-lui aussi les étapes PREVIEW et SEND",
        );
        self.require(!(asks && runs(Stage::Dispatch)) || runs(Stage::Send), none, "stages", en, fr);
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

    pub(super) fn param(&mut self, name: &str, raw: Spanned<RawParam>) -> Option<ParamSpec> {
        let place = self.place(&raw.span());
        let key = format!("params.{name}");
        let raw = raw.into_inner();
        self.name(place, &key, name, name.starts_with(|c: char| c.is_ascii_lowercase()), |c| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
        });
        self.prose(place, &key, &raw.title, MAX_TITLE_CHARS);
        let bounded = matches!(raw.kind, ParamKind::Int | ParamKind::Time);
        let listed = matches!(raw.kind, ParamKind::String | ParamKind::List);
        let (en, fr) = ("min and max are for INT and TIME", "min et max sont pour INT et TIME");
        self.require(bounded || (raw.min.is_none() && raw.max.is_none()), place, &key, en, fr);
        let (en, fr) = ("options are for STRING and LIST", "options est pour STRING et LIST");
        self.require(listed || raw.options.is_none(), place, &key, en, fr);
        let mut bound = |value: Option<toml::Value>| {
            let number = value.as_ref().map(|value| param_value(raw.kind, value));
            let fits = matches!(number, None | Some(Some(ParamValue::Int(_) | ParamValue::Time(_))));
            let (en, fr) = ("a bound is written as the value is", "une borne s’écrit comme la valeur");
            self.require(fits || !bounded, place, &key, en, fr);
            match number.flatten() {
                Some(ParamValue::Int(number) | ParamValue::Time(number)) => Some(number),
                _ => None,
            }
        };
        let (min, max) = (bound(raw.min), bound(raw.max));
        let default = param_value(raw.kind, &raw.default);
        let (en, fr) = ("the default is not of its type", "la valeur par défaut n’est pas de son type");
        self.require(default.is_some(), place, &key, en, fr);
        let (options, above, title) = (raw.options, raw.above, raw.title);
        let spec = ParamSpec { kind: raw.kind, default: default?, min, max, options, above, title };
        if let Err(error) = spec.check(&spec.default) {
            let reason = error.text();
            let reason = LocalText::new(
                format!("the default breaks its bounds: {}", reason.en),
                format!("la valeur par défaut sort de ses bornes : {}", reason.fr),
            );
            self.problem(place, &key, &reason, None);
        }
        Some(spec)
    }

    /// A parameter that is above another: one that is there, of the same kind, and so are their defaults.
    pub(super) fn relations(&mut self, params: &Params, places: &BTreeMap<String, Place>) {
        let before = self.problems.len();
        let place = |name: &str| places.get(name).copied().unwrap_or_default();
        for (name, spec) in params {
            let Some(above) = &spec.above else { continue };
            let key = format!("params.{name}");
            let numbers = matches!(spec.kind, ParamKind::Int | ParamKind::Time);
            let alike = params.get(above).is_some_and(|other| other.kind == spec.kind) && above != name;
            let (en, fr) = (
                "above names another parameter, both INT or both TIME",
                "above nomme un autre paramètre, tous deux INT ou tous deux TIME",
            );
            self.require(numbers && alike, place(name), &key, en, fr);
        }
        if self.problems.len() > before {
            return;
        }
        if let Err((name, error)) = in_order(params, &BTreeMap::new()) {
            let reason = error.text();
            let reason = LocalText::new(
                format!("the default is out of order: {}", reason.en),
                format!("la valeur par défaut n’est pas à sa place : {}", reason.fr),
            );
            self.problem(place(name), &format!("params.{name}"), &reason, None);
        }
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
                    self.problem(place, &format!("{key}.{lang}"), &unknown.reason, unknown.hint);
                })
                .ok()
        };
        let (en, fr) = (template("en", &message.en), template("fr", &message.fr));
        (CodeSpec { level, message }, en.zip(fr).map(|(en, fr)| Message { en, fr }))
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
