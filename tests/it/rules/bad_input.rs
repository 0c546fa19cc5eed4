//! What authors get wrong, or try: told clearly, in both languages, with the last good version still in force.

use envoi_tests::{Actor, TestApp, both, code_of};
use serde_json::{Value, json};

use super::{SOURCE, change, changed, manifest, publish, save, set, verdict};

both!(
    what_is_wrong_is_told_in_both_languages,
    what_is_too_large_or_hidden_is_refused,
    a_rule_switched_off_under_an_open_preview,
    numbers_of_rules_are_bounded,
);

/// A rule in force that refuses three messages, and its next draft.
async fn next(admin: &Actor, manifest: &str, source: &str) -> Value {
    let input = json!({ "manifest": super::manifest("DENY"), "source": SOURCE });
    let first = publish(admin, &save(admin, input).await, "ACTIVE").await;
    let input = json!({ "rule": first["rule"]["id"], "basedOn": first["version"]["id"], "manifest": manifest, "source": source });
    json!({ "input": input, "active": first["version"]["id"] })
}

async fn what_is_wrong_is_told_in_both_languages(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let good = manifest("DENY");
    let mut based_on = Value::Null;
    let mut ready = next(&admin, &good, SOURCE).await;
    for (manifest, source, english, french) in [
        (good.replace("stages =", "colour = \"red\"\nstages ="), SOURCE, "colour", "colour"),
        (good.replace("[params.most]", "[params.most]\nstep = 2"), SOURCE, "step", "step"),
        (good.replace("default = 2", "default = 11"), SOURCE, "params.most", "params.most"),
        (good.replace("max = 10", "max = 0"), SOURCE, "params.most", "params.most"),
        (good.replace("message_count = 3 } }", "message_count = 2 } }"), SOURCE, "cases[2]", "cases[2]"),
        (good.clone(), "audience.message_cuont <= params.most", "message_cuont", "message_cuont"),
        (good.replace("Small sends", "Small\u{202e} sends"), SOURCE, "U+202E", "U+202E"),
        (good.clone(), "audience.message_count <= params.most // \u{2066}", "U+2066", "U+2066"),
        (good.clone(), "true; true", "", ""),
    ] {
        ready["input"]["manifest"] = json!(manifest);
        ready["input"]["source"] = json!(source);
        if !based_on.is_null() {
            ready["input"]["basedOn"] = based_on;
        }
        let kept = changed(&admin, "saveRule", ready["input"].clone()).await;
        based_on = kept["version"]["id"].clone();
        let document = "query($id: ID!) { node(id: $id) { ... on RuleVersion { diagnostics { severity message line column } } } }";
        let told = async |actor: &Actor| {
            let node = actor.query(document, json!({ "id": based_on })).await["node"].take();
            let all = node["diagnostics"].as_array().expect("diagnostics").clone();
            let error = all.iter().find(|one| one["severity"] == "ERROR").expect("an error").clone();
            error["message"].as_str().expect("a message").to_owned()
        };
        let (in_french, in_english) = (told(&admin).await, told(&admin.in_english()).await);
        assert!(in_french.contains(french) && in_english.contains(english), "{in_french} / {in_english}");
        assert_ne!(in_french, in_english);
        let refused = json!({ "version": based_on, "expectedActive": ready["active"] });
        assert_eq!(code_of(&change(&admin, "publishRule", refused).await), "RULE_NOT_PUBLISHABLE");
        let preview = marie.preview(&marie.musicians(3).await, "Bonjour").await;
        assert_eq!(preview["decision"]["outcome"], "REFUSED", "the last good version is in force");
    }
    for (value, code) in
        [("0", "PARAMETER_OUT_OF_BOUNDS"), ("11", "PARAMETER_OUT_OF_BOUNDS"), ("2.5", "PARAMETER_INVALID")]
    {
        let refused =
            set(&admin, "small-sends", json!({ "parameters": [{ "name": "most", "value": value }] })).await;
        assert_eq!(code_of(&refused), code, "{value}");
    }
    assert_eq!(
        code_of(&save(&admin, json!({ "manifest": good, "source": SOURCE })).await),
        "RULE_SLUG_TAKEN"
    );
}

async fn what_is_too_large_or_hidden_is_refused(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let ready = next(&admin, &manifest("DENY"), SOURCE).await;
    let with = |field: &str, text: String| {
        let mut input = ready["input"].clone();
        input[field] = json!(text);
        input
    };
    for (field, text, code) in [
        ("source", format!("true{}", " ".repeat(8 * 1024)), "RULE_TEXT_TOO_LONG"),
        ("source", "1;".repeat(50_000), "RULE_TEXT_TOO_LONG"),
        ("manifest", format!("{}{}", manifest("DENY"), "#".repeat(32 * 1024)), "RULE_TEXT_TOO_LONG"),
        ("source", "true\0".to_owned(), "RULE_TEXT_INVALID"),
        ("manifest", "slug = \"a\0\"".to_owned(), "RULE_TEXT_INVALID"),
        ("comment", "a\0".to_owned(), "RULE_TEXT_INVALID"),
        ("comment", "abc\u{202e}def".to_owned(), "RULE_TEXT_INVALID"),
        ("comment", "é".repeat(501), "RULE_COMMENT_TOO_LONG"),
    ] {
        for actor in [&admin, &admin.in_english()] {
            let refused = change(actor, "saveRule", with(field, text.clone())).await;
            assert_eq!(
                (code_of(&refused), &refused["errors"][0]["path"]),
                (&json!(code), &json!([field])),
                "{field}"
            );
        }
    }
    let document = "mutation($input: SaveRuleInput!) { saveRule(input: $input) { errors { code } } }";
    let huge = admin.ask(document, json!({ "input": with("source", "1;".repeat(5_000_000)) })).await;
    assert_eq!((huge.status.as_u16(), code_of(&huge.json())), (413, &json!("BODY_TOO_LARGE")));
    let preview = marie.preview(&marie.musicians(3).await, "Bonjour").await;
    assert_eq!(preview["decision"]["outcome"], "REFUSED", "what was in force is");
}

async fn a_rule_switched_off_under_an_open_preview(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let input = json!({ "manifest": manifest("CONFIRM"), "source": SOURCE });
    let published = publish(&admin, &save(&admin, input).await, "ACTIVE").await;
    let people = marie.musicians(3).await;
    for field in ["off", "retired"] {
        let asked = marie.preview(&people, "Bonjour").await;
        assert_eq!(asked["decision"]["outcome"], "CONFIRMATION_REQUIRED", "{field}");
        let id = &published["rule"]["id"];
        if field == "off" {
            changed(&admin, "setRuleState", json!({ "rule": id, "state": "OFF" })).await;
        } else {
            changed(
                &admin,
                "retireRule",
                json!({ "rule": id, "expectedActive": published["version"]["id"] }),
            )
            .await;
        }
        // What was shown is no longer what the rules say: the answer is the preview of today, to be sent as any other.
        let stale = marie.send_confirming(&asked, app.key(), &["TOO_MANY_MESSAGES"]).await;
        let error = &stale["errors"][0];
        assert_eq!(error["__typename"], "PreviewStaleError", "{stale}");
        let message = error["message"].as_str().expect("a message");
        assert!(message.starts_with("Les règles de votre structure ont changé"), "{message}");
        assert_eq!(error["preview"]["decision"]["outcome"], "ALLOWED");
        assert_eq!(verdict(&error["preview"], "small-sends"), &Value::Null);
        assert_eq!(marie.send(&error["preview"], app.key()).await["errors"], json!([]));
        if field == "off" {
            changed(&admin, "setRuleState", json!({ "rule": id, "state": "ACTIVE" })).await;
        }
    }
}

async fn numbers_of_rules_are_bounded(app: TestApp) {
    let admin = app.admin().await;
    let start = |number: usize| json!({ "from": { "template": "forbidden-words" }, "slug": format!("words-{number}") });
    for number in 0..50 {
        changed(&admin, "startRule", start(number)).await;
    }
    let refused = change(&admin, "startRule", start(50)).await;
    assert_eq!(code_of(&refused), "RULE_LIMIT_REACHED", "{refused}");
    let all = super::life::rules(&admin, false).await;
    let last = all.last().expect("rules");
    let versions = "query($id: ID!) { node(id: $id) { ... on Rule { versions { edges { node { id } } } } } }";
    let version = admin.query(versions, json!({ "id": last["id"] })).await;
    let version = &version["node"]["versions"]["edges"][0]["node"]["id"];
    changed(&admin, "discardRuleDraft", json!({ "rule": last["id"], "version": version })).await;
    changed(&admin, "startRule", start(50)).await;
}
