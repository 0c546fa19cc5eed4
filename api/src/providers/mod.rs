//! The ways out to the telephone network.
//!
//! Owns how a message is asked of each provider, and how its answer is read. Knows only `domain`: no database, no structure,
//! no money.
//!
//! Architecture Invariant: [`Provider::submit`] answers what is known to have happened, never what is likely, and asks once.
//! Numbers and texts go to the provider and nowhere else.

pub mod callback;
pub mod health;
pub mod http;
pub mod kannel;
pub mod sandbox;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};
use uuid::Uuid;

use crate::domain::message_state::Report as Status;
use crate::domain::outcome::Outcome;
use crate::domain::phone::Phone;
use crate::domain::segments::Encoding;
use callback::{Callback, CallbackError, Inbound, Reported};
use health::Health;
use http::ClientError;
use kannel::Kannel;
use sandbox::Sandbox;

/// Reports waiting to be recorded. A provider that reports faster than they are recorded waits.
const REPORTS_WAITING: usize = 1_024;

/// A message to hand over, once.
#[derive(Clone)]
pub struct Outbound {
    /// Our reference of this request: the attempt that authorises it. Reports name it.
    pub attempt: Uuid,
    /// Whom it goes to.
    pub to: Phone,
    /// The sender to show.
    pub sender: String,
    /// The body, whole.
    pub text: Arc<str>,
    /// How the body is to be encoded.
    pub encoding: Encoding,
    /// The address that a gateway calls to report on this attempt: a secret between it and us.
    pub report_url: String,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("attempt", &self.attempt)
            .field("encoding", &self.encoding)
            .finish_non_exhaustive()
    }
}

/// A message handed over before, to ask about.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Our reference of the request.
    pub attempt: Uuid,
    /// Whom it went to.
    pub to: Phone,
    /// The provider's own reference, where its answer was recorded.
    pub provider_ref: Option<String>,
}

/// What a provider says of a message, later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Our reference of the request.
    pub attempt: Uuid,
    /// What became of the message.
    pub status: Status,
    /// The provider's code for it, where it gives one.
    pub code: Option<String>,
}

/// One way out. It must be cheap to call from many tasks at once.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Its name, as settings and attempts store it.
    fn name(&self) -> &'static str;

    /// Asks once to carry the message. The caller bounds the time: cut off, the outcome is unknown.
    async fn submit(&self, message: &Outbound) -> Outcome;

    /// Whether [`Provider::lookup`] can answer at all.
    fn looks_up(&self) -> bool {
        false
    }

    /// What became of a message, where the provider can tell.
    async fn lookup(&self, _message: &Reference) -> Option<Report> {
        None
    }

    /// How many reports this process itself still owes; none where they come from elsewhere.
    fn reports_due(&self) -> usize {
        0
    }

    /// Reads a delivery report that the provider brought to an attempt's address. None for one that says nothing of the message.
    ///
    /// # Errors
    /// [`CallbackError`], as for a provider that does not report so.
    fn read_report(&self, _call: &Callback) -> Result<Option<Reported>, CallbackError> {
        Err(CallbackError::Unsupported)
    }

    /// Reads a message that someone sent to one of the provider's short codes.
    ///
    /// # Errors
    /// [`CallbackError`], as for a provider that brings no messages.
    fn read_inbound(&self, _call: &Callback) -> Result<Inbound, CallbackError> {
        Err(CallbackError::Unsupported)
    }

    /// What the operator appends to the address for inbound messages, in the gateway's own notation, so that it calls as
    /// [`Provider::read_inbound`] reads. None for a provider that brings no messages.
    fn inbound_query(&self) -> Option<&'static str> {
        None
    }
}

/// The providers of this instance, by name, and the reports that they make inside this process.
pub struct Providers {
    all: Vec<Arc<dyn Provider>>,
    reports: Mutex<mpsc::Receiver<Report>>,
    health: Health,
    /// Keeps the channel open where no provider reports through it.
    _sink: mpsc::Sender<Report>,
}

impl Providers {
    /// The providers that the program has: the sandbox, which reports within `sandbox_within`, and those that have settings. A
    /// request to them may take `patience`.
    ///
    /// # Errors
    /// [`ClientError`] when one is asked over HTTP, and this machine has no client.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn new(
        sandbox_within: Duration,
        kannel: Option<kannel::Settings>,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        // Half the time to connect: cut off there, a request is proven not sent.
        let client = kannel.is_some().then(|| http::client(patience / 2)).transpose()?;
        let kannel = client.zip(kannel).map(|(client, settings)| Kannel::new(client, settings));
        Ok(Self::with(|sink| {
            let mut all: Vec<Arc<dyn Provider>> = vec![Arc::new(Sandbox::new(sandbox_within, sink))];
            all.extend(kannel.map(|kannel| Arc::new(kannel) as Arc<dyn Provider>));
            all
        }))
    }

    /// The providers that `make` answers; it is given where to send reports.
    pub fn with(make: impl FnOnce(mpsc::Sender<Report>) -> Vec<Arc<dyn Provider>>) -> Self {
        let (sink, reports) = mpsc::channel(REPORTS_WAITING);
        Self { all: make(sink.clone()), reports: Mutex::new(reports), health: Health::default(), _sink: sink }
    }

    /// The provider of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<dyn Provider>> {
        self.all.iter().find(|provider| provider.name() == name).map(Arc::clone)
    }

    /// How well each is.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// The names that can be configured.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(|provider| provider.name())
    }

    /// The names of those that can be asked what became of a message.
    pub fn looking_up(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().filter(|provider| provider.looks_up()).map(|provider| provider.name())
    }

    /// Waits for reports, and adds at most `limit` of them to `into`. Cut off, it loses none.
    pub async fn receive(&self, into: &mut Vec<Report>, limit: usize) {
        self.reports.lock().await.recv_many(into, limit).await;
    }

    /// How many reports are on their way inside this process, about: one may be counted twice for an instant, none is missed.
    pub async fn reports_due(&self) -> usize {
        let owed: usize = self.all.iter().map(|provider| provider.reports_due()).sum();
        owed + self.reports.lock().await.len()
    }
}
