//! Imports of one structure at the same time, on several instances.

use api::caller::Operator;
use api::domain::people_file::Keep;
use api::services::people::import::{FileSource, import};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entity::teaching;
use envoi_tests::{Backend, TestApp, UsableInTests as _, both, code_of};
use sea_orm::{ConnectionTrait, PaginatorTrait as _, TransactionTrait as _};
use serde_json::json;
use tokio::sync::oneshot;

use super::{FILE, IMPORT, ROUTE, beginning, crowd, mutate, report};
use crate::racing::waits_for_a_lock;

both!(
    two_imports_add_nobody_twice,
    two_imports_never_wait_in_a_circle,
    a_key_serves_once_on_any_instance,
    columns_that_another_import_leaves_no_room_for_are_refused_as_such,
);

/// More than are imported in one transaction, so that the batches of two imports come between one another.
const PEOPLE: usize = 2_500;

async fn two_imports_add_nobody_twice(app: TestApp) {
    let one = app.another(|config| config.import.transaction_rows = 1_000).await;
    let other = app.another(|config| config.import.transaction_rows = 1_000).await;
    let admin = app.admin().await.at(&one);
    let there = admin.at(&other);
    let links = async || teaching::Entity::all_rows().count(app.db()).await.expect("links can be counted");
    let before = links().await;
    // The same people in another order, so that each is first met by either.
    let file = crowd(PEOPLE);
    let mut rows: Vec<&str> = file.lines().collect();
    app.chance().shuffle(&mut rows[1..]);
    let shuffled = format!("{}\n", rows.join("\n"));
    let operator = app.import(app.quatre_vents().await, file.as_bytes());
    let (first, second, third) =
        tokio::join!(admin.upload(ROUTE, &[], file.clone()), there.upload(ROUTE, &[], shuffled), operator);
    let ((_, first), (_, second), (third, _)) = (report(&first), report(&second), third.expect("imported"));
    let added = [&first["added"], &second["added"]].map(|added| added.as_u64().expect("a number"));
    assert_eq!(added[0] + added[1] + third.added, PEOPLE as u64, "{first} {second}");
    assert_eq!(beginning(&app, "C").await, PEOPLE);
    assert_eq!((links().await - before, &first["refused"]), (PEOPLE as u64, &json!(0)));
    let (_, last) = report(&admin.upload(ROUTE, &[], file).await);
    assert_eq!(last["unchanged"].as_u64(), Some(PEOPLE as u64));
}

/// What another import does: it makes K0 the teacher of this student.
fn linked(student: &str) -> String {
    format!(
        "INSERT INTO teaching (structure_id, teacher_id, student_id) SELECT t.structure_id, t.id, s.id
         FROM person t INNER JOIN person s ON s.structure_id = t.structure_id
         WHERE t.identifier = 'K0' AND s.identifier = '{student}'"
    )
}

async fn two_imports_never_wait_in_a_circle(app: TestApp) {
    let file = "Identifiant;Nom;Prénom;Professeur\nK0;Cercle;Ana;\nK1;Cercle;Bob;K0\nK2;Cercle;Cid;K0\n";
    let structure = app.quatre_vents().await;
    if app.backend() == Backend::Sqlite {
        // One writer: no rows can be held meanwhile, so both simply run at once.
        let (one, two) =
            tokio::join!(app.import(structure, file.as_bytes()), app.import(structure, file.as_bytes()));
        assert_eq!(one.expect("imported").0.added + two.expect("imported").0.added, 3);
        return;
    }
    let (applied, rows_in) = oneshot::channel();
    let (resume, resumed) = std::sync::mpsc::channel();
    let (ctx, scope) = (app.ctx(), Operator::at_the_command_line().scope(structure));
    let importing = tokio::spawn(async move {
        let mut applied = Some(applied);
        // Called once the rows are in, and before their teachers are: what came of the first row is known then.
        let pause = move |_| {
            if let Some(applied) = applied.take() {
                applied.send(()).expect("the test listens");
                tokio::task::block_in_place(|| resumed.recv()).expect("the test goes on");
            }
        };
        import(&ctx, scope, FileSource::Bytes(file.as_bytes().into()), &Keep::default(), pause).await
    });
    rows_in.await.expect("the rows come in");
    let connection = app.connect().await;
    let other = connection.begin().await.expect("a transaction begins");
    let run = async |statement: &str| other.execute_unprepared(statement).await.map(|_| ());
    run("SELECT 1 FROM structure FOR NO KEY UPDATE").await.expect("another import holds its structure");
    run(&linked("K2")).await.expect("nobody linked the second");
    resume.send(()).expect("the import goes on");
    while !waits_for_a_lock(app.db()).await {
        tokio::task::yield_now().await;
    }
    run(&linked("K1")).await.expect("the import does not hold the first");
    other.commit().await.expect("the other import is done");
    let summary = importing.await.expect("it ends").expect("the import is not undone");
    assert_eq!((summary.added, summary.refused), (3, 0));
    connection.close().await.expect("the connection can be closed");
}

async fn a_key_serves_once_on_any_instance(app: TestApp) {
    let other = app.another(|_| {}).await;
    let (admin, key) = (app.admin().await, app.key());
    let there = admin.at(&other);
    let (first, second) = tokio::join!(mutate(&admin, FILE, key, false), mutate(&there, FILE, key, false));
    assert_eq!(first["summary"], second["summary"]);
    assert_eq!([&first["replayed"], &second["replayed"]].iter().filter(|said| **said == false).count(), 1);
    assert_eq!(beginning(&app, "U").await, 3);
}

/// What another import does: it has the structure keep six columns.
async fn keep_six(db: &impl ConnectionTrait) {
    for one in 0..6 {
        let insert = format!(
            "INSERT INTO person_column (structure_id, name, title, created_at)
             SELECT id, 'autre {one}', 'Autre {one}', 0 FROM structure WHERE name LIKE '%Quatre Vents'"
        );
        db.execute_unprepared(&insert).await.expect("a column can be kept");
    }
}

async fn columns_that_another_import_leaves_no_room_for_are_refused_as_such(app: TestApp) {
    let admin = app.admin().await;
    let titles: Vec<String> = (10..25).map(|one| format!("Colonne {one}")).collect();
    let file = format!("Identifiant;Nom;Prénom;{}\nK1;Colonnes;Ada{}\n", titles.join(";"), ";x".repeat(15));
    let importing = |key: uuid::Uuid| {
        let input =
            json!({ "file": STANDARD.encode(&file), "idempotencyKey": key, "keepColumns": titles.clone() });
        let admin = admin.clone();
        async move { admin.query(IMPORT, json!({ "input": input })).await["importPeople"].take() }
    };
    let connection = app.connect().await;
    keep_six(&connection).await;
    let (known, asked) = app.statements(importing(app.key())).await;
    assert_eq!(code_of(&known), "KEPT_COLUMNS_TOO_MANY", "{known}");
    app.plant("DELETE FROM person_column").await;

    // The same, kept by another import that is not done when this one looks whether there is room.
    let other = connection.begin().await.expect("a transaction begins");
    if app.backend() == Backend::Postgres {
        let hold = "SELECT 1 FROM structure FOR NO KEY UPDATE";
        other.execute_unprepared(hold).await.expect("another import holds its structure");
    }
    keep_six(&other).await;
    let before = app.app().store.statements();
    let late = tokio::spawn(importing(app.key()));
    while app.app().store.statements() < before + asked {
        tokio::task::yield_now().await;
    }
    while app.backend() == Backend::Postgres && !waits_for_a_lock(app.db()).await {
        tokio::task::yield_now().await;
    }
    other.commit().await.expect("the other import is done");
    let late = late.await.expect("it is answered");
    assert_eq!((&late["errors"], &late["summary"]), (&known["errors"], &known["summary"]), "{late}");
    assert_eq!(beginning(&app, "K").await, 0, "nothing of the file stands");
    connection.close().await.expect("the connection can be closed");
}
