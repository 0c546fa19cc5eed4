//! Owns what is said of a rule that cannot be loaded or that fails while it runs: where, what, and what to do.
//!
//! Invariant: no error quotes the text of a message nor any value it was given, only names, types and limits.

use std::fmt;
use std::path::{Path, PathBuf};

use rhai::Position;
use serde::{Deserialize, Serialize};

use crate::text::LocalText;

/// The keys of a manifest, which problems of it begin with.
pub(crate) const MANIFEST_KEYS: &[&str] = &[
    "slug",
    "version",
    "stages",
    "lock",
    "state",
    "position",
    "help_url",
    "title",
    "description",
    "params",
    "codes",
    "cases",
];

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// The rule does not load.
    Error,
    /// The rule loads, and its author should look.
    Warning,
}

/// Which of a rule's two texts is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Half {
    /// The manifest.
    Manifest,
    /// The script.
    Script,
}

/// One problem of a manifest or a script. Problems of a manifest name the key at fault, those of a script do not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Whether the rule loads in spite of it.
    pub severity: Severity,
    /// The text at fault; none of a diagnostic that was stored before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half: Option<Half>,
    /// What is wrong.
    pub message: LocalText,
    /// Line, from 1; 0 when the text is at fault as a whole.
    pub line: usize,
    /// Column in characters, from 1; 0 when the text is at fault as a whole.
    pub column: usize,
    /// What to do, where we can tell: the nearest name, the way to write it.
    pub hint: Option<LocalText>,
}

impl Diagnostic {
    /// A problem that keeps the rule from loading.
    pub(crate) fn error(place: Place, en: impl Into<String>, fr: impl Into<String>) -> Self {
        let message = LocalText::new(en, fr);
        let Place { line, column } = place;
        Self { severity: Severity::Error, half: None, message, line, column, hint: None }
    }

    /// A problem that the author should see, and may leave.
    pub(crate) fn warning(place: Place, en: impl Into<String>, fr: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, en, fr) }
    }

    /// The same with advice.
    pub(crate) fn with_hint(self, hint: Option<LocalText>) -> Self {
        Self { hint, ..self }
    }

    /// The text at fault. Of a diagnostic that was stored before it was noted, what its message tells: those of a manifest name the manifest
    /// or one of its keys.
    #[must_use]
    pub fn source(&self) -> Half {
        let message = &self.message.en;
        let of_key = message.split_once(": ").is_some_and(|(key, _)| {
            let head = key.split(['.', '[']).next().unwrap_or_default();
            MANIFEST_KEYS.contains(&head)
        });
        let of_manifest =
            of_key || message.starts_with("the manifest ") || message.ends_with("in a manifest");
        // Of a script, but it begins alike.
        let of_script = message.starts_with("the manifest declares no ");
        self.half.unwrap_or(if of_manifest && !of_script { Half::Manifest } else { Half::Script })
    }

    /// The same, of that text.
    pub(crate) fn in_half(self, half: Half) -> Self {
        Self { half: Some(half), ..self }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(formatter, "line {}, column {}: ", self.line, self.column)?;
        }
        formatter.write_str(&self.message.en)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(formatter, " ({})", hint.en))
    }
}

/// A place in a script or a manifest, both counted from 1; zeros when there is none to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub line: usize,
    pub column: usize,
}

impl From<Position> for Place {
    fn from(position: Position) -> Self {
        Self { line: position.line().unwrap_or(0), column: position.position().unwrap_or(0) }
    }
}

impl Place {
    /// The place of a byte of that text.
    pub(crate) fn of_byte(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or("").chars().count() + 1,
        }
    }
}

/// Why one run of a rule gave no answer. It always ends in a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub place: Place,
    pub reason: LocalText,
}

impl Fault {
    pub(crate) fn new(en: impl Into<String>, fr: impl Into<String>) -> Self {
        Self { place: Place::default(), reason: LocalText::new(en, fr) }
    }

    /// A number that no integer holds, or that no integer is.
    pub(crate) fn arithmetic(place: Place) -> Self {
        let reason = LocalText::new(
            "a number grew too large, or was divided by zero",
            "un nombre est devenu trop grand, ou a été divisé par zéro",
        );
        Self { place, reason }
    }

    /// A text or a list past its limit.
    pub(crate) fn too_large(place: Place) -> Self {
        let reason =
            LocalText::new("a text or a list grew too large", "un texte ou une liste est devenu trop grand");
        Self { place, reason }
    }

    /// What those who send are told of a rule that fails: that it refuses.
    pub(crate) fn message(&self, title: &LocalText) -> LocalText {
        self.told(
            title,
            "Nothing is sent until it is mended: tell your administrator.",
            "Rien ne part tant qu’elle n’est pas corrigée : prévenez votre administrateur.",
        )
    }

    /// What they are told of one that looks at people: that it leaves out whom it cannot judge.
    pub(crate) fn left_out(&self, title: &LocalText) -> LocalText {
        self.told(
            title,
            "Those whom it cannot judge are left out until it is mended: tell your administrator.",
            "Les personnes qu’elle ne peut pas juger sont écartées tant qu’elle n’est pas corrigée : prévenez votre administrateur.",
        )
    }

    fn told(&self, title: &LocalText, so: &str, ainsi: &str) -> LocalText {
        let Place { line, column } = self.place;
        let (at, au) = if line > 0 {
            (format!(", line {line}, column {column}"), format!(", ligne {line}, colonne {column}"))
        } else {
            (String::new(), String::new())
        };
        LocalText::new(
            format!("The rule “{}” failed{at}: {}. {so}", title.en, self.reason.en),
            format!("La règle « {} » a échoué{au} : {}. {ainsi}", title.fr, self.reason.fr),
        )
    }
}

/// Why the rules of the platform could not be loaded. It names the file at fault.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The folder or a file in it cannot be read, or is larger than any rule.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// What reading it answered.
        reason: String,
    },
    /// A script without its manifest, or the reverse.
    #[error("{}: its other half {} is missing; a rule is <slug>.toml and <slug>.rhai", present.display(), absent.display())]
    HalfMissing {
        /// The file that is there.
        present: PathBuf,
        /// The file that is not.
        absent: PathBuf,
    },
    /// A rule that does not load.
    #[error("{}", does_not_load(path, diagnostics))]
    Invalid {
        /// Its manifest.
        path: PathBuf,
        /// Every problem of the rule.
        diagnostics: Vec<Diagnostic>,
    },
    /// A manifest whose slug is not the name of its file.
    #[error("{}: its slug is {slug:?}; name the file and the rule alike", path.display())]
    SlugMismatch {
        /// The manifest.
        path: PathBuf,
        /// The slug it gives.
        slug: String,
    },
}

/// The problems of a rule, each under the file that has it.
fn does_not_load(manifest: &Path, diagnostics: &[Diagnostic]) -> String {
    let of = |half: Half, extension: &str| {
        let told: Vec<String> = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.source() == half)
            .map(Diagnostic::to_string)
            .collect();
        let file = manifest.with_extension(extension);
        (!told.is_empty()).then(|| format!("{}: the rule does not load: {}", file.display(), told.join("; ")))
    };
    let files = [of(Half::Manifest, "toml"), of(Half::Script, "rhai")];
    files.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
