//! What people write comes in late, in another order, at once, or from a number that several may have: a refusal stands in doubt.

use std::cmp::Reverse;
use std::time::Duration;

use api::caller::Operator;
use api::domain::phone::Phone;
use api::services::operator::{self, NewStructure, OperatorError};
use api::store::StoreError;
use chrono::TimeDelta;
use entity::enums::{OptOutSource, Product};
use entity::ids::StructureId;
use entity::opt_out;
use envoi_tests::{Backend, TestApp, both};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend,
    EntityTrait as _, QuerySelect as _, Statement, TransactionTrait as _,
};

use super::{NUMBER, SHORT_CODE, Three, received};

both!(
    a_start_brought_again_undoes_no_later_stop,
    a_number_without_its_country_is_whose_it_may_be,
    stop_and_start_never_wait_in_a_circle,
    a_database_that_fails_has_it_brought_again,
);

/// How long the two may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A structure of that name, in that region.
fn new(name: &str, region: &str) -> NewStructure {
    let (name, region, time_zone) = (name.to_owned(), region.to_owned(), "Europe/Paris".to_owned());
    NewStructure { name, product: Product::SchoolStandard, region, time_zone }
}

/// Sent a minute after `NUMBER` refused, a START came in only once it had refused again.
async fn a_start_brought_again_undoes_no_later_stop(app: TestApp) {
    let three = Three::of(&app).await;
    three.write(0).await;
    three.says("STOP", SHORT_CODE).await;
    app.advance(TimeDelta::minutes(1));
    let started = app.app().now();
    app.advance(TimeDelta::minutes(1));
    three.says("STOP", SHORT_CODE).await;
    let start = async |reference: &str, sent_at| {
        app.receive_sent(NUMBER, SHORT_CODE, b"START", Some(reference), Some(sent_at)).await
    };
    assert_eq!(start("late", started).await, 200);
    assert_eq!(three.opted_out().await, [true, false, false], "the last word was STOP");
    // A gateway's clock that is ahead says no more than one that is right.
    assert_eq!(start("now", app.app().now() + TimeDelta::days(1)).await, 200);
    assert_eq!(three.opted_out().await, [false; 3]);
    three.says("STOP", SHORT_CODE).await;
    assert_eq!(three.opted_out().await, [true, false, false]);
    assert!(received(&app).await.iter().all(|row| *row.said_at <= *row.received_at));
}

/// `079…` is dialled in France and in Switzerland, by two people.
async fn a_number_without_its_country_is_whose_it_may_be(app: TestApp) {
    const NATIONAL: &str = "07 91 23 45 67";
    const FRENCH: &str = "+33791234567";
    let (ctx, operator) = (app.ctx(), Operator::at_the_command_line());
    let swiss = operator::create_structure(&ctx, operator, new("Fanfare de Nyon", "CH")).await;
    let swiss = swiss.expect("a structure can be made");
    let (french, marie) = (app.quatre_vents().await, app.marie().await);
    let file = format!("Nom;Prénom;Mobile\nPartagé;Camille;{FRENCH}\n");
    app.import(french, file.as_bytes()).await.expect("a file can be imported");
    let reachable = async || {
        marie.people(serde_json::json!({ "filter": { "search": "partage" } })).await["edges"][0]["node"]["reachable"]
            == true
    };

    operator::opt_out(&ctx, operator, french, NATIONAL).await.expect("recorded");
    assert!(!reachable().await, "it is read in the structure's own country");
    operator::opt_out(&ctx, operator, swiss, NATIONAL).await.expect("recorded");
    let names = async |number: &str| {
        let found = operator::opted_out(&ctx, operator, number).await.expect("told");
        found.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    assert_eq!(names(FRENCH).await, ["École de musique des Quatre Vents"]);
    assert_eq!(names("+41 79 123 45 67").await, ["Fanfare de Nyon"]);
    let told = operator::opted_out(&ctx, operator, NATIONAL).await;
    assert!(matches!(told, Err(OperatorError::NumberAmbiguous)), "{told:?}");
    operator::opt_in(&ctx, operator, french, NATIONAL).await.expect("taken back");
    assert!(reachable().await);

    marie.sends(&[marie.person("Partagé").await], "Bonjour").await;
    app.dispatch_all().await;
    let says = async |from: &str, text: &str| app.receive(from, SHORT_CODE, text.as_bytes(), None).await;
    assert_eq!(says(NATIONAL, "STOP").await, 200);
    assert!(!reachable().await, "one of the two was written to");
    assert_eq!(says(NATIONAL, "START").await, 200);
    assert!(!reachable().await, "nobody knows which of the two it was");
    assert_eq!(says(FRENCH, "START").await, 200);
    assert!(reachable().await);
}

/// A STOP and a START of one number, both held up halfway through the refusals: had they taken them in orders of their own, each would
/// now wait for the other.
async fn stop_and_start_never_wait_in_a_circle(app: TestApp) {
    let three = Three::of(&app).await;
    three.write(0).await;
    three.says("STOP", SHORT_CODE).await;
    let inbound = received(&app).await[0].id;
    // A row that both take first would have them wait for one another in a line.
    three.says("START", SHORT_CODE).await;
    let (ctx, operator, at) = (app.ctx(), Operator::at_the_command_line(), app.app().at());
    let mut ids: Vec<StructureId> = Vec::new();
    for _ in 0..9 {
        ids.push(operator::create_structure(&ctx, operator, new("Beaucoup", "FR")).await.expect("made"));
    }
    // The last first, which is not how a STOP writes them.
    ids.sort_unstable_by_key(|id| Reverse(id.as_uuid()));
    let number = Phone::parse(NUMBER, "FR".parse().expect("a region")).expect("a number");
    let number = ctx.keys.number_hash(&number);
    let rows = ids.clone().into_iter().map(move |id| opt_out::ActiveModel {
        structure_id: Set(id),
        number_hash: Set(number.clone()),
        opted_out_at: Set(at),
        source: Set(OptOutSource::Sms),
        inbound_id: Set(Some(inbound)),
    });
    let refusals = ctx.store.write::<_, StoreError, _>(move |tx| {
        Box::pin(async move {
            opt_out::Entity::insert_many(rows).exec_without_returning(tx).await?;
            Ok(())
        })
    });
    refusals.await.expect("refusals can be planted");
    let held = Held::row_of(&app, ids[4]).await;
    let mut both = tokio::task::JoinSet::new();
    for text in ["STOP", "START"] {
        let app = app.clone();
        both.spawn(async move { app.receive(NUMBER, SHORT_CODE, text.as_bytes(), Some(text)).await });
    }
    held.until_two_wait_for_it().await;
    assert!(both.join_all().await.iter().all(|status| *status == 200));
}

/// A refusal that another transaction holds, where rows are locked one by one.
struct Held(Option<(DatabaseConnection, DatabaseTransaction)>);

impl Held {
    async fn row_of(app: &TestApp, structure: StructureId) -> Self {
        if app.backend() == Backend::Sqlite {
            return Self(None);
        }
        let connection = app.connect().await;
        let tx = connection.begin().await.expect("a transaction can begin");
        let row = opt_out::in_structure(structure).lock_exclusive().one(&tx).await.expect("it can be held");
        assert!(row.is_some());
        Self(Some((connection, tx)))
    }

    async fn until_two_wait_for_it(self) {
        let Some((connection, tx)) = self.0 else { return };
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        let waiting = || Statement::from_string(DbBackend::Postgres, waiting);
        let both_wait = async {
            loop {
                let row = tx.query_one_raw(waiting()).await.expect("it can be asked").expect("a row");
                if row.try_get_by_index::<i64>(0).expect("a count") >= 2 {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, both_wait).await.expect("both come that far");
        tx.rollback().await.expect("it can be let go");
        connection.close().await.expect("closed");
    }
}

async fn a_database_that_fails_has_it_brought_again(app: TestApp) {
    let three = Three::of(&app).await;
    three.write(0).await;
    app.plant("ALTER TABLE inbound_structure RENAME TO away").await;
    assert_eq!(app.receive(NUMBER, SHORT_CODE, b"STOP", Some("one")).await, 503);
    assert_eq!((received(&app).await.len(), three.opted_out().await), (0, [false; 3]), "half of it is none");
    app.plant("ALTER TABLE away RENAME TO inbound_structure").await;
    assert_eq!(app.receive(NUMBER, SHORT_CODE, b"STOP", Some("one")).await, 200);
    assert_eq!(three.opted_out().await, [true, false, false]);
}
