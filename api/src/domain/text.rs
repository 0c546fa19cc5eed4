//! What a user may send: a text that was checked once and is passed on as it is.
//!
//! Architecture invariant: a [`MessageText`] is in NFC, is not blank, holds no control character but LF and tab, and at
//! most [`MAX_TEXT_UNITS`] UTF-16 units. Its content never appears in `Debug` nor in an error.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::name::is_invisible;

/// The longest text accepted, in UTF-16 units: some thirty SMS, far above what any rule lets through, so that the
/// rule on lengths is the one that answers whoever writes a little too much.
pub const MAX_TEXT_UNITS: usize = 2_000;

/// The longest input looked at, in bytes. The worst spelling of one unit is nine bytes (a decomposed Hangul
/// syllable), so nothing beyond can be a text of [`MAX_TEXT_UNITS`], and refusing a huge one costs nothing.
const MAX_INPUT_BYTES: usize = 9 * MAX_TEXT_UNITS;

/// A text accepted for sending, as the user wrote it: only CRLF became LF, and decomposed accents were composed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MessageText(String);

/// Why a text is refused. Positions are UTF-16 units of the text as it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing, or nothing that a reader would see.
    #[error("the text is empty: write something to send")]
    Empty,
    /// A control character other than LF and tab (a CR before LF is accepted and dropped).
    #[error("the text holds the control character U+{codepoint:04X} at position {position}: remove it")]
    ControlCharacter {
        /// The code point of the first such character.
        codepoint: u32,
        /// Where it stands, in UTF-16 units from the start.
        position: usize,
    },
    /// More than [`MAX_TEXT_UNITS`].
    #[error("the text is longer than {limit} UTF-16 units: shorten it")]
    TooLong {
        /// The limit, in UTF-16 units.
        limit: usize,
    },
}

impl TextError {
    /// The stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "TEXT_EMPTY",
            Self::ControlCharacter { .. } => "TEXT_CONTROL_CHARACTER",
            Self::TooLong { .. } => "TEXT_TOO_LONG",
        }
    }
}

impl MessageText {
    /// Accepts a user's text: CRLF becomes LF, the rest is put in NFC, and nothing else changes.
    ///
    /// # Errors
    /// [`TextError`], the first that applies: too long, a control character, blank.
    pub fn parse(input: &str) -> Result<Self, TextError> {
        if input.len() > MAX_INPUT_BYTES {
            return Err(TextError::TooLong { limit: MAX_TEXT_UNITS });
        }
        check_controls(input)?;
        let text: String = input.replace("\r\n", "\n").nfc().collect();
        if text.encode_utf16().count() > MAX_TEXT_UNITS {
            return Err(TextError::TooLong { limit: MAX_TEXT_UNITS });
        }
        if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
            return Err(TextError::Empty);
        }
        Ok(Self(text))
    }

    /// The text, in NFC, with LF for line ends.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageText({} units)", self.0.encode_utf16().count())
    }
}

fn check_controls(input: &str) -> Result<(), TextError> {
    let mut position = 0;
    let mut chars = input.chars().peekable();
    while let Some(c) = chars.next() {
        let ends_line = c == '\n' || (c == '\r' && chars.peek() == Some(&'\n'));
        if c.is_control() && c != '\t' && !ends_line {
            return Err(TextError::ControlCharacter { codepoint: u32::from(c), position });
        }
        position += c.len_utf16();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(input: &str) -> TextError {
        MessageText::parse(input).expect_err("the input must be refused")
    }

    #[test]
    fn a_text_is_kept_but_for_line_ends_and_composition() {
        for (input, expected) in [
            ("Bonjour", "Bonjour"),
            (" deux  espaces ", " deux  espaces "),
            ("a\r\nb\nc", "a\nb\nc"),
            ("a\tb", "a\tb"),
            ("Re\u{301}pe\u{301}t", "Répét"),
            ("« ça » — 😀 👨\u{200D}👩", "« ça » — 😀 👨\u{200D}👩"),
        ] {
            assert_eq!(MessageText::parse(input).map(|t| t.as_str().to_owned()), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn blank_texts_are_refused() {
        for input in ["", " ", "\n\r\n ", "\u{A0}\u{202F}", "\u{200B}\u{FEFF}"] {
            assert_eq!(refusal(input), TextError::Empty, "{input:?}");
        }
    }

    #[test]
    fn control_characters_are_refused_where_they_stand() {
        for (input, codepoint, position) in [
            ("a\u{0}", 0, 1),
            ("\t\u{B}a", 0x0B, 1),
            ("é😀\u{7F}", 0x7F, 3),
            ("a\rb", 0x0D, 1),
            ("a\r\r\n", 0x0D, 1),
            ("a\r\nb\u{1B}", 0x1B, 4),
            ("\u{85}", 0x85, 0),
        ] {
            assert_eq!(refusal(input), TextError::ControlCharacter { codepoint, position }, "{input:?}");
        }
    }

    #[test]
    fn the_length_is_counted_in_units_once_composed() {
        let limit = TextError::TooLong { limit: MAX_TEXT_UNITS };
        assert!(MessageText::parse(&"a".repeat(MAX_TEXT_UNITS)).is_ok());
        assert!(MessageText::parse(&"e\u{301}".repeat(MAX_TEXT_UNITS)).is_ok());
        assert!(MessageText::parse(&"\u{1112}\u{1161}\u{11AB}".repeat(MAX_TEXT_UNITS)).is_ok());
        assert_eq!(refusal(&"a".repeat(MAX_TEXT_UNITS + 1)), limit);
        assert_eq!(refusal(&"😀".repeat(MAX_TEXT_UNITS / 2 + 1)), limit);
        assert_eq!(refusal(&"\u{0}".repeat(10_000_000)), limit);
    }

    #[test]
    fn debug_and_errors_never_show_the_text() {
        let text = MessageText::parse("un secret").expect("a plain text is accepted");
        assert_eq!(format!("{text:?}"), "MessageText(9 units)");
        assert!(!refusal("un secret\u{7}").to_string().contains("secret"));
    }
}
