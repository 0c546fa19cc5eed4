//! What an import is answered, and what of it is kept under its key.

use std::borrow::Cow;

use sea_orm::prelude::Json;
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::services::people::import::{ImportSummary, Outcome, RowOutcome};

/// Refused rows kept under a key, for an answer that is asked for again: some 60 KB. More is a file to mend, not a list to read.
pub const REFUSED_KEPT: usize = 1_000;
/// Names of ignored columns told: a file has as many as its sender likes.
const IGNORED_TOLD: usize = 100;

/// A row that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRow {
    /// The line of the file where the row begins; the header is on line 1.
    pub line: u64,
    /// The column at fault, when one is.
    pub column: Option<Cow<'static, str>>,
    /// Why, as a code.
    pub code: Cow<'static, str>,
}

impl RefusedRow {
    /// The row, if it was refused.
    pub(super) fn of(row: RowOutcome) -> Option<Self> {
        match row.outcome {
            Outcome::Refused { code, column } => Some(Self {
                line: row.line,
                column: column.map(|column| column.as_str().into()),
                code: code.into(),
            }),
            _ => None,
        }
    }
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// How many rows did what.
    pub summary: ImportSummary,
    /// Whether it was done before, under the same key: this is the answer of then.
    pub replayed: bool,
}

/// The whole answer, as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    pub summary: ImportSummary,
    pub refused: Vec<RefusedRow>,
}

impl Answer {
    /// An answer whose summary is no longer than one is read.
    pub fn new(mut summary: ImportSummary, refused: Vec<RefusedRow>) -> Self {
        summary.ignored_columns.truncate(IGNORED_TOLD);
        Self { summary, refused }
    }

    /// The answer kept.
    pub fn read(kept: Json) -> Result<Self, Fault> {
        serde_json::from_value(kept).map_err(Fault::internal)
    }

    /// The answer as it is to be kept.
    pub fn kept(&self) -> Result<Json, Fault> {
        let refused = self.refused.iter().take(REFUSED_KEPT).cloned().collect();
        serde_json::to_value(Self { summary: self.summary.clone(), refused }).map_err(Fault::internal)
    }

    /// Tells the rows, and gives the rest.
    pub fn told(self, replayed: bool, on_refused: &mut impl FnMut(RefusedRow)) -> Imported {
        self.refused.into_iter().for_each(on_refused);
        Imported { summary: self.summary, replayed }
    }
}
