//! What a page costs the database: its size, however long the lists are.

use std::sync::{Arc, Mutex};

use api::services::page::{Key, KeyKind, Keyed, Listing, PageArgs};
use entity::ids::{CampaignId, MessageId};
use entity::{campaign, message};
use envoi_tests::{Backend, TestApp, UsableInTests as _, both};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseConnection, DbBackend, FromQueryResult, QueryFilter as _,
    Statement,
};
use serde_json::Value;

both!(a_page_reads_no_more_than_its_rows);

/// Messages of each campaign beside those that were sent: enough that a database reads them all only where it must.
const MESSAGES: usize = 5_000;

#[derive(FromQueryResult)]
struct Row {
    id: MessageId,
}

impl Keyed for Row {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Id(self.id.as_uuid())]
    }
}

async fn a_page_reads_no_more_than_its_rows(app: TestApp) {
    let marie = app.marie().await;
    for person in marie.musicians(3).await {
        marie.sends(&[person], "Bonjour").await;
    }
    app.leaves_faults();
    app.plant(&lengthen(app.backend())).await;
    let structure = app.quatre_vents().await;
    let campaigns = campaign::in_structure(structure).all(app.db()).await.expect("read");
    let campaigns: Vec<CampaignId> = campaigns.into_iter().map(|campaign| campaign.id).collect();
    let mut connection = app.connect().await;
    connection.execute_unprepared("ANALYZE").await.expect("analyzed");
    let ran: Arc<Mutex<Vec<Statement>>> = Arc::default();
    let noted = Arc::clone(&ran);
    connection.set_metric_callback(move |info| noted.lock().expect("noted").push(info.statement.clone()));
    let listing =
        Listing::ascending("messages", structure).by((message::Entity, message::Column::Id), KeyKind::Id);
    for of in [&campaigns[..1], &campaigns[..]] {
        let mut args = PageArgs { first: Some(5), ..PageArgs::default() };
        for _ in 0..2 {
            let query = Query::select()
                .column((message::Entity, message::Column::Id))
                .from(message::Entity)
                .inner_join(
                    campaign::Entity,
                    Expr::col((campaign::Entity, campaign::Column::Id))
                        .equals((message::Entity, message::Column::CampaignId)),
                )
                .and_where(message::Column::StructureId.eq(structure))
                .take();
            let owner = (message::Entity, message::Column::CampaignId);
            let pages = listing.page_of_each::<_, Row>(&connection, query, owner, of, &args).await;
            let pages = pages.expect("pages");
            assert_eq!(pages.len(), of.len());
            assert!(pages.values().all(|page| page.items.len() == 5 && page.has_next));
            let statement = ran.lock().expect("noted").pop().expect("a statement");
            assert_cheap(&connection, statement, of.len()).await;
            args.after = pages.into_values().next().map(|page| page.items[4].0.clone());
        }
    }
    connection.close().await.expect("closed");
    let all = message::Entity::all_rows().filter(message::Column::StructureId.eq(structure));
    assert!(all.all(app.db()).await.expect("read").len() > MESSAGES);
}

/// So many more messages in each campaign.
fn lengthen(backend: Backend) -> String {
    let (id, hash, numbers) = match backend {
        Backend::Sqlite => (
            "randomblob(16)",
            "randomblob(32)",
            format!(
                "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MESSAGES}) SELECT i FROM n)"
            ),
        ),
        Backend::Postgres => (
            "gen_random_uuid()",
            "sha256(i::text::bytea)",
            format!("(SELECT generate_series(1, {MESSAGES}) AS i)"),
        ),
    };
    format!(
        "INSERT INTO message (id, structure_id, campaign_id, number_hash, encoding, segments, cost, state, attempts, next_attempt_at, state_at)
         SELECT {id}, structure_id, campaign_id, {hash}, encoding, segments, cost, state, attempts, next_attempt_at, state_at
         FROM message, {numbers} AS numbers"
    )
}

/// Asserts that a statement reads, of each of these campaigns, no more than a page of five and one more.
async fn assert_cheap(connection: &DatabaseConnection, statement: Statement, campaigns: usize) {
    let answered = connection.query_all_raw(statement.clone()).await.expect("run again").len();
    assert!(answered <= 6 * campaigns, "{answered} rows are answered");
    let explain = |how: &str| Statement { sql: format!("{how} {}", statement.sql), ..statement.clone() };
    if connection.get_database_backend() == DbBackend::Sqlite {
        let steps = connection.query_all_raw(explain("EXPLAIN QUERY PLAN")).await.expect("explained");
        let steps: Vec<String> = steps.iter().map(|row| row.try_get("", "detail").expect("a step")).collect();
        let ordered = |step: &&String| step.contains("USING") && step.contains("message_by_campaign");
        assert_eq!(steps.iter().filter(ordered).count(), campaigns, "{steps:#?}");
        // To sort is to read all first.
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:#?}");
    } else {
        let explained = connection.query_one_raw(explain("EXPLAIN (ANALYZE, FORMAT JSON)")).await;
        let plan: Value = explained.expect("explained").expect("a plan").try_get_by_index(0).expect("JSON");
        let (read, most) = (rows_read(&plan[0]["Plan"]), 6 * u32::try_from(campaigns).expect("a few"));
        assert!(read <= f64::from(most), "{read} messages are read: {plan:#}");
    }
}

/// How many messages the scans of a plan read.
fn rows_read(plan: &Value) -> f64 {
    let number = |name: &str| plan[name].as_f64().unwrap_or_default();
    let own = match plan["Relation Name"].as_str() {
        Some("message") => {
            (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops")
        }
        _ => 0.0,
    };
    own + plan["Plans"].as_array().into_iter().flatten().map(rows_read).sum::<f64>()
}
