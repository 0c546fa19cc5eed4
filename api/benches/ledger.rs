//! Sixty-four clients that reserve credit of one structure at once: through the store and the ledger, beside the same rows written by hand,
//! with a commit for each, and beside the limit: by hand, with as many in a commit as stand in line.
//!
//! All run in turns, in one process on one database; what is told is the median of each, and the ratios. `cargo bench -p envoi-api
//! --bench ledger`, and `tests/with-postgres.sh --durable cargo bench …` for PostgreSQL as well.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::{databases, instance, median, rate, run};
use entity::enums::{CampaignState, Purpose};
use entity::ids::{CampaignId, PreviewId, StructureId};
use entity::sensitive::Digest;
use entity::{campaign, preview as preview_row};
use envoi_api::app::Ctx;
use envoi_api::caller::Caller;
use envoi_api::error::Fault;
use envoi_api::services::audience::Audience;
use envoi_api::services::ledger;
use envoi_api::services::message::{PreviewInput, preview};
use envoi_api::services::people::filter::PersonFilter;
use sea_orm::ActiveValue::Set;
use sea_orm::sqlx;
use sea_orm::{
    ActiveModelTrait as _, ConnectOptions, ConnectionTrait, Database, DatabaseConnection,
    DatabaseTransaction, DbBackend, DbErr, EntityTrait as _, IntoActiveModel as _, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait as _, Value,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

const CLIENTS: usize = 64;
const EACH: usize = 40;
const ROUNDS: usize = 5;
/// The most that the limit writes in one commit.
const GROUPED: usize = 256;
/// Connections to PostgreSQL for a commit each: on one hot row, more are slower.
const CONNECTIONS: u32 = 8;

fn main() {
    run(measure());
}

/// How one way did in one round: all of it, and the longest of each hundred.
struct Took {
    all: Duration,
    p99: Duration,
}

async fn measure() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (name, address) in databases(folder.path(), "ledger").await {
        let (ctx, caller) = instance(folder.path(), &address, 10, |_| {}).await;
        let by_hand = by_hand(&address).await;
        let (mut ours, mut raw, mut limit) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let campaigns = async || campaigns(&ctx, &caller).await;
            let one = through_the_store(&ctx, &caller, campaigns().await).await;
            let two = one_commit_each(&by_hand, caller.structure, campaigns().await).await;
            let three = as_many_as_wait(&by_hand, caller.structure, campaigns().await).await;
            // The first fills what is kept of pages and plans.
            if round > 0 {
                ours.push(one);
                raw.push(two);
                limit.push(three);
            }
        }
        tell(
            name,
            &[
                ("Store::write, ledger::reserve", ours),
                ("by hand, a commit each", raw),
                ("by hand, grouped", limit),
            ],
        );
        by_hand.close().await.expect("it can be closed");
        ctx.store.clone().close().await;
    }
}

fn tell(name: &str, ways: &[(&str, Vec<Took>)]) {
    println!("{name}: {CLIENTS} clients, one balance");
    let median_of = |took: &[Took], of: fn(&Took) -> Duration| median(took.iter().map(of).collect());
    let ours = median_of(&ways[0].1, |took| took.all);
    for (way, took) in ways {
        let all = median_of(took, |took| took.all);
        println!(
            "  {way:<30} {:>8.0} a second   p99 {:>8.2?}   ours is {:.2} times it",
            rate(CLIENTS * EACH, all),
            median_of(took, |took| took.p99),
            all.as_secs_f64() / ours.as_secs_f64()
        );
    }
}

/// New campaigns to reserve for, one for each reservation.
async fn campaigns(ctx: &Ctx, caller: &Caller) -> Vec<CampaignId> {
    let filter = PersonFilter { search: Some("foule".to_owned()), ..PersonFilter::default() };
    let input = PreviewInput {
        audience: Audience::Matching { filter, except: Vec::new() },
        text: "Bonjour".to_owned(),
        purpose: Purpose::Informational,
        sender: None,
        template: None,
        send_at: None,
    };
    let shown = preview(ctx, caller, input).await.expect("it can be previewed");
    let row = preview_row::by_id_in(caller.structure, shown.id).one(ctx.store.readers()).await;
    let row = row.expect("it can be read").expect("it is there");
    let (ids, mut rows): (Vec<CampaignId>, Vec<_>) =
        (0..CLIENTS * EACH).map(|_| (ctx.id::<CampaignId>(), copy(ctx, &row))).unzip();
    let campaigns: Vec<_> =
        ids.iter().zip(&rows).map(|(id, copied)| sent(*id, copied.id.clone().unwrap(), &row)).collect();
    ctx.store
        .write::<_, Fault, _>(move |tx| {
            Box::pin(async move {
                for chunk in rows.chunks_mut(500) {
                    preview_row::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx).await?;
                }
                for chunk in campaigns.chunks(500) {
                    campaign::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx).await?;
                }
                Ok(())
            })
        })
        .await
        .expect("they can be written");
    ids
}

fn copy(ctx: &Ctx, row: &preview_row::Model) -> preview_row::ActiveModel {
    let mut copied = row.clone().into_active_model().reset_all();
    let mut token = [0; 32];
    ctx.entropy.fill(&mut token);
    copied.id = Set(ctx.id::<PreviewId>());
    copied.token_hash = Set(Digest::new(token));
    copied
}

fn sent(id: CampaignId, preview: PreviewId, row: &preview_row::Model) -> campaign::ActiveModel {
    campaign::ActiveModel {
        id: Set(id),
        structure_id: Set(row.structure_id),
        created_by: Set(row.account_id),
        preview_id: Set(preview),
        decision_id: Set(row.decision_id),
        retry_of: Set(None),
        state: Set(CampaignState::Completed),
        text: Set(Some(row.text.clone())),
        purpose: Set(row.purpose),
        sender: Set("X".to_owned()),
        provider: Set("sandbox".to_owned()),
        short_code: Set(None),
        cost: Set(1),
        created_at: Set(row.created_at),
        send_at: Set(None),
        time_zone: Set(None),
        completed_at: Set(None),
        expires_at: Set(None),
        uncounted_until: Set(None),
        total: Set(0),
        queued: Set(0),
        sending: Set(0),
        handed_over: Set(0),
        delivered: Set(0),
        undelivered: Set(0),
        no_report: Set(0),
        rejected: Set(0),
        suppressed: Set(0),
        unknown: Set(0),
        written_off: Set(0),
    }
}

/// Has each client reserve for its campaigns, one after another.
async fn clients<F>(
    campaigns: Vec<CampaignId>,
    reserve: impl Fn(CampaignId) -> F + Clone + Send + 'static,
) -> Took
where
    F: Future<Output = ()> + Send,
{
    let start = Instant::now();
    let mut clients = JoinSet::new();
    for own in campaigns.chunks(EACH) {
        let (own, reserve) = (own.to_vec(), reserve.clone());
        clients.spawn(async move {
            let mut took = Vec::with_capacity(own.len());
            for campaign in own {
                let start = Instant::now();
                reserve(campaign).await;
                took.push(start.elapsed());
            }
            took
        });
    }
    let mut each: Vec<Duration> = clients.join_all().await.into_iter().flatten().collect();
    let all = start.elapsed();
    each.sort_unstable();
    Took { all, p99: each[each.len() * 99 / 100] }
}

async fn through_the_store(ctx: &Ctx, caller: &Caller, campaigns: Vec<CampaignId>) -> Took {
    let (ctx, scope) = (ctx.clone(), caller.scope());
    clients(campaigns, move |campaign| {
        let ctx = ctx.clone();
        async move {
            let store = ctx.store.clone();
            let write = store.write::<_, Fault, _>(|tx| {
                let ctx = ctx.clone();
                Box::pin(async move { Ok(ledger::reserve(tx, &ctx, scope, campaign, 1).await?) })
            });
            assert!(write.await.expect("it can be written"), "there is enough");
        }
    })
    .await
}

/// Connections of our own, set as the store sets them.
async fn by_hand(address: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(address.to_owned());
    options.max_connections(if address.starts_with("sqlite") { 1 } else { CONNECTIONS }).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(|sqlite: sqlx::sqlite::SqliteConnectOptions| {
        let sqlite = sqlite.pragma("journal_mode", "WAL").pragma("synchronous", "FULL");
        sqlite.pragma("foreign_keys", "ON").busy_timeout(Duration::from_secs(5))
    });
    Database::connect(options).await.expect("the database can be opened")
}

async fn begin(db: &DatabaseConnection) -> DatabaseTransaction {
    let immediate = db.get_database_backend() == DbBackend::Sqlite;
    let options = TransactionOptions {
        sqlite_transaction_mode: immediate.then_some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    db.begin_with_options(options).await.expect("a transaction begins")
}

/// Identifiers in order, as those of the program are.
fn next_id() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// The rows of a reservation, by hand.
async fn reserve(
    tx: &DatabaseTransaction,
    structure: StructureId,
    campaign: CampaignId,
) -> Result<(), DbErr> {
    let db = tx.get_database_backend();
    let (structure, campaign) = (Value::from(structure.as_uuid()), Value::from(campaign.as_uuid()));
    let take = "UPDATE credit SET available = available - 1, reserved = reserved + 1
        WHERE structure_id = $1 AND available >= 1 RETURNING available";
    let row = tx.query_one_raw(Statement::from_sql_and_values(db, take, [structure.clone()])).await?;
    let left: i64 = row.expect("there is enough").try_get("", "available")?;
    let transfer =
        "INSERT INTO transfer (id, structure_id, kind, source, destination, amount, campaign_id, made_at)
        VALUES ($1, $2, 'RESERVATION', 'AVAILABLE', 'RESERVED', 1, $3, 0)";
    let values = [next_id().into(), structure.clone(), campaign.clone()];
    tx.execute_raw(Statement::from_sql_and_values(db, transfer, values)).await?;
    let line = "INSERT INTO ledger_entry (id, structure_id, reason, campaign_id, quantity, delta, balance_after, first_at, last_at)
        VALUES ($1, $2, 'RESERVATION', $3, 1, -1, $4, 0, 0)";
    let values = [next_id().into(), structure, campaign, left.into()];
    tx.execute_raw(Statement::from_sql_and_values(db, line, values)).await?;
    if db == DbBackend::Sqlite {
        tx.execute_raw(Statement::from_string(db, "DELETE FROM changed")).await?;
    }
    Ok(())
}

async fn one_commit_each(
    db: &DatabaseConnection,
    structure: StructureId,
    campaigns: Vec<CampaignId>,
) -> Took {
    let db = db.clone();
    clients(campaigns, move |campaign| {
        let db = db.clone();
        async move {
            let tx = begin(&db).await;
            reserve(&tx, structure, campaign).await.expect("it can be written");
            tx.commit().await.expect("it can be committed");
        }
    })
    .await
}

async fn as_many_as_wait(
    db: &DatabaseConnection,
    structure: StructureId,
    campaigns: Vec<CampaignId>,
) -> Took {
    let (ask, mut asked) = mpsc::channel::<(CampaignId, oneshot::Sender<()>)>(GROUPED);
    let db = db.clone();
    let writer = tokio::spawn(async move {
        let mut group = Vec::new();
        while asked.recv_many(&mut group, GROUPED).await > 0 {
            let tx = begin(&db).await;
            for (campaign, _) in &group {
                reserve(&tx, structure, *campaign).await.expect("it can be written");
            }
            tx.commit().await.expect("it can be committed");
            for (_, answer) in group.drain(..) {
                answer.send(()).expect("it waits");
            }
        }
    });
    let ask = Arc::new(ask);
    let took = clients(campaigns, move |campaign| {
        let ask = Arc::clone(&ask);
        async move {
            let (answer, answered) = oneshot::channel();
            ask.send((campaign, answer)).await.expect("it is there");
            answered.await.expect("it answers");
        }
    })
    .await;
    writer.await.expect("it ends");
    took
}
