//! Uploads that are too large, too slow, too many, or mean harm.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use envoi_tests::{Actor, Answer, TestApp, both, code_of};
use futures::stream::{self, StreamExt as _};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{DRY, ROUTE, beginning, everything, people, report};

both!(
    a_file_too_large_is_refused_while_it_comes_in,
    an_upload_that_stands_still_is_given_up,
    a_slow_upload_that_moves_is_awaited,
    an_upload_ends_in_bounded_time,
    a_body_that_breaks_off_changes_nothing,
    one_upload_a_structure_and_few_at_once,
    no_file_is_left_behind,
    files_that_mean_harm_are_refused_at_once,
);

pub(super) const GOOD: &str = "Identifiant;Nom;Prénom\nL1;Bonne;Ligne\n";

/// A body far too large, and how much of it was taken.
fn large() -> (Body, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let chunks = stream::repeat_with(move || {
        counter.fetch_add(10_000, Ordering::SeqCst);
        Ok::<_, Infallible>(vec![b'a'; 10_000])
    });
    let chunks = chunks.take(5_000);
    (Body::from_stream(chunks), taken)
}

/// A body that begins so, tells that its beginning is read, and goes on once it is told how.
fn held(start: &'static str) -> (Body, oneshot::Receiver<()>, oneshot::Sender<&'static str>) {
    let ((sender, rest), (begins, begun)) = (oneshot::channel(), oneshot::channel());
    let start = stream::once(async move {
        let _ = begins.send(());
        Ok(start)
    });
    let rest = stream::once(async { Ok::<_, Infallible>(rest.await.unwrap_or_default()) });
    (Body::from_stream(start.chain(rest)), begun, sender)
}

async fn a_file_too_large_is_refused_while_it_comes_in(app: TestApp) {
    let small = app.another(|config| config.import.max_bytes = 100_000).await;
    let admin = app.admin().await.at(&small);
    let (body, taken) = large();
    let answer = admin.upload(ROUTE, &[], body).await;
    assert_eq!((answer.status.as_u16(), code_of(&answer.json())), (413, &json!("UPLOAD_TOO_LARGE")));
    let taken = taken.load(Ordering::SeqCst);
    assert!(taken < 1_500_000, "{taken} bytes were read of a file that may have 100,000");
    let (body, taken) = large();
    let announced = [("content-length", "100001"), ("expect", "100-continue")];
    let answer = admin.upload(ROUTE, &announced, body).await;
    assert_eq!((answer.status.as_u16(), taken.load(Ordering::SeqCst)), (413, 0), "refused on its word");
    let fits = format!("{GOOD}{}", "\n".repeat(10_000));
    let (_, last) = report(&admin.upload(ROUTE, &[("content-length", &fits.len().to_string())], fits).await);
    assert_eq!(last["added"], 1);
}

async fn an_upload_that_stands_still_is_given_up(app: TestApp) {
    let hasty = app.another(|config| config.import.patience = Duration::from_millis(300)).await;
    let admin = app.admin().await.at(&hasty);
    let before = (people(&app).await, everything(&app).await);
    let (still, _begun, _never) = held(GOOD);
    let drops = stream::repeat_with(|| "L2;Goutte;Seule\n").then(async |drop| {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok::<_, Infallible>(drop)
    });
    for body in [still, Body::from_stream(drops)] {
        let answer = admin.upload(ROUTE, &[], body).await;
        assert_eq!((answer.status.as_u16(), code_of(&answer.json())), (408, &json!("UPLOAD_TOO_SLOW")));
    }
    assert_eq!((people(&app).await, everything(&app).await), before);
}

async fn a_slow_upload_that_moves_is_awaited(app: TestApp) {
    let patience = Duration::from_millis(1_500);
    let hasty = app.another(|config| config.import.patience = patience).await;
    let admin = app.admin().await.at(&hasty);
    let pieces = stream::iter(0..4).then(async |piece| {
        // Time itself is what is tested: each piece comes in time, all of them do not.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let rows = format!("L1;Bonne;Ligne{}\n", " ".repeat(5_000)).repeat(14);
        Ok::<_, Infallible>(if piece == 0 { format!("Identifiant;Nom;Prénom\n{rows}") } else { rows })
    });
    let (_, last) = report(&admin.upload(ROUTE, &[], Body::from_stream(pieces)).await);
    assert_eq!((&last["added"], &last["unchanged"]), (&json!(1), &json!(55)), "{last}");
}

async fn an_upload_ends_in_bounded_time(app: TestApp) {
    // A second, and two and a half for the largest file.
    let hasty = app.another(|config| {
        config.import.patience = Duration::from_secs(1);
        config.import.max_bytes = 5 * 64 * 1024;
    });
    let hasty = hasty.await;
    let admin = app.admin().await.at(&hasty);
    let pieces = stream::iter(0..5).then(async |piece| {
        // Each comes in time, and moves on enough.
        tokio::time::sleep(Duration::from_millis(800)).await;
        let rows = format!("L1;Bonne;Ligne{}\n", " ".repeat(5_000)).repeat(14);
        Ok::<_, Infallible>(match piece {
            0 => format!("Identifiant;Nom;Prénom\n{rows}"),
            4 => "L1;Bonne;Ligne\n".to_owned(),
            _ => rows,
        })
    });
    let answer = admin.upload(ROUTE, &[], Body::from_stream(pieces)).await;
    assert_eq!((answer.status.as_u16(), code_of(&answer.json())), (408, &json!("UPLOAD_TOO_SLOW")));
    assert_eq!(beginning(&app, "L").await, 0);
}

async fn a_body_that_breaks_off_changes_nothing(app: TestApp) {
    let admin = app.admin().await;
    let before = (people(&app).await, everything(&app).await);
    let broken = stream::iter([Ok(GOOD), Err(std::io::Error::other("the client left"))]);
    let answer = admin.upload(ROUTE, &[], Body::from_stream(broken)).await;
    assert_eq!((answer.status.as_u16(), code_of(&answer.json())), (400, &json!("BODY_INCOMPLETE")));
    assert_eq!((people(&app).await, everything(&app).await), before);
    report(&admin.upload(ROUTE, &[], GOOD).await);
}

/// An upload that was let in, and what to tell it to go on.
pub(super) async fn begin(actor: &Actor) -> (JoinHandle<Answer>, oneshot::Sender<&'static str>) {
    let (body, begun, rest) = held(GOOD);
    let uploading = actor.clone();
    let upload = tokio::spawn(async move { uploading.upload(ROUTE, &[], body).await });
    begun.await.expect("it is let in");
    (upload, rest)
}

async fn one_upload_a_structure_and_few_at_once(app: TestApp) {
    let narrow = app.another(|config| config.import.at_once = 1).await;
    let (admin, other) = (app.admin().await.at(&narrow), super::stranger(&app).await.at(&narrow));
    let (upload, rest) = begin(&admin).await;
    let second = admin.upload(ROUTE, &[], GOOD).await;
    assert_eq!((second.status.as_u16(), code_of(&second.json())), (409, &json!("IMPORT_UNDER_WAY")));
    assert_eq!(second.header("retry-after"), Some("10"));
    let crowded = other.upload(ROUTE, &[], GOOD).await;
    assert_eq!((crowded.status.as_u16(), code_of(&crowded.json())), (503, &json!("IMPORTS_TOO_MANY")));
    assert_eq!(crowded.header("retry-after"), Some("10"));
    report(&other.at(&app).upload(ROUTE, &[], GOOD).await);
    rest.send("L2;Autre;Ligne\n").expect("the upload goes on");
    let (_, last) = report(&upload.await.expect("it is answered"));
    assert_eq!((&last["added"], beginning(&app, "L").await), (&json!(2), 3));
    report(&other.upload(ROUTE, &[], GOOD).await);
    let (leaves, rest) = begin(&admin).await;
    leaves.abort();
    assert!(leaves.await.expect_err("it left").is_cancelled());
    drop(rest);
    report(&admin.upload(ROUTE, &[], GOOD).await);
}

async fn no_file_is_left_behind(app: TestApp) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().to_owned();
    let there = app.another(|config| config.import.folder = Some(path)).await;
    let admin = app.admin().await.at(&there);
    let files = || std::fs::read_dir(folder.path()).expect("it can be read").count();
    let (upload, rest) = begin(&admin).await;
    assert_eq!(files(), 0, "a file that comes in has no name: what kills the server leaves nothing");
    rest.send("L2;Autre;Ligne\n").expect("the upload goes on");
    report(&upload.await.expect("it is answered"));
    assert_eq!(admin.upload(ROUTE, &[], "").await.status, 400);
    assert_eq!(files(), 0);
    folder.close().expect("the folder can be removed");
    let answer = admin.upload(ROUTE, &[], GOOD).await;
    assert_eq!((answer.status.as_u16(), code_of(&answer.json())), (500, &json!("INTERNAL")));
    assert!(!answer.text().contains("No such file"), "{}", answer.text());
}

async fn files_that_mean_harm_are_refused_at_once(app: TestApp) {
    let admin = app.admin().await;
    let before = (people(&app).await, everything(&app).await);
    let wide = ";".repeat(1_000_000);
    for (file, code) in [
        (format!("Nom;Prénom\nA;{}", "a".repeat(60_000_000)), "FILE_ROW_TOO_LONG"),
        (format!("Nom;Prénom{wide}\nA;B{wide}\n"), "FILE_ROW_TOO_LONG"),
        (format!("Nom;Prénom\nA;\"B\n{}", "A;B\n".repeat(100_000)), "FILE_ROW_TOO_LONG"),
        (format!("Nom;Prénom\n{}", "\0".repeat(1_000_000)), "FILE_BINARY"),
        (format!("Nom;Prénom\n{}", "A;B\n".repeat(1_000_000)), "FILE_TOO_MANY_ROWS"),
        ("\n".repeat(60_000_000), "FILE_ROW_TOO_LONG"),
        (format!("Nom;Prénom;{}\n", "a;".repeat(30_000)), ""),
    ] {
        let size = file.len();
        let answer = tokio::time::timeout(Duration::from_secs(30), admin.upload(DRY, &[], file)).await;
        let answer = answer.expect("it is refused at once");
        if code.is_empty() {
            let (_, last) = report(&answer);
            assert_eq!(last["ignoredColumns"].as_array().map(Vec::len), Some(100), "{size} bytes");
        } else {
            assert_eq!(
                (answer.status.as_u16(), code_of(&answer.json())),
                (400, &json!(code)),
                "{size} bytes"
            );
        }
    }
    assert_eq!((people(&app).await, everything(&app).await), before);
}
