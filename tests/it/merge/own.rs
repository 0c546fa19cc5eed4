//! Columns of a structure's own: kept on demand, said in texts, removed with all that they say.

use api::caller::Operator;
use api::services::people::columns;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entity::person;
use envoi_tests::{Actor, TestApp, UsableInTests as _, both, code_of, nodes};
use sea_orm::PaginatorTrait as _;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{preview, recipients};

both!(
    what_is_kept_is_shown_sent_and_paid_for,
    only_what_was_asked_for_is_kept,
    a_row_whose_value_cannot_be_kept_is_refused,
    what_cannot_be_kept_is_refused_whole,
    a_structure_keeps_so_many,
    trying_keeps_nothing,
    a_key_is_for_what_was_to_be_kept,
    what_a_file_leaves_out_changes_nothing,
    a_column_is_its_structures_own,
    a_column_is_removed_with_all_that_it_says,
    sending_empty_fields_is_confirmed,
    a_text_without_a_brace_looks_nothing_up,
);

const FILE: &str = "Nom;Prénom;Mobile;Instrument;N° de salle\n\
    Propre;Ada;0612008001;Violoncelle;12\n\
    Propre;Bob;0612008002;Flu\u{302}te;B {nom}\n\
    Propre;Cid;0612008099;;\n";

const IMPORT: &str = "mutation($input: ImportPeopleInput!) { importPeople(input: $input) {
    summary { added changed unchanged refused ignoredColumns } refusedRows { line column code }
    replayed errors { code message path } } }";
const REMOVE: &str = "mutation($name: String!) { removePersonColumn(input: { name: $name }) {
    errors { code message path } } }";
const COLUMNS: &str = "{ viewer { structure { personColumns { name title field } } } }";

async fn import(actor: &Actor, file: &str, keep: &[&str], key: Uuid) -> Value {
    let input = json!({ "file": STANDARD.encode(file), "idempotencyKey": key, "keepColumns": keep });
    actor.query(IMPORT, json!({ "input": input })).await["importPeople"].take()
}

/// The same file, with its columns kept; answers who may write to its people.
async fn kept(app: &TestApp, keep: &[&str]) -> Actor {
    let admin = app.admin().await;
    let done = import(&admin, FILE, keep, app.key()).await;
    assert_eq!((&done["errors"], &done["summary"]["added"]), (&json!([]), &json!(3)), "{done}");
    app.marie().await
}

async fn columns_of(actor: &Actor) -> Value {
    actor.query(COLUMNS, json!({})).await["viewer"]["structure"]["personColumns"].take()
}

/// What the columns say of those that a search finds, by name.
async fn values(actor: &Actor, search: &str) -> Vec<Value> {
    let document = "query($s: String!) { viewer { structure { people(filter: { search: $s }) {
        edges { node { columns { name title value } } } } } } }";
    let found = actor.query(document, json!({ "s": search })).await;
    nodes(&found["viewer"]["structure"]["people"]).iter().map(|one| one["columns"].clone()).collect()
}

/// How many people have anything of their own.
async fn with_values(app: &TestApp, column: &str) -> usize {
    let people = person::Entity::all_rows().all(app.db()).await.expect("people can be read");
    people.iter().filter(|one| one.own.as_ref().is_some_and(|own| own.get(column).is_some())).count()
}

async fn what_is_kept_is_shown_sent_and_paid_for(app: TestApp) {
    let marie = kept(&app, &["Instrument", "N° de salle"]).await;
    let text = format!("{{Instrument|rien}} {{prenom}} {}", "a".repeat(130));
    let shown = preview(&marie, "propre", &text).await;
    let read = recipients(&marie, &shown).await;
    let texts: Vec<&str> = read.iter().map(|one| one["text"].as_str().expect("a text")).collect();
    let filled = |who: &str| format!("{who} {}.STOP 36608", "a".repeat(130));
    assert_eq!(texts, [filled("Violoncelle Ada"), filled("Flûte Bob"), filled("rien Cid")], "composed too");
    let parts: Vec<&Value> = read.iter().map(|one| &one["segments"]).collect();
    assert_eq!((parts, &shown["cost"]), (vec![&json!(1), &json!(3), &json!(1)], &json!(5)), "û is UCS-2");
    assert_eq!(shown["emptyFields"], json!([]));
    let audience = json!({ "matching": { "filter": { "search": "propre" } } });
    let counting =
        "query($t: String!, $a: AudienceInput) { messageMetrics(text: $t, audience: $a) { segments } }";
    let counted = marie.query(counting, json!({ "t": text, "a": audience })).await;
    assert_eq!(counted["messageMetrics"]["segments"], 3);

    let sent = marie.send(&shown, app.key()).await;
    app.dispatch_all().await;
    let campaign = marie.campaign(&sent["campaign"]).await;
    let mut messages: Vec<String> = nodes(&campaign["messages"])
        .iter()
        .map(|one| one["text"].as_str().expect("a text").to_owned())
        .collect();
    messages.sort_unstable();
    let mut told = texts.clone();
    told.sort_unstable();
    assert_eq!(messages, told, "what was shown is what is sent, and kept");
    let again = marie.retry(&sent["campaign"]).await["preview"].take();
    assert_eq!(again["text"], filled("rien Cid"), "99 is refused by the network, and written to again");

    let hostile = preview(&marie, "bob", "{n° de salle} {N_DE_SALLE}").await;
    assert_eq!(hostile["text"], "B {nom} B {nom}.STOP 36608", "a value is never read as a field");
    let stale = preview(&marie, "ada", "{instrument}").await;
    let other = FILE.replace("Violoncelle", "Contrebasse");
    let changed = import(&app.admin().await, &other, &["Instrument"], app.key()).await;
    assert_eq!(changed["summary"]["changed"], 1);
    assert_eq!(code_of(&marie.send(&stale, app.key()).await), "PREVIEW_STALE");
    let misspelt = json!({ "t": "{instrumant}" });
    let counted = marie
        .in_english()
        .try_query("query($t: String!) { messageMetrics(text: $t) { length } }", misspelt)
        .await;
    assert_eq!(code_of(&counted), "MERGE_FIELD_UNKNOWN");
    let said = counted.to_string().replace(['\u{2068}', '\u{2069}'], "");
    assert!(said.contains("did you mean {instrument}?"), "{said}");
}

async fn only_what_was_asked_for_is_kept(app: TestApp) {
    let admin = app.admin().await;
    let nothing = import(&admin, FILE, &[], app.key()).await;
    assert_eq!(nothing["summary"]["ignoredColumns"], json!(["Instrument", "N° de salle"]));
    assert_eq!(columns_of(&admin).await, json!([]));
    let twice = import(&admin, FILE, &["INSTRUMENT :", "instrument"], app.key()).await;
    assert_eq!(twice["summary"]["ignoredColumns"], json!(["N° de salle"]));
    assert_eq!(twice["summary"]["changed"], 2, "the third says nothing");
    let expected = json!([{ "name": "instrument", "title": "INSTRUMENT :", "field": "{instrument}" }]);
    assert_eq!(columns_of(&admin).await, expected);
    assert_eq!(import(&admin, FILE, &["instrument"], app.key()).await["summary"]["unchanged"], 3);
    let says = |value: &str| json!([{ "name": "instrument", "title": "INSTRUMENT :", "value": value }]);
    assert_eq!(values(&admin, "propre").await, [says("Violoncelle"), says("Flûte"), json!([])]);

    let file = FILE.replace("Violoncelle", "Hautbois");
    let route = "/import/people?keep=Instrument&keep=N%C2%B0%20de%20salle&dryRun=false";
    let answer = admin.upload(route, &[], file).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("\"ignoredColumns\":[]"), "{}", answer.text());
    let first = values(&admin, "ada").await;
    assert_eq!((&first[0][0]["value"], &first[0][1]["value"]), (&json!("Hautbois"), &json!("12")));
    assert_eq!(code_of(&app.anonymous().try_query(COLUMNS, json!({})).await), "UNAUTHENTICATED");
}

async fn a_row_whose_value_cannot_be_kept_is_refused(app: TestApp) {
    let admin = app.admin().await;
    let file = format!(
        "Nom;Prénom;Mobile;Instrument\nPropre;Ada;0612008001;{}\nPropre;Bob;0612008002;{}\nPropre;Cid;0612008003;a\u{7}b\n",
        "é".repeat(101),
        "é".repeat(100),
    );
    let done = import(&admin, &file, &["Instrument"], app.key()).await;
    assert_eq!((&done["summary"]["added"], &done["summary"]["refused"]), (&json!(1), &json!(2)));
    let refused = |line: i32, code: &str| json!({ "line": line, "column": "KEPT", "code": code });
    assert_eq!(done["refusedRows"], json!([refused(2, "VALUE_TOO_LONG"), refused(4, "CONTROL_CHARACTER")]));
}

async fn what_cannot_be_kept_is_refused_whole(app: TestApp) {
    let admin = app.admin().await.in_english();
    let before = person::Entity::all_rows().count(app.db()).await.expect("counted");
    let long = "a".repeat(41);
    let many: Vec<String> = (0..21).map(|one| format!("Colonne {one}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let file = FILE
        .replace("N° de salle", "Double;double")
        .replace(";12\n", ";12;13\n")
        .replace(";B {nom}\n", ";;\n");
    let file = file.replace("0612008099;;\n", "0612008099;;;\n");
    for (keep, code, said) in [
        (&[""][..], "KEPT_COLUMN_NAME", "40 characters"),
        (&["{}|:"], "KEPT_COLUMN_NAME", "40 characters"),
        (&[long.as_str()], "KEPT_COLUMN_NAME", "40 characters"),
        (&["Instrument\nprincipal"], "KEPT_COLUMN_NAME", "one line"),
        (&["Instrument", "structure"], "KEPT_COLUMN_RESERVED", "{structure}"),
        (&["Prénom"], "KEPT_COLUMN_RESERVED", "{prenom}"),
        (&["first-name"], "KEPT_COLUMN_RESERVED", "{first name}"),
        (&["Mobile"], "KEPT_COLUMN_READ", "MOBILE"),
        (&["Instruments"], "KEPT_COLUMN_MISSING", "did you mean “instrument”"),
        (&["Pointure"], "KEPT_COLUMN_MISSING", "no column “Pointure” to keep."),
        (&["Double"], "KEPT_COLUMN_TWICE", "keep one"),
        (&many, "KEPT_COLUMNS_TOO_MANY", "20 columns"),
    ] {
        let done = import(&admin, &file, keep, app.key()).await;
        let error = &done["errors"][0];
        assert_eq!((&error["code"], &error["path"]), (&json!(code), &json!(["keepColumns"])), "{done}");
        let message = error["message"].as_str().expect("a message").replace(['\u{2068}', '\u{2069}'], "");
        assert!(message.contains(said), "{message}");
    }
    let answer = admin.upload("/import/people?keep=Instruments", &[], file.clone()).await;
    assert_eq!((answer.status.as_u16(), code_of(&answer.json())), (400, &json!("KEPT_COLUMN_MISSING")));
    let answer = admin.upload("/import/people?keep=", &[], file).await;
    assert_eq!((answer.status.as_u16(), code_of(&answer.json())), (400, &json!("KEPT_COLUMN_NAME")));
    assert_eq!(columns_of(&admin).await, json!([]));
    assert_eq!(person::Entity::all_rows().count(app.db()).await.expect("counted"), before);
}

async fn a_structure_keeps_so_many(app: TestApp) {
    let admin = app.admin().await;
    let names: Vec<String> = (10..30).map(|one| format!("Colonne {one}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let file = format!("Nom;Prénom;{};Une de plus\nPropre;Ada{}\n", names.join(";"), ";x".repeat(21));
    assert_eq!(import(&admin, &file, &names, app.key()).await["summary"]["added"], 1);
    assert_eq!(columns_of(&admin).await.as_array().map(Vec::len), Some(20));
    let refused = import(&admin, &file, &[names[0], "Une de plus"], app.key()).await;
    assert_eq!(code_of(&refused), "KEPT_COLUMNS_TOO_MANY");
    assert_eq!(import(&admin, &file, &names[..1], app.key()).await["summary"]["unchanged"], 1);
    assert_eq!(
        admin.query(REMOVE, json!({ "name": names[0] })).await["removePersonColumn"]["errors"],
        json!([])
    );
    assert_eq!(import(&admin, &file, &["Une de plus"], app.key()).await["summary"]["changed"], 1);
}

async fn trying_keeps_nothing(app: TestApp) {
    let admin = app.admin().await;
    let input = json!({ "file": STANDARD.encode(FILE), "idempotencyKey": app.key(), "dryRun": true, "keepColumns": ["Instrument"] });
    let tried = admin.query(IMPORT, json!({ "input": input })).await["importPeople"].take();
    assert_eq!(tried["summary"]["added"], 3);
    let answer = admin.upload("/import/people?dryRun=true&keep=Instrument", &[], FILE).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(columns_of(&admin).await, json!([]));
    assert_eq!(with_values(&app, "instrument").await, 0);
}

async fn a_key_is_for_what_was_to_be_kept(app: TestApp) {
    let admin = app.admin().await;
    let key = app.key();
    assert_eq!(import(&admin, FILE, &["Instrument", "N° de salle"], key).await["replayed"], false);
    assert_eq!(import(&admin, FILE, &["n° de salle", "INSTRUMENT"], key).await["replayed"], true);
    for other in [&["Instrument"][..], &[]] {
        assert_eq!(code_of(&import(&admin, FILE, other, key).await), "IDEMPOTENCY_CONFLICT");
    }
    let headers = [("idempotency-key", &*key.to_string())];
    let answer = admin.upload("/import/people?keep=Instrument", &headers, FILE).await;
    assert_eq!((answer.status.as_u16(), code_of(&answer.json())), (422, &json!("IDEMPOTENCY_CONFLICT")));
}

async fn what_a_file_leaves_out_changes_nothing(app: TestApp) {
    let marie = kept(&app, &["Instrument", "N° de salle"]).await;
    let admin = app.admin().await;
    let before = values(&marie, "propre").await;
    let empty = "Nom;Prénom;Mobile;Instrument\nPropre;Ada;0612008001; \nPropre;Bob;0612008002;\n";
    assert_eq!(import(&admin, empty, &["Instrument"], app.key()).await["summary"]["unchanged"], 2);
    let absent = "Nom;Prénom;Mobile;N° de salle\nPropre;Ada;0612008001;13\n";
    assert_eq!(import(&admin, absent, &["N° de salle"], app.key()).await["summary"]["changed"], 1);
    let unasked = "Nom;Prénom;Mobile;Instrument\nPropre;Bob;0612008002;Tuba\n";
    assert_eq!(import(&admin, unasked, &[], app.key()).await["summary"]["unchanged"], 1);
    let after = values(&marie, "propre").await;
    assert_eq!((&after[0][0]["value"], &after[0][1]["value"]), (&json!("Violoncelle"), &json!("13")));
    assert_eq!(after[1..], before[1..]);
}

async fn a_column_is_its_structures_own(app: TestApp) {
    let (marie, zoe) = (kept(&app, &["Instrument"]).await, app.zoe().await);
    let refused = |payload: &Value| code_of(payload).clone();
    let audience = || json!({ "matching": { "filter": {} } });
    assert_eq!(refused(&zoe.try_preview(audience(), "{instrument}").await), "MERGE_FIELD_UNKNOWN");
    assert_eq!(columns_of(&zoe).await, json!([]));
    let (operator, elsewhere) =
        (Operator::at_the_command_line(), app.structure("Harmonie de la Vallée").await);
    let remove = async || columns::remove_in(&app.ctx(), operator.scope(elsewhere), "instrument").await;
    assert!(remove().await.is_err(), "it has none");
    let file = FILE.replace("Violoncelle", "Tuba");
    app.import_keeping(elsewhere, file.as_bytes(), &["instrument"]).await.expect("imported");
    assert_eq!(preview(&zoe, "ada", "{instrument}").await["text"], "Tuba");
    assert_eq!(preview(&marie, "propre ada", "{instrument}").await["text"], "Violoncelle.STOP 36608");
    let titles = async |actor: &Actor| columns_of(actor).await[0]["title"].clone();
    assert_eq!((titles(&marie).await, titles(&zoe).await), (json!("Instrument"), json!("instrument")));
    remove().await.expect("removed");
    assert_eq!((columns_of(&zoe).await, with_values(&app, "instrument").await), (json!([]), 2), "of Marie's");
    assert_eq!(preview(&marie, "propre ada", "{instrument}").await["text"], "Violoncelle.STOP 36608");
}

async fn a_column_is_removed_with_all_that_it_says(app: TestApp) {
    let (marie, admin) = (kept(&app, &["Instrument", "N° de salle"]).await, app.admin().await);
    let file = "Nom;Prénom;Mobile;Instrument\nEncore;Dan;0612008199;Piano\n";
    assert_eq!(import(&admin, file, &["Instrument"], app.key()).await["summary"]["added"], 1);
    let shown = preview(&marie, "encore", "{instrument}").await;
    let sent = marie.send(&shown, app.key()).await;
    app.dispatch_all().await;
    let left = preview(&marie, "encore", "{instrument}").await;
    assert_eq!(code_of(&marie.try_query(REMOVE, json!({ "name": "instrument" })).await), "FORBIDDEN");
    let unknown = admin.query(REMOVE, json!({ "name": "Piano" })).await["removePersonColumn"].take();
    assert_eq!(
        (code_of(&unknown), &unknown["errors"][0]["path"]),
        (&json!("PERSON_COLUMN_NOT_FOUND"), &json!(["name"]))
    );
    assert_eq!(with_values(&app, "instrument").await, 3);
    let removed = admin.query(REMOVE, json!({ "name": "INSTRUMENT" })).await;
    assert_eq!(removed["removePersonColumn"]["errors"], json!([]));

    assert_eq!((with_values(&app, "instrument").await, with_values(&app, "n de salle").await), (0, 2));
    assert_eq!(values(&marie, "encore").await, [json!([])]);
    assert_eq!(columns_of(&marie).await[0]["name"], "n de salle");
    let unsent = marie.send(&left, app.key()).await;
    let error = &unsent["errors"][0];
    assert_eq!((&error["code"], &error["path"]), (&json!("MERGE_FIELD_UNKNOWN"), &json!(["previewToken"])));
    let shown_again = marie.try_query(super::RECIPIENTS, json!({ "id": left["id"] })).await;
    assert_eq!(code_of(&shown_again), "MERGE_FIELD_UNKNOWN", "{shown_again}");
    assert_eq!(shown_again["data"]["node"]["text"], left["text"], "what was shown is told still");
    let again = marie.retry(&sent["campaign"]).await;
    let error = &again["errors"][0];
    assert_eq!((&error["code"], &error["path"]), (&json!("MERGE_FIELD_UNKNOWN"), &json!(["campaign"])));
    let campaign = marie.campaign(&sent["campaign"]).await;
    assert_eq!(nodes(&campaign["messages"])[0]["text"], "Piano.STOP 36608", "what was sent stays");
}

async fn sending_empty_fields_is_confirmed(app: TestApp) {
    let marie = kept(&app, &["Instrument", "N° de salle"]).await;
    let text = "{instrument} {n de salle}";
    let shown = marie.preview_of(json!({ "matching": { "filter": { "search": "propre" } } }), text).await;
    assert_eq!(shown["decision"]["outcome"], "CONFIRMATION_REQUIRED", "{shown}");
    let said = shown["decision"]["verdicts"].to_string();
    assert!(
        said.contains("EMPTY_MERGE_FIELDS") && said.contains("reste vide : 1."),
        "one message, of two fields: {said}"
    );
    let asked = marie.send(&shown, app.key()).await;
    let error = &asked["errors"][0];
    assert_eq!(
        (&error["code"], &error["codes"]),
        (&json!("CONFIRMATION_REQUIRED"), &json!(["EMPTY_MERGE_FIELDS"]))
    );
    assert!(app.network().submitted().is_empty());
    let sent = marie.send_confirming(&shown, app.key(), &["EMPTY_MERGE_FIELDS"]).await;
    assert_eq!(sent["errors"], json!([]), "{sent}");
    let filled = preview(&marie, "propre", "{instrument|votre instrument}").await;
    assert_eq!(filled["decision"]["outcome"], "ALLOWED");
}

async fn a_text_without_a_brace_looks_nothing_up(app: TestApp) {
    let marie = kept(&app, &["Instrument"]).await;
    let counting = "query($t: String!) { messageMetrics(text: $t) { length } }";
    let taken = async |text: &str| app.statements(marie.query(counting, json!({ "t": text }))).await.1;
    assert_eq!(taken("{prenom}").await, taken("prenom").await + 1);
    let people = |selection: &str| {
        format!(
            "{{ viewer {{ structure {{ people(first: 3) {{ edges {{ node {{ {selection} }} }} }} }} }} }}"
        )
    };
    let taken = async |selection: &str| app.statements(marie.query(&people(selection), json!({}))).await.1;
    assert_eq!(taken("id columns { value }").await, taken("id").await + 1, "for all of them");
}
