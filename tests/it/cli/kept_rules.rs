//! The rules and decisions that are kept, as the operator lists them, takes them out and in, explains and verifies them.

use std::fs;

use entity::decision;
use envoi_tests::process::{Server, envoi};
use envoi_tests::{TestDatabase, UsableInTests as _};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, IntoActiveModel as _};
use serde_json::{Value, json};

use super::{QUATRE_VENTS, failure, on, on_both};

/// Runs a command that must succeed.
async fn done(database: &TestDatabase, arguments: &[&str]) -> String {
    let (code, out, said) = on(database, arguments).await;
    assert_eq!((code, said.as_str()), (0, ""), "{out}");
    out
}

async fn import(database: &TestDatabase, more: &[&str]) -> (i32, String, String) {
    on(database, &[&["rules", "import", "--structure", QUATRE_VENTS], more].concat()).await
}

#[test]
fn rules_go_in_and_out_as_two_files() {
    on_both(async |database| {
        let folder = database.folder().to_owned();
        let run = async |arguments: &[&str]| envoi(&folder, arguments, &[]).await.0;
        assert_eq!(run(&["rules", "new", "many"]).await, 0);
        let (code, out, _) = import(&database, &["many.toml"]).await;
        assert_eq!((code, out.as_str()), (0, "many: version 1 is saved as a draft.\n"));
        let list = ["rules", "list", "--structure", QUATRE_VENTS];
        let line = |out: &str| {
            let line = out.lines().find(|line| line.starts_with("many ")).unwrap_or_else(|| panic!("{out}"));
            line.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(line(&done(&database, &list).await), "many - OFF");
        let (code, out, _) = import(&database, &["many.toml", "--publish=observed"]).await;
        assert_eq!((code, out.as_str()), (0, "many: version 1 is observed, without effect.\n"));
        assert_eq!(line(&done(&database, &list).await), "many v1 OBSERVED");
        let (_, out, _) = import(&database, &["many.toml", "--publish"]).await;
        assert_eq!(out, "many: version 1 is in force.\n");
        assert_eq!(line(&done(&database, &list).await), "many v1 ACTIVE");
        let (_, out, _) = import(&database, &["--publish", "many.toml"]).await;
        assert_eq!(out, "many: nothing changes, version 1 is the same.\n");
        fs::write(folder.join("many.rhai"), "!(audience.message_count > params.most)").expect("written");
        let (_, out, _) = import(&database, &["many.rhai", "--publish"]).await;
        assert_eq!(out, "many: version 2 is in force.\n");

        fs::create_dir(folder.join("out")).expect("made");
        let export = ["rules", "export", "--structure", QUATRE_VENTS, "many", "out"];
        done(&database, &export).await;
        for file in ["many.toml", "many.rhai"] {
            let read = |path| fs::read_to_string(path).expect("it is there");
            assert_eq!(read(folder.join("out").join(file)), read(folder.join(file)));
        }
        assert!(failure(&database, &export).await.contains("is there already"));
        done(&database, &["rules", "export", "--structure", QUATRE_VENTS, "large-send", "out"]).await;
        let none = ["rules", "export", "--structure", QUATRE_VENTS, "nothing", "out"];
        assert!(failure(&database, &none).await.contains("no rule “nothing”"));

        assert_eq!(run(&["rules", "new", "message-length", "--into", "out"]).await, 0);
        let (code, out, _) = import(&database, &["out/message-length.toml", "many.toml"]).await;
        assert_eq!(code, 1);
        assert!(out.contains("message-length: ") && out.contains("many: nothing changes"), "{out}");
        fs::write(folder.join("many.rhai"), "audience.mesage_count < 2").expect("written");
        let (code, out, _) = import(&database, &["many.toml", "--publish", "--lang", "fr"]).await;
        assert!(code == 1 && out.contains("vouliez-vous dire"), "{out}");
        assert_eq!(line(&done(&database, &list).await), "many v2 ACTIVE", "nothing was saved");
        fs::write(folder.join("many.rhai"), "audience.message_count <= params.most").expect("written");
        let nobody = ["rules", "import", "--structure", "Harmonie de la Vallée", "many.toml"];
        assert!(failure(&database, &nobody).await.contains("envoi account create"));
        assert!(done(&database, &["rules", "list"]).await.lines().count() >= 14);
        database
    });
}

#[test]
fn a_rule_of_the_platform_is_taken_out_rewritten_and_brought_into_another_structure() {
    on_both(async |database| {
        let file = |name: &str| database.folder().join(name);
        let export = async |structure: &str, into: &str| {
            done(&database, &["rules", "export", "--structure", structure, "large-send", into]).await
        };
        fs::create_dir(file("out")).expect("made");
        export(QUATRE_VENTS, ".").await;
        let exported = fs::read_to_string(file("large-send.toml")).expect("it is there");
        fs::write(file("large-send.toml"), format!("lock = \"LOCKED\"\n{exported}")).expect("written");
        let (code, out, _) = import(&database, &["large-send.toml"]).await;
        assert_eq!(code, 1, "what only the platform says: {out}");
        assert!(out.contains("lock") && out.contains("large-send.toml"), "{out}");
        fs::write(file("large-send.toml"), &exported).expect("written");
        let (code, out, _) = import(&database, &["large-send.toml"]).await;
        assert_eq!((code, out.as_str()), (0, "large-send: version 1 is saved as a draft.\n"));
        let (code, out, _) = import(&database, &["large-send.toml", "--publish"]).await;
        assert_eq!((code, out.as_str()), (0, "large-send: version 1 is in force.\n"));

        export(QUATRE_VENTS, "out").await;
        assert_eq!(fs::read_to_string(file("out/large-send.toml")).expect("it is there"), exported);
        let vallee = "Harmonie de la Vallée";
        let admin = ["--email", "chef@vallee.example", "--kind", "ADMIN"];
        on(&database, &[&["account", "create", "--structure", vallee], &admin[..]].concat()).await;
        let brought = ["rules", "import", "--structure", vallee, "out/large-send.toml", "--publish"];
        assert_eq!(done(&database, &brought).await, "large-send: version 1 is in force.\n");
        assert_eq!(done(&database, &brought).await, "large-send: nothing changes, version 1 is the same.\n");
        for structure in [QUATRE_VENTS, vallee] {
            let list = done(&database, &["rules", "list", "--structure", structure]).await;
            let lines: Vec<_> = list.lines().filter(|line| line.starts_with("large-send ")).collect();
            assert!(matches!(lines[..], [line] if line.contains("v1") && line.contains("ACTIVE")), "{list}");
        }
        database
    });
}

/// Changes the verdicts of every decision.
async fn tamper(database: &TestDatabase, change: impl Fn(&mut decision::Model)) {
    let connection = database.connect().await;
    for mut row in decision::Entity::all_rows().all(&connection).await.expect("read") {
        change(&mut row);
        let mut changed = row.clone().into_active_model();
        changed.verdicts = Set(row.verdicts);
        changed.outcome = Set(row.outcome);
        changed.facts = Set(row.facts);
        changed.update(&connection).await.expect("planted");
    }
    connection.close().await.expect("closed");
}

/// The verdict of that rule in a decision.
fn verdict<'a>(row: &'a mut decision::Model, slug: &str) -> Option<&'a mut Value> {
    let verdicts = row.verdicts.as_array_mut().expect("verdicts");
    verdicts.iter_mut().find(|verdict| verdict["slug"] == slug)
}

#[test]
fn a_decision_is_explained_and_taken_again() {
    on_both(async |database| {
        let folder = database.folder().to_owned();
        for (slug, template) in [("words", "forbidden-words"), ("daily", "one-a-day")] {
            let new = ["rules", "new", slug, "--template", template];
            assert_eq!(envoi(&folder, &new, &[]).await.0, 0);
        }
        assert_eq!(import(&database, &["words.toml", "daily.toml", "--publish"]).await.0, 0);
        let key = database.master_key_file.display().to_string();
        let variables =
            [("ENVOI_DATABASE_URL", database.address.as_str()), ("ENVOI_MASTER_KEY_FILE", key.as_str())];
        let server = Server::start(&folder, &[], &variables).await;
        let token = server.sign_in("marie@quatre-vents.example").await;
        let preview = "mutation($text: String!) { previewSms(input: {
            audience: { matching: { filter: {} } }, message: { text: $text } }) {
            preview { token decision { id outcome } } errors { message } } }";
        let ask = async |text: &str| {
            let shown = server.graphql(Some(&token), preview, json!({ "text": text })).await;
            shown["previewSms"]["preview"].clone()
        };
        let (fine, long) = (ask("Un secret bien gardé").await, ask(&"a".repeat(150)).await);
        assert_eq!(
            (&fine["decision"]["outcome"], &long["decision"]["outcome"]),
            (&json!("ALLOWED"), &json!("REFUSED"))
        );
        let document = "mutation($token: String!) { sendSms(input: { previewToken: $token,
            idempotencyKey: \"0190b5ac-0000-7000-8000-000000000000\" }) { campaign { id } errors { code } } }";
        let sent = server.graphql(Some(&token), document, json!({ "token": fine["token"] })).await;
        let campaign = sent["sendSms"]["campaign"]["id"].as_str().expect("it is sent").to_owned();
        assert_eq!(server.stop().await, Some(0));

        let decision = long["decision"]["id"].as_str().expect("an id");
        let told = done(&database, &["rules", "explain", decision]).await;
        for part in [
            QUATRE_VENTS,
            "PREVIEW: REFUSED",
            "DENY MESSAGE_TOO_LONG  message-length v1",
            "message.length = 150",
            "params.max_length = 149",
            "message.text = (not kept)",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let told = done(&database, &["rules", "explain", &campaign, "--lang", "fr"]).await;
        assert!(told.contains("SEND : ALLOWED") && told.contains("non conservé"), "{told}");
        assert!(!told.contains("Un secret"), "{told}");
        assert!(
            told.contains("Écartées, en nombre de personnes : ") && told.contains(" – NO_MOBILE"),
            "{told}"
        );
        assert!(told.contains("message-length v1 BUILT_IN"), "{told}");
        for id in ["nothing", "0190b5ac-0000-7000-8000-000000000000"] {
            let (code, out, said) = on(&database, &["rules", "explain", id]).await;
            assert!(code == 2 && out.is_empty() && said.contains("neither"), "{said}");
        }
        verifies(&database).await;
        database
    });
}

#[test]
fn what_left_later_is_explained_as_sent_and_as_left() {
    on_both(async |database| {
        let key = database.master_key_file.display().to_string();
        let variables =
            [("ENVOI_DATABASE_URL", database.address.as_str()), ("ENVOI_MASTER_KEY_FILE", key.as_str())];
        let server = Server::start(database.folder(), &[], &variables).await;
        let token = server.sign_in("marie@quatre-vents.example").await;
        let campaign = left_later(&server, &token).await;
        assert_eq!(server.stop().await, Some(0));
        let told = done(&database, &["rules", "explain", &campaign]).await;
        let (sent, left) = (told.find("SEND: ALLOWED"), told.find("DISPATCH: ALLOWED"));
        assert!(sent.is_some() && sent < left, "both are told: {told}");
        let verified = done(&database, &["rules", "verify"]).await;
        assert!(verified.contains("3 decisions: ") && verified.contains(", 0 differences, "), "{verified}");
        database
    });
}

/// The id of a campaign that was sent to leave two seconds later, and that the server let leave then.
async fn left_later(server: &Server, token: &str) -> String {
    let at = api::clock::Clock::now(&api::clock::SystemClock) + chrono::TimeDelta::seconds(2);
    let preview = "mutation($at: DateTime!) { previewSms(input: { audience: { matching: { filter: {} } },
        message: { text: \"Plus tard\", sendAt: $at } }) { preview { token } errors { message } } }";
    let shown = server.graphql(Some(token), preview, json!({ "at": at })).await;
    let document = "mutation($token: String!) { sendSms(input: { previewToken: $token,
        idempotencyKey: \"0190b5ac-0000-7000-8000-000000000001\" }) { campaign { id state } errors { code } } }";
    let sent = server
        .graphql(Some(token), document, json!({ "token": shown["previewSms"]["preview"]["token"] }))
        .await;
    let campaign = &sent["sendSms"]["campaign"];
    assert_eq!(campaign["state"], "SCHEDULED", "{sent}");
    let document =
        "query($id: ID!) { node(id: $id) { ... on Campaign { state dispatchDecision { outcome } } } }";
    loop {
        let node =
            server.graphql(Some(token), document, json!({ "id": campaign["id"] })).await["node"].take();
        if node["state"] != "SCHEDULED" {
            assert_eq!(node["dispatchDecision"]["outcome"], "ALLOWED", "{node}");
            return campaign["id"].as_str().expect("an id").to_owned();
        }
    }
}

/// All adds up as it is; whatever is planted is found, and what cannot be told is counted.
async fn verifies(database: &TestDatabase) {
    let verify = ["rules", "verify", "--structure", QUATRE_VENTS];
    let whole = done(database, &verify).await;
    assert!(whole.contains("3 decisions: ") && whole.contains(", 0 differences, "), "{whole}");
    assert!(whole.contains("not replayable: daily v1, 3 verdicts: it looks at each person"), "{whole}");
    assert!(!whole.contains("words v1"), "the text is still there: {whole}");
    assert!(done(database, &["rules", "verify", "--since", "2999-01-01"]).await.starts_with("0 decisions"));
    assert!(done(database, &["rules", "verify"]).await.contains("3 decisions"));

    let caught = async |why: &str| {
        let (code, out, _) = on(database, &verify).await;
        assert!(code == 1 && out.contains(why), "{why}: {out}");
    };
    let length = "message-length";
    let too_long = |row: &mut decision::Model| {
        verdict(row, length).is_some_and(|verdict| verdict["code"] == "MESSAGE_TOO_LONG")
    };
    tamper(database, |row| {
        if too_long(row) {
            let verdict = verdict(row, length).expect("it ran");
            (verdict["level"], verdict["code"]) = (json!("PASS"), json!("PASS"));
        }
    })
    .await;
    caught("message-length v1: PASS PASS is stored, the rule answers DENY MESSAGE_TOO_LONG").await;
    caught("REFUSED is stored, its verdicts make ALLOWED").await;
    tamper(database, |row| {
        if row.facts["message.length"] == 150 {
            row.outcome = entity::enums::Outcome::Allowed;
        }
    })
    .await;
    caught(", 1 difference, ").await;
    tamper(database, |row| row.facts["message.length"] = json!(3)).await;
    assert!(done(database, &verify).await.contains(", 0 differences, "), "now it tells one story");

    tamper(database, |row| verdict(row, "words").expect("it ran")["message"]["fr"] = json!("Rien.")).await;
    caught("words v1: PASS PASS is stored with another message").await;
    tamper(database, |row| {
        let verdict = verdict(row, "words").expect("it ran");
        verdict["message"]["fr"] = json!("La règle est respectée.");
        verdict["script_hash"] = json!("0".repeat(64));
    })
    .await;
    caught("words v1: the script is not the one that ran").await;
    tamper(database, |row| verdict(row, "words").expect("it ran")["version"] = json!(7)).await;
    let gone = done(database, &verify).await;
    assert!(
        gone.contains("not replayable: words v7, 3 verdicts: that version of the rule is there no more"),
        "{gone}"
    );
    tamper(database, |row| {
        let verdict = verdict(row, length).expect("it ran");
        verdict["engine"] = json!(99);
        row.facts.as_object_mut().expect("facts").remove("credit.balance");
    })
    .await;
    let unknown = done(database, &verify).await;
    assert!(
        unknown.contains("message-length v1, 3 verdicts: another version of the engine decided"),
        "{unknown}"
    );
    assert!(unknown.contains("the fact credit.balance was not kept"), "{unknown}");
    tells_what_did_not_run(database).await;
    tamper(database, |row| row.verdicts = json!({})).await;
    caught("its verdicts cannot be read").await;
}

/// A rule that failed then and passes today differs; one that could not be loaded then did not answer at all.
async fn tells_what_did_not_run(database: &TestDatabase) {
    let verify = ["rules", "verify", "--structure", QUATRE_VENTS];
    let account = "not-admin-account";
    tamper(database, |row| {
        row.outcome = entity::enums::Outcome::Refused;
        let verdict = verdict(row, account).expect("it ran");
        (verdict["level"], verdict["code"]) = (json!("ERROR"), json!("RULE_ERROR"));
    })
    .await;
    let (code, out, _) = on(database, &verify).await;
    assert!(code == 1 && out.contains("ERROR RULE_ERROR is stored, the rule answers PASS PASS"), "{out}");
    tamper(database, |row| verdict(row, account).expect("it ran")["operations"] = json!(0)).await;
    let unloaded = done(database, &verify).await;
    assert!(
        unloaded.contains(&format!("{account} v1, 3 verdicts: it could not be loaded then")),
        "{unloaded}"
    );
}
