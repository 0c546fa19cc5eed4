//! What is true of whole files: encodings, sizes, and what is no CSV at all.

use std::io::{self, Read};

use super::super::*;
use super::{SPREADSHEET, read, read_bytes};

fn file_error(bytes: &[u8]) -> FileError {
    read_bytes(bytes).expect_err("the file is refused")
}

#[test]
fn files_that_are_none_are_refused_whole() {
    let utf16: Vec<u8> = "Nom;Prenom\nA;B\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, expected) in [
        (b"".as_slice(), FileError::Empty),
        (b"\n\n \r\n", FileError::Empty),
        (b"\xEF\xBB\xBF", FileError::Empty),
        (b";;\n", FileError::Empty),
        (b"PK\x03\x04\x00\x00", FileError::Workbook),
        (b"\x7FELF\x01\x00\x00\x07\x00\x00\x00", FileError::Binary),
        (b"Nom;Prenom\nA;B\0\n", FileError::Binary),
        (&utf16, FileError::Utf16),
        (&[b"\xFF\xFE".as_slice(), &utf16].concat(), FileError::Utf16),
        (b"Nom;Pr\x8Enom\nFran\x8Dois;B\n", FileError::UnknownEncoding),
        (b"\xEF\xBB\xBFNom;Prenom\nA;\xE9\n", FileError::UnknownEncoding),
        (b"Dupont;Marie;F\nDurand;Paul;H\n", FileError::NoHeader),
        (b"un texte quelconque", FileError::NoHeader),
        (b"Nom;Mobile\nA;0612345678\n", FileError::MissingColumn { column: Column::FirstName }),
        (b"Nom;Prenom;Nom\nA;B;C\n", FileError::DuplicateColumn { column: Column::LastName }),
    ] {
        assert_eq!(file_error(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn one_byte_at_the_end_decides_the_encoding() {
    let mut file = b"Nom;Pr\xE9nom\n".to_vec();
    file.extend(b"A;B\n".repeat(30_000));
    assert_eq!(inspect(&*file).map(|shape| shape.encoding()), Ok(TextEncoding::Windows1252));
    let mut file = "Nom;Prénom\n".as_bytes().to_vec();
    file.extend("É;ç\n".repeat(30_000).as_bytes());
    assert_eq!(inspect(&*file).map(|shape| shape.encoding()), Ok(TextEncoding::Utf8));
    // A character cut at the end of the file: not UTF-8, and then the header is not what it seemed either.
    file.push(0xC3);
    assert_eq!(file_error(&file), FileError::MissingColumn { column: Column::FirstName });
}

#[test]
fn sizes_are_bounded() {
    let header = |then: &'static str| io::Cursor::new(format!("Nom;Prenom\n{then}"));
    assert_eq!(inspect(header("").chain(Endless { line: b"A;B\n", at: 0 })), Err(FileError::TooManyRows));
    assert_eq!(
        inspect(header("A;\"").chain(Endless { line: b"B\n", at: 0 })),
        Err(FileError::RowTooLong { line: 2 })
    );
    assert_eq!(
        inspect(header("").chain(Endless { line: b"\n", at: 0 })),
        Err(FileError::RowTooLong { line: 2 })
    );
    let wide = format!("Nom;Prenom;x\nA;B;{}\n", "x".repeat(MAX_ROW_BYTES - 10));
    assert!(read(&wide).1[0].is_ok());
    let full = format!("Nom;Prenom\n{};;\n", "A;B\n".repeat(200_000));
    assert_eq!(inspect(full.as_bytes()).map(|shape| shape.rows()), Ok(MAX_ROWS));
}

#[test]
fn reading_may_fail_and_chunks_may_be_of_any_size() {
    let failing = io::Cursor::new(b"Nom;Prenom\n").chain(Failing);
    assert_eq!(inspect(failing), Err(FileError::Unreadable(io::ErrorKind::BrokenPipe)));
    let (whole, by_bytes) = (inspect(SPREADSHEET.as_bytes()), inspect(ByBytes(SPREADSHEET.as_bytes())));
    assert_eq!(whole, by_bytes);
    let shape = whole.expect("the file is readable");
    let region = "FR".parse().expect("FR is a region");
    let expected: Vec<_> = read(SPREADSHEET).1.into_iter().map(Ok).collect();
    let chunked = rows(ByBytes(SPREADSHEET.as_bytes()), &shape, region).expect("the file is readable");
    assert_eq!(chunked.collect::<Vec<_>>(), expected);
}

/// A line, for ever.
struct Endless {
    line: &'static [u8],
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for byte in &mut *buffer {
            *byte = self.line[self.at % self.line.len()];
            self.at += 1;
        }
        Ok(buffer.len())
    }
}

/// A reader that breaks.
struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

/// A reader that gives one byte at a time.
struct ByBytes<'a>(&'a [u8]);

impl Read for ByBytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer.split_at_mut(1.min(buffer.len())).0)
    }
}
