//! What a preview of 10,000 personal texts costs, beside a loop written by hand for the same text and nothing else.
//!
//! Both run in turns, in one process on one SQLite file; what is told is the median of each, and the ratio. `cargo bench -p envoi-api`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use entity::enums::{Access, AccountKind, Module, Purpose};
use entity::{account, person};
use envoi_api::app::Ctx;
use envoi_api::caller::{Caller, Operator};
use envoi_api::cli::demo;
use envoi_api::clock::{SystemClock, SystemEntropy};
use envoi_api::config::Config;
use envoi_api::domain::people_file::Keep;
use envoi_api::services::audience::Audience;
use envoi_api::services::message::{PreviewInput, preview};
use envoi_api::services::operator;
use envoi_api::services::people::filter::PersonFilter;
use envoi_api::services::people::import::{FileSource, import};
use envoi_api::start;
use envoi_api::store::DatabaseUrl;
use rules::Lang;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, QueryFilter as _};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

const PEOPLE: usize = 10_000;
const ROUNDS: usize = 9;
const TEXT: &str =
    "Bonjour {prenom} {nom}, répétition ce soir à 20 h, apportez vos partitions et vos pupitres";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be made").block_on(measure());
}

async fn measure() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (ctx, caller) = instance(&folder.path().join("bench.db")).await;
    let (mut ours, mut by_hand) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (shown, took) = timed(Box::pin(shown(&ctx, &caller))).await;
        let (looped, least) = timed(Box::pin(looped(&ctx, &caller))).await;
        assert_eq!(shown, looped, "both come to the same cost");
        // The first fills what is kept of pages and plans.
        if round > 0 {
            ours.push(took);
            by_hand.push(least);
        }
    }
    let (ours, by_hand) = (median(ours), median(by_hand));
    println!("people                 {PEOPLE}");
    println!("a loop written by hand {by_hand:>10.2?}");
    println!("previewSms             {ours:>10.2?}");
    println!("ratio                  {:>10.2}", ours.as_secs_f64() / by_hand.as_secs_f64());
}

/// The demonstration, and as many people more.
async fn instance(database: &std::path::Path) -> (Ctx, Caller) {
    let mut config = Config::default();
    config.database.url = DatabaseUrl::Sqlite(database.to_owned());
    start::open_store(&config, true).await.expect("a database can be made").close().await;
    let app = start::start(config, Arc::new(SystemClock), Arc::new(SystemEntropy)).await;
    let ctx = Ctx::new(app.expect("an instance starts"), Lang::Fr);
    let operator = Operator::at_the_command_line();
    demo::load(&ctx, operator).await.expect("the demonstration can be loaded");
    let structures = operator::list_structures(&ctx, operator).await.expect("structures can be listed");
    let structure = structures.first().expect("the demonstration has structures").id;
    let rows = (0..PEOPLE).map(|n| format!("Foule{};Prénom{n};06{:08}\n", n % 977, 12_000_000 + n));
    let file = format!("Nom;Prénom;Mobile\n{}", rows.collect::<String>());
    let file = FileSource::Bytes(Arc::from(file.into_bytes()));
    import(&ctx, operator.scope(structure), file, &Keep::default(), |_| {})
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

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let done = work.await;
    (black_box(done), start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// What our preview says that it costs.
async fn shown(ctx: &Ctx, caller: &Caller) -> i64 {
    let filter = PersonFilter { search: Some("foule".to_owned()), ..PersonFilter::default() };
    let audience = Audience::Matching { filter, except: Vec::new() };
    let input = PreviewInput {
        audience,
        text: TEXT.to_owned(),
        purpose: Purpose::Informational,
        sender: None,
        template: None,
        send_at: None,
    };
    preview(ctx, caller, input).await.expect("it can be previewed").cost
}

/// The least that any program does: reads the people, fills in each text, counts its septets and its parts, binds what it says.
async fn looped(ctx: &Ctx, caller: &Caller) -> i64 {
    use person::Column::{FirstName, LastName, Mobile, SortKey, StructureId};
    let query = Query::select()
        .columns([FirstName, LastName, Mobile])
        .from(person::Entity)
        .and_where(StructureId.eq(caller.structure))
        .and_where(Expr::col(SortKey).like("foule%"))
        .order_by(Mobile, sea_orm::sea_query::Order::Asc)
        .take();
    let (mut cost, mut hasher) = (0, Sha256::new());
    for row in ctx.store.readers().query_all(&query).await.expect("people can be read") {
        let (first, last, mobile): (String, String, String) = row
            .try_get("", "first_name")
            .and_then(|first| Ok((first, row.try_get("", "last_name")?, row.try_get("", "mobile")?)))
            .expect("three texts");
        let text = TEXT.replace("{prenom}", &first).replace("{nom}", &last) + ".STOP 36608";
        let septets = text.chars().map(|c| if "^{}\\[~]|€".contains(c) { 2 } else { 1 }).sum::<i64>();
        cost += if septets <= 160 { 1 } else { (septets + 152) / 153 };
        hasher.update(mobile.as_bytes());
        hasher.update(text.as_bytes());
    }
    black_box(hasher.finalize());
    cost
}
