//! Columns kept on demand.

use super::*;

fn keeping(text: &str, headers: &[&str]) -> Result<FileShape, KeepError> {
    inspect(text.as_bytes()).expect("the file is readable").keeping(&Keep::new(headers)?)
}

const FILE: &str =
    "Nom;Prénom;Instrument ;Salle;Téléphone;Mobile\nDurand;Ana; Fl\u{fb}te  à bec ;;1;0612345678\n";

#[test]
fn what_is_asked_for_is_read_and_no_longer_ignored() {
    assert_eq!(
        keeping(FILE, &[]).expect("nothing asked").ignored_columns(),
        ["Instrument", "Salle", "Téléphone"]
    );
    let shape = keeping(FILE, &["INSTRUMENT :", "salle", "Salle"]).expect("both are there");
    assert_eq!(shape.ignored_columns(), ["Téléphone"]);
    let kept: Vec<_> =
        shape.kept().iter().map(|kept| (kept.name.as_str(), kept.title.as_str(), kept.position)).collect();
    assert_eq!(kept, [("instrument", "INSTRUMENT :", 2), ("salle", "salle", 3)]);
    let region = "FR".parse().expect("FR is a region");
    let row = rows(FILE.as_bytes(), &shape, region)
        .expect("read")
        .next()
        .expect("a row")
        .expect("read")
        .expect("accepted");
    assert_eq!(
        row.kept.0,
        [("instrument".to_owned(), "Flûte à bec".to_owned())],
        "an empty cell says nothing"
    );
}

#[test]
fn what_cannot_be_kept_is_told() {
    let code = |headers: &[&str]| keeping(FILE, headers).map_err(|error| error.code());
    assert_eq!(code(&["Téléphone"]).map(|_| ()), Ok(()), "it is left aside for the mobile, and may be kept");
    assert_eq!(code(&["Portable"]).expect_err("absent"), "KEPT_COLUMN_MISSING");
    assert_eq!(code(&["mobile"]).expect_err("read"), "KEPT_COLUMN_READ");
    assert_eq!(code(&["sexe"]).expect_err("a field"), "KEPT_COLUMN_RESERVED");
    assert_eq!(code(&["|"]).expect_err("no name"), "KEPT_COLUMN_NAME");
    let near = keeping(FILE, &["Sale"]).expect_err("misspelt");
    assert_eq!(near.to_string(), "the file has no column Sale to keep: did you mean salle?");
    let twice = keeping(&FILE.replace("Salle", "INSTRUMENT"), &["instrument"]);
    assert_eq!(twice, Err(KeepError::Twice { title: "instrument".to_owned() }));
}
