//! A database of its own for each test, with the demonstration's data, on SQLite or on PostgreSQL.
//!
//! The data are loaded once a process and backend, as `envoi serve --demo` loads them; each test gets a copy, made in
//! milliseconds.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::app::Ctx;
use api::caller::Operator;
use api::cli::demo;
use api::config::Config;
use api::start;
use api::store::DatabaseUrl;
use rules::Lang;
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::app::OPENING;
use crate::canary::{self, Kind};
use crate::clock::{TestClock, TestEntropy};
use crate::network::Network;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file of its own.
    Sqlite,
    /// A database of its own on the server that `ENVOI_TEST_POSTGRES_URL` names.
    Postgres,
}

/// A test's database. It is removed with it.
#[derive(Debug)]
pub struct TestDatabase {
    /// Where it is.
    pub url: DatabaseUrl,
    /// The file of its master key.
    pub master_key_file: PathBuf,
    /// The same address as the command line wants it.
    pub address: String,
    name: Option<String>,
    folder: TempDir,
}

/// What copies are made of: the key, and the file (SQLite) or the name of the template (PostgreSQL).
struct Template {
    master_key: Vec<u8>,
    file: Vec<u8>,
    name: String,
}

static SQLITE: OnceCell<Template> = OnceCell::const_new();
static POSTGRES: OnceCell<Template> = OnceCell::const_new();
static COPIES: AtomicUsize = AtomicUsize::new(0);

/// A master key for PostgreSQL, which wants one given: 32 bytes in base64.
const MASTER_KEY: &str = "R2l2ZW4gdG8gdGhlIHRlc3RzLCBhbmQgdG8gbm9ib2Q=\n";

/// The people of the demonstration.
const PEOPLE: [&str; 3] = [
    include_str!("../../api/demo/people.csv"),
    include_str!("../../api/demo/harmonie.csv"),
    include_str!("../../api/demo/littoral.csv"),
];

impl Backend {
    /// A new database with the demonstration's data.
    pub async fn demo(self) -> TestDatabase {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let copy = COPIES.fetch_add(1, Ordering::Relaxed);
        match self {
            Self::Sqlite => {
                let template = SQLITE.get_or_init(|| self.template()).await;
                let database = TestDatabase::sqlite(folder);
                std::fs::write(database.file(), &template.file).expect("the template can be copied");
                std::fs::write(&database.master_key_file, &template.master_key)
                    .expect("the key can be copied");
                database
            }
            Self::Postgres => {
                let template = POSTGRES.get_or_init(|| self.template()).await;
                let name = format!("envoi_test_{}_{copy}", std::process::id());
                create(&format!("CREATE DATABASE {name} TEMPLATE {}", template.name)).await;
                TestDatabase::postgres(folder, name)
            }
        }
    }

    /// A new database with nothing in it, not even tables.
    pub async fn empty(self) -> TestDatabase {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        match self {
            Self::Sqlite => TestDatabase::sqlite(folder),
            Self::Postgres => {
                let name =
                    format!("envoi_test_{}_{}", std::process::id(), COPIES.fetch_add(1, Ordering::Relaxed));
                create(&format!("CREATE DATABASE {name}")).await;
                TestDatabase::postgres(folder, name)
            }
        }
    }

    async fn template(self) -> Template {
        let database = self.empty().await;
        let mut config = Config::default();
        config.database.url = database.url.clone();
        config.master_key_file = Some(database.master_key_file.clone());
        if self == Self::Sqlite {
            config.master_key_file = None;
        }
        start::open_store(&config, true).await.expect("the schema can be made").close().await;
        let (clock, entropy) = (TestClock::at(OPENING), TestEntropy::seeded(0));
        let (_, providers) = Network::providers();
        let started = start::start_with(config, Arc::new(clock), Arc::new(entropy), providers).await;
        let ctx = Ctx::new(started.expect("an instance starts"), Lang::Fr);
        demo::load(&ctx, Operator::at_the_command_line())
            .await
            .expect("the demonstration's data can be loaded");
        ctx.store.clone().close().await;
        Template {
            master_key: std::fs::read(&database.master_key_file).expect("there is a master key"),
            file: if self == Self::Sqlite {
                std::fs::read(database.file()).expect("the file is there")
            } else {
                Vec::new()
            },
            name: database.name.unwrap_or_default(),
        }
    }
}

impl TestDatabase {
    fn sqlite(folder: TempDir) -> Self {
        let file = folder.path().join("envoi.db");
        Self {
            address: format!("sqlite://{}", file.display()),
            url: DatabaseUrl::Sqlite(file),
            master_key_file: folder.path().join("envoi.db.key"),
            name: None,
            folder,
        }
    }

    fn postgres(folder: TempDir, name: String) -> Self {
        let address = address_of(&name);
        let master_key_file = folder.path().join("master.key");
        std::fs::write(&master_key_file, MASTER_KEY).expect("a file can be written");
        Self {
            url: DatabaseUrl::Postgres(address.clone()),
            address,
            master_key_file,
            name: Some(name),
            folder,
        }
    }

    /// What a PostgreSQL server of the test's own has at this address; empty.
    ///
    /// # Panics
    /// When no folder can be made.
    #[must_use]
    pub fn elsewhere(address: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let master_key_file = folder.path().join("master.key");
        std::fs::write(&master_key_file, MASTER_KEY).expect("a file can be written");
        let url = DatabaseUrl::Postgres(address.to_owned());
        Self { url, master_key_file, address: address.to_owned(), name: None, folder }
    }

    /// Watches for its master key, and for the people and the password of the demonstration.
    pub(crate) fn known_to_canaries(&self) {
        let key = std::fs::read_to_string(&self.master_key_file).expect("there is a master key");
        canary::know(Kind::Key, &key);
        canary::know(Kind::Password, demo::PASSWORD);
        if let Some(password) = self.address.split(['/', '@']).nth(2).and_then(|user| user.split_once(':')) {
            canary::know(Kind::Password, password.1);
        }
        PEOPLE.into_iter().for_each(canary::know_numbers_of);
    }

    /// The file of an SQLite database.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("envoi.db")
    }

    /// A folder that goes with the database.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A connection that may do anything: for what only a fault of ours, or another program, would do.
    pub async fn connect(&self) -> DatabaseConnection {
        Database::connect(self.address.as_str()).await.expect("the database can be reached")
    }

    /// Removes the database. Without it a PostgreSQL database stays until its server ends, as after a failure.
    pub async fn remove(self) {
        if let Some(name) = &self.name {
            create(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

fn server() -> String {
    std::env::var("ENVOI_TEST_POSTGRES_URL")
        .expect("ENVOI_TEST_POSTGRES_URL names no PostgreSQL server: run `make test`")
}

fn address_of(name: &str) -> String {
    let server = server();
    let (host, _) =
        server.rsplit_once('/').expect("ENVOI_TEST_POSTGRES_URL ends with the name of a database");
    format!("{host}/{name}")
}

async fn create(statement: &str) {
    let server = Database::connect(server()).await.expect("the PostgreSQL server can be reached");
    server.execute_unprepared(statement).await.expect("databases can be made and removed");
    server.close().await.expect("the connection can be closed");
}
