//! Rules tried before they are published: on facts, on a preview, on a message to real people.

use envoi_tests::{Actor, TestApp, both, code_of};
use serde_json::{Value, json};

use super::recipients::{in_force, three};
use super::{manifest, rule, save, set};

both!(
    a_built_in_is_tried_on_all_results,
    who_would_be_left_out_is_told_with_samples,
    facts_that_are_given_are_ruled_on,
    a_draft_is_tried_on_a_preview,
    what_cannot_be_tried_is_told,
    a_rule_as_it_is_fails_as_it_does,
    a_trial_writes_nothing,
    one_plan_serves_where_it_says_all,
    a_message_is_tried_as_of_another_day,
    whom_an_observed_rule_would_leave_out_is_paged_through,
);

const TEST: &str = "mutation($input: TestRuleInput!) { testRule(input: $input) {
    test { ruleSlug level code message operations operationsBound fix fixes { fact from to delta text }
        trace { depth what line column value failure } facts { path value }
        sms { outcome outcomeWithRule messageCount messageCountWithRule cost costWithRule leftOutCount
            leftOut { person { displayName } reason ruleSlug message } } }
    diagnostics { severity message line column hint } errors { __typename code message path } } }";

async fn tried(actor: &Actor, candidate: Value, on: Value) -> Value {
    let input = json!({ "candidate": candidate, "on": on });
    actor.query(TEST, json!({ "input": input })).await["testRule"].take()
}

/// A message to all that the filter finds.
fn to_all(filter: &Value) -> Value {
    json!({ "message": {
        "audience": { "matching": { "filter": filter } }, "message": { "text": "Bonjour" } } })
}

async fn a_built_in_is_tried_on_all_results(app: TestApp) {
    let admin = app.admin().await;
    let large = rule(&admin, "large-send").await;
    let input = json!({ "candidate": { "rule": large["id"] }, "on": to_all(&json!({})),
        "parameters": [{ "name": "ask_above", "value": "40" }] });
    let payload = admin.query(TEST, json!({ "input": input })).await["testRule"].take();
    assert_eq!(payload["errors"], json!([]), "{payload}");
    let test = &payload["test"];
    assert_eq!((&test["level"], &test["code"]), (&json!("CONFIRM"), &json!("LARGE_SEND")));
    assert_eq!(
        test["message"], "Cet envoi concerne 55 numéros ; au-delà de 40, il est à confirmer.",
        "with the values given"
    );
    assert_eq!(test["facts"], json!([{ "path": "audience.message_count", "value": "55" }]));
    let steps: Vec<_> = test["trace"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| {
            (step["depth"].as_i64(), step["what"].as_str(), step["column"].as_i64(), step["value"].as_str())
        })
        .collect();
    let expected =
        [(0, "<=", 24, "false"), (1, "audience.message_count", 1, "55"), (1, "params.ask_above", 27, "40")];
    assert_eq!(
        steps,
        expected.map(|(depth, what, column, value)| (Some(depth), Some(what), Some(column), Some(value)))
    );
    let sms = &test["sms"];
    assert_eq!(
        (&sms["outcome"], &sms["outcomeWithRule"]),
        (&json!("ALLOWED"), &json!("CONFIRMATION_REQUIRED")),
        "as for one who may send, though an administrator asks"
    );
    assert_eq!((&sms["messageCount"], &sms["messageCountWithRule"]), (&json!(55), &json!(55)));
    assert!(test["operations"].as_i64() <= test["operationsBound"].as_i64());
    let untouched = tried(&admin, json!({ "rule": large["id"] }), to_all(&json!({}))).await;
    assert_eq!(untouched["test"]["code"], "PASS", "the values tried before are not kept");
    assert_eq!(rule(&admin, "large-send").await["state"], "OFF");
}

const CHOSEN: &str = r#"
slug = "chosen"
stages = ["RECIPIENT"]
title = { en = "Chosen people only", fr = "Certaines personnes seulement" }
description = { en = "Leaves some people out.", fr = "Écarte des personnes." }
[codes.NOT_CHOSEN]
level = "SKIP"
en = "Left out."
fr = "Écartée."
[[cases]]
facts = { person = { tags = ["Musicien"] } }
verdict = "PASS"
[[cases]]
facts = { person = { tags = [] } }
verdict = "NOT_CHOSEN"
"#;

async fn who_would_be_left_out_is_told_with_samples(app: TestApp) {
    three(&app).await;
    let admin = app.admin().await;
    let candidate = json!({ "texts": { "manifest": CHOSEN, "source": "\"Musicien\" in person.tags" } });
    let test = tried(&admin, candidate.clone(), to_all(&json!({ "search": "divers" }))).await["test"].take();
    let out = json!({ "person": { "displayName": "Cora Divers" }, "reason": "NOT_CHOSEN",
        "ruleSlug": "chosen", "message": "Écartée." });
    let sms = &test["sms"];
    assert_eq!((&sms["leftOutCount"], &sms["leftOut"]), (&json!(1), &json!([out])), "{test}");
    assert_eq!((&sms["messageCount"], &sms["messageCountWithRule"]), (&json!(3), &json!(2)));
    assert_eq!((&sms["cost"], &sms["costWithRule"]), (&json!(3), &json!(2)));
    assert_eq!(
        (&test["code"], &test["facts"]),
        (&json!("NOT_CHOSEN"), &json!([{ "path": "person.tags", "value": "[]" }]))
    );
    let kept =
        tried(&admin, candidate.clone(), to_all(&json!({ "search": "divers aude" }))).await["test"].take();
    assert_eq!((&kept["code"], &kept["sms"]["leftOutCount"]), (&json!("PASS"), &json!(0)), "{kept}");
    assert_eq!(kept["facts"][0]["value"], r#"["Bureau","Musicien"]"#, "those of a person of the audience");
    app.plant("UPDATE permission SET module = 'RULES' WHERE module = 'PEOPLE'").await;
    let marie = app.marie().await;
    let lists = json!({ "texts": { "manifest": manifest("DENY"), "source": "audience.message_count <= params.most || audience.lists.contains(\"x\")" } });
    for candidate in [candidate.clone(), lists] {
        let input = json!({ "candidate": candidate, "on": to_all(&json!({ "search": "divers" })) });
        let answer = marie.try_query(TEST, json!({ "input": input })).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "FORBIDDEN",
            "of whom nothing may be read: {answer}"
        );
    }
    let given = tried(&marie, candidate, json!({ "facts": "person = { tags = [] }" })).await;
    assert_eq!(given["test"]["code"], "NOT_CHOSEN", "facts that are given are nobody's: {given}");
    let counting = json!({ "texts": { "manifest": manifest("DENY"), "source": "audience.message_count <= params.most" } });
    let test = tried(&marie, counting, to_all(&json!({ "search": "divers" }))).await["test"].take();
    assert_eq!((&test["code"], &test["sms"]["leftOut"]), (&json!("TOO_MANY_MESSAGES"), &json!([])), "{test}");
}

async fn facts_that_are_given_are_ruled_on(app: TestApp) {
    let admin = app.admin().await;
    let credit = json!({ "rule": rule(&admin, "credit-sufficient").await["id"] });
    let facts = json!({ "facts": "message = { cost = 52 }\ncredit = { balance = 12 }" });
    let test = tried(&admin, credit.clone(), facts).await["test"].take();
    assert_eq!(
        (&test["level"], &test["code"], &test["sms"]),
        (&json!("DENY"), &json!("INSUFFICIENT_CREDIT"), &Value::Null)
    );
    assert!(test["fix"].as_str().is_some_and(|fix| fix.contains("40")), "{test}");
    assert!(
        test["fixes"].as_array().is_some_and(|all| all.iter().any(|fix| fix["fact"] == "credit.balance"
            && (&fix["from"], &fix["to"], &fix["delta"]) == (&json!(12), &json!(52), &json!(40)))),
        "{test}"
    );
    for (facts, told) in [
        ("message = { csot = 52 }", "csot"),
        ("message = { cost = \"52\" }", "message.cost"),
        ("message = [", "ligne 1, colonne 12"),
        ("[[[", ""),
        ("message = { text = \"\0\" }", ""),
    ] {
        let refused = tried(&admin, credit.clone(), json!({ "facts": facts })).await;
        assert_eq!((code_of(&refused), &refused["test"]), (&json!("FACTS_INVALID"), &Value::Null), "{facts}");
        assert_eq!(refused["errors"][0]["path"], json!(["on", "facts"]));
        let message = refused["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains(told), "{facts}: {message}");
    }
}

async fn a_draft_is_tried_on_a_preview(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let saved = save(
        &admin,
        json!({ "manifest": manifest("DENY"), "source": "audience.message_count <= params.most" }),
    )
    .await;
    assert_eq!(saved["version"]["diagnostics"], json!([]), "{saved}");
    let draft = json!({ "version": saved["version"]["id"] });
    let audience = json!({ "matching": { "filter": {} } });
    let preview = admin.preview_of(audience.clone(), "Bonjour").await;
    let test = tried(&admin, draft.clone(), json!({ "preview": preview["id"] })).await["test"].take();
    assert_eq!(test["sms"]["outcomeWithRule"], "REFUSED", "{test}");
    assert_eq!((&test["level"], &test["ruleSlug"]), (&json!("DENY"), &json!("small-sends")));
    let theirs = marie.preview_of(audience, "Bonjour").await;
    let refused = tried(&admin, draft.clone(), json!({ "preview": theirs["id"] })).await;
    assert_eq!(code_of(&refused), "PREVIEW_NOT_FOUND");
    app.plant("UPDATE permission SET module = 'RULES' WHERE module = 'PEOPLE'").await;
    let refused = tried(&app.zoe().await, draft, json!({ "facts": "" })).await;
    assert_eq!(code_of(&refused), "RULE_VERSION_NOT_FOUND", "another structure's");
}

async fn what_cannot_be_tried_is_told(app: TestApp) {
    let admin = app.admin().await;
    let texts = |source: &str| json!({ "texts": { "manifest": manifest("DENY"), "source": source } });
    let facts = json!({ "facts": "" });
    let broken = tried(&admin, texts("audience.message_cuont <= params.most"), facts.clone()).await;
    assert_eq!((code_of(&broken), &broken["test"]), (&json!("RULE_DOES_NOT_LOAD"), &Value::Null));
    let diagnostic = &broken["diagnostics"][0];
    assert_eq!((&diagnostic["severity"], &diagnostic["line"]), (&json!("ERROR"), &json!(1)), "{broken}");
    assert!(diagnostic["hint"].as_str().is_some_and(|hint| hint.contains("message_count")), "{broken}");
    let huge = tried(&admin, texts(&"1 + ".repeat(30_000)), facts.clone()).await;
    assert_eq!(code_of(&huge), "RULE_DOES_NOT_LOAD");
    for unknown in [json!({ "rule": "x" }), json!({ "version": "x" })] {
        let refused = tried(&admin, unknown, facts.clone()).await;
        assert!(
            code_of(&refused)
                .as_str()
                .is_some_and(|code| code.ends_with("_NOT_FOUND") || code.ends_with("_NOT_PUBLISHED")),
            "{refused}"
        );
    }
    let length = rule(&admin, "message-length").await;
    let input = json!({ "candidate": { "rule": length["id"] }, "on": facts,
        "parameters": [{ "name": "max_length", "value": "9999" }] });
    let refused = admin.query(TEST, json!({ "input": input })).await["testRule"].take();
    assert_eq!(code_of(&refused), "PARAMETER_OUT_OF_BOUNDS");
    let nobody = json!({ "message": { "audience": { "people": [] }, "message": { "text": "Bonjour" } } });
    let refused = tried(&admin, json!({ "rule": length["id"] }), nobody).await;
    assert_eq!(
        (code_of(&refused), &refused["errors"][0]["path"]),
        (&json!("AUDIENCE_EMPTY"), &json!(["on", "message", "audience"]))
    );
    let answer = app
        .marie()
        .await
        .try_query(TEST, json!({ "input": { "candidate": { "rule": length["id"] }, "on": facts } }))
        .await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
}

async fn a_rule_as_it_is_fails_as_it_does(app: TestApp) {
    let admin = app.admin().await;
    set(&admin, "message-length", json!({ "parameters": [{ "name": "max_length", "value": "20" }] })).await;
    // A new manifest of the operator's, with narrower bounds, leaves such a row behind.
    app.plant("UPDATE rule_setting SET params = '{\"max_length\":{\"INT\":9999}}'").await;
    let length = json!({ "rule": rule(&admin, "message-length").await["id"] });
    let test = tried(&admin, length, to_all(&json!({}))).await["test"].take();
    assert_eq!((&test["code"], &test["sms"]["outcome"]), (&json!("RULE_ERROR"), &json!("REFUSED")), "{test}");
    let credit = manifest("DENY").replace("small-sends", "credit-sufficient");
    let texts = json!({ "texts": { "manifest": credit, "source": "audience.message_count <= params.most" } });
    let refused = tried(&admin, texts, to_all(&json!({}))).await;
    assert_eq!(code_of(&refused), "RULE_SLUG_TAKEN", "what could not be published is not tried: {refused}");
}

async fn a_trial_writes_nothing(app: TestApp) {
    let admin = app.admin().await;
    let large = json!({ "rule": rule(&admin, "large-send").await["id"] });
    let kept = "{ viewer { structure { decisions(first: 0) { totalCount } campaigns(first: 0) { totalCount }
        credit { balance reserved } rules(first: 100) { edges { node { slug state parameters { value } } } } } } }";
    let before = admin.query(kept, json!({})).await;
    let test = tried(&admin, large, to_all(&json!({}))).await;
    assert_eq!(test["errors"], json!([]));
    assert_eq!(admin.query(kept, json!({})).await, before);
}

async fn one_plan_serves_where_it_says_all(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    marie.sends(&marie.musicians(3).await, "Bonjour").await;
    let budget = json!({ "state": "ACTIVE", "parameters": [{ "name": "per_day", "value": "3" }] });
    assert_eq!(set(&admin, "daily-budget", budget).await["errors"], json!([]));
    let large = json!({ "rule": rule(&admin, "large-send").await["id"] });
    let on = json!({ "message": { "audience": { "people": marie.musicians(1).await }, "message": { "text": "Re" } } });
    let (one, of_one) = app.statements(tried(&admin, large, on.clone())).await;
    let sms = |tried: &Value, field: &str| tried["test"]["sms"][field].clone();
    assert_eq!(
        (sms(&one, "outcome"), sms(&one, "outcomeWithRule")),
        (json!("REFUSED"), json!("REFUSED")),
        "{one}"
    );
    // What is in force reads what was sent today; what would take its place does not.
    let manifest = manifest("DENY").replace("small-sends", "daily-budget");
    let texts =
        json!({ "texts": { "manifest": manifest, "source": "audience.message_count <= params.most" } });
    let (two, of_two) = app.statements(tried(&admin, texts, on)).await;
    assert_eq!(
        (sms(&two, "outcome"), sms(&two, "outcomeWithRule")),
        (json!("REFUSED"), json!("ALLOWED")),
        "{two}"
    );
    assert!(of_one + 5 < of_two, "one plan, and two: {of_one} statements, and {of_two}");
}

async fn a_message_is_tried_as_of_another_day(app: TestApp) {
    let admin = app.admin().await;
    let texts = |source: &str| json!({ "texts": { "manifest": manifest("DENY"), "source": source } });
    let week = texts("audience.message_count <= params.most && now.weekday < 6");
    let people = app.marie().await.musicians(1).await;
    let on = |facts: &str| json!({ "message": { "audience": { "people": people }, "message": { "text": "Bonjour" }, "facts": facts } });
    for (facts, code, then) in
        [("", "PASS", "ALLOWED"), ("now = { weekday = 6 }", "TOO_MANY_MESSAGES", "REFUSED")]
    {
        let tried = tried(&admin, week.clone(), on(facts)).await;
        let (test, sms) = (&tried["test"], &tried["test"]["sms"]);
        assert_eq!(
            (&test["code"], &sms["outcomeWithRule"]),
            (&json!(code), &json!(then)),
            "{facts}: {tried}"
        );
        assert_eq!((&sms["outcome"], &sms["messageCount"]), (&json!("ALLOWED"), &json!(1)), "{facts}");
    }
    let refused = async |candidate: Value, facts: &str| {
        let refused = tried(&admin, candidate, on(facts)).await["errors"][0].take();
        assert_eq!(refused["path"], json!(["on", "message", "facts"]), "{refused}");
        refused["code"].as_str().expect("a code").to_owned()
    };
    assert_eq!(refused(week.clone(), "now = { weekday = 9 }").await, "FACTS_INVALID");
    assert_eq!(refused(week.clone(), "now = { hour = 10, minute_of_day = 1261 }").await, "FACTS_INVALID");
    let slip = tried(&admin, week, on("\nmesage = { cost = 2 }")).await["errors"][0]["message"].take();
    let slip = slip.as_str().expect("a message");
    assert!(slip.contains("ligne 2") && slip.contains("vouliez-vous dire \"message\""), "{slip}");
    assert_eq!(slip.to_lowercase().matches("faits").count(), 1, "{slip}");
    let people = CHOSEN.to_owned();
    let chosen = json!({ "texts": { "manifest": people, "source": "\"Musicien\" in person.tags" } });
    assert_eq!(refused(chosen, "now = { weekday = 6 }").await, "FACTS_OF_PEOPLE_FIXED");
}

async fn whom_an_observed_rule_would_leave_out_is_paged_through(app: TestApp) {
    let marie = three(&app).await;
    let observed =
        in_force(&app, "person.last_sent_hours == 100", "{ last_sent_hours = 3 }", "OBSERVED").await;
    let document = "mutation($input: TestRuleInput!, $first: Int, $after: String) { testRule(input: $input) { test { sms {
        leftOutCount exclusions(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
            edges { node { person { displayName } reason ruleSlug ruleTitle message } } } } } errors { code } } }";
    let admin = app.admin().await;
    let input = json!({ "candidate": { "rule": observed["rule"]["id"] }, "on": to_all(&json!({ "search": "divers" })) });
    let (mut names, mut after) = (Vec::new(), Value::Null);
    for more in [true, false] {
        let asked = json!({ "input": input, "first": 2, "after": after });
        let sms = admin.query(document, asked).await["testRule"]["test"]["sms"].take();
        let page = &sms["exclusions"];
        assert_eq!((&sms["leftOutCount"], &page["totalCount"]), (&json!(3), &json!(3)), "{sms}");
        assert_eq!(page["pageInfo"]["hasNextPage"], json!(more));
        after = page["pageInfo"]["endCursor"].clone();
        for node in envoi_tests::nodes(page) {
            assert_eq!(node["ruleTitle"], "Certaines personnes seulement", "{node}");
            names.push(node["person"]["displayName"].clone());
        }
    }
    assert_eq!(names, ["Aude Divers", "Bruno Divers", "Cora Divers"], "by name, each once");
    assert_eq!(
        marie.preview_of(json!({ "matching": { "filter": { "search": "divers" } } }), "Bonjour").await["messageCount"],
        3
    );
    // A rule that reads nothing of people may be tried by who may not read them; whom it leaves out is not told.
    app.plant("DELETE FROM permission WHERE module = 'PEOPLE'").await;
    app.plant("UPDATE permission SET module = 'RULES' WHERE module = 'CREDIT'").await;
    let manifest = CHOSEN.replace("person = { tags = [] }", "now = { year = 1999 }");
    let texts = json!({ "manifest": manifest, "source": "now.year == 2026" });
    let input = json!({ "candidate": { "texts": texts }, "on": to_all(&json!({ "search": "divers" })) });
    let answer = app.marie().await.try_query(document, json!({ "input": input, "first": 2 })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    assert!(!answer.to_string().contains("Divers"), "{answer}");
}
