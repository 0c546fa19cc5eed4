//! What the playground is bundled from: packages of the public npm registry, at exact versions, under licences that we accept.
//! `deny.toml` keeps the same for crates.

use serde_json::{Map, Value};

const REGISTRY: &str = "https://registry.npmjs.org/";

/// All let us pass on what was bundled, with their text, which the playground links to.
const LICENCES: &[&str] = &["0BSD", "Apache-2.0", "BSD-2-Clause", "MIT", "PSF-2.0"];

fn object<'a>(value: &'a Value, key: &str) -> &'a Map<String, Value> {
    value[key].as_object().unwrap_or_else(|| panic!("there is no {key}"))
}

/// Packages of a lock file that come from elsewhere, without a hash of their content, or under another licence.
pub(super) fn strange_packages(lock: &str) -> Vec<String> {
    let lock: Value = serde_json::from_str(lock).expect("the lock file is JSON");
    let mut violations = Vec::new();
    for (path, package) in object(&lock, "packages").iter().filter(|(path, _)| !path.is_empty()) {
        let source = package["resolved"].as_str().unwrap_or("nowhere");
        if !source.starts_with(REGISTRY) {
            violations.push(format!("{path} comes from {source}"));
        }
        if !package["integrity"].as_str().is_some_and(|hash| hash.starts_with("sha512-")) {
            violations.push(format!("{path} has no hash of its content"));
        }
        let licence = package["license"].as_str().unwrap_or("none");
        if !LICENCES.contains(&licence) {
            violations.push(format!("{path} is under the licence {licence}"));
        }
    }
    violations
}

/// Dependencies of a manifest that leave room for another version.
pub(super) fn loose_versions(manifest: &str) -> Vec<String> {
    let manifest: Value = serde_json::from_str(manifest).expect("the manifest is JSON");
    let exact = |version: &str| {
        version.split('.').count() == 3 && version.split('.').all(|part| part.parse::<u32>().is_ok())
    };
    object(&manifest, "dependencies")
        .iter()
        .filter(|(_, version)| !version.as_str().is_some_and(exact))
        .map(|(name, version)| format!("{name} is not at an exact version: {version}"))
        .collect()
}

/// The checks, each on a planted violation.
mod planted {
    use super::*;

    #[test]
    fn a_strange_package_is_seen() {
        let seen = |package: &str| {
            strange_packages(&format!("{{\"packages\": {{\"\": {{}}, \"node_modules/a\": {package}}}}}"))
                .len()
        };
        let from = "\"resolved\": \"https://registry.npmjs.org/a.tgz\"";
        assert_eq!(seen(&format!("{{{from}, \"integrity\": \"sha512-x\", \"license\": \"MIT\"}}")), 0);
        assert_eq!(seen(&format!("{{{from}, \"integrity\": \"sha512-x\", \"license\": \"SSPL-1.0\"}}")), 1);
        assert_eq!(seen(&format!("{{{from}, \"license\": \"MIT\"}}")), 1);
        assert_eq!(seen("{\"resolved\": \"https://mirror.example/a.tgz\"}"), 3);
    }

    #[test]
    fn a_loose_version_is_seen() {
        let seen =
            |version: &str| loose_versions(&format!("{{\"dependencies\": {{\"a\": \"{version}\"}}}}")).len();
        assert_eq!(seen("1.2.3"), 0);
        for loose in ["^1.2.3", "~1.2.3", "1.2", "1.x.0", "latest", "https://example.org/a.tgz"] {
            assert_eq!(seen(loose), 1, "{loose}");
        }
    }
}
