//! What may stand for a character that the GSM alphabet lacks, and how far a structure lets it: its encoding policy.
//!
//! Knows no text's size: [`super::segments`] does.
//!
//! Architecture invariants. A replacement is of the GSM alphabet whole, so that none makes a text dearer in kind. A character without
//! a fair one stays: it is never turned into `?` or left out. Replacing what was replaced changes nothing more.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::segments::septets;

/// How far characters are replaced so that a text may be sent in the GSM alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EncodingPolicy {
    /// Nothing is replaced.
    Exact,
    /// What no reader notices: signs of typography, blanks, and `œ`.
    Typography,
    /// Also letters, by those without their accents, and what cannot be seen.
    Plain,
}

impl EncodingPolicy {
    /// What this policy puts in the place of a character.
    #[must_use]
    pub fn replacement(self, c: char) -> Option<Cow<'static, str>> {
        match self {
            Self::Exact => None,
            Self::Typography => typographic(c).map(Cow::Borrowed),
            Self::Plain => typographic(c).or_else(|| invisible(c)).map(Cow::Borrowed).or_else(|| letter(c)),
        }
    }

    /// The text, which is in NFC, with all replaced that this policy replaces; in NFC again.
    #[must_use]
    pub fn apply(self, text: &str) -> Cow<'_, str> {
        let mut applied = Cow::Borrowed(text);
        // A mark that stood behind what was replaced may join what stands there now. There is one less each time.
        while let Cow::Owned(next) = replaced(&applied, |c| self.replacement(c)) {
            applied = Cow::Owned(next.nfc().collect());
        }
        applied
    }
}

/// What could fairly stand for a character, whatever the policy; none when a reader would miss it.
#[must_use]
pub fn fair(c: char) -> Option<Cow<'static, str>> {
    EncodingPolicy::Plain.replacement(c).or_else(|| is_direction(c).then_some(Cow::Borrowed("")))
}

/// The text with each character replaced for which there is something to put in its place.
#[must_use]
pub fn replaced(text: &str, replacement: impl Fn(char) -> Option<Cow<'static, str>>) -> Cow<'_, str> {
    let Some(first) = text.find(|c| replacement(c).is_some()) else {
        return Cow::Borrowed(text);
    };
    let (kept, rest) = text.split_at(first);
    let mut whole = String::with_capacity(text.len());
    whole.push_str(kept);
    for c in rest.chars() {
        match replacement(c) {
            Some(instead) => whole.push_str(&instead),
            None => whole.push(c),
        }
    }
    Cow::Owned(whole)
}

/// Signs that word processors and telephones put for those of a keyboard, and the ligature that keyboards lack.
fn typographic(c: char) -> Option<&'static str> {
    Some(match c {
        '‘' | '’' | '‚' | '‛' | '‹' | '›' => "'",
        '“' | '”' | '„' | '‟' | '«' | '»' => "\"",
        '…' => "...",
        // Hyphens, dashes and the minus sign.
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        // Blanks of every width, those that do not break included.
        '\t' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => " ",
        'œ' => "oe",
        'Œ' => "OE",
        _ => return None,
    })
}

/// What takes room and shows nothing in any script: copying brings it along. What joins emoji or shapes letters is not among it.
fn invisible(c: char) -> Option<&'static str> {
    matches!(c, '\u{AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}').then_some("")
}

/// Marks of direction, which only texts need that are written in UCS-2 anyway.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Letters that decomposition leaves whole, and the nearest ones of the GSM alphabet. The Greek capitals look like Latin ones; the
/// alphabet has the others.
const LETTERS: [(char, &str); 28] = [
    ('ł', "l"),
    ('Ł', "L"),
    ('đ', "d"),
    ('Đ', "D"),
    ('ð', "d"),
    ('Ð', "D"),
    ('ħ', "h"),
    ('Ħ', "H"),
    ('ı', "i"),
    ('ŧ', "t"),
    ('Ŧ', "T"),
    ('þ', "th"),
    ('Þ', "Th"),
    ('ẞ', "SS"),
    ('Α', "A"),
    ('Β', "B"),
    ('Ε', "E"),
    ('Ζ', "Z"),
    ('Η', "H"),
    ('Ι', "I"),
    ('Κ', "K"),
    ('Μ', "M"),
    ('Ν', "N"),
    ('Ο', "O"),
    ('Ρ', "P"),
    ('Τ', "T"),
    ('Υ', "Y"),
    ('Χ', "X"),
];

/// A letter by the nearest ones of the GSM alphabet: without its marks, or as its language writes it without it.
fn letter(c: char) -> Option<Cow<'static, str>> {
    if !c.is_alphabetic() || septets(c).is_some() {
        return None;
    }
    match LETTERS.iter().find(|(letter, _)| *letter == c) {
        Some((_, instead)) => Some(Cow::Borrowed(*instead)),
        None => without_marks(c).map(Cow::Owned),
    }
}

/// The letters that a letter is made of, ligatures taken apart, its marks left out.
fn without_marks(c: char) -> Option<String> {
    let bare: String = std::iter::once(c).nfkd().filter(|part| !is_combining_mark(*part)).collect();
    let spelt = !bare.is_empty() && bare.chars().all(|part| part.is_alphabetic() && septets(part).is_some());
    spelt.then_some(bare)
}

#[cfg(test)]
mod tests {
    use EncodingPolicy::{Exact, Plain, Typography};

    use super::*;
    use crate::domain::segments::Encoding;

    fn every_character() -> impl Iterator<Item = char> {
        '\0'..=char::MAX
    }

    #[test]
    fn the_policies_replace_what_they_say() {
        for (text, typography, plain) in [
            ("Bonjour", "Bonjour", "Bonjour"),
            ("l’œuvre « À l’eau »…", "l'oeuvre \" À l'eau \"...", "l'oeuvre \" A l'eau \"..."),
            ("8\u{202F}h – 9\u{A0}h\t20", "8 h - 9 h 20", "8 h - 9 h 20"),
            ("ça, Noël, où, à côté", "ça, Noël, où, à côté", "ca, Noel, où, à coté"),
            ("ŁÓDŹ Straße þing", "ŁÓDŹ Straße þing", "LODZ Straße thing"),
            ("ﬁn, ＡＢ, nº 3", "ﬁn, ＡＢ, nº 3", "fin, AB, no 3"),
            ("ΚΑΛΗΜΕΡΑ", "ΚΑΛΗΜΕΡΑ", "KAΛHMEPA"),
            ("a\u{200B}b\u{AD}c", "a\u{200B}b\u{AD}c", "abc"),
            ("21 °C ½ 😀 م ж λ", "21 °C ½ 😀 م ж λ", "21 °C ½ 😀 م ж λ"),
            ("œ\u{300} ł\u{301}", "oè ł\u{301}", "oè l"),
        ] {
            assert_eq!(Exact.apply(text), text);
            assert_eq!(Typography.apply(text), typography);
            assert_eq!(Plain.apply(text), plain);
        }
    }

    #[test]
    fn a_replacement_is_of_the_gsm_alphabet_and_replaces_nothing_of_it() {
        for c in every_character() {
            let Some(instead) = fair(c) else { continue };
            assert_eq!(Encoding::of(&instead), Encoding::Gsm7, "U+{:04X}", u32::from(c));
            assert_eq!(septets(c), None, "U+{:04X} needs no replacement", u32::from(c));
        }
    }

    #[test]
    fn typography_changes_no_letter_but_the_ligature() {
        let letters: String = every_character()
            .filter(|c| c.is_alphanumeric() && Typography.replacement(*c).is_some())
            .collect();
        assert_eq!(letters, "Œœ");
    }

    #[test]
    fn plain_goes_as_far_as_typography_and_leaves_nothing_it_could_replace() {
        for c in every_character() {
            if let Some(instead) = Typography.replacement(c) {
                assert_eq!(Plain.replacement(c), Some(instead));
            }
            let plain = Plain.apply(c.encode_utf8(&mut [0; 4])).into_owned();
            assert_eq!(Plain.apply(&plain), plain, "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn what_joins_or_shapes_is_never_taken_away() {
        for c in ['\u{200C}', '\u{200D}', '\u{FE0F}', '°', '•', '😀'] {
            assert_eq!(fair(c), None, "U+{:04X}", u32::from(c));
        }
        assert_eq!((fair('\u{202E}').as_deref(), Plain.replacement('\u{202E}')), (Some(""), None));
    }
}
