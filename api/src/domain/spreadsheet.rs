//! CSV files that people open in a spreadsheet.
//!
//! A spreadsheet runs a cell that begins like a formula, whoever wrote it: a person named `=HYPERLINK(…)` would act in the name of
//! whoever reads the report. Source: OWASP, CSV Injection, <https://owasp.org/www-community/attacks/CSV_Injection>.
//!
//! Architecture invariant: no cell begins like a formula, however the file is split: by the separator it was written with, by another,
//! or with its quotes misread. An apostrophe stands before what would; nothing is taken away.

use std::borrow::Cow;

use csv::{QuoteStyle, Terminator, WriterBuilder};

/// Says to spreadsheets that the file is UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What a formula begins with, in the widths that spreadsheets read, and the blanks that some of them skip to it.
const BEGINS_FORMULA: [char; 11] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'];
/// What may begin a cell where a file is split otherwise than it was written.
const BEGINS_CELL: [char; 7] = [',', ';', '\t', '\r', '\n', '"', '|'];

/// Rows as lines of CSV, every cell quoted and none of them a formula.
///
/// # Panics
/// Never: memory takes all that is written to it.
pub fn lines<'a>(separator: u8, rows: impl IntoIterator<Item = Vec<Cow<'a, str>>>) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .delimiter(separator)
        .quote_style(QuoteStyle::Always)
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        let cells = row.iter().map(|cell| inert(cell));
        writer
            .write_record(cells.map(|cell| cell.into_owned().into_bytes()))
            .expect("invariant: rows have as many cells as their header");
    }
    writer.into_inner().expect("invariant: memory takes all that is written to it")
}

/// The cell with an apostrophe before each character that a spreadsheet could take for the beginning of a formula.
fn inert(cell: &str) -> Cow<'_, str> {
    if !cell.contains(BEGINS_FORMULA) {
        return Cow::Borrowed(cell);
    }
    let mut written = String::with_capacity(cell.len() + 1);
    let mut at_beginning = true;
    for c in cell.chars() {
        if at_beginning && BEGINS_FORMULA.contains(&c) {
            written.push('\'');
        }
        written.push(c);
        let skipped = c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}' | '\u{feff}');
        at_beginning = BEGINS_CELL.contains(&c) || (at_beginning && skipped);
    }
    Cow::Owned(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_told_to_be_text() {
        for (cell, written) in [
            ("Marie Dupont", "Marie Dupont"),
            ("Jean-Paul", "Jean-Paul"),
            ("2+2=4", "2+2=4"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("+33612340001", "'+33612340001"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1+1", "'＝1+1"),
            ("＋＋", "'＋＋"),
            ("\t=1", "'\t'=1"),
            ("\r\n=1", "'\r'\n'=1"),
            ("  =1", "  '=1"),
            ("\u{a0}\u{200b}=1", "\u{a0}\u{200b}'=1"),
            ("a;=1", "a;'=1"),
            ("a, =1", "a, '=1"),
            ("a\"=1", "a\"'=1"),
            ("a\n@b", "a\n'@b"),
            ("a|-b", "a|'-b"),
        ] {
            assert_eq!(inert(cell), written, "{cell:?}");
        }
    }

    #[test]
    fn no_way_of_splitting_a_file_shows_a_formula() {
        let row = ["=1", "a;=2", "b,=3", "c\"=4", "\"\"=5", "d\n=6", "e\t=7", "+33612340001"];
        let file = lines(b';', [row.map(Cow::Borrowed).to_vec()]);
        let text = String::from_utf8(file).expect("it is text");
        for separator in [',', ';', '\t', '|', '"', '\n'] {
            for cell in text.split(separator) {
                let cell = cell.trim_start_matches(['"', ' ', '\r', '\n']);
                assert!(!cell.starts_with(['=', '+', '-', '@']), "{separator:?}: {cell:?}");
            }
        }
    }

    #[test]
    fn a_file_reads_back_as_it_was_written() {
        let row = ["Aubry, Sylvie; \"Zo\"", "deux\nlignes", "", "Noël"];
        let file = lines(b',', [row.map(Cow::Borrowed).to_vec()]);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_slice());
        let read = reader.records().next().expect("a row").expect("it is sound");
        assert_eq!(read.iter().collect::<Vec<_>>(), row);
    }
}
