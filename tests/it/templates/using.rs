//! A message that was started from a template: what is sent is its own text, and the campaign remembers the version.

use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

use super::{archive, edit, kept, outsider};

both!(
    a_campaign_remembers_the_version_and_sends_its_own_text,
    a_retry_and_a_stale_preview_keep_the_template,
    a_template_that_is_not_there_is_refused,
);

const PREVIEW: &str = "mutation($input: PreviewSmsInput!) { previewSms(input: $input) {
    preview { id token text messageCount decision { outcome } } errors { code message path } } }";

async fn preview(actor: &Actor, search: &str, text: &str, template: &Value) -> Value {
    let audience = json!({ "matching": { "filter": { "search": search } } });
    let input = json!({ "audience": audience, "message": { "text": text, "template": template } });
    actor.query(PREVIEW, json!({ "input": input })).await["previewSms"].take()
}

async fn template_of(actor: &Actor, campaign: &Value) -> Value {
    let document = "query($id: ID!) { node(id: $id) { ... on Campaign { text template { id name number text author { email } } } } }";
    actor.query(document, json!({ "id": campaign["id"] })).await["node"].take()
}

async fn a_campaign_remembers_the_version_and_sends_its_own_text(app: TestApp) {
    let marie = app.marie().await;
    let template = kept(&marie, "Rappel", "Bonjour {prenom}, répétition ce soir").await;
    let version = &template["current"]["id"];
    let shown =
        preview(&marie, "aubry", "Bonjour {prenom}, répétition à 20 h", version).await["preview"].take();
    assert_eq!(shown["decision"]["outcome"], "ALLOWED");
    edit(&marie, &template, "Rappel du soir", "Tout autre chose").await;
    archive(&marie, json!({ "template": template["id"] })).await;
    let sent = marie.send(&shown, app.key()).await;
    assert_eq!(
        sent["errors"],
        json!([]),
        "what became of the template meanwhile is not the message's concern"
    );
    app.dispatch_all().await;
    assert_eq!(app.network().submitted()[0].text, shown["text"].as_str().expect("a text"));
    let remembered = json!({
        "id": version, "name": "Rappel", "number": 1, "text": "Bonjour {prenom}, répétition ce soir",
        "author": { "email": "marie@quatre-vents.example" }
    });
    let campaign = template_of(&marie, &sent["campaign"]).await;
    assert_eq!(campaign, json!({ "text": "Bonjour {prenom}, répétition à 20 h", "template": remembered }));
    let again = preview(&marie, "aubry", "Encore", version).await;
    assert_eq!(again["errors"], json!([]), "a version out of use can still be started from");

    let plain = marie.sends(&marie.musicians(1).await, "Sans modèle").await;
    assert_eq!(template_of(&marie, &plain).await["template"], Value::Null);
    let document = "{ viewer { structure { campaigns { edges { node { template { name } } } } } } }";
    let listed = marie.query(document, json!({})).await;
    let listed = nodes(&listed["viewer"]["structure"]["campaigns"]);
    assert_eq!(listed, [json!({ "template": null }), json!({ "template": { "name": "Rappel" } })]);
}

async fn a_retry_and_a_stale_preview_keep_the_template(app: TestApp) {
    let marie = app.marie().await;
    let file = "Nom;Prénom;Mobile\nEncore;Alice;0612008099\nEncore;Marc;0612008001\n";
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
    let template = kept(&marie, "Rappel", "Bonjour {prenom}").await;
    let version = &template["current"]["id"];
    let shown = preview(&marie, "encore", "Bonjour {prenom}", version).await["preview"].take();
    app.plant("UPDATE person SET first_name = 'Zoé' WHERE first_name = 'Alice' AND last_name = 'Encore'")
        .await;
    let stale = marie.send(&shown, app.key()).await;
    assert_eq!(code_of(&stale), "PREVIEW_STALE", "{stale}");
    let fresh = &stale["errors"][0]["preview"];
    let sent = marie.send(fresh, app.key()).await["campaign"].take();
    assert_eq!(template_of(&marie, &sent).await["template"]["id"], *version, "the fresh preview keeps it");
    app.dispatch_all().await;
    let again = marie.retry(&sent).await["preview"].take();
    assert_eq!(again["messageCount"], 1, "{again}");
    let resent = marie.send(&again, app.key()).await["campaign"].take();
    assert_eq!(template_of(&marie, &resent).await["template"]["id"], *version, "and so does a retry");
}

async fn a_template_that_is_not_there_is_refused(app: TestApp) {
    let (marie, zoe, helene) = (app.marie().await, app.zoe().await, outsider(&app).await);
    let own = kept(&marie, "Rappel", "Bonjour").await;
    let theirs = kept(&zoe, "Rappel", "Bonjour").await;
    let refused = preview(&marie, "aubry", "Bonjour", &theirs["current"]["id"]).await;
    assert_eq!(
        (code_of(&refused), &refused["errors"][0]["path"], &refused["preview"]),
        (&json!("TEMPLATE_NOT_FOUND"), &json!(["message", "template"]), &Value::Null)
    );
    for other in [&own["id"], &json!(""), &json!("🎺")] {
        assert_eq!(preview(&marie, "aubry", "Bonjour", other).await, refused, "{other}");
    }
    let unreadable = preview(&helene, "aubry", "Bonjour", &own["current"]["id"]).await;
    assert_eq!(unreadable, refused, "whoever may not read templates finds none");
    assert_eq!(preview(&helene, "aubry", "Bonjour", &Value::Null).await["errors"], json!([]));
}
