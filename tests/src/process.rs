//! The program itself: built once, started as users start it, stopped as power cuts stop it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, OnceCell};

use crate::canary;

/// How long anything may take before the test fails. Far above what it takes.
const PATIENCE: Duration = Duration::from_mins(1);

static PROGRAM: OnceCell<PathBuf> = OnceCell::const_new();

/// Where the program is, built as the tests are; or as `ENVOI_TEST_PROGRAM` says, so that what runs for long builds it once.
pub async fn program() -> &'static Path {
    let given = std::env::var_os("ENVOI_TEST_PROGRAM").map(PathBuf::from);
    PROGRAM.get_or_init(async || if let Some(given) = given { given } else { build().await }).await
}

async fn build() -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    // All members together, so that what was built for the tests serves again.
    build
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args(["build", "--locked", "--quiet", "--bin", "envoi"]);
    if cfg!(feature = "faults") {
        build.args(["--features", "envoi-tests/faults"]);
    }
    build.args(["--profile", &profile(), "--message-format", "json"]);
    let output = build.stderr(Stdio::inherit()).output().await.expect("cargo can be run");
    assert!(output.status.success(), "the program cannot be built");
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executable.expect("cargo says where the program is")
}

/// The profile that the tests were built with: the name of the folder they are in, but for that of `dev`.
fn profile() -> String {
    let tests = std::env::current_exe().expect("the tests know where they are");
    let folder =
        tests.ancestors().nth(2).and_then(Path::file_name).expect("they are in target/<profile>/deps");
    let name = folder.to_string_lossy().into_owned();
    if name == "debug" { "dev".to_owned() } else { name }
}

/// Runs a command of the program to its end: the exit code, the standard output, the standard error. Its environment holds
/// only these variables, and it stands in `folder`.
///
/// # Panics
/// When it takes too long.
pub async fn envoi(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(program().await);
    command.args(arguments).env_clear().envs(variables.iter().copied()).current_dir(folder);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.expect("the command takes too long").expect("the program can be run");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stderr);
    canary::look(|| format!("what `envoi {}` says", arguments.first().unwrap_or(&"")), &said);
    (output.status.code().unwrap_or(-1), text(&output.stdout), said)
}

/// The bug that is planted in this process, if any: in the program, too.
fn planted() -> Option<(&'static str, String)> {
    Some(("FAULT_BUG", std::env::var("FAULT_BUG").ok()?))
}

/// A server that runs. It is killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Mutex<Child>,
    process: u32,
    address: String,
    client: reqwest::Client,
    /// Where it logs.
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let log = std::fs::read(&self.log).unwrap_or_default();
        for line in String::from_utf8_lossy(&log).lines() {
            canary::look(|| "the log of a server".to_owned(), line);
        }
    }
}

impl Server {
    /// Starts `envoi serve` on a free port, with these further arguments and variables, and waits until it listens.
    ///
    /// # Panics
    /// When it does not.
    pub async fn start(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let said = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        let started = Self::try_start(folder, arguments, variables).await;
        started.unwrap_or_else(|| panic!("the server did not start: {}", said()))
    }

    /// The same; none when it ended before it listened.
    ///
    /// # Panics
    /// When it takes too long.
    pub async fn try_start(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Option<Self> {
        let mut command = Command::new(program().await);
        command.arg("serve").args(arguments).env_clear().env("ENVOI_LISTEN", "127.0.0.1:0");
        // All that it could ever tell is looked at, once it has ended.
        command.env("ENVOI_LOG_FILTER", "trace");
        command.envs(variables.iter().copied()).envs(planted()).current_dir(folder);
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("log"))
            .expect("a log can be written");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().expect("the program can be run");
        let mut lines = BufReader::new(child.stdout.take().expect("invariant: it is piped")).lines();
        let log = folder.join("log");
        let listening = async {
            while let Some(line) = lines.next_line().await.expect("the output can be read") {
                if let Some(address) = line.strip_prefix("Envoi listens on ") {
                    return Some(address.trim().to_owned());
                }
            }
            None
        };
        let address =
            tokio::time::timeout(PATIENCE, listening).await.expect("the server takes too long to start");
        let address = address?;
        // What it goes on to print must find a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        api::providers::http::provide_tls();
        let client =
            reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().expect("a client can be made");
        let process = child.id().expect("invariant: nobody waited for its end yet");
        Some(Self { child: Mutex::new(child), process, address, client, log })
    }

    /// Its address, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The whole answer to a GraphQL request.
    ///
    /// # Errors
    /// When the server is gone.
    pub async fn try_graphql(
        &self,
        token: Option<&str>,
        document: &str,
        variables: Value,
    ) -> reqwest::Result<Value> {
        let mut request = self.client.post(format!("{}/graphql", self.address));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        canary::know_given(&variables);
        let answer = request.json(&json!({ "query": document, "variables": variables })).send().await?;
        let answer = answer.json().await?;
        canary::know_shown(&answer);
        canary::look_at_errors(&answer);
        Ok(answer)
    }

    /// The data of the answer to a GraphQL request.
    ///
    /// # Panics
    /// When there are errors, or no answer.
    pub async fn graphql(&self, token: Option<&str>, document: &str, variables: Value) -> Value {
        let mut answer = self.try_graphql(token, document, variables).await.expect("the server answers");
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"].take()
    }

    /// The token of one who signs in with the demonstration's password.
    ///
    /// # Panics
    /// When they cannot.
    pub async fn sign_in(&self, email: &str) -> String {
        let document = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
        let input = json!({ "email": email, "password": api::cli::demo::PASSWORD });
        let data = self.graphql(None, document, json!({ "input": input })).await;
        data["signIn"]["token"].as_str().expect("the sign-in succeeds").to_owned()
    }

    /// Asks until the answer is as wanted, and answers it.
    ///
    /// # Panics
    /// When it never is.
    pub async fn until(
        &self,
        token: &str,
        document: &str,
        variables: Value,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let asking = async {
            loop {
                let data = self.graphql(Some(token), document, variables.clone()).await;
                if wanted(&data) {
                    return data;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the answer is never as wanted")
    }

    /// The status and the text of the answer to a file that is uploaded.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn upload(&self, token: &str, key: &str, file: impl Into<reqwest::Body>) -> (u16, String) {
        let request = self.client.post(format!("{}/import/people", self.address)).bearer_auth(token);
        let request = request.header("content-type", "text/csv").header("idempotency-key", key).body(file);
        let answer = request.send().await.expect("the server answers");
        (answer.status().as_u16(), answer.text().await.expect("the answer has an end"))
    }

    /// The most memory that it ever held, in bytes; none where the system does not tell.
    #[must_use]
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process)).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(peak.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
    }

    /// Kills it, as a power cut would: it can finish nothing.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill(self) {
        self.child.lock().await.kill().await.expect("the server can be killed");
    }

    /// Waits until it has ended, by itself or killed.
    ///
    /// # Panics
    /// When the system does not tell.
    pub async fn ended(&self) {
        self.child.lock().await.wait().await.expect("its end is told");
    }

    /// Tells it that something of its own changed (SIGHUP).
    ///
    /// # Panics
    /// When it is gone.
    pub async fn hang_up(&self) {
        self.signal("-HUP").await;
    }

    /// Stops it where it stands (SIGSTOP), until it is woken.
    ///
    /// # Panics
    /// When it is gone.
    pub async fn freeze(&self) {
        self.signal("-STOP").await;
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Panics
    /// When it is gone.
    pub async fn wake(&self) {
        self.signal("-CONT").await;
    }

    async fn signal(&self, signal: &str) {
        let process = self.process.to_string();
        let told = Command::new("kill").args([signal, &process]).status().await.expect("kill can be run");
        assert!(told.success(), "the server is gone");
    }

    /// Asks it to end (SIGTERM), and waits until it has; answers its exit code.
    ///
    /// # Panics
    /// When it takes too long.
    pub async fn stop(self) -> Option<i32> {
        self.signal("-TERM").await;
        let mut child = self.child.lock().await;
        let ended = tokio::time::timeout(PATIENCE, child.wait()).await.expect("the server does not end");
        ended.expect("its end is told").code()
    }
}
