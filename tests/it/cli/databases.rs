//! Databases that the program cannot serve, or not yet: each is told, and left as it is.

use envoi_tests::process::{Server, envoi};
use envoi_tests::{Backend, plainly};
use sea_orm::ConnectionTrait as _;

use super::{QUATRE_VENTS, failure, on, on_both, one_line, write};

#[test]
fn a_database_from_the_future_is_left_alone() {
    on_both(async |database| {
        let connection = database.connect().await;
        let row = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m2099_01_01_000001_more', 1)";
        connection.execute_unprepared(row).await.expect("planted");
        connection.close().await.expect("closed");
        for arguments in [&["structure", "list"][..], &["migrate"], &["serve", "--migrate"]] {
            let (code, _, said) = on(&database, arguments).await;
            assert!(
                code == 1 && said.contains("newer version") && said.contains("m2099_01_01_000001_more"),
                "{said}"
            );
        }
        database
    });
}

#[test]
fn a_schema_that_is_behind_is_brought_up_to_date_when_told() {
    plainly(async || {
        let database = Backend::Postgres.empty().await;
        let said = failure(&database, &["structure", "list"]).await;
        assert!(said.contains("envoi migrate"), "{said}");
        let (code, _, said) = on(&database, &["migrate"]).await;
        assert_eq!(code, 0, "{said}");
        assert_eq!(on(&database, &["structure", "list"]).await.0, 0);
        assert_eq!(on(&database, &["migrate"]).await.0, 0, "twice does no harm");
        let variables = [("ENVOI_DATABASE_URL", database.address.as_str())];
        let (code, _, said) = envoi(database.folder(), &["structure", "list"], &variables).await;
        assert!(code == 1 && said.contains("ENVOI_MASTER_KEY_FILE"), "{said}");
        database.remove().await;
    });
}

#[test]
fn another_master_key_opens_nothing() {
    on_both(async |database| {
        let other = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=\n";
        std::fs::write(&database.master_key_file, other).expect("the key can be replaced");
        let said = failure(&database, &["structure", "list"]).await;
        assert!(said.contains("not the one that the database was made with"), "{said}");
        std::fs::write(&database.master_key_file, "short\n").expect("the key can be replaced");
        let said = failure(&database, &["structure", "list"]).await;
        assert!(said.contains("32 bytes in base64") && !said.contains("short"), "{said}");
        database
    });
}

#[test]
fn a_lost_key_is_not_replaced_by_another() {
    plainly(async || {
        let database = Backend::Sqlite.demo().await;
        let variables = [("ENVOI_DATABASE_URL", database.address.as_str())];
        let key = std::fs::read(&database.master_key_file).expect("the demo has its key");
        std::fs::remove_file(&database.master_key_file).expect("the key can be lost");
        let list = ["structure", "list"];
        let (code, _, said) = envoi(database.folder(), &list, &variables).await;
        assert!(code == 1 && one_line(&said).contains("is missing"), "{said}");
        assert!(!database.master_key_file.exists(), "no other key is made");
        std::fs::write(&database.master_key_file, key).expect("the key can be put back");
        assert_eq!(envoi(database.folder(), &list, &variables).await.0, 0);
        database.remove().await;
    });
}

#[test]
fn a_command_in_the_wrong_folder_makes_no_database() {
    plainly(async || {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let (code, _, said) = envoi(folder.path(), &["structure", "list"], &[]).await;
        assert!(code == 1 && one_line(&said).contains("there is no database at data/envoi.db"), "{said}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 0);
    });
}

#[test]
fn a_database_that_cannot_be_opened_is_told() {
    plainly(async || {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let text = write(folder.path(), "notes.txt", &"This is no database. ".repeat(100)).await;
        let here = folder.path().display().to_string();
        for (address, named) in [
            ("sqlite:///proc/nowhere/envoi.db", "/proc/nowhere"),
            (&format!("sqlite://{here}"), ""),
            (&format!("sqlite://{text}"), ""),
            (&format!("sqlite://{text}/envoi.db"), "notes.txt"),
            ("postgres://envoi:secret@127.0.0.1:1/envoi", ""),
            ("mysql://envoi:secret@127.0.0.1/envoi", "ENVOI_DATABASE_URL"),
        ] {
            let (code, out, said) =
                envoi(folder.path(), &["structure", "list"], &[("ENVOI_DATABASE_URL", address)]).await;
            assert_eq!((code, out.as_str()), (1, ""), "{address}");
            let said = one_line(&said);
            assert!(said.contains(named) && !said.contains("secret"), "{address}: {said}");
        }
        assert_eq!(
            std::fs::read_to_string(&text).expect("it is there").len(),
            2_100,
            "what is no database is left alone"
        );
    });
}

#[test]
fn a_database_that_another_holds_is_told() {
    plainly(async || {
        let database = Backend::Sqlite.demo().await;
        let holder = database.connect().await;
        holder.execute_unprepared("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE").await.expect("held");
        let said = failure(&database, &["credit", "add", "--structure", QUATRE_VENTS, "1"]).await;
        assert!(said.contains("locked by another process"), "{said}");
        holder.execute_unprepared("COMMIT").await.expect("let go");
        let (code, _, said) = on(&database, &["credit", "add", "--structure", QUATRE_VENTS, "1"]).await;
        assert_eq!(code, 0, "{said}");
    });
}

#[test]
fn one_server_serves_a_file_and_commands_work_beside_it() {
    on_both(async |database| {
        let key = database.master_key_file.display().to_string();
        let variables = [
            ("ENVOI_DATABASE_URL", database.address.as_str()),
            ("ENVOI_MASTER_KEY_FILE", key.as_str()),
            ("ENVOI_DISPATCH_ENABLED", "false"),
        ];
        let first = Server::start(database.folder(), &[], &variables).await;
        if database.address.starts_with("sqlite") {
            for arguments in [&["serve"][..], &["serve", "--migrate"], &["serve", "--demo"]] {
                let said = failure(&database, arguments).await;
                let file = database.address.trim_start_matches("sqlite://");
                assert!(said.contains(file) && said.contains("database.url"), "{said}");
            }
        } else {
            let second = Server::start(database.folder(), &[], &variables).await;
            assert_eq!(second.stop().await, Some(0), "several may serve PostgreSQL");
        }
        for arguments in [&["audit"][..], &["structure", "list"]] {
            let (code, _, said) = on(&database, arguments).await;
            assert_eq!(code, 0, "{arguments:?}: {said}");
        }
        // However it ends, it serves no more.
        first.kill().await;
        let next = Server::start(database.folder(), &[], &variables).await;
        assert_eq!(next.stop().await, Some(0));
        let last = Server::start(database.folder(), &[], &variables).await;
        assert_eq!(last.stop().await, Some(0));
        database
    });
}
