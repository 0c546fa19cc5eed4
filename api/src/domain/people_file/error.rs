//! Why a file, or one of its rows, is refused.

use std::io;

use super::{Column, KeepError, MAX_ROW_BYTES, MAX_ROWS};
use crate::domain::phone::PhoneError;

/// Why a whole file is refused: nothing of it may be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// No byte, or nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// Not text: it holds NUL bytes.
    #[error("the file is not text: export it as CSV")]
    Binary,
    /// The workbook of a spreadsheet (xlsx, ods, xls), not an export of it.
    #[error("the file is a workbook: save its sheet as CSV")]
    Workbook,
    /// UTF-16, as some exports named "Unicode text" are.
    #[error("the file is in UTF-16: save it as \"CSV UTF-8\"")]
    Utf16,
    /// Neither UTF-8 nor Windows-1252, or announced as UTF-8 and not.
    #[error("the file is neither in UTF-8 nor in Windows-1252: save it as \"CSV UTF-8\"")]
    UnknownEncoding,
    /// The first line names no known column.
    #[error("the first line names no known column: give the columns their names, such as Nom and Prénom")]
    NoHeader,
    /// A column that every file must have is not there.
    #[error("the column {} is missing", column.as_str())]
    MissingColumn {
        /// Which.
        column: Column,
    },
    /// Two columns are the same.
    #[error("the column {} is there twice: keep one", column.as_str())]
    DuplicateColumn {
        /// Which.
        column: Column,
    },
    /// A column to keep that cannot be kept.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// More rows than [`MAX_ROWS`].
    #[error("the file has more than {limit} rows: split it", limit = MAX_ROWS)]
    TooManyRows,
    /// A row longer than [`MAX_ROW_BYTES`].
    #[error("the row at line {line} is longer than {limit} bytes: is a quote left open?", limit = MAX_ROW_BYTES)]
    RowTooLong {
        /// The line where the row begins.
        line: u64,
    },
    /// The bytes could not be read to their end.
    #[error("the file could not be read ({0})")]
    Unreadable(io::ErrorKind),
}

impl FileError {
    /// The stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "FILE_EMPTY",
            Self::Binary => "FILE_BINARY",
            Self::Workbook => "FILE_WORKBOOK",
            Self::Utf16 => "FILE_UTF16",
            Self::UnknownEncoding => "FILE_ENCODING_UNKNOWN",
            Self::NoHeader => "FILE_HEADER_MISSING",
            Self::MissingColumn { .. } => "FILE_COLUMN_MISSING",
            Self::DuplicateColumn { .. } => "FILE_COLUMN_DUPLICATED",
            Self::Keep(error) => error.code(),
            Self::TooManyRows => "FILE_TOO_MANY_ROWS",
            Self::RowTooLong { .. } => "FILE_ROW_TOO_LONG",
            Self::Unreadable(_) => "FILE_UNREADABLE",
        }
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.kind())
    }
}

/// A row that is refused, where, and why. The rows around it are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {problem}", column.map(|column| format!(", {}", column.as_str())).unwrap_or_default())]
pub struct RowError {
    /// The line of the file where the row begins; the header is on line 1.
    pub line: u64,
    /// The column at fault; none when the whole row is.
    pub column: Option<Column>,
    /// What is wrong: the first thing found.
    pub problem: RowProblem,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// Not as many cells as the header.
    #[error("{found} cells where the header has {expected}")]
    Ragged {
        /// The cells of the header.
        expected: usize,
        /// Those of the row.
        found: usize,
    },
    /// A last or a first name is missing.
    #[error("the name is missing")]
    MissingName,
    /// A value longer than its limit.
    #[error("longer than {limit} characters")]
    ValueTooLong {
        /// The limit, in characters.
        limit: usize,
    },
    /// More tags or lists than one cell may hold.
    #[error("more than {limit} values")]
    TooManyValues {
        /// The limit.
        limit: usize,
    },
    /// A control character, such as a tab or a line end, inside a value.
    #[error("a control character inside the value")]
    ControlCharacter,
    /// A sex or a title that is not known.
    #[error("unknown value: write F, H, Mme, M. or Autre")]
    UnknownSex,
    /// A consent that is neither a date, yes nor no.
    #[error("neither a date such as 31/12/2026, nor oui or non")]
    BadConsent,
    /// A number that is refused.
    #[error(transparent)]
    Phone(PhoneError),
}

impl RowError {
    /// The stable code of this refusal: that of its problem.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.problem {
            RowProblem::Ragged { .. } => "ROW_RAGGED",
            RowProblem::MissingName => "NAME_MISSING",
            RowProblem::ValueTooLong { .. } => "VALUE_TOO_LONG",
            RowProblem::TooManyValues { .. } => "TOO_MANY_VALUES",
            RowProblem::ControlCharacter => "CONTROL_CHARACTER",
            RowProblem::UnknownSex => "SEX_UNKNOWN",
            RowProblem::BadConsent => "CONSENT_UNREADABLE",
            RowProblem::Phone(error) => error.code(),
        }
    }
}
