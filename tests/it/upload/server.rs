//! Uploads to the program itself: clients that leave, and what a large file takes.

use envoi_tests::process::Server;
use envoi_tests::{Backend, plainly};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::crowd;

const KEY: &str = "0190b5ac-0000-7000-8000-000000000001";
/// What a server says when it begins to read a body that waits to be asked for (RFC 9110, 10.1.1).
const ASKED: &[u8; 25] = b"HTTP/1.1 100 Continue\r\n\r\n";
const OTHER_KEY: &str = "0190b5ac-0000-7000-8000-000000000002";

/// Runs a test on a server, on each backend.
fn on_both<F: Future<Output = Server>>(test: impl Fn(Server, DatabaseConnection, String) -> F + Send + Sync) {
    on(Backend::Sqlite, &test);
    on(Backend::Postgres, &test);
}

/// Runs a test on a server that imports no more than 1,000 rows in one transaction, with the administrator's token.
fn on<F: Future<Output = Server>>(
    backend: Backend,
    test: impl Fn(Server, DatabaseConnection, String) -> F + Send + Sync,
) {
    plainly(async || {
        let database = backend.demo().await;
        let key = database.master_key_file.display().to_string();
        let variables = [
            ("ENVOI_DATABASE_URL", database.address.as_str()),
            ("ENVOI_MASTER_KEY_FILE", key.as_str()),
            ("ENVOI_IMPORT_TRANSACTION_ROWS", "1000"),
        ];
        let server = Server::start(database.folder(), &[], &variables).await;
        let rows = database.connect().await;
        let token = server.sign_in("admin@quatre-vents.example").await;
        let server = test(server, rows.clone(), token).await;
        assert_eq!(server.stop().await, Some(0));
        rows.close().await.expect("the connection can be closed");
        database.remove().await;
    });
}

async fn crowded(rows: &DatabaseConnection) -> i64 {
    let count = "SELECT COUNT(*) AS found FROM person WHERE identifier LIKE 'C%'";
    let row = rows.query_one_raw(Statement::from_string(rows.get_database_backend(), count)).await;
    row.expect("people can be counted").expect("a count has a row").try_get("", "found").expect("a number")
}

/// Sends the head of an upload and, once the server asks for it, which is once the upload is under way, so much of its file.
async fn send(server: &Server, token: &str, file: &str, length: usize) -> TcpStream {
    let address = server.address().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    let head = format!(
        "POST /import/people HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: text/csv\r\nIdempotency-Key: {KEY}\r\nContent-Length: {length}\r\n\
         Expect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("the server reads");
    let mut asked = [0; ASKED.len()];
    stream.read_exact(&mut asked).await.expect("the server answers");
    assert_eq!(asked, *ASKED);
    stream.write_all(file.as_bytes()).await.expect("the server reads");
    stream.flush().await.expect("the server reads");
    stream
}

/// Uploads until no other upload of the structure is under way any more.
async fn upload(server: &Server, token: &str, key: &str, file: &str) -> Value {
    loop {
        let (status, text) = server.upload(token, key, file.to_owned()).await;
        if status != 409 {
            assert_eq!(status, 200, "{text}");
            let last = text.lines().last().expect("a last line");
            return serde_json::from_str::<Value>(last).expect("JSON")["summary"].take();
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_client_that_leaves_during_the_upload_changes_nothing() {
    on_both(async |server, rows, token| {
        let file = crowd(1_500);
        let stream = send(&server, &token, &file, file.len() + 1).await;
        let (status, _) = server.upload(&token, OTHER_KEY, file.clone()).await;
        assert_eq!(status, 409, "the upload is under way");
        drop(stream);
        let last = upload(&server, &token, OTHER_KEY, "Nom;Prénom\nUne;Autre\n").await;
        assert_eq!((&last["added"], crowded(&rows).await), (&Value::from(1), 0));
        let last = upload(&server, &token, KEY, &file).await;
        assert_eq!((&last["replayed"], crowded(&rows).await), (&Value::from(false), 1_500));
        server
    });
}

#[test]
fn a_client_that_leaves_during_the_import_has_it_finished() {
    on_both(async |server, rows, token| {
        let file = crowd(2_500);
        let stream = send(&server, &token, &file, file.len()).await;
        while crowded(&rows).await == 0 {
            tokio::task::yield_now().await;
        }
        drop(stream);
        let last = upload(&server, &token, KEY, &file).await;
        assert_eq!((&last["replayed"], &last["added"]), (&Value::from(true), &Value::from(2_500)), "{last}");
        assert_eq!(crowded(&rows).await, 2_500);
        server
    });
}

#[test]
fn memory_does_not_follow_the_file() {
    on(Backend::Sqlite, async |server, _, token| {
        upload(&server, &token, OTHER_KEY, &crowd(100)).await;
        let before = server.peak_memory();
        // Of which little is read.
        let wide = " ".repeat(30_000);
        let file = crowd(1_001).replace(";Foule;P", &format!("{wide};Foule;P"));
        assert!(file.len() > 30_000_000);
        let last = upload(&server, &token, KEY, &file).await;
        assert_eq!(last["added"], 901, "{last}");
        if let (Some(before), Some(after)) = (before, server.peak_memory()) {
            println!("{} MB for a file of {} MB", (after - before) / 1_000_000, file.len() / 1_000_000);
            assert!(after - before < 15_000_000, "{before} bytes before, {after} after");
        }
        server
    });
}
