//! Values that are stored but never shown: numbers, texts, hashes.
//!
//! Knows nothing of what they mean.
//!
//! Invariant: their `Debug` shows nothing of them, so neither does that of a row, and they cannot be serialised.

use std::fmt;

use sea_orm::{DbErr, DeriveValueType, TryFromU64};

/// A text that must not reach a log: a telephone number, a message, a password's hash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Sensitive(String);

impl Sensitive {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one use it was stored for.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text itself, taken out.
    #[must_use]
    pub fn into_exposed(self) -> String {
        self.0
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(…)")
    }
}

/// The bytes of a hash, keyed or not. The database accepts 32 bytes only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Digest(Vec<u8>);

impl Digest {
    /// Wraps the 32 bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

/// Required of primary keys; always an error, since no database numbers these.
impl TryFromU64 for Digest {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("Digest"))
    }
}
