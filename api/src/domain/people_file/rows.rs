//! The second pass: the rows of a file that was inspected, one by one.

use std::fmt;
use std::io::Read;

use csv::{ByteRecord, Reader};

use super::cell::{Consent, Sex, consent, labels, line, phone, sex};
use super::inspect::{is_blank, next_record, parser};
use super::source::{Source, open};
use super::{
    Column, FileError, FileShape, MAX_KEPT_CHARS, MAX_NAME_CHARS, MAX_TEACHER_CHARS, RowError, RowProblem,
};
use crate::domain::name::fold;
use crate::domain::phone::{Phone, Region};

/// The longest cell with a number, a sex or a consent, in characters; the values themselves are far shorter.
const MAX_WORD_CHARS: usize = 80;

/// What a row says of a person. `None` and an empty list say nothing, and change nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// The line of the file where the row begins; the header is on line 1.
    pub line: u64,
    /// The structure's own identifier of the person.
    pub identifier: Option<String>,
    /// The last name, never empty.
    pub last_name: String,
    /// The first name, never empty.
    pub first_name: String,
    /// The sex.
    pub sex: Option<Sex>,
    /// The mobile number.
    pub mobile: Option<Phone>,
    /// Tags to add, each once.
    pub tags: Vec<String>,
    /// Lists to add the person to, each once.
    pub lists: Vec<String>,
    /// The person's teacher: an identifier, or last and first names in either order.
    pub teacher: Option<String>,
    /// Consent to commercial messages.
    pub consent: Option<Consent>,
    /// What the columns kept on demand say, by their names.
    pub kept: Kept,
}

/// What the columns kept on demand say of a person, by their names; those that say nothing are absent. Its `Debug` shows none of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Kept(pub Vec<(String, String)>);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kept({} values)", self.0.len())
    }
}

/// The rows of a file; see [`rows`].
pub struct Rows<R> {
    parser: Reader<Source<R>>,
    record: ByteRecord,
    shape: FileShape,
    region: Region,
    failed: bool,
}

/// The rows of a file, read once more from its first byte, in constant memory. Blank rows are left out.
///
/// Each item is a row or its refusal; the outer error means that the file can be read no further (its bytes
/// changed since they were inspected, or reading failed), and ends the iteration. Numbers without a country code
/// are read in `region`.
///
/// # Errors
/// [`FileError`] when the first bytes cannot be read.
pub fn rows<R: Read>(reader: R, shape: &FileShape, region: Region) -> Result<Rows<R>, FileError> {
    let mut parser = parser(Source::new(open(reader)?), shape.delimiter);
    let mut record = ByteRecord::new();
    next_record(&mut parser, &mut record)?;
    Ok(Rows { parser, record, shape: shape.clone(), region, failed: false })
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Result<PersonRow, RowError>, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            match next_record(&mut self.parser, &mut self.record) {
                Ok(None) => return None,
                Ok(Some(_)) if is_blank(&self.record) => {}
                Ok(Some(line)) => return Some(Ok(self.row(line))),
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl<R> Rows<R> {
    fn row(&self, line: u64) -> Result<PersonRow, RowError> {
        let row = Row { record: &self.record, shape: &self.shape, line };
        row.check_width()?;
        Ok(PersonRow {
            line,
            identifier: row.line_of(Column::Identifier, MAX_NAME_CHARS)?,
            last_name: row.name_of(Column::LastName)?,
            first_name: row.name_of(Column::FirstName)?,
            sex: row.word_of(Column::Sex, sex)?,
            mobile: row.word_of(Column::Mobile, |number| phone(number, self.region))?,
            tags: row.labels_of(Column::Tags)?,
            lists: row.labels_of(Column::Lists)?,
            teacher: row.line_of(Column::Teacher, MAX_TEACHER_CHARS)?,
            consent: row.word_of(Column::Consent, consent)?,
            kept: Kept(row.kept()?),
        })
    }
}

/// One row, on its way from cells to a person.
struct Row<'a> {
    record: &'a ByteRecord,
    shape: &'a FileShape,
    line: u64,
}

impl Row<'_> {
    /// A row has the cells of the header; more are let through when they are empty.
    fn check_width(&self) -> Result<(), RowError> {
        let (expected, found) = (self.shape.header.width(), self.record.len());
        if found < expected || self.record.iter().skip(expected).any(|cell| !cell.is_empty()) {
            let problem = RowProblem::Ragged { expected, found };
            return Err(RowError { line: self.line, column: None, problem });
        }
        Ok(())
    }

    fn error(&self, column: Column, problem: RowProblem) -> RowError {
        RowError { line: self.line, column: Some(column), problem }
    }

    /// The text of a cell; empty when the file does not have the column.
    fn cell(&self, column: Column) -> std::borrow::Cow<'_, str> {
        self.shape.header.position(column).map(|position| self.cell_at(position)).unwrap_or_default()
    }

    fn cell_at(&self, position: usize) -> std::borrow::Cow<'_, str> {
        self.shape.encoding().decode(self.record.get(position).unwrap_or_default())
    }

    /// What the columns kept on demand say; those whose cell is empty say nothing.
    fn kept(&self) -> Result<Vec<(String, String)>, RowError> {
        let mut kept = Vec::new();
        for column in self.shape.kept() {
            let value = line(&self.cell_at(column.position), MAX_KEPT_CHARS);
            if let Some(value) = value.map_err(|problem| self.error(Column::Kept, problem))? {
                kept.push((column.name.clone(), value));
            }
        }
        Ok(kept)
    }

    fn line_of(&self, column: Column, limit: usize) -> Result<Option<String>, RowError> {
        line(&self.cell(column), limit).map_err(|problem| self.error(column, problem))
    }

    fn name_of(&self, column: Column) -> Result<String, RowError> {
        let name = self.line_of(column, MAX_NAME_CHARS)?.filter(|name| !fold(name).is_empty());
        name.ok_or_else(|| self.error(column, RowProblem::MissingName))
    }

    fn word_of<T>(
        &self,
        column: Column,
        read: impl Fn(&str) -> Result<T, RowProblem>,
    ) -> Result<Option<T>, RowError> {
        let word = self.line_of(column, MAX_WORD_CHARS)?;
        word.map(|word| read(&word)).transpose().map_err(|problem| self.error(column, problem))
    }

    fn labels_of(&self, column: Column) -> Result<Vec<String>, RowError> {
        labels(&self.cell(column)).map_err(|problem| self.error(column, problem))
    }
}
