//! A second person's approval: asked for, given by another account, and used once.

mod bounds;
mod once;
mod racing;

use api::caller::Operator;
use api::services::operator::{self, NewAccount};
use chrono::TimeDelta;
use entity::enums::{Access, AccountKind, Locale, Module};
use entity::sensitive::Sensitive;
use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

both!(
    above_a_cost_a_second_person_approves,
    ones_own_approval_is_none,
    what_is_declined_stays_refused,
    a_request_lives_seven_days,
    an_approval_counts_while_its_giver_may_send,
    what_no_rule_reads_is_neither_asked_nor_used,
    a_page_takes_as_many_statements_whatever_its_size,
);

const ABOVE: usize = 2;
const TEXT: &str = "Répétition à 18 h, {prenom|vous}";

const SELECTED: &str = "approval {
      id state note text sender purpose sendAt personCount messageCount cost requestedAt expiresAt decidedAt
      requestedBy { email } decidedBy { email } campaign { id }
    }
    errors { __typename code message path
      ... on SendApprovalDecidedError { approval { id state decidedBy { email } } }
      ... on PreviewUsedError { campaign { id } }
    }";

/// What one of the mutations of approvals answers.
async fn ask(actor: &Actor, field: &str, input: Value) -> Value {
    let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let document = format!("mutation($input: {kind}!) {{ {field}(input: $input) {{ {SELECTED} }} }}");
    actor.query(&document, json!({ "input": input })).await[field].take()
}

/// The request, where the mutation did what was asked.
async fn done(actor: &Actor, field: &str, input: Value) -> Value {
    let mut payload = ask(actor, field, input).await;
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload["approval"].take()
}

/// A request for approval of a preview.
async fn request(actor: &Actor, preview: &Value) -> Value {
    done(actor, "requestApproval", json!({ "previewToken": preview["token"] })).await
}

/// What one of them answers to a request.
async fn answer(actor: &Actor, field: &str, approval: &Value) -> Value {
    ask(actor, field, json!({ "id": approval["id"] })).await
}

/// A preview that was asked for and approved.
async fn approved(asking: &Actor, approving: &Actor, people: &[String], text: &str) -> Value {
    let preview = asking.preview(people, text).await;
    let asked = request(asking, &preview).await;
    done(approving, "approveSend", json!({ "id": asked["id"] })).await;
    preview
}

/// Another account of the Quatre Vents that may send.
async fn colleague(app: &TestApp, name: &str) -> Actor {
    let person = if name == "jeanne" { "QV010" } else { "QV011" };
    let email = format!("{name}@quatre-vents.example");
    let account = NewAccount {
        structure: app.quatre_vents().await,
        kind: AccountKind::Personal,
        email: email.clone(),
        password: Sensitive::new("envoi-demo"),
        locale: Locale::Fr,
        person: Some(person.to_owned()),
        grants: vec![(Module::People, Access::Read), (Module::CommunicationSms, Access::ReadWrite)],
    };
    let made = operator::create_account(&app.ctx(), Operator::at_the_command_line(), account).await;
    made.expect("an account can be made");
    app.sign_in(&email).await
}

/// Puts a rule in force that begins with a template.
async fn in_force(app: &TestApp, template: &str, parameters: Value) -> Value {
    let admin = app.admin().await;
    let start = "mutation($input: StartRuleInput!) { startRule(input: $input) { rule { id } version { id } errors { code } } }";
    let input = json!({ "from": { "template": template }, "parameters": parameters });
    let started = admin.query(start, json!({ "input": input })).await["startRule"].take();
    assert_eq!(started["errors"], json!([]), "{started}");
    let publish =
        "mutation($id: ID!) { publishRule(input: { version: $id, state: ACTIVE }) { errors { code } } }";
    let published = admin.query(publish, json!({ "id": started["version"]["id"] })).await;
    assert_eq!(published["publishRule"]["errors"], json!([]), "{published}");
    started["rule"].clone()
}

/// Marie, whose structure wants two people for more than two SMS, and a colleague of hers.
async fn two_people(app: &TestApp) -> (Actor, Actor) {
    let above = json!([{ "name": "above", "value": ABOVE.to_string() }]);
    in_force(app, "two-people", above).await;
    (app.marie().await, colleague(app, "jeanne").await)
}

/// Whether the rule lets a preview pass.
fn passes(preview: &Value) -> bool {
    let verdicts = preview["decision"]["verdicts"].as_array().expect("verdicts");
    let verdict = verdicts.iter().find(|verdict| verdict["ruleSlug"] == "two-people").expect("the rule ran");
    match verdict["code"].as_str() {
        Some("PASS") => true,
        Some("SECOND_PERSON_NEEDED") => false,
        _ => panic!("{verdict}"),
    }
}

/// Whether what these people are written is approved, for that account to send.
async fn is_approved(actor: &Actor, people: &[String], text: &str) -> bool {
    passes(&actor.preview(people, text).await)
}

/// The requests of the structure, in these states.
async fn listed(actor: &Actor, states: &[&str]) -> Vec<Value> {
    let document = "query($state: [SendApprovalState!]) { viewer { structure { sendApprovals(state: $state) {
        totalCount edges { node { id state sendAt campaign { id } } } } } } }";
    let page =
        actor.query(document, json!({ "state": states })).await["viewer"]["structure"]["sendApprovals"]
            .take();
    let found = nodes(&page);
    assert_eq!(page["totalCount"], found.len());
    found
}

async fn above_a_cost_a_second_person_approves(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let people = marie.musicians(3).await;
    assert!(is_approved(&marie, &people[..ABOVE], TEXT).await, "no more than the rule lets one alone spend");
    let preview = marie.preview(&people, TEXT).await;
    assert_eq!((preview["decision"]["outcome"].as_str(), passes(&preview)), (Some("REFUSED"), false));
    let verdicts = preview["decision"]["verdicts"].to_string();
    assert!(verdicts.contains("Cet envoi coûte 3 SMS. Au-delà de 2, une deuxième personne"), "{verdicts}");

    let input = json!({ "previewToken": preview["token"], "note": "  Pour demain\r\nsoir " });
    let asked = done(&marie, "requestApproval", input.clone()).await;
    let shown = json!({
        "id": asked["id"], "state": "PENDING", "note": "Pour demain\nsoir", "text": TEXT, "sender": "4VENTS",
        "purpose": "INFORMATIONAL", "sendAt": null, "personCount": 3, "messageCount": 3, "cost": 3,
        "requestedAt": asked["requestedAt"], "expiresAt": asked["expiresAt"], "decidedAt": null,
        "requestedBy": { "email": "marie@quatre-vents.example" }, "decidedBy": null, "campaign": null,
    });
    assert_eq!(asked, shown);
    assert_eq!(done(&marie, "requestApproval", input).await, asked, "asking again asks nothing more");
    let early = marie.send(&preview, app.key()).await;
    assert_eq!(early["errors"][0]["__typename"], "RefusedError", "{early}");

    assert_eq!(listed(&jeanne, &["PENDING"]).await[0]["id"], asked["id"]);
    let given = done(&jeanne, "approveSend", json!({ "id": asked["id"] })).await;
    assert_eq!(
        (&given["state"], &given["decidedBy"]["email"], given["decidedAt"].is_string()),
        (&json!("APPROVED"), &json!("jeanne@quatre-vents.example"), true)
    );
    assert_eq!(done(&jeanne, "approveSend", json!({ "id": asked["id"] })).await, given, "once is enough");

    let sent = marie.send(&preview, app.key()).await;
    assert_eq!(sent["errors"], json!([]), "what was previewed before is sent: {sent}");
    let used = listed(&jeanne, &["USED"]).await;
    assert_eq!((&used[0]["id"], &used[0]["campaign"]["id"]), (&asked["id"], &sent["campaign"]["id"]));
    assert_eq!(listed(&marie, &["PENDING", "APPROVED", "DECLINED", "EXPIRED"]).await, [] as [Value; 0]);
    assert_eq!(listed(&marie, &[]).await, [] as [Value; 0], "in none of these states is nothing");
    assert!(!is_approved(&marie, &people, TEXT).await, "it is used up");
    assert_eq!(done(&jeanne, "approveSend", json!({ "id": asked["id"] })).await["state"], "USED");
    let late = answer(&jeanne, "declineSend", &asked).await;
    assert_eq!(late["errors"][0]["approval"]["state"], "USED", "{late}");
}

async fn ones_own_approval_is_none(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let people = marie.musicians(3).await;
    let preview = marie.preview(&people, TEXT).await;
    let asked = request(&marie, &preview).await;
    let mut said = Vec::new();
    for actor in [&marie, &marie.in_english()] {
        let refused = answer(actor, "approveSend", &asked).await;
        let error = &refused["errors"][0];
        assert_eq!(
            (&error["__typename"], &error["code"], &error["path"], &refused["approval"]),
            (&json!("OwnSendApprovalError"), &json!("OWN_SEND_APPROVAL"), &json!(["id"]), &Value::Null)
        );
        said.push(error["message"].clone());
    }
    assert_ne!(said[0], said[1]);
    assert_eq!(listed(&marie, &["PENDING"]).await.len(), 1);
    done(&jeanne, "approveSend", json!({ "id": asked["id"] })).await;
    let hers = jeanne.preview(&people, TEXT).await;
    assert!(!passes(&hers), "who approved does not send by it");
    assert_eq!(jeanne.send(&hers, app.key()).await["errors"][0]["__typename"], "RefusedError");
    let luc = colleague(&app, "luc").await;
    assert!(is_approved(&luc, &people, TEXT).await, "anyone else may, and two people stand for it");
    assert_eq!(marie.send(&preview, app.key()).await["errors"], json!([]));
}

async fn what_is_declined_stays_refused(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let people = marie.musicians(3).await;
    let preview = marie.preview(&people, TEXT).await;
    let asked = request(&marie, &preview).await;
    let declined = done(&jeanne, "declineSend", json!({ "id": asked["id"] })).await;
    assert_eq!(
        (&declined["state"], &declined["decidedBy"]["email"]),
        (&json!("DECLINED"), &json!("jeanne@quatre-vents.example"))
    );
    assert_eq!(done(&jeanne, "declineSend", json!({ "id": asked["id"] })).await, declined);
    let luc = colleague(&app, "luc").await;
    for (actor, says) in [(&luc, "a déjà refusé"), (&luc.in_english(), "declined this message before")] {
        let refused = answer(actor, "approveSend", &asked).await;
        let error = &refused["errors"][0];
        assert_eq!(
            (&error["__typename"], &error["code"], &error["path"]),
            (&json!("SendApprovalDecidedError"), &json!("SEND_APPROVAL_DECIDED"), &json!(["id"]))
        );
        assert_eq!(error["approval"]["decidedBy"]["email"], "jeanne@quatre-vents.example");
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(says) && message.contains("jeanne@"), "{message}");
    }
    assert_eq!(marie.send(&preview, app.key()).await["errors"][0]["__typename"], "RefusedError");
    let once = ask(&marie, "requestApproval", json!({ "previewToken": preview["token"] })).await;
    assert_eq!(code_of(&once), "SEND_APPROVAL_DECIDED", "a preview is asked of once");
    assert_eq!(once["errors"][0]["path"], json!(["previewToken"]));
    let again = request(&marie, &marie.preview(&people, TEXT).await).await;
    assert_eq!(
        done(&marie, "declineSend", json!({ "id": again["id"] })).await["state"],
        "DECLINED",
        "taken back"
    );
    assert_eq!(code_of(&answer(&jeanne, "approveSend", &again).await), "SEND_APPROVAL_DECIDED");
    assert!(!is_approved(&marie, &people, TEXT).await);
}

async fn a_request_lives_seven_days(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let people = marie.musicians(3).await;
    approved(&marie, &jeanne, &people, TEXT).await;
    let waiting = request(&marie, &marie.preview(&people, "Autre chose").await).await;
    app.advance(TimeDelta::days(7) - TimeDelta::milliseconds(1));
    assert!(is_approved(&marie, &people, TEXT).await, "a preview made anew is of the same message");
    let preview = marie.preview(&people, TEXT).await;
    app.advance(TimeDelta::milliseconds(1));
    assert!(!is_approved(&marie, &people, TEXT).await);
    let stale = marie.send(&preview, app.key()).await;
    assert_eq!(stale["errors"][0]["__typename"], "PreviewStaleError", "{stale}");
    assert!(!passes(&stale["errors"][0]["preview"]));
    for field in ["approveSend", "declineSend"] {
        let late = answer(&jeanne, field, &waiting).await;
        assert_eq!((code_of(&late), &late["approval"]), (&json!("SEND_APPROVAL_EXPIRED"), &Value::Null));
    }
    let expired = listed(&jeanne, &["EXPIRED"]).await;
    assert_eq!(expired.iter().map(|one| one["state"].clone()).collect::<Vec<_>>(), ["EXPIRED", "EXPIRED"]);
    assert_eq!(listed(&jeanne, &["PENDING", "APPROVED", "DECLINED", "USED"]).await.len(), 0);
}

async fn an_approval_counts_while_its_giver_may_send(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let people = marie.musicians(3).await;
    approved(&marie, &jeanne, &people, TEXT).await;
    let preview = marie.preview(&people, TEXT).await;
    let account = "WHERE email = 'jeanne@quatre-vents.example'";
    let right =
        format!("WHERE module = 'COMMUNICATION_SMS' AND account_id = (SELECT id FROM account {account})");
    let person = "(SELECT id FROM person WHERE identifier = 'QV010')";
    let set = |what: &str, of: &str| format!("UPDATE {what} {of}");
    for (change, back) in [
        (set("permission SET access = 'READ'", &right), set("permission SET access = 'READ_WRITE'", &right)),
        (set("account SET disabled_at = 1", account), set("account SET disabled_at = NULL", account)),
        (
            set("account SET kind = 'ADMIN', person_id = NULL", account),
            set(&format!("account SET kind = 'PERSONAL', person_id = {person}"), account),
        ),
    ] {
        app.plant(&change).await;
        assert!(!is_approved(&marie, &people, TEXT).await, "{change}");
        let refused = marie.send(&preview, app.key()).await;
        assert_eq!(refused["errors"][0]["__typename"], "PreviewStaleError", "{change}: {refused}");
        app.plant(&back).await;
        assert!(is_approved(&marie, &people, TEXT).await, "{back}");
    }
    assert_eq!(marie.send(&preview, app.key()).await["errors"], json!([]));
}

async fn what_no_rule_reads_is_neither_asked_nor_used(app: TestApp) {
    let rule = in_force(&app, "forbidden-words", json!([])).await;
    let (marie, jeanne) = (app.marie().await, colleague(&app, "jeanne").await);
    let people = marie.musicians(3).await;
    let preview = approved(&marie, &jeanne, &people, TEXT).await;
    let (_, without) = app.statements(marie.preview(&people, TEXT)).await;
    assert_eq!(marie.send(&preview, app.key()).await["errors"], json!([]));
    assert_eq!(listed(&marie, &["APPROVED"]).await.len(), 1, "no rule asked for it");

    let version = "query($id: ID!) { node(id: $id) { ... on Rule { active { id } } } }";
    let active = app.admin().await.query(version, json!({ "id": rule["id"] })).await["node"]["active"].take();
    let retire = "mutation($input: RetireRuleInput!) { retireRule(input: $input) { errors { code } } }";
    let input = json!({ "rule": rule["id"], "expectedActive": active["id"] });
    let retired = app.admin().await.query(retire, json!({ "input": input })).await;
    assert_eq!(retired["retireRule"]["errors"], json!([]));
    in_force(&app, "two-people", json!([{ "name": "above", "value": "0" }])).await;
    let (preview, with) = app.statements(marie.preview(&people, TEXT)).await;
    assert_eq!(
        (passes(&preview), with),
        (false, without + 1),
        "it left already; one statement where a rule asks"
    );
}

async fn a_page_takes_as_many_statements_whatever_its_size(app: TestApp) {
    let (marie, jeanne) = two_people(&app).await;
    let people = marie.musicians(4).await;
    let more = async |text: &str| {
        let preview = approved(&marie, &jeanne, &people, text).await;
        assert_eq!(marie.send(&preview, app.key()).await["errors"], json!([]));
    };
    more("un").await;
    let document = "{ viewer { structure { sendApprovals { totalCount edges { node {
        id text sender requestedBy { email } decidedBy { email } campaign { createdBy { email } decision { outcome } }
    } } } } } }";
    let many = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on SendApproval { id requestedBy { email } decidedBy { email } campaign { id } } } }";
    let (page, one) = app.statements(marie.query(document, json!({}))).await;
    let ids = |page: &Value| -> Vec<Value> {
        let found = nodes(&page["viewer"]["structure"]["sendApprovals"]);
        found.iter().map(|node| node["id"].clone()).collect()
    };
    let (_, node) = app.statements(marie.query(many, json!({ "ids": ids(&page) }))).await;
    more("deux").await;
    more("trois").await;
    let (page, three) = app.statements(marie.query(document, json!({}))).await;
    assert_eq!((ids(&page).len(), three), (3, one));
    let (_, three) = app.statements(marie.query(many, json!({ "ids": ids(&page) }))).await;
    assert_eq!(three, node);
}
