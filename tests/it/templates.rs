//! Texts that a structure keeps: who may keep them, how they are called and found, and what cannot be kept.

mod saving;
mod using;

use api::caller::Operator;
use api::services::operator::{self, NewAccount};
use entity::enums::{AccountKind, Locale};
use entity::sensitive::Sensitive;
use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

both!(
    names_are_compared_as_people_read_them,
    an_archived_template_is_set_apart_and_comes_back,
    what_cannot_be_kept_is_refused_where_it_stands,
    there_are_so_many_templates_and_versions,
    who_may_read_reads_and_who_may_write_writes,
    another_structures_templates_are_not_there,
    templates_are_listed_by_name_and_found_by_words,
);

const TEMPLATE: &str = "template { id name archivedAt current { id number name text comment createdAt author { email } } }
    errors { __typename code message path ... on TemplateConflictError { current { id number name text author { email } } } }";

async fn save(actor: &Actor, input: Value) -> Value {
    let document = format!(
        "mutation($input: SaveMessageTemplateInput!) {{ saveMessageTemplate(input: $input) {{ {TEMPLATE} }} }}"
    );
    actor.query(&document, json!({ "input": input })).await["saveMessageTemplate"].take()
}

async fn archive(actor: &Actor, input: Value) -> Value {
    let document = format!(
        "mutation($input: ArchiveMessageTemplateInput!) {{ archiveMessageTemplate(input: $input) {{ {TEMPLATE} }} }}"
    );
    actor.query(&document, json!({ "input": input })).await["archiveMessageTemplate"].take()
}

/// A template that is saved.
async fn kept(actor: &Actor, name: &str, text: &str) -> Value {
    let mut saved = save(actor, json!({ "name": name, "text": text })).await;
    assert_eq!(saved["errors"], json!([]), "{saved}");
    saved["template"].take()
}

/// The next version of a template, as it was read.
async fn edit(actor: &Actor, template: &Value, name: &str, text: &str) -> Value {
    let based_on = &template["current"]["id"];
    save(actor, json!({ "template": template["id"], "basedOn": based_on, "name": name, "text": text })).await
}

/// Everything of a template, its versions too, by its id.
async fn read(actor: &Actor, id: &Value) -> Value {
    let document = "query($id: ID!) { node(id: $id) { ... on MessageTemplate {
        id name archivedAt current { id number text } versions { totalCount edges { node { id number name text comment author { email } } } } } } }";
    actor.query(document, json!({ "id": id })).await["node"].take()
}

/// The page of templates that these arguments ask for.
async fn page(actor: &Actor, arguments: &str) -> Value {
    let document = format!(
        "{{ viewer {{ structure {{ messageTemplates({arguments}) {{
            totalCount edges {{ cursor node {{ id name }} }} pageInfo {{ hasNextPage hasPreviousPage }} }} }} }} }}"
    );
    actor.query(&document, json!({})).await["viewer"]["structure"]["messageTemplates"].take()
}

fn names(page: &Value) -> Vec<String> {
    nodes(page).iter().map(|node| node["name"].as_str().expect("a name").to_owned()).collect()
}

async fn names_are_compared_as_people_read_them(app: TestApp) {
    let marie = app.marie().await;
    let first = kept(&marie, "  Rappel de répétition ", "Répétition ce soir").await;
    assert_eq!(first["name"], "Rappel de répétition");
    for same in ["Rappel de répétition", "RAPPEL  DE REPETITION", "rappel de répe\u{301}tition"] {
        let refused = save(&marie, json!({ "name": same, "text": "Autre" })).await;
        assert_eq!(
            (code_of(&refused), &refused["errors"][0]["path"], &refused["template"]),
            (&json!("TEMPLATE_NAME_TAKEN"), &json!(["name"]), &Value::Null),
            "{same}"
        );
    }
    let other = kept(&marie, "Concert", "Concert demain").await;
    assert_eq!(code_of(&edit(&marie, &other, "Rappel de Repetition", "x").await), "TEMPLATE_NAME_TAKEN");
    assert_eq!(read(&marie, &other["id"]).await["versions"]["totalCount"], 1, "nothing is written");
    let renamed = edit(&marie, &first, "RAPPEL de répétition", "Répétition ce soir").await;
    assert_eq!(renamed["template"]["name"], "RAPPEL de répétition", "its own name is no other's: {renamed}");
    let stranger = app.zoe().await;
    kept(&stranger, "Rappel de répétition", "Une autre structure").await;
    // What is kept by the database itself: the longest name that folding makes longer, and signs that LIKE reads.
    kept(&marie, &"\u{FDFA}".repeat(80), "a").await;
    kept(&marie, &"é".repeat(80), "a").await;
    kept(&marie, "100 % d’été_!", "a").await;
    assert_eq!(names(&page(&marie, "search: \"100 %\"").await), ["100 % d’été_!"]);
    assert_eq!(names(&page(&marie, "search: \"D'ETE_\"").await), ["100 % d’été_!"]);
    assert_eq!(names(&page(&marie, "search: \"pel tition\"").await), ["RAPPEL de répétition"]);
}

async fn an_archived_template_is_set_apart_and_comes_back(app: TestApp) {
    let marie = app.marie().await;
    let template = kept(&marie, "Rappel", "Répétition ce soir").await;
    let id = &template["id"];
    let archived = archive(&marie, json!({ "template": id })).await;
    assert!(archived["template"]["archivedAt"].is_string(), "{archived}");
    app.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(archive(&marie, json!({ "template": id })).await, archived, "asking again changes nothing");
    assert_eq!(names(&page(&marie, "archived: true").await), ["Rappel"]);
    assert_eq!(names(&page(&marie, "archived: false").await), [""; 0]);
    assert_eq!(read(&marie, id).await["archivedAt"], archived["template"]["archivedAt"]);
    assert_eq!(code_of(&edit(&marie, &template, "Rappel", "Autre").await), "TEMPLATE_ARCHIVED");

    let other = kept(&marie, "RAPPEL", "Un autre").await;
    let refused = archive(&marie, json!({ "template": id, "archived": false })).await;
    assert_eq!(
        (code_of(&refused), &refused["errors"][0]["path"]),
        (&json!("TEMPLATE_NAME_TAKEN"), &json!(["template"]))
    );
    archive(&marie, json!({ "template": other["id"] })).await;
    let back = archive(&marie, json!({ "template": id, "archived": false })).await;
    assert_eq!(
        (&back["errors"], &back["template"]["archivedAt"], &back["template"]["current"]),
        (&json!([]), &Value::Null, &template["current"])
    );
    assert_eq!(names(&page(&marie, "archived: false").await), ["Rappel"]);
    assert_eq!(edit(&marie, &template, "Rappel", "Autre").await["template"]["current"]["number"], 2);
}

async fn what_cannot_be_kept_is_refused_where_it_stands(app: TestApp) {
    let marie = app.marie().await;
    let long = "a".repeat(2_001);
    for (field, value, code) in [
        ("text", "", "TEXT_EMPTY"),
        ("text", " \n\u{200B}", "TEXT_EMPTY"),
        ("text", "a\u{0}b", "TEXT_CONTROL_CHARACTER"),
        ("text", "a\u{1B}b", "TEXT_CONTROL_CHARACTER"),
        ("text", &*long, "TEXT_TOO_LONG"),
        ("text", "Bonjour {prenon}", "MERGE_FIELD_UNKNOWN"),
        ("text", "Bonjour {", "MERGE_FIELD_UNKNOWN"),
        ("text", "{prenom|{nom}}", "MERGE_FIELD_NESTED"),
        ("text", "{sexe}", "MERGE_FIELD_FORMS"),
        ("name", "", "TEMPLATE_NAME_INVALID"),
        ("name", " \u{AD} ", "TEMPLATE_NAME_INVALID"),
        ("name", "a\nb", "TEMPLATE_NAME_INVALID"),
        ("name", "a\u{0}b", "TEMPLATE_NAME_INVALID"),
        ("name", &long[..81], "TEMPLATE_NAME_INVALID"),
        ("comment", &long[..501], "TEMPLATE_COMMENT_INVALID"),
        ("comment", "a\u{0}b", "TEMPLATE_COMMENT_INVALID"),
    ] {
        let mut input = json!({ "name": "Rappel", "text": "Bonjour", "comment": "x" });
        input[field] = json!(value);
        for actor in [&marie, &marie.in_english()] {
            let refused = save(actor, input.clone()).await;
            let error = &refused["errors"][0];
            assert_eq!(
                (&error["code"], &error["path"], &refused["template"]),
                (&json!(code), &json!([field]), &Value::Null),
                "{value:?}"
            );
            let message = error["message"].as_str().expect("a message");
            assert!(message.len() > 15 && !message.contains("{ $"), "{message}");
        }
    }
    assert_eq!(page(&marie, "archived: false").await["totalCount"], 0, "nothing is written");
    let text = "Bonjour {prenom|à vous},\r\n{{20 h}} {sexe:cher|chère}\te\u{301}";
    let whole = save(&marie, json!({ "name": "e\u{301}té", "text": text, "comment": " a\r\nb " })).await;
    let current = &whole["template"]["current"];
    assert_eq!(current["text"], "Bonjour {prenom|à vous},\n{{20 h}} {sexe:cher|chère}\té");
    assert_eq!((&current["name"], &current["comment"]), (&json!("été"), &json!("a\nb")));
    let search = |search: &str| {
        let document =
            "query($s: String) { viewer { structure { messageTemplates(search: $s) { totalCount } } } }";
        let (marie, variables) = (marie.clone(), json!({ "s": search }));
        async move { marie.try_query(document, variables).await }
    };
    assert_eq!(*code_of(&search("a\u{0}").await), json!("SEARCH_INVALID"));
    assert_eq!(*code_of(&search(&long[..201]).await), json!("FILTER_TOO_LARGE"));
}

async fn there_are_so_many_templates_and_versions(app: TestApp) {
    let marie = app.marie().await;
    let mut last = Value::Null;
    for number in 0..200 {
        last = kept(&marie, &format!("Modèle {number}"), "Bonjour").await;
    }
    let one_more = json!({ "name": "Un de trop", "text": "Bonjour" });
    assert_eq!(code_of(&save(&marie, one_more.clone()).await), "TEMPLATE_LIMIT_REACHED");
    archive(&marie, json!({ "template": last["id"] })).await;
    assert_eq!(save(&marie, one_more).await["errors"], json!([]), "those out of use leave their place");
    let back = archive(&marie, json!({ "template": last["id"], "archived": false })).await;
    assert_eq!(code_of(&back), "TEMPLATE_LIMIT_REACHED");

    let first = nodes(&page(&marie, "first: 1").await).remove(0);
    app.plant("UPDATE message_template_version SET number = 999").await;
    app.plant("UPDATE message_template SET current = 999").await;
    let first = read(&marie, &first["id"]).await;
    let thousandth = edit(&marie, &first, "Modèle 0", "1000").await["template"].take();
    assert_eq!(thousandth["current"]["number"], 1_000);
    assert_eq!(
        code_of(&edit(&marie, &thousandth, "Modèle 0", "1001").await),
        "TEMPLATE_VERSION_LIMIT_REACHED"
    );
    assert_eq!(
        edit(&marie, &thousandth, "Modèle 0", "1000").await["errors"],
        json!([]),
        "it is there already"
    );
}

/// Someone of the Quatre Vents who may do nothing with SMS.
async fn outsider(app: &TestApp) -> Actor {
    let account = NewAccount {
        structure: app.quatre_vents().await,
        kind: AccountKind::Personal,
        email: "helene@quatre-vents.example".to_owned(),
        password: Sensitive::new("envoi-demo"),
        locale: Locale::Fr,
        person: Some("QV003".to_owned()),
        grants: Vec::new(),
    };
    let made = operator::create_account(&app.ctx(), Operator::at_the_command_line(), account).await;
    made.expect("an account can be made");
    app.sign_in("helene@quatre-vents.example").await
}

async fn who_may_read_reads_and_who_may_write_writes(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let paul = app.sign_in("paul@quatre-vents.example").await;
    let helene = outsider(&app).await;
    let template = kept(&admin, "Rappel", "De l’administrateur").await;
    assert_eq!(template["current"]["author"]["email"], "admin@quatre-vents.example");
    let second = edit(&marie, &template, "Rappel", "De Marie").await["template"].take();
    let saving = "mutation($id: ID) { saveMessageTemplate(input: { template: $id, name: \"Autre\", text: \"a\" }) { template { id } } }";
    let archiving =
        "mutation($id: ID!) { archiveMessageTemplate(input: { template: $id }) { template { id } } }";
    let listing = "{ viewer { structure { name messageTemplates { edges { node { name } } } } } }";
    let by_id = "query($id: ID!) { node(id: $id) { id } }";
    for (actor, reads) in [(&paul, true), (&helene, false), (&app.anonymous(), false)] {
        for document in [saving, archiving] {
            let refused = actor.try_query(document, json!({ "id": template["id"] })).await;
            assert!(
                ["FORBIDDEN", "UNAUTHENTICATED"].iter().any(|code| code_of(&refused) == code),
                "{refused}"
            );
        }
        for id in [&template["id"], &second["current"]["id"]] {
            let answer = actor.try_query(by_id, json!({ "id": id })).await;
            assert_eq!(answer["data"]["node"]["id"].is_string(), reads, "{answer}");
            assert_eq!(answer["errors"].is_null(), reads, "{answer}");
        }
    }
    let seen = paul.query(listing, json!({})).await;
    assert_eq!(names(&seen["viewer"]["structure"]["messageTemplates"]), ["Rappel"]);
    let unseen = helene.try_query(listing, json!({})).await;
    assert_eq!(code_of(&unseen), "FORBIDDEN");
    let structure = &unseen["data"]["viewer"]["structure"];
    assert!(structure["name"].is_string() && structure["messageTemplates"].is_null(), "{unseen}");
    let versions = nodes(&read(&paul, &template["id"]).await["versions"]);
    let authors: Vec<_> = versions.iter().map(|one| one["author"]["email"].clone()).collect();
    assert_eq!(authors, ["marie@quatre-vents.example", "admin@quatre-vents.example"]);
    assert_eq!(read(&marie, &template["id"]).await["archivedAt"], Value::Null, "nobody else changed it");
}

async fn another_structures_templates_are_not_there(app: TestApp) {
    let (marie, zoe) = (app.marie().await, app.zoe().await);
    let template = kept(&marie, "Rappel", "Répétition ce soir").await;
    assert_eq!(page(&zoe, "archived: false").await["totalCount"], 0);
    assert_eq!(read(&zoe, &template["id"]).await, Value::Null);
    assert_eq!(code_of(&edit(&zoe, &template, "Rappel", "Volé").await), "TEMPLATE_NOT_FOUND");
    assert_eq!(code_of(&archive(&zoe, json!({ "template": template["id"] })).await), "TEMPLATE_NOT_FOUND");
    let own = kept(&zoe, "Rappel", "Le nôtre").await;
    let on_theirs =
        json!({ "template": own["id"], "basedOn": template["current"]["id"], "name": "Rappel", "text": "x" });
    let refused = save(&zoe, on_theirs).await;
    assert_eq!(code_of(&refused), "TEMPLATE_CONFLICT");
    assert_eq!(refused["errors"][0]["current"]["text"], "Le nôtre", "{refused}");
    assert_eq!(read(&marie, &template["id"]).await["current"]["text"], "Répétition ce soir");
}

async fn templates_are_listed_by_name_and_found_by_words(app: TestApp) {
    let marie = app.marie().await;
    let mut order = ["Élan", "elan vital", "Été", "zèbre", "Ab", "àc", "Œuf"];
    app.chance().shuffle(&mut order);
    for name in order {
        kept(&marie, name, "Bonjour").await;
    }
    let sorted = ["Ab", "àc", "Élan", "elan vital", "Été", "Œuf", "zèbre"];
    let whole = page(&marie, "archived: false").await;
    assert_eq!((names(&whole), &whole["totalCount"]), (sorted.map(str::to_owned).to_vec(), &json!(7)));
    let (mut read, mut after) = (Vec::new(), String::new());
    loop {
        let part = page(&marie, &format!("first: 2{after}")).await;
        read.extend(names(&part));
        if part["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = format!(", after: {}", part["edges"][1]["cursor"]);
    }
    assert_eq!(read, sorted);
    let before = format!("last: 2, before: {}", whole["edges"][3]["cursor"]);
    assert_eq!(names(&page(&marie, &before).await), ["àc", "Élan"]);
    assert_eq!(names(&page(&marie, "search: \"ÉLAN\"").await), ["Élan", "elan vital"]);
    assert_eq!(names(&page(&marie, "search: \"oe\"").await), ["Œuf"]);
    let renamed = nodes(&whole).remove(6);
    let renamed = self::read(&marie, &renamed["id"]).await;
    edit(&marie, &renamed, "Aa", "Bonjour").await;
    assert_eq!(names(&page(&marie, "first: 1").await), ["Aa"], "by the name it has now");
}
