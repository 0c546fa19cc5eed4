//! What the README shows, run as it stands: its commands by a shell, and what it asks in the playground by a browser, against the
//! program; and what comes of it beside what it says.

use std::fmt::Write as _;
use std::path::Path;

use envoi_tests::browser::Browser;
use envoi_tests::kannel;
use envoi_tests::process::{Server, program};
use serde_json::{Value, json};
use tokio::process::Command;

const README: &str = include_str!("../../README.md");

/// A fenced block of a section: its language and its lines.
struct Block {
    language: String,
    text: String,
}

/// The text under one heading.
fn section(heading: &str) -> &'static str {
    let section = README.split("\n## ").find(|section| section.starts_with(heading));
    section.unwrap_or_else(|| panic!("the README has no section {heading}"))
}

/// The fenced blocks under one heading.
fn blocks(heading: &str) -> Vec<Block> {
    let section = section(heading);
    let mut parts = section.split("```").skip(1).step_by(2);
    let mut found = Vec::new();
    for part in &mut parts {
        let (language, text) = part.split_once('\n').expect("a fence ends its line");
        found.push(Block { language: language.to_owned(), text: text.to_owned() });
    }
    found
}

/// Runs the shell blocks one after another in one shell; answers what each printed.
async fn run(folder: &Path, prelude: &str, blocks: &[&Block]) -> Vec<String> {
    let mut script = format!("set -eo pipefail\n{prelude}\n");
    for (number, block) in blocks.iter().enumerate() {
        writeln!(script, "exec >printed.{number}\n{}", block.text).expect("checked: writing to a string");
    }
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder)
        .output()
        .await
        .expect("bash can be run");
    let error = String::from_utf8_lossy(&output.stderr);
    let printed =
        |number| std::fs::read_to_string(folder.join(format!("printed.{number}"))).unwrap_or_default();
    let all: Vec<String> = (0..blocks.len()).map(printed).collect();
    assert!(output.status.success(), "{:?}: {error}\n{all:#?}", output.status);
    all
}

/// Whether `actual` is what is expected, objects holding more being welcome.
fn holds(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => expected
            .iter()
            .all(|(name, expected)| actual.get(name).is_some_and(|actual| holds(actual, expected))),
        (Value::Array(actual), Value::Array(expected)) => {
            actual.len() == expected.len()
                && actual.iter().zip(expected).all(|(actual, expected)| holds(actual, expected))
        }
        _ => actual == expected,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_walk_through_preview_and_send_runs_as_shown() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let server = Server::start(folder.path(), &["--demo"], &[]).await;
    let walk = blocks("Preview and send");
    let shell: Vec<Block> = walk
        .iter()
        .filter(|block| block.language == "sh")
        .map(|block| Block {
            language: block.language.clone(),
            text: block.text.replace("http://127.0.0.1:8080", server.address()),
        })
        .collect();
    let printed = run(folder.path(), "", &shell.iter().collect::<Vec<_>>()).await;
    let mut compared = 0;
    for (place, block) in walk.iter().enumerate().filter(|(_, block)| block.language == "json") {
        let number = walk[..place].iter().filter(|block| block.language == "sh").count() - 1;
        let expected: Value = serde_json::from_str(&block.text).expect("the README shows JSON");
        let actual: Value =
            serde_json::from_str(&printed[number]).unwrap_or_else(|_| panic!("no JSON: {}", printed[number]));
        assert!(holds(&actual, &expected), "the README says {expected:#}\nbut it is {actual:#}");
        compared += 1;
    }
    assert!(compared >= 4, "the walk shows what its commands print");
    let [.., after, _scheduled, _cancelled, refused] = &printed[..] else {
        panic!("the walk goes on after the send")
    };
    for part in ["CAMPAIGN_ALREADY_COMPLETED", "NOTHING_TO_RETRY", "+336", "Delivered"] {
        assert!(after.contains(part), "{part}: {after}");
    }
    let whys = ["administrator", "read-write right", "no SMS option", "costs"];
    assert_eq!(refused.lines().count(), whys.len(), "{refused}");
    for (line, why) in refused.lines().zip(whys) {
        let answer: Value = serde_json::from_str(line).expect("each line is JSON");
        let decision = &answer["data"]["previewSms"]["preview"]["decision"];
        assert_eq!(decision["outcome"], "REFUSED", "{line}");
        let verdicts = decision["verdicts"].as_array().expect("verdicts");
        assert!(verdicts.iter().all(|verdict| verdict["level"] == "DENY"), "only what refuses: {line}");
        assert!(
            verdicts.iter().any(|verdict| verdict["message"].as_str().is_some_and(|said| said.contains(why))),
            "{why}: {line}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_fails_is_told() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let server = Server::start(folder.path(), &["--demo"], &[]).await;
    let mut helpers = blocks("Preview and send").remove(0);
    helpers.text = helpers.text.replace("http://127.0.0.1:8080", server.address());
    let wrong = Block { language: "sh".to_owned(), text: "signIn nobody@quatre-vents.example".to_owned() };
    let printed = run(folder.path(), "", &[&helpers, &wrong]).await;
    assert!(printed[1].contains("Wrong address or password."), "{}", printed[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_s_commands_run_as_shown() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let demo = folder.path().join("api/demo");
    std::fs::create_dir_all(&demo).expect("a folder can be made");
    let shown = concat!(env!("CARGO_MANIFEST_DIR"), "/../api/demo/harmonie.csv");
    std::fs::copy(shown, demo.join("harmonie.csv")).expect("the demo's file is there");
    let prelude = format!("envoi() {{ '{}' \"$@\"; }}\nenvoi migrate", program().await.display());
    let commands = blocks("For the operator");
    let printed = run(folder.path(), &prelude, &commands.iter().collect::<Vec<_>>()).await;
    assert!(printed[0].contains("Chorale des Dunes"), "{}", printed[0]);
}

/// The gateway's own ports are those of the example; the test's are free ones.
fn on_ports(text: &str, ports: [u16; 4]) -> String {
    ["13000", "13001", "10000", "13013"]
        .iter()
        .zip(ports)
        .fold(text.to_owned(), |text, (shown, port)| text.replace(shown, &port.to_string()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_walk_through_kannel_runs_as_shown() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let ports: [u16; 4] = std::array::from_fn(|_| kannel::free_port());
    std::fs::create_dir(folder.path().join("docs")).expect("a folder can be made");
    std::fs::write(folder.path().join("docs/kannel.example.conf"), kannel::configuration(ports, None))
        .expect("a file can be written");
    let shown = blocks("Through Kannel");
    let [gateway, demo, choose, stop, back] = &shown[..] else {
        panic!("the section has five blocks of commands")
    };
    let exports = on_ports(demo.text.strip_suffix("make run\n").expect("the demo is run last"), ports);
    let settings: Vec<(&str, &str)> = exports
        .trim_start_matches("export ")
        .split_whitespace()
        .map(|setting| setting.split_once('=').expect("a variable has a value"))
        .collect();
    let server = Server::start(folder.path(), &["--demo"], &settings).await;

    let mut steps = vec![on_ports(&gateway.text, ports), exports.clone(), choose.text.clone()];
    let walk = blocks("Preview and send");
    let walk = walk.iter().filter(|block| block.language == "sh");
    steps.extend(walk.map(|block| block.text.replace("http://127.0.0.1:8080", server.address())));
    steps.extend([stop, back].map(|block| on_ports(&block.text, ports)));
    let steps: Vec<Block> = steps.into_iter().map(|text| Block { language: "sh".to_owned(), text }).collect();
    // What runs in the background ends with the shell; `wait` so that none of it outlives the folder.
    let prelude = format!(
        "export ENVOI_PUBLIC_URL={}\ntrap 'kill $(jobs -p); wait' EXIT\nmkdir -p target/debug\nln -s '{}' target/debug/envoi\nexec 2>said",
        server.address(),
        program().await.display()
    );
    run(folder.path(), &prelude, &steps.iter().collect::<Vec<_>>()).await;
    let kept: Vec<_> = std::fs::read_dir(folder.path().join("docs")).expect("it is there").collect();
    assert_eq!(kept.len(), 1, "what the gateway keeps goes to the folder data: {kept:?}");
    assert!(folder.path().join("data/kannel.store").exists());
    let all = std::fs::read(folder.path().join("printed.0")).expect("it printed");
    let said = std::fs::read(folder.path().join("said")).expect("it said something");
    let all = [String::from_utf8_lossy(&all), String::from_utf8_lossy(&said)].concat();
    for number in [1, 2] {
        assert!(all.contains(&format!("Got message {number}: <4VENTS +336")), "{all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_runs_as_shown() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let server = Server::start(folder.path(), &["--demo"], &[]).await;
    let helpers =
        blocks("Preview and send").remove(0).text.replace("http://127.0.0.1:8080", server.address());
    let shown = blocks("Import people");
    let commands: Vec<&Block> = shown.iter().filter(|block| block.language == "sh").collect();
    let printed = run(folder.path(), &helpers, &commands).await;
    let lines = |text: &str| -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    };
    let mut expected = shown.iter().filter(|block| block.language == "json").map(|block| lines(&block.text));
    assert_eq!(Some(lines(&printed[0])), expected.next());
    assert_eq!(Some(lines(&printed[3])), expected.next());
    let imported = lines(&printed[1]).pop().expect("a last line");
    assert_eq!(
        (&imported["summary"]["added"], &imported["summary"]["dryRun"]),
        (&Value::from(1), &Value::from(false))
    );
}

/// What the README has its reader do in the playground, or see there.
enum Step<'a> {
    /// `▶ Name`, in the prose: runs that tab.
    Tab(&'a str),
    /// A block of GraphQL: goes into a new tab, and is run there.
    New(&'a str),
    /// A block of JSON: what was answered last.
    Shown(Value),
}

fn steps(heading: &str) -> Vec<Step<'static>> {
    let mut steps = Vec::new();
    for (place, part) in section(heading).split("```").enumerate() {
        match part.split_once('\n') {
            Some(("graphql", document)) if place % 2 == 1 => steps.push(Step::New(document)),
            Some(("json", shown)) if place % 2 == 1 => {
                steps.push(Step::Shown(serde_json::from_str(shown).expect("the README shows JSON")));
            }
            _ => {
                let named = part.split("`▶ ").skip(1);
                steps.extend(named.filter_map(|rest| Some(Step::Tab(rest.split_once('`')?.0))));
            }
        }
    }
    steps
}

/// One of GraphiQL's editors.
fn editor(name: &str) -> String {
    format!("__MONACO.editor.getModels().find((model) => model.uri.path.endsWith('-{name}'))")
}

/// Runs the tab that is open; answers what it shows then.
async fn answer(browser: &Browser) -> Value {
    let response = editor("response.json");
    browser.script(&format!("{response}.setValue(''); return null")).await;
    browser.click(".graphiql-execute-button").await;
    browser
        .until(&format!("const r = JSON.parse({response}.getValue()); return (r.data || r.errors) && r"))
        .await
}

async fn open_tab(browser: &Browser, name: &str) {
    browser.click(&format!(".graphiql-tab-button[title={name}]")).await;
    browser.until(&format!("return / {name}\\b/.test({}.getValue())", editor("operation.graphql"))).await;
}

async fn new_tab(browser: &Browser, document: &str) {
    browser.click(".graphiql-tab-add").await;
    let operation = editor("operation.graphql");
    browser.until(&format!("return !/(mutation|query|subscription) \\w/.test({operation}.getValue())")).await;
    browser.script(&format!("{operation}.setValue({}); return null", json!(document))).await;
    let name = document.split_whitespace().nth(1).expect("an operation has a name");
    browser.until(&format!("return document.querySelector('.graphiql-tab-button[title={name}]')")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_changed_in_the_playground_as_shown() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let server = Server::start(folder.path(), &["--demo"], &[]).await;
    let browser = Browser::open("en", (1400, 900)).await;
    browser.go(server.address()).await;
    let mut last = Value::Null;
    let mut compared = 0;
    for step in steps("Change a rule") {
        match step {
            Step::Tab(name) => {
                open_tab(&browser, name).await;
                last = answer(&browser).await;
            }
            Step::New(document) => {
                new_tab(&browser, document).await;
                last = answer(&browser).await;
                let payloads = last["data"].as_object().expect("data").values();
                let errors: Vec<_> = payloads.map(|payload| &payload["errors"]).collect();
                assert_eq!(errors, [&json!([])], "{document}\n{last:#}");
                if document.starts_with("mutation Start ") {
                    // Signing in anew forgets what was known; the list of rules tells it again, a draft too.
                    open_tab(&browser, "Rules").await;
                    answer(&browser).await;
                }
            }
            Step::Shown(expected) => {
                assert!(holds(&last, &expected), "the README says {expected:#}\nbut it is {last:#}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 9, "each step shows what comes of it");
    open_tab(&browser, "Rules").await;
    let rules = answer(&browser).await["data"]["signIn"]["viewer"]["structure"]["rules"]["edges"].take();
    let rules = rules.as_array().expect("rules");
    let large: Vec<_> = rules.iter().filter(|rule| rule["node"]["slug"] == "large-send").collect();
    assert_eq!(large.len(), 1, "the platform's alone: {large:#?}");
    assert_eq!((&large[0]["node"]["active"], &large[0]["node"]["state"]), (&Value::Null, &json!("OFF")));
}
