//! The report of a campaign as a CSV file: its link, and what a spreadsheet makes of it.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use envoi_tests::{Actor, Answer, TestApp, both, code_of};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

both!(
    a_report_says_what_became_of_each_message,
    a_report_in_english_is_split_by_commas,
    no_cell_is_a_formula,
    the_numbers_of_a_report_come_back_in,
    a_long_report_is_whole,
    a_report_is_broken_off_once_it_may_not_be_read,
    a_link_serves_until_it_expires,
    a_link_that_is_not_ours_shows_nothing,
    a_link_dies_with_what_it_stands_on,
    whoever_reads_campaigns_has_the_link,
);

const REPORT_URL: &str = "query($id: ID!) { node(id: $id) { ... on Campaign { reportUrl } } }";

async fn link(actor: &Actor, campaign: &Value) -> String {
    let data = actor.query(REPORT_URL, json!({ "id": campaign["id"] })).await;
    let url = data["node"]["reportUrl"].as_str().expect("a link").to_owned();
    url.strip_prefix("http://127.0.0.1:8080").expect("it is ours").to_owned()
}

/// Follows a link as a browser does, without a token.
async fn follow(app: &TestApp, path: &str) -> Answer {
    let request = Request::get(path).header("accept-language", "fr").body(Body::empty());
    app.anonymous().http(request.expect("a sound address")).await
}

/// The rows of a file, its header first.
fn rows(answer: &Answer, separator: u8) -> Vec<Vec<String>> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let file = answer.body.strip_prefix("\u{feff}".as_bytes()).expect("it begins with a byte order mark");
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).has_headers(false).from_reader(file);
    let rows = reader.records().map(|row| row.expect("a sound row"));
    rows.map(|row| row.iter().map(str::to_owned).collect()).collect()
}

const PEOPLE: &str = "Identifiant;Nom;Prénom;Mobile;Tags\n\
    X95;Aînée;Zoé;06 12 01 00 98;Sept\nX94;Cadet;Al;06 12 01 00 98;Sept\nX96;Jointe;Xd;06 12 00 00 96;Sept\n\
    X97;Inconnue;Xa;06 12 00 00 97;Sept\nX99;Refusée;Xc;06 12 00 00 99;Sept\nX93;Zut;Annulée;06 99 00 00 93;Sept\n";

/// A campaign to these people, sent but for the last.
async fn mixed(app: &TestApp, marie: &Actor) -> Value {
    app.import(app.quatre_vents().await, PEOPLE.as_bytes()).await.expect("imported");
    let tag = marie.tag("Sept").await;
    let audience = json!({ "matching": { "filter": { "tags": { "all": [tag] } } } });
    let preview = marie.preview_of(audience, "Bonjour ça va").await;
    let campaign = marie.send(&preview, app.key()).await["campaign"].take();
    let later = app.app().now().timestamp_millis() + 3_600_000;
    app.plant(&format!("UPDATE message SET next_attempt_at = {later} WHERE number = '+33699000093'")).await;
    app.dispatch_all().await;
    app.advance(TimeDelta::seconds(1));
    marie.cancel(&campaign).await;
    campaign
}

async fn a_report_says_what_became_of_each_message(app: TestApp) {
    let marie = app.marie().await;
    let campaign = mixed(&app, &marie).await;
    let answer = follow(&app, &link(&marie, &campaign).await).await;
    for (name, value) in [
        ("content-type", "text/csv; charset=utf-8"),
        ("content-disposition", "attachment; filename=\"compte-rendu-2025-09-08-1000.csv\""),
        ("content-language", "fr"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
    let expected = [
        ["Personnes", "Numéro", "État", "Motif", "Date et heure (Europe/Paris)", "SMS", "SMS débités"],
        ["Xd Jointe", "'+33612000096", "Reçu", "", "2025-09-08 10:00:00", "1", "1"],
        [
            "Xa Inconnue",
            "'+33612000097",
            "Issue inconnue",
            "La liaison avec l’opérateur s’est rompue",
            "2025-09-08 10:00:00",
            "1",
            "0",
        ],
        [
            "Xc Refusée",
            "'+33612000099",
            "Refusé par l’opérateur",
            "L’opérateur d’essai a refusé le message",
            "2025-09-08 10:00:00",
            "1",
            "0",
        ],
        [
            "Zoé Aînée, Al Cadet",
            "'+33612010098",
            "Non reçu",
            "L’opérateur d’essai n’a pas trouvé le téléphone",
            "2025-09-08 10:00:00",
            "1",
            "1",
        ],
        [
            "Annulée Zut",
            "'+33699000093",
            "Non envoyé",
            "L’envoi a été annulé",
            "2025-09-08 10:00:01",
            "1",
            "0",
        ],
    ];
    assert_eq!(rows(&answer, b';'), expected.map(|row| row.map(str::to_owned).to_vec()));
    let charged: i64 =
        rows(&answer, b';')[1..].iter().map(|row| row[6].parse::<i64>().expect("a count")).sum();
    assert_eq!(marie.credit().await, (228 - charged - 1, 1), "what is charged is what was paid");
}

async fn a_report_in_english_is_split_by_commas(app: TestApp) {
    let marie = app.marie().await.in_english();
    let campaign = marie.sends(&[marie.person("Benali").await], "Bonjour").await;
    let answer = follow(&app, &link(&marie, &campaign).await).await;
    assert_eq!(answer.header("content-language"), Some("en"), "the language of whoever asked for the link");
    let found = rows(&answer, b',');
    let header =
        ["People", "Number", "State", "Reason", "Date and time (Europe/Paris)", "SMS", "SMS charged"];
    assert_eq!(found[0], header);
    assert_eq!(found[1][..4], ["Karim Benali", "'+33612342030", "Waiting", ""]);
    assert!(answer.header("content-disposition").expect("a name").contains("\"report-2025-09-08-1000.csv\""));
}

async fn no_cell_is_a_formula(app: TestApp) {
    let marie = app.marie().await;
    let names = [
        ("=HYPERLINK(\"http://x.example\";\"clic\")", "Eve"),
        ("-2+3", "Un; =1+1"),
        ("+cmd|' /C calc'!A0", "Deux, @SUM(1)"),
        ("＝1+1", "dit \"Jo\" =2"),
        ("\t=3", "deux\n=lignes"),
        ("Sûre-Nom", "Jean-Paul"),
    ];
    let mut file = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    file.write_record(["Identifiant", "Nom", "Prénom", "Mobile", "Tags"]).expect("written");
    for (row, _) in names.iter().enumerate() {
        let (id, number) = (format!("F{row}"), format!("06 12 55 00 1{row}"));
        file.write_record([&id, "Nom", &format!("P{row}"), &number, "Formules"]).expect("written");
    }
    let file = file.into_inner().expect("written");
    app.import(app.quatre_vents().await, &file).await.expect("imported");
    // Wherever they come from: an import refuses some of these.
    for (row, (first, last)) in names.iter().enumerate() {
        let (first, last) = (first.replace('\'', "''"), last.replace('\'', "''"));
        let rename = format!(
            "UPDATE person SET first_name = '{first}', last_name = '{last}' WHERE first_name = 'P{row}'"
        );
        app.plant(&rename).await;
    }
    let tag = marie.tag("Formules").await;
    let audience = json!({ "matching": { "filter": { "tags": { "all": [tag] } } } });
    let preview = marie.preview_of(audience, "Bonjour").await;
    let campaign = marie.send(&preview, app.key()).await["campaign"].take();
    for (actor, separator) in [(&marie, b';'), (&marie.in_english(), b',')] {
        let answer = follow(&app, &link(actor, &campaign).await).await;
        let found = rows(&answer, separator);
        assert_eq!(found.len(), names.len() + 1);
        for (row, (first, last)) in names.iter().enumerate() {
            let cells = &found[row + 1];
            let name = format!("{first} {last}");
            let plain: String = cells[0].chars().filter(|c| *c != '\'').collect();
            assert_eq!(plain, name.trim().replace('\'', ""), "nothing is taken away");
        }
        assert_eq!(found[6][0], "Sûre-Nom Jean-Paul", "what is no formula is left as it is");
        // However it is split, no cell begins as a formula does.
        let text = answer.text();
        for separator in [",", ";", "\t", "\n", "\"", "|"] {
            for cell in text.split(separator) {
                let cell =
                    cell.trim_start_matches(|c: char| c.is_whitespace() || c == '"' || c == '\u{feff}');
                assert!(!cell.starts_with(['=', '+', '-', '@', '＝']), "{separator:?}: {cell:?}");
            }
        }
    }
}

async fn the_numbers_of_a_report_come_back_in(app: TestApp) {
    let marie = app.marie().await;
    let campaign = mixed(&app, &marie).await;
    let mut file = "Nom;Prénom;Mobile\n".to_owned();
    for row in &rows(&follow(&app, &link(&marie, &campaign).await).await, b';')[1..] {
        assert!(row[1].starts_with("'+33"), "{row:?}");
        file.extend(["Retour;Jean;", &row[1], "\n"]);
    }
    let (summary, refused) = app.import(app.quatre_vents().await, file.as_bytes()).await.expect("imported");
    assert_eq!((summary.added, summary.refused), (5, 0), "{refused:?}");
}

async fn a_report_is_broken_off_once_it_may_not_be_read(app: TestApp) {
    let at = app.app().now().timestamp_millis();
    for taken in [
        format!("UPDATE session SET revoked_at = {at}"),
        "UPDATE permission SET access = 'NONE' WHERE module = 'COMMUNICATION_SMS'".to_owned(),
        format!("UPDATE account SET disabled_at = {at}"),
    ] {
        let marie = app.marie().await;
        let campaign = crowd(&app, &marie).await;
        let path = link(&marie, &campaign).await;
        let request = Request::get(&path).body(Body::empty()).expect("a sound address");
        let response = app.router().oneshot(request).await.expect("the router cannot fail");
        let mut chunks = response.into_body().into_data_stream();
        for part in ["the header", "a page"] {
            chunks.next().await.expect(part).expect(part);
        }
        marie.cancel(&campaign).await;
        app.plant(&taken).await;
        assert!(chunks.next().await.expect("it does not end as if it were whole").is_err(), "{taken}");
        app.plant("UPDATE permission SET access = 'READ_WRITE' WHERE module = 'COMMUNICATION_SMS'").await;
    }
}

/// A campaign to more people than a page of a report holds.
async fn crowd(app: &TestApp, marie: &Actor) -> Value {
    use std::fmt::Write as _;
    let mut file = "Identifiant;Nom;Prénom;Mobile;Tags\n".to_owned();
    for person in 0..2_500 {
        let number = 10_000 + (person / 90) * 100 + person % 90;
        writeln!(file, "C{person};Foule;P{person};06 70 0{number};Foule").expect("a string takes all");
    }
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("imported");
    app.give(app.quatre_vents().await, 10_000).await;
    let tag = marie.tag("Foule").await;
    let audience = json!({ "matching": { "filter": { "tags": { "all": [tag] } } } });
    let preview = marie.preview_of(audience, "Bonjour").await;
    marie.send(&preview, app.key()).await["campaign"].take()
}

async fn a_long_report_is_whole(app: TestApp) {
    let marie = app.marie().await;
    let campaign = crowd(&app, &marie).await;
    let mut found = rows(&follow(&app, &link(&marie, &campaign).await).await, b';').split_off(1);
    assert_eq!(found.len(), 2_500);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 2_500, "each message once");
    marie.cancel(&campaign).await;
}

async fn a_link_serves_until_it_expires(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(1).await, "Bonjour").await;
    let path = link(&marie, &campaign).await;
    app.advance(TimeDelta::minutes(15) - TimeDelta::milliseconds(1));
    assert_eq!(follow(&app, &path).await.status, StatusCode::OK, "as often as one likes");
    assert_eq!(follow(&app, &path).await.status, StatusCode::OK);
    app.advance(TimeDelta::milliseconds(1));
    let expired = follow(&app, &path).await;
    assert_eq!(expired.status, StatusCode::GONE);
    assert!(expired.text().starts_with("Ce lien a expiré"), "{}", expired.text());
    assert_eq!(expired.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(follow(&app, &link(&marie, &campaign).await).await.status, StatusCode::OK, "a new one serves");

    let longer =
        app.another(|config| config.reports.link_lifetime = std::time::Duration::from_hours(1)).await;
    let path = link(&marie.at(&longer), &campaign).await;
    app.advance(TimeDelta::minutes(59));
    assert_eq!(follow(&app, &path).await.status, StatusCode::OK, "as the operator set it");
}

async fn a_link_that_is_not_ours_shows_nothing(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(1).await, "Bonjour").await;
    let path = link(&marie, &campaign).await;
    let token = path.strip_prefix("/reports/").expect("a token").to_owned();
    let nothing = follow(&app, "/reports/x").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    assert!(nothing.text().contains("aucun compte rendu"), "{}", nothing.text());
    let bytes = URL_SAFE_NO_PAD.decode(&token).expect("base64");
    let mut forged = vec![
        format!("{token}A"),
        token[1..].to_owned(),
        token[..token.len() - 4].to_owned(),
        format!("{token}="),
        "A".repeat(119),
        "%F0%9F%8E%BA".to_owned(),
        "%FF%00".to_owned(),
        "A".repeat(20_000),
        URL_SAFE_NO_PAD.encode(&bytes[..57]),
        URL_SAFE_NO_PAD.encode(&bytes[57..]),
    ];
    // Any byte of it: the language, the expiry, the ids, the signature.
    for place in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 1 << app.chance().below(8);
        forged.push(URL_SAFE_NO_PAD.encode(altered));
    }
    for token in forged {
        let answer = follow(&app, &format!("/reports/{token}")).await;
        assert_eq!((answer.status, &answer.body), (nothing.status, &nothing.body), "{token}");
    }
    for (method, status) in [("HEAD", StatusCode::OK), ("POST", StatusCode::METHOD_NOT_ALLOWED)] {
        let request = Request::builder().method(method).uri(&path).body(Body::empty()).expect("sound");
        assert_eq!(app.anonymous().http(request).await.status, status);
    }
}

async fn a_link_dies_with_what_it_stands_on(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(1).await, "Bonjour").await;
    let nothing = follow(&app, "/reports/x").await;
    let path = link(&marie, &campaign).await;
    let at = app.app().now().timestamp_millis();
    for (taken, given_back) in [
        (format!("UPDATE account SET disabled_at = {at}"), "UPDATE account SET disabled_at = NULL"),
        (
            "UPDATE permission SET access = 'NONE' WHERE access = 'READ_WRITE'".to_owned(),
            "UPDATE permission SET access = 'READ_WRITE' WHERE access = 'NONE'",
        ),
    ] {
        app.plant(&taken).await;
        let answer = follow(&app, &path).await;
        assert_eq!((answer.status, &answer.body), (nothing.status, &nothing.body), "{taken}");
        app.plant(given_back).await;
        assert_eq!(follow(&app, &path).await.status, StatusCode::OK, "{given_back}");
    }
    marie.query("mutation { signOut { errors { code } } }", json!({})).await;
    let answer = follow(&app, &path).await;
    assert_eq!(
        (answer.status, &answer.body),
        (nothing.status, &nothing.body),
        "whoever signs out takes it along"
    );
}

async fn whoever_reads_campaigns_has_the_link(app: TestApp) {
    let marie = app.marie().await;
    let campaign = marie.sends(&marie.musicians(1).await, "Bonjour").await;
    for reader in [app.sign_in("paul@quatre-vents.example").await, app.admin().await] {
        assert_eq!(follow(&app, &link(&reader, &campaign).await).await.status, StatusCode::OK);
    }
    app.plant("UPDATE permission SET access = 'NONE' WHERE module = 'COMMUNICATION_SMS'").await;
    let refused = marie.try_query(REPORT_URL, json!({ "id": campaign["id"] })).await;
    assert_eq!(code_of(&refused), "FORBIDDEN", "{refused}");
}
