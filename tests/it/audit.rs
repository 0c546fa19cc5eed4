//! The audit finds what does not add up: each of its checks is shown finding something planted.
//!
//! Most plants are refused by the database itself: its constraints are taken off first, which the plants say.

use std::collections::BTreeSet;

use api::caller::Operator;
use api::services::adjustments::adjust;
use api::services::audit::{Covers, Journal, Reconciled};
use api::services::ledger::Adjustment;
use chrono::TimeDelta;
use entity::attempt;
use envoi_tests::{Backend, TestApp, UsableInTests as _, both};
use sea_orm::QueryOrder as _;
use serde_json::{Value, json};

both!(
    what_is_sound_is_found_sound,
    each_check_finds_what_is_planted,
    the_database_refuses_what_it_can,
    a_journal_is_held_against_what_it_covers,
);

/// A state with campaigns settled, unsettled and in doubt.
async fn busy(app: &TestApp) {
    let marie = app.marie().await;
    let file =
        "Identifiant;Nom;Prénom;Mobile\nX97;Xa;Inconnue;06 12 00 00 97\nX99;Xc;Refusée;06 12 00 00 99\n";
    app.import(app.quatre_vents().await, file.as_bytes()).await.expect("imported");
    let mut people = marie.musicians(2).await;
    people.extend([marie.person("Inconnue").await, marie.person("Refusée").await]);
    marie.sends(&people, "un").await;
    app.dispatch_all().await;
    marie.sends(&people[..2], "deux").await;
    let threshold = "mutation { setLowBalance(input: { lowBalanceAt: 1000 }) { errors { code } } }";
    app.admin().await.query(threshold, json!({})).await;
    let (ctx, structure) = (app.ctx(), app.quatre_vents().await);
    for delta in [9, -5] {
        let adjustment = Adjustment { delta, operator: "Ana".to_owned(), note: "Doublon".to_owned() };
        let done = adjust(&ctx, Operator::at_the_command_line(), structure, adjustment, None).await;
        done.expect("adjusted");
    }
    rules(app).await;
}

/// A rule with a version in force and one before it, a draft, and a retired rule.
async fn rules(app: &TestApp) {
    let admin = app.admin().await;
    let start = "mutation($slug: String!) { startRule(input: { from: { template: \"forbidden-words\" }, slug: $slug }) {
        rule { id } version { id manifest source } errors { code } } }";
    let publish = "mutation($input: PublishRuleInput!) { publishRule(input: $input) { errors { code } } }";
    let save =
        "mutation($input: SaveRuleInput!) { saveRule(input: $input) { version { id } errors { code } } }";
    for (slug, versions) in [("kept", 2), ("draft", 0), ("retired", 1)] {
        let started = admin.query(start, json!({ "slug": slug })).await["startRule"].take();
        let (rule, mut version) = (&started["rule"]["id"], started["version"]["id"].clone());
        let mut active = Value::Null;
        for number in 0..versions {
            if number > 0 {
                let text = &started["version"];
                let input = json!({ "rule": rule, "basedOn": version, "manifest": text["manifest"], "source": text["source"] });
                version =
                    admin.query(save, json!({ "input": input })).await["saveRule"]["version"]["id"].take();
            }
            let input = json!({ "version": version, "expectedActive": active });
            let done = admin.query(publish, json!({ "input": input })).await;
            assert_eq!(done["publishRule"]["errors"], json!([]));
            active = version.clone();
        }
        if slug == "retired" {
            let retire =
                "mutation($input: RetireRuleInput!) { retireRule(input: $input) { errors { code } } }";
            let input = json!({ "rule": rule, "expectedActive": active });
            let done = admin.query(retire, json!({ "input": input })).await;
            assert_eq!(done["retireRule"]["errors"], json!([]));
        }
    }
}

async fn what_is_sound_is_found_sound(app: TestApp) {
    assert_eq!(app.faults().await, Vec::new());
    busy(&app).await;
    assert_eq!(app.faults().await, Vec::new());
}

/// What each plant does, and checks that must find it.
const PLANTS: &[(&str, &[&str])] = &[
    ("DELETE FROM credit WHERE spent > 0", &["every structure has one credit row"]),
    (
        "UPDATE credit SET issued = issued + 1 WHERE spent > 0",
        &["what was issued", "the balances are the sums"],
    ),
    (
        "UPDATE credit SET issued = issued + 1, available = available + 1 WHERE spent > 0",
        &["the balances are the sums", "the ledger's lines add up to the balance"],
    ),
    (
        "DELETE FROM transfer WHERE kind = 'TOP_UP'",
        &["the balances are the sums", "the ledger's lines are those"],
    ),
    (
        "UPDATE transfer SET amount = -amount WHERE kind = 'RELEASE'",
        &["each kind of transfer goes its own way"],
    ),
    (
        "UPDATE transfer SET destination = 'SPENT' WHERE kind = 'RESERVATION'",
        &["each kind of transfer goes its own way"],
    ),
    (
        "UPDATE credit SET available = available - 1000, spent = spent + 1000 WHERE spent > 0",
        &["no balance is negative", "the balances are the sums"],
    ),
    (
        "UPDATE transfer SET destination = 'SPENT' WHERE kind = 'ADJUSTMENT' AND source = 'AVAILABLE'",
        &["each kind of transfer goes its own way", "the balances are the sums"],
    ),
    (
        "UPDATE transfer SET note = NULL WHERE kind = 'ADJUSTMENT'",
        &["a correction, and nothing else, names its author"],
    ),
    (
        "UPDATE transfer SET operator = 'Ana', note = 'x' WHERE kind = 'TOP_UP'",
        &["a correction, and nothing else, names its author"],
    ),
    (
        "UPDATE ledger_entry SET delta = -delta WHERE reason = 'ADJUSTMENT'",
        &["the ledger's lines are those", "the ledger's lines add up"],
    ),
    (
        "DELETE FROM ledger_entry WHERE reason = 'ADJUSTMENT'",
        &["every transfer that concerns a structure is in its ledger", "the ledger's lines add up"],
    ),
    (
        "UPDATE credit SET low_since = NULL WHERE spent > 0",
        &["a balance is low exactly when it is at its threshold"],
    ),
    (
        "UPDATE credit SET low_count = 0, low_told = 0 WHERE spent > 0",
        &["a balance is low exactly when it is at its threshold"],
    ),
    (
        "UPDATE transfer SET kind = 'REFUND' WHERE kind = 'RELEASE'",
        &["each kind of transfer goes its own way"],
    ),
    (
        "UPDATE transfer SET operator = 'Ana' WHERE kind = 'CHARGE'",
        &["a correction, and nothing else, names its author"],
    ),
    (
        "UPDATE transfer SET note = 'x' WHERE kind = 'CHARGE'",
        &["a correction, and nothing else, names its author"],
    ),
    (
        "UPDATE transfer SET order_id = NULL WHERE kind = 'TOP_UP'",
        &["an approved order gave its credit once", "each kind of transfer goes its own way"],
    ),
    (
        "UPDATE top_up_order SET state = 'PENDING', decided_at = NULL",
        &["an approved order gave its credit once"],
    ),
    ("UPDATE top_up_order SET quantity = quantity + 1", &["an approved order gave its credit once"]),
    (
        "UPDATE ledger_entry SET balance_after = balance_after + 1000",
        &["one of the ledger's lines tells the balance"],
    ),
    ("DELETE FROM transfer WHERE kind = 'CHARGE'", &["what was handed over is charged once"]),
    (
        "UPDATE transfer SET amount = amount + 1 WHERE kind = 'CHARGE'",
        &["what was handed over is charged once"],
    ),
    (
        "UPDATE message SET state = 'REJECTED' WHERE state = 'DELIVERED'",
        &["what will not be handed over is released once"],
    ),
    (
        "UPDATE message SET state = 'UNKNOWN' WHERE state = 'DELIVERED'",
        &["what is not settled is neither charged"],
    ),
    (
        "UPDATE transfer SET campaign_id = (SELECT id FROM campaign ORDER BY id DESC LIMIT 1) WHERE kind = 'CHARGE'",
        &["a message's transfers name its own campaign"],
    ),
    (
        "UPDATE message SET cost = cost + 1 WHERE state = 'QUEUED'",
        &["what is reserved is the cost", "a campaign costs"],
    ),
    ("DELETE FROM transfer WHERE kind = 'RESERVATION'", &["a campaign costs what its messages cost"]),
    (
        "UPDATE message SET number_hash = (SELECT number_hash FROM message ORDER BY number_hash LIMIT 1)",
        &["a number is in a campaign once"],
    ),
    (
        "INSERT INTO campaign_exclusion (structure_id, campaign_id, person_id, code)
            SELECT p.structure_id, m.campaign_id, p.person_id, 'OPTED_OUT' FROM message_person p
            INNER JOIN message m ON m.id = p.message_id",
        &["nobody is left out of a campaign that writes to them"],
    ),
    ("UPDATE campaign SET delivered = delivered + 1", &["a campaign's progress adds up"]),
    (
        "UPDATE campaign SET queued = 0, delivered = queued WHERE queued > 0",
        &["a campaign's progress adds up"],
    ),
    (
        "UPDATE campaign SET state = 'COMPLETED', completed_at = 1",
        &["a campaign is completed or cancelled exactly when"],
    ),
    (
        "UPDATE campaign SET state = 'CANCELLED', completed_at = 1",
        &["a campaign is completed or cancelled exactly when"],
    ),
    (
        "UPDATE message SET state = 'SUPPRESSED', reason = 'CANCELLED' WHERE state = 'REJECTED'",
        &["a message is cancelled only with its campaign"],
    ),
    ("UPDATE campaign SET retry_of = id", &["a campaign sent again names the first of its family"]),
    (
        "UPDATE message SET attempts = attempts + 1 WHERE state = 'DELIVERED'",
        &["a message counts its attempts"],
    ),
    ("UPDATE message SET state = 'SENDING' WHERE state = 'QUEUED'", &["a message counts its attempts"]),
    ("UPDATE message SET state = 'QUEUED' WHERE state = 'UNKNOWN'", &["a message is accepted once"]),
    (
        "UPDATE attempt SET outcome = NULL WHERE outcome = 'HANDED_OVER'",
        &["what is sending has an attempt under way"],
    ),
    (
        "UPDATE attempt SET outcome = 'NOT_SENT' WHERE outcome = 'HANDED_OVER'",
        &["a message stands where its last attempt"],
    ),
    (
        "UPDATE ledger_entry SET quantity = quantity + 1 WHERE reason = 'CHARGE'",
        &["the ledger's lines are those"],
    ),
    (
        "UPDATE ledger_entry SET delta = 1 WHERE reason = 'CHARGE'",
        &["the ledger's lines are those", "the ledger's lines add up"],
    ),
    (
        "DELETE FROM ledger_entry WHERE reason = 'RELEASE'",
        &["every transfer that concerns a structure is in its ledger"],
    ),
    (
        "DROP INDEX rule_version_published; UPDATE rule_version SET state = 'PUBLISHED' WHERE state = 'SUPERSEDED'",
        &["of a rule one version is in force", "a rule without a version in force is off"],
    ),
    ("UPDATE rule SET state = 'ACTIVE' WHERE slug = 'draft'", &["a rule without a version in force is off"]),
    ("UPDATE rule SET retired_at = NULL WHERE slug = 'retired'", &["a rule in use has a version in force"]),
    ("UPDATE rule SET retired_at = 1 WHERE slug = 'kept'", &["a rule without a version in force is off"]),
    (
        "UPDATE rule_version SET number = number + 10 WHERE state = 'SUPERSEDED'",
        &["what is or was in force was put there"],
    ),
    ("UPDATE rule_version SET published_by = NULL", &["what is or was in force was put there"]),
];

/// The plant, on a connection without the database's guards.
async fn plant(app: &TestApp, statement: &str) {
    let guards_off = match app.backend() {
        Backend::Sqlite => "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;",
        Backend::Postgres => GUARDS_OFF,
    };
    app.plant(&format!("{guards_off} {statement}")).await;
}

/// Drops every CHECK and unique key of the tables planted in; references are off for the session.
const GUARDS_OFF: &str = "SET session_replication_role = replica;
    DO $$ DECLARE guard record; BEGIN
        FOR guard IN SELECT conrelid::regclass AS place, conname AS name FROM pg_constraint
            WHERE contype = 'c' AND conrelid::regclass::text IN ('credit', 'transfer', 'campaign', 'message', 'attempt', 'ledger_entry')
        LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', guard.place, guard.name); END LOOP;
    END $$;";

async fn each_check_finds_what_is_planted(app: TestApp) {
    app.leaves_faults();
    let mut found_once = BTreeSet::new();
    for (statement, checks) in PLANTS {
        let planted = TestApp::demo(app.backend()).await;
        planted.leaves_faults();
        busy(&planted).await;
        if statement.contains("number_hash") {
            planted.plant(&unique_off(app.backend())).await;
        }
        plant(&planted, statement).await;
        let faults = planted.faults().await;
        for check in *checks {
            let found = faults.iter().find(|(name, _)| name.starts_with(check));
            let (name, faults) =
                found.unwrap_or_else(|| panic!("{statement}: {check} finds nothing among {faults:?}"));
            assert!(faults[0].contains("of structure"), "{faults:?}");
            found_once.insert(*name);
        }
        planted.finish().await;
    }
    let report = api::services::audit::run(app.app(), None).await.expect("the audit can be run");
    let blind: Vec<_> =
        report.checks.iter().map(|check| check.name).filter(|name| !found_once.contains(name)).collect();
    assert!(blind.is_empty(), "no plant shows that these find anything: {blind:?}");
}

/// Takes off the key that keeps a number in a campaign once.
fn unique_off(backend: Backend) -> String {
    match backend {
        Backend::Postgres => "DO $$ DECLARE found text; BEGIN
            FOR found IN SELECT indexname FROM pg_indexes WHERE tablename = 'message' AND indexdef LIKE '%UNIQUE%number_hash%'
            LOOP BEGIN EXECUTE 'DROP INDEX ' || quote_ident(found); EXCEPTION WHEN OTHERS THEN
                EXECUTE 'ALTER TABLE message DROP CONSTRAINT ' || quote_ident(found); END; END LOOP;
            END $$;"
            .to_owned(),
        Backend::Sqlite => "PRAGMA foreign_keys = OFF;
            CREATE TABLE copy AS SELECT * FROM message; DROP TABLE message; ALTER TABLE copy RENAME TO message;"
            .to_owned(),
    }
}

async fn the_database_refuses_what_it_can(app: TestApp) {
    busy(&app).await;
    let connection = app.connect().await;
    for refused in [
        "UPDATE credit SET available = available - 1000, spent = spent + 1000 WHERE spent > 0",
        "UPDATE credit SET issued = issued + 1 WHERE spent > 0",
        "UPDATE credit SET low_since = NULL WHERE spent > 0",
        "UPDATE credit SET low_at = NULL WHERE spent > 0",
        "UPDATE credit SET low_told = low_count + 1",
        "UPDATE transfer SET operator = NULL WHERE kind = 'ADJUSTMENT'",
        "UPDATE transfer SET operator = 'Ana', note = 'x' WHERE kind = 'TOP_UP'",
        "UPDATE transfer SET operator = 'Ana' WHERE kind = 'CHARGE'",
        "UPDATE transfer SET note = 'x' WHERE kind = 'CHARGE'",
        "UPDATE transfer SET key = 'x' WHERE kind = 'ADJUSTMENT'",
        "UPDATE ledger_entry SET transfer_id = order_id WHERE reason = 'TOP_UP'",
        "UPDATE transfer SET amount = 0",
        "UPDATE transfer SET source = destination",
        "UPDATE campaign SET delivered = delivered + 1",
        "UPDATE message SET number_hash = (SELECT number_hash FROM message ORDER BY number_hash LIMIT 1)",
        "UPDATE message SET state = 'LOST'",
        "UPDATE campaign SET state = 'LOST'",
        "UPDATE campaign SET retry_of = preview_id",
        "DELETE FROM campaign",
        "DELETE FROM person",
    ] {
        let done = sea_orm::ConnectionTrait::execute_unprepared(&connection, refused).await;
        assert!(done.is_err(), "{refused}");
    }
    connection.close().await.expect("the connection can be closed");
}

/// What comes of holding a journal that names these attempts against what is stored.
async fn held(app: &TestApp, accepted: &[&attempt::Model], covers: Covers) -> Reconciled {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("journal.csv");
    let mut lines = vec!["attempt,event".to_owned()];
    lines.extend(accepted.iter().map(|row| format!("{},accepted", row.id.as_uuid())));
    std::fs::write(&path, lines.join("\n")).expect("it can be written");
    let journal = Journal::read(&path).expect("it is one").of(covers);
    let report = api::services::audit::run(app.app(), Some(journal)).await.expect("the audit can be run");
    report.reconciled.expect("there was a journal")
}

async fn a_journal_is_held_against_what_it_covers(app: TestApp) {
    let marie = app.marie().await;
    for text in ["un", "deux", "trois"] {
        marie.sends(&marie.musicians(1).await, text).await;
        app.dispatch_all().await;
        app.advance(TimeDelta::hours(1));
    }
    app.plant(
        "UPDATE attempt SET provider = 'other' WHERE started_at = (SELECT MIN(started_at) FROM attempt)",
    )
    .await;
    let attempts = attempt::Entity::all_rows().order_by_asc(attempt::Column::StartedAt).all(app.db()).await;
    let attempts = attempts.expect("attempts can be read");
    let [other, first, last] = &attempts[..] else { panic!("{attempts:?}") };
    let sandbox = || Covers { provider: Some(first.provider.clone()), ..Covers::default() };
    let until = Some(*last.started_at);
    for (named, covers, missing) in [
        (&[first, last][..], sandbox(), 0),
        (&[first], Covers { until, ..sandbox() }, 0),
        (&[last], Covers { since: until, ..sandbox() }, 0),
        (&[last], Covers { since: until, ..Covers::default() }, 0),
        (&[other, first, last], Covers { until, ..sandbox() }, 0),
        (&[first], sandbox(), 1),
        (&[last], Covers { until, ..sandbox() }, 1),
        (&[first, last], Covers::default(), 1),
        (&[], Covers::default(), 3),
    ] {
        let found = held(&app, named, covers.clone()).await;
        assert_eq!((found.charged_not_accepted, found.lost), (missing, 0), "{covers:?}: {:?}", found.faults);
        assert_eq!((found.accepted, found.faults.len()), (named.len(), missing), "{:?}", found.faults);
    }
}
