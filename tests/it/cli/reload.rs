//! A server that runs, and what the operator changes in its folder of rules.

use std::fs;

use envoi_tests::plainly;
use envoi_tests::process::{Server, envoi};
use serde_json::{Value, json};

const RULES: &str = "{ viewer { structure { rules(first: 100) { edges { node { slug title } } } } } }";

fn has(data: &Value, slug: &str, title: &str) -> bool {
    let rules = data["viewer"]["structure"]["rules"]["edges"].as_array().expect("rules");
    rules.iter().any(|rule| rule["node"]["slug"] == slug && rule["node"]["title"] == title)
}

#[test]
fn the_folder_is_loaded_again_when_it_changes_and_on_a_hangup() {
    plainly(async || {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let plugins = folder.path().join("rules");
        let plugin = |name: &str| plugins.join(name);
        fs::create_dir(&plugins).expect("made");
        let variables = [("ENVOI_RULES_PLUGINS", plugins.to_str().expect("a path"))];
        let server = Server::start(folder.path(), &["--demo"], &variables).await;
        let token = server.sign_in("admin@quatre-vents.example").await;
        let new = ["rules", "new", "many", "--into", "rules"];
        assert_eq!(envoi(folder.path(), &new, &[]).await.0, 0);
        let first = "Demander avant un gros envoi";
        server.until(&token, RULES, json!({}), |data| has(data, "many", first)).await;

        let manifest = fs::read_to_string(plugin("many.toml")).expect("it is there");
        fs::write(plugin("many.toml"), manifest.replace(first, "Gros envoi")).expect("written");
        server.hang_up().await;
        server.until(&token, RULES, json!({}), |data| has(data, "many", "Gros envoi")).await;

        let script = fs::read_to_string(plugin("many.rhai")).expect("it is there");
        fs::write(plugin("many.rhai"), "audience.mesage_count < 2").expect("written");
        server.hang_up().await;
        let log = || fs::read_to_string(folder.path().join("log")).expect("there is a log");
        let still = |data: &Value| {
            has(data, "many", "Gros envoi") && log().contains("many.rhai: the rule does not load")
        };
        server.until(&token, RULES, json!({}), still).await;
        assert!(log().contains("those before stay in force"), "{}", log());
        fs::write(plugin("many.rhai"), script).expect("written");
        server.until(&token, RULES, json!({}), |_| log().contains("what was refused is mended")).await;
        fs::write(plugin("many.rhai"), "audience.mesage_count < 2").expect("written");
        for file in ["many.toml", "many.rhai"] {
            fs::rename(plugin(file), folder.path().join(file)).expect("taken away");
        }
        let kept = |data: &Value| has(data, "many", "Gros envoi") && log().contains("send SIGHUP to confirm");
        server.until(&token, RULES, json!({}), kept).await;
        server.hang_up().await;
        server.until(&token, RULES, json!({}), |data| !has(data, "many", "Gros envoi")).await;
        for file in ["many.toml", "many.rhai"] {
            fs::rename(folder.path().join(file), plugin(file)).expect("put back");
        }
        assert_eq!(server.stop().await, Some(0));
        let (code, _, said) = envoi(folder.path(), &["structure", "list"], &variables).await;
        assert!(code == 1 && said.contains("many.rhai"), "at a start there is no set before: {said}");
    });
}

const START: &str = "mutation { startRule(input: { from: { template: \"forbidden-words\" }, slug: \"many\" }) { version { id } } }";
const PUBLISH: &str =
    "mutation($version: ID!) { publishRule(input: { version: $version }) { errors { message } } }";

#[test]
fn what_the_operators_rules_take_the_place_of_or_run_beside_is_warned_of() {
    plainly(async || {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let plugins = folder.path().join("rules");
        fs::create_dir(&plugins).expect("made");
        let variables = [("ENVOI_RULES_PLUGINS", plugins.to_str().expect("a path"))];
        let server = Server::start(folder.path(), &["--demo"], &variables).await;
        let token = server.sign_in("admin@quatre-vents.example").await;
        let log = || fs::read_to_string(folder.path().join("log")).expect("there is a log");
        let warned = |parts: &[&str]| {
            log().lines().any(|line| line.contains("WARN") && parts.iter().all(|part| line.contains(part)))
        };
        let started = server.graphql(Some(&token), START, json!({})).await["startRule"].take();
        let version = json!({ "version": started["version"]["id"] });
        let published = server.graphql(Some(&token), PUBLISH, version).await;
        assert_eq!(published["publishRule"]["errors"], json!([]));
        assert!(!warned(&["LOCKED"]) && !warned(&["same name"]), "{}", log());

        for slug in ["many", "not-admin-account"] {
            let new = ["rules", "new", slug, "--into", "rules"];
            assert_eq!(envoi(folder.path(), &new, &[]).await.0, 0);
        }
        server.hang_up().await;
        let locked = &["LOCKED", "rule=\"not-admin-account\""];
        let both = ["same name", "rule=\"many\"", "Quatre Vents", "runs=\"both\""];
        server.until(&token, RULES, json!({}), |_| warned(locked) && warned(&both)).await;
        assert!(!warned(&["LOCKED", "rule=\"many\""]), "that one is in the place of nothing: {}", log());
        assert_eq!(server.stop().await, Some(0));
        fs::remove_file(folder.path().join("log")).expect("removed");
        let server = Server::start(folder.path(), &["--demo"], &variables).await;
        assert!(warned(locked) && warned(&both), "at a start too: {}", log());
        assert_eq!(server.stop().await, Some(0));
    });
}
