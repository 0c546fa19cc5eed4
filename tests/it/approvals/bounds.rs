//! What an approval is not: of another message, for another account, from someone who may not.

use api::caller::Operator;
use api::services::{prices, senders};
use chrono::TimeDelta;
use envoi_tests::{Actor, TestApp, both, code_of};
use serde_json::{Value, json};

use super::{
    TEXT, answer, approved, ask, colleague, in_force, is_approved, listed, passes, request, two_people,
};

both!(
    what_is_approved_is_that_message_alone,
    an_approval_is_of_its_hour,
    an_approval_of_information_is_none_of_a_sale,
    who_may_not_write_messages_neither_sees_nor_decides,
    an_administrator_declines_and_no_more,
    a_preview_that_does_not_serve_is_not_asked_of,
    a_note_is_short,
);

async fn what_is_approved_is_that_message_alone(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let operator = Operator::at_the_command_line();
    senders::add(&app.ctx(), operator, app.quatre_vents().await, "CHORALE", false).await.expect("added");
    let people = marie.musicians(5).await;
    let text = "Répétition à 18 h";
    approved(&marie, &jeanne, &people[..4], text).await;
    assert!(is_approved(&marie, &people[..4], text).await);
    assert!(!is_approved(&marie, &people[..4], "Répétition à 19 h").await, "another text");
    assert!(!is_approved(&marie, &people, text).await, "one person more");
    assert!(!is_approved(&marie, &people[..3], text).await, "one person less");
    assert!(!is_approved(&marie, &people[1..], text).await, "another person");
    for (sender, expected) in [("CHORALE", false), ("4VENTS", true)] {
        let preview = marie.try_preview_from(sender, &people[..4]).await["preview"].take();
        assert_eq!(passes(&preview), expected, "{sender}");
    }
    let preview = marie.preview(&people[..4], text).await;
    prices::set(&app.ctx(), operator, "336", 2).await.expect("a price can be set");
    assert!(!is_approved(&marie, &people[..4], text).await, "a higher cost");
    let dearer = marie.send(&preview, app.key()).await;
    assert_eq!(dearer["errors"][0]["__typename"], "PreviewStaleError", "{dearer}");
    prices::set(&app.ctx(), operator, "336", 1).await.expect("a price can be set");
    assert_eq!(marie.send(&preview, app.key()).await["errors"], json!([]), "the same again");
}

async fn an_approval_is_of_its_hour(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let people = marie.musicians(3).await;
    let preview = async |hour: Option<&str>| {
        let message = json!({ "text": TEXT, "sendAt": hour });
        let input = json!({ "audience": { "people": people }, "message": message });
        let document = "mutation($input: PreviewSmsInput!) { previewSms(input: $input) {
            preview { token decision { verdicts { ruleSlug code } } } errors { code } } }";
        marie.query(document, json!({ "input": input })).await["previewSms"]["preview"].take()
    };
    let hour = "2025-09-09T12:00:00Z";
    let asked = request(&marie, &preview(Some(hour)).await).await;
    assert_eq!(listed(&jeanne, &["PENDING"]).await[0]["sendAt"], "2025-09-09T12:00:00+00:00");
    super::done(&jeanne, "approveSend", json!({ "id": asked["id"] })).await;
    for other in [None, Some("2025-09-09T12:00:01Z")] {
        assert!(!passes(&preview(other).await), "{other:?}");
    }
    // The rule looks again at that hour.
    app.plant("UPDATE rule_version SET manifest = replace(manifest, '\"SEND\"]', '\"SEND\", \"DISPATCH\"]')")
        .await;
    let shown = preview(Some(hour)).await;
    assert!(passes(&shown), "{shown}");
    let sent = marie.send(&shown, app.key()).await;
    assert_eq!(sent["errors"], json!([]), "{sent}");
    app.advance(chrono::TimeDelta::hours(28));
    app.dispatch_all().await;
    let left = app.marie().await.campaign(&sent["campaign"]).await;
    assert_eq!(left["progress"]["delivered"], 3, "the approval that it used up counts: {left}");
}

async fn an_approval_of_information_is_none_of_a_sale(app: TestApp) {
    in_force(&app, "two-people", json!([{ "name": "above", "value": "0" }])).await;
    let (marie, jeanne) = (app.marie().await, colleague(&app, "jeanne").await);
    let file = "Nom;Prénom;Mobile;Consentement commercial\nVendu;Aude;0612008001;2025-01-15\n";
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("a file can be imported");
    let people = [marie.person("Vendu").await];
    let preview = async |purpose: &str| {
        let message = json!({ "text": "Concert samedi", "purpose": purpose });
        let input = json!({ "audience": { "people": people }, "message": message });
        let document = "mutation($input: PreviewSmsInput!) { previewSms(input: $input) {
            preview { token messageCount decision { verdicts { ruleSlug code } } } errors { code } } }";
        marie.query(document, json!({ "input": input })).await["previewSms"]["preview"].take()
    };
    let asked = request(&marie, &preview("INFORMATIONAL").await).await;
    super::done(&jeanne, "approveSend", json!({ "id": asked["id"] })).await;
    assert!(passes(&preview("INFORMATIONAL").await));
    let sale = preview("COMMERCIAL").await;
    assert_eq!((&sale["messageCount"], passes(&sale)), (&json!(1), false), "{sale}");
}

/// The codes of the errors beside an answer.
async fn forbidden(actor: &Actor, document: &str, variables: Value) {
    let answer = actor.try_query(document, variables).await;
    assert_eq!(code_of(&answer), "FORBIDDEN", "{answer}");
    assert!(!answer.to_string().contains("18 h"), "{answer}");
}

async fn who_may_not_write_messages_neither_sees_nor_decides(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let people = marie.musicians(3).await;
    let asked = request(&marie, &marie.preview(&people, TEXT).await).await;
    let paul = app.sign_in("paul@quatre-vents.example").await;
    let his = paul.preview(&people, TEXT).await;
    let id = json!({ "id": asked["id"], "token": his["token"] });
    let documents = [
        "{ viewer { structure { sendApprovals { edges { node { text personCount } } } } } }",
        "query($id: ID!) { node(id: $id) { ... on SendApproval { text } } }",
        "mutation($token: String!) { requestApproval(input: { previewToken: $token }) { approval { text } } }",
        "mutation($id: ID!) { approveSend(input: { id: $id }) { approval { text } } }",
        "mutation($id: ID!) { declineSend(input: { id: $id }) { approval { text } } }",
    ];
    for access in ["READ", "NONE"] {
        app.plant(&format!(
            "UPDATE permission SET access = '{access}' WHERE module = 'COMMUNICATION_SMS'
                AND account_id = (SELECT id FROM account WHERE email = 'paul@quatre-vents.example')"
        ))
        .await;
        for document in documents {
            forbidden(&paul, document, id.clone()).await;
        }
    }
    assert_eq!(listed(&jeanne, &["PENDING"]).await.len(), 1);
}

async fn an_administrator_declines_and_no_more(app: TestApp) {
    let (marie, _) = two_people(&app).await;
    let admin = app.admin().await;
    let people = marie.musicians(3).await;
    let asked = request(&marie, &marie.preview(&people, TEXT).await).await;
    let own = admin.preview(&people, TEXT).await;
    let mut said = Vec::new();
    for actor in [&admin, &admin.in_english()] {
        for refused in [
            answer(actor, "approveSend", &asked).await,
            ask(actor, "requestApproval", json!({ "previewToken": own["token"] })).await,
        ] {
            assert_eq!(
                (code_of(&refused), &refused["approval"]),
                (&json!("ACCOUNT_SENDS_NOTHING"), &Value::Null)
            );
            said.push(refused["errors"][0]["message"].clone());
        }
    }
    assert_ne!(said[0], said[2]);
    assert_eq!(listed(&admin, &["PENDING"]).await.len(), 1);
    assert_eq!(answer(&admin, "declineSend", &asked).await["approval"]["state"], "DECLINED");
}

async fn a_preview_that_does_not_serve_is_not_asked_of(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let people = marie.musicians(3).await;
    let preview = marie.preview(&people, TEXT).await;
    let token = preview["token"].as_str().expect("a token").to_owned();
    let kind = async |actor: &Actor, token: &str| {
        let refused = ask(actor, "requestApproval", json!({ "previewToken": token })).await;
        assert_eq!(
            (&refused["errors"][0]["path"], &refused["approval"]),
            (&json!(["previewToken"]), &Value::Null)
        );
        refused["errors"][0]["__typename"].as_str().expect("a type").to_owned()
    };
    for other in ["", "🎺", "x", &format!("{token}A"), &token[1..]] {
        assert_eq!(kind(&marie, other).await, "PreviewNotFoundError", "{other}");
    }
    assert_eq!(kind(&jeanne, &token).await, "PreviewNotFoundError", "another account's");
    let small = marie.preview(&people[..1], TEXT).await;
    let sent = marie.send(&small, app.key()).await;
    let used = ask(&marie, "requestApproval", json!({ "previewToken": small["token"] })).await;
    assert_eq!(
        (&used["errors"][0]["__typename"], &used["errors"][0]["campaign"]["id"]),
        (&json!("PreviewUsedError"), &sent["campaign"]["id"])
    );
    app.advance(TimeDelta::minutes(15));
    assert_eq!(kind(&marie, &token).await, "PreviewExpiredError");
    assert_eq!(listed(&marie, &["PENDING"]).await.len(), 0);
}

async fn a_note_is_short(app: TestApp) {
    let (marie, _) = two_people(&app).await;
    let preview = marie.preview(&marie.musicians(3).await, TEXT).await;
    let input = |note: &str| json!({ "previewToken": preview["token"], "note": note });
    for bad in ["é".repeat(501), "a\0b".to_owned(), "a\u{202E}b".to_owned()] {
        let refused = ask(&marie, "requestApproval", input(&bad)).await;
        assert_eq!(
            (code_of(&refused), &refused["errors"][0]["path"]),
            (&json!("SEND_APPROVAL_NOTE_INVALID"), &json!(["note"]))
        );
    }
    let longest = "é".repeat(500);
    assert_eq!(ask(&marie, "requestApproval", input(&longest)).await["approval"]["note"], longest);
    let silent = marie.preview(&marie.musicians(3).await, TEXT).await;
    let silent = json!({ "previewToken": silent["token"], "note": " \n " });
    assert_eq!(ask(&marie, "requestApproval", silent).await["approval"]["note"], Value::Null);
}
