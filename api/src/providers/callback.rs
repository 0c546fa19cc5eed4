//! Calls that gateways make to us: what a provider is given of one, and what it reads there.
//!
//! Knows neither the route nor who vouches for the call: `http` does, and gives only calls whose address is one of ours.
//!
//! Architecture Invariant: reading never panics, whatever the bytes, and an error names a parameter, never its value.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};

use crate::domain::message_state::Report as Status;

/// A call from outside, whatever its method: both parts are bounded by whoever received it.
#[derive(Clone, Default)]
pub struct Callback {
    /// The query string, as it came.
    pub query: String,
    /// The body, as it came.
    pub body: Vec<u8>,
}

impl Callback {
    /// The parameter of that name in the query string, its percent escapes undone: bytes, in a charset that only the provider
    /// knows. The first, if it is there several times.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let pairs = self.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs
            .map(|(key, value)| (decoded(key), value))
            .find(|(key, _)| **key == *name.as_bytes())
            .map(|(_, value)| decoded(value))
    }

    /// The same, where it must be there and in UTF-8.
    ///
    /// # Errors
    /// [`CallbackError::Malformed`], naming it.
    pub fn text(&self, name: &'static str) -> Result<String, CallbackError> {
        let bytes = self.parameter(name).ok_or(CallbackError::Malformed { parameter: name })?;
        String::from_utf8(bytes.into_owned()).map_err(|_| CallbackError::Malformed { parameter: name })
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").finish_non_exhaustive()
    }
}

/// Undoes percent escapes, and `+` for a space. What is no escape stays as it is.
fn decoded(text: &str) -> Cow<'_, [u8]> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Cow::Borrowed(text.as_bytes());
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escape = digit(bytes.get(at + 1)).zip(digit(bytes.get(at + 2)));
        at += 1;
        out.push(match (byte, escape) {
            (b'%', Some((high, low))) => {
                at += 2;
                u8::try_from(high * 16 + low).expect("invariant: two hexadecimal digits make a byte")
            }
            (b'+', _) => b' ',
            (byte, _) => *byte,
        });
    }
    Cow::Owned(out)
}

/// What a provider reports of a message; which one, the address of the call says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// What became of it.
    pub status: Status,
    /// The provider's code for it, where it gives one.
    pub code: Option<String>,
}

/// A message that someone sent to one of the provider's short codes.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Who sent it, as the provider writes numbers.
    pub from: String,
    /// The short code it was sent to.
    pub to: String,
    /// What it says. Bytes that could not be read stand as U+FFFD.
    pub text: String,
    /// When it was sent, where the provider tells.
    pub sent_at: Option<DateTime<Utc>>,
    /// The provider's own id of it, where it gives one: the same when it calls again.
    pub reference: Option<String>,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound").field("to", &self.to).finish_non_exhaustive()
    }
}

/// Why a call cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// This provider makes no such calls.
    #[error("this provider makes no such calls")]
    Unsupported,
    /// A parameter is missing, or is not of the form that the provider documents.
    #[error("the parameter `{parameter}` is missing or malformed")]
    Malformed {
        /// Its name, or that of the part of the body at fault.
        parameter: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callback(query: &str) -> Callback {
        Callback { query: query.to_owned(), body: Vec::new() }
    }

    #[test]
    fn escapes_are_undone_and_what_is_none_stays() {
        for (query, value) in [
            ("text=a+b%2Bc%26d", &b"a b+c&d"[..]),
            ("te%78t=named+by+escapes", b"named by escapes"),
            ("other=1&text=%E9%00%ff", b"\xE9\x00\xFF"),
            ("text=100%&x", b"100%"),
            ("text=%4&x", b"%4"),
            ("text=%zz%%41", b"%zz%A"),
            ("text", b""),
            ("text=first&text=second", b"first"),
            ("text=a=b", b"a=b"),
        ] {
            assert_eq!(callback(query).parameter("text").as_deref(), Some(value), "{query}");
        }
        assert_eq!(callback("texte=1&&=").parameter("text"), None);
    }

    #[test]
    fn what_is_missing_or_no_text_is_named_and_nothing_else_is_shown() {
        let malformed = Err(CallbackError::Malformed { parameter: "from" });
        assert_eq!(callback("to=1").text("from"), malformed);
        assert_eq!(callback("from=%FF").text("from"), malformed);
        let inbound = Inbound {
            from: "+33612345678".into(),
            to: "36608".into(),
            text: "secret".into(),
            sent_at: None,
            reference: None,
        };
        let shown = format!("{inbound:?} {:?}", callback("text=secret"));
        assert!(!shown.contains("secret") && !shown.contains("336"), "{shown}");
    }
}
