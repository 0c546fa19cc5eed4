//! Versions: each made on the one before, none ever changed, none made for nothing.

use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

use super::{edit, kept, page, read, save};

both!(
    every_version_stays_as_it_was_saved,
    whoever_comes_second_is_told_who_came_first,
    of_many_who_save_at_once_one_does,
    of_many_who_take_a_name_at_once_one_does,
    what_is_saved_already_is_not_saved_again,
);

async fn every_version_stays_as_it_was_saved(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let first = kept(&marie, "Rappel", "Répétition à 18 h").await;
    let input = json!({
        "template": first["id"], "basedOn": first["current"]["id"], "name": "Rappel du soir", "text": "Répétition à 20 h", "comment": "plus tard"
    });
    let second = save(&admin, input).await["template"].take();
    edit(&marie, &second, "Rappel du soir", "Répétition à 19 h").await;
    let whole = read(&marie, &first["id"]).await;
    let told: Vec<_> = nodes(&whole["versions"])
        .iter()
        .map(|one| json!([one["number"], one["name"], one["text"], one["comment"], one["author"]["email"]]))
        .collect();
    let (admin_email, marie_email) = ("admin@quatre-vents.example", "marie@quatre-vents.example");
    assert_eq!(
        told,
        [
            json!([3, "Rappel du soir", "Répétition à 19 h", null, marie_email]),
            json!([2, "Rappel du soir", "Répétition à 20 h", "plus tard", admin_email]),
            json!([1, "Rappel", "Répétition à 18 h", null, marie_email]),
        ]
    );
    assert_eq!(whole["current"]["id"], nodes(&whole["versions"])[0]["id"]);
    let old = "query($id: ID!) { node(id: $id) { ... on MessageTemplateVersion { id number name text } } }";
    let old = marie.query(old, json!({ "id": first["current"]["id"] })).await["node"].take();
    let as_saved =
        json!({ "id": first["current"]["id"], "number": 1, "name": "Rappel", "text": "Répétition à 18 h" });
    assert_eq!(old, as_saved);
    let last_two = "query($id: ID!) { node(id: $id) { ... on MessageTemplate { versions(last: 2) { edges { node { number } } } } } }";
    let last_two = marie.query(last_two, json!({ "id": first["id"] })).await;
    assert_eq!(nodes(&last_two["node"]["versions"]), [json!({ "number": 2 }), json!({ "number": 1 })]);
}

async fn whoever_comes_second_is_told_who_came_first(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let template = kept(&marie, "Rappel", "Répétition").await;
    let won = edit(&marie, &template, "Rappel", "De Marie").await["template"].take();
    let lost = edit(&admin.in_english(), &template, "Rappel", "De l’administrateur").await;
    let error = &lost["errors"][0];
    assert_eq!(
        (&error["__typename"], &error["code"], &error["path"]),
        (&json!("TemplateConflictError"), &json!("TEMPLATE_CONFLICT"), &json!(["basedOn"])),
        "{lost}"
    );
    let current = &error["current"];
    assert_eq!((&current["id"], &current["text"]), (&won["current"]["id"], &json!("De Marie")));
    assert_eq!(current["author"]["email"], "marie@quatre-vents.example");
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains("is 2, saved by marie@quatre-vents.example"), "{message}");
    let blind = json!({ "template": template["id"], "name": "Rappel", "text": "x" });
    assert_eq!(code_of(&save(&admin, blind).await), "TEMPLATE_CONFLICT", "nor without saying on what");
    let of_nothing = json!({ "basedOn": won["current"]["id"], "name": "Autre", "text": "x" });
    assert_eq!(code_of(&save(&admin, of_nothing).await), "TEMPLATE_NOT_FOUND");
    let on_it =
        edit(&admin, &json!({ "id": template["id"], "current": current }), "Rappel", "Des deux").await;
    assert_eq!(on_it["template"]["current"]["number"], 3, "{on_it}");
}

/// What all of these saves answer, made at once.
async fn at_once(actors: &[&Actor], inputs: Vec<Value>) -> Vec<Value> {
    let mut tasks = tokio::task::JoinSet::new();
    for (place, input) in inputs.into_iter().enumerate() {
        let actor = actors[place % actors.len()].clone();
        tasks.spawn(async move { save(&actor, input).await });
    }
    tasks.join_all().await
}

/// The one that was saved; the others are refused so.
fn only(answers: &[Value], code: &str) -> Value {
    let (saved, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer["errors"] == json!([]));
    assert!(refused.iter().all(|answer| code_of(answer) == code), "{answers:?}");
    assert_eq!(saved.len(), 1, "{answers:?}");
    saved[0]["template"].clone()
}

async fn of_many_who_save_at_once_one_does(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let mut template = kept(&marie, "Rappel", "Répétition").await;
    for round in 2..5 {
        let input = |who| json!({ "template": template["id"], "basedOn": template["current"]["id"], "name": "Rappel", "text": format!("{round}, {who}") });
        let answers = at_once(&[&admin, &marie], (0..12).map(input).collect()).await;
        let won = only(&answers, "TEMPLATE_CONFLICT");
        assert_eq!(won["current"]["number"], round);
        for told in answers.iter().map(|answer| &answer["errors"][0]).filter(|error| !error.is_null()) {
            assert_eq!(told["current"]["id"], won["current"]["id"]);
        }
        assert_eq!(read(&marie, &template["id"]).await["versions"]["totalCount"], round);
        template = won;
    }
}

async fn of_many_who_take_a_name_at_once_one_does(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let input = |who| json!({ "name": if who % 2 == 0 { "Été" } else { "ETE" }, "text": format!("{who}") });
    let answers = at_once(&[&admin, &marie], (0..12).map(input).collect()).await;
    only(&answers, "TEMPLATE_NAME_TAKEN");
    assert_eq!(page(&marie, "archived: false").await["totalCount"], 1);
}

async fn what_is_saved_already_is_not_saved_again(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let first = kept(&marie, "Rappel", "Répétition\nce soir").await;
    assert_eq!(kept(&marie, " Rappel", "Répétition\r\nce soir").await, first, "a new one, asked for twice");
    let second = edit(&marie, &first, "Rappel", "Autre").await;
    assert_eq!(edit(&marie, &first, "Rappel", "Autre").await, second, "an answer that was lost");
    let by_another = json!({
        "template": first["id"], "basedOn": second["template"]["current"]["id"], "name": "Rappel", "text": "Autre", "comment": "x"
    });
    assert_eq!(save(&admin, by_another).await, second);
    assert_eq!(read(&marie, &first["id"]).await["versions"]["totalCount"], 2);
}
