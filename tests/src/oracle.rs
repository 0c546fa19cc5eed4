//! Independent implementations that the tests compare with: programs that answer a line of JSON with a line of JSON.
//!
//! `make setup` installs what they are written with; a test that needs one fails without.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The language that an oracle is written in.
#[derive(Debug, Clone, Copy)]
pub enum Oracle {
    /// A script for Node.js, with the packages of npm.
    Node(&'static str),
    /// A script for Python, with the packages of `PyPI`.
    Python(&'static str),
}

/// What the packages were installed below.
fn installed() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/oracles"))
}

impl Oracle {
    /// Asks it all of these, and answers what it said of each, in order.
    ///
    /// # Panics
    /// When it cannot be run, fails, or does not answer each line.
    #[must_use]
    pub fn asked(self, arguments: &[&str], questions: &[Value]) -> Vec<Value> {
        let script = |name: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("oracles").join(name);
        let mut command = match self {
            Self::Node(name) => {
                let mut command = Command::new("node");
                command.env("NODE_PATH", installed().join("node_modules")).arg(script(name));
                command
            }
            Self::Python(name) => {
                let mut command = Command::new(installed().join("python/bin/python"));
                command.arg("-I").arg(script(name));
                command
            }
        };
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{self:?} cannot be run: {error}: run make setup"));
        let mut stdin = child.stdin.take().expect("invariant: it is piped");
        let lines = questions.iter().flat_map(|question| [question.to_string(), "\n".to_owned()]);
        let lines: String = lines.collect();
        // Both ways at once: it answers before it has read all.
        let written = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
        let output = child.wait_with_output().expect("it can be awaited");
        assert!(output.status.success(), "{self:?} failed: run make setup");
        written.join().expect("nothing panics there").expect("it reads all that it is asked");
        let said = String::from_utf8(output.stdout).expect("it answers in UTF-8");
        said.lines().map(|line| serde_json::from_str(line).expect("it answers in JSON")).collect()
    }
}
