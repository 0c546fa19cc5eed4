//! The settings of an instance: their types, their defaults, where they come from.
//!
//! A setting is its default, unless the configuration file gives it, unless a variable `ENVOI_<SECTION>_<KEY>` does.
//! `docs/envoi.example.toml` shows them all; [`keys::KEYS`] is the one list of them.
//!
//! Architecture Invariant: nothing else in the crate reads the environment, and no error here repeats a value: one may
//! hold a password.

mod keys;
pub mod limits;
mod load;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

pub use load::ConfigError;

use crate::domain::secret::Secret;
use crate::domain::sender::ProtectedNames;
use crate::providers::kannel;
use crate::store::DatabaseUrl;

/// The settings of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The address and port of the server; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address under which others reach the server, without a trailing `/`. None: the one it listens on.
    pub public_url: Option<String>,
    /// The database.
    pub database: Database,
    /// The file of the master key. None: made beside an SQLite database, refused with PostgreSQL.
    pub master_key_file: Option<PathBuf>,
    /// How many requests an account may make.
    pub rate_limit: RateLimit,
    /// The log.
    pub log: Log,
    /// The pages to which answers send users.
    pub links: Links,
    /// Prepaid credit.
    pub credit: Credit,
    /// Sign-ins.
    pub session: Session,
    /// Previews.
    pub preview: Preview,
    /// Reports of campaigns, as files.
    pub reports: Reports,
    /// The sending of what was queued.
    pub dispatch: Dispatch,
    /// The provider that plays a telephone network.
    pub sandbox: Sandbox,
    /// What is watched.
    pub live: Live,
    /// The platform's rules.
    pub rules: Rules,
    /// The playground.
    pub playground: Playground,
    /// Files of people that are uploaded.
    pub import: Import,
    /// The server's guards.
    pub http: Http,
    /// The names that structures send under.
    pub senders: Senders,
    /// The gateway of the provider `kannel`.
    pub kannel: Kannel,
}

/// The database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Where it is.
    pub url: DatabaseUrl,
    /// The most connections held open to PostgreSQL, half of them to read.
    pub connections: u32,
}

/// How many requests an account may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// As many as it likes.
    Off,
    /// So many a minute.
    PerMinute(NonZeroU32),
}

/// The log, on the standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// What is logged: a level, or levels by module, in the notation of `tracing_subscriber`'s `EnvFilter`.
    pub filter: String,
    /// How lines are written.
    pub format: LogFormat,
}

/// How lines of the log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The pages to which answers send users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// Where a structure subscribes to the SMS option.
    pub subscribe: String,
    /// Where it reads how to configure SMS.
    pub settings: String,
    /// Where it orders credit.
    pub top_up: String,
}

/// Prepaid credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    /// Whether an order of credit is approved as soon as it is made.
    pub auto_approve: bool,
}

/// Sign-ins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// How long a token serves.
    pub lifetime: Duration,
}

/// Previews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// How long a preview can be sent.
    pub lifetime: Duration,
}

/// Reports of campaigns, as files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reports {
    /// How long a link to one serves.
    pub link_lifetime: Duration,
}

/// The sending of what was queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch {
    /// Whether this instance sends.
    pub enabled: bool,
    /// The most requests to providers under way at once.
    pub in_flight: usize,
    /// The most messages leased at once.
    pub claim: u64,
    /// How long a lease holds.
    pub lease: Duration,
    /// How long a provider may take to answer.
    pub timeout: Duration,
    /// The most attempts at one message.
    pub max_attempts: u32,
    /// How long a delivery report, or the outcome of an attempt, is awaited.
    pub report_window: Duration,
    /// How long a message may wait before it is not worth sending any more.
    pub expire: Duration,
    /// How long a provider that fails is left alone first, then twice as long each time; none never leaves it alone.
    pub breaker: Option<Duration>,
    /// The most requests a second that this instance makes to one provider, if there is a limit.
    pub provider_rate: Option<NonZeroU32>,
    /// The most requests a second that it makes for one structure, if there is a limit.
    pub structure_rate: Option<NonZeroU32>,
}

/// The provider that plays a telephone network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    /// Within what time it reports. None: a second, or longer in the demonstration, so that reports are seen coming in.
    pub report_within: Option<Duration>,
}

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// How often a watcher looks without being told.
    pub check: Duration,
}

/// The platform's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// A folder of rules that the operator adds to the built-in ones.
    pub plugins: Option<PathBuf>,
}

/// The playground: a page for people that asks the API, at `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playground {
    /// Whether it is served.
    pub enabled: bool,
}

/// Files of people that are uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The largest file, in bytes.
    pub max_bytes: u64,
    /// The most uploads at once.
    pub at_once: usize,
    /// The most rows imported in one transaction, and tried in a dry run.
    pub transaction_rows: u64,
    /// How long the next part of a file is awaited, and how long a client is to take the next part of its report.
    pub patience: Duration,
    /// Where files are kept while they are imported. None: where the system keeps temporary files.
    pub folder: Option<PathBuf>,
}

impl Import {
    /// How long a file is awaited in all, and a client that takes its report.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.patience + Duration::from_millis(self.max_bytes.saturating_mul(1_000) / limits::IMPORT_MIN_RATE)
    }
}

/// The server's guards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// The largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// The most WebSockets open at once.
    pub max_sockets: u32,
    /// How long one that showed no token stays open.
    pub unknown_socket_lifetime: Duration,
    /// The most connections open at once, WebSockets among them.
    pub max_connections: usize,
    /// How long a client may leave the head of a request unfinished, or an answer unread.
    pub client_timeout: Duration,
}

/// The names that structures send under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Senders {
    /// Those that none may be taken for.
    pub protected: ProtectedNames,
}

/// The gateway of the provider `kannel`: without its address, there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kannel {
    /// The address of its `sendsms` page.
    pub send_url: Option<String>,
    /// The name of its `sendsms-user`.
    pub username: Option<String>,
    /// That user's password.
    pub password: Option<Secret>,
    /// The connection to route through; none leaves it to the gateway.
    pub smsc: Option<String>,
}

impl Kannel {
    /// The settings that it takes to have the provider.
    pub const NEEDED: &str = "`kannel.send_url`, `kannel.username` and `kannel.password`";

    /// The settings as the provider takes them; none when a part that it needs is missing.
    #[must_use]
    pub fn settings(&self) -> Option<kannel::Settings> {
        Some(kannel::Settings {
            send_url: self.send_url.clone()?,
            username: self.username.clone()?,
            password: self.password.clone()?,
            smsc: self.smsc.clone(),
        })
    }
}

impl Config {
    /// An address of ours as others reach it: `path` begins with `/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        match &self.public_url {
            Some(public) => format!("{public}{path}"),
            None => format!("http://{}{path}", self.listen),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            database: Database {
                url: DatabaseUrl::Sqlite(PathBuf::from("data/envoi.db")),
                connections: limits::DATABASE_CONNECTIONS,
            },
            master_key_file: None,
            rate_limit: RateLimit::Off,
            log: Log { filter: "info,sea_orm_migration=warn".to_owned(), format: LogFormat::Text },
            links: Links {
                subscribe: "https://envoi.example/subscribe".to_owned(),
                settings: "https://envoi.example/settings".to_owned(),
                top_up: "https://envoi.example/top-up".to_owned(),
            },
            credit: Credit { auto_approve: false },
            session: Session { lifetime: limits::SESSION_LIFETIME },
            preview: Preview { lifetime: limits::PREVIEW_LIFETIME },
            reports: Reports { link_lifetime: limits::REPORT_LINK_LIFETIME },
            dispatch: Dispatch {
                enabled: true,
                in_flight: limits::DISPATCH_IN_FLIGHT,
                claim: limits::DISPATCH_CLAIM,
                lease: limits::DISPATCH_LEASE,
                timeout: limits::DISPATCH_TIMEOUT,
                max_attempts: limits::DISPATCH_MAX_ATTEMPTS,
                report_window: limits::DISPATCH_REPORT_WINDOW,
                expire: limits::DISPATCH_EXPIRE,
                breaker: Some(limits::DISPATCH_BREAKER),
                provider_rate: None,
                structure_rate: None,
            },
            sandbox: Sandbox { report_within: None },
            live: Live { check: limits::LIVE_CHECK },
            rules: Rules { plugins: None },
            playground: Playground { enabled: true },
            import: Import {
                max_bytes: limits::IMPORT_MAX_BYTES,
                at_once: limits::IMPORTS_AT_ONCE,
                transaction_rows: limits::IMPORT_TRANSACTION_ROWS,
                patience: limits::IMPORT_PATIENCE,
                folder: None,
            },
            http: Http {
                max_body_bytes: limits::MAX_BODY_BYTES,
                request_timeout: limits::REQUEST_TIMEOUT,
                max_sockets: limits::MAX_SOCKETS,
                unknown_socket_lifetime: limits::UNKNOWN_SOCKET_LIFETIME,
                max_connections: limits::MAX_CONNECTIONS,
                client_timeout: limits::CLIENT_TIMEOUT,
            },
            senders: Senders {
                protected: ProtectedNames::parse(limits::PROTECTED_SENDERS)
                    .expect("invariant: a constant, and the example of the settings is compared with it"),
            },
            kannel: Kannel::default(),
        }
    }
}
