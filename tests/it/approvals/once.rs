//! What an approval serves for, and whose it is: one message, once, of another person.

use api::caller::Operator;
use api::services::operator::{self, NewAccount};
use chrono::TimeDelta;
use entity::enums::{Access, AccountKind, Locale, Module};
use entity::sensitive::Sensitive;
use envoi_tests::{TestApp, both, code_of, nodes};
use serde_json::json;

use super::{TEXT, answer, approved, colleague, done, in_force, is_approved, listed, request, two_people};

both!(
    what_left_while_no_rule_asked_does_not_leave_again,
    two_requests_of_one_message_send_it_as_often_as_it_was_previewed,
    two_accounts_of_one_person_are_one,
    a_request_ends_with_the_hour_of_its_message,
    who_approves_sees_whom_it_goes_to,
    a_rule_that_asks_is_judged_by_what_was_sent_before,
);

async fn what_left_while_no_rule_asked_does_not_leave_again(app: TestApp) {
    let (marie, jeanne) = (app.marie().await, colleague(&app, "jeanne").await);
    let people = marie.musicians(3).await;
    let preview = marie.preview(&people, TEXT).await;
    let (asked, pending) = (request(&marie, &preview).await, marie.preview(&people, "Autre chose").await);
    let waiting = request(&marie, &pending).await;
    done(&jeanne, "approveSend", json!({ "id": asked["id"] })).await;
    for preview in [&preview, &pending] {
        assert_eq!(marie.send(preview, app.key()).await["errors"], json!([]));
    }
    let late = answer(&jeanne, "approveSend", &waiting).await;
    assert_eq!(code_of(&late), "PREVIEW_USED", "{late}");
    assert_eq!(done(&jeanne, "declineSend", json!({ "id": waiting["id"] })).await["state"], "DECLINED");
    in_force(&app, "two-people", json!([{ "name": "above", "value": "0" }])).await;
    assert!(!is_approved(&marie, &people, TEXT).await, "what was approved left");
}

async fn two_requests_of_one_message_send_it_as_often_as_it_was_previewed(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let people = marie.musicians(3).await;
    approved(&marie, &jeanne, &people, TEXT).await;
    let second = approved(&marie, &jeanne, &people, TEXT).await;
    assert_eq!(marie.send(&second, app.key()).await["errors"], json!([]));
    assert_eq!(listed(&marie, &["USED"]).await.len(), 1);
    assert!(!is_approved(&marie, &people, TEXT).await, "the preview of the other is the one that left");
}

async fn two_accounts_of_one_person_are_one(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let account = NewAccount {
        structure: app.quatre_vents().await,
        kind: AccountKind::Personal,
        email: "jeanne.bis@quatre-vents.example".to_owned(),
        password: Sensitive::new("envoi-demo"),
        locale: Locale::Fr,
        person: Some("QV010".to_owned()),
        grants: vec![(Module::CommunicationSms, Access::ReadWrite)],
    };
    let made = operator::create_account(&app.ctx(), Operator::at_the_command_line(), account).await;
    made.expect("an account can be made");
    let other = app.sign_in("jeanne.bis@quatre-vents.example").await;
    let people = marie.musicians(3).await;
    let hers = jeanne.preview(&people, TEXT).await;
    let asked = request(&jeanne, &hers).await;
    assert_eq!(code_of(&answer(&other, "approveSend", &asked).await), "OWN_SEND_APPROVAL");
    done(&marie, "approveSend", json!({ "id": asked["id"] })).await;
    assert!(is_approved(&other, &people, TEXT).await, "another person approved");
    let asked = request(&marie, &marie.preview(&people, "Autre chose").await).await;
    done(&other, "approveSend", json!({ "id": asked["id"] })).await;
    assert!(is_approved(&marie, &people, "Autre chose").await);
    assert!(!is_approved(&jeanne, &people, "Autre chose").await, "one does not send what one approved");
}

async fn a_request_ends_with_the_hour_of_its_message(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let message = json!({ "text": TEXT, "sendAt": "2025-09-08T08:10:00Z" });
    let input = json!({ "audience": { "people": marie.musicians(3).await }, "message": message });
    let document = "mutation($input: PreviewSmsInput!) { previewSms(input: $input) { preview { token } } }";
    let preview = marie.query(document, json!({ "input": input })).await["previewSms"]["preview"].take();
    let asked = request(&marie, &preview).await;
    assert_eq!(asked["expiresAt"], "2025-09-08T08:10:00+00:00");
    app.advance(TimeDelta::minutes(10));
    assert_eq!(code_of(&answer(&jeanne, "approveSend", &asked).await), "SEND_APPROVAL_EXPIRED");
}

async fn who_approves_sees_whom_it_goes_to(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let people = marie.musicians(3).await;
    let asked = request(&marie, &marie.preview(&people, "Bonjour {prenom}").await).await;
    let document = "query($id: ID!) { node(id: $id) { ... on SendApproval { recipients(first: 2) {
        totalCount pageInfo { hasNextPage } edges { node { text people { id } } } } } } }";
    let shown = jeanne.query(document, json!({ "id": asked["id"] })).await["node"]["recipients"].take();
    assert_eq!((&shown["totalCount"], &shown["pageInfo"]["hasNextPage"]), (&json!(3), &json!(true)));
    for recipient in nodes(&shown) {
        let id = recipient["people"][0]["id"].as_str().expect("an id").to_owned();
        assert!(people.contains(&id), "{shown}");
        assert!(
            recipient["text"]
                .as_str()
                .is_some_and(|text| text.starts_with("Bonjour ") && !text.contains('{'))
        );
    }
    app.plant(
        "DELETE FROM permission WHERE module = 'PEOPLE'
            AND account_id = (SELECT id FROM account WHERE email = 'jeanne@quatre-vents.example')",
    )
    .await;
    let refused = jeanne.try_query(document, json!({ "id": asked["id"] })).await;
    assert_eq!(code_of(&refused), "FORBIDDEN", "{refused}");
    let zoe = app.zoe().await;
    assert!(zoe.query(document, json!({ "id": asked["id"] })).await["node"].is_null());
}

async fn a_rule_that_asks_is_judged_by_what_was_sent_before(app: TestApp) {
    let marie = app.marie().await;
    let preview = marie.preview(&marie.musicians(3).await, TEXT).await;
    assert_eq!(marie.send(&preview, app.key()).await["errors"], json!([]));
    let start = "mutation { startRule(input: { from: { template: \"two-people\" } }) { version { id } } }";
    let admin = app.admin().await;
    let version = admin.query(start, json!({})).await["startRule"]["version"]["id"].take();
    let document = "mutation($input: BacktestRuleInput!) { backtestRule(input: $input) {
        backtest { examined fired notReplayable { decisions } } errors { code message } } }";
    let above = json!([{ "name": "above", "value": "2" }]);
    let input = json!({ "candidate": { "version": version }, "parameters": above, "days": 7 });
    let found = admin.query(document, json!({ "input": input })).await["backtestRule"].take();
    assert_eq!(found["errors"], json!([]), "{found}");
    assert_eq!(found["backtest"]["fired"], found["backtest"]["examined"], "nobody had approved: {found}");
}
