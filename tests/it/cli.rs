//! The program as operators meet it: its commands, its exit codes, and what it says when something is wrong.

mod audit;
mod columns;
mod credit;
mod databases;
mod kept_rules;
mod opt_outs;
mod prices;
mod providers;
mod reload;
mod rules;
mod senders;

use std::path::Path;

use envoi_tests::process::{Server, envoi};
use envoi_tests::{Backend, TestDatabase, nodes, plainly};
use sea_orm::ConnectionTrait as _;
use serde_json::json;

const QUATRE_VENTS: &str = "École de musique des Quatre Vents";

/// Runs a command on a database.
async fn on(database: &TestDatabase, arguments: &[&str]) -> (i32, String, String) {
    let key = database.master_key_file.display().to_string();
    let variables = [
        ("ENVOI_DATABASE_URL", database.address.as_str()),
        ("ENVOI_MASTER_KEY_FILE", key.as_str()),
        ("ENVOI_LISTEN", "127.0.0.1:0"),
    ];
    envoi(database.folder(), arguments, &variables).await
}

/// Runs a test on a copy of the demonstration's database, on each backend.
fn on_both<F: Future<Output = TestDatabase>>(test: impl Fn(TestDatabase) -> F + Send + Sync) {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        plainly(async || test(backend.demo().await).await.remove().await);
    }
}

/// Runs a command that must fail; answers the one line that says why.
async fn failure(database: &TestDatabase, arguments: &[&str]) -> String {
    let (code, out, said) = on(database, arguments).await;
    assert_eq!((code, out.as_str()), (1, ""), "{said}");
    one_line(&said)
}

fn one_line(said: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 1, "one line says why: {said}");
    assert!(!said.contains("panicked"), "{said}");
    lines[0].to_owned()
}

async fn write(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    tokio::fs::write(&file, text).await.expect("a file can be written");
    file.display().to_string()
}

#[test]
fn the_demonstration_runs_from_end_to_end() {
    plainly(async || {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let server = Server::start(folder.path(), &["--demo"], &[]).await;
        let token = server.sign_in("marie@quatre-vents.example").await;
        let people =
            "{ viewer { structure { people(filter: { search: \"garnier\" }) { edges { node { id } } } } } }";
        let found = server.graphql(Some(&token), people, json!({})).await;
        let person = nodes(&found["viewer"]["structure"]["people"])[0]["id"].clone();
        let preview =
            "mutation($input: PreviewSmsInput!) { previewSms(input: $input) { preview { token } } }";
        let input =
            json!({ "audience": { "people": [person] }, "message": { "text": "Un secret bien gardé" } });
        let shown = server.graphql(Some(&token), preview, json!({ "input": input })).await;
        let sent =
            "mutation($input: SendSmsInput!) { sendSms(input: $input) { campaign { id } errors { code } } }";
        let preview_token = shown["previewSms"]["preview"]["token"].as_str().expect("a token").to_owned();
        let input = json!({ "previewToken": preview_token, "idempotencyKey": "0190b5ac-0000-7000-8000-000000000000" });
        let sent = server.graphql(Some(&token), sent, json!({ "input": input })).await;
        let campaign = &sent["sendSms"]["campaign"]["id"];
        let progress =
            "query($id: ID!) { node(id: $id) { ... on Campaign { state progress { delivered } } } }";
        let delivered = |data: &serde_json::Value| data["node"]["progress"]["delivered"] == 1;
        server.until(&token, progress, json!({ "id": campaign }), delivered).await;
        let credit = "{ viewer { structure { credit { balance reserved } } } }";
        let credit = server.graphql(Some(&token), credit, json!({})).await;
        assert_eq!(credit["viewer"]["structure"]["credit"], json!({ "balance": 227, "reserved": 0 }));
        assert_eq!(server.stop().await, Some(0), "told to end, it ends well");

        let log = std::fs::read_to_string(folder.path().join("log")).expect("there is a log");
        assert!(log.contains("listening"), "{log}");
        for secret in [&token, &preview_token, "Un secret", "+336", "envoi-demo", "marie@"] {
            assert!(!log.contains(secret), "the log tells {secret}: {log}");
        }
        let key = std::fs::metadata(folder.path().join("data/envoi.db.key")).expect("a key was made");
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key.permissions()) & 0o777, 0o600);
        let (code, out, _) = envoi(folder.path(), &["audit"], &[]).await;
        assert_eq!((code, out.contains("FAULT")), (0, false), "{out}");
        let again = Server::start(folder.path(), &["--demo"], &[]).await;
        let credit = "{ viewer { structure { credit { balance } } } }";
        let credit = again.graphql(Some(&token), credit, json!({})).await;
        assert_eq!(credit["viewer"]["structure"]["credit"]["balance"], 227, "started again, it goes on");
    });
}

#[test]
fn a_port_in_use_is_told() {
    plainly(async || {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = taken.local_addr().expect("it has an address").to_string();
        let (code, out, said) = envoi(folder.path(), &["serve"], &[("ENVOI_LISTEN", &address)]).await;
        assert_eq!((code, out.as_str()), (1, ""));
        assert!(
            said.contains(&format!("cannot listen on {address}")) && said.contains("ENVOI_LISTEN"),
            "{said}"
        );
        assert!(!folder.path().join("data").exists(), "nothing was begun");
    });
}

#[test]
fn settings_are_read_and_unknown_ones_told() {
    on_both(async |database| {
        let file = write(database.folder(), "envoi.toml", "listn = \"127.0.0.1:0\"\n").await;
        let said = failure(&database, &["structure", "list", "--config", &file]).await;
        assert!(said.contains("`listn`") && said.contains("did you mean `listen`"), "{said}");
        let (code, _, said) =
            envoi(database.folder(), &["structure", "list"], &[("ENVOI_DATABASE_ULR", "x")]).await;
        assert!(code == 1 && said.contains("did you mean `ENVOI_DATABASE_URL`"), "{said}");
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/envoi.example.toml");
        let (code, out, said) = on(&database, &["structure", "list", "--config", example]).await;
        assert_eq!((code, out.lines().count(), out.contains(QUATRE_VENTS)), (0, 3, true), "{said}");
        database
    });
}

#[test]
fn an_import_tells_by_its_exit_code() {
    on_both(async |database| {
        let folder = database.folder().to_owned();
        let good = write(&folder, "good.csv", "Nom;Prénom;Mobile\nNouveau;Venu;0612000701\n").await;
        let some =
            write(&folder, "some.csv", "Nom;Prénom;Mobile\nNouvelle;Venue;0612000702\nAutre;Venu;12\n").await;
        let none = write(&folder, "none.csv", "\0\0\0").await;
        let import = |file: String, structure: &'static str| {
            let database = &database;
            async move { on(database, &["import", "people", &file, "--structure", structure]).await }
        };
        let (code, out, said) = import(good.clone(), QUATRE_VENTS).await;
        assert_eq!((code, out.contains("1 added")), (0, true), "{out}{said}");
        let (code, out, _) = import(good.clone(), QUATRE_VENTS).await;
        assert_eq!((code, out.contains("0 added, 0 changed, 1 unchanged")), (0, true), "{out}");
        let (code, out, _) = import(some, QUATRE_VENTS).await;
        assert_eq!((code, out.contains("line 3:"), out.contains("1 added")), (2, true, true), "{out}");
        assert!(
            !out.contains("Autre") && !out.contains("0612"),
            "the report tells no one's name or number: {out}"
        );
        let (code, _, said) = import(none, QUATRE_VENTS).await;
        assert_eq!(code, 1);
        one_line(&said);
        let (code, _, said) = import(format!("{good}.absent"), QUATRE_VENTS).await;
        assert!(code == 1 && said.contains("good.csv.absent"), "{said}");
        let (code, _, said) = import(good, "Nowhere").await;
        assert!(code == 1 && said.contains("Nowhere"), "{said}");
        database
    });
}

#[test]
fn the_audit_tells_by_its_exit_code() {
    on_both(async |database| {
        let (code, out, _) = on(&database, &["audit"]).await;
        assert_eq!((code, out.contains("FAULT")), (0, false), "{out}");
        let connection = database.connect().await;
        let planted = connection.execute_unprepared("UPDATE ledger_entry SET quantity = quantity + 1").await;
        planted.expect("planted");
        connection.close().await.expect("closed");
        let (code, out, _) = on(&database, &["audit"]).await;
        assert_eq!((code, out.contains("FAULT: the ledger's lines")), (1, true), "{out}");
        database
    });
}

#[test]
fn operators_are_told_what_they_got_wrong() {
    on_both(async |database| {
        for arguments in [
            &["credit", "add", "--structure", QUATRE_VENTS, "-5"][..],
            &["credit", "add", "--structure", "Nowhere", "5"],
            &["credit", "add", "--structure", QUATRE_VENTS, "99999999999"],
            &[
                "structure",
                "create",
                "--name",
                " ",
                "--product",
                "MANAGER",
                "--region",
                "FR",
                "--time-zone",
                "Europe/Paris",
            ],
            &[
                "structure",
                "create",
                "--name",
                "A",
                "--product",
                "MANAGER",
                "--region",
                "ZZ",
                "--time-zone",
                "Europe/Paris",
            ],
            &[
                "structure",
                "create",
                "--name",
                "A",
                "--product",
                "MANAGER",
                "--region",
                "FR",
                "--time-zone",
                "Europe/Pari",
            ],
        ] {
            failure(&database, arguments).await;
        }
        let (code, out, _) = on(&database, &["structure", "list"]).await;
        assert_eq!((code, out.lines().count()), (0, 3), "{out}");
        database
    });
}

#[test]
fn a_structures_holidays_are_set_and_taken_away() {
    on_both(async |database| {
        let create = ["structure", "create", "--name", "Chorale des Dunes", "--product", "MANAGER"];
        let there = ["--region", "RE", "--time-zone", "Indian/Reunion"];
        assert_eq!(on(&database, &[&create[..], &there].concat()).await.0, 0);
        for (structure, holidays, done) in [
            (QUATRE_VENTS, "alsace-moselle", true),
            (QUATRE_VENTS, "region", true),
            ("Chorale des Dunes", "region", true),
            ("Chorale des Dunes", "alsace-moselle", false),
            (QUATRE_VENTS, "moselle", false),
        ] {
            let set = ["settings", "set", "--structure", structure, "--holidays", holidays];
            let (code, _, said) = on(&database, &set).await;
            assert_eq!(code == 0, done, "{structure} {holidays}: {said}");
        }
        let set = ["settings", "set", "--structure", "Chorale des Dunes", "--holidays", "alsace-moselle"];
        assert!(failure(&database, &set).await.contains("RE"));
        database
    });
}

#[test]
fn the_schema_can_be_printed_without_a_database() {
    plainly(async || {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let (code, out, _) = envoi(folder.path(), &["schema"], &[("ENVOI_DATABASE_URL", "nothing")]).await;
        assert_eq!((code, out == api::graphql::sdl()), (0, true));
        assert_eq!(std::fs::read_dir(folder.path()).expect("it can be read").count(), 0, "nothing is made");
    });
}
