//! The life of a rule that a structure wrote: started, published, rolled back, discarded, retired, ordered.

use envoi_tests::{Actor, TestApp, both, code_of, nodes};
use serde_json::{Value, json};

use super::{SOURCE, another_admin, change, changed, manifest, publish, save, verdict};

both!(
    a_template_is_enough_to_draw_a_form,
    a_rule_is_started_from_a_template,
    a_version_tells_what_it_changed,
    an_earlier_version_is_in_force_again,
    drafts_are_discarded,
    a_retired_rule_is_kept_and_does_not_run,
    an_older_draft_is_not_put_over_what_was_in_force,
    own_rules_are_put_in_order,
    an_order_costs_all_the_rules_that_it_answers,
);

/// The rules of a structure, in order; or those it retired.
pub(super) async fn rules(actor: &Actor, retired: bool) -> Vec<Value> {
    let document = "query($retired: Boolean!) { viewer { structure { rules(first: 100, retired: $retired) { edges { node {
        id slug origin state position retiredAt parameters { name value } replaces { slug } replacedBy { slug }
    } } } } } }";
    nodes(&actor.query(document, json!({ "retired": retired })).await["viewer"]["structure"]["rules"])
}

pub(super) fn slugs(rules: &[Value]) -> Vec<&str> {
    rules.iter().filter_map(|rule| rule["slug"].as_str()).collect()
}

/// A rule in force, with its one version.
pub(super) async fn in_force(actor: &Actor) -> Value {
    let saved = save(actor, json!({ "manifest": manifest("DENY"), "source": SOURCE })).await;
    let published = publish(actor, &saved, "ACTIVE").await;
    assert_eq!(published["errors"], json!([]), "{published}");
    published
}

/// The next draft of a rule.
pub(super) async fn next(actor: &Actor, before: &Value, level: &str) -> Value {
    let input = json!({
        "rule": before["rule"]["id"], "basedOn": before["version"]["id"], "manifest": manifest(level), "source": SOURCE
    });
    changed(actor, "saveRule", input).await
}

async fn a_template_is_enough_to_draw_a_form(app: TestApp) {
    let admin = app.admin().await;
    let document = "{ ruleTemplates { slug title description stages manifest source replaces { slug lock }
        parameters { name title type value default min max options } } }";
    let french = admin.query(document, json!({})).await["ruleTemplates"].take();
    let english = admin.in_english().query(document, json!({})).await["ruleTemplates"].take();
    let (french, english) = (french.as_array().expect("a list"), english.as_array().expect("a list"));
    assert_eq!(
        slugs(french),
        [
            "forbidden-words",
            "one-a-day",
            "only-a-list",
            "only-between-hours",
            "two-people",
            "empty-fields",
            "duplicate-campaign",
            "large-send",
            "daily-budget",
            "recipient-frequency"
        ]
    );
    for (french, english) in french.iter().zip(english) {
        assert_ne!(french["title"], english["title"]);
        assert_ne!(french["description"], english["description"]);
        assert_eq!((&french["manifest"], &french["source"]), (&english["manifest"], &english["source"]));
    }
    assert_eq!(
        (&french[0]["replaces"], &french[7]["replaces"]["slug"]),
        (&Value::Null, &json!("large-send"))
    );
    let above = json!({ "name": "ask_above", "title": "Ask above", "type": "INT", "value": "500", "default": "500",
        "min": "1", "max": "100000", "options": null });
    assert_eq!(english[7]["parameters"], json!([above]));
    let text = french[7]["manifest"].as_str().expect("a text");
    assert!(!text.contains("\nlock") && !text.contains("\nposition") && text.contains("[[cases]]"), "{text}");
}

async fn a_rule_is_started_from_a_template(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let start = |slug: &str, words: &str| {
        json!({ "from": { "template": "forbidden-words" }, "slug": slug,
            "parameters": [{ "name": "words", "value": words }], "comment": "pour l’école" })
    };
    let started = changed(&admin, "startRule", start("our-words", "[\"cadeau\"]")).await;
    let (rule, version) = (&started["rule"], &started["version"]);
    assert_eq!(
        (&rule["slug"], &rule["state"], &rule["replaces"]),
        (&json!("our-words"), &json!("OFF"), &Value::Null)
    );
    assert_eq!(
        (&version["state"], &version["number"], &version["diagnostics"]),
        (&json!("DRAFT"), &json!(1), &json!([]))
    );
    assert_eq!((&version["comment"], &version["publishedBy"]), (&json!("pour l’école"), &Value::Null));
    assert_eq!(rule["parameters"], json!([{ "name": "words", "value": "[\"cadeau\"]" }]));
    let people = marie.musicians(1).await;
    assert_eq!(
        marie.preview(&people, "Un cadeau").await["decision"]["outcome"],
        "ALLOWED",
        "a draft does not run"
    );
    assert_eq!(publish(&admin, &started, "ACTIVE").await["errors"], json!([]));
    let refused = marie.preview(&people, "Un CADEAU").await;
    assert_eq!(verdict(&refused, "our-words")["code"], "FORBIDDEN_WORD");
    assert_eq!(marie.preview(&people, "Un concert gratuit").await["decision"]["outcome"], "ALLOWED");
    for (input, code, path) in [
        (start("our-words", "[]"), "RULE_SLUG_TAKEN", "slug"),
        (start("large-send", "[]"), "RULE_SLUG_TAKEN", "slug"),
        (start("Our words", "[]"), "RULE_SLUG_INVALID", "slug"),
        (start("", "[]"), "RULE_SLUG_INVALID", "slug"),
        (start("others", "cadeau"), "PARAMETER_INVALID", "parameters"),
        (json!({ "from": { "template": "no-such" } }), "RULE_TEMPLATE_NOT_FOUND", "from"),
        (json!({ "from": { "rule": rule["id"] } }), "RULE_NOT_FOUND", "rule"),
    ] {
        let refused = change(&admin, "startRule", input).await;
        assert_eq!(
            (code_of(&refused), &refused["errors"][0]["path"]),
            (&json!(code), &json!([path])),
            "{refused}"
        );
        assert_eq!(refused["rule"], Value::Null);
    }
    let plain = changed(&admin, "startRule", json!({ "from": { "template": "forbidden-words" } })).await;
    assert_eq!(plain["rule"]["slug"], "forbidden-words");
}

async fn a_version_tells_what_it_changed(app: TestApp) {
    let (admin, other) = (app.admin().await, another_admin(&app).await);
    let first = save(&admin, json!({ "manifest": manifest("DENY"), "source": SOURCE })).await;
    let input = json!({ "rule": first["rule"]["id"], "basedOn": first["version"]["id"], "comment": "plus doux",
        "manifest": manifest("WARN"), "source": format!("{SOURCE} && message.length < 100") });
    let second = changed(&other, "saveRule", input).await;
    changed(&admin, "publishRule", json!({ "version": second["version"]["id"] })).await;
    let document = "query($id: ID!) { node(id: $id) { ... on Rule { versions { edges { node {
        number comment author { email } publishedBy { email } diff } } } } } }";
    let asked = json!({ "id": first["rule"]["id"] });
    let versions = nodes(&admin.query(document, asked).await["node"]["versions"]);
    let expected = "--- a/small-sends.toml
+++ b/small-sends.toml
@@ -12,7 +12,7 @@
 title = { en = \"Most messages\", fr = \"Nombre maximal de messages\" }
 
 [codes.TOO_MANY_MESSAGES]
-level = \"DENY\"
+level = \"WARN\"
 en = \"{audience.message_count} messages, where {params.most} are the most.\"
 fr = \"{audience.message_count} messages, pour {params.most} au plus.\"
 
--- a/small-sends.rhai
+++ b/small-sends.rhai
@@ -1 +1 @@
-audience.message_count <= params.most
\\ No newline at end of file
+audience.message_count <= params.most && message.length < 100
\\ No newline at end of file
";
    assert_eq!(
        versions[0],
        json!({ "number": 2, "comment": "plus doux", "author": { "email": "admin2@quatre-vents.example" },
            "publishedBy": { "email": "admin@quatre-vents.example" }, "diff": expected })
    );
    assert_eq!((&versions[1]["diff"], &versions[1]["publishedBy"]), (&Value::Null, &Value::Null));
    let alone = "query($id: ID!) { node(id: $id) { ... on RuleVersion { diff } } }";
    let alone = admin.query(alone, json!({ "id": second["version"]["id"] })).await;
    assert_eq!(alone["node"]["diff"], expected);
}

async fn an_earlier_version_is_in_force_again(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let first = in_force(&admin).await;
    let second = publish(&admin, &next(&admin, &first, "WARN").await, "ACTIVE").await;
    let people = marie.musicians(3).await;
    let open = marie.preview(&people, "Bonjour").await;
    assert_eq!(open["decision"]["outcome"], "ALLOWED");
    let back = |to: &Value, seen: &Value| json!({ "rule": first["rule"]["id"], "toVersion": to["version"]["id"], "expectedActive": seen, "comment": "trop doux" });
    let third = changed(&admin, "rollBackRule", back(&first, &second["version"]["id"])).await;
    assert_eq!((&third["version"]["number"], &third["version"]["state"]), (&json!(3), &json!("PUBLISHED")));
    assert_eq!(
        (&third["version"]["comment"], &third["rule"]["active"]["number"]),
        (&json!("trop doux"), &json!(3))
    );
    assert_eq!(marie.send(&open, app.key()).await["errors"][0]["__typename"], "PreviewStaleError");
    assert_eq!(marie.preview(&people, "Bonjour").await["decision"]["outcome"], "REFUSED");
    let seen = &third["version"]["id"];
    let draft = next(&admin, &third, "WARN").await;
    for (to, seen, code) in [
        (&third, seen, "RULE_VERSION_ALREADY_PUBLISHED"),
        (&draft, seen, "RULE_VERSION_NEVER_PUBLISHED"),
        (&first, &second["version"]["id"], "RULE_CONFLICT"),
        (&first, &Value::Null, "RULE_CONFLICT"),
    ] {
        assert_eq!(code_of(&change(&admin, "rollBackRule", back(to, seen)).await), code);
    }
    let other = changed(&admin, "startRule", json!({ "from": { "template": "one-a-day" } })).await;
    assert_eq!(code_of(&change(&admin, "rollBackRule", back(&other, seen)).await), "RULE_VERSION_NOT_FOUND");
    super::set(&admin, "small-sends", json!({ "state": "OFF" })).await;
    let fifth = changed(&admin, "rollBackRule", back(&second, seen)).await;
    assert_eq!(
        (&fifth["version"]["number"], &fifth["rule"]["state"]),
        (&json!(5), &json!("OFF")),
        "it keeps its state"
    );
    assert_eq!(code_of(&publish(&admin, &draft, "ACTIVE").await), "RULE_CONFLICT");
    let late = json!({ "version": draft["version"]["id"], "expectedActive": fifth["version"]["id"] });
    assert_eq!(code_of(&change(&admin, "publishRule", late).await), "RULE_VERSION_SUPERSEDED");
}

async fn drafts_are_discarded(app: TestApp) {
    let (admin, other) = (app.admin().await, another_admin(&app).await);
    let first = save(&admin, json!({ "manifest": manifest("DENY"), "source": SOURCE })).await;
    let second = next(&other, &first, "WARN").await;
    let discard = |saved: &Value| json!({ "rule": first["rule"]["id"], "version": saved["version"]["id"] });
    let refused = change(&admin, "discardRuleDraft", discard(&first)).await;
    let error = &refused["errors"][0];
    assert_eq!(
        (&refused["discarded"], &error["code"]),
        (&json!(false), &json!("RULE_CONFLICT")),
        "{refused}"
    );
    assert_eq!(
        (&error["by"]["email"], &error["path"]),
        (&json!("admin2@quatre-vents.example"), &json!(["version"]))
    );
    let gone = changed(&admin, "discardRuleDraft", discard(&second)).await;
    assert_eq!((&gone["discarded"], &gone["rule"]), (&json!(true), &Value::Null), "it was never in force");
    assert!(!slugs(&rules(&admin, false).await).contains(&"small-sends"));
    assert_eq!(code_of(&change(&admin, "discardRuleDraft", discard(&second)).await), "RULE_NOT_FOUND");

    let first = in_force(&admin).await;
    let third = next(&admin, &next(&admin, &first, "WARN").await, "CONFIRM").await;
    let discard = |saved: &Value| json!({ "rule": first["rule"]["id"], "version": saved["version"]["id"] });
    let kept = changed(&admin, "discardRuleDraft", discard(&third)).await;
    assert_eq!((&kept["rule"]["active"]["number"], &kept["rule"]["state"]), (&json!(1), &json!("ACTIVE")));
    assert_eq!(code_of(&change(&admin, "discardRuleDraft", discard(&first)).await), "RULE_VERSION_NOT_DRAFT");
    assert_eq!(next(&admin, &first, "WARN").await["version"]["number"], 2);
}

async fn a_retired_rule_is_kept_and_does_not_run(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let draft = save(&admin, json!({ "manifest": manifest("DENY"), "source": SOURCE })).await;
    let retire = |rule: &Value, seen: &Value| json!({ "rule": rule["rule"]["id"], "expectedActive": seen });
    assert_eq!(
        code_of(&change(&admin, "retireRule", retire(&draft, &Value::Null)).await),
        "RULE_NOT_PUBLISHED"
    );
    let first = publish(&admin, &draft, "ACTIVE").await;
    let people = marie.musicians(3).await;
    assert_eq!(marie.preview(&people, "Bonjour").await["decision"]["outcome"], "REFUSED");
    let retired = changed(&admin, "retireRule", retire(&first, &first["version"]["id"])).await;
    assert_eq!((&retired["rule"]["state"], &retired["rule"]["position"]), (&json!("OFF"), &json!(0)));
    assert_eq!(retired["rule"]["retiredBy"]["email"], "admin@quatre-vents.example");
    let allowed = marie.preview(&people, "Bonjour").await;
    assert_eq!(
        (&allowed["decision"]["outcome"], verdict(&allowed, "small-sends")),
        (&json!("ALLOWED"), &Value::Null)
    );
    assert!(!slugs(&rules(&admin, false).await).contains(&"small-sends"));
    assert_eq!(slugs(&rules(&admin, true).await), ["small-sends"]);
    let document = "query($id: ID!) { node(id: $id) { ... on Rule { retiredAt active { id } versions { edges { node { number state source } } } } } }";
    let kept = admin.query(document, json!({ "id": first["rule"]["id"] })).await["node"].take();
    let expected = json!({ "number": 1, "state": "SUPERSEDED", "source": SOURCE });
    assert_eq!((nodes(&kept["versions"]), &kept["active"]), (vec![expected], &Value::Null));
    assert!(kept["retiredAt"].is_string());
    for (field, input) in [
        ("setRuleState", json!({ "rule": first["rule"]["id"], "state": "ACTIVE" })),
        ("retireRule", json!({ "rule": first["rule"]["id"] })),
    ] {
        assert_eq!(code_of(&change(&admin, field, input).await), "RULE_NOT_PUBLISHED", "{field}");
    }
    // The name goes on where it was: a number never names two texts.
    let again = save(&admin, json!({ "manifest": manifest("WARN"), "source": SOURCE })).await;
    assert_eq!(
        (&again["version"]["number"], &again["rule"]["id"]),
        (&json!(2), &first["rule"]["id"]),
        "{again}"
    );
    assert!(slugs(&rules(&admin, false).await).contains(&"small-sends"));
    let discard = json!({ "rule": first["rule"]["id"], "version": again["version"]["id"] });
    let away = changed(&admin, "discardRuleDraft", discard).await;
    assert!(away["rule"]["retiredAt"].is_string(), "{away}");
    let back = json!({ "rule": first["rule"]["id"], "toVersion": first["version"]["id"] });
    let back = changed(&admin, "rollBackRule", back).await;
    assert_eq!((&back["rule"]["state"], &back["rule"]["retiredAt"]), (&json!("ACTIVE"), &Value::Null));
    assert_eq!(marie.preview(&people, "Bonjour").await["decision"]["outcome"], "REFUSED");
}

async fn an_older_draft_is_not_put_over_what_was_in_force(app: TestApp) {
    let admin = app.admin().await;
    let first = save(&admin, json!({ "manifest": manifest("DENY"), "source": SOURCE })).await;
    let second = next(&admin, &first, "WARN").await;
    let published = changed(&admin, "publishRule", json!({ "version": second["version"]["id"] })).await;
    let over = json!({ "version": first["version"]["id"], "expectedActive": published["version"]["id"] });
    assert_eq!(code_of(&change(&admin, "publishRule", over).await), "RULE_VERSION_SUPERSEDED");
    let away = json!({ "rule": published["rule"]["id"], "expectedActive": published["version"]["id"] });
    changed(&admin, "retireRule", away).await;
    let after = change(&admin, "publishRule", json!({ "version": first["version"]["id"] })).await;
    assert_eq!(code_of(&after), "RULE_VERSION_SUPERSEDED", "nor after it was retired");
    let third = next(&admin, &second, "CONFIRM").await;
    let back = changed(&admin, "publishRule", json!({ "version": third["version"]["id"] })).await;
    assert_eq!((&back["version"]["number"], &back["rule"]["retiredAt"]), (&json!(3), &Value::Null));
}

async fn own_rules_are_put_in_order(app: TestApp) {
    let admin = app.admin().await;
    let mut ids = Vec::new();
    for slug in ["one", "two", "three"] {
        let input = json!({ "from": { "template": "forbidden-words" }, "slug": slug });
        ids.push(changed(&admin, "startRule", input).await["rule"]["id"].clone());
    }
    let platform = rules(&admin, false).await.len() - 3;
    let order = |places: &[usize]| json!({ "rules": places.iter().map(|place| ids[*place].clone()).collect::<Vec<_>>() });
    let done = changed(&admin, "reorderRules", order(&[2, 0, 1])).await;
    let all = done["rules"].as_array().expect("rules");
    assert_eq!(slugs(&all[platform..]), ["three", "one", "two"]);
    assert_eq!(slugs(&rules(&admin, false).await[platform..]), ["three", "one", "two"]);
    for places in [&[0, 1][..], &[0, 1, 1], &[0, 1, 2, 2], &[]] {
        let refused = change(&admin, "reorderRules", order(places)).await;
        assert_eq!(code_of(&refused), "RULE_ORDER_INCOMPLETE", "{refused}");
    }
    let of_platform = json!({ "rules": [ids[0], ids[1], super::rule(&admin, "message-length").await["id"]] });
    assert_eq!(
        change(&admin, "reorderRules", of_platform).await["errors"][0]["__typename"],
        "RuleLockedError"
    );
    assert_eq!(
        slugs(&rules(&admin, false).await[platform..]),
        ["three", "one", "two"],
        "nothing was changed"
    );
}

async fn an_order_costs_all_the_rules_that_it_answers(app: TestApp) {
    let document =
        "mutation { reorderRules(input: { rules: [] }) { rules { id versions(first: 100) { edges { node {
        id number diff } } } } errors { code } } }";
    let refused = app.admin().await.try_query(document, json!({})).await;
    assert_eq!(code_of(&refused), "COMPLEXITY_EXCEEDED", "{refused}");
}
