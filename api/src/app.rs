//! What the services work with: the database, time and chance, the rules, the providers.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::At;
use entity::ids::StructureId;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use rules::{Catalog, Lang};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::clock::{Clock, Entropy, Ids};
use crate::config::Config;
use crate::error::Fault;
use crate::keys::Keys;
use crate::providers::Providers;
use crate::services::accounts::Passwords;
use crate::services::backtest::Backtests;
use crate::services::people::upload::Uploads;
use crate::services::ruleset::{Evaluators, Platform, RuleCache};
use crate::store::Store;

/// One instance of the service. Made once at start, shared by all that runs.
pub struct App {
    /// The database.
    pub store: Store,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// New identifiers.
    pub ids: Ids,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The keys in use.
    pub keys: Keys,
    /// The platform's rules, as they are at this moment.
    pub platform: Platform,
    /// The rules that structures wrote, as they were loaded.
    pub rule_cache: Arc<RuleCache>,
    /// The threads on which rules run.
    pub evaluators: Evaluators,
    /// The ways out to the telephone network.
    pub providers: Providers,
    /// The password hasher, bounded.
    pub passwords: Passwords,
    /// The rules being tried on the past.
    pub backtests: Backtests,
    /// The uploads of people under way.
    pub uploads: Uploads,
    /// The settings.
    pub config: Config,
    /// Rung when messages were queued, so that the dispatcher need not wait for its next look.
    pub queued: Notify,
}

impl App {
    /// The present instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The present instant, as a column holds it.
    #[must_use]
    pub fn at(&self) -> At {
        At::from(self.clock.now())
    }

    /// A new identifier.
    #[must_use]
    pub fn id<T: From<Uuid>>(&self) -> T {
        T::from(self.ids.next(self.clock.now()))
    }
}

/// What a service is given first: the instance, and how to speak to the one who asked.
#[derive(Clone)]
pub struct Ctx {
    /// The instance.
    pub app: Arc<App>,
    /// The platform's rules, the same for all that one request does.
    pub catalog: Arc<Catalog>,
    /// The language of messages.
    pub lang: Lang,
    /// Names this request in the log.
    pub request: Uuid,
    /// Whether a transaction that writes is open.
    in_a_write: bool,
}

impl Ctx {
    /// A context for one request.
    #[must_use]
    pub fn new(app: Arc<App>, lang: Lang) -> Self {
        let (request, catalog) = (app.id(), app.platform.current());
        Self { app, catalog, lang, request, in_a_write: false }
    }

    /// The same, for what is done while a transaction that writes is open.
    #[must_use]
    pub fn in_a_write(&self) -> Self {
        Self { in_a_write: true, ..self.clone() }
    }

    /// Loads or runs rules of a structure off the threads that serve everyone, by turns. While a transaction that writes is open there is no
    /// turn to wait for: whoever else writes would wait with it, and such transactions are few.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the work panics.
    pub fn run_rules<T: Send + 'static>(
        &self,
        structure: StructureId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> BoxFuture<'_, Result<T, Fault>> {
        if self.in_a_write {
            Evaluators::at_once(work).boxed()
        } else {
            self.evaluators.run(structure, work).boxed()
        }
    }
}

impl std::ops::Deref for Ctx {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}
