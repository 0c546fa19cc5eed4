//! What a row is ordered by.
//!
//! Invariant: keys compare as both databases compare the columns they come from: texts by code points, identifiers by bytes.

use sea_orm::Value;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A row's value in one of the columns that order a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Key {
    /// A number or an instant.
    Number(i64),
    /// An identifier.
    Id(Uuid),
    /// A folded text.
    Text(String),
}

impl From<Key> for Value {
    fn from(key: Key) -> Self {
        match key {
            Key::Number(number) => number.into(),
            Key::Id(id) => id.into(),
            Key::Text(text) => text.into(),
        }
    }
}

/// What a column that orders a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A number or an instant.
    Number,
    /// An identifier.
    Id,
    /// A folded text.
    Text,
}

impl Key {
    /// Whether this is a value that such a column can hold: a forged cursor may say anything.
    pub(super) fn fits(&self, kind: KeyKind) -> bool {
        match self {
            Self::Number(_) => kind == KeyKind::Number,
            Self::Id(_) => kind == KeyKind::Id,
            Self::Text(text) => kind == KeyKind::Text && !text.contains('\0'),
        }
    }
}

/// A row that knows its keys, in the order of its list's columns.
pub trait Keyed {
    /// The keys.
    fn keys(&self) -> Vec<Key>;
}
