//! A database with a crowd to write to, a provider in a process of its own, and servers that can be started on them.

use std::fmt::Write as _;

use api::services::audit::{self, Journal, Reconciled};
use envoi_tests::gateway::{GatewayProcess, Manner};
use envoi_tests::kannel::free_port;
use envoi_tests::process::{Server, envoi};
use envoi_tests::{TestDatabase, nodes};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use serde_json::{Value, json};

pub(super) const QUATRE_VENTS: &str = "École de musique des Quatre Vents";
/// Requests under way at once, at most: what a crash may leave in doubt.
pub(super) const IN_FLIGHT: u64 = 16;
const TOP_UP: &str = "1000000";

/// What the servers of a rig differ in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setup {
    /// How the provider behaves.
    pub(super) manner: Manner,
    /// Its seed.
    pub(super) seed: u64,
    /// How many people there are to write to.
    pub(super) recipients: usize,
    /// Requests under way at once.
    pub(super) in_flight: u64,
    /// How long the provider may take to answer, in seconds; a lease holds twice as long.
    pub(super) patience: u64,
}

pub(super) struct Rig {
    pub(super) database: TestDatabase,
    pub(super) rows: DatabaseConnection,
    pub(super) gateway: GatewayProcess,
    pub(super) token: String,
    pub(super) tag: Value,
    variables: Vec<(String, String)>,
}

impl Rig {
    pub(super) async fn new(database: TestDatabase, setup: Setup) -> Self {
        let rows = database.connect().await;
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_gateway"));
        let gateway = GatewayProcess::start(program, database.folder(), setup.manner, setup.seed).await;
        let listen = format!("127.0.0.1:{}", free_port());
        let variables = [
            ("ENVOI_DATABASE_URL", database.address.clone()),
            ("ENVOI_MASTER_KEY_FILE", database.master_key_file.display().to_string()),
            ("ENVOI_PUBLIC_URL", format!("http://{listen}")),
            ("ENVOI_LISTEN", listen),
            ("ENVOI_KANNEL_SEND_URL", gateway.send_url()),
            ("ENVOI_KANNEL_USERNAME", "envoi".to_owned()),
            ("ENVOI_KANNEL_PASSWORD", "change-me".to_owned()),
            // Much is sent here: what every statement says is looked at elsewhere.
            ("ENVOI_LOG_FILTER", "info".to_owned()),
            ("ENVOI_DISPATCH_LEASE_SECONDS", (2 * setup.patience).to_string()),
            ("ENVOI_DISPATCH_TIMEOUT_SECONDS", setup.patience.to_string()),
            ("ENVOI_DISPATCH_BREAKER_SECONDS", "1".to_owned()),
            ("ENVOI_DISPATCH_CLAIM", "100".to_owned()),
            ("ENVOI_DISPATCH_IN_FLIGHT", setup.in_flight.to_string()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let mut rig = Self { database, rows, gateway, token: String::new(), tag: Value::Null, variables };
        rig.prepare(setup).await;
        rig
    }

    /// The same, on a database with nothing in it.
    pub(super) async fn with_demo(database: TestDatabase, setup: Setup) -> Self {
        let file = database.master_key_file.display().to_string();
        let variables = [("ENVOI_DATABASE_URL", database.address.as_str()), ("ENVOI_MASTER_KEY_FILE", &file)];
        let server = Server::start(database.folder(), &["--demo", "--migrate"], &variables).await;
        assert_eq!(server.stop().await, Some(0));
        Self::new(database, setup).await
    }

    async fn prepare(&mut self, setup: Setup) {
        let file = self.database.folder().join("crowd.csv");
        std::fs::write(&file, crowd(setup.recipients)).expect("a file can be written");
        let of = ["--structure", QUATRE_VENTS];
        self.command(&["settings", "set", of[0], of[1], "--provider", "kannel"]).await;
        self.command(&["import", "people", &file.display().to_string(), of[0], of[1]]).await;
        self.command(&["credit", "add", of[0], of[1], TOP_UP]).await;
        let server = self.start(&[]).await;
        self.token = server.sign_in("marie@quatre-vents.example").await;
        let tags = "{ viewer { structure { tags(first: 100) { edges { node { id name } } } } } }";
        let tags = server.graphql(Some(&self.token), tags, json!({})).await;
        let tags = nodes(&tags["viewer"]["structure"]["tags"]);
        self.tag =
            tags.iter().find(|tag| tag["name"] == "Foule").expect("the crowd has its tag")["id"].clone();
        assert_eq!(server.stop().await, Some(0));
    }

    fn with<'a>(&'a self, further: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let own = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        own.chain(further.iter().copied()).collect()
    }

    /// Starts a server, with these further variables.
    pub(super) async fn start(&self, further: &[(&str, &str)]) -> Server {
        Server::start(self.database.folder(), &[], &self.with(further)).await
    }

    /// The same; none when it ended before it listened.
    pub(super) async fn try_start(&self, further: &[(&str, &str)]) -> Option<Server> {
        Server::try_start(self.database.folder(), &[], &self.with(further)).await
    }

    pub(super) async fn command(&self, arguments: &[&str]) -> String {
        let (code, out, said) = envoi(self.database.folder(), arguments, &self.with(&[])).await;
        assert_eq!(code, 0, "{arguments:?}: {out}{said}");
        out
    }

    pub(super) async fn count(&self, what: &str) -> u64 {
        self.count_in(&self.rows, what).await
    }

    /// The same, over another connection: that of the rig does not outlive a power cut.
    pub(super) async fn count_in(&self, rows: &DatabaseConnection, what: &str) -> u64 {
        let sql = format!("SELECT COUNT(*) AS found FROM {what}");
        let row = rows.query_one_raw(Statement::from_string(rows.get_database_backend(), sql)).await;
        let row = row.expect("rows can be counted").expect("a count has a row");
        let count: i64 = row.try_get("", "found").expect("a count is a number");
        u64::try_from(count).expect("a count is not negative")
    }

    /// Waits until nothing is queued or being sent, and the provider has no report left to bring. However many are left, fewer must be
    /// each time.
    pub(super) async fn settle(&self, server: &Server) {
        loop {
            let now = server.graphql(Some(&self.token), CAMPAIGNS, json!({})).await;
            let before = left(&now);
            if before > 0 {
                server.until(&self.token, CAMPAIGNS, json!({}), |now| left(now) < before).await;
            } else if self.gateway.idle().await {
                break;
            }
        }
    }

    /// Runs the audit with the provider's journal, as an operator does; what it finds at fault fails the test.
    pub(super) async fn reconcile(&self) -> Reconciled {
        let journal = self.gateway.journal().display().to_string();
        let report = self.command(&["audit", "--journal", &journal]).await;
        assert!(!report.contains("FAULT"), "{report}");
        let rows = self.database.connect().await;
        let found = self.reconciled_in(&rows).await;
        rows.close().await.expect("the connection can be closed");
        found
    }

    /// Runs the audit, of a rig whose provider takes all that it is asked: then each message was taken, may have been, or was cancelled.
    pub(super) async fn all_was_sent(&self) -> Reconciled {
        let found = self.reconcile().await;
        let rows = self.database.connect().await;
        let cancelled = "message WHERE state = 'SUPPRESSED' AND reason = 'CANCELLED'";
        let (messages, cancelled) =
            (self.count_in(&rows, "message").await, self.count_in(&rows, cancelled).await);
        rows.close().await.expect("the connection can be closed");
        let taken = (found.accepted + found.ambiguous - found.ambiguous_accepted) as u64;
        assert_eq!(messages, taken + cancelled, "some messages were given up: {found:?}");
        found
    }

    /// What the audit finds as numbers, whatever is at fault.
    pub(super) async fn reconciled_in(&self, rows: &DatabaseConnection) -> Reconciled {
        let journal = Journal::read(self.gateway.journal()).expect("the journal can be read");
        audit::reconcile(rows, journal).await.expect("the rows can be read")
    }

    pub(super) async fn close(self) {
        self.rows.close().await.expect("the connection can be closed");
        self.database.remove().await;
    }
}

/// Campaigns as their account sees them: enough for every test of this kind.
pub(super) const CAMPAIGNS: &str = "{ viewer { structure { campaigns(first: 100) { edges { node { id state
    progress { total queued sending handedOver delivered unknown } } } } } } }";

/// How many messages of all campaigns are in these states.
pub(super) fn sum(campaigns: &Value, states: &[&str]) -> u64 {
    let campaigns = nodes(&campaigns["viewer"]["structure"]["campaigns"]);
    let of = |campaign: &Value| {
        states.iter().filter_map(|state| campaign["progress"][state].as_u64()).sum::<u64>()
    };
    campaigns.iter().map(of).sum()
}

/// How many messages are queued or being sent.
pub(super) fn left(campaigns: &Value) -> u64 {
    sum(campaigns, &["queued", "sending"])
}

/// People of a tag of their own.
fn crowd(recipients: usize) -> String {
    let mut file = "Identifiant;Nom;Prénom;Mobile;Tags\n".to_owned();
    for person in 0..recipients {
        writeln!(file, "C{person};Foule;P{person};+33670{person:06};Foule").expect("a string takes all");
    }
    file
}
