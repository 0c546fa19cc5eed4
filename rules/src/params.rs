//! Owns the parameters of rules: what a manifest declares, and values within its bounds.
//!
//! Invariant: a [`ParamValue`] made by [`ParamSpec::parse`] or accepted by [`ParamSpec::check`] has the declared kind and
//! keeps the declared bounds; nothing else reaches a script.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_LIST_ITEMS, MAX_PARAM_CHARS};
use crate::text::{LocalText, hidden_character};
use crate::types::Type;

mod order;

pub(crate) use order::{in_order, put_in_order};

/// The kinds of parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ParamKind {
    /// An integer.
    Int,
    /// A text of at most 256 characters.
    String,
    /// `true` or `false`.
    Bool,
    /// An hour of the day, `HH:MM`; scripts read minutes since midnight.
    Time,
    /// Several texts, written as a JSON array of strings.
    List,
}

/// The value of a parameter. Its `Display` is the notation of manifests, which [`ParamSpec::parse`] reads back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ParamValue {
    /// An integer.
    Int(i64),
    /// A text.
    String(String),
    /// A boolean.
    Bool(bool),
    /// Minutes since midnight, 0 to 1439.
    Time(i64),
    /// Several texts.
    List(Vec<String>),
}

impl ParamValue {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> ParamKind {
        match self {
            Self::Int(_) => ParamKind::Int,
            Self::String(_) => ParamKind::String,
            Self::Bool(_) => ParamKind::Bool,
            Self::Time(_) => ParamKind::Time,
            Self::List(_) => ParamKind::List,
        }
    }
}

impl fmt::Display for ParamValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => write!(formatter, "{number}"),
            Self::String(text) => formatter.write_str(text),
            Self::Bool(flag) => write!(formatter, "{flag}"),
            Self::Time(minutes) => formatter.write_str(&clock(*minutes)),
            Self::List(items) => formatter.write_str(&serde_json::json!(items).to_string()),
        }
    }
}

impl ParamKind {
    /// As manifests write it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Int => "INT",
            Self::String => "STRING",
            Self::Bool => "BOOL",
            Self::Time => "TIME",
            Self::List => "LIST",
        }
    }

    /// How scripts see it.
    pub(crate) const fn script_type(self) -> Type {
        match self {
            Self::Int | Self::Time => Type::Int,
            Self::String => Type::Text,
            Self::Bool => Type::Bool,
            Self::List => Type::TextList,
        }
    }
}

/// A parameter as its manifest declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamSpec {
    /// What it holds.
    pub kind: ParamKind,
    /// Its value where nobody set another.
    pub default: ParamValue,
    /// The least value of an INT, or of a TIME in minutes.
    pub min: Option<i64>,
    /// The greatest value of an INT, or of a TIME in minutes.
    pub max: Option<i64>,
    /// The only texts that a STRING, or an item of a LIST, may be.
    pub options: Option<Vec<String>>,
    /// The parameter, of the same kind, whose value this one's is greater than.
    pub above: Option<String>,
    /// How it is called.
    pub title: LocalText,
}

impl ParamSpec {
    /// Reads a value in the notation of manifests.
    ///
    /// # Errors
    /// What the text should have been, or the bound it breaks.
    pub fn parse(&self, text: &str) -> Result<ParamValue, ParamError> {
        let trimmed = text.trim();
        let value = match self.kind {
            ParamKind::Int => trimmed.parse().ok().map(ParamValue::Int),
            ParamKind::Bool => trimmed.parse().ok().map(ParamValue::Bool),
            ParamKind::Time => minutes(trimmed).map(ParamValue::Time),
            ParamKind::List => serde_json::from_str(trimmed).ok().map(ParamValue::List),
            ParamKind::String => Some(ParamValue::String(text.to_owned())),
        };
        let value = value.ok_or(ParamError::WrongKind { expected: self.kind })?;
        self.check(&value)?;
        Ok(value)
    }

    /// Whether a value fits this parameter.
    ///
    /// # Errors
    /// The kind that was expected, or the bound it breaks.
    pub fn check(&self, value: &ParamValue) -> Result<(), ParamError> {
        if value.kind() != self.kind {
            return Err(ParamError::WrongKind { expected: self.kind });
        }
        match value {
            ParamValue::Int(number) | ParamValue::Time(number) => self.check_bounds(*number),
            ParamValue::Bool(_) => Ok(()),
            ParamValue::String(text) => self.check_text(text),
            ParamValue::List(items) if items.len() > MAX_LIST_ITEMS => {
                Err(ParamError::TooManyItems { max: MAX_LIST_ITEMS })
            }
            ParamValue::List(items) => items.iter().try_for_each(|item| self.check_text(item)),
        }
    }

    fn check_bounds(&self, number: i64) -> Result<(), ParamError> {
        if let Some(min) = self.min.filter(|min| number < *min) {
            return Err(ParamError::BelowMinimum { min: self.written(min) });
        }
        if let Some(max) = self.max.filter(|max| number > *max) {
            return Err(ParamError::AboveMaximum { max: self.written(max) });
        }
        Ok(())
    }

    fn check_text(&self, text: &str) -> Result<(), ParamError> {
        if text.chars().count() > MAX_PARAM_CHARS {
            return Err(ParamError::TooLong { max: MAX_PARAM_CHARS });
        }
        if hidden_character(text).is_some() || text.contains('\n') {
            return Err(ParamError::HiddenCharacter);
        }
        match &self.options {
            Some(options) if !options.iter().any(|option| option == text) => {
                Err(ParamError::NotAnOption { options: options.clone() })
            }
            _ => Ok(()),
        }
    }

    /// A bound as users write it.
    fn written(&self, bound: i64) -> String {
        if self.kind == ParamKind::Time { clock(bound) } else { bound.to_string() }
    }
}

/// Why a value does not fit a parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text().en)]
pub enum ParamError {
    /// It is not written as this kind is.
    WrongKind {
        /// What the parameter holds.
        expected: ParamKind,
    },
    /// It is less than allowed.
    BelowMinimum {
        /// The least allowed value, as users write it.
        min: String,
    },
    /// It is more than allowed.
    AboveMaximum {
        /// The greatest allowed value, as users write it.
        max: String,
    },
    /// It is not greater than the value of another parameter.
    NotAbove {
        /// The other parameter.
        other: String,
        /// The value of that one, as users write it.
        value: String,
    },
    /// It is not less than the value of another parameter.
    NotBelow {
        /// The other parameter.
        other: String,
        /// The value of that one, as users write it.
        value: String,
    },
    /// It is not among the allowed texts.
    NotAnOption {
        /// The allowed texts.
        options: Vec<String>,
    },
    /// The text, or an item, is too long.
    TooLong {
        /// The greatest number of characters.
        max: usize,
    },
    /// The list is too long.
    TooManyItems {
        /// The greatest number of items.
        max: usize,
    },
    /// It holds a control, invisible or bidirectional character.
    HiddenCharacter,
}

impl ParamError {
    /// The same, for those who set the value.
    #[must_use]
    pub fn text(&self) -> LocalText {
        match self {
            Self::WrongKind { expected } => match expected {
                ParamKind::Int => {
                    LocalText::new("a whole number is expected", "un nombre entier est attendu")
                }
                ParamKind::String => LocalText::new("a text is expected", "un texte est attendu"),
                ParamKind::Bool => LocalText::new("true or false is expected", "true ou false est attendu"),
                ParamKind::Time => LocalText::new(
                    "a time such as \"08:30\" is expected",
                    "une heure comme \"08:30\" est attendue",
                ),
                ParamKind::List => LocalText::new(
                    r#"a list such as ["a", "b"] is expected"#,
                    r#"une liste comme ["a", "b"] est attendue"#,
                ),
            },
            Self::BelowMinimum { min } => {
                LocalText::new(format!("it must be at least {min}"), format!("la valeur minimale est {min}"))
            }
            Self::AboveMaximum { max } => {
                LocalText::new(format!("it must be at most {max}"), format!("la valeur maximale est {max}"))
            }
            Self::NotAbove { other, value } => LocalText::new(
                format!("it must be greater than {other:?}, which is {value}"),
                format!("la valeur doit dépasser celle de {other:?}, qui est {value}"),
            ),
            Self::NotBelow { other, value } => LocalText::new(
                format!("it must be less than {other:?}, which is {value}"),
                format!("la valeur doit être inférieure à celle de {other:?}, qui est {value}"),
            ),
            Self::NotAnOption { options } => {
                let options = options.join(", ");
                LocalText::new(
                    format!("it must be one of: {options}"),
                    format!("les valeurs possibles sont : {options}"),
                )
            }
            Self::TooLong { max } => LocalText::new(
                format!("it must have at most {max} characters"),
                format!("{max} caractères au plus sont permis"),
            ),
            Self::TooManyItems { max } => LocalText::new(
                format!("it must have at most {max} items"),
                format!("{max} éléments au plus sont permis"),
            ),
            Self::HiddenCharacter => LocalText::new(
                "control and invisible characters are not allowed",
                "les caractères de contrôle et invisibles ne sont pas permis",
            ),
        }
    }
}

/// Minutes since midnight as `HH:MM`.
fn clock(minutes: i64) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// `HH:MM` as minutes since midnight.
pub(crate) fn minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())
    };
    let (hours, minutes): (i64, i64) = (two_digits(hours)??, two_digits(minutes)??);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(kind: ParamKind, default: ParamValue, min: Option<i64>, max: Option<i64>) -> ParamSpec {
        ParamSpec {
            kind,
            default,
            min,
            max,
            options: None,
            above: None,
            title: LocalText::new("Limit", "Limite"),
        }
    }

    #[test]
    fn every_kind_is_read_back_as_it_is_written() {
        let values = [
            ParamValue::Int(-12),
            ParamValue::String("École, « Vents »".to_owned()),
            ParamValue::Bool(true),
            ParamValue::Time(8 * 60 + 5),
            ParamValue::List(vec!["a \"b\"".to_owned(), "é".to_owned()]),
        ];
        for value in values {
            let spec = spec(value.kind(), value.clone(), None, None);
            assert_eq!(spec.parse(&value.to_string()), Ok(value));
        }
    }

    #[test]
    fn an_error_names_the_bound() {
        let length = spec(ParamKind::Int, ParamValue::Int(149), Some(1), Some(918));
        assert_eq!(length.parse("918"), Ok(ParamValue::Int(918)));
        assert_eq!(length.parse("919").unwrap_err().to_string(), "it must be at most 918");
        assert_eq!(length.parse("0").unwrap_err().text().fr, "la valeur minimale est 1");
        let from = spec(ParamKind::Time, ParamValue::Time(480), Some(480), Some(1320));
        assert_eq!(from.parse("07:59").unwrap_err().to_string(), "it must be at least 08:00");
        assert_eq!(from.parse("22:01").unwrap_err().to_string(), "it must be at most 22:00");
    }

    #[test]
    fn what_is_not_of_the_kind_is_refused() {
        let wrong = [
            (ParamKind::Int, "1.5"),
            (ParamKind::Int, "99999999999999999999"),
            (ParamKind::Bool, "oui"),
            (ParamKind::Time, "8:00"),
            (ParamKind::Time, "24:00"),
            (ParamKind::Time, "+1:00"),
            (ParamKind::List, "a, b"),
            (ParamKind::List, "[1]"),
        ];
        for (kind, text) in wrong {
            let spec = spec(kind, ParamValue::Bool(true), None, None);
            assert_eq!(spec.parse(text), Err(ParamError::WrongKind { expected: kind }), "{text}");
        }
    }

    #[test]
    fn texts_keep_their_options_and_sizes() {
        let mut spec = spec(ParamKind::List, ParamValue::List(Vec::new()), None, None);
        assert_eq!(spec.parse(&format!("[{:?}]", "x".repeat(257))), Err(ParamError::TooLong { max: 256 }));
        assert_eq!(spec.parse("[\"a\\u0000\"]"), Err(ParamError::HiddenCharacter));
        spec.options = Some(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(spec.parse("[\"c\"]").unwrap_err().to_string(), "it must be one of: a, b");
    }
}
