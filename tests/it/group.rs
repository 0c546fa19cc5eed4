//! Many writes at once, each with its own fate: on SQLite they share commits.

use std::future::pending;

use api::error::{Failure, Fault};
use api::services::ledger::{self, Adjustment};
use entity::credit;
use envoi_tests::{TestApp, both};

both!(each_of_many_at_once_has_its_own_fate);

/// What a write does after it gave credit.
#[derive(Clone, Copy)]
enum Then {
    Ends,
    Fails,
    Panics,
    Waits,
}

/// A write that gives so much credit and then does that.
async fn writes(app: TestApp, given: i64, then: Then) -> Result<(), Failure> {
    let (ctx, structure) = (app.ctx(), app.quatre_vents().await);
    let write = app.app().store.write(move |tx| {
        Box::pin(async move {
            let adjustment = Adjustment { delta: given, operator: "Ana".to_owned(), note: "x".to_owned() };
            ledger::adjust(tx, &ctx, structure, adjustment, None).await?;
            match then {
                Then::Ends => Ok(()),
                Then::Fails => Err(Fault::internal("planned").into()),
                Then::Panics => panic!("planned"),
                Then::Waits => pending().await,
            }
        })
    });
    write.await
}

async fn each_of_many_at_once_has_its_own_fate(app: TestApp) {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..100 {
        let then = [Then::Fails, Then::Panics, Then::Ends, Then::Ends][n % 4];
        tasks.spawn(writes(app.clone(), 1, then));
        if n % 10 == 0 {
            // One that is dropped, waiting or in the middle of its work.
            let work = tokio::spawn(writes(app.clone(), 1_000, Then::Waits));
            tasks.spawn(async move {
                for _ in 0..n {
                    tokio::task::yield_now().await;
                }
                work.abort();
                Err(Fault::internal("dropped").into())
            });
        }
    }
    let mut done = 0;
    while let Some(ended) = tasks.join_next().await {
        done += i64::from(matches!(ended, Ok(Ok(()))));
    }
    let row = credit::in_structure(app.quatre_vents().await).one(app.db()).await.expect("read");
    assert_eq!((done, row.expect("a row").available), (50, 278));
}
