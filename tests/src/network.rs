//! A telephone network that a test writes the part of. Without a part it plays the sandbox's, without its delay.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use api::domain::message_state::Report as Status;
use api::domain::outcome::Outcome;
use api::providers::callback::{Callback, CallbackError, Inbound, Reported};
use api::providers::sandbox::Sandbox;
use api::providers::{Outbound, Provider, Providers, Reference, Report};
use async_trait::async_trait;
use chrono::DateTime;
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

use crate::canary::{self, Kind};

/// What it does with one request.
#[derive(Debug, Clone)]
pub enum Part {
    /// Answers so.
    Answer(Outcome),
    /// Accepts it and never answers.
    Hang,
    /// Waits until the test lets it go on, then is the sandbox.
    Hold(Arc<Semaphore>),
    /// Takes the program down with it, as a defect of a provider's would.
    Break,
}

/// A request that reached the network.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// The attempt that it named.
    pub attempt: Uuid,
    /// Whom it was for, in E.164.
    pub to: String,
    /// The sender it showed.
    pub sender: String,
    /// What it said.
    pub text: String,
    /// Where to report on it.
    pub report_url: String,
}

/// What decides on each request that no part was written for.
type Decides = Box<dyn Fn(&Submitted) -> Part + Send + Sync>;

/// The network. It takes the sandbox's name, under which the demonstration's structures send.
pub struct Network {
    sandbox: Sandbox,
    parts: Mutex<HashMap<String, VecDeque<Part>>>,
    submitted: Mutex<Vec<Submitted>>,
    arrivals: Semaphore,
    /// Once set, there is no sandbox left: nothing is reported or looked up but by the test.
    decides: OnceLock<Decides>,
}

impl Network {
    /// The network, alone among the providers, under two names.
    #[must_use]
    pub fn providers() -> (Arc<Self>, Providers) {
        let mut network = None;
        let providers = Providers::with(|sink| {
            let made = Arc::new(Self::new(sink));
            network = Some(Arc::clone(&made));
            vec![Arc::clone(&made) as Arc<dyn Provider>, Arc::new(Second(made))]
        });
        (network.expect("invariant: the providers were just made"), providers)
    }

    fn new(sink: mpsc::Sender<Report>) -> Self {
        Self {
            sandbox: Sandbox::new(Duration::ZERO, sink),
            parts: Mutex::default(),
            submitted: Mutex::default(),
            arrivals: Semaphore::new(0),
            decides: OnceLock::new(),
        }
    }

    /// What it does with the next requests for a number, in E.164; after these it is the sandbox again.
    pub fn plays(&self, number: &str, parts: impl IntoIterator<Item = Part>) {
        let mut all = self.parts.lock().expect("invariant: nothing panics while it holds the parts");
        all.entry(number.to_owned()).or_default().extend(parts);
    }

    /// Has this decide on every request from now on, the first time it is called. It reports nothing by itself any more, and remembers
    /// nothing.
    pub fn decides(&self, decides: impl Fn(&Submitted) -> Part + Send + Sync + 'static) {
        let _ = self.decides.set(Box::new(decides));
    }

    /// Every request that reached it, in the order of their coming.
    #[must_use]
    pub fn submitted(&self) -> Vec<Submitted> {
        self.submitted.lock().expect("invariant: nothing panics while it holds the requests").clone()
    }

    /// Waits until so many more requests reached it.
    pub async fn reached_by(&self, requests: u32) {
        let arrived = self.arrivals.acquire_many(requests).await;
        arrived.expect("invariant: never closed").forget();
    }
}

/// The network under another name, for structures that do not send through the first.
struct Second(Arc<Network>);

#[async_trait]
impl Provider for Second {
    fn name(&self) -> &'static str {
        "second"
    }

    async fn submit(&self, message: &Outbound) -> Outcome {
        self.0.submit(message).await
    }
}

#[async_trait]
impl Provider for Network {
    fn name(&self) -> &'static str {
        self.sandbox.name()
    }

    async fn submit(&self, message: &Outbound) -> Outcome {
        let to = message.to.as_e164().to_owned();
        let part = {
            let mut parts = self.parts.lock().expect("invariant: nothing panics while it holds the parts");
            parts.get_mut(&to).and_then(VecDeque::pop_front)
        };
        let request = Submitted {
            attempt: message.attempt,
            to,
            sender: message.sender.clone(),
            text: message.text.to_string(),
            report_url: message.report_url.clone(),
        };
        canary::know(Kind::Number, &request.to);
        canary::know(Kind::Text, &request.text);
        let part = part.or_else(|| Some(self.decides.get()?(&request)));
        self.submitted.lock().expect("invariant: nothing panics while it holds the requests").push(request);
        self.arrivals.add_permits(1);
        match part {
            Some(Part::Answer(outcome)) => outcome,
            Some(Part::Hang) => std::future::pending().await,
            Some(Part::Hold(until)) => {
                until.acquire().await.expect("invariant: never closed").forget();
                self.sandbox.submit(message).await
            }
            Some(Part::Break) => panic!("the defect that a test asked for"),
            None => self.sandbox.submit(message).await,
        }
    }

    /// Reports as the tests write them: `status=DELIVERED`, or `UNDELIVERED`, or `HANDED_OVER`, in the query or the body.
    fn read_report(&self, call: &Callback) -> Result<Option<Reported>, CallbackError> {
        let form = Callback { query: String::from_utf8_lossy(&call.body).into_owned(), body: Vec::new() };
        let status = match call.text("status").or_else(|_| form.text("status"))?.as_str() {
            "DELIVERED" => Status::Delivered,
            "UNDELIVERED" => Status::Undelivered,
            "HANDED_OVER" => Status::HandedOver,
            _ => return Err(CallbackError::Malformed { parameter: "status" }),
        };
        Ok(Some(Reported { status, code: None }))
    }

    fn looks_up(&self) -> bool {
        self.decides.get().is_none() && self.sandbox.looks_up()
    }

    async fn lookup(&self, message: &Reference) -> Option<Report> {
        self.sandbox.lookup(message).await
    }

    fn reports_due(&self) -> usize {
        self.sandbox.reports_due()
    }

    fn read_inbound(&self, call: &Callback) -> Result<Inbound, CallbackError> {
        let id = call.parameter("id").map(|id| String::from_utf8_lossy(&id).into_owned());
        let text = call.parameter("text").unwrap_or_default();
        Ok(Inbound {
            from: call.text("from")?,
            to: call.text("to")?,
            text: String::from_utf8_lossy(&text).into_owned(),
            sent_at: call.text("at").ok().and_then(|at| DateTime::from_timestamp(at.parse().ok()?, 0)),
            reference: id,
        })
    }
}
