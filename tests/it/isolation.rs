//! What is another structure's is, to the byte, as if it were not.

use api::caller::Operator;
use api::services::operator::{self, NewAccount};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::enums::{AccountKind, Locale};
use entity::sensitive::Sensitive;
use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

both!(
    an_id_of_elsewhere_is_no_id,
    what_is_changed_by_id_is_ones_own,
    a_filter_by_an_id_of_elsewhere_finds_nobody,
    a_list_holds_ones_own,
    what_is_watched_is_ones_own,
);

/// An administrator of another structure, who may read everything of it.
async fn stranger(app: &TestApp) -> Actor {
    let account = NewAccount {
        structure: app.structure("Harmonie de la Vallée").await,
        kind: AccountKind::Admin,
        email: "admin@harmonie.example".to_owned(),
        password: Sensitive::new("envoi-demo"),
        locale: Locale::Fr,
        person: None,
        grants: Vec::new(),
    };
    let made = operator::create_account(&app.ctx(), Operator::at_the_command_line(), account).await;
    made.expect("an account can be made");
    app.sign_in("admin@harmonie.example").await
}

/// An id of the same type that nothing has.
fn absent(id: &str) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(id).expect("ids are base64");
    if let Some(last) = bytes.last_mut() {
        *last ^= 0xFF;
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no id: {value}")).to_owned()
}

const MANIFEST: &str = r#"
slug = "own"
stages = ["SEND"]
title = { en = "Own", fr = "Propre" }
description = { en = "Own.", fr = "Propre." }
[codes.NO]
level = "DENY"
en = "No."
fr = "Non."
[[cases]]
facts = {}
verdict = "PASS"
[[cases]]
facts = { message = { length = 1000 } }
verdict = "NO"
"#;

/// One id of each type, of the Quatre Vents, each readable by its owner.
async fn ids(app: &TestApp) -> Vec<(&'static str, Actor, String)> {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let preview = marie.preview(&marie.musicians(1).await, "Bonjour").await;
    let campaign = marie.sends(&marie.musicians(1).await, "Bonjour").await;
    app.dispatch_all().await;
    let message = nodes(&marie.campaign(&campaign).await["messages"]).remove(0);
    let document = "{ viewer { id structure { id credit { id ledger { edges { node { id } } } orders { edges { node { id } } } } } } }";
    let viewer = admin.query(document, json!({})).await["viewer"].take();
    let credit = &viewer["structure"]["credit"];
    let save = "mutation($manifest: String!) { saveRule(input: { manifest: $manifest, source: \"message.length < 900\" }) {
        rule { id } version { id } errors { code message } } }";
    let saved = admin.query(save, json!({ "manifest": MANIFEST })).await["saveRule"].take();
    let save = "mutation { saveMessageTemplate(input: { name: \"Rappel\", text: \"Bonjour\" }) { template { id current { id } } } }";
    let template = marie.query(save, json!({})).await["saveMessageTemplate"]["template"].take();
    let request =
        "mutation($token: String!) { requestApproval(input: { previewToken: $token }) { approval { id } } }";
    let asked = marie.query(request, json!({ "token": preview["token"] })).await["requestApproval"].take();
    vec![
        ("Structure", admin.clone(), text(&viewer["structure"]["id"])),
        ("Viewer", admin.clone(), text(&viewer["id"])),
        ("Account", marie.clone(), text(&campaign["createdBy"]["id"])),
        ("Person", marie.clone(), marie.person("Aubry").await),
        ("Tag", marie.clone(), marie.tag("Musicien").await),
        ("PersonList", marie.clone(), marie.list("Orchestre").await),
        ("Credit", admin.clone(), text(&credit["id"])),
        ("LedgerEntry", admin.clone(), text(&nodes(&credit["ledger"])[0]["id"])),
        ("TopUpOrder", admin.clone(), text(&nodes(&credit["orders"])[0]["id"])),
        ("SmsPreview", marie.clone(), text(&preview["id"])),
        ("Decision", marie.clone(), text(&preview["decision"]["id"])),
        ("Campaign", marie.clone(), text(&campaign["id"])),
        ("SmsMessage", marie.clone(), text(&message["id"])),
        ("Rule", admin.clone(), text(&saved["rule"]["id"])),
        ("RuleVersion", admin, text(&saved["version"]["id"])),
        ("MessageTemplate", marie.clone(), text(&template["id"])),
        ("MessageTemplateVersion", marie.clone(), text(&template["current"]["id"])),
        ("SendApproval", marie, text(&asked["approval"]["id"])),
    ]
}

async fn an_id_of_elsewhere_is_no_id(app: TestApp) {
    let stranger = stranger(&app).await;
    let ids = ids(&app).await;
    let one = "query($id: ID!) { node(id: $id) { __typename id } }";
    let many = "query($id: ID!) { nodes(ids: [$id]) { __typename id } }";
    for (kind, owner, id) in &ids {
        let own = owner.query(one, json!({ "id": id })).await;
        assert_eq!(own["node"], json!({ "__typename": kind, "id": id }));
        for document in [one, many] {
            let foreign = stranger.ask(document, json!({ "id": id })).await;
            assert!(!foreign.text().contains("errors"), "{kind}: {}", foreign.text());
            let nothing = [
                absent(id),
                String::new(),
                "🎺".to_owned(),
                format!("{id}A"),
                id[1..].to_owned(),
                "a".repeat(5_000),
            ];
            for other in nothing {
                let answer = stranger.ask(document, json!({ "id": other })).await;
                assert_eq!(
                    (answer.status, answer.text()),
                    (foreign.status, foreign.text()),
                    "{kind}: {other}"
                );
                let names: Vec<_> = answer.headers.keys().collect();
                assert_eq!(names, foreign.headers.keys().collect::<Vec<_>>());
            }
        }
    }
    // The schema has no type with an id that this test forgets.
    let schema = api::graphql::sdl();
    let types: Vec<&str> = schema
        .lines()
        .filter_map(|line| line.strip_prefix("type "))
        .filter(|line| line.contains("implements Node"))
        .collect();
    assert_eq!(types.len(), ids.len(), "{types:?}");
}

/// What changes something by the id of an object, and the type of that object.
const CHANGES: &[(&str, &str)] = &[
    (
        "mutation($id: ID!) { setRuleState(input: { rule: $id, state: OFF }) { rule { id } errors { code message path } } }",
        "Rule",
    ),
    (
        "mutation($id: ID!) { publishRule(input: { version: $id }) { rule { id } errors { code message path } } }",
        "RuleVersion",
    ),
    (
        "mutation($id: ID!) { saveRule(input: { rule: $id, manifest: \"\", source: \"\" }) { rule { id } errors { code message path } } }",
        "Rule",
    ),
    (
        "mutation($id: ID!) { startRule(input: { from: { rule: $id } }) { rule { id } errors { code message path } } }",
        "Rule",
    ),
    (
        "mutation($id: ID!) { rollBackRule(input: { rule: $id, toVersion: $id }) { rule { id } errors { code message path } } }",
        "Rule",
    ),
    (
        "mutation($id: ID!) { discardRuleDraft(input: { rule: $id, version: $id }) { rule { id } errors { code message path } } }",
        "Rule",
    ),
    (
        "mutation($id: ID!) { retireRule(input: { rule: $id }) { rule { id } errors { code message path } } }",
        "Rule",
    ),
    (
        "mutation($id: ID!) { reorderRules(input: { rules: [$id] }) { rules { id } errors { code message path } } }",
        "Rule",
    ),
    (
        "mutation($id: ID!) { previewSms(input: { audience: { people: [$id] }, message: { text: \"a\" } }) { errors { code message path } } }",
        "Person",
    ),
    (
        "mutation($id: ID!) { previewSms(input: { audience: { matching: { filter: { tags: { all: [$id] } } } }, message: { text: \"a\" } }) { errors { code message path } } }",
        "Tag",
    ),
    (
        "mutation($id: ID!) { cancelCampaign(input: { campaign: $id }) { campaign { id } errors { code message path } } }",
        "Campaign",
    ),
    (
        "mutation($id: ID!) { pauseCampaign(input: { campaign: $id }) { campaign { id } errors { code message path } } }",
        "Campaign",
    ),
    (
        "mutation($id: ID!) { resumeCampaign(input: { campaign: $id }) { campaign { id } errors { code message path } } }",
        "Campaign",
    ),
    (
        "mutation($id: ID!) { retryCampaign(input: { campaign: $id }) { preview { id } errors { code message path } } }",
        "Campaign",
    ),
    (
        "mutation($id: ID!) { previewSms(input: { audience: { matching: { filter: { list: $id } } }, message: { text: \"\" } }) { errors { code message path } } }",
        "PersonList",
    ),
    (
        "mutation($id: ID!) { saveMessageTemplate(input: { template: $id, name: \"A\", text: \"a\" }) { template { id } errors { code message path } } }",
        "MessageTemplate",
    ),
    (
        "mutation($id: ID!) { saveMessageTemplate(input: { basedOn: $id, name: \"A\", text: \"a\" }) { template { id } errors { code message path } } }",
        "MessageTemplateVersion",
    ),
    (
        "mutation($id: ID!) { archiveMessageTemplate(input: { template: $id }) { template { id } errors { code message path } } }",
        "MessageTemplate",
    ),
    (
        "mutation($id: ID!) { previewSms(input: { audience: { matching: { filter: {} } }, message: { text: \"a\", template: $id } }) { errors { code message path } } }",
        "MessageTemplateVersion",
    ),
    (
        "mutation($id: ID!) { approveSend(input: { id: $id }) { approval { id } errors { code message path } } }",
        "SendApproval",
    ),
    (
        "mutation($id: ID!) { declineSend(input: { id: $id }) { approval { id } errors { code message path } } }",
        "SendApproval",
    ),
];

async fn what_is_changed_by_id_is_ones_own(app: TestApp) {
    let (stranger, zoe) = (stranger(&app).await, app.zoe().await);
    let ids = ids(&app).await;
    let id = |kind: &str| ids.iter().find(|one| one.0 == kind).expect("every type is there").2.clone();
    for (document, kind) in CHANGES {
        let id = id(kind);
        // An administrator may change anything, but approves nothing.
        let stranger = if *kind == "SendApproval" { &zoe } else { &stranger };
        let foreign = stranger.ask(document, json!({ "id": id })).await.text();
        assert!(foreign.contains("\"code\":\""), "{foreign}");
        for other in [absent(&id), "🎺".to_owned(), String::new()] {
            assert_eq!(stranger.ask(document, json!({ "id": other })).await.text(), foreign, "{document}");
        }
    }
}

async fn a_filter_by_an_id_of_elsewhere_finds_nobody(app: TestApp) {
    let (stranger, marie) = (stranger(&app).await, app.marie().await);
    let people = "query($filter: PersonFilter!) { viewer { structure { people(filter: $filter) { totalCount edges { node { id } } } } } }";
    let preview = "mutation($filter: PersonFilter!) { previewSms(input: {
        audience: { matching: { filter: $filter } }, message: { text: \"a\" }
    }) { preview { recipientCount excludedCount cost } errors { code message path } } }";
    let (own_tag, own_person) = (stranger.tag("Musicien").await, stranger.person("Legrand").await);
    for (field, id, of_another_type) in [
        ("list", marie.list("Orchestre").await, &own_tag),
        ("taughtBy", marie.person("Garnier Hélène").await, &own_tag),
        ("tags", marie.tag("Musicien").await, &own_person),
    ] {
        let filter = |id: &str| match field {
            "tags" => json!({ "tags": { "any": [id] } }),
            _ => json!({ field: id }),
        };
        for (document, negated) in [(people, false), (people, true), (preview, false), (preview, true)] {
            let asked = |id: &str| {
                let filter = filter(id);
                json!({ "filter": if negated { json!({ "not": { "or": [filter] } }) } else { filter } })
            };
            let answer = stranger.ask(document, asked(&id)).await.text();
            let everyone = answer.contains("\"totalCount\":5") || answer.contains("\"recipientCount\":5");
            assert_eq!(everyone, negated, "{field}: {answer}");
            for other in [&absent(&id), "🎺", "", of_another_type] {
                assert_eq!(stranger.ask(document, asked(other)).await.text(), answer, "{field}: {other}");
            }
        }
    }
}

async fn a_list_holds_ones_own(app: TestApp) {
    let stranger = stranger(&app).await;
    let ids = ids(&app).await;
    let document = "{ viewer { id structure { id
        people(first: 100) { edges { node { id lists(first: 2) { edges { node { id } } } teachers(first: 2) { edges { node { id } } } } } }
        tags(first: 100) { edges { node { id } } } lists(first: 100) { edges { node { id } } }
        credit { id ledger(first: 100) { edges { node { id } } } orders(first: 100) { edges { node { id } } } }
        rules(first: 100) { edges { node { id } } } decisions(first: 100) { edges { node { id } } }
        campaigns(first: 100) { edges { node { id } } } optOuts(first: 100) { edges { node { person { id } } } }
        sendApprovals(first: 100) { edges { node { id } } }
        messageTemplates(first: 100) { edges { node { id versions(first: 2) { edges { node { id } } } } } }
    } } }";
    let all = stranger.ask(document, json!({})).await;
    assert!(!all.text().contains("\"errors\""), "{}", all.text());
    for (kind, _, id) in &ids {
        assert!(!all.text().contains(&format!("\"{id}\"")), "{kind}");
    }
    let structure = &all.json()["data"]["viewer"]["structure"];
    assert_eq!((nodes(&structure["people"]).len(), nodes(&structure["campaigns"]).len()), (5, 0));
}

/// What a subscription answers to someone: its first message, and its second where the first is not all.
async fn watched(actor: &Actor, document: &str, id: &str) -> Vec<Value> {
    let mut socket = actor.socket().await;
    socket.subscribe("1", document, json!({ "id": id })).await;
    let mut heard = vec![socket.message().await];
    if heard[0]["payload"]["data"].as_object().is_some_and(|data| data.values().all(Value::is_null)) {
        heard.push(socket.message().await);
    }
    heard
}

async fn what_is_watched_is_ones_own(app: TestApp) {
    let stranger = stranger(&app).await;
    let ids = ids(&app).await;
    let id = |kind: &str| ids.iter().find(|one| one.0 == kind).expect("every type is there").2.clone();
    let by_id = [(
        "campaignProgress",
        "subscription($id: ID!) { campaignProgress(campaign: $id) { id state progress { total } text } }",
        id("Campaign"),
    )];
    let of_structure = [
        ("creditChanged", "subscription { creditChanged { id balance ledger { edges { node { id } } } } }"),
        ("creditLow", "subscription { creditLow { id balance ledger { edges { node { id } } } } }"),
    ];
    // Every balance is low, so that it is told at once.
    app.plant("UPDATE credit SET low_at = available, low_since = 0, low_count = 1").await;
    let complete = json!({ "type": "complete", "id": "1" });
    let tried = [(
        "backtestRule",
        "subscription($id: ID!) { backtestRule(input: { candidate: { version: $id } }) { backtest { ruleSlug } errors { code } } }",
    )];
    let version = id("RuleVersion");
    let foreign = watched(&stranger, tried[0].1, &version).await;
    assert_eq!(foreign[0]["payload"]["data"]["backtestRule"]["backtest"], Value::Null);
    assert_eq!(code_of(&foreign[0]["payload"]["data"]["backtestRule"]), "RULE_VERSION_NOT_FOUND");
    for other in [absent(&version), String::new(), "🎺".to_owned(), version[1..].to_owned()] {
        assert_eq!(watched(&stranger, tried[0].1, &other).await, foreign, "backtestRule: {other}");
    }
    let own = &watched(&app.admin().await, tried[0].1, &version).await[0];
    assert_eq!(own["payload"]["data"]["backtestRule"]["backtest"]["ruleSlug"], "own", "{own}");
    for (field, document, id) in &by_id {
        let foreign = watched(&stranger, document, id).await;
        assert_eq!(foreign[0]["payload"], json!({ "data": { *field: null } }));
        assert_eq!(foreign[1], complete);
        for other in [absent(id), String::new(), "🎺".to_owned(), id[1..].to_owned()] {
            assert_eq!(watched(&stranger, document, &other).await, foreign, "{field}: {other}");
        }
        let own = &watched(&app.marie().await, document, id).await[0];
        assert_eq!(own["payload"]["data"][field]["id"], json!(id));
    }
    for (field, document) in of_structure {
        let told = &watched(&stranger, document, "").await[0];
        assert!(
            told["payload"]["data"][field]["id"].is_string() && told["payload"]["errors"].is_null(),
            "{told}"
        );
        assert!(ids.iter().all(|(_, _, id)| !told.to_string().contains(&format!("\"{id}\""))), "{told}");
    }
    let documents = tried.into_iter().chain(by_id.iter().map(|one| (one.0, one.1))).chain(of_structure);
    let covered: Vec<_> = documents.clone().map(|(field, _)| json!(field)).collect();
    for (field, document) in documents {
        let heard = watched(&app.anonymous(), document, &id("Campaign")).await;
        assert_eq!(heard[0]["payload"]["data"], json!({ field: null }));
        assert_eq!(code_of(&heard[0]["payload"]), "UNAUTHENTICATED", "{field}");
        assert_eq!(heard[1], complete);
    }
    // The schema has no subscription that this test forgets.
    let asked = "{ __schema { subscriptionType { fields { name } } } }";
    let schema = app.anonymous().query(asked, json!({})).await["__schema"].take();
    let fields = schema["subscriptionType"]["fields"].as_array().expect("fields");
    let mut fields: Vec<_> = fields.iter().map(|field| field["name"].clone()).collect();
    fields.sort_by_key(Value::to_string);
    assert_eq!(fields, covered);
}
