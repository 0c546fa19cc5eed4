use std::fs;
use std::path::{Path, PathBuf};

use super::{MANIFEST, SCRIPT};
use crate::*;

/// A folder of the test's own, removed when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("OUT_DIR")).join(format!("plugins-{name}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("checked: the build folder can be written");
        Self(path)
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect("checked: the build folder can be written");
    }

    fn refused(&self) -> String {
        with_plugins(&self.0).expect_err("a bad folder").to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn with_plugins(folder: &Path) -> Result<Catalog, CatalogError> {
    Catalog::with(&Plugins::read(folder)?)
}

#[test]
fn the_operator_adds_rules_and_replaces_built_ins() {
    let folder = Folder::new("good");
    folder.put("sample.toml", &MANIFEST.replace("slug = \"sample\"", "slug = \"sample\"\nposition = 15"));
    folder.put("sample.rhai", SCRIPT);
    folder.put("message-length.toml", &MANIFEST.replace("slug = \"sample\"", "slug = \"message-length\""));
    folder.put("message-length.rhai", SCRIPT);
    folder.put("README.md", "not a rule");
    let catalog = with_plugins(&folder.0).unwrap_or_else(|error| panic!("{error}"));
    let slugs: Vec<&str> = catalog.rules().map(|rule| rule.manifest().slug.as_str()).collect();
    assert_eq!(slugs.len(), 16);
    assert_eq!((slugs[1], slugs[15]), ("sample", "message-length"));
    let replaced = catalog.get("message-length").expect("it is there").manifest();
    assert!(replaced.codes.contains_key("A"));
    assert_eq!((replaced.lock, replaced.state), (Some(Lock::Locked), Some(State::Active)));
    let origin = |slug: &str| catalog.get(slug).expect("it is there").origin();
    assert_eq!((origin("sample"), origin("message-length")), (Origin::Plugin, Origin::Plugin));
    assert_eq!(origin("credit-sufficient"), Origin::BuiltIn);
    assert_eq!(catalog.locked_replaced().count(), 0, "this one was ADJUSTABLE");
    folder.put(
        "not-admin-account.toml",
        &MANIFEST.replace("slug = \"sample\"", "slug = \"not-admin-account\""),
    );
    folder.put("not-admin-account.rhai", SCRIPT);
    let catalog = with_plugins(&folder.0).unwrap_or_else(|error| panic!("{error}"));
    let replaced: Vec<&str> = catalog.locked_replaced().map(|(slug, _)| slug).collect();
    assert_eq!(replaced, ["not-admin-account"]);
}

#[test]
fn a_bad_file_is_refused_by_name() {
    let folder = Folder::new("bad");
    folder.put("sample.toml", MANIFEST);
    assert!(folder.refused().contains("sample.toml: its other half"));
    folder.put("sample.rhai", "message.coast < 1");
    let told = folder.refused();
    assert!(
        told.contains("sample.rhai: the rule does not load: line 1, column 1: there is no fact"),
        "{told}"
    );
    folder.put("sample.toml", &MANIFEST.replace("default = 10", "default = 10\nmax = 9"));
    let told = folder.refused();
    let (manifest, script) = told.split_once("sample.rhai: the rule does not load: ").expect("both files");
    assert!(manifest.contains("sample.toml: the rule does not load: line 8") && script.contains("no fact"));
    folder.put("sample.toml", &MANIFEST.replace("default = 10", "default = ten"));
    assert!(folder.refused().contains("sample.toml: the rule does not load: line 8, column 11"));
    folder.put("sample.toml", MANIFEST);
    folder.put("sample.rhai", SCRIPT);
    folder.put("lonely.rhai", SCRIPT);
    assert!(folder.refused().contains("lonely.rhai: its other half"));
    folder.put("lonely.toml", MANIFEST);
    assert!(folder.refused().contains("lonely.toml: its slug is \"sample\""));
    folder.put("lonely.toml", &"#".repeat(10_000_000));
    assert!(folder.refused().contains("lonely.toml: it is larger than"));
    fs::write(folder.0.join("lonely.toml"), [0xff, 0xfe]).expect("checked: the build folder can be written");
    assert!(folder.refused().contains("lonely.toml: "));
}

#[test]
fn a_folder_that_is_not_there_is_refused_by_name() {
    let told = with_plugins(Path::new("no/such/folder")).expect_err("absent").to_string();
    assert!(told.starts_with("no/such/folder: "), "{told}");
}
