//! The rules that a structure writes itself.

use envoi_tests::{Actor, TestApp, both, code_of};
use serde_json::{Value, json};

use super::{SOURCE, change, manifest, publish, save, set, verdict};

both!(
    an_own_rule_goes_from_draft_to_force,
    an_own_rule_is_set_and_switched_off,
    an_own_rule_can_ask_to_confirm,
    a_draft_with_errors_cannot_be_published,
    an_observed_rule_counts_for_nothing,
    two_authors_do_not_overwrite_each_other,
    a_text_that_cannot_be_stored_is_refused,
);

async fn in_force(admin: &Actor, level: &str) -> Value {
    let saved = save(admin, json!({ "manifest": manifest(level), "source": SOURCE })).await;
    assert_eq!(saved["errors"], json!([]), "{saved}");
    let published = publish(admin, &saved, "ACTIVE").await;
    assert_eq!(published["errors"], json!([]), "{published}");
    published
}

async fn an_own_rule_goes_from_draft_to_force(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let people = marie.musicians(3).await;
    let saved =
        save(&admin, json!({ "manifest": manifest("DENY"), "source": SOURCE, "comment": "first" })).await;
    assert_eq!((&saved["rule"]["state"], &saved["rule"]["origin"]), (&json!("OFF"), &json!("STRUCTURE")));
    assert_eq!(
        (&saved["version"]["state"], &saved["version"]["diagnostics"]),
        (&json!("DRAFT"), &json!([])),
        "{saved}"
    );
    assert_eq!(saved["version"]["author"]["email"], "admin@quatre-vents.example");
    let preview = marie.preview(&people, "Bonjour").await;
    assert_eq!(
        (&preview["decision"]["outcome"], verdict(&preview, "small-sends")),
        (&json!("ALLOWED"), &Value::Null),
        "a draft does not run"
    );

    let published = publish(&admin, &saved, "ACTIVE").await;
    assert_eq!(
        (&published["errors"], &published["rule"]["state"]),
        (&json!([]), &json!("ACTIVE")),
        "{published}"
    );
    let stale = marie.send(&preview, app.key()).await;
    assert_eq!(stale["errors"][0]["__typename"], "PreviewStaleError", "{stale}");
    let refused = marie.preview(&people, "Bonjour").await;
    let said = verdict(&refused, "small-sends");
    assert_eq!(
        (&refused["decision"]["outcome"], &said["code"]),
        (&json!("REFUSED"), &json!("TOO_MANY_MESSAGES"))
    );
    assert_eq!(said["message"], "3 messages, pour 2 au plus.");
    assert_eq!(marie.send(&refused, app.key()).await["errors"][0]["__typename"], "RefusedError");
    assert_eq!(marie.preview(&people[..2], "Bonjour").await["decision"]["outcome"], "ALLOWED");
}

async fn an_own_rule_is_set_and_switched_off(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let people = marie.musicians(3).await;
    in_force(&admin, "DENY").await;
    assert_eq!(marie.preview(&people, "Bonjour").await["decision"]["outcome"], "REFUSED");
    assert_eq!(
        set(&admin, "small-sends", json!({ "parameters": [{ "name": "most", "value": "3" }] })).await["errors"],
        json!([])
    );
    assert_eq!(marie.preview(&people, "Bonjour").await["decision"]["outcome"], "ALLOWED");
    let done = set(
        &admin,
        "small-sends",
        json!({ "state": "OFF", "parameters": [{ "name": "most", "value": "1" }] }),
    )
    .await;
    assert_eq!(done["rule"]["state"], "OFF", "{done}");
    let preview = marie.preview(&people, "Bonjour").await;
    assert_eq!(
        (&preview["decision"]["outcome"], verdict(&preview, "small-sends")),
        (&json!("ALLOWED"), &Value::Null)
    );
    assert_eq!(marie.send(&preview, app.key()).await["errors"], json!([]));
}

async fn an_own_rule_can_ask_to_confirm(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    in_force(&admin, "CONFIRM").await;
    let preview = marie.preview(&marie.musicians(3).await, "Bonjour").await;
    assert_eq!(preview["decision"]["outcome"], "CONFIRMATION_REQUIRED");
    for confirm in [&[][..], &["OTHER"], &["too_many_messages"]] {
        let asked = marie.send_confirming(&preview, app.key(), confirm).await;
        let error = &asked["errors"][0];
        assert_eq!(
            (&error["__typename"], &error["code"]),
            (&json!("ConfirmationRequiredError"), &json!("CONFIRMATION_REQUIRED"))
        );
        assert_eq!(error["codes"], json!(["TOO_MANY_MESSAGES"]));
    }
    let sent = marie.send_confirming(&preview, app.key(), &["TOO_MANY_MESSAGES"]).await;
    assert_eq!(sent["errors"], json!([]));
    app.dispatch_all().await;
    assert_eq!(marie.campaign(&sent["campaign"]).await["progress"]["delivered"], 3);
}

async fn a_draft_with_errors_cannot_be_published(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    for (manifest, source) in [
        (manifest("DENY"), "audience.mesage_count <= params.most"),
        (manifest("DENY"), "audience.message_count <= "),
        (manifest("DENY"), "while true {}"),
        (manifest("DENY"), "audience.message_count > params.most"),
        (manifest("DENY").replace("max = 10", "max = 0"), SOURCE),
        (format!("{}\nlock = \"LOCKED\"", manifest("DENY")), SOURCE),
    ] {
        let manifest = manifest.replace("small-sends", &format!("rule-{}", app.chance().below(1_000_000)));
        let saved = save(&admin, json!({ "manifest": manifest, "source": source })).await;
        assert_eq!(saved["errors"], json!([]), "kept as a draft: {saved}");
        let diagnostics = saved["version"]["diagnostics"].as_array().expect("diagnostics");
        assert!(
            diagnostics.iter().any(|one| one["severity"] == "ERROR" && one["line"].is_i64()),
            "{source}: {saved}"
        );
        let refused = publish(&admin, &saved, "ACTIVE").await;
        assert_eq!(
            (code_of(&refused), &refused["rule"]),
            (&json!("RULE_NOT_PUBLISHABLE"), &Value::Null),
            "{refused}"
        );
    }
    assert_eq!(marie.preview(&marie.musicians(3).await, "Bonjour").await["decision"]["outcome"], "ALLOWED");
}

async fn an_observed_rule_counts_for_nothing(app: TestApp) {
    let (admin, marie) = (app.admin().await, app.marie().await);
    let saved = save(&admin, json!({ "manifest": manifest("DENY"), "source": SOURCE })).await;
    assert_eq!(publish(&admin, &saved, "OBSERVED").await["rule"]["state"], "OBSERVED");
    let preview = marie.preview(&marie.musicians(3).await, "Bonjour").await;
    let said = verdict(&preview, "small-sends");
    assert_eq!((&said["code"], &said["observedOnly"]), (&json!("TOO_MANY_MESSAGES"), &json!(true)));
    assert_eq!(preview["decision"]["outcome"], "ALLOWED");
    assert_eq!(marie.send(&preview, app.key()).await["errors"], json!([]));
}

async fn two_authors_do_not_overwrite_each_other(app: TestApp) {
    let admin = app.admin().await;
    let first = save(&admin, json!({ "manifest": manifest("DENY"), "source": SOURCE })).await;
    let (rule, version) = (&first["rule"]["id"], &first["version"]["id"]);
    let on_first =
        json!({ "rule": rule, "basedOn": version, "manifest": manifest("WARN"), "source": SOURCE });
    let second = save(&admin, on_first.clone()).await;
    assert_eq!(second["version"]["number"], 2, "{second}");
    for late in [on_first, json!({ "rule": rule, "manifest": manifest("DENY"), "source": SOURCE })] {
        let refused = change(&admin, "saveRule", late).await;
        let error = &refused["errors"][0];
        assert_eq!(
            (&error["__typename"], &error["code"], &error["path"]),
            (&json!("RuleConflictError"), &json!("RULE_CONFLICT"), &json!(["basedOn"]))
        );
        assert_eq!(error["by"]["email"], "admin@quatre-vents.example", "{error}");
        assert_eq!((&error["current"]["number"], error["at"].is_string()), (&json!(2), true));
    }
    let published = publish(&admin, &second, "ACTIVE").await;
    assert_eq!(published["errors"], json!([]));
    assert_eq!(
        code_of(&publish(&admin, &second, "ACTIVE").await),
        "RULE_CONFLICT",
        "seen before it was in force"
    );
    for (version, code) in [(&second, "RULE_VERSION_ALREADY_PUBLISHED"), (&first, "RULE_VERSION_SUPERSEDED")]
    {
        let seen = json!({ "version": version["version"], "rule": published["rule"] });
        assert_eq!(code_of(&publish(&admin, &seen, "ACTIVE").await), code);
    }
}

async fn a_text_that_cannot_be_stored_is_refused(app: TestApp) {
    let admin = app.admin().await;
    let with_text = format!(
        "{}\n[params.word]\ntype = \"STRING\"\ndefault = \"a\"\ntitle = {{ en = \"W\", fr = \"M\" }}\n",
        manifest("DENY")
    );
    let source = "audience.message_count <= params.most && params.word != \"\"";
    let saved = save(&admin, json!({ "manifest": with_text, "source": source })).await;
    assert_eq!(publish(&admin, &saved, "ACTIVE").await["errors"], json!([]), "{saved}");
    let set_word = async |word: &str| {
        let input = json!({ "parameters": [{ "name": "word", "value": word }] });
        set(&admin, "small-sends", input).await
    };
    assert_eq!(set_word("été 🎺").await["errors"], json!([]));
    assert_eq!(code_of(&set_word("a\0b").await), "PARAMETER_INVALID");
    let nul = json!({ "manifest": manifest("DENY"), "source": "true || \"\0\" == \"\"" });
    assert_eq!(code_of(&save(&admin, nul).await), "RULE_TEXT_INVALID");
}
