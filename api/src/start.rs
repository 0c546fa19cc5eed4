//! Putting an instance together: the database opened, the keys, the rules, the providers.
//!
//! Knows no server and no command line. Nothing runs yet in what it makes: serving and dispatching are started apart.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Notify;

use crate::app::App;
use crate::clock::{Clock, Entropy, Ids};
use crate::config::Config;
use crate::config::limits::STATEMENT_GRACE;
use crate::keys::{KeyError, Keys, MasterKey};
use crate::providers::Providers;
use crate::providers::http::ClientError;
use crate::providers::sandbox::REPORT_WITHIN;
use crate::services::accounts::Passwords;
use crate::services::backtest::Backtests;
use crate::services::people::upload::Uploads;
use crate::services::ruleset::{Evaluators, Platform};
use crate::store::{DatabaseUrl, Options, Store, StoreError};

/// Why an instance cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// What asks the providers.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The platform's rules.
    #[error("the platform's rules: {0}")]
    Rules(#[from] rules::CatalogError),
}

/// Opens the database that the settings name.
///
/// # Errors
/// [`StoreError`] when it cannot be reached, or its schema is not this program's and `migrate` is false.
pub async fn open_store(config: &Config, migrate: bool) -> Result<Store, StoreError> {
    let options = Options {
        migrate,
        postgres_connections: config.database.connections,
        read_timeout: config.http.request_timeout + STATEMENT_GRACE,
    };
    Store::open(&config.database.url, options).await
}

/// An instance with these settings, telling time by `clock` and drawing chance from `entropy`.
///
/// # Errors
/// [`StartError`], naming what cannot be opened and what to do.
pub async fn start(
    config: Config,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Arc<App>, StartError> {
    let sandbox_within = config.sandbox.report_within.unwrap_or(REPORT_WITHIN);
    let providers = Providers::new(sandbox_within, config.kannel.settings(), config.dispatch.timeout)?;
    start_with(config, clock, entropy, providers).await
}

/// The same, with these providers instead of the program's.
///
/// # Errors
/// As [`start`].
pub async fn start_with(
    config: Config,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    providers: Providers,
) -> Result<Arc<App>, StartError> {
    let platform = Platform::open(config.rules.plugins.clone())?;
    let store = open_store(&config, false).await?;
    let master = master_key(&config, &store, entropy.as_ref()).await?;
    let keys = Keys::open(&store, &master, entropy.as_ref()).await?;
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    Ok(Arc::new(App {
        store,
        ids: Ids::default(),
        keys,
        platform,
        rule_cache: Arc::default(),
        evaluators: Evaluators::new(cores),
        providers,
        passwords: Passwords::new(cores, Arc::clone(&entropy)),
        queued: Notify::new(),
        backtests: Backtests::default(),
        uploads: Uploads::default(),
        clock,
        entropy,
        config,
    }))
}

/// The master key: of the file named, else of one beside an SQLite database, made when there is none.
async fn master_key(config: &Config, store: &Store, entropy: &dyn Entropy) -> Result<MasterKey, KeyError> {
    match (&config.master_key_file, &config.database.url) {
        (Some(file), _) => MasterKey::read(file),
        (None, DatabaseUrl::Sqlite(database)) => MasterKey::beside(store, &beside(database), entropy).await,
        (None, DatabaseUrl::Postgres(_)) => Err(KeyError::Missing),
    }
}

/// `data/envoi.db` has its key in `data/envoi.db.key`.
fn beside(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(".key");
    PathBuf::from(name)
}
