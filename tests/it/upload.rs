//! Files of people that accounts send: the small by a mutation, the large by a route of their own.

mod limits;
mod mutation;
mod places;
mod route;
mod server;
mod together;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use api::caller::Operator;
use api::services::operator::{self, NewAccount};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entity::enums::{AccountKind, Locale};
use entity::person;
use entity::sensitive::Sensitive;
use envoi_tests::{Actor, Answer, Backend, TestApp, UsableInTests as _};
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

/// Where files go.
const ROUTE: &str = "/import/people";
/// The same, trying only.
const DRY: &str = "/import/people?dryRun=true";

/// Rows of every kind: added, changed, unchanged, refused, with tags, a list, teachers, and a column that is not known.
const FILE: &str = "Identifiant;Nom;Prénom;Civilité;Mobile;Tags;Listes;Professeur;Pointure\n\
    U1;Usage;Ada;Mme;06 12 00 08 01;Nouveau, Musicien;Neuve;QV003;38\n\
    U2;Usage;Bob;M.;06 12 00 08 02;Nouveau;;Usage Ada;41\n\
    U3;Usage;Cid;M.;12345;;;;\n\
    QV001;Durand;Maria;Mme;;;;;\n\
    QV002;Lefèvre;Paul;M.;;;;;\n\
    U4;Usage;Dan;M.;;;;Personne Dutout;\n";

const IMPORT: &str = "mutation($input: ImportPeopleInput!) { importPeople(input: $input) {
    summary { added changed unchanged refused tagsCreated listsCreated ignoredColumns }
    refusedRows { line column code message } replayed errors { __typename code message path } clientMutationId
} }";

/// The variables of the mutation.
fn input(file: &[u8], key: Uuid, dry_run: bool) -> Value {
    json!({ "input": { "file": STANDARD.encode(file), "idempotencyKey": key, "dryRun": dry_run } })
}

/// The payload of the mutation.
async fn mutate(actor: &Actor, file: impl AsRef<[u8]>, key: Uuid, dry_run: bool) -> Value {
    actor.query(IMPORT, input(file.as_ref(), key, dry_run)).await["importPeople"].take()
}

/// The rows refused and the last line of a report.
fn report(answer: &Answer) -> (Vec<Value>, Value) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson; charset=utf-8"));
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
    let mut lines: Vec<Value> = answer.text().lines().map(line).collect();
    let last = lines.pop().expect("a report has a last line");
    (lines, last["summary"].clone())
}

/// The administrator of another structure.
async fn stranger(app: &TestApp) -> Actor {
    let account = NewAccount {
        structure: app.structure("Harmonie de la Vallée").await,
        kind: AccountKind::Admin,
        email: "admin@harmonie.example".to_owned(),
        password: Sensitive::new("envoi-demo"),
        locale: Locale::Fr,
        person: None,
        grants: Vec::new(),
    };
    let made = operator::create_account(&app.ctx(), Operator::at_the_command_line(), account).await;
    made.expect("an account can be made");
    app.sign_in("admin@harmonie.example").await
}

/// A file of so many people, each with a teacher among the first seven, who is someone else.
fn crowd(rows: usize) -> String {
    let mut file = "Identifiant;Nom;Prénom;Mobile;Tags;Professeur\n".to_owned();
    for row in 0..rows {
        let (number, teacher) = (100_000 + row, row % 7 + 1);
        writeln!(file, "C{row};Foule;P{row};0670{number};Foule;C{teacher}").expect("a string takes all");
    }
    file
}

async fn numbers(app: &TestApp, sql: String) -> Vec<(String, i64)> {
    let rows = app.db().query_all_raw(Statement::from_string(app.db().get_database_backend(), sql)).await;
    let rows = rows.expect("rows can be read");
    let row = |row: sea_orm::QueryResult| {
        (row.try_get("", "name").expect("a name"), row.try_get("", "found").expect("a number"))
    };
    rows.into_iter().map(row).collect()
}

/// How many rows each table has.
async fn everything(app: &TestApp) -> BTreeMap<String, i64> {
    let tables = match app.backend() {
        Backend::Sqlite => {
            "SELECT name, 0 AS found FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        }
        Backend::Postgres => {
            "SELECT tablename::text AS name, 0::bigint AS found FROM pg_tables WHERE schemaname = 'public'"
        }
    };
    let tables = numbers(app, tables.to_owned()).await;
    assert!(tables.len() > 20, "{tables:?}");
    let count =
        |(table, _): &(String, i64)| format!("SELECT '{table}' AS name, COUNT(*) AS found FROM {table}");
    let counts = tables.iter().map(count).collect::<Vec<_>>().join(" UNION ALL ");
    numbers(app, counts).await.into_iter().collect()
}

/// Everyone, as stored.
async fn people(app: &TestApp) -> Vec<person::Model> {
    let mut people = person::Entity::all_rows().all(app.db()).await.expect("people can be read");
    people.sort_unstable_by_key(|person| person.id);
    people
}

/// What a file says of people, whatever their ids; and how many rows there are of what goes with them.
async fn content(app: &TestApp) -> (Vec<String>, BTreeMap<String, i64>) {
    let said = |person: person::Model| {
        let mobile = person.mobile.map(|mobile| mobile.expose().to_owned());
        format!("{:?}", (person.identifier, person.sort_key, person.first_name, person.sex, mobile))
    };
    let mut said: Vec<String> = people(app).await.into_iter().map(said).collect();
    said.sort_unstable();
    let mut rows = everything(app).await;
    rows.retain(|table, _| !["session", "idempotency"].contains(&table.as_str()));
    (said, rows)
}

/// How many people have an identifier that begins so.
async fn beginning(app: &TestApp, with: &str) -> usize {
    let begins =
        |person: &person::Model| person.identifier.as_ref().is_some_and(|found| found.starts_with(with));
    people(app).await.iter().filter(|person| begins(person)).count()
}

/// Has the database refuse a person of that name, as a fault of its own would.
async fn refuse_anyone_named(app: &TestApp, name: &str) {
    app.plant(&match app.backend() {
        Backend::Sqlite => format!(
            "CREATE TRIGGER planted BEFORE INSERT ON person WHEN NEW.last_name = '{name}'
             BEGIN SELECT RAISE(ABORT, 'planted'); END"
        ),
        Backend::Postgres => {
            format!("ALTER TABLE person ADD CONSTRAINT planted CHECK (last_name <> '{name}')")
        }
    })
    .await;
}

/// Undoes it.
async fn refuse_no_one(app: &TestApp) {
    app.plant(match app.backend() {
        Backend::Sqlite => "DROP TRIGGER planted",
        Backend::Postgres => "ALTER TABLE person DROP CONSTRAINT planted",
    })
    .await;
}
