//! Rules of the platform that a structure rewrites, where their lock lets it.

use envoi_tests::{Actor, TestApp, both, code_of};
use serde_json::{Value, json};

use super::life::{rules, slugs};
use super::{change, changed, publish, rule, save, set, verdict};

both!(
    a_rule_of_the_platform_is_rewritten,
    the_rule_of_the_platform_comes_back,
    what_the_structure_set_goes_along,
    a_locked_rule_is_not_rewritten,
    a_rewritten_rule_that_is_off_is_off,
    a_rewritten_rule_is_tried_beside_nothing_in_force,
    a_verdict_tells_whose_rule_ran,
);

/// `large-send` as the structure starts it, its first draft.
async fn started(admin: &Actor, parameters: Value) -> Value {
    let id = rule(admin, "large-send").await["id"].clone();
    changed(admin, "startRule", json!({ "from": { "rule": id }, "parameters": parameters })).await
}

/// The manifest of `large-send` as its own.
async fn own_manifest(admin: &Actor) -> String {
    let all = admin.query("{ ruleTemplates { slug manifest } }", json!({})).await["ruleTemplates"].take();
    let all = all.as_array().expect("a list").clone();
    let found = all.into_iter().find(|template| template["slug"] == "large-send").expect("it is there");
    found["manifest"].as_str().expect("a text").to_owned()
}

/// `large-send`, asking above three messages, and a draft of the structure's that asks from three on.
async fn rewritten(admin: &Actor) -> (Value, Value) {
    let platform = rule(admin, "large-send").await;
    let input = json!({ "state": "ACTIVE", "parameters": [{ "name": "ask_above", "value": "3" }] });
    set(admin, "large-send", input).await;
    let source = "audience.message_count < params.ask_above";
    let manifest = own_manifest(admin)
        .await
        .replace("count = 500 } }\nverdict = \"PASS\"", "count = 499 } }\nverdict = \"PASS\"")
        .replace("count = 0 } }", "count = 1 } }")
        .replace("ask_above = 1 }\nverdict = \"PASS\"", "ask_above = 2 }\nverdict = \"PASS\"");
    let draft = save(admin, json!({ "rule": platform["id"], "manifest": manifest, "source": source })).await;
    assert_eq!((&draft["errors"], &draft["version"]["diagnostics"]), (&json!([]), &json!([])), "{draft}");
    (platform, draft)
}

async fn a_rule_of_the_platform_is_rewritten(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let people = marie.musicians(3).await;
    let (platform, draft) = rewritten(&admin).await;
    let open = marie.preview(&people, "Bonjour").await;
    assert_eq!(open["decision"]["outcome"], "ALLOWED", "a draft does not run");
    let of_slug = |rules: &[Value]| {
        let found = rules.iter().filter(|rule| rule["slug"] == "large-send");
        found.map(|rule| rule["origin"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of_slug(&rules(&admin, false).await), ["PLATFORM", "STRUCTURE"], "the rule, and its draft");

    let published = changed(&admin, "publishRule", json!({ "version": draft["version"]["id"] })).await;
    let now = &published["rule"];
    assert_eq!((&now["state"], &now["position"]), (&json!("ACTIVE"), &platform["position"]));
    assert_eq!(now["replaces"]["id"], platform["id"]);
    assert_eq!(of_slug(&rules(&admin, false).await), ["STRUCTURE"]);
    let stale = marie.send(&open, app.key()).await;
    assert_eq!(stale["errors"][0]["__typename"], "PreviewStaleError", "{stale}");
    let asked = marie.preview(&people, "Bonjour").await;
    assert_eq!(asked["decision"]["outcome"], "CONFIRMATION_REQUIRED");
    let verdicts = asked["decision"]["verdicts"].as_array().expect("verdicts");
    let said: Vec<_> = verdicts.iter().filter(|verdict| verdict["ruleSlug"] == "large-send").collect();
    assert_eq!((said.len(), &said[0]["code"]), (1, &json!("LARGE_SEND")), "in its place");

    let node = "query($id: ID!) { node(id: $id) { ... on Rule { origin position replacedBy { id } } } }";
    let node = admin.query(node, json!({ "id": platform["id"] })).await["node"].take();
    let expected = json!({ "origin": "PLATFORM", "position": 0, "replacedBy": { "id": now["id"] } });
    assert_eq!(node, expected);
    let refused = change(&admin, "setRuleState", json!({ "rule": platform["id"], "state": "OFF" })).await;
    assert_eq!(code_of(&refused), "RULE_REPLACED");
    let moved = change(&admin, "reorderRules", json!({ "rules": [now["id"]] })).await;
    assert_eq!(code_of(&moved), "RULE_ORDER_INCOMPLETE");
}

async fn the_rule_of_the_platform_comes_back(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let people = marie.musicians(3).await;
    let (platform, draft) = rewritten(&admin).await;
    let published = changed(&admin, "publishRule", json!({ "version": draft["version"]["id"] })).await;
    let asked = marie.preview(&people, "Bonjour").await;
    let away = json!({ "rule": published["rule"]["id"], "expectedActive": published["version"]["id"] });
    changed(&admin, "retireRule", away).await;
    let back = rule(&admin, "large-send").await;
    assert_eq!((&back["id"], &back["position"]), (&platform["id"], &platform["position"]));
    assert_eq!(back["state"], "ACTIVE");
    assert_eq!(marie.preview(&people, "Bonjour").await["decision"]["outcome"], "ALLOWED", "as it was set");
    let stale = marie.send_confirming(&asked, app.key(), &["LARGE_SEND"]).await;
    assert_eq!(stale["errors"][0]["__typename"], "PreviewStaleError");
    let again = json!({ "rule": published["rule"]["id"], "toVersion": published["version"]["id"] });
    let again = changed(&admin, "rollBackRule", again).await;
    assert_eq!((&again["version"]["number"], &again["rule"]["state"]), (&json!(2), &json!("ACTIVE")));
    assert_eq!(marie.preview(&people, "Bonjour").await["decision"]["outcome"], "CONFIRMATION_REQUIRED");
}

async fn what_the_structure_set_goes_along(app: TestApp) {
    let admin = app.admin().await;
    set(
        &admin,
        "large-send",
        json!({ "state": "OBSERVED", "parameters": [{ "name": "ask_above", "value": "40" }] }),
    )
    .await;
    let draft = started(&admin, json!([])).await;
    assert_eq!(draft["rule"]["parameters"], json!([{ "name": "ask_above", "value": "40" }]));
    let without = own_manifest(&admin)
        .await
        .replace("max = 100000", "max = 30")
        .replace("default = 500", "default = 20")
        .replace("= 500 } }", "= 20 } }")
        .replace("= 501 } }", "= 21 } }");
    let input = json!({ "rule": draft["rule"]["id"], "basedOn": draft["version"]["id"], "manifest": without, "source": "audience.message_count <= params.ask_above" });
    let narrower = save(&admin, input).await;
    assert_eq!(narrower["version"]["diagnostics"], json!([]), "{narrower}");
    let published = changed(&admin, "publishRule", json!({ "version": draft["version"]["id"] })).await;
    assert_eq!(
        (&published["rule"]["state"], &published["rule"]["parameters"][0]["value"]),
        (&json!("OBSERVED"), &json!("40"))
    );
    let input = json!({ "version": narrower["version"]["id"], "expectedActive": published["version"]["id"] });
    let published = changed(&admin, "publishRule", input).await;
    assert_eq!(published["rule"]["parameters"][0]["value"], "20", "40 is out of the new bounds");

    let id = rule(&admin, "daily-budget").await["id"].clone();
    let wrong = json!({ "from": { "rule": id }, "parameters": [{ "name": "nothing", "value": "1" }] });
    assert_eq!(code_of(&change(&admin, "startRule", wrong).await), "PARAMETER_UNKNOWN");
    let twice = json!({ "from": { "rule": rule(&admin, "daily-budget").await["id"] } });
    changed(&admin, "startRule", twice.clone()).await;
    assert_eq!(code_of(&change(&admin, "startRule", twice).await), "RULE_SLUG_TAKEN");
    let beside = json!({ "from": { "rule": id }, "slug": "my-budget" });
    assert_eq!(changed(&admin, "startRule", beside).await["rule"]["replaces"], Value::Null);
}

async fn a_locked_rule_is_not_rewritten(app: TestApp) {
    let admin = app.admin().await;
    for (slug, lock) in
        [("credit-sufficient", "LOCKED"), ("legal-hours", "LOCKED"), ("message-length", "ADJUSTABLE")]
    {
        let rule = rule(&admin, slug).await;
        assert_eq!(rule["lock"], lock);
        for (field, input) in [
            ("startRule", json!({ "from": { "rule": rule["id"] } })),
            ("startRule", json!({ "from": { "rule": rule["id"] }, "slug": "mine" })),
            ("saveRule", json!({ "rule": rule["id"], "manifest": "", "source": "true" })),
            ("retireRule", json!({ "rule": rule["id"] })),
        ] {
            let refused = change(&admin, field, input).await;
            let error = &refused["errors"][0];
            assert_eq!(
                (&error["__typename"], &error["code"]),
                (&json!("RuleLockedError"), &json!("RULE_LOCKED")),
                "{slug} {field}: {refused}"
            );
        }
    }
    // Not even where a row says so: both then run.
    let draft = started(&admin, json!([])).await;
    publish(&admin, &draft, "ACTIVE").await;
    app.plant("UPDATE rule SET slug = 'message-length' WHERE slug = 'large-send'").await;
    app.plant("UPDATE rule_version SET manifest = replace(manifest, 'large-send', 'message-length')").await;
    let all = rules(&admin, false).await;
    let found: Vec<_> =
        all.iter().filter(|rule| rule["slug"] == "message-length").map(|rule| &rule["origin"]).collect();
    assert_eq!(found, ["PLATFORM", "STRUCTURE"]);
    let marie = app.marie().await;
    let long = marie.preview(&marie.musicians(1).await, &"a".repeat(150)).await;
    let verdicts = long["decision"]["verdicts"].as_array().expect("verdicts");
    let said: Vec<_> = verdicts
        .iter()
        .filter(|verdict| verdict["ruleSlug"] == "message-length")
        .map(|verdict| &verdict["code"])
        .collect();
    assert_eq!(
        (said, &long["decision"]["outcome"]),
        (vec![&json!("MESSAGE_TOO_LONG"), &json!("PASS")], &json!("REFUSED"))
    );
}

async fn a_rewritten_rule_that_is_off_is_off(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let people = marie.musicians(3).await;
    set(
        &admin,
        "large-send",
        json!({ "state": "ACTIVE", "parameters": [{ "name": "ask_above", "value": "2" }] }),
    )
    .await;
    let draft = started(&admin, json!([])).await;
    publish(&admin, &draft, "ACTIVE").await;
    assert_eq!(marie.preview(&people, "Bonjour").await["decision"]["outcome"], "CONFIRMATION_REQUIRED");
    set(&admin, "large-send", json!({ "state": "OFF" })).await;
    let off = marie.preview(&people, "Bonjour").await;
    assert_eq!((&off["decision"]["outcome"], verdict(&off, "large-send")), (&json!("ALLOWED"), &Value::Null));
    let all = rules(&admin, false).await;
    assert_eq!(slugs(&all).iter().filter(|slug| **slug == "large-send").count(), 1);
}

async fn a_rewritten_rule_is_tried_beside_nothing_in_force(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let draft = started(&admin, json!([{ "name": "ask_above", "value": "2" }])).await;
    set(&admin, "message-length", json!({})).await;
    let platform = rules(&admin, false).await;
    let platform = platform.iter().find(|rule| rule["slug"] == "large-send").expect("it is there");
    let state = |state: &str| json!({ "rule": platform["id"], "state": state });
    changed(&admin, "setRuleState", state("ACTIVE")).await;
    assert_eq!(code_of(&publish(&admin, &draft, "OBSERVED").await), "RULE_OBSERVED_WHILE_ACTIVE");
    changed(&admin, "setRuleState", state("OFF")).await;
    assert_eq!(publish(&admin, &draft, "OBSERVED").await["rule"]["state"], "OBSERVED");
    let tried = marie.preview(&marie.musicians(3).await, "Bonjour").await;
    let said = verdict(&tried, "large-send");
    assert_eq!(
        (&said["code"], &said["observedOnly"], &tried["decision"]["outcome"]),
        (&json!("LARGE_SEND"), &json!(true), &json!("ALLOWED"))
    );
    set(&admin, "large-send", json!({ "state": "ACTIVE" })).await;
    let asked = marie.preview(&marie.musicians(3).await, "Bonjour").await;
    assert_eq!(asked["decision"]["outcome"], "CONFIRMATION_REQUIRED");
    let sent = marie.send_confirming(&asked, app.key(), &["LARGE_SEND"]).await;
    assert_eq!(sent["errors"], json!([]), "{sent}");
}

async fn a_verdict_tells_whose_rule_ran(app: TestApp) {
    let document =
        "query($id: ID!) { node(id: $id) { ... on Decision { verdicts { ruleSlug version origin } } } }";
    let told = async |app: &TestApp, slug: &str| {
        let marie = app.marie().await;
        let preview = marie.preview(&marie.musicians(3).await, "Bonjour").await;
        let decision = json!({ "id": preview["decision"]["id"] });
        let node = marie.query(document, decision).await["node"].take();
        let verdicts = node["verdicts"].as_array().expect("verdicts").clone();
        verdicts.into_iter().find(|verdict| verdict["ruleSlug"] == slug).expect("it ran")
    };
    let admin = app.admin().await;
    let (_, draft) = rewritten(&admin).await;
    let of = |origin: &str| json!({ "ruleSlug": "large-send", "version": 1, "origin": origin });
    assert_eq!(told(&app, "large-send").await, of("BUILT_IN"));
    changed(&admin, "publishRule", json!({ "version": draft["version"]["id"] })).await;
    assert_eq!(told(&app, "large-send").await, of("OWN"), "of the same name and number, and another's");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).expect("written");
    write("small-sends.toml", &super::manifest("WARN"));
    write("small-sends.rhai", super::SOURCE);
    let plugins = Some(folder.path().to_owned());
    let other = app.another(move |config| config.rules.plugins = plugins).await;
    assert_eq!(told(&other, "small-sends").await["origin"], "PLUGIN");
}
