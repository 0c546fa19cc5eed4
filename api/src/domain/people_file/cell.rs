//! What the cells of a row say, as people write it.

use chrono::{Datelike, NaiveDate};
use unicode_normalization::UnicodeNormalization;

use super::{MAX_LABEL_CHARS, MAX_LABELS, RowProblem};
use crate::domain::name::fold;
use crate::domain::phone::{Phone, Region};

/// The years a consent to receive SMS can date from: the first SMS is of 1992.
const CONSENT_YEARS: std::ops::RangeInclusive<i32> = 1992..=2199;
/// The dates that spreadsheets write in French, and those of ISO 8601.
const DATE_FORMATS: [&str; 5] = ["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d", "%Y/%m/%d"];

/// A person's sex, as far as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sex {
    /// A woman or a girl.
    Female,
    /// A man or a boy.
    Male,
    /// Neither.
    Other,
    /// Said not to be known.
    Unknown,
}

impl Sex {
    /// The stable spelling, as stored and as in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Female => "FEMALE",
            Self::Male => "MALE",
            Self::Other => "OTHER",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// What a person said of commercial messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Consent {
    /// They accepted them.
    Given {
        /// The day, when the cell tells it; else the caller's, and only if no consent is stored yet.
        on: Option<NaiveDate>,
    },
    /// They refused them, or took their consent back.
    Withheld,
}

/// A value on one line: composed, trimmed, its runs of spaces made one; `None` when nothing remains.
pub(super) fn line(cell: &str, limit: usize) -> Result<Option<String>, RowProblem> {
    let trimmed = cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c == '\u{200B}');
    if trimmed.chars().any(char::is_control) {
        return Err(RowProblem::ControlCharacter);
    }
    let composed: String = trimmed.nfc().collect();
    let value = composed.split_whitespace().collect::<Vec<_>>().join(" ");
    if value.chars().count() > limit {
        return Err(RowProblem::ValueTooLong { limit });
    }
    Ok((!value.is_empty()).then_some(value))
}

/// The tags or lists of a cell, separated by `,`, `;`, `|`, `/` or line ends, each once.
pub(super) fn labels(cell: &str) -> Result<Vec<String>, RowProblem> {
    let mut labels: Vec<(String, String)> = Vec::new();
    for part in cell.split([',', ';', '|', '/', '\n']) {
        let Some(label) = line(part, MAX_LABEL_CHARS)? else {
            continue;
        };
        let folded = fold(&label);
        if labels.iter().any(|(known, _)| *known == folded) {
            continue;
        }
        if labels.len() == MAX_LABELS {
            return Err(RowProblem::TooManyValues { limit: MAX_LABELS });
        }
        labels.push((folded, label));
    }
    Ok(labels.into_iter().map(|(_, label)| label).collect())
}

/// A sex, or a title that tells it. The cell is not empty.
pub(super) fn sex(cell: &str) -> Result<Sex, RowProblem> {
    match fold(cell).trim_end_matches('.') {
        "f" | "femme" | "feminin" | "fille" | "mme" | "madame" | "mlle" | "mademoiselle" | "female"
        | "woman" | "girl" | "mrs" | "ms" | "miss" => Ok(Sex::Female),
        "h" | "homme" | "masculin" | "garcon" | "m" | "monsieur" | "mr" | "male" | "man" | "boy" => {
            Ok(Sex::Male)
        }
        "autre" | "other" | "x" | "mx" | "non binaire" | "non-binaire" | "non-binary" => Ok(Sex::Other),
        "inconnu" | "unknown" | "non precise" | "non renseigne" | "nc" | "?" | "-" => Ok(Sex::Unknown),
        _ => Err(RowProblem::UnknownSex),
    }
}

/// A mobile number. An apostrophe before it is what our reports, and spreadsheets, write so that it is taken for no formula.
pub(super) fn phone(cell: &str, region: Region) -> Result<Phone, RowProblem> {
    Phone::parse(cell.strip_prefix('\'').unwrap_or(cell), region).map_err(RowProblem::Phone)
}

/// A consent: a date, yes or no. The cell is not empty.
pub(super) fn consent(cell: &str) -> Result<Consent, RowProblem> {
    match fold(cell).as_str() {
        "oui" | "o" | "yes" | "y" | "x" | "vrai" | "true" | "1" => return Ok(Consent::Given { on: None }),
        "non" | "n" | "no" | "faux" | "false" | "0" => return Ok(Consent::Withheld),
        _ => {}
    }
    // Spreadsheets may add a time, of which nothing is kept.
    let date = cell.split([' ', 'T']).next().unwrap_or(cell);
    DATE_FORMATS
        .iter()
        .find_map(|format| NaiveDate::parse_from_str(date, format).ok())
        .filter(|date| CONSENT_YEARS.contains(&date.year()))
        .map(|date| Consent::Given { on: Some(date) })
        .ok_or(RowProblem::BadConsent)
}
