//! Owns texts in the two languages of the users, and what no text of a plugin may hide.
//!
//! Invariant: what a rule says exists in English and in French from the start; a reader only picks.

use serde::{Deserialize, Serialize};

/// A language of the users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Lang {
    /// English.
    En,
    /// French.
    Fr,
}

/// One text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalText {
    /// In English.
    pub en: String,
    /// In French.
    pub fr: String,
}

impl LocalText {
    /// Both languages of one text.
    pub fn new(en: impl Into<String>, fr: impl Into<String>) -> Self {
        Self { en: en.into(), fr: fr.into() }
    }

    /// The text in that language.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Fr => &self.fr,
        }
    }
}

/// Where a text first hides something from its reader: the line, the column (both from 1) and the character.
/// Control characters, bidirectional overrides and invisible characters would let a script show one thing and do another.
pub(crate) fn hidden_character(text: &str) -> Option<(usize, usize, char)> {
    text.split('\n').enumerate().find_map(|(line, content)| {
        let content = content.strip_suffix('\r').unwrap_or(content);
        let (column, character) = content.chars().enumerate().find(|(_, character)| is_hidden(*character))?;
        Some((line + 1, column + 1, character))
    })
}

fn is_hidden(character: char) -> bool {
    let invisible = matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    invisible || (character.is_control() && character != '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_found_where_they_stand() {
        assert_eq!(hidden_character("true\n\tab\u{202e}c"), Some((2, 4, '\u{202e}')));
        for hidden in ['\0', '\u{1b}', '\u{85}', '\u{200d}', '\u{2066}', '\u{feff}', '\u{e0041}'] {
            assert!(hidden_character(&format!("a{hidden}b")).is_some(), "{hidden:?}");
        }
    }

    #[test]
    fn french_typography_and_line_ends_are_no_secret() {
        assert_eq!(hidden_character("« Déjà\u{a0}» l’été\u{202f}!\r\n— œuvre 🎶 €"), None);
    }
}
