//! A server killed in mid-campaign, again and again: nothing lost, nothing sent twice, nothing charged twice.

mod cancel;

use std::fmt::Write as _;

use envoi_tests::process::{Server, envoi};
use envoi_tests::{Backend, TestDatabase, TestEntropy, nodes, plainly, seed};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use serde_json::{Value, json};

const QUATRE_VENTS: &str = "École de musique des Quatre Vents";
const KILLS: usize = 20;
const RECIPIENTS: usize = 500;
const IN_FLIGHT: i64 = 16;

/// Servers that left more messages in doubt than may be under way at once.
const BEYOND: &str = "(SELECT lease_owner FROM message WHERE state = 'SENDING'
    GROUP BY lease_owner HAVING COUNT(*) > 16) AS beyond";

const PREVIEW: &str =
    "mutation($input: PreviewSmsInput!) { previewSms(input: $input) { preview { token messageCount } } }";
const SEND: &str =
    "mutation($input: SendSmsInput!) { sendSms(input: $input) { campaign { id } errors { code } } }";
const CAMPAIGNS: &str = "{ viewer { structure { campaigns(first: 100) { edges { node { id state
    progress { total queued sending handedOver delivered unknown } } } } } } }";

#[test]
fn killed_twenty_times_on_sqlite() {
    plainly(async || killed_again_and_again(Backend::Sqlite.demo().await).await);
}

#[test]
fn killed_twenty_times_on_postgres() {
    plainly(async || killed_again_and_again(Backend::Postgres.demo().await).await);
}

/// People of a tag of their own, none of them one that the sandbox refuses or forgets.
fn crowd() -> String {
    let mut file = "Identifiant;Nom;Prénom;Mobile;Tags\n".to_owned();
    for person in 0..RECIPIENTS {
        let number = 10_000 + (person / 90) * 100 + person % 90;
        writeln!(file, "C{person};Foule;P{person};06 70 0{number};Foule").expect("a string takes all");
    }
    file
}

struct Rig {
    database: TestDatabase,
    rows: DatabaseConnection,
    key_file: String,
}

impl Rig {
    async fn new(database: TestDatabase) -> Self {
        let rows = database.connect().await;
        let key_file = database.master_key_file.display().to_string();
        Self { database, rows, key_file }
    }

    fn variables(&self) -> [(&str, &str); 5] {
        [
            ("ENVOI_DATABASE_URL", &self.database.address),
            ("ENVOI_MASTER_KEY_FILE", &self.key_file),
            ("ENVOI_DISPATCH_LEASE_SECONDS", "2"),
            ("ENVOI_DISPATCH_TIMEOUT_SECONDS", "1"),
            ("ENVOI_DISPATCH_IN_FLIGHT", "16"),
        ]
    }

    async fn command(&self, arguments: &[&str]) -> String {
        let (code, out, said) = envoi(self.database.folder(), arguments, &self.variables()).await;
        assert_eq!(code, 0, "{arguments:?}: {out}{said}");
        out
    }

    async fn start(&self) -> Server {
        Server::start(self.database.folder(), &[], &self.variables()).await
    }

    async fn count(&self, what: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) AS found FROM {what}");
        let row =
            self.rows.query_one_raw(Statement::from_string(self.rows.get_database_backend(), sql)).await;
        let row = row.expect("rows can be counted").expect("a count has a row");
        row.try_get("", "found").expect("a count is a number")
    }
}

/// Begins a campaign to the whole crowd; the answer may never come.
async fn send(
    server: &Server,
    token: &str,
    tag: &Value,
    chance: &TestEntropy,
) -> Result<Value, reqwest::Error> {
    let audience = json!({ "matching": { "filter": { "tags": { "all": [tag] } } } });
    let input = json!({ "audience": audience, "message": { "text": "Répétition ce soir" } });
    let shown = server.try_graphql(Some(token), PREVIEW, json!({ "input": input })).await?;
    let preview = &shown["data"]["previewSms"]["preview"];
    assert_eq!(preview["messageCount"], RECIPIENTS, "{shown}");
    let key = format!("0190b5ac-0000-7000-8000-{:012x}", chance.next() & 0xFFFF_FFFF_FFFF);
    let input = json!({ "previewToken": preview["token"], "idempotencyKey": key });
    server.try_graphql(Some(token), SEND, json!({ "input": input })).await
}

fn sum(campaigns: &Value, states: &[&str]) -> i64 {
    let campaigns = nodes(&campaigns["viewer"]["structure"]["campaigns"]);
    let of = |campaign: &Value| {
        states.iter().filter_map(|state| campaign["progress"][state].as_i64()).sum::<i64>()
    };
    campaigns.iter().map(of).sum()
}

async fn killed_again_and_again(database: TestDatabase) {
    let chance = TestEntropy::seeded(seed());
    let rig = Rig::new(database).await;
    let file = rig.database.folder().join("crowd.csv");
    std::fs::write(&file, crowd()).expect("a file can be written");
    rig.command(&["import", "people", &file.display().to_string(), "--structure", QUATRE_VENTS]).await;
    rig.command(&["credit", "add", "--structure", QUATRE_VENTS, "100000"]).await;

    let mut server = rig.start().await;
    let token = server.sign_in("marie@quatre-vents.example").await;
    let tags = "{ viewer { structure { tags(first: 100) { edges { node { id name } } } } } }";
    let tags = nodes(&server.graphql(Some(&token), tags, json!({})).await["viewer"]["structure"]["tags"]);
    let tag = tags.iter().find(|tag| tag["name"] == "Foule").expect("the crowd has its tag")["id"].clone();

    for kill in 1..=KILLS {
        if chance.below(4) == 0 {
            // Killed while it sends: the campaign is there whole, or not at all.
            let request = send(&server, &token, &tag, &chance);
            let patience = std::time::Duration::from_micros(chance.next() % 60_000);
            let _ = tokio::time::timeout(patience, request).await;
        } else {
            let sent = send(&server, &token, &tag, &chance).await.expect("the server answers");
            assert_eq!(sent["data"]["sendSms"]["errors"], json!([]), "{sent}");
            let before = server.graphql(Some(&token), CAMPAIGNS, json!({})).await;
            let left = sum(&before, &["queued", "sending"]);
            let goal = left - i64::try_from(chance.below(RECIPIENTS)).expect("small");
            let reached = |now: &Value| sum(now, &["queued", "sending"]) <= goal.max(0);
            server.until(&token, CAMPAIGNS, json!({}), reached).await;
        }
        server.kill().await;
        let beyond = rig.count(BEYOND).await;
        assert_eq!(beyond, 0, "a server had more requests under way than its window at kill {kill}");
        server = rig.start().await;
    }
    settle(&rig, server, &token).await;
    rig.rows.close().await.expect("the connection can be closed");
    rig.database.remove().await;
}

/// Waits until nothing is under way any more, then counts.
async fn settle(rig: &Rig, server: Server, token: &str) {
    let settled = |now: &Value| sum(now, &["queued", "sending", "handedOver"]) == 0;
    let end = server.until(token, CAMPAIGNS, json!({}), settled).await;
    assert_eq!(server.stop().await, Some(0));

    let report = rig.command(&["audit"]).await;
    assert!(!report.contains("FAULT"), "{report}");
    let campaigns = rig.count("campaign").await;
    let recipients = i64::try_from(RECIPIENTS).expect("small");
    assert_eq!(rig.count("message").await, campaigns * recipients, "each campaign has all its messages");
    let twice = "(SELECT message_id FROM attempt WHERE outcome IS NULL OR outcome <> 'NOT_SENT'
        GROUP BY message_id HAVING COUNT(*) > 1) AS doubled";
    assert_eq!(rig.count(twice).await, 0, "no message has two attempts that may have been accepted");
    let charged = rig.count("transfer WHERE kind = 'CHARGE'").await;
    assert_eq!(charged, sum(&end, &["delivered"]), "what was handed over is charged, once each");
    let unknown = rig.count("message WHERE state = 'UNKNOWN'").await;
    let kills = i64::try_from(KILLS).expect("small");
    println!("{campaigns} campaigns, {charged} delivered, {unknown} in doubt after {KILLS} kills");
    assert!(unknown <= kills * IN_FLIGHT, "{unknown} in doubt");
}
