//! Files as people export them, and files that are none.

mod keep;
mod whole_files;

use chrono::NaiveDate;

use super::*;
use crate::domain::phone::{Phone, PhoneError};

type Item = Result<PersonRow, RowError>;

fn read_bytes(bytes: &[u8]) -> Result<(FileShape, Vec<Item>), FileError> {
    let shape = inspect(bytes)?;
    let region = "FR".parse().expect("FR is a region");
    let read = rows(bytes, &shape, region)?.collect::<Result<Vec<_>, _>>()?;
    assert_eq!(read.len() as u64, shape.rows());
    Ok((shape, read))
}

fn read(text: &str) -> (FileShape, Vec<Item>) {
    read_bytes(text.as_bytes()).expect("the file is readable")
}

fn only_row(text: &str) -> PersonRow {
    read(text).1.remove(0).expect("the row is accepted")
}

/// The problem of the first row of a file, with its line and column.
fn row_error(text: &str) -> (u64, Option<Column>, RowProblem) {
    let error = read(text).1.remove(0).expect_err("the row is refused");
    (error.line, error.column, error.problem)
}

fn windows_1252(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding_rs::WINDOWS_1252.encode(text);
    assert!(!unmappable);
    bytes.into_owned()
}

const SPREADSHEET: &str = "Identifiant;Nom;Prénom;Civilité;Téléphone portable;Tags;Listes;Professeur;Consentement;Ville\r\n\
    12;LE GOFF;Zoé;Mme;06 12 34 56 78;\"Musicien, Choriste\";Orchestre|Chœur;Dupont Anne;05/01/2026;Brest\r\n\
    ;Dupont;Anne;;;;;;;\r\n";

#[test]
fn a_spreadsheet_export_is_read_in_every_encoding() {
    let utf8 = SPREADSHEET.as_bytes().to_vec();
    let bom = [b"\xEF\xBB\xBF".as_slice(), &utf8].concat();
    for (bytes, encoding) in [
        (utf8, TextEncoding::Utf8),
        (bom, TextEncoding::Utf8),
        (windows_1252(SPREADSHEET), TextEncoding::Windows1252),
    ] {
        let (shape, read) = read_bytes(&bytes).expect("the file is readable");
        assert_eq!((shape.encoding(), shape.delimiter(), shape.rows()), (encoding, ';', 2));
        assert_eq!(shape.ignored_columns(), ["Ville"]);
        let zoe = read[0].as_ref().expect("the row is accepted");
        assert_eq!(zoe.mobile.as_ref().map(Phone::as_e164), Some("+33612345678"));
        let expected = PersonRow {
            line: 2,
            identifier: Some("12".to_owned()),
            last_name: "LE GOFF".to_owned(),
            first_name: "Zoé".to_owned(),
            sex: Some(Sex::Female),
            mobile: zoe.mobile.clone(),
            tags: vec!["Musicien".to_owned(), "Choriste".to_owned()],
            lists: vec!["Orchestre".to_owned(), "Chœur".to_owned()],
            teacher: Some("Dupont Anne".to_owned()),
            consent: Some(Consent::Given { on: NaiveDate::from_ymd_opt(2026, 1, 5) }),
            kept: Kept::default(),
        };
        assert_eq!(*zoe, expected);
        let anne = read[1].as_ref().expect("the row is accepted");
        assert_eq!((anne.line, &anne.identifier, anne.sex, &anne.mobile), (3, &None, None, &None));
        assert!(anne.tags.is_empty() && anne.lists.is_empty() && anne.consent.is_none());
    }
}

#[test]
fn delimiters_headers_and_line_ends_vary() {
    for (text, delimiter) in [
        ("Nom;Prénom;Adresse (rue, ville, pays)\nA;B;", ';'),
        ("FIRST NAME,last_name\nB,A\n", ','),
        ("prenom\tNOM :\r\nB\tA\r\n", '\t'),
        ("Nom;Prénom\rA;B\r", ';'),
        ("\"Nom\",\"Prénom\",\"Tags; listes\"\n\"A\",\"B\",\"\"", ','),
        ("\n\r\n \u{A0}Nom ; Pre\u{301}nom \nA;B", ';'),
        ("Nom;Prénom;\nA;B;\n", ';'),
        ("Nom;Prénom\nA;B;;\n", ';'),
    ] {
        let (shape, read) = read(text);
        assert_eq!(shape.delimiter(), delimiter, "{text:?}");
        let row = read[0].as_ref().expect("the row is accepted");
        assert_eq!((row.last_name.as_str(), row.first_name.as_str()), ("A", "B"), "{text:?}");
    }
}

#[test]
fn english_headers_and_values_are_read_too() {
    let row = only_row(
        "Identifier,Last name,First name,Gender,Phone,Tags,Lists,Teacher,Consent\n\
         x1,Doe,Jane,Female,+44 7400 123456,\"a/b; A\",c,,yes\n",
    );
    assert_eq!(row.sex, Some(Sex::Female));
    assert_eq!(row.mobile.as_ref().map(Phone::as_e164), Some("+447400123456"));
    assert_eq!((row.tags, row.lists), (vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()]));
    assert_eq!((row.teacher, row.consent), (None, Some(Consent::Given { on: None })));
}

#[test]
fn the_most_precise_of_two_columns_is_read() {
    let (shape, read) =
        read("Nom;Prénom;Téléphone;Mobile;Civilité;Sexe\nA;B;01 23 45 67 89;0612345678;Mme;H\n");
    let row = read[0].as_ref().expect("the row is accepted");
    assert_eq!(row.mobile.as_ref().map(Phone::as_e164), Some("+33612345678"));
    assert_eq!(row.sex, Some(Sex::Male));
    assert_eq!(shape.ignored_columns(), ["Téléphone", "Civilité"]);
    assert!(shape.has(Column::Mobile) && !shape.has(Column::Tags));
}

#[test]
fn an_apostrophe_before_a_number_is_a_spreadsheet_s() {
    for cell in ["'+33612345678", " '06 12 34 56 78", "0612345678"] {
        let (_, read) = read(&format!("Nom;Prénom;Mobile\nA;B;{cell}\n"));
        let row = read[0].as_ref().expect("the row is accepted");
        assert_eq!(row.mobile.as_ref().map(Phone::as_e164), Some("+33612345678"), "{cell}");
    }
}

#[test]
fn lines_are_those_of_the_file() {
    let (shape, read) = read("Nom;Prénom\r\n\r\nA;B\r\n;\r\n\r\n\"C\r\nD\";E\r\nF;G");
    assert_eq!(shape.rows(), 3);
    let lines: Vec<u64> = read.iter().map(|row| row.as_ref().map_or_else(|e| e.line, |r| r.line)).collect();
    assert_eq!(lines, [3, 6, 8]);
    assert!(matches!(read[1], Err(RowError { problem: RowProblem::ControlCharacter, .. })));
}

#[test]
fn every_sex_and_title() {
    for (cell, expected) in [
        ("F", Some(Sex::Female)),
        ("Mme", Some(Sex::Female)),
        ("MADEMOISELLE", Some(Sex::Female)),
        ("M.", Some(Sex::Male)),
        ("Monsieur", Some(Sex::Male)),
        ("homme", Some(Sex::Male)),
        ("Autre", Some(Sex::Other)),
        ("inconnu", Some(Sex::Unknown)),
        (" ", None),
    ] {
        assert_eq!(only_row(&format!("Nom;Prénom;Sexe\nA;B;{cell}")).sex, expected, "{cell:?}");
    }
}

#[test]
fn every_consent() {
    let on = |day| Some(Consent::Given { on: NaiveDate::from_ymd_opt(2026, 12, day) });
    for (cell, expected) in [
        ("31/12/2026", on(31)),
        ("1/12/2026", on(1)),
        ("2026-12-31", on(31)),
        ("2026-12-31T10:00:00", on(31)),
        ("31/12/2026 10:00", on(31)),
        ("OUI", Some(Consent::Given { on: None })),
        ("x", Some(Consent::Given { on: None })),
        ("Non", Some(Consent::Withheld)),
        ("", None),
    ] {
        assert_eq!(only_row(&format!("Nom;Prénom;Consentement\nA;B;{cell}")).consent, expected, "{cell:?}");
    }
    for cell in ["31/12/26", "12/31/2026", "31/02/2026", "peut-être", "99999-01-01"] {
        let expected = (2, Some(Column::Consent), RowProblem::BadConsent);
        assert_eq!(row_error(&format!("Nom;Prénom;Consentement\nA;B;{cell}")), expected, "{cell:?}");
    }
}

#[test]
fn a_refused_row_says_where_and_why_and_stops_no_other() {
    let long = "a".repeat(MAX_NAME_CHARS + 1);
    let labels = (0..=MAX_LABELS).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let phone = |error| RowProblem::Phone(error);
    for (row, column, problem) in [
        ("A;B".to_owned(), None, RowProblem::Ragged { expected: 5, found: 2 }),
        ("A;B;;;;z".to_owned(), None, RowProblem::Ragged { expected: 5, found: 6 }),
        (";B;;;".to_owned(), Some(Column::LastName), RowProblem::MissingName),
        ("A; \u{A0};;;".to_owned(), Some(Column::FirstName), RowProblem::MissingName),
        ("A;\u{200B}\u{200E};;;".to_owned(), Some(Column::FirstName), RowProblem::MissingName),
        (format!("{long};B;;;"), Some(Column::LastName), RowProblem::ValueTooLong { limit: MAX_NAME_CHARS }),
        ("A\tB;B;;;".to_owned(), Some(Column::LastName), RowProblem::ControlCharacter),
        ("A;B;Z;;".to_owned(), Some(Column::Sex), RowProblem::UnknownSex),
        ("A;B;;0123456789;".to_owned(), Some(Column::Mobile), phone(PhoneError::NotMobile)),
        ("A;B;;36608;".to_owned(), Some(Column::Mobile), phone(PhoneError::ShortCode)),
        ("A;B;;6,12E+08;".to_owned(), Some(Column::Mobile), phone(PhoneError::ForbiddenCharacters)),
        (format!("A;B;;;{long}"), Some(Column::Tags), RowProblem::ValueTooLong { limit: MAX_LABEL_CHARS }),
        (format!("A;B;;;{labels}"), Some(Column::Tags), RowProblem::TooManyValues { limit: MAX_LABELS }),
    ] {
        let file = format!("Nom;Prénom;Sexe;Mobile;Tags\n{row}\nC;D;F;0612345678;x\n");
        assert_eq!(row_error(&file), (2, column, problem), "{row:?}");
        assert!(read(&file).1[1].is_ok());
    }
    for cell in ["''0612345678", "’0612345678", "0612345678'"] {
        let file = format!("Nom;Prénom;Mobile\nA;B;{cell}\n");
        assert_eq!(
            row_error(&file),
            (2, Some(Column::Mobile), phone(PhoneError::ForbiddenCharacters)),
            "{cell}"
        );
    }
    let error = read("Nom;Prénom;Mobile\nA;B;0123456789").1.remove(0).expect_err("a fixed line is refused");
    assert_eq!(error.code(), "NOT_MOBILE");
    assert_eq!(error.to_string(), "line 2, MOBILE: the number is not that of a mobile");
}
