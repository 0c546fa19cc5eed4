//! A real Kannel on this machine: its bearerbox, its smsbox, and its own fake SMSC, which shows what reached the network and
//! sends what people write. All on free ports of 127.0.0.1, in a temporary folder, ended with the test however it ends.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::config;
use api::domain::secret::Secret;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::watch;

use crate::canary::{self, Kind};
use crate::provider_harness::escaped;

/// How long anything of Kannel's may take before the test fails. Far above what it takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where Debian's package kannel-extras has the fake SMSC.
const FAKE_SMSC: &str = "/usr/lib/kannel/test/fakesmsc";
/// Below the ports that the system hands out, so that no connection of another test takes one before Kannel does.
const FIRST_PORT: u16 = 10_000;
const PORTS: u16 = 9_000;

static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

const USERNAME: &str = "envoi";
const PASSWORD: &str = "change-me";
/// What the documentation shows.
const EXAMPLE: &str = include_str!("../../docs/kannel.example.conf");

/// A message as it reached the network: a whole one, or a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// The sender shown.
    pub sender: String,
    /// Whom it is for.
    pub to: String,
    /// Which part of how many.
    pub part: (u8, u8),
    /// What it carries: UTF-8 for the GSM alphabet, UTF-16BE for UCS-2.
    pub bytes: Vec<u8>,
}

/// The gateway.
pub struct Kannel {
    folder: TempDir,
    ports: [u16; 4],
    running: Option<Running>,
    smsc: Option<Process>,
    /// What SMSCs that are gone have shown.
    past: Vec<String>,
}

struct Running {
    bearerbox: Process,
    smsbox: Process,
}

impl Kannel {
    /// A gateway that does not run yet: its address is known.
    #[must_use]
    pub fn prepare() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::create_dir(folder.path().join("data")).expect("a folder can be made");
        Self {
            folder,
            ports: std::array::from_fn(|_| free_port()),
            running: None,
            smsc: None,
            past: Vec::new(),
        }
    }

    /// Its settings, as Envoi has them.
    #[must_use]
    pub fn settings(&self) -> config::Kannel {
        canary::know(Kind::Password, PASSWORD);
        config::Kannel {
            send_url: Some(format!("http://127.0.0.1:{}/cgi-bin/sendsms", self.ports[3])),
            username: Some(USERNAME.to_owned()),
            password: Some(Secret::new(PASSWORD.to_owned())),
            smsc: Some("FAKE".to_owned()),
        }
    }

    /// Starts it; what people write is brought to `inbound_url`, where one is given. What it had stored, it takes up again.
    ///
    /// # Panics
    /// When Kannel is not installed, or does not start.
    pub async fn start(&mut self, inbound_url: Option<&str>) {
        std::fs::write(self.folder.path().join("kannel.conf"), configuration(self.ports, inbound_url))
            .expect("a file can be written");
        let folder = self.folder.path();
        let bearerbox = Process::start(folder, "bearerbox", &["-v", "0", "kannel.conf"]);
        bearerbox.says("MAIN: Start-up done, entering mainloop").await;
        let smsbox = Process::start(folder, "smsbox", &["-v", "0", "kannel.conf"]);
        smsbox.says("Connected to bearerbox").await;
        self.running = Some(Running { bearerbox, smsbox });
        self.attach(&["-m", "0", "1 2 text x"]).await;
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        self.detach();
        self.running = None;
    }

    /// Stops the bearerbox where it stands: what is asked of the gateway gets no answer.
    pub fn freeze(&self) {
        self.bearerbox().signal("-STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.bearerbox().signal("-CONT");
    }

    /// Someone writes to a short code.
    pub async fn person_writes(&mut self, from: &str, to: &str, text: &str) {
        let escaped = escaped(&text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>());
        // The words of this line are separated by spaces, and a text in the SMS alphabet may hold some.
        let message = if text.is_ascii() {
            format!("{from} {to} text {text}")
        } else {
            format!("{from} {to} ucs2 {escaped}")
        };
        self.detach();
        self.attach(&["-m", "1", &message]).await;
    }

    /// Waits until it calls Envoi once more with what Envoi did not take.
    pub async fn calls_again(&self) {
        self.running.as_ref().expect("the gateway runs").smsbox.says("HTTP: Retrying request").await;
    }

    /// Waits until so many messages or parts in all reached the network, and answers them in the order of their coming.
    pub async fn arrived(&self, count: usize) -> Vec<Arrived> {
        let smsc = self.smsc.as_ref().expect("the SMSC runs");
        let all = |lines: &[String]| -> Vec<Arrived> {
            self.past.iter().chain(lines).filter_map(|line| arrived(line)).collect()
        };
        smsc.until(|lines| Some(all(lines)).filter(|found| found.len() >= count)).await
    }

    fn bearerbox(&self) -> &Process {
        &self.running.as_ref().expect("the gateway runs").bearerbox
    }

    /// Connects a new SMSC, which sends these messages at once.
    async fn attach(&mut self, arguments: &[&str]) {
        let port = self.ports[2].to_string();
        let mut all = vec!["-H", "127.0.0.1", "-r", &port, "-i", "0.01"];
        all.extend(arguments);
        let clients =
            |lines: &[String]| lines.iter().filter(|line| line.contains("Fakesmsc client connected")).count();
        let before = self.bearerbox().now(clients);
        let smsc = Process::start(self.folder.path(), FAKE_SMSC, &all);
        self.bearerbox().until(|lines| (clients(lines) > before).then_some(())).await;
        self.smsc = Some(smsc);
    }

    fn detach(&mut self) {
        if let Some(smsc) = self.smsc.take() {
            self.past.extend(smsc.now(<[String]>::to_vec));
        }
    }
}

/// The configuration that the documentation shows, on these ports, and bringing what people write to `inbound_url`.
#[must_use]
pub fn configuration(ports: [u16; 4], inbound_url: Option<&str>) -> String {
    let mut text = EXAMPLE.to_owned();
    let mut set = |line: &str, value: &str| {
        let (name, _) = line.split_once(" = ").expect("a setting has a value");
        assert_eq!(text.matches(&format!("\n{line}\n")).count(), 1, "the example has no line {line}");
        text = text.replace(&format!("\n{line}\n"), &format!("\n{name} = {value}\n"));
    };
    for (line, port) in ["admin-port = 13000", "smsbox-port = 13001", "port = 10000", "sendsms-port = 13013"]
        .iter()
        .zip(ports)
    {
        set(line, &port.to_string());
    }
    // In a hurry: what is to be tried again is, every second.
    set("sms-resend-freq = 10", "1");
    set("http-queue-delay = 30", "1");
    let inbound_url = inbound_url.unwrap_or("http://127.0.0.1:1/nowhere");
    let shown = text
        .lines()
        .find(|line| line.starts_with("get-url"))
        .expect("the example brings messages")
        .to_owned();
    text.replace(&shown, &format!("get-url = \"{inbound_url}\""))
}

/// A port of this machine that nobody has.
///
/// # Panics
/// When all are taken.
#[must_use]
pub fn free_port() -> u16 {
    let of_this_process =
        u16::try_from(std::process::id() % u32::from(PORTS)).expect("invariant: below the number of ports");
    (0..PORTS)
        .map(|_| FIRST_PORT + (of_this_process + NEXT_PORT.fetch_add(1, Ordering::Relaxed)) % PORTS)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("some port is free")
}

/// Reads a line in which the fake SMSC shows a message: `… Got message 3: <SENDER NUMBER text …>`.
fn arrived(line: &str) -> Option<Arrived> {
    let shown = line.split_once("Got message ")?.1.split_once(": <")?.1.strip_suffix('>')?;
    let mut words = shown.splitn(4, ' ');
    let (sender, to, kind, rest) =
        (words.next()?, words.next()?, words.next()?, words.next().unwrap_or_default());
    let (part, bytes) = match kind {
        "text" => ((1, 1), rest.as_bytes().to_vec()),
        "udh" => {
            let (header, data) = rest.split_once(" data ")?;
            let header = unescaped(header);
            // 3GPP TS 23.040: length of the header, concatenation (0), its length (3), reference, parts, number.
            let [_, 0, 3, _, parts, number] = header[..] else { return None };
            ((number, parts), unescaped(data))
        }
        _ => ((1, 1), unescaped(rest)),
    };
    Some(Arrived { sender: sender.to_owned(), to: to.to_owned(), part, bytes })
}

fn unescaped(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut at, mut out) = (0, Vec::new());
    while let Some(byte) = bytes.get(at) {
        let escape = (*byte == b'%')
            .then(|| text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok()))
            .flatten();
        out.push(escape.unwrap_or(if *byte == b'+' { b' ' } else { *byte }));
        at += if escape.is_some() { 3 } else { 1 };
    }
    out
}

/// A program in a process group of its own, and what it says. The group is killed when this is dropped.
struct Process {
    name: String,
    group: u32,
    lines: watch::Receiver<Vec<String>>,
}

impl Process {
    fn start(folder: &Path, program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("{program}: {error}; `make setup` installs kannel and kannel-extras")
        });
        let group = child.id().expect("invariant: it was just started");
        let (said, lines) = watch::channel(Vec::new());
        let said = Arc::new(Mutex::new(said));
        listen(child.stdout.take().expect("invariant: it is piped"), Arc::clone(&said));
        listen(child.stderr.take().expect("invariant: it is piped"), said);
        // Waited for, so that no dead process is left; killed with the runtime at the latest.
        tokio::spawn(async move { child.wait().await });
        Self { name: program.to_owned(), group, lines }
    }

    fn now<T>(&self, read: impl Fn(&[String]) -> T) -> T {
        read(&self.lines.borrow())
    }

    async fn says(&self, words: &str) {
        self.until(|lines| lines.iter().any(|line| line.contains(words)).then_some(())).await;
    }

    /// Waits until what it has said is as wanted.
    async fn until<T>(&self, wanted: impl Fn(&[String]) -> Option<T>) -> T {
        let mut lines = self.lines.clone();
        let waiting = async {
            loop {
                if let Some(found) = wanted(&lines.borrow_and_update()) {
                    return Some(found);
                }
                lines.changed().await.ok()?;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(Some(found)) => found,
            _ => {
                panic!("{} did not say what was awaited, but:\n{}", self.name, self.lines.borrow().join("\n"))
            }
        }
    }

    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.group);
        let told =
            std::process::Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
        assert!(told.is_ok_and(|status| status.success()) || signal == "-KILL", "{} is gone", self.name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal("-KILL");
    }
}

/// Collects the lines of a program; they may hold any bytes.
fn listen(output: impl AsyncRead + Unpin + Send + 'static, said: Arc<Mutex<watch::Sender<Vec<String>>>>) {
    tokio::spawn(async move {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
            let said = said.lock().expect("invariant: nothing panics while it holds the lines");
            said.send_modify(|lines| lines.push(text));
            line.clear();
        }
    });
}
