//! A provider of SMS in a process of its own. It speaks as Kannel's smsbox does, keeps a journal of all it took, and brings
//! reports until they are acknowledged.
//!
//! Architecture Invariant: what it took, or refused, is in the journal before anybody is told, so that the journal is the truth whatever
//! becomes of the service.

mod journal;
mod manner;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use uuid::Uuid;

pub use journal::{Event, Journal, Told};
pub use manner::{Manner, Part};

use crate::TestEntropy;

/// How late a slow answer comes: within what the tests allow a provider.
const SLOW: Duration = Duration::from_millis(300);
/// How long to wait before a report that nobody acknowledged is brought again.
const AGAIN: Duration = Duration::from_millis(50);
/// How often a report is brought at most: for minutes, in which a service is started again many times.
const TIMES: usize = 2_000;
/// Reports brought at once.
const AT_ONCE: usize = 64;
/// One refusal in so many says how long to wait.
const SAYS_WHEN: usize = 50;
/// How long it asks to wait then, in seconds.
const WHEN: &str = "1";

const TAKEN: &str = "0: Accepted for delivery";
const QUEUE_FULL: &str = "Temporal failure, try again later.";
const PAGE: &str = "<!doctype html><title>Maintenance</title><h1>We will be right back</h1>";
/// The kinds of report, as Kannel numbers them.
const DELIVERED: &str = "1";
const ACCEPTED_BY_NETWORK: &str = "8";

struct Gateway {
    manner: Manner,
    chance: TestEntropy,
    journal: Journal,
    client: reqwest::Client,
    turns: Semaphore,
    /// Reports that are still being brought.
    due: AtomicUsize,
    /// The address of the report before, for those who forge.
    before: std::sync::Mutex<Option<Call>>,
}

/// The address to report to, and the attempt that it names.
#[derive(Clone)]
struct Call {
    attempt: Uuid,
    url: String,
}

impl Call {
    fn read(query: &[(String, String)]) -> Option<Self> {
        let (_, url) = query.iter().find(|(name, _)| name == "dlr-url")?;
        let (path, _) = url.split_once('?')?;
        let attempt = path.rsplit('/').nth(1)?.parse().ok()?;
        Some(Self { attempt, url: path.replace("%%", "%") })
    }

    fn report(&self, kind: &str) -> String {
        format!("{}?type={kind}&reply=", self.url)
    }

    /// The same attempt under another's signature, or under none of this service's.
    fn forged(&self, other: Option<&Self>) -> String {
        let (path, own) = self.url.rsplit_once('/').expect("an address has parts");
        let foreign = other.and_then(|call| call.url.rsplit_once('/')).map(|(_, signature)| signature);
        let signature = foreign.map_or_else(|| own.chars().rev().collect(), str::to_owned);
        format!("{path}/{signature}?type={DELIVERED}&reply=")
    }
}

/// Serves on a free port of 127.0.0.1 until it is killed, and prints its address.
///
/// # Panics
/// When it cannot.
pub async fn serve(journal: &Path, manner: Manner, seed: u64) {
    api::providers::http::provide_tls();
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build();
    let gateway = Gateway {
        manner,
        chance: TestEntropy::seeded(seed),
        journal: Journal::open(journal).expect("the journal can be written"),
        client: client.expect("a client can be made"),
        turns: Semaphore::new(AT_ONCE),
        due: AtomicUsize::new(0),
        before: std::sync::Mutex::default(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    println!("{}", listener.local_addr().expect("a listener has an address"));
    let routes = Router::new().route("/cgi-bin/sendsms", get(send)).route("/due", get(due));
    let routes = routes.with_state(Arc::new(gateway));
    axum::serve(listener, routes).await.expect("it serves until it is killed");
}

async fn send(State(gateway): State<Arc<Gateway>>, Query(query): Query<Vec<(String, String)>>) -> Response {
    let Some(call) = Call::read(&query) else {
        return (StatusCode::BAD_REQUEST, "DLR-URL field misformed").into_response();
    };
    let part = gateway.manner.next(&gateway.chance);
    gateway.play(part, call).await
}

/// How many reports are still being brought.
async fn due(State(gateway): State<Arc<Gateway>>) -> String {
    gateway.due.load(Ordering::SeqCst).to_string()
}

impl Gateway {
    async fn play(self: Arc<Self>, part: Part, call: Call) -> Response {
        let reports = self.chance.below(2) == 0;
        let takes = match part {
            Part::Throttles | Part::Full => false,
            Part::Breaks | Part::Page => reports,
            _ => true,
        };
        self.journal.write(call.attempt, if takes { Event::Accepted } else { Event::Refused });
        match part {
            Part::Fair | Part::ReportsTwice | Part::ReportsBackwards => self.report(part, &call),
            Part::Hangs | Part::Tears | Part::Breaks | Part::Page if takes && reports => {
                self.report(part, &call);
            }
            // A task of its own: who asked may leave before.
            Part::ReportsEarly => {
                let early = tokio::spawn(Arc::clone(&self).bring(call.clone(), DELIVERED));
                early.await.expect("it does not panic");
            }
            Part::Forges => self.forge(&call).await,
            Part::Slow => {
                self.report(part, &call);
                tokio::time::sleep(SLOW).await;
            }
            _ => {}
        }
        *self.before.lock().expect("invariant: nothing panics while it holds the call") = Some(call.clone());
        match part {
            Part::Hangs => std::future::pending().await,
            Part::Tears => torn(),
            Part::Breaks => (StatusCode::INTERNAL_SERVER_ERROR, "Internal error").into_response(),
            Part::Page => (StatusCode::OK, PAGE).into_response(),
            Part::Throttles => {
                self.journal.write(call.attempt, Event::Told);
                let mut answer = (StatusCode::TOO_MANY_REQUESTS, "Too many requests").into_response();
                if self.chance.below(SAYS_WHEN) == 0 {
                    answer.headers_mut().insert(RETRY_AFTER, WHEN.parse().expect("a number is a header"));
                }
                answer
            }
            Part::Full => {
                self.journal.write(call.attempt, Event::Told);
                (StatusCode::SERVICE_UNAVAILABLE, QUEUE_FULL).into_response()
            }
            _ => {
                self.journal.write(call.attempt, Event::Told);
                (StatusCode::ACCEPTED, TAKEN).into_response()
            }
        }
    }

    /// Has the reports brought that go with this part, beside the answer.
    fn report(self: &Arc<Self>, part: Part, call: &Call) {
        let (gateway, call) = (Arc::clone(self), call.clone());
        self.due.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            let (again, last) = (Arc::clone(&gateway), Arc::clone(&gateway));
            match part {
                Part::ReportsTwice => {
                    let twice = again.bring(call.clone(), DELIVERED);
                    tokio::join!(gateway.bring(call, DELIVERED), twice);
                }
                Part::ReportsBackwards => {
                    gateway.bring(call.clone(), DELIVERED).await;
                    again.bring(call, ACCEPTED_BY_NETWORK).await;
                }
                _ => gateway.bring(call, DELIVERED).await,
            }
            last.due.fetch_sub(1, Ordering::SeqCst);
        });
    }

    /// Brings a report until it is acknowledged, or nobody will ever.
    async fn bring(self: Arc<Self>, call: Call, kind: &'static str) {
        for _ in 0..TIMES {
            let turn = self.turns.acquire().await.expect("invariant: never closed");
            let answer = self.client.get(call.report(kind)).send().await;
            drop(turn);
            match answer.map(|answer| answer.status()) {
                Ok(StatusCode::OK) => return self.journal.write(call.attempt, Event::Told),
                Ok(status) if status.is_client_error() => return,
                _ => tokio::time::sleep(AGAIN).await,
            }
        }
    }

    async fn forge(&self, call: &Call) {
        let before = self.before.lock().expect("invariant: nothing panics while it holds the call").clone();
        let other = before.filter(|_| self.chance.below(2) == 0);
        let answer = self.client.get(call.forged(other.as_ref())).send().await;
        if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
            self.journal.write(call.attempt, Event::Forged);
        }
    }
}

/// An answer that ends before its end.
fn torn() -> Response {
    let parts = [Ok(Bytes::from_static(b"0: Acc")), Err(std::io::Error::other("torn"))];
    (StatusCode::ACCEPTED, Body::from_stream(futures::stream::iter(parts))).into_response()
}

/// The process of a gateway. It is killed when dropped.
#[derive(Debug)]
pub struct GatewayProcess {
    _child: Child,
    address: String,
    journal: PathBuf,
}

impl GatewayProcess {
    /// Starts `program`, the gateway, and waits until it listens. Its journal is in this folder, and is gone on with.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(program: &Path, folder: &Path, manner: Manner, seed: u64) -> Self {
        let journal = folder.join("journal.csv");
        let mut command = Command::new(program);
        command.arg(&journal).arg(manner.as_str()).arg(seed.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the gateway can be run");
        let mut lines = BufReader::new(child.stdout.take().expect("invariant: it is piped")).lines();
        let address = lines.next_line().await.expect("its output can be read").expect("it says where it is");
        Self { _child: child, address, journal }
    }

    /// The address of its `sendsms` page.
    #[must_use]
    pub fn send_url(&self) -> String {
        format!("http://{}/cgi-bin/sendsms", self.address)
    }

    /// Whether it has no report left to bring.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn idle(&self) -> bool {
        let answer = reqwest::get(format!("http://{}/due", self.address)).await.expect("the gateway answers");
        answer.text().await.expect("its answer can be read") == "0"
    }

    /// Where its journal is.
    #[must_use]
    pub fn journal(&self) -> &Path {
        &self.journal
    }
}
