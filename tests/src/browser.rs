//! A real browser, driven as W3C's `WebDriver` says, through Chromium's own driver: <https://www.w3.org/TR/webdriver2/>.
//!
//! It has no internet: every name but this machine's address is refused, and what it asks for is written down.
//!
//! Waiting is left to the browser, which looks at each frame it draws whether what is awaited is there.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long the browser looks for what is awaited, in milliseconds. Far above what it takes.
const PATIENCE: u64 = 60_000;

/// The browser's own housekeeping left out, and no way to other hosts. No sandbox: the tests' page is ours, and root, as whom
/// containers run tests, could not start one.
const ARGUMENTS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
];

/// A browser with a profile of its own. It is closed when dropped.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    port: u16,
    client: reqwest::Client,
    session: String,
    profile: TempDir,
}

impl Browser {
    /// Opens a browser that prefers this language, with a window of so many pixels.
    ///
    /// # Panics
    /// Without Chromium and its driver.
    pub async fn open(language: &str, (width, height): (u32, u32)) -> Self {
        let (driver, port) = start_driver();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client can be made");
        let profile = tempfile::tempdir().expect("a folder can be made");
        let mut browser = Self { driver, port, client, session: String::new(), profile };
        let mut arguments = ARGUMENTS.map(str::to_owned).to_vec();
        arguments.push(format!("--accept-lang={language}"));
        arguments.push(format!("--window-size={width},{height}"));
        arguments.push(format!("--user-data-dir={}", browser.profile.path().display()));
        let capabilities = json!({ "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "timeouts": { "script": PATIENCE },
        } });
        let made = browser.call("session", json!({ "capabilities": capabilities })).await;
        let id = made["sessionId"].as_str().unwrap_or_else(|| panic!("no browser: {made}"));
        browser.session = format!("session/{id}");
        browser
    }

    /// Asks the driver; answers the value.
    async fn call(&self, path: &str, body: Value) -> Value {
        let address = format!("http://127.0.0.1:{}/{path}", self.port);
        let answer = self.client.post(address).json(&body).send().await.expect("the driver answers");
        let mut answer: Value = answer.json().await.expect("the driver answers JSON");
        let value = answer["value"].take();
        assert!(value["error"].is_null(), "{}: {}\n{body:#}", value["error"], value["message"]);
        value
    }

    async fn ask(&self, path: &str, body: Value) -> Value {
        self.call(&format!("{}/{path}", self.session), body).await
    }

    /// Goes to an address.
    ///
    /// # Panics
    /// When it cannot be loaded.
    pub async fn go(&self, address: &str) {
        self.ask("url", json!({ "url": address })).await;
    }

    /// What a script returns: the body of a function.
    ///
    /// # Panics
    /// When it throws.
    pub async fn script(&self, body: &str) -> Value {
        self.ask("execute/sync", json!({ "script": body, "args": [] })).await
    }

    /// Waits until a script returns what counts as true, and answers it. Meanwhile it may throw.
    ///
    /// # Panics
    /// When it never does.
    pub async fn until(&self, body: &str) -> Value {
        let script = format!(
            "const done = arguments[0];
            const found = () => {{ try {{ return (() => {{ {body} }})() }} catch {{ return null }} }};
            const look = () => {{ const it = found(); it ? done(it) : requestAnimationFrame(look) }};
            look();"
        );
        self.ask("execute/async", json!({ "script": script, "args": [] })).await
    }

    /// Clicks on the first element of a selector, as a hand would, once there is one.
    ///
    /// # Panics
    /// When there is none, or something lies over it.
    pub async fn click(&self, selector: &str) {
        let element = self.until(&format!("return document.querySelector({})", json!(selector))).await;
        let id = element.as_object().and_then(|reference| reference.values().next()).and_then(Value::as_str);
        let id = id.expect("the driver refers to elements by an id");
        self.ask(&format!("element/{id}/click"), json!({})).await;
    }

    /// What it shows, as PNG.
    ///
    /// # Panics
    /// When it shows nothing.
    pub async fn screenshot(&self) -> Vec<u8> {
        let address = format!("http://127.0.0.1:{}/{}/screenshot", self.port, self.session);
        let answer = self.client.get(address).send().await.expect("the driver answers");
        let answer: Value = answer.json().await.expect("the driver answers JSON");
        BASE64_STANDARD.decode(answer["value"].as_str().expect("a picture")).expect("base64")
    }

    /// What was written to its console since the last look: errors, and breaches of a page's policy.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        entries.iter().map(|entry| format!("{}: {}", entry["level"], entry["message"])).collect()
    }

    /// The addresses that pages asked for since the last look, sockets too.
    pub async fn requests(&self) -> Vec<String> {
        let mut found = Vec::new();
        for entry in self.log("performance").await {
            let event: Value =
                serde_json::from_str(entry["message"].as_str().unwrap_or_default()).unwrap_or_default();
            let params = &event["message"]["params"];
            let url = match event["message"]["method"].as_str() {
                Some("Network.requestWillBeSent") => &params["request"]["url"],
                Some("Network.webSocketCreated") => &params["url"],
                _ => continue,
            };
            found.extend(url.as_str().map(str::to_owned));
        }
        found
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.ask("se/log", json!({ "type": kind })).await;
        entries.as_array().cloned().unwrap_or_default()
    }
}

/// Starts the driver on a port of its choice.
fn start_driver() -> (Child, u16) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver is needed, with Chromium: make setup installs them");
    let output = BufReader::new(driver.stdout.take().expect("invariant: it is piped"));
    let port = output.lines().map_while(Result::ok).find_map(|line| {
        line.split_once("successfully on port ").and_then(|(_, port)| port.trim_end_matches('.').parse().ok())
    });
    (driver, port.expect("the driver says on which port it listens"))
}

impl Drop for Browser {
    /// Ending the session closes the browser; ending the driver alone would leave it running.
    fn drop(&mut self) {
        if let Ok(mut driver) = TcpStream::connect(("127.0.0.1", self.port)) {
            let request =
                format!("DELETE /{} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", self.session);
            // Whatever comes of it, the driver is ended next.
            let _ = driver.write_all(request.as_bytes());
            let _ = driver.read(&mut [0; 64]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
