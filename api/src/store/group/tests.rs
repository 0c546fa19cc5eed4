use std::path::PathBuf;

use entity::ids::{CampaignId, StructureId};
use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use sea_orm::{DbBackend, Statement};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::*;
use crate::store::connect::sqlite_connection;

/// A commit takes in whoever stands in line.
const WIDE: Bounds = Bounds { members: 256, open_for: Duration::from_hours(1) };

/// A table of numbers, whose rows are told as campaigns of that number.
const TABLES: &str = "CREATE TABLE number (n integer NOT NULL);
    CREATE TABLE changed (structure_id blob NOT NULL, campaign_id blob);
    CREATE TRIGGER number_added AFTER INSERT ON number BEGIN
        INSERT INTO changed VALUES (zeroblob(16), unhex(printf('%032x', NEW.n)));
    END;";

struct Database {
    group: Group,
    changes: Changes,
    reader: DatabaseConnection,
    _folder: TempDir,
}

/// What a write does after it added its number.
#[derive(Clone)]
enum Then {
    Ends,
    Fails,
    Panics,
    /// Says that it is there, and waits to be let go on.
    Waits(Arc<Gate>),
    /// The transaction is gone, as when SQLite rolls it back by itself; noticed, or not.
    RolledBack(bool),
}

#[derive(Default)]
struct Gate {
    reached: Notify,
    go: Notify,
}

type Writing = BoxFuture<'static, Result<i64, StoreError>>;

impl Database {
    async fn new(bounds: Bounds) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file: PathBuf = folder.path().join("group.db");
        let writer = sqlite_connection(&file, 1, false).await.expect("it can be opened");
        writer.execute_unprepared(TABLES).await.expect("tables can be made");
        let reader = sqlite_connection(&file, 1, true).await.expect("it can be opened");
        let changes = Changes::of_one_process();
        let group = Group::new(writer, changes.clone(), bounds);
        Self { group, changes, reader, _folder: folder }
    }

    /// A write of this number, which stands in line, or has the turn, and answers the sum that it saw.
    fn writes(&self, n: i64, then: Then) -> Writing {
        let group = self.group.clone();
        let work = async move {
            let write = group.write(move |tx| {
                Box::pin(async move {
                    tx.execute_unprepared(&format!("INSERT INTO number VALUES ({n})")).await?;
                    let seen = sum(tx).await;
                    match then {
                        Then::Ends => {}
                        Then::Fails => return Err(DbErr::Custom("planned".to_owned()).into()),
                        Then::Panics => panic!("planned"),
                        Then::Waits(gate) => {
                            gate.reached.notify_one();
                            gate.go.notified().await;
                        }
                        Then::RolledBack(noticed) => {
                            tx.execute_unprepared("ROLLBACK").await?;
                            if noticed {
                                return Err(DbErr::Custom("the disk is full".to_owned()).into());
                            }
                        }
                    }
                    Ok(seen)
                })
            });
            write.await
        };
        let mut work = work.boxed();
        assert!((&mut work).now_or_never().is_none(), "nobody is answered at once");
        work
    }

    /// These writes, begun: the first has the turn, and the others stand in line behind it.
    fn together<const N: usize>(&self, all: [(i64, Then); N]) -> [JoinHandle<Result<i64, StoreError>>; N] {
        all.map(|(n, then)| self.writes(n, then)).map(tokio::spawn)
    }

    /// The sum of what is committed.
    async fn committed(&self) -> i64 {
        sum(&self.reader).await
    }
}

async fn sum(db: &impl ConnectionTrait) -> i64 {
    let sum = Statement::from_string(DbBackend::Sqlite, "SELECT COALESCE(SUM(n), 0) AS n FROM number");
    let row = db.query_one_raw(sum).await.expect("it can be added up").expect("a sum has a row");
    row.try_get("", "n").expect("a number")
}

/// What a write came to, none if it failed.
async fn ended(writing: JoinHandle<Result<i64, StoreError>>) -> Option<i64> {
    writing.await.expect("it does not panic").ok()
}

fn number(n: u128) -> Change {
    Change::Campaign(StructureId::from_uuid(Uuid::nil()), CampaignId::from_uuid(Uuid::from_u128(n)))
}

#[tokio::test]
async fn nobody_is_answered_or_told_before_the_commit() {
    let database = Database::new(WIDE).await;
    let mut told = [1, 10, 20].map(|n| database.changes.watch(number(n)));
    let gate = Arc::<Gate>::default();
    let [first, failed, kept, last] = database.together([
        (1, Then::Ends),
        (10, Then::Fails),
        (20, Then::Ends),
        (40, Then::Waits(Arc::clone(&gate))),
    ]);
    gate.reached.notified().await;
    // The others had their turn.
    assert_eq!(database.committed().await, 0);
    assert!(!first.is_finished() && !failed.is_finished() && !kept.is_finished());
    assert!(told.iter_mut().all(|told| told.changed().now_or_never().is_none()));
    gate.go.notify_one();
    assert_eq!(
        (ended(first).await, ended(failed).await, ended(kept).await, ended(last).await),
        (Some(1), None, Some(21), Some(61)),
        "each sees what is kept of those before it"
    );
    assert_eq!(database.committed().await, 61);
    let told = told.map(|mut told| told.changed().now_or_never());
    assert_eq!(told, [Some(true), None, Some(true)], "what is undone is not told");
}

#[tokio::test]
async fn who_leaves_or_panics_in_the_middle_undoes_only_its_own() {
    let database = Database::new(WIDE).await;
    let (left, gate) = (Arc::<Gate>::default(), Arc::<Gate>::default());
    let [first, kept, leaves, panics, last] = database.together([
        (1, Then::Ends),
        (10, Then::Ends),
        (20, Then::Waits(Arc::clone(&left))),
        (80, Then::Panics),
        (40, Then::Waits(Arc::clone(&gate))),
    ]);
    left.reached.notified().await;
    leaves.abort();
    gate.reached.notified().await;
    // Who leaves when its work is done leaves it there, and it is told.
    let mut told = database.changes.watch(number(10));
    kept.abort();
    assert!(kept.await.is_err() && panics.await.is_err() && !first.is_finished());
    gate.go.notify_one();
    assert_eq!((ended(first).await, ended(last).await), (Some(1), Some(51)));
    assert_eq!((database.committed().await, told.changed().now_or_never()), (51, Some(true)));
    // The first of a transaction may leave as well, and who stands in line.
    let gate = Arc::<Gate>::default();
    let [first, waits, last] =
        database.together([(100, Then::Waits(Arc::clone(&gate))), (200, Then::Ends), (400, Then::Ends)]);
    gate.reached.notified().await;
    waits.abort();
    first.abort();
    assert_eq!((ended(last).await, database.committed().await), (Some(451), 451));
    // And who is the only one.
    let gate = Arc::<Gate>::default();
    let [only] = database.together([(800, Then::Waits(Arc::clone(&gate)))]);
    gate.reached.notified().await;
    only.abort();
    assert!(only.await.is_err());
    let [next] = database.together([(1_000, Then::Ends)]);
    assert_eq!((ended(next).await, database.committed().await), (Some(1_451), 1_451));
}

#[tokio::test]
async fn what_sqlite_rolls_back_fails_everybody_in_it() {
    for noticed in [true, false] {
        let database = Database::new(WIDE).await;
        let writer = &database.group.writer;
        writer.execute_unprepared("CREATE TEMP TABLE mark (n)").await.expect("it is the connection's own");
        let [fails] = database.together([(3, Then::Fails)]);
        assert_eq!(ended(fails).await, None);
        assert!(
            writer.execute_unprepared("SELECT n FROM mark").await.is_ok(),
            "it is the same after a failure"
        );
        let [first, failed, gone, after, fails, last] = database.together([
            (1, Then::Ends),
            (10, Then::Fails),
            (20, Then::RolledBack(noticed)),
            (40, Then::Ends),
            (80, Then::Fails),
            (160, Then::Ends),
        ]);
        assert_eq!((ended(first).await, ended(failed).await, ended(gone).await), (None, None, None));
        assert_eq!((ended(after).await, ended(fails).await, ended(last).await), (Some(40), None, Some(200)));
        assert!(writer.execute_unprepared("SELECT n FROM mark").await.is_err(), "it is another connection");
        assert_eq!(database.committed().await, 200, "{noticed}");
        // The connection still begins, undoes and commits as it should.
        let [fails] = database.together([(5, Then::Fails)]);
        assert_eq!(ended(fails).await, None);
        let [ends] = database.together([(1, Then::Ends)]);
        assert_eq!((ended(ends).await, database.committed().await), (Some(201), 201), "{noticed}");
    }
}

#[tokio::test]
async fn who_left_when_sqlite_had_rolled_back_fails_the_others_too() {
    let database = Database::new(WIDE).await;
    let [first, gone, last] =
        database.together([(1, Then::Ends), (2, Then::RolledBack(false)), (4, Then::Ends)]);
    gone.abort();
    let (first, last) = (ended(first).await, ended(last).await);
    let committed = database.committed().await;
    assert_eq!(committed, first.map_or(0, |_| 1) + last.map_or(0, |_| 4), "whoever is told so is committed");
}

#[tokio::test]
async fn a_commit_takes_in_no_more_than_its_bounds() {
    let bounds = [
        Bounds { members: 2, ..WIDE },
        // Each by itself, since it is open for longer than that already.
        Bounds { open_for: Duration::ZERO, ..WIDE },
    ];
    for bounds in bounds {
        let database = Database::new(bounds).await;
        let gate = Arc::<Gate>::default();
        let [first, second, third, fourth, last] = database.together([
            (1, Then::Ends),
            (2, Then::Fails),
            (5, Then::Ends),
            (9, Then::Ends),
            (16, Then::Waits(Arc::clone(&gate))),
        ]);
        gate.reached.notified().await;
        assert_eq!(database.committed().await, 15, "those before it are committed");
        gate.go.notify_one();
        let done = join_all([first, second, third, fourth, last].map(ended)).await;
        assert_eq!(done, [Some(1), None, Some(6), Some(15), Some(31)]);
    }
}

#[tokio::test]
async fn a_commit_that_its_bounds_closed_ends_no_other() {
    let database = Database::new(Bounds { members: 2, ..WIDE }).await;
    let gates = [Arc::<Gate>::default(), Arc::<Gate>::default()];
    let [first, second, third] =
        database.together([(1, Then::Waits(Arc::clone(&gates[0]))), (2, Then::Ends), (4, Then::Ends)]);
    // The turn to commit the first two stands in line behind the third, which closes them before; others come behind that turn.
    gates[0].reached.notified().await;
    let [fourth, last] = database.together([(8, Then::Waits(Arc::clone(&gates[1]))), (16, Then::Ends)]);
    gates[0].go.notify_one();
    gates[1].reached.notified().await;
    assert_eq!(database.committed().await, 3, "the third waits for the fourth");
    gates[1].go.notify_one();
    let done = join_all([first, second, third, fourth, last].map(ended)).await;
    assert_eq!(done, [Some(1), Some(3), Some(7), Some(15), Some(31)]);
}

#[tokio::test]
async fn hundreds_are_each_written_or_not() {
    let database = Database::new(BOUNDS).await;
    let many: [(i64, Then); 600] =
        std::array::from_fn(|n| (1, if n % 7 == 0 { Then::Fails } else { Then::Ends }));
    let done = join_all(database.together(many).map(ended)).await;
    let kept = done.iter().flatten().count();
    assert_eq!((kept, database.committed().await), (514, 514));
}
