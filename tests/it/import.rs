//! People in, from files as people have them.

use api::domain::people_file::Column;
use api::services::people::import::{ImportSummary, Outcome, RowOutcome};
use entity::{person, person_list, person_tag, tag, teaching};
use envoi_tests::{TestApp, UsableInTests as _, both, nodes};
use sea_orm::PaginatorTrait as _;
use serde_json::{Value, json};

both!(
    the_demonstrations_file_again_changes_nothing,
    files_come_in_every_dress,
    a_refused_row_stops_no_other,
    homonyms_are_told_apart_or_refused,
    an_identifier_copied_too_far_is_refused,
    what_is_said_is_added_and_nothing_removed,
    teachers_are_found_once_all_are_in,
    a_file_that_cannot_be_read_changes_nothing,
    numbers_are_read_as_people_type_them,
);

async fn counts(app: &TestApp) -> [u64; 5] {
    let db = app.db();
    [
        person::Entity::all_rows().count(db).await,
        tag::Entity::all_rows().count(db).await,
        person_tag::Entity::all_rows().count(db).await,
        person_list::Entity::all_rows().count(db).await,
        teaching::Entity::all_rows().count(db).await,
    ]
    .map(|count| count.expect("rows can be counted"))
}

async fn import(app: &TestApp, file: impl AsRef<[u8]>) -> (ImportSummary, Vec<RowOutcome>) {
    app.import(app.quatre_vents().await, file.as_ref()).await.expect("the file is imported")
}

/// Added, changed, unchanged, refused.
fn figures(summary: &ImportSummary) -> [u64; 4] {
    [summary.added, summary.changed, summary.unchanged, summary.refused]
}

/// Line, code and column of each refused row.
fn refusals(rows: &[RowOutcome]) -> Vec<(u64, &'static str, Option<&'static str>)> {
    let mut found: Vec<_> = rows
        .iter()
        .filter_map(|row| match row.outcome {
            Outcome::Refused { code, column } => Some((row.line, code, column.map(Column::as_str))),
            _ => None,
        })
        .collect();
    found.sort_unstable();
    found
}

async fn person(app: &TestApp, search: &str) -> Value {
    let marie = app.marie().await;
    let found = nodes(&marie.people(json!({ "filter": { "search": search } })).await);
    assert_eq!(found.len(), 1, "{search}: {found:?}");
    found[0].clone()
}

async fn the_demonstrations_file_again_changes_nothing(app: TestApp) {
    let before = counts(&app).await;
    assert_eq!(before[0], 70);
    let file = include_bytes!("../../api/demo/people.csv");
    app.advance(chrono::TimeDelta::days(3));
    let (summary, rows) = import(&app, file).await;
    assert_eq!((figures(&summary), rows.len()), ([0, 0, 60, 0], 60));
    assert_eq!((summary.tags_created, summary.lists_created), (0, 0));
    assert_eq!(counts(&app).await, before);
    let shuffled: Vec<&str> = std::str::from_utf8(file).expect("UTF-8").lines().collect();
    let mut lines = shuffled[1..].to_vec();
    app.chance().shuffle(&mut lines);
    let again = format!("{}\r\n{}\r\n\r\n", shuffled[0], lines.join("\r\n"));
    assert_eq!(figures(&import(&app, again).await.0), [0, 0, 60, 0], "nor in another order");
}

async fn files_come_in_every_dress(app: TestApp) {
    let utf8 = |text: &str| text.as_bytes().to_vec();
    let bom = |text: &str| [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    let windows = |text: &str| -> Vec<u8> {
        let byte = |letter: char| match letter {
            'œ' => 0x9C,
            '’' => 0x92,
            letter => u8::try_from(u32::from(letter)).expect("a letter of Windows-1252"),
        };
        text.chars().map(byte).collect()
    };
    let first = "Identifiant;Nom;Prénom;Civilité;Mobile;Tags\nD1;Élan;Zoë;Mme;06 12 00 01 01;\"Cœur, Été\"\n";
    let added = import(&app, utf8(first)).await.0;
    assert_eq!((figures(&added), added.tags_created), ([1, 0, 0, 0], 2));
    for file in [
        bom(first),
        windows(first),
        utf8(&first.replace('\n', "\r\n")),
        utf8(&first.replace('\n', "\r")),
        utf8(
            "PRENOM,nom,Tel. mobile,sexe,IDENTIFIANT,Étiquettes,Age\nZoë,Élan,+33 (0)6 12 00 01 01,F,D1,\"cœur;été\",12\n",
        ),
        windows(
            "Prénom\tNom\tPortable\tSexe\tIdentifiant\tTags\nZoë\tÉlan\t0033612000101\tfemme\tD1\tÉté|Cœur\n",
        ),
        utf8(
            "First name;Last name;Phone;Sex;Identifier;Tags\n  Zoe\u{308} ;E\u{301}lan;0612000101;female;D1;ETE\n",
        ),
    ] {
        let (summary, rows) = import(&app, &file).await;
        assert_eq!(figures(&summary), [0, 0, 1, 0], "{}: {rows:?}", String::from_utf8_lossy(&file));
    }
    let found = person(&app, "elan").await;
    assert_eq!(
        (&found["displayName"], &found["sex"], &found["mobile"]),
        (&json!("Zoë Élan"), &json!("FEMALE"), &json!("+33612000101"))
    );
    let ignored = import(&app, "Nom;Prénom;Pointure\nÉlan;Zoë;38\n").await.0;
    assert_eq!(ignored.ignored_columns, ["Pointure"]);
}

async fn a_refused_row_stops_no_other(app: TestApp) {
    let file = "Identifiant;Nom;Prénom;Civilité;Mobile;Professeur;Consentement\n\
        R1;Un;Ada;Mme;0612000201;;\n\
        R2;;Bob;M.;;;\n\
        R3;Trois;Cid;Maître;;;\n\
        R4;Quatre;Dan;M.;12345;;\n\
        R5;Cinq;Eve\n\
        R6;Six;Fay;Mme;0123456789;;\n\
        R7;Sept;Guy;M.;;Personne Dutout;\n\
        R8;Huit;Hal;M.;;;peut-être\n\
        R9;Neuf;Ida;Mme;0612000209;;oui\n";
    let before = counts(&app).await[0];
    let (summary, rows) = import(&app, file).await;
    let refused = refusals(&rows);
    let lines: Vec<u64> = refused.iter().map(|row| row.0).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8, 9], "{refused:?}");
    assert_eq!((refused[0].1, refused[0].2), ("NAME_MISSING", Some("LAST_NAME")));
    assert_eq!((refused[1].1, refused[1].2), ("SEX_UNKNOWN", Some("SEX")));
    assert_eq!(refused[2].2, Some("MOBILE"));
    assert_eq!((refused[3].1, refused[3].2), ("ROW_RAGGED", None));
    assert_eq!(refused[4].2, Some("MOBILE"), "a fixed line is no mobile");
    assert_eq!((refused[5].1, refused[5].2), ("TEACHER_NOT_FOUND", Some("TEACHER")));
    assert_eq!((refused[6].1, refused[6].2), ("CONSENT_UNREADABLE", Some("CONSENT")));
    assert_eq!((summary.added, summary.refused, rows.len()), (2, 7, 9));
    assert_eq!(counts(&app).await[0], before + 3, "the one without a teacher is in, the teacher is not");
    let marie = app.marie().await;
    assert_eq!(marie.ids(json!({ "search": "Neuf" })).await.len(), 1);
}

async fn homonyms_are_told_apart_or_refused(app: TestApp) {
    let two = "Nom;Prénom;Mobile\nDupont;Jean;0612000301\nDupont;Jean;0612000302\n";
    assert_eq!(figures(&import(&app, two).await.0), [2, 0, 0, 0], "two numbers, two people");
    assert_eq!(figures(&import(&app, two).await.0), [0, 0, 2, 0]);
    let (summary, rows) = import(&app, "Nom;Prénom;Mobile\nDUPONT;jean;\n").await;
    assert_eq!((figures(&summary), refusals(&rows)), ([0, 0, 0, 1], vec![(2, "AMBIGUOUS_PERSON", None)]));
    let (summary, rows) = import(&app, "Nom;Prénom;Mobile\nDupont;Jean;0612000303\n").await;
    assert_eq!(figures(&summary), [0, 0, 0, 1], "one of them with another number, or a third: {rows:?}");
    let told = "Identifiant;Nom;Prénom;Mobile\nJ1;Dupont;Jean;0612000301\nJ3;Dupont;Jean;0612000303\n";
    assert_eq!(figures(&import(&app, told).await.0), [1, 1, 0, 0], "one takes the identifier, one is new");
    assert_eq!(
        figures(&import(&app, "Identifiant;Nom;Prénom\nJ1;Dupond;Jean\n").await.0),
        [0, 1, 0, 0],
        "an identifier is enough"
    );
    let marie = app.marie().await;
    assert_eq!(marie.ids(json!({ "search": "dupon" })).await.len(), 3);
}

async fn an_identifier_copied_too_far_is_refused(app: TestApp) {
    let file = "Identifiant;Nom;Prénom;Consentement\nZ1;Dupont;Léa;oui\nZ1;Martin;Hugo;\nZ2;Petit;Ana;\nZ2;PETIT;ana;\n";
    for added in [1, 0] {
        let (summary, rows) = import(&app, file).await;
        let repeated = |line| (line, "IDENTIFIER_REPEATED", Some(Column::Identifier.as_str()));
        assert_eq!((figures(&summary)[0], refusals(&rows)), (added, vec![repeated(2), repeated(3)]));
    }
    assert_eq!(app.marie().await.ids(json!({ "search": "martin hugo" })).await.len(), 0);
}

async fn what_is_said_is_added_and_nothing_removed(app: TestApp) {
    import(&app, "Identifiant;Nom;Prénom;Mobile;Sexe;Tags;Consentement\nS1;Said;Ann;0612000401;F;Un, Deux;01/09/2025\n").await;
    let first = person(&app, "said").await;
    assert_eq!(first["commercialConsentAt"], "2025-08-31T22:00:00+00:00", "midnight in Paris");
    let silent =
        import(&app, "Identifiant;Nom;Prénom;Mobile;Sexe;Tags;Consentement\nS1;Said;Ann;;;;\n").await.0;
    assert_eq!(figures(&silent), [0, 0, 1, 0], "an empty cell says nothing");
    let absent = import(&app, "Identifiant;Nom;Prénom\nS1;Said;Ann\n").await.0;
    assert_eq!(figures(&absent), [0, 0, 1, 0]);
    assert_eq!(person(&app, "said").await, first);
    let more = import(
        &app,
        "Identifiant;Nom;Prénom;Mobile;Tags;Listes;Consentement\nS1;Said;Ann;0612000402;trois;Chœur;non\n",
    )
    .await
    .0;
    assert_eq!((figures(&more), more.tags_created, more.lists_created), ([0, 1, 0, 0], 1, 0));
    let after = person(&app, "said").await;
    let tags: Vec<_> = after["tags"].as_array().expect("tags").iter().map(|tag| &tag["name"]).collect();
    assert_eq!(tags, ["Deux", "trois", "Un"]);
    assert_eq!(after["mobile"], "+33612000402");
    assert_eq!(after["commercialConsentAt"], json!(null), "a no withdraws the consent");
}

async fn teachers_are_found_once_all_are_in(app: TestApp) {
    let before = counts(&app).await[4];
    let file = "Nom;Prénom;Professeur;Identifiant\nÉlève;Ana;Maître Paul;T1\nÉlève;Bea;paul MAITRE;T2\nÉlève;Cléo;T9;T3\nMaître;Paul;;T9\n";
    let (summary, rows) = import(&app, file).await;
    assert_eq!((figures(&summary), refusals(&rows)), ([4, 0, 0, 0], vec![]));
    assert_eq!(counts(&app).await[4], before + 3);
    assert_eq!(figures(&import(&app, file).await.0), [0, 0, 4, 0]);
    let (_, rows) =
        import(&app, "Identifiant;Nom;Prénom;Professeur\nT9;Maître;Paul;T9\nT1;Élève;Ana;Nobody\n").await;
    let codes: Vec<_> = refusals(&rows).into_iter().map(|row| row.1).collect();
    assert_eq!(codes, ["TEACHER_IS_SELF", "TEACHER_NOT_FOUND"]);
    assert_eq!(counts(&app).await[4], before + 3);
}

async fn a_file_that_cannot_be_read_changes_nothing(app: TestApp) {
    let before = counts(&app).await;
    let good = "Nom;Prénom\nNouveau;Venu\n";
    let utf16: Vec<u8> = [0xFEFF].into_iter().chain(good.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let late = [good.as_bytes(), &b"Autre;Ve\xffnu\0\n".repeat(3)].concat();
    for (file, code) in [
        (Vec::new(), "FILE_EMPTY"),
        (b" \r\n\r\n".to_vec(), "FILE_EMPTY"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec(), "FILE_BINARY"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0".to_vec(), "FILE_WORKBOOK"),
        (utf16, "FILE_UTF16"),
        (late, "FILE_BINARY"),
        (b"Nouveau;Venu\nAutre;Venue\n".to_vec(), "FILE_HEADER_MISSING"),
        ("Prénom;Mobile\nVenu;0612000501\n".as_bytes().to_vec(), "FILE_COLUMN_MISSING"),
        ("Nom;Prénom;nom\nNouveau;Venu;Neuf\n".as_bytes().to_vec(), "FILE_COLUMN_DUPLICATED"),
        ([good.as_bytes(), b"\"Autre;", "a".repeat(3_000_000).as_bytes()].concat(), "FILE_ROW_TOO_LONG"),
        ([good.as_bytes(), "A;B\n".repeat(200_000).as_bytes()].concat(), "FILE_TOO_MANY_ROWS"),
    ] {
        let refused = app.import(app.quatre_vents().await, &file).await.expect_err(code);
        assert_eq!(refused.code(), code, "{refused}");
        assert_eq!(counts(&app).await, before, "{code}");
    }
}

async fn numbers_are_read_as_people_type_them(app: TestApp) {
    let numbers = [
        "06 12 00 06 01",
        "+33 (0)6 12 00 06 01",
        "0033612000601",
        "06.12.00.06.01",
        "06-12-00-06-01",
        "+33612000601",
        " 0612000601 ",
    ];
    for (at, number) in numbers.iter().enumerate() {
        let (_, rows) = import(&app, format!("Identifiant;Nom;Prénom;Mobile\nN1;Numéro;Un;{number}\n")).await;
        let expected = if at == 0 { Outcome::Added } else { Outcome::Unchanged };
        assert_eq!(rows[0].outcome, expected, "{number}");
    }
    assert_eq!(person(&app, "numero").await["mobile"], "+33612000601");
}
