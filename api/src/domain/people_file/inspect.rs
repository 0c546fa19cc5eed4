//! The first pass: what is true of the whole file, and whether it can be read at all.

use std::borrow::Cow;
use std::io::Read;

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use encoding_rs::WINDOWS_1252;

use super::header::Header;
use super::source::{BUFFER_BYTES, Source, open};
use super::{Column, FileError, Keep, KeepError, KeptColumn, MAX_ROWS};

/// The delimiters that are told apart, the French one first.
const DELIMITERS: [u8; 3] = [b';', b',', b'\t'];

/// What a text file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextEncoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// Windows-1252, which is what spreadsheets in French call ANSI.
    Windows1252,
}

impl TextEncoding {
    /// The usual name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Windows1252 => "Windows-1252",
        }
    }

    /// The text of some bytes of the file; both encodings are supersets of ASCII, so cells can be decoded apart.
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes),
            Self::Windows1252 => WINDOWS_1252.decode_without_bom_handling(bytes).0,
        }
    }
}

/// What [`inspect`] found: how to read the rows of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileShape {
    encoding: TextEncoding,
    pub(super) delimiter: u8,
    rows: u64,
    pub(super) header: Header,
}

impl FileShape {
    /// What the file is written in.
    #[must_use]
    pub fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// What separates its cells: a semicolon, a comma or a tab.
    #[must_use]
    pub fn delimiter(&self) -> char {
        char::from(self.delimiter)
    }

    /// How many rows [`super::rows`] will give: all but the header and those that are blank.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether the file has this column.
    #[must_use]
    pub fn has(&self, column: Column) -> bool {
        self.header.position(column).is_some()
    }

    /// The headers that are read as no column, as they are written: worth telling the user.
    #[must_use]
    pub fn ignored_columns(&self) -> Vec<String> {
        self.header.ignored()
    }

    /// The columns that are kept on demand.
    #[must_use]
    pub fn kept(&self) -> &[KeptColumn] {
        &self.header.kept
    }

    /// The same, where these columns are kept.
    ///
    /// # Errors
    /// [`KeepError`], the first: nothing of the file may be applied.
    pub fn keeping(self, keep: &Keep) -> Result<Self, KeepError> {
        Ok(Self { header: self.header.keeping(keep)?, ..self })
    }
}

/// Reads a whole file once, in constant memory, and tells how to read its rows.
///
/// # Errors
/// [`FileError`]: nothing of the file may be applied.
pub fn inspect<R: Read>(reader: R) -> Result<FileShape, FileError> {
    let opening = open(reader)?;
    let bom = opening.bom;
    let delimiter = guess_delimiter(&opening.prefix);
    let mut parser = parser(Source::new(opening), delimiter);
    let mut record = ByteRecord::new();
    if next_record(&mut parser, &mut record)?.is_none() {
        return Err(FileError::Empty);
    }
    let header = record.clone();
    let mut rows = 0;
    while next_record(&mut parser, &mut record)?.is_some() {
        rows += u64::from(!is_blank(&record));
        if rows > MAX_ROWS {
            return Err(FileError::TooManyRows);
        }
    }
    let scan = parser.into_inner().into_scan();
    let encoding = match (scan.utf8, bom || !scan.windows_1252) {
        (true, _) => TextEncoding::Utf8,
        (false, false) => TextEncoding::Windows1252,
        (false, true) => return Err(FileError::UnknownEncoding),
    };
    if rows == 0 && is_blank(&header) {
        return Err(FileError::Empty);
    }
    let header = Header::read(&cells(&header, encoding))?;
    Ok(FileShape { encoding, delimiter, rows, header })
}

/// The delimiter under which the first line names the most columns.
fn guess_delimiter(prefix: &[u8]) -> u8 {
    let recognised = |delimiter: u8| {
        let mut record = ByteRecord::new();
        match parser(prefix, delimiter).read_byte_record(&mut record) {
            // The encoding of the file is not known yet; that of its first line is enough here.
            Ok(true) if std::str::from_utf8(record.as_slice()).is_ok() => {
                Header::recognised(&cells(&record, TextEncoding::Utf8))
            }
            Ok(true) => Header::recognised(&cells(&record, TextEncoding::Windows1252)),
            _ => 0,
        }
    };
    // Of equals, `max_by_key` takes the last.
    DELIMITERS.into_iter().rev().max_by_key(|&delimiter| recognised(delimiter)).unwrap_or(DELIMITERS[0])
}

fn cells(record: &ByteRecord, encoding: TextEncoding) -> Vec<String> {
    record.iter().map(|cell| encoding.decode(cell).into_owned()).collect()
}

/// A parser that leaves the header and the width of rows to us.
pub(super) fn parser<R: Read>(reader: R, delimiter: u8) -> Reader<R> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter).buffer_capacity(BUFFER_BYTES);
    builder.from_reader(reader)
}

/// Reads the next row, blank ones included, and gives the line where it begins; `None` at the end of the file.
pub(super) fn next_record<R: Read>(
    parser: &mut Reader<Source<R>>,
    record: &mut ByteRecord,
) -> Result<Option<u64>, FileError> {
    let start = parser.position().line();
    let more = parser.read_byte_record(record).map_err(|error| file_error(error, start))?;
    parser.get_mut().end_row();
    // Counted from the end of the row: the parser's own start is that of the empty lines that it skipped.
    let inside = record.as_slice().split(|&byte| byte == b'\n').count() as u64;
    let line = parser.position().line().saturating_sub(inside).max(1);
    Ok(more.then_some(line))
}

/// Whether every cell of a row is empty: spreadsheets export such rows by the thousand.
pub(super) fn is_blank(record: &ByteRecord) -> bool {
    record.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace))
}

/// What stopped the parser. Only reading can: rows of any width and any bytes parse.
fn file_error(error: csv::Error, line: u64) -> FileError {
    match error.into_kind() {
        ErrorKind::Io(error) => {
            let kind = error.kind();
            match error.into_inner().and_then(|inner| inner.downcast::<FileError>().ok()).map(|found| *found)
            {
                Some(FileError::RowTooLong { .. }) => FileError::RowTooLong { line },
                Some(found) => found,
                None => FileError::Unreadable(kind),
            }
        }
        _ => FileError::Unreadable(std::io::ErrorKind::InvalidData),
    }
}
