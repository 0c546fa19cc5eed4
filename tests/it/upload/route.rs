//! `POST /import/people`, as HTTP has it.

use axum::body::Body;
use axum::http::Request;
use entity::idempotency;
use envoi_tests::{TestApp, UsableInTests as _, both, code_of};
use sea_orm::PaginatorTrait as _;
use serde_json::{Value, json};

use super::{
    DRY, FILE, ROUTE, beginning, crowd, everything, people, refuse_anyone_named, refuse_no_one, report,
};

both!(
    what_is_no_file_is_refused,
    answers_are_in_the_language_asked,
    a_large_file_that_stops_midway_is_finished_by_asking_again,
    a_dry_run_has_its_limit,
);

async fn what_is_no_file_is_refused(app: TestApp) {
    let admin = app.admin().await;
    let before = (people(&app).await, everything(&app).await);
    for headers in [
        [("content-type", "multipart/form-data; boundary=x"), ("x-a", "")],
        [("content-type", "application/x-www-form-urlencoded"), ("x-a", "")],
        [("content-type", "application/json"), ("x-a", "")],
        [("content-type", ""), ("x-a", "")],
        [("content-type", "text/csv"), ("content-encoding", "gzip")],
    ] {
        let answer = admin.upload(ROUTE, &headers, FILE).await;
        assert_eq!(
            (answer.status.as_u16(), code_of(&answer.json())),
            (415, &json!("IMPORT_MEDIA_TYPE")),
            "{headers:?}"
        );
    }
    for query in
        ["?dryrun=true", "?dryRun=1", "?dryRun=", "?dryRun=true&dryRun=false", "?structure=1", "?%FF"]
    {
        let answer = admin.upload(&format!("{ROUTE}{query}"), &[], FILE).await;
        assert_eq!(
            (answer.status.as_u16(), code_of(&answer.json())),
            (400, &json!("IMPORT_QUERY_INVALID")),
            "{query}"
        );
    }
    for key in ["", "1", "0190b5ac-0000-7000-8000-00000000000g"] {
        let answer = admin.upload(ROUTE, &[("idempotency-key", key)], FILE).await;
        assert_eq!(
            (answer.status.as_u16(), code_of(&answer.json())),
            (400, &json!("IDEMPOTENCY_KEY_INVALID")),
            "{key}"
        );
    }
    let got = app.anonymous().http(Request::get(ROUTE).body(Body::empty()).expect("a sound request")).await;
    assert_eq!((got.status.as_u16(), got.header("allow")), (405, Some("POST")));
    assert_eq!(
        (code_of(&got.json()), got.header("content-type")),
        (&json!("IMPORT_METHOD"), Some("application/json; charset=utf-8"))
    );
    assert_eq!((people(&app).await, everything(&app).await), before);
    let kind = [("content-type", "Application/Octet-Stream"), ("content-encoding", "identity")];
    let quoted = format!("\"{}\"", app.key());
    let (_, last) =
        report(&admin.upload(ROUTE, &[kind[0], kind[1], ("idempotency-key", &quoted)], FILE).await);
    assert_eq!(last["added"], 2);
    let conflict = admin.upload(ROUTE, &[("idempotency-key", &quoted)], "Nom;Prénom\nA;B\n").await;
    assert_eq!((conflict.status.as_u16(), code_of(&conflict.json())), (422, &json!("IDEMPOTENCY_CONFLICT")));
}

async fn answers_are_in_the_language_asked(app: TestApp) {
    let admin = app.admin().await;
    let mut said = Vec::new();
    for (actor, language) in [(&admin, "fr"), (&admin.in_english(), "en")] {
        for (path, file) in [(DRY, FILE), (ROUTE, "")] {
            let answer = actor.upload(path, &[], file).await;
            assert_eq!(answer.header("content-language"), Some(language));
            assert!(answer.header("vary").is_some_and(|vary| vary.contains("Accept-Language")));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            said.push(answer.text());
        }
    }
    assert!(said[0].contains("Ce professeur") && said[2].contains("no such teacher"), "{said:?}");
    assert_eq!(said[1], "{\"errors\":[{\"code\":\"FILE_EMPTY\",\"message\":\"Le fichier est vide.\"}]}");
    assert!(said[3].contains("The file is empty."), "{}", said[3]);
}

async fn keys(app: &TestApp) -> u64 {
    idempotency::Entity::all_rows().count(app.db()).await.expect("keys can be counted")
}

async fn a_large_file_that_stops_midway_is_finished_by_asking_again(app: TestApp) {
    let narrow = app.another(|config| config.import.transaction_rows = 1_000).await;
    let admin = app.admin().await.at(&narrow);
    let key = app.key().to_string();
    let key = [("idempotency-key", key.as_str())];
    let file = format!("{}CX;Malheur;Jean;;;\n", crowd(2_100));
    let unread = file.replacen("0670100005", "12", 1);
    refuse_anyone_named(&app, "Malheur").await;
    let stopped = admin.upload(ROUTE, &key, file.clone()).await;
    assert_eq!(
        (stopped.status.as_u16(), code_of(&stopped.json())),
        (500, &json!("IMPORT_STOPPED")),
        "{}",
        stopped.text()
    );
    assert!(stopped.text().contains("2000"), "{}", stopped.text());
    let stopped = admin.upload(ROUTE, &[], unread).await;
    let lines: Vec<Value> =
        stopped.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(
        (stopped.status.as_u16(), lines.len(), &lines[0]["line"]),
        (200, 2, &json!(7)),
        "it began well"
    );
    assert_eq!(lines[1]["errors"][0]["code"], "IMPORT_STOPPED", "and says last that it ended badly");
    assert_eq!(
        (beginning(&app, "C").await, keys(&app).await),
        (2_000, 0),
        "what was written stays, without a key"
    );
    refuse_no_one(&app).await;
    let (rows, last) = report(&admin.upload(ROUTE, &key, file.clone()).await);
    assert_eq!((rows.len(), &last["replayed"], &last["added"]), (0, &json!(false), &json!(101)), "{last}");
    assert_eq!((beginning(&app, "C").await, keys(&app).await), (2_101, 1));
    let before = (people(&app).await, everything(&app).await);
    let (_, again) = report(&admin.upload(ROUTE, &key, file).await);
    assert_eq!((&again["replayed"], &again["added"]), (&json!(true), &json!(101)));
    assert_eq!((people(&app).await, everything(&app).await), before);
}

async fn a_dry_run_has_its_limit(app: TestApp) {
    let narrow = app.another(|config| config.import.transaction_rows = 1_000).await;
    let admin = app.admin().await.at(&narrow);
    let before = (people(&app).await, everything(&app).await);
    let file = |rows: usize| format!("Nom;Prénom\n{}", "Une;Même\n".repeat(rows));
    let answer = admin.upload(DRY, &[], file(1_001)).await;
    assert_eq!((answer.status.as_u16(), code_of(&answer.json())), (413, &json!("DRY_RUN_TOO_LARGE")));
    let (_, last) = report(&admin.upload(DRY, &[], file(1_000)).await);
    assert_eq!(
        (&last["added"], &last["unchanged"]),
        (&json!(1), &json!(999)),
        "later rows know of the earlier"
    );
    assert_eq!((people(&app).await, everything(&app).await), before);
}
