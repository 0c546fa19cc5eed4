//! People as French spreadsheets export them: bytes of a CSV file in, one person or one refusal per row out.
//!
//! Reading takes two passes over the same bytes, each in constant memory. [`inspect`] reads the whole file and
//! finds what is true of all of it (encoding, delimiter, columns, number of rows), so that a file that cannot be
//! read is known before anything changes. [`rows`] then gives the rows one by one.
//!
//! What a row leaves out changes nothing: a column that is absent and a cell that is empty both give `None` or an
//! empty list, and [`FileShape::has`] tells them apart.
//!
//! Architecture invariant: a row that is refused stops no other; nothing here knows what is already stored, and no
//! error carries the content of a cell.

mod cell;
mod error;
mod header;
mod inspect;
mod keep;
mod rows;
mod source;
#[cfg(test)]
mod tests;

pub use cell::{Consent, Sex};
pub use error::{FileError, RowError, RowProblem};
pub use header::Column;
pub use inspect::{FileShape, TextEncoding, inspect};
pub use keep::{Keep, KeepError, KeptColumn, MAX_KEPT, MAX_KEPT_CHARS, MAX_KEPT_NAME_CHARS};
pub use rows::{Kept, PersonRow, Rows, rows};

/// The most rows in a file, header and blank rows aside: twice the largest federation, and minutes of work.
pub const MAX_ROWS: u64 = 200_000;
/// The longest row read, in bytes: beyond, it is a quote that was never closed, which would swallow the file.
pub const MAX_ROW_BYTES: usize = 64 * 1024;
/// The longest last name, first name or identifier, in characters.
pub const MAX_NAME_CHARS: usize = 100;
/// The longest cell that names a teacher, in characters: two names and the space between.
pub const MAX_TEACHER_CHARS: usize = 2 * MAX_NAME_CHARS + 1;
/// The longest tag or list name, in characters: what a form shows on one line.
pub const MAX_LABEL_CHARS: usize = 60;
/// The most tags, and the most lists, in one cell.
pub const MAX_LABELS: usize = 50;
