//! Opening the database: addresses, settings of each connection, migrations.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::{Connection as _, SqliteConnection};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, RuntimeErr, SqlxError,
    Statement,
};

use tokio::sync::Semaphore;

use super::group::{BOUNDS, Group, is_boundary};
use super::{Changes, Store, StoreError};
use crate::fault::{self, Bug};

/// Readers on SQLite: more only contend for two cores.
const SQLITE_READERS: u32 = 4;
/// How long a statement waits for a lock that another process holds on the SQLite file.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Settings of each connection to PostgreSQL: compiling a plan (jit) costs more than running any of ours.
const POSTGRES_SETTINGS: [(&str, &str); 1] = [("jit", "off")];
/// Those who watch read on one of so many readers.
const WATCHING_SHARE: u32 = 2;
/// How long PostgreSQL may take to answer at start.
const POSTGRES_PATIENCE: Duration = Duration::from_secs(10);
/// Older versions can corrupt a write-ahead log when it is reset: <https://www.sqlite.org/wal.html>.
const SQLITE_MINIMUM: (&str, [u32; 3]) = ("3.51.3", [3, 51, 3]);

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of this machine.
    Sqlite(PathBuf),
    /// A server; the address may hold a password.
    Postgres(String),
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}

impl std::str::FromStr for DatabaseUrl {
    type Err = StoreError;

    /// # Errors
    /// [`StoreError::Address`] naming the scheme, never the password that may follow it.
    fn from_str(address: &str) -> Result<Self, StoreError> {
        if let Some(path) = address.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let path = path.split('?').next().unwrap_or_default();
            if path.is_empty() || path.contains(":memory:") {
                return Err(StoreError::Address(address.to_owned()));
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return Ok(Self::Postgres(address.to_owned()));
        }
        Err(StoreError::Address(address.split(':').next().unwrap_or_default().to_owned()))
    }
}

/// How to open the database.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Whether to bring an older schema up to date. An SQLite file is always brought up to date, having one process.
    pub migrate: bool,
    /// The most connections to hold open to PostgreSQL, half of them to read.
    pub postgres_connections: u32,
    /// How long PostgreSQL may take over a statement that reads.
    pub read_timeout: Duration,
}

impl Store {
    /// Opens the database, and brings its schema up to date where that is wanted.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be reached, is locked, or its schema is older or newer than this program.
    pub async fn open(url: &DatabaseUrl, options: Options) -> Result<Self, StoreError> {
        let store = match url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path).await?,
            DatabaseUrl::Postgres(address) => open_postgres(address, options).await?,
        };
        check_schema(&store.writer, options.migrate || store.backend() == DbBackend::Sqlite).await?;
        Ok(store)
    }
}

async fn open_sqlite(path: &Path) -> Result<Store, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|cause| StoreError::Unavailable(format!("{}: {cause}", folder.display())))?;
    }
    let writer = sqlite_connection(path, 1, false).await?;
    check_sqlite_version(&writer).await?;
    let readers = sqlite_connection(path, SQLITE_READERS, true).await?;
    Ok(store(readers, writer, SQLITE_READERS, Changes::of_one_process()))
}

/// The store of these connections, so many of which read.
fn store(readers: DatabaseConnection, writer: DatabaseConnection, reading: u32, changes: Changes) -> Store {
    let statements = Arc::default();
    let (readers, writer) = (counted(readers, &statements), counted(writer, &statements));
    let watching = usize::try_from(reading / WATCHING_SHARE).unwrap_or(Semaphore::MAX_PERMITS).max(1);
    let group = (writer.get_database_backend() == DbBackend::Sqlite)
        .then(|| Group::new(writer.clone(), changes.clone(), BOUNDS));
    Store { readers, writer, group, watching: Arc::new(Semaphore::new(watching)), changes, statements }
}

/// Connections to the file, set as we want them.
pub(super) async fn sqlite_connection(
    path: &Path,
    connections: u32,
    read_only: bool,
) -> Result<DatabaseConnection, StoreError> {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()));
    options.max_connections(connections).min_connections(1).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", if fault::planted(Bug::SynchronousNormal) { "NORMAL" } else { "FULL" })
            .pragma("foreign_keys", "ON")
            .pragma("query_only", if read_only { "ON" } else { "OFF" })
            .busy_timeout(SQLITE_BUSY_TIMEOUT)
    });
    options
        .map_sqlx_sqlite_pool_opts(|pool| pool.after_release(|connection, _| Box::pin(is_sound(connection))));
    Ok(Database::connect(options).await?)
}

/// Whether a connection given back is as it was lent. Where SQLite rolled a transaction back by itself, as it may when the disk is full, the
/// library could not, and still counts it as open: the next one would be a savepoint in it, and be answered before anything is committed.
/// Such a connection is closed, and another opened.
async fn is_sound(connection: &mut SqliteConnection) -> Result<bool, SqlxError> {
    if connection.is_in_transaction() {
        // A rollback may be on its way: what is asked after it is answered after it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction() || fault::planted(Bug::BrokenTransactionKept))
}

async fn check_sqlite_version(connection: &DatabaseConnection) -> Result<(), StoreError> {
    let row = connection
        .query_one_raw(Statement::from_string(DbBackend::Sqlite, "SELECT sqlite_version() AS v"))
        .await?;
    let found: String = row.map(|row| row.try_get("", "v")).transpose()?.unwrap_or_default();
    let parts: Vec<u32> = found.split('.').filter_map(|part| part.parse().ok()).collect();
    if parts.as_slice() < SQLITE_MINIMUM.1.as_slice() {
        return Err(StoreError::SqliteTooOld { found, needed: SQLITE_MINIMUM.0 });
    }
    Ok(())
}

async fn open_postgres(address: &str, options: Options) -> Result<Store, StoreError> {
    let reading = options.postgres_connections.div_ceil(2);
    let writing = (options.postgres_connections - reading).max(1);
    let readers = postgres_connections(address, reading, Some(options.read_timeout)).await?;
    let writer = postgres_connections(address, writing, None).await?;
    Ok(store(readers, writer, reading, Changes::of_all_instances(address)))
}

/// Connections on which a statement takes no longer than this, if anything.
async fn postgres_connections(
    address: &str,
    connections: u32,
    statement_timeout: Option<Duration>,
) -> Result<DatabaseConnection, StoreError> {
    let mut options = ConnectOptions::new(address.to_owned());
    options.max_connections(connections).connect_timeout(POSTGRES_PATIENCE).sqlx_logging(false);
    options.map_sqlx_postgres_opts(move |postgres| {
        let timeout = statement_timeout.map(|timeout| ("statement_timeout", timeout.as_millis().to_string()));
        postgres.options(POSTGRES_SETTINGS).options(timeout)
    });
    Database::connect(options).await.map_err(|error| match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause)) if matches!(*cause, SqlxError::PoolTimedOut) => {
            StoreError::Unavailable(format!(
                "PostgreSQL did not answer in {POSTGRES_PATIENCE:?}: is it running, and reachable?"
            ))
        }
        error => StoreError::from(error),
    })
}

/// The same connection, which counts the statements it runs.
fn counted(mut connection: DatabaseConnection, statements: &Arc<AtomicU64>) -> DatabaseConnection {
    let statements = Arc::clone(statements);
    connection.set_metric_callback(move |info| {
        if !is_boundary(&info.statement.sql) {
            statements.fetch_add(1, Ordering::SeqCst);
        }
    });
    connection
}

async fn check_schema(connection: &DatabaseConnection, migrate: bool) -> Result<(), StoreError> {
    Migrator::install(connection).await?;
    let known: Vec<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    let applied: Vec<String> =
        Migrator::get_migration_models(connection).await?.into_iter().map(|step| step.version).collect();
    if let Some(unknown) = applied.iter().find(|step| !known.contains(step)) {
        return Err(StoreError::FromTheFuture(unknown.clone()));
    }
    let missing = known.len() - applied.len();
    match (missing, migrate) {
        (0, _) => Ok(()),
        (_, true) => Ok(Migrator::up(connection, None).await?),
        (_, false) => Err(StoreError::Behind(missing)),
    }
}
