//! The name that telephones show in place of a number, and the names that nobody may take for another's.
//!
//! Letters without accents and digits, no space: what every provider and every telephone keeps as it is. Sources: the originator takes
//! eleven septets at most (3GPP TS 23.040, 9.1.2.5); Vonage warns that anything but `A-Z a-z 0-9` is altered or not delivered
//! (help.nexmo.com, Originator); some telephones drop a space, or the message with it (46elks.com/kb/text-sender-id).
//!
//! Architecture invariant: two senders are one when they differ by case alone, and a sender that looks like a protected name is
//! taken for it.

use std::fmt;
use std::ops::RangeInclusive;

use super::name::fold;

/// Characters of a sender: eleven is the network's limit, and French operators refuse less than three.
pub const LENGTH: RangeInclusive<usize> = 3..=11;
/// A protected name as long as this is found anywhere in a sender. A shorter one is part of too many words: `Amelie` is not `ameli`.
const LONG: usize = 6;
/// The most protected names that the operator lists: each is looked for in each sender.
pub const MAX_PROTECTED: usize = 500;

/// What is put beside a short name to speak for it.
const NOTICES: [&str; 16] = [
    "alert", "alerte", "avis", "client", "clients", "colis", "compte", "contact", "france", "info", "infos",
    "mobile", "paiement", "secu", "service", "sms",
];

/// A name that networks carry: 3 to 11 ASCII letters and digits, at least one of them a letter, spelled as it was given.
#[derive(Debug, Clone)]
pub struct SenderName(String);

/// What keeps a text from being a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SenderError {
    /// It holds something else than letters without accents and digits.
    #[error("a sender holds letters without accents and digits only, and no space: {} is neither", shown(*.0))]
    Character(char),
    /// It is too short or too long.
    #[error("a sender has {} to {} characters", LENGTH.start(), LENGTH.end())]
    Length,
    /// It holds no letter, and would be taken for a number.
    #[error("a sender has at least one letter: it is a name, not a number")]
    NoLetter,
}

impl SenderError {
    /// Its stable spelling beside the code `SENDER_INVALID`.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Character(_) => "character",
            Self::Length => "length",
            Self::NoLetter => "letter",
        }
    }
}

/// A character as it may be shown among others: itself, or its code point when it shows nothing, or too much.
#[must_use]
pub fn shown(c: char) -> String {
    if c.is_alphanumeric() || c.is_ascii_graphic() {
        c.to_string()
    } else {
        format!("U+{:04X}", u32::from(c))
    }
}

impl SenderName {
    /// Reads a sender. Nothing is taken off it: a blank at an end is as wrong as one in the middle.
    ///
    /// # Errors
    /// [`SenderError`], the first that applies: a character, the length, no letter.
    pub fn parse(text: &str) -> Result<Self, SenderError> {
        if let Some(c) = text.chars().find(|c| !c.is_ascii_alphanumeric()) {
            return Err(SenderError::Character(c));
        }
        if !LENGTH.contains(&text.len()) {
            return Err(SenderError::Length);
        }
        if !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            return Err(SenderError::NoLetter);
        }
        Ok(Self(text.to_owned()))
    }

    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is compared.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The protected name that it would be taken for: the same to the eye, one of six characters or more anywhere in it, or a shorter one with
    /// digits or a word such as `info` beside it.
    #[must_use]
    pub fn imitates<'a>(&self, names: &'a ProtectedNames) -> Option<&'a str> {
        let (whole, parts) = (skeleton(&self.0), self.parts());
        let found = names.0.iter().find(|name| name.is_seen_in(&whole, &parts));
        found.map(|name| name.name.as_str())
    }

    /// What the eye makes of each part of it that has nothing beside it but digits and such words as `info`.
    fn parts(&self) -> Vec<String> {
        let beside = |rest: &str| {
            let word: String = rest.chars().filter(|c| !c.is_ascii_digit()).collect();
            word.is_empty() || NOTICES.iter().any(|notice| skeleton(notice) == skeleton(&word))
        };
        let length = self.0.len();
        let spans = (0..length).flat_map(|start| (start + 1..=length).map(move |end| (start, end)));
        let spans = spans.filter(|(start, end)| beside(&self.0[..*start]) && beside(&self.0[*end..]));
        spans.map(|(start, end)| skeleton(&self.0[start..end])).collect()
    }
}

impl fmt::Display for SenderName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The names that a sender may not be taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedNames(Vec<Protected>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Protected {
    name: String,
    skeleton: String,
}

impl Protected {
    fn is_seen_in(&self, whole: &str, parts: &[String]) -> bool {
        let long = self.skeleton.chars().count() >= LONG;
        (long && whole.contains(&self.skeleton)) || parts.contains(&self.skeleton)
    }
}

/// What keeps a list from being one of protected names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be at most {MAX_PROTECTED} names separated by commas or line ends, each with 3 letters or digits or more"
)]
pub struct ProtectedError;

impl ProtectedNames {
    /// Reads names separated by commas or line ends; an empty text protects none.
    ///
    /// # Errors
    /// [`ProtectedError`] when a name has too few characters to be told from others, or there are too many.
    pub fn parse(text: &str) -> Result<Self, ProtectedError> {
        let names = text.split([',', '\n']).map(str::trim).filter(|name| !name.is_empty());
        let names: Vec<Protected> =
            names.map(|name| Protected { name: name.to_owned(), skeleton: skeleton(name) }).collect();
        let told = |name: &Protected| name.skeleton.chars().count() >= *LENGTH.start();
        if names.len() <= MAX_PROTECTED && names.iter().all(told) {
            Ok(Self(names))
        } else {
            Err(ProtectedError)
        }
    }
}

/// What the eye makes of a name: no case, accents, blanks or signs, and one letter for all that look like it.
fn skeleton(name: &str) -> String {
    let alike = |c| match c {
        '0' => 'o',
        '1' | 'i' => 'l',
        '2' => 'z',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '6' | '9' => 'g',
        '7' => 't',
        '8' => 'b',
        c => c,
    };
    let letters: String = fold(name).chars().filter(|c| c.is_alphanumeric()).map(alike).collect();
    letters.replace("rn", "m").replace("vv", "w")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_short_plain_and_has_a_letter() {
        for (text, refused) in [
            ("4VENTS", None),
            ("abc", None),
            ("A1B", None),
            ("ABCDEFGHIJK", None),
            ("ABCDEFGHIJKL", Some(SenderError::Length)),
            ("AB", Some(SenderError::Length)),
            ("", Some(SenderError::Length)),
            ("36608", Some(SenderError::NoLetter)),
            ("ÉCOLE", Some(SenderError::Character('É'))),
            ("4 VENTS", Some(SenderError::Character(' '))),
            (" VENTS", Some(SenderError::Character(' '))),
            ("VENTS\u{a0}", Some(SenderError::Character('\u{a0}'))),
            ("VEN\u{202e}TS", Some(SenderError::Character('\u{202e}'))),
            ("VEN\u{200b}TS", Some(SenderError::Character('\u{200b}'))),
            ("VEN\0TS", Some(SenderError::Character('\0'))),
            ("VEN\nTS", Some(SenderError::Character('\n'))),
            ("АМЕLI", Some(SenderError::Character('А'))),
            ("E\u{301}COLE", Some(SenderError::Character('\u{301}'))),
            ("4-VENTS", Some(SenderError::Character('-'))),
            ("🎺🎺🎺", Some(SenderError::Character('🎺'))),
        ] {
            assert_eq!(SenderName::parse(text).err(), refused, "{text:?}");
        }
        assert_eq!(SenderError::Character('\u{202e}').to_string().matches("U+202E").count(), 1);
    }

    #[test]
    fn what_looks_like_a_protected_name_is_taken_for_it() {
        let names = ProtectedNames::parse("ameli, La Poste, Impôts, SFR, CAF, Orange, gouv, Colissimo")
            .expect("the tests give names");
        for (sender, imitated) in [
            ("ameli", Some("ameli")),
            ("AMELI", Some("ameli")),
            ("AME1I", Some("ameli")),
            ("4m3Ll", Some("ameli")),
            ("AMELI2026", Some("ameli")),
            ("InfoAmeli", Some("ameli")),
            ("4MELI24", Some("ameli")),
            ("AMEL124", Some("ameli")),
            ("INFO24AMELI", Some("ameli")),
            ("CAF75INFO", Some("CAF")),
            ("SFR24SMS", Some("SFR")),
            ("5FR24", Some("SFR")),
            ("AMELIE", None),
            ("AMELIE24", None),
            ("LaPoste", Some("La Poste")),
            ("LAP0STE", Some("La Poste")),
            ("1aPo5te", Some("La Poste")),
            ("LAPOSTE24", Some("La Poste")),
            ("SuiviLaPost", None),
            ("impots", Some("Impôts")),
            ("IRNPOTS", Some("Impôts")),
            ("MesImpots", Some("Impôts")),
            ("5FR", Some("SFR")),
            ("SFRINFO", Some("SFR")),
            ("smsSFR", Some("SFR")),
            ("CAF2026", Some("CAF")),
            ("CAFEJAZZ", None),
            ("DECAF", None),
            ("ORANGE", Some("Orange")),
            ("0range5", Some("Orange")),
            ("C0L1551M0", Some("Colissimo")),
            ("GouvAlerte", Some("gouv")),
            ("4VENTS", None),
            ("LITTORAL", None),
        ] {
            let name = SenderName::parse(sender).expect("the tests give senders");
            assert_eq!(name.imitates(&names), imitated, "{sender}");
        }
        let none = ProtectedNames::parse("").expect("an empty list is one");
        assert_eq!(SenderName::parse("ameli").expect("a sender").imitates(&none), None);
    }

    #[test]
    fn a_list_of_names_too_short_or_too_long_is_refused() {
        assert!(ProtectedNames::parse("ameli,,  ,SFR,").is_ok());
        for text in ["ameli, é", "1", "--- , SFR"] {
            assert!(ProtectedNames::parse(text).is_err(), "{text}");
        }
        assert!(ProtectedNames::parse(&"ameli,".repeat(MAX_PROTECTED)).is_ok());
        assert!(ProtectedNames::parse(&"ameli,".repeat(MAX_PROTECTED + 1)).is_err());
    }
}
