//! What every provider that is asked over HTTP is put through: a table of what a gateway does and what must come of it.
//!
//! A provider brings the rows; this runs each against a gateway on a socket that does as the row says, and checks what is the
//! same for all: one request and one connection a message, nothing sent again, and neither number, text nor secret in the log.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::domain::outcome::{Outcome, UnknownReason};
use api::domain::phone::Phone;
use api::domain::segments::Encoding;
use api::providers::callback::Callback;
use api::providers::{Outbound, Provider, http};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

/// How long a row may take: what hangs is cut off so, as the dispatcher does.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the client takes to give up connecting.
const CONNECTING: Duration = Duration::from_millis(250);
/// More than any answer has: the provider must not read so far.
const ENDLESS: usize = 64 * 1024 * 1024;

/// What the gateway does with a connection.
#[derive(Debug, Clone, Copy)]
pub enum Gateway {
    /// Answers the request with this status, these header lines and this body.
    Answers(u16, &'static [&'static str], &'static str),
    /// Is not there.
    Refuses,
    /// Has a name that nobody knows.
    Nameless,
    /// Takes the connection, and never speaks TLS.
    SilentTls,
    /// Takes the connection, and speaks something else than TLS.
    NoTls,
    /// Reads the request, and closes.
    Closes,
    /// Breaks the connection before it has read the request.
    Resets,
    /// Reads the request, and never answers.
    Hangs,
    /// Announces more than it sends, and closes.
    CutsBody(u16),
    /// Sends a body without end.
    NeverEnds(u16),
}

/// One row: a message, what the gateway does, and what must come of it.
pub struct Row {
    /// What the gateway does.
    pub gateway: Gateway,
    /// What must come of it.
    pub outcome: Outcome,
}

/// A request as the gateway saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The path, without its query.
    pub path: String,
    /// The parameters of its query, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// The attempt of the messages of this harness.
pub const ATTEMPT: Uuid = Uuid::from_u128(0x0190_b5ac_0000_7000_8000_0000_0000_002a);
/// Whom they go to.
pub const NUMBER: &str = "+33612345678";
/// What they say.
pub const TEXT: &str = "Répét à 20 h, 5 € & café";
/// Where they are reported on.
pub const REPORT_URL: &str = "https://sms.example/100%/receipts/x/y/signature";

/// A message.
#[must_use]
pub fn message(text: &str, encoding: Encoding) -> Outbound {
    Outbound {
        attempt: ATTEMPT,
        to: Phone::from_e164(NUMBER.to_owned()).expect("a number in E.164"),
        sender: "4VENTS".to_owned(),
        text: Arc::from(text),
        encoding,
        report_url: REPORT_URL.to_owned(),
    }
}

/// An outcome that cannot be told.
#[must_use]
pub fn unknown(reason: UnknownReason) -> Outcome {
    Outcome::Unknown { reason }
}

/// A refusal for good.
#[must_use]
pub fn rejected(code: &str) -> Outcome {
    Outcome::Rejected { code: code.to_owned() }
}

/// A refusal that passes.
#[must_use]
pub fn not_sent(seconds: Option<u64>) -> Outcome {
    Outcome::NotSent { retry_after: seconds.map(Duration::from_secs) }
}

/// A call whose parameters come in the query.
#[must_use]
pub fn call(query: &str) -> Callback {
    Callback { query: query.to_owned(), body: Vec::new() }
}

/// A provider to put through its rows: how it is made for a gateway at an address, and what it must never show.
pub struct Subject<P, F: Fn(reqwest::Client, String) -> P> {
    /// Makes it.
    pub make: F,
    /// What must not be in the log, besides the number and the text.
    pub secrets: &'static [&'static str],
}

impl<P: Provider, F: Fn(reqwest::Client, String) -> P> Subject<P, F> {
    /// Runs the rows, each against a gateway of its own.
    ///
    /// # Panics
    /// When a row does not end as it says, or what holds for all does not.
    pub async fn run(&self, rows: &[Row]) {
        let mut faults = Vec::new();
        for Row { gateway, outcome: expected } in rows {
            let (log, _guard) = Log::capture();
            let scripted = Scripted::start(*gateway).await;
            let outcome = self.submit(&scripted.address, &message(TEXT, Encoding::Gsm7)).await;
            let (connections, seen) = scripted.end();
            if outcome != *expected {
                faults.push(format!("{gateway:?}: {outcome:?}, not {expected:?}"));
            }
            if connections > 1 || seen.len() > 1 {
                faults.push(format!("{gateway:?}: {connections} connections, {} requests", seen.len()));
            }
            let log = log.text();
            let secrets = self.secrets.iter().chain(&["612345678", "20 h", "signature"]);
            faults.extend(
                secrets
                    .filter(|secret| log.contains(**secret))
                    .map(|secret| format!("{gateway:?}: {secret} in {log}")),
            );
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    /// The one request that a message makes.
    ///
    /// # Panics
    /// When it is not one.
    pub async fn request(&self, message: &Outbound) -> Seen {
        let gateway = Scripted::start(Gateway::Answers(202, &[], "")).await;
        self.submit(&gateway.address, message).await;
        let (_, mut seen) = gateway.end();
        assert_eq!(seen.len(), 1);
        seen.remove(0)
    }

    /// Checks that two messages take two connections: one kept open may be closed under the second request, which the library
    /// would then send again.
    ///
    /// # Panics
    /// When they share one.
    pub async fn shares_no_connection(&self) {
        let gateway = Scripted::start(Gateway::Answers(202, &["Connection: keep-alive"], "")).await;
        let client = http::client(CONNECTING).expect("a client can be made");
        let provider = (self.make)(client, gateway.address.clone());
        for _ in 0..2 {
            provider.submit(&message(TEXT, Encoding::Gsm7)).await;
        }
        let (connections, seen) = gateway.end();
        assert_eq!((connections, seen.len()), (2, 2));
    }

    async fn submit(&self, address: &str, message: &Outbound) -> Outcome {
        let client = http::client(CONNECTING).expect("a client can be made");
        let provider = (self.make)(client, address.to_owned());
        let answer = tokio::time::timeout(PATIENCE, provider.submit(message)).await;
        answer.unwrap_or_else(|_| unknown(UnknownReason::Timeout))
    }
}

/// What a gateway saw: how many connections, and the requests on them.
type Journal = Arc<Mutex<(usize, Vec<Seen>)>>;

/// A gateway that does as it is told, until it is dropped.
struct Scripted {
    address: String,
    journal: Journal,
    task: tokio::task::JoinHandle<()>,
}

impl Scripted {
    async fn start(gateway: Gateway) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let place = listener.local_addr().expect("it has an address");
        let address = match gateway {
            Gateway::Nameless => "http://gateway.invalid".to_owned(),
            Gateway::SilentTls | Gateway::NoTls => format!("https://{place}"),
            _ => format!("http://{place}"),
        };
        let journal = Journal::default();
        let seen = Arc::clone(&journal);
        let task = tokio::spawn(async move {
            if matches!(gateway, Gateway::Refuses) {
                return;
            }
            while let Ok((stream, _)) = listener.accept().await {
                seen.lock().expect("invariant: nothing panics while it holds the journal").0 += 1;
                tokio::spawn(serve(gateway, stream, Arc::clone(&seen)));
            }
        });
        if matches!(gateway, Gateway::Refuses) {
            while !task.is_finished() {
                tokio::task::yield_now().await;
            }
        }
        Self { address, journal, task }
    }

    fn end(self) -> (usize, Vec<Seen>) {
        self.task.abort();
        self.journal.lock().expect("invariant: nothing panics while it holds the journal").clone()
    }
}

/// Does its part on one connection. What the other side does is checked by what it says came of it.
async fn serve(gateway: Gateway, mut stream: TcpStream, journal: Journal) {
    match gateway {
        Gateway::Resets => {
            // Closed with bytes unread, a socket resets.
            let _ = stream.readable().await;
            return;
        }
        Gateway::SilentTls => return std::future::pending().await,
        Gateway::NoTls => {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            return;
        }
        _ => {}
    }
    while let Some(request) = receive(&mut stream).await {
        journal.lock().expect("invariant: nothing panics while it holds the journal").1.push(request);
        let answered = match gateway {
            Gateway::Answers(status, headers, body) => answer(&mut stream, status, headers, body).await,
            Gateway::Hangs => std::future::pending().await,
            Gateway::CutsBody(status) => {
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: 100\r\n\r\n0: Acc");
                let _ = stream.write_all(head.as_bytes()).await;
                return;
            }
            Gateway::NeverEnds(status) => never_ends(&mut stream, status).await,
            _ => return,
        };
        if answered.is_err() {
            return;
        }
    }
}

async fn answer(stream: &mut TcpStream, status: u16, headers: &[&str], body: &str) -> std::io::Result<()> {
    let headers = headers.iter().map(|line| format!("{line}\r\n")).collect::<Vec<_>>().concat();
    let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(head.as_bytes()).await
}

async fn never_ends(stream: &mut TcpStream, status: u16) -> std::io::Result<()> {
    stream.write_all(format!("HTTP/1.1 {status} X\r\n\r\n0: Accepted").as_bytes()).await?;
    let block = vec![b' '; 16 * 1024];
    for _ in 0..ENDLESS / block.len() {
        stream.write_all(&block).await?;
    }
    Ok(())
}

/// The next request on a connection; none when it is closed.
async fn receive(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    while bytes.len() < head_end + 4 + length.unwrap_or(0) {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Some(Seen {
        method: method.to_owned(),
        path: path.to_owned(),
        query: parameters(query),
        body: String::from_utf8_lossy(&bytes[head_end + 4..]).into_owned(),
    })
}

/// Bytes as a query carries them, each escaped.
#[must_use]
pub fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

/// The parameters of a query or of a form, decoded.
#[must_use]
pub fn parameters(text: &str) -> Vec<(String, String)> {
    let address = reqwest::Url::parse(&format!("http://gateway/?{text}")).expect("a query makes an address");
    address.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// All that is logged on this thread, at every level.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Begins to capture, until the guard is dropped.
    #[must_use]
    pub fn capture() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// What was logged so far.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = self.0.lock().expect("invariant: nothing panics while it holds the log");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut log = self.0.lock().expect("invariant: nothing panics while it holds the log");
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
