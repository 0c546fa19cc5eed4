//! The operator's folder of rules, loaded again while an instance runs; and rules of structures, which every instance sees at once.

use std::fs;
use std::path::Path;

use api::app::Ctx;
use api::services::ruleset::{self, Look};
use envoi_tests::{TestApp, both};
use serde_json::json;

use super::{SOURCE, manifest, publish, save, verdict};

both!(
    a_folder_that_changed_is_in_force_once_two_looks_agree,
    a_bad_file_is_named_and_the_last_good_set_stays,
    a_request_keeps_the_rules_that_it_began_with,
    a_rule_that_is_published_counts_on_another_instance_at_once,
);

/// Writes both files of the rule on small sends.
fn put(folder: &Path, level: &str, source: &str) {
    fs::write(folder.join("small-sends.toml"), manifest(level)).expect("written");
    fs::write(folder.join("small-sends.rhai"), source).expect("written");
}

/// An instance with a folder of its own.
async fn with_folder(app: &TestApp, folder: &Path) -> TestApp {
    let folder = folder.to_owned();
    app.another(move |config| config.rules.plugins = Some(folder)).await
}

async fn a_folder_that_changed_is_in_force_once_two_looks_agree(app: TestApp) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let app = with_folder(&app, folder.path()).await;
    let (marie, platform) = (app.marie().await, &app.app().platform);
    let people = marie.musicians(3).await;
    let open = marie.preview(&people, "Bonjour").await;
    assert!(verdict(&open, "small-sends").is_null());
    put(folder.path(), "DENY", SOURCE);
    assert!(matches!(platform.look(false), Look::Changing));
    assert!(verdict(&marie.preview(&people, "Bonjour").await, "small-sends").is_null(), "not yet");
    assert!(matches!(platform.look(false), Look::Loaded { rules: 1 }));
    assert!(matches!(platform.look(false), Look::Same));
    let stale = marie.send(&open, app.key()).await;
    assert_eq!(stale["errors"][0]["__typename"], "PreviewStaleError", "{stale}");
    let refused = marie.preview(&people, "Bonjour").await;
    assert_eq!(verdict(&refused, "small-sends")["code"], "TOO_MANY_MESSAGES");

    put(folder.path(), "WARN", SOURCE);
    assert!(matches!(platform.look(true), Look::Loaded { rules: 1 }), "asked for, it is loaded at once");
    assert_eq!(marie.preview(&people, "Bonjour").await["decision"]["outcome"], "ALLOWED");
    for file in ["small-sends.toml", "small-sends.rhai"] {
        fs::remove_file(folder.path().join(file)).expect("removed");
    }
    assert!(matches!(platform.look(false), Look::Changing));
    let Look::Gone(gone) = platform.look(false) else { panic!("an empty folder lifts nothing unseen") };
    assert_eq!(gone, ["small-sends"]);
    assert!(matches!(platform.look(false), Look::Same), "told once");
    assert_eq!(verdict(&marie.preview(&people, "Bonjour").await, "small-sends")["code"], "TOO_MANY_MESSAGES");
    for file in ["other.toml", "other.rhai"] {
        let text = if file.ends_with("toml") {
            manifest("DENY").replace("small-sends", "other")
        } else {
            SOURCE.into()
        };
        fs::write(folder.path().join(file), text).expect("written");
    }
    assert!(matches!(platform.look(false), Look::Changing));
    assert!(matches!(platform.look(false), Look::Gone(_)), "nor does one that is called otherwise");
    assert!(matches!(platform.look(true), Look::Loaded { rules: 1 }), "the operator says so");
    assert!(verdict(&marie.preview(&people, "Bonjour").await, "small-sends").is_null());
}

async fn a_bad_file_is_named_and_the_last_good_set_stays(app: TestApp) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    put(folder.path(), "DENY", SOURCE);
    let app = with_folder(&app, folder.path()).await;
    let (marie, platform) = (app.marie().await, &app.app().platform);
    let people = marie.musicians(3).await;
    let in_force = async || {
        let preview = marie.preview(&people, "Bonjour").await;
        assert_eq!(verdict(&preview, "small-sends")["code"], "TOO_MANY_MESSAGES", "{preview}");
    };
    let refused = |why: &str| {
        assert!(matches!(platform.look(false), Look::Changing), "{why}");
        let Look::Refused(error) = platform.look(false) else { panic!("{why}: it is refused") };
        assert!(error.to_string().contains(why), "{error}");
        assert!(matches!(platform.look(false), Look::Same), "told once");
        assert!(matches!(platform.look(true), Look::Refused(_)), "and again to who asks");
    };
    put(folder.path(), "DENY", "audience.mesage_count < 2");
    fs::write(folder.path().join("other.toml"), manifest("WARN")).expect("written");
    fs::write(folder.path().join("other.rhai"), SOURCE).expect("written");
    refused("other.toml: its slug is");
    fs::remove_file(folder.path().join("other.toml")).expect("removed");
    refused("other.rhai: its other half");
    fs::remove_file(folder.path().join("other.rhai")).expect("removed");
    refused("small-sends.rhai: the rule does not load: line 1, column 1");
    fs::write(folder.path().join("small-sends.rhai"), vec![b' '; 10_000_000]).expect("written");
    refused("small-sends.rhai: it is larger");
    fs::write(folder.path().join("small-sends.rhai"), "true || \"a\0b\" == \"\"").expect("written");
    refused("small-sends.rhai: the rule does not load");
    in_force().await;
    fs::rename(folder.path(), folder.path().with_extension("away")).expect("renamed");
    refused(&folder.path().display().to_string());
    in_force().await;
    fs::rename(folder.path().with_extension("away"), folder.path()).expect("renamed");
    put(folder.path(), "DENY", SOURCE);
    assert!(matches!(platform.look(false), Look::Mended), "what is in force is back");
    assert!(matches!(platform.look(false), Look::Same), "told once");
    in_force().await;
}

async fn a_request_keeps_the_rules_that_it_began_with(app: TestApp) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let app = with_folder(&app, folder.path()).await;
    let (before, structure) = (app.ctx(), app.quatre_vents().await);
    let hash = async |ctx: &Ctx| {
        ruleset::active(ctx, app.db(), structure).await.expect("the rules can be read").hash()
    };
    let as_it_began = hash(&before).await;
    put(folder.path(), "DENY", SOURCE);
    assert!(matches!(app.app().platform.look(true), Look::Loaded { rules: 1 }));
    assert!(before.catalog.get("small-sends").is_none() && app.ctx().catalog.get("small-sends").is_some());
    assert_eq!(hash(&before).await, as_it_began);
    assert_ne!(hash(&app.ctx()).await, as_it_began);
}

async fn a_rule_that_is_published_counts_on_another_instance_at_once(app: TestApp) {
    let other = app.another(|_| {}).await;
    let (admin, marie) = (app.admin().await, other.marie().await);
    let people = marie.musicians(3).await;
    let open = marie.preview(&people, "Bonjour").await;
    let saved = save(&admin, json!({ "manifest": manifest("DENY"), "source": SOURCE })).await;
    assert_eq!(publish(&admin, &saved, "ACTIVE").await["errors"], json!([]));
    let refused = marie.preview(&people, "Bonjour").await;
    assert_eq!(verdict(&refused, "small-sends")["code"], "TOO_MANY_MESSAGES");
    assert_eq!(marie.send(&open, other.key()).await["errors"][0]["__typename"], "PreviewStaleError");
}
