//! An instance of the service inside the test: its own database, a clock and chance that the test decides, requests without a
//! socket.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use api::app::{App, Ctx};
use api::caller::Operator;
use api::clock::Entropy as _;
use api::config::Config;
use api::domain::people_file::Keep;
use api::providers::sandbox::REPORT_WITHIN;
use api::providers::{Providers, Report};
use api::services::audit;
use api::services::people::import::{FileSource, ImportError, ImportSummary, RowOutcome, import};
use api::services::{operator, people, receipts, top_up};
use api::{dispatch, http, start};
use axum::Router;
use chrono::{DateTime, TimeDelta, Utc};
use entity::enums::MessageState;
use entity::ids::StructureId;
use entity::message;
use rules::Lang;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseConnection, PaginatorTrait as _, QueryFilter as _,
};
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::actor::Actor;
use crate::canary;
use crate::clock::{TestClock, TestEntropy, seed};
use crate::database::{Backend, TestDatabase};
use crate::network::Network;
use crate::rows::UsableInTests as _;

/// When the demonstration's data are loaded: a Monday of the past, at nine in Paris. Each test starts an hour later.
pub(crate) const OPENING: DateTime<Utc> =
    DateTime::from_timestamp(1_757_314_800, 0).expect("a constant instant");

/// An instance, and the database it works on. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct TestApp(Arc<Inner>);

struct Inner {
    app: Arc<App>,
    /// The clock, which stands still.
    clock: Arc<TestClock>,
    chance: Arc<TestEntropy>,
    network: Arc<Network>,
    router: Router,
    sockets: http::Sockets,
    /// Where it listens, from the first socket on.
    address: OnceCell<String>,
    backend: Backend,
    database: Arc<Mutex<Option<TestDatabase>>>,
    planted: Arc<AtomicBool>,
}

/// A server that ends when this is dropped.
pub struct Served(JoinHandle<()>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl TestApp {
    /// An instance with the demonstration's data.
    pub async fn demo(backend: Backend) -> Self {
        Self::on(backend, backend.demo().await).await
    }

    async fn on(backend: Backend, database: TestDatabase) -> Self {
        database.known_to_canaries();
        let clock = Arc::new(TestClock::at(OPENING + TimeDelta::hours(1)));
        let chance = Arc::new(TestEntropy::seeded(seed()));
        let database = Arc::new(Mutex::new(Some(database)));
        Self::open(backend, database, clock, chance, Arc::default(), |_| {}).await
    }

    async fn open(
        backend: Backend,
        database: Arc<Mutex<Option<TestDatabase>>>,
        clock: Arc<TestClock>,
        chance: Arc<TestEntropy>,
        planted: Arc<AtomicBool>,
        set: impl FnOnce(&mut Config),
    ) -> Self {
        let mut config = Config::default();
        {
            let database = database.lock().expect("invariant: nothing panics while it holds the database");
            let database = database.as_ref().expect("the test has not finished");
            config.database.url = database.url.clone();
            config.master_key_file = Some(database.master_key_file.clone());
        }
        config.credit.auto_approve = true;
        config.dispatch.enabled = false;
        set(&mut config);
        let (network, mut providers) = Network::providers();
        if let Some(kannel) = config.kannel.settings() {
            providers = Providers::new(REPORT_WITHIN, Some(kannel), config.dispatch.timeout)
                .expect("a client can be made");
        }
        let clock_of_app = Arc::clone(&clock);
        let app = start::start_with(config, clock_of_app, Arc::clone(&chance) as _, providers).await;
        let app = app.expect("an instance starts");
        let sockets = http::Sockets::at_most(app.config.http.max_sockets);
        let router = http::router(Arc::clone(&app), sockets.clone());
        let address = OnceCell::new();
        let inner =
            Inner { app, clock, chance, network, router, sockets, address, backend, database, planted };
        Self(Arc::new(inner))
    }

    /// Another instance on the same database, at the same time, with other settings. It begins with no token and no request
    /// under way.
    pub async fn another(&self, set: impl FnOnce(&mut Config)) -> Self {
        let inner = &self.0;
        Self::open(
            inner.backend,
            Arc::clone(&inner.database),
            Arc::clone(&inner.clock),
            Arc::clone(&inner.chance),
            Arc::clone(&inner.planted),
            set,
        )
        .await
    }

    /// The same, with a clock of its own: so much later than this one's, or earlier.
    pub async fn another_whose_clock_is_off(&self, by: TimeDelta, set: impl FnOnce(&mut Config)) -> Self {
        let inner = &self.0;
        let clock = Arc::new(TestClock::at(inner.app.now() + by));
        let (database, planted) = (Arc::clone(&inner.database), Arc::clone(&inner.planted));
        Self::open(inner.backend, database, clock, Arc::clone(&inner.chance), planted, set).await
    }

    /// Serves it on a socket, as long as what this answers is kept.
    #[must_use]
    pub fn serve(&self, listener: TcpListener) -> Served {
        Served(tokio::spawn(self.listen(listener)))
    }

    /// Serves it, for ever, as the program does.
    fn listen(&self, listener: TcpListener) -> impl Future<Output = ()> + Send + use<> {
        let (router, settings) = (self.router(), self.0.app.config.http.clone());
        async move { http::serve(listener, router, &settings, std::future::pending()).await }
    }

    /// The instance itself.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.0.app
    }

    /// What services are given, on behalf of the operator.
    #[must_use]
    pub fn ctx(&self) -> Ctx {
        Ctx::new(Arc::clone(&self.0.app), Lang::En)
    }

    /// Where rows are read that the API does not show.
    #[must_use]
    pub fn db(&self) -> &DatabaseConnection {
        self.0.app.store.readers()
    }

    /// The database that it runs on.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.0.backend
    }

    /// The network it sends through.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.0.network
    }

    /// Chance, as this test's seed has it.
    #[must_use]
    pub fn chance(&self) -> &TestEntropy {
        &self.0.chance
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> &TestClock {
        &self.0.clock
    }

    /// Its way in.
    pub fn router(&self) -> Router {
        self.0.router.clone()
    }

    /// The sockets that are open on it.
    #[must_use]
    pub fn sockets(&self) -> &http::Sockets {
        &self.0.sockets
    }

    /// Where it listens on a port of this machine, such as `127.0.0.1:41234`, from the first call on.
    pub async fn address(&self) -> &str {
        let listening = async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port can be had");
            let address = listener.local_addr().expect("it has an address").to_string();
            tokio::spawn(self.listen(listener));
            address
        };
        self.0.address.get_or_init(|| listening).await
    }

    /// A new idempotency key.
    #[must_use]
    pub fn key(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.0.chance.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A connection, one and the same, that may do anything to the database.
    pub async fn connect(&self) -> DatabaseConnection {
        let address = {
            let database =
                self.0.database.lock().expect("invariant: nothing panics while it holds the database");
            database.as_ref().expect("the test has not finished").address.clone()
        };
        let mut one = sea_orm::ConnectOptions::new(address);
        one.max_connections(1);
        sea_orm::Database::connect(one).await.expect("the database can be reached")
    }

    /// Someone who has not signed in.
    #[must_use]
    pub fn anonymous(&self) -> Actor {
        Actor::new(self.clone())
    }

    /// Someone who signed in with the demonstration's password, and speaks French.
    pub async fn sign_in(&self, email: &str) -> Actor {
        self.anonymous().signed_in(email).await
    }

    /// Marie, who may send for the Quatre Vents.
    pub async fn marie(&self) -> Actor {
        self.sign_in("marie@quatre-vents.example").await
    }

    /// The administrator of the Quatre Vents.
    pub async fn admin(&self) -> Actor {
        self.sign_in("admin@quatre-vents.example").await
    }

    /// Zoé, of another structure than Marie's.
    pub async fn zoe(&self) -> Actor {
        self.sign_in("zoe@harmonie.example").await
    }

    /// Nils, whose structure has no credit.
    pub async fn nils(&self) -> Actor {
        self.sign_in("nils@federation.example").await
    }

    /// The structure of that name.
    pub async fn structure(&self, name: &str) -> StructureId {
        let operator = Operator::at_the_command_line();
        let found = operator::find_structure(&self.ctx(), operator, name).await;
        found.expect("the structure is there")
    }

    /// The Quatre Vents.
    pub async fn quatre_vents(&self) -> StructureId {
        self.structure("École de musique des Quatre Vents").await
    }

    /// Imports a file of people, as the operator: what came of it, and of each row.
    ///
    /// # Errors
    /// The import's.
    pub async fn import(
        &self,
        structure: StructureId,
        file: &[u8],
    ) -> Result<(ImportSummary, Vec<RowOutcome>), ImportError> {
        self.import_keeping(structure, file, &[]).await
    }

    /// The same, keeping the columns of these headers too.
    ///
    /// # Errors
    /// The import's.
    pub async fn import_keeping(
        &self,
        structure: StructureId,
        file: &[u8],
        keep: &[&str],
    ) -> Result<(ImportSummary, Vec<RowOutcome>), ImportError> {
        let keep = Keep::new(keep).map_err(|error| ImportError::File(error.into()))?;
        let scope = Operator::at_the_command_line().scope(structure);
        canary::know_numbers_of(&String::from_utf8_lossy(file));
        let mut rows = Vec::new();
        let summary = import(&self.ctx(), scope, FileSource::Bytes(Arc::from(file)), &keep, |row| {
            rows.push(row);
        })
        .await?;
        Ok((summary, rows))
    }

    /// The person of the Quatre Vents with that identifier opts out.
    pub async fn opt_out(&self, identifier: &str) {
        let (ctx, operator, structure) =
            (self.ctx(), Operator::at_the_command_line(), self.quatre_vents().await);
        let person = operator::find_person(self.db(), operator, structure, identifier).await;
        let person = person.expect("the person is there");
        people::opt_out(&ctx, operator.scope(structure), person).await.expect("they can opt out");
    }

    /// The operator gives credit.
    pub async fn give(&self, structure: StructureId, quantity: i64) {
        let given =
            top_up::add(&self.ctx(), Operator::at_the_command_line(), structure, quantity, None).await;
        given.expect("credit can be given");
    }

    /// Delivery reports come in, in this order.
    pub async fn report(&self, reports: Vec<Report>) {
        receipts::apply(&self.0.app, &reports).await.expect("reports can be recorded");
    }

    /// What is planted in the database, as nothing of ours would.
    pub async fn plant(&self, statement: &str) {
        let connection = self.connect().await;
        connection.execute_unprepared(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        connection.close().await.expect("the connection can be closed");
    }

    /// Sends all that is due, and awaits the reports of it.
    pub async fn dispatch_all(&self) {
        dispatch::run_until_idle(&self.0.app).await.expect("what is queued can be sent");
    }

    /// What the work answers, and how many statements this instance ran for it. Nothing else may be at work on it meanwhile;
    /// other tests have instances of their own.
    pub async fn statements<T>(&self, work: impl Future<Output = T>) -> (T, u64) {
        let before = self.0.app.store.statements();
        let done = work.await;
        (done, self.0.app.store.statements() - before)
    }

    /// Moves the clock forwards.
    pub fn advance(&self, delta: TimeDelta) {
        self.0.clock.advance(delta);
    }

    /// The checks of the audit that find something, and what they find.
    pub async fn faults(&self) -> Vec<(&'static str, Vec<String>)> {
        let report = audit::run(&self.0.app, None).await.expect("the audit can be run");
        let found = report.checks.into_iter().filter(|check| !check.faults.is_empty());
        found.map(|check| (check.name, check.faults)).collect()
    }

    /// Says that the test planted what does not add up, so that it may end so.
    pub fn leaves_faults(&self) {
        self.0.planted.store(true, Ordering::SeqCst);
    }

    /// Ends the test: what is due is sent; nothing is left that should have been, and everything adds up.
    ///
    /// # Panics
    /// When it does not.
    pub async fn finish(self) {
        if !self.0.planted.load(Ordering::SeqCst) {
            self.dispatch_all().await;
            let due = message::Entity::all_rows()
                .filter(message::Column::State.eq(MessageState::Queued))
                .filter(message::Column::NextAttemptAt.lte(self.0.app.at()))
                .count(self.db())
                .await
                .expect("messages can be counted");
            assert_eq!(due, 0, "messages are due and were not sent");
            let faults = self.faults().await;
            assert!(faults.is_empty(), "the audit finds {faults:?}");
        }
        self.0.app.store.clone().close().await;
        let database =
            self.0.database.lock().expect("invariant: nothing panics while it holds the database").take();
        if let Some(database) = database {
            database.remove().await;
        }
    }
}
