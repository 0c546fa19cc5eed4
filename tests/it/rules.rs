//! What a structure may change of the rules, and what it may not.

mod at_once;
mod authors;
mod backtest;
mod bad_input;
mod before;
mod commercial;
mod explained;
mod holidays;
mod life;
mod loading;
mod own;
mod plugins;
mod recipients;
mod replaced;
mod scheduled;
mod trial;
mod turns;

use api::caller::Operator;
use api::services::operator::{self, NewAccount};
use entity::enums::{AccountKind, Locale};
use entity::sensitive::Sensitive;
use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

both!(
    a_lower_limit_is_kept_to,
    a_value_out_of_bounds_is_refused_by_its_bound,
    a_locked_rule_cannot_be_loosened,
    who_may_not_read_rules_may_not_change_them,
);

const SET: &str = "mutation($input: SetRuleStateInput!) { setRuleState(input: $input) {
    rule { slug state parameters { name value default min max type } } errors { __typename code message path }
} }";

const SAVE: &str = "mutation($input: SaveRuleInput!) { saveRule(input: $input) {
    rule { id slug state origin lock active { id } } version { id number state author { email } diagnostics { severity message line column hint } }
    errors { __typename code message path }
} }";

const PUBLISH: &str = "mutation($input: PublishRuleInput!) { publishRule(input: $input) {
    rule { id state active { id number } } version { id state } errors { __typename code message path }
} }";

async fn rule(actor: &Actor, slug: &str) -> Value {
    let document = "{ viewer { structure { rules(first: 100) {
        edges { node { id slug title description origin lock stages state position } }
    } } } }";
    let rules = nodes(&actor.query(document, json!({})).await["viewer"]["structure"]["rules"]);
    rules.into_iter().find(|rule| rule["slug"] == slug).unwrap_or_else(|| panic!("no rule {slug}"))
}

async fn set(actor: &Actor, slug: &str, mut input: Value) -> Value {
    input["rule"] = rule(actor, slug).await["id"].clone();
    actor.query(SET, json!({ "input": input })).await["setRuleState"].take()
}

async fn save(actor: &Actor, input: Value) -> Value {
    actor.query(SAVE, json!({ "input": input })).await["saveRule"].take()
}

async fn publish(actor: &Actor, saved: &Value, state: &str) -> Value {
    let input = json!({
        "version": saved["version"]["id"], "state": state, "expectedActive": saved["rule"]["active"]["id"]
    });
    actor.query(PUBLISH, json!({ "input": input })).await["publishRule"].take()
}

/// What one of the mutations of rules answers.
async fn change(actor: &Actor, field: &str, input: Value) -> Value {
    let version = "id number state comment author { email } publishedBy { email } publishedAt diagnostics { severity message }";
    let rule = "id slug state origin position parameters { name value } active { id number }
        replaces { id slug } replacedBy { id } retiredAt retiredBy { email }";
    let selected = match field {
        "startRule" | "saveRule" | "publishRule" | "rollBackRule" => {
            format!("rule {{ {rule} }} version {{ {version} }}")
        }
        "discardRuleDraft" => format!("discarded rule {{ {rule} }}"),
        "reorderRules" => "rules { id slug position }".to_owned(),
        _ => format!("rule {{ {rule} }}"),
    };
    let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let document = format!(
        "mutation($input: {kind}!) {{ {field}(input: $input) {{ {selected} errors {{ __typename code message path
            ... on RuleConflictError {{ by {{ email }} at current {{ id number }} }} }} }} }}"
    );
    actor.query(&document, json!({ "input": input })).await[field].take()
}

/// What the mutation answers, done.
async fn changed(actor: &Actor, field: &str, input: Value) -> Value {
    let done = change(actor, field, input).await;
    assert_eq!(done["errors"], json!([]), "{done}");
    done
}

/// Another administrator of the same structure.
async fn another_admin(app: &TestApp) -> Actor {
    let account = NewAccount {
        structure: app.quatre_vents().await,
        kind: AccountKind::Admin,
        email: "admin2@quatre-vents.example".to_owned(),
        password: Sensitive::new("envoi-demo"),
        locale: Locale::Fr,
        person: None,
        grants: Vec::new(),
    };
    let made = operator::create_account(&app.ctx(), Operator::at_the_command_line(), account).await;
    made.expect("an account can be made");
    app.sign_in("admin2@quatre-vents.example").await
}

/// A rule on the number of messages, whose one code has a level.
fn manifest(level: &str) -> String {
    format!(
        r#"
slug = "small-sends"
stages = ["PREVIEW", "SEND"]
title = {{ en = "Small sends only", fr = "Petits envois seulement" }}
description = {{ en = "A send goes to few.", fr = "Un envoi va à peu de monde." }}

[params.most]
type = "INT"
default = 2
min = 1
max = 10
title = {{ en = "Most messages", fr = "Nombre maximal de messages" }}

[codes.TOO_MANY_MESSAGES]
level = "{level}"
en = "{{audience.message_count}} messages, where {{params.most}} are the most."
fr = "{{audience.message_count}} messages, pour {{params.most}} au plus."

[[cases]]
facts = {{ audience = {{ message_count = 2 }} }}
verdict = "PASS"

[[cases]]
facts = {{ audience = {{ message_count = 3 }} }}
verdict = "TOO_MANY_MESSAGES"
"#
    )
}

const SOURCE: &str = "audience.message_count <= params.most";

fn verdict<'a>(preview: &'a Value, slug: &str) -> &'a Value {
    let verdicts = preview["decision"]["verdicts"].as_array().expect("verdicts");
    verdicts.iter().find(|verdict| verdict["ruleSlug"] == slug).unwrap_or(&Value::Null)
}

async fn a_lower_limit_is_kept_to(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let done =
        set(&admin, "message-length", json!({ "parameters": [{ "name": "max_length", "value": "20" }] }))
            .await;
    assert_eq!(done["errors"], json!([]));
    let parameter = json!({ "name": "max_length", "value": "20", "default": "149", "min": "1", "max": "918", "type": "INT" });
    assert_eq!(done["rule"]["parameters"], json!([parameter]));
    let people = marie.musicians(1).await;
    let long = marie.preview(&people, &"a".repeat(21)).await;
    assert_eq!((&long["metrics"]["limit"], &long["metrics"]["remaining"]), (&json!(20), &json!(-1)));
    assert_eq!(
        (&long["decision"]["outcome"], &verdict(&long, "message-length")["code"]),
        (&json!("REFUSED"), &json!("MESSAGE_TOO_LONG"))
    );
    assert_eq!(marie.preview(&people, &"a".repeat(20)).await["decision"]["outcome"], "ALLOWED");
    let nils = app.nils().await;
    let elsewhere = nils.preview(&nils.ids(json!({})).await, "a").await;
    assert_eq!(elsewhere["metrics"]["limit"], 149, "another structure keeps its own");
}

async fn a_value_out_of_bounds_is_refused_by_its_bound(app: TestApp) {
    let admin = app.admin().await;
    for (name, value, code, named) in [
        ("max_length", "0", "PARAMETER_OUT_OF_BOUNDS", "1"),
        ("max_length", "919", "PARAMETER_OUT_OF_BOUNDS", "918"),
        ("max_length", "many", "PARAMETER_INVALID", "max_length"),
        ("max_length", "99999999999999999999", "PARAMETER_INVALID", "max_length"),
        ("max_lenght", "100", "PARAMETER_UNKNOWN", "max_length"),
    ] {
        for actor in [&admin, &admin.in_english()] {
            let refused =
                set(actor, "message-length", json!({ "parameters": [{ "name": name, "value": value }] }))
                    .await;
            assert_eq!((code_of(&refused), &refused["rule"]), (&json!(code), &Value::Null), "{refused}");
            let message = refused["errors"][0]["message"].as_str().expect("a message");
            assert!(message.contains(named), "{message}");
            assert_eq!(refused["errors"][0]["path"], json!(["parameters"]));
        }
    }
    let done = set(&admin, "message-length", json!({})).await;
    assert_eq!(done["rule"]["parameters"][0]["value"], "149", "nothing was changed");
}

async fn a_locked_rule_cannot_be_loosened(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    for slug in [
        "subscription-active",
        "sms-configured",
        "not-admin-account",
        "write-permission",
        "credit-sufficient",
        "legal-hours",
        "commercial-consent",
    ] {
        assert_eq!(rule(&admin, slug).await["lock"], "LOCKED", "{slug}");
        for state in ["OFF", "OBSERVED"] {
            let refused = set(&admin, slug, json!({ "state": state })).await;
            let error = &refused["errors"][0];
            assert_eq!(
                (&error["__typename"], &error["code"]),
                (&json!("RuleLockedError"), &json!("RULE_LOCKED")),
                "{refused}"
            );
        }
    }
    let id = rule(&admin, "credit-sufficient").await["id"].clone();
    let replaced = save(&admin, json!({ "rule": id, "manifest": manifest("DENY"), "source": "true" })).await;
    assert_eq!(replaced["errors"][0]["__typename"], "RuleLockedError");
    let usurped = manifest("DENY").replace("small-sends", "credit-sufficient");
    assert_eq!(
        code_of(&save(&admin, json!({ "manifest": usurped, "source": SOURCE })).await),
        "RULE_SLUG_TAKEN"
    );
    assert_eq!(
        set(&admin, "message-length", json!({ "state": "OFF" })).await["rule"]["state"],
        "OFF",
        "an adjustable one can"
    );
    let long = marie.preview(&marie.musicians(1).await, &"a".repeat(150)).await;
    assert_eq!(long["decision"]["outcome"], "ALLOWED");
}

async fn who_may_not_read_rules_may_not_change_them(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let saved = save(&admin, json!({ "manifest": manifest("DENY"), "source": SOURCE })).await;
    let id = rule(&admin, "message-length").await["id"].clone();
    let (rule_id, version) = (&saved["rule"]["id"], &saved["version"]["id"]);
    for (field, input) in [
        ("startRule", json!({ "from": { "template": "forbidden-words" } })),
        ("rollBackRule", json!({ "rule": rule_id, "toVersion": version })),
        ("discardRuleDraft", json!({ "rule": rule_id, "version": version })),
        ("retireRule", json!({ "rule": rule_id })),
        ("reorderRules", json!({ "rules": [rule_id] })),
    ] {
        let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
        let document =
            format!("mutation($input: {kind}!) {{ {field}(input: $input) {{ errors {{ code }} }} }}");
        let answer = marie.try_query(&document, json!({ "input": input })).await;
        assert_eq!(code_of(&answer), "FORBIDDEN", "{answer}");
    }
    let templates = marie.try_query("{ ruleTemplates { slug } }", json!({})).await;
    assert_eq!(
        (code_of(&templates), &templates["data"]["ruleTemplates"]),
        (&json!("FORBIDDEN"), &Value::Null)
    );
    for (document, input) in [
        (SET, json!({ "rule": id, "state": "OFF" })),
        (SAVE, json!({ "manifest": manifest("DENY"), "source": SOURCE })),
        (PUBLISH, json!({ "version": saved["version"]["id"] })),
    ] {
        let answer = marie.try_query(document, json!({ "input": input })).await;
        assert_eq!(code_of(&answer), "FORBIDDEN", "{answer}");
    }
    assert_eq!(rule(&admin, "message-length").await["state"], "ACTIVE");
}
