//! What somebody stumbles on who writes rules for the first time: told where it stands, with what to do.

use envoi_tests::{Actor, TestApp, both, code_of};
use serde_json::{Value, json};

use super::{SOURCE, change, changed, manifest, rule, save, set};

both!(
    a_manifest_that_is_not_toml_is_told_with_its_place,
    each_diagnostic_names_its_text_and_a_refusal_carries_the_advice,
    hours_the_wrong_way_round_are_refused,
    facts_that_cannot_be_are_refused_by_name,
    an_order_names_what_is_wrong_with_it,
    a_rule_of_the_platform_and_a_version_unseen_are_told_as_such,
);

const MANIFEST_ERROR: &str =
    "mutation($input: SaveRuleInput!) { saveRule(input: $input) { rule { id } errors {
    __typename code message path
    ... on RuleManifestError { diagnostics { source severity message line column hint } } } } }";

fn told(payload: &Value) -> &str {
    payload["errors"][0]["message"].as_str().unwrap_or_else(|| panic!("an error: {payload}"))
}

async fn a_manifest_that_is_not_toml_is_told_with_its_place(app: TestApp) {
    let admin = app.admin().await;
    let saved = async |actor: &Actor, manifest: &str| {
        let input = json!({ "manifest": manifest, "source": SOURCE });
        actor.query(MANIFEST_ERROR, json!({ "input": input })).await["saveRule"].take()
    };
    let unquoted = "stages = [\"SEND\"]\nslug = small-sends\n";
    let payload = saved(&admin, unquoted).await;
    let error = &payload["errors"][0];
    assert_eq!(
        (&error["__typename"], &error["code"], &error["path"]),
        (&json!("RuleManifestError"), &json!("RULE_MANIFEST_UNREADABLE"), &json!(["manifest"])),
        "{payload}"
    );
    let diagnostic = &error["diagnostics"][0];
    assert_eq!(
        (&diagnostic["source"], &diagnostic["line"], &diagnostic["column"]),
        (&json!("MANIFEST"), &json!(2), &json!(8))
    );
    assert!(told(&payload).contains("ligne 2, colonne 8") && told(&payload).contains("guillemets droits"));
    assert!(!told(&payload).contains("quoted"), "{payload}");
    let english = saved(&admin.in_english(), unquoted).await;
    assert!(told(&english).contains("line 2, column 8") && told(&english).contains("(string values must"));
    let nameless = saved(&admin, &manifest("DENY").replace("slug = \"small-sends\"", "")).await;
    assert_eq!(code_of(&nameless), "RULE_SLUG_MISSING", "{nameless}");
    assert!(told(&nameless).contains("clé manquante `slug`"), "{nameless}");
    let wrong = saved(&admin, &manifest("DENY").replace("\"small-sends\"", "\"Small sends\"")).await;
    assert_eq!(code_of(&wrong), "RULE_SLUG_MISSING", "{wrong}");
    assert!(told(&wrong).contains("slug : il commence par une lettre"), "{wrong}");
}

async fn each_diagnostic_names_its_text_and_a_refusal_carries_the_advice(app: TestApp) {
    let admin = app.admin().await;
    let first = save(&admin, json!({ "manifest": manifest("DENY"), "source": "now.weekday == 9" })).await;
    let document = "query($id: ID!) { node(id: $id) { ... on RuleVersion {
        diagnostics { source severity message line column hint } } } }";
    let diagnostics = async |saved: &Value| {
        let node = admin.query(document, json!({ "id": saved["version"]["id"] })).await["node"].take();
        node["diagnostics"].as_array().expect("diagnostics").clone()
    };
    let never = &diagnostics(&first).await[0];
    assert_eq!(
        never,
        &json!({ "source": "SCRIPT", "severity": "ERROR", "message": "now.weekday == 9 n’est jamais vrai",
            "line": 1, "column": 16, "hint": "now.weekday est un entier de 1 à 7" })
    );
    let publish = json!({ "version": first["version"]["id"] });
    let refused = change(&admin, "publishRule", publish).await;
    assert_eq!(code_of(&refused), "RULE_NOT_PUBLISHABLE");
    assert!(told(&refused).contains("ligne 1, colonne 16"), "{refused}");
    assert!(told(&refused).contains("(now.weekday est un entier de 1 à 7)"), "the advice too: {refused}");
    let next = json!({ "rule": first["rule"]["id"], "basedOn": first["version"]["id"],
        "manifest": manifest("DENY").replace("[params.most]", "[params.most"), "source": SOURCE });
    let broken = save(&admin, next).await;
    let unclosed = &diagnostics(&broken).await[0];
    assert_eq!((&unclosed["source"], &unclosed["severity"]), (&json!("MANIFEST"), &json!("ERROR")));
    assert!(unclosed["message"].as_str().is_some_and(|message| message.contains("il manque le ]")));
    assert!(unclosed["line"].as_i64().is_some_and(|line| line > 1), "{unclosed}");
}

async fn hours_the_wrong_way_round_are_refused(app: TestApp) {
    let admin = app.admin().await;
    let hours = |from: &str, to: &str| json!({ "parameters": [{ "name": "from", "value": from }, { "name": "to", "value": to }] });
    for (from, to) in [("21:00", "09:00"), ("09:00", "09:00")] {
        let refused = set(&admin, "legal-hours", hours(from, to)).await;
        assert_eq!(code_of(&refused), "PARAMETER_OUT_OF_BOUNDS", "{refused}");
        assert!(told(&refused).contains("\"from\"") && told(&refused).contains(from), "{refused}");
    }
    let alone = json!({ "parameters": [{ "name": "from", "value": "20:30" }] });
    let refused = set(&admin, "legal-hours", alone).await;
    assert_eq!(code_of(&refused), "PARAMETER_OUT_OF_BOUNDS");
    assert!(
        told(&refused).contains("from") && told(&refused).contains("inférieure à celle de \"to\""),
        "{refused}"
    );
    assert_eq!(set(&admin, "legal-hours", hours("09:00", "12:00")).await["errors"], json!([]));
    let mut start = hours("21:00", "08:00");
    start["from"] = json!({ "template": "only-between-hours" });
    assert_eq!(code_of(&change(&admin, "startRule", start.clone()).await), "PARAMETER_OUT_OF_BOUNDS");
    start["parameters"] = hours("08:00", "21:00")["parameters"].take();
    changed(&admin, "startRule", start).await;
    let form = "{ ruleTemplates { slug parameters { name above } } }";
    let templates = admin.query(form, json!({})).await["ruleTemplates"].take();
    let hours =
        templates.as_array().expect("templates").iter().find(|one| one["slug"] == "only-between-hours");
    assert_eq!(
        hours.expect("a template")["parameters"],
        json!([{ "name": "from", "above": null }, { "name": "to", "above": "from" }])
    );
}

async fn facts_that_cannot_be_are_refused_by_name(app: TestApp) {
    let admin = app.admin().await;
    let legal = rule(&admin, "legal-hours").await;
    let document =
        "mutation($input: TestRuleInput!) { testRule(input: $input) { errors { code message path } } }";
    for (facts, parts) in [
        ("now = { weekday = 9 }", ["now.weekday", "un entier de 1 à 7"]),
        ("message = { cost = -1 }", ["message.cost", "un entier d’au moins 0"]),
        ("message = { cost = \"dear\" }", ["message.cost", "un entier d’au moins 0"]),
        ("message = { coast = 1 }", ["message.coast", "vouliez-vous dire \"message.cost\" ?"]),
        ("account = { kind = \"ADMIM\" }", ["account.kind", "parmi ADMIN, PERSONAL"]),
        ("\nmessage = { cost = 1", ["ligne 2, colonne 21", "il manque le }"]),
    ] {
        let input = json!({ "candidate": { "rule": legal["id"] }, "on": { "facts": facts } });
        let payload = admin.query(document, json!({ "input": input })).await["testRule"].take();
        assert_eq!(code_of(&payload), "FACTS_INVALID", "{facts}");
        for part in parts {
            assert!(told(&payload).contains(part), "{facts}: {payload}");
        }
    }
}

async fn an_order_names_what_is_wrong_with_it(app: TestApp) {
    let admin = app.admin().await;
    let mut ids = Vec::new();
    for slug in ["one", "two", "three"] {
        let input = json!({ "from": { "template": "forbidden-words" }, "slug": slug });
        ids.push(changed(&admin, "startRule", input).await["rule"]["id"].take());
    }
    let daily = json!({ "from": { "rule": rule(&admin, "daily-budget").await["id"] } });
    let daily = changed(&admin, "startRule", daily).await["rule"]["id"].take();
    let refused = async |rules: Value| change(&admin, "reorderRules", json!({ "rules": rules })).await;
    let incomplete = refused(json!([ids[0], ids[0], daily])).await;
    assert_eq!(code_of(&incomplete), "RULE_ORDER_INCOMPLETE");
    let message = told(&incomplete);
    assert!(message.contains("Manquent : ") && message.contains("two") && message.contains("three"));
    assert!(
        message.contains("Répétées : one.") && message.contains("à la place d’une autre : daily-budget.")
    );
    let repeated = refused(json!([ids[0], ids[1], ids[2], ids[2]])).await;
    assert!(told(&repeated).ends_with("Répétées : three."), "{repeated}");
    let unknown =
        refused(json!([ids[0], admin.query("{ viewer { id } }", json!({})).await["viewer"]["id"]])).await;
    assert_eq!(unknown["errors"][0]["path"], json!(["rules", "1"]), "{unknown}");
}

async fn a_rule_of_the_platform_and_a_version_unseen_are_told_as_such(app: TestApp) {
    let admin = app.admin().await;
    let length = rule(&admin, "message-length").await["id"].take();
    let retired = change(&admin, "retireRule", json!({ "rule": length })).await;
    assert_eq!(code_of(&retired), "RULE_LOCKED");
    assert!(told(&retired).contains("seule se retire une règle que vous avez écrite"), "{retired}");
    let moved = change(&admin, "reorderRules", json!({ "rules": [length] })).await;
    assert!(told(&moved).contains("garde sa place"), "{moved}");
    assert_eq!(moved["errors"][0]["path"], json!(["rules", "0"]));
    let first = save(&admin, json!({ "manifest": manifest("DENY"), "source": SOURCE })).await;
    changed(&admin, "publishRule", json!({ "version": first["version"]["id"] })).await;
    let next = json!({ "rule": first["rule"]["id"], "basedOn": first["version"]["id"],
        "manifest": manifest("WARN"), "source": SOURCE });
    let next = save(&admin, next).await;
    let unseen = change(&admin, "publishRule", json!({ "version": next["version"]["id"] })).await;
    assert_eq!(code_of(&unseen), "RULE_CONFLICT");
    assert!(told(&unseen).contains("`expectedActive` n’a pas été donné"), "{unseen}");
    assert!(!told(&unseen).contains("Entre-temps"), "nobody was faster: {unseen}");
}
