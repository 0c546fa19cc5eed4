//! What a structure's own columns say of a person.
//!
//! Knows neither which columns there are nor what they mean.
//!
//! Invariant: its `Debug` shows nothing of it, so neither does that of a row; serialised as the column holds it, and for that alone.

use std::collections::BTreeMap;
use std::fmt;

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

/// Values, by the names of their columns.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct OwnValues(BTreeMap<String, String>);

impl OwnValues {
    /// What a column says; none when it says nothing.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        self.0.get(column).map(String::as_str)
    }

    /// Makes a column say this.
    pub fn set(&mut self, column: impl Into<String>, value: impl Into<String>) {
        self.0.insert(column.into(), value.into());
    }
}

impl fmt::Debug for OwnValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnValues(…)")
    }
}
