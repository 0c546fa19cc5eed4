//! `importPeople`.

use entity::idempotency;
use envoi_tests::{TestApp, UsableInTests as _, both, code_of};
use sea_orm::{EntityTrait as _, IntoActiveModel as _};
use serde_json::{Value, json};

use super::{
    DRY, FILE, IMPORT, ROUTE, beginning, content, crowd, everything, input, mutate, people,
    refuse_anyone_named, refuse_no_one, report, stranger,
};

both!(
    either_way_does_what_the_command_line_does,
    rows_refused_are_told_in_the_language_asked,
    a_key_imports_once,
    old_keys_are_deleted,
    ten_at_once_with_one_key_import_once,
    a_dry_run_changes_nothing,
    a_small_file_is_imported_whole_or_not_at_all,
    only_who_may_write_people_imports,
    a_structure_imports_its_own_people,
    files_that_cannot_be_read_are_refused,
);

async fn either_way_does_what_the_command_line_does(app: TestApp) {
    let by_route = TestApp::demo(app.backend()).await;
    let by_operator = TestApp::demo(app.backend()).await;
    let (summary, _) =
        by_operator.import(by_operator.quatre_vents().await, FILE.as_bytes()).await.expect("imported");
    let expected = json!({
        "added": summary.added, "changed": summary.changed, "unchanged": summary.unchanged, "refused": summary.refused,
        "tagsCreated": summary.tags_created, "listsCreated": summary.lists_created, "ignoredColumns": ["Pointure"],
    });
    assert_eq!((summary.added, summary.changed, summary.unchanged, summary.refused), (2, 1, 1, 2));
    let payload = mutate(&app.admin().await, FILE, app.key(), false).await;
    assert_eq!((&payload["summary"], &payload["replayed"]), (&expected, &json!(false)), "{payload}");
    let admin = by_route.admin().await;
    let (rows, mut last) = report(&admin.upload(ROUTE, &[], FILE).await);
    assert_eq!(rows, sparse(&payload["refusedRows"]));
    let taken = last.as_object_mut().expect("an object");
    assert_eq!((taken.remove("replayed"), taken.remove("dryRun")), (Some(json!(false)), Some(json!(false))));
    assert_eq!(last, expected);
    let wanted = content(&by_operator).await;
    assert_eq!(content(&app).await, wanted);
    assert_eq!(content(&by_route).await, wanted);
    by_route.finish().await;
    by_operator.finish().await;
}

/// Rows as the route writes them: what is null is not there.
fn sparse(rows: &Value) -> Vec<Value> {
    let mut rows = rows.as_array().expect("rows").clone();
    for row in &mut rows {
        row.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    }
    rows
}

async fn rows_refused_are_told_in_the_language_asked(app: TestApp) {
    let admin = app.admin().await;
    let payload = mutate(&admin, FILE, app.key(), false).await;
    let told: Vec<_> = payload["refusedRows"].as_array().expect("rows").iter().collect();
    assert_eq!((&told[0]["line"], &told[0]["column"]), (&json!(4), &json!("MOBILE")));
    assert_eq!((&told[1]["line"], &told[1]["code"]), (&json!(7), &json!("TEACHER_NOT_FOUND")));
    assert_eq!(told[1]["message"], "Ce professeur n’existe pas dans la structure.");
    let english = mutate(&admin.in_english(), FILE, app.key(), false).await;
    assert_eq!(english["refusedRows"][1]["message"], "There is no such teacher in the structure.");
    let many = format!("Nom;Prénom;Mobile\n{}", "Trop;Court;12\n".repeat(150));
    let payload = mutate(&admin, many, app.key(), false).await;
    assert_eq!(payload["refusedRows"].as_array().map(Vec::len), Some(100), "a page of them");
    assert_eq!(
        (&payload["summary"]["refused"], &payload["refusedRows"][99]["line"]),
        (&json!(150), &json!(101))
    );
}

async fn a_key_imports_once(app: TestApp) {
    let (admin, key) = (app.admin().await, app.key());
    let mut first = mutate(&admin, FILE, key, false).await;
    let before = (people(&app).await, everything(&app).await);
    app.advance(chrono::TimeDelta::days(2));
    let again = mutate(&admin, FILE, key, false).await;
    assert_eq!((first["replayed"].take(), &again["replayed"]), (json!(false), &json!(true)));
    assert_eq!((&first["summary"], &first["refusedRows"]), (&again["summary"], &again["refusedRows"]));
    let (rows, last) = report(&admin.upload(ROUTE, &[("idempotency-key", &key.to_string())], FILE).await);
    assert_eq!((rows.len(), &last["replayed"], &last["added"]), (2, &json!(true), &json!(2)), "either way");
    let other = mutate(&admin, "Nom;Prénom\nAutre;Fichier\n", key, false).await;
    assert_eq!(other["errors"][0]["__typename"], "IdempotencyConflictError", "{other}");
    assert_eq!((&other["errors"][0]["path"], &other["summary"]), (&json!(["idempotencyKey"]), &Value::Null));
    assert_eq!((people(&app).await, everything(&app).await), before);
    let others = mutate(&stranger(&app).await, FILE, key, false).await;
    assert_eq!(others["replayed"], false, "a key is its account's own");
    app.advance(chrono::TimeDelta::days(31));
    let expired = mutate(&app.admin().await, FILE, key, false).await;
    assert_eq!(
        (&expired["replayed"], &expired["summary"]["unchanged"]),
        (&json!(false), &json!(4)),
        "{expired}"
    );
}

async fn old_keys_are_deleted(app: TestApp) {
    let admin = app.admin().await;
    mutate(&admin, FILE, app.key(), false).await;
    let made = idempotency::Entity::all_rows().one(app.db()).await.expect("it can be read").expect("a key");
    // More than one sweep deletes.
    let more = (0..700).map(|_| idempotency::Model { key: app.key(), ..made.clone() }.into_active_model());
    let connection = app.connect().await;
    let planted = idempotency::Entity::insert_many(more).exec_without_returning(&connection).await;
    assert_eq!(planted.expect("keys can be planted"), 700);
    connection.close().await.expect("the connection can be closed");
    app.advance(chrono::TimeDelta::days(29));
    let young = app.key();
    mutate(&app.admin().await, FILE, young, false).await;
    app.dispatch_all().await;
    assert_eq!(keys(&app).await.len(), 702);
    app.advance(chrono::TimeDelta::days(1) + chrono::TimeDelta::milliseconds(1));
    app.dispatch_all().await;
    assert_eq!(keys(&app).await, [young]);
}

async fn keys(app: &TestApp) -> Vec<uuid::Uuid> {
    let rows = idempotency::Entity::all_rows().all(app.db()).await.expect("keys can be read");
    rows.into_iter().map(|row| row.key).collect()
}

async fn ten_at_once_with_one_key_import_once(app: TestApp) {
    let (admin, key) = (app.admin().await, app.key());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let admin = admin.clone();
        tasks.spawn(async move {
            // Those who come while one imports are told to come again, and do.
            loop {
                let answer = mutate(&admin, FILE, key, false).await;
                if answer["errors"][0]["code"] != "IMPORT_UNDER_WAY" {
                    return answer;
                }
                tokio::task::yield_now().await;
            }
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer["replayed"] == false).count(), 1, "{answers:?}");
    for answer in &answers {
        assert_eq!((&answer["summary"], &answer["errors"]), (&answers[0]["summary"], &json!([])));
        assert_eq!(
            (&answer["refusedRows"], &answer["summary"]["added"]),
            (&answers[0]["refusedRows"], &json!(2))
        );
    }
    assert_eq!(beginning(&app, "U").await, 3);
}

async fn a_dry_run_changes_nothing(app: TestApp) {
    let (admin, key) = (app.admin().await, app.key());
    let before = (people(&app).await, everything(&app).await);
    app.advance(chrono::TimeDelta::days(1));
    let tried = mutate(&admin, FILE, key, true).await;
    let (rows, last) = report(&admin.upload(DRY, &[("idempotency-key", &key.to_string())], FILE).await);
    assert_eq!((people(&app).await, everything(&app).await), before);
    assert_eq!((&last["dryRun"], &last["replayed"], rows.len()), (&json!(true), &json!(false), 2));
    let done = mutate(&admin, FILE, key, false).await;
    assert_eq!(
        (&done["replayed"], &done["summary"]),
        (&json!(false), &tried["summary"]),
        "it told what would be"
    );
    assert_eq!(done["refusedRows"], tried["refusedRows"]);
    let after = mutate(&admin, FILE, key, true).await;
    assert_eq!(
        (&after["replayed"], &after["summary"]["unchanged"]),
        (&json!(false), &json!(4)),
        "tried anew: {after}"
    );
}

async fn a_small_file_is_imported_whole_or_not_at_all(app: TestApp) {
    let (admin, key) = (app.admin().await, app.key());
    let before = (people(&app).await, everything(&app).await);
    refuse_anyone_named(&app, "Malheur").await;
    let file = format!("{}CX;Malheur;Jean;;;\n", crowd(2_500));
    let answer = admin.try_query(IMPORT, input(file.as_bytes(), key, false)).await;
    assert_eq!(code_of(&answer), "INTERNAL", "{answer}");
    let answer = admin.upload(ROUTE, &[("idempotency-key", &key.to_string())], file.clone()).await;
    assert_eq!((answer.status.as_u16(), code_of(&answer.json())), (500, &json!("INTERNAL")));
    assert_eq!((people(&app).await, everything(&app).await), before);
    refuse_no_one(&app).await;
    let done = mutate(&admin, file, key, false).await;
    assert_eq!((&done["replayed"], &done["summary"]["added"]), (&json!(false), &json!(2_501)), "{done}");
}

async fn only_who_may_write_people_imports(app: TestApp) {
    let before = (people(&app).await, everything(&app).await);
    let paul = app.sign_in("paul@quatre-vents.example").await;
    for dry_run in [false, true] {
        let answer = paul.try_query(IMPORT, input(FILE.as_bytes(), app.key(), dry_run)).await;
        assert_eq!(code_of(&answer), "FORBIDDEN", "{answer}");
        let answer = app.anonymous().try_query(IMPORT, input(FILE.as_bytes(), app.key(), dry_run)).await;
        assert_eq!(code_of(&answer), "UNAUTHENTICATED", "{answer}");
    }
    let answer = paul.upload(ROUTE, &[], FILE).await;
    assert_eq!((answer.status.as_u16(), code_of(&answer.json())), (403, &json!("FORBIDDEN")));
    let answer = app.anonymous().upload(ROUTE, &[], FILE).await;
    assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(code_of(&answer.json()), "UNAUTHENTICATED");
    let mut after = (people(&app).await, everything(&app).await);
    after.1.insert("session".to_owned(), before.1["session"]);
    assert_eq!(after, before);
}

async fn a_structure_imports_its_own_people(app: TestApp) {
    let (ours, theirs) = (app.quatre_vents().await, app.structure("Harmonie de la Vallée").await);
    let of = async |structure| {
        let people = people(&app).await.into_iter();
        people.filter(|person| person.structure_id == structure).collect::<Vec<_>>()
    };
    let before = of(theirs).await;
    // Their identifiers and names, given to ours: QV… and HV… are people of two structures.
    let file = include_str!("../../../api/demo/harmonie.csv");
    let theirs_id = theirs.as_uuid().to_string();
    let headers =
        [("x-structure", theirs_id.as_str()), ("idempotency-key", "0190b5ac-0000-7000-8000-000000000000")];
    let admin = app.admin().await;
    let (_, last) = report(&admin.upload(ROUTE, &headers, file).await);
    assert_eq!((&last["added"], last["unchanged"].as_u64()), (&json!(5), Some(0)), "{last}");
    assert_eq!((of(theirs).await, of(ours).await.len()), (before, 65));
}

async fn files_that_cannot_be_read_are_refused(app: TestApp) {
    let admin = app.admin().await.in_english();
    let before = (people(&app).await, everything(&app).await);
    let utf16: Vec<u8> = "Nom;Prénom\nA;B\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (file, code, says) in [
        (b"".to_vec(), "FILE_EMPTY", "empty"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec(), "FILE_BINARY", "CSV"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0".to_vec(), "FILE_WORKBOOK", "save its sheet as CSV"),
        (utf16, "FILE_UTF16", "UTF-8"),
        (b"Nom;Age\nA;3\n".to_vec(), "FILE_COLUMN_MISSING", "FIRST_NAME"),
        (b"Nom;Pr\xe9nom;nom\nA;B;C\n".to_vec(), "FILE_COLUMN_DUPLICATED", "LAST_NAME"),
        (b"Nom;Pr\xe9nom\n\xff\x81;B\n".to_vec(), "FILE_ENCODING_UNKNOWN", "UTF-8"),
    ] {
        let payload = mutate(&admin, &file, app.key(), false).await;
        let error = &payload["errors"][0];
        assert_eq!((&error["code"], &error["path"]), (&json!(code), &json!(["file"])), "{payload}");
        assert!(error["message"].as_str().is_some_and(|said| said.contains(says)), "{error}");
        assert_eq!((&payload["summary"], &payload["refusedRows"]), (&Value::Null, &json!([])));
        let answer = admin.upload(ROUTE, &[], file).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["errors"][0]["message"].clone()),
            (400, error["message"].clone())
        );
    }
    let key = app.key();
    for (file, code) in [("Tm9t!", "FILE_NOT_BASE64"), ("data:text/csv;base64,Tm9t", "FILE_NOT_BASE64")] {
        let payload = admin.query(IMPORT, json!({ "input": { "file": file, "idempotencyKey": key } })).await;
        assert_eq!(payload["importPeople"]["errors"][0]["code"], code);
    }
    let large = mutate(&admin, vec![b'a'; 180 * 1024 + 1], key, false).await;
    assert_eq!(large["errors"][0]["code"], "FILE_TOO_LARGE");
    let said = large["errors"][0]["message"].as_str().expect("a message");
    assert!(
        said.contains("/import/people") && said.contains("envoi import people") && said.contains("180"),
        "{said}"
    );
    assert_eq!(
        mutate(&admin, vec![b'a'; 180 * 1024], key, false).await["errors"][0]["code"],
        "FILE_ROW_TOO_LONG"
    );
    assert_eq!((people(&app).await, everything(&app).await), before);
    let wrapped = "Tm9tO1ByZW5v\r\nbQpBO0JvCg";
    let payload = admin.query(IMPORT, json!({ "input": { "file": wrapped, "idempotencyKey": key } })).await;
    assert_eq!(
        payload["importPeople"]["summary"]["added"], 1,
        "as `base64` prints it, and without padding: {payload}"
    );
}
