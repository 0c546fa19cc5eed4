//! What the benchmarks on both databases share: instances with the demonstration and more people, and how times are told.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use entity::account;
use entity::enums::{Access, AccountKind, Module};
use envoi_api::app::Ctx;
use envoi_api::caller::{Caller, Operator};
use envoi_api::cli::demo;
use envoi_api::clock::{SystemClock, SystemEntropy};
use envoi_api::config::Config;
use envoi_api::domain::people_file::Keep;
use envoi_api::services::people::import::{FileSource, import};
use envoi_api::services::{operator, top_up};
use envoi_api::start;
use rules::Lang;
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, Database, QueryFilter as _};

/// More credit than any benchmark spends.
const CREDIT: i64 = 1_000_000;

/// Runs a benchmark.
pub fn run(measure: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be made").block_on(measure);
}

/// The databases to measure on, by name, each with its address: SQLite, and PostgreSQL where a server is given.
pub async fn databases(folder: &Path, name: &str) -> Vec<(&'static str, String)> {
    let mut found = vec![("SQLite FULL", format!("sqlite://{}", folder.join("bench.db").display()))];
    let Ok(server) = std::env::var("ENVOI_TEST_POSTGRES_URL") else {
        println!("no PostgreSQL: run it by tests/with-postgres.sh --durable");
        return found;
    };
    let connection = Database::connect(server.as_str()).await.expect("the server can be reached");
    let name = format!("bench_{name}_{}", std::process::id());
    connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("it can be made");
    let durable =
        connection.execute_unprepared("DO $$ BEGIN ASSERT current_setting('fsync') = 'on'; END $$").await;
    let label = if durable.is_ok() { "PostgreSQL, durable" } else { "PostgreSQL, fsync off" };
    connection.close().await.expect("it can be closed");
    let (server, _) = server.rsplit_once('/').expect("an address ends with the database");
    found.push((label, format!("{server}/{name}")));
    found
}

/// An instance of its own on this database: the demonstration, so many people more, and an account that sends.
pub async fn instance(
    folder: &Path,
    address: &str,
    people: usize,
    set: impl FnOnce(&mut Config),
) -> (Ctx, Caller) {
    let mut config = Config::default();
    config.database.url = address.parse().expect("an address of a database");
    let key = folder.join("key");
    std::fs::write(&key, BASE64_STANDARD.encode([7; 32])).expect("a key can be written");
    config.master_key_file = Some(key);
    set(&mut config);
    start::open_store(&config, true).await.expect("a database can be made").close().await;
    let app = start::start(config, Arc::new(SystemClock), Arc::new(SystemEntropy)).await;
    let ctx = Ctx::new(app.expect("an instance starts"), Lang::Fr);
    let operator = Operator::at_the_command_line();
    demo::load(&ctx, operator).await.expect("the demonstration can be loaded");
    let structures = operator::list_structures(&ctx, operator).await.expect("structures can be listed");
    let structure = structures.first().expect("the demonstration has structures").id;
    top_up::add(&ctx, operator, structure, CREDIT, None).await.expect("credit can be given");
    let rows = (0..people).map(|n| format!("Foule{};Prénom{n};06{:08}\n", n % 977, 12_000_000 + n));
    let file = format!("Nom;Prénom;Mobile\n{}", rows.collect::<String>());
    import(
        &ctx,
        operator.scope(structure),
        FileSource::Bytes(file.into_bytes().into()),
        &Keep::default(),
        |_| {},
    )
    .await
    .expect("people can be imported");
    let account =
        account::in_structure(structure).filter(account::Column::Email.eq("marie@quatre-vents.example"));
    let account =
        account.one(ctx.store.readers()).await.expect("accounts can be read").expect("she is there");
    let granted = [(Module::People, Access::Read), (Module::CommunicationSms, Access::ReadWrite)];
    let session = ctx.id();
    (ctx, Caller::new(structure, account.id, session, AccountKind::Personal, granted))
}

/// The one in the middle.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// How many a second.
#[expect(clippy::cast_precision_loss, reason = "it is told in whole numbers")]
pub fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
