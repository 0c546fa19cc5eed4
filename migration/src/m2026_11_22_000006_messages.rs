//! From the preview of a send to its delivery reports. `message` is also the queue.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer, json_binary, text, text_null},
    sea_orm::DbBackend,
};

use crate::columns::{
    at, at_null, count, create, digest, drop_all, id, id_null, index, keyed, one_of, one_of_null, owned,
    reference, unique,
};

const PURPOSES: &[&str] = &["INFORMATIONAL", "COMMERCIAL"];
const ENCODINGS: &[&str] = &["GSM7", "UCS2"];
const MESSAGE_STATES: &[&str] = &[
    "QUEUED",
    "SENDING",
    "HANDED_OVER",
    "DELIVERED",
    "UNDELIVERED",
    "NO_REPORT",
    "REJECTED",
    "SUPPRESSED",
    "UNKNOWN",
    "WRITTEN_OFF",
];
/// What a campaign counts of its messages, one a state.
const COUNTERS: &[&str] = &[
    "queued",
    "sending",
    "handed_over",
    "delivered",
    "undelivered",
    "no_report",
    "rejected",
    "suppressed",
    "unknown",
    "written_off",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        create(
            manager,
            [preview(db), campaign(db), message(db), message_person(db), attempt(db), receipt(db)],
            [
                index("message", "message_by_campaign", &["structure_id", "campaign_id", "id"]),
                in_state("QUEUED", "message_queued", &["next_attempt_at", "id"]),
                in_state("SENDING", "message_sending", &["lease_until"]),
                in_state("HANDED_OVER", "message_handed_over", &["state_at"]),
                in_state("UNKNOWN", "message_unknown", &["state_at"]),
                index("message_person", "message_person_by_person", &["structure_id", "person_id"]),
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, &["receipt", "attempt", "message_person", "message", "campaign", "preview"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn preview(db: DbBackend) -> TableCreateStatement {
    owned(db, "preview")
        .col(id(db, "account_id"))
        .col(id(db, "decision_id"))
        .col(digest("token_hash").unique_key())
        .col(json_binary("audience"))
        .col(text("text"))
        .col(one_of("purpose", PURPOSES))
        .col(text("body"))
        .col(one_of("encoding", ENCODINGS))
        .col(big_integer("length"))
        .col(integer("segments"))
        .col(digest("plan_hash"))
        .col(digest("rules_hash"))
        .col(big_integer("recipient_count"))
        .col(big_integer("excluded_count"))
        .col(big_integer("message_count"))
        .col(big_integer("cost"))
        .col(big_integer("balance"))
        .col(at("created_at"))
        .col(at("expires_at"))
        .foreign_key(&mut reference("account_id", "account"))
        .foreign_key(&mut reference("decision_id", "decision"))
        .take()
}

fn campaign(db: DbBackend) -> TableCreateStatement {
    let mut table = owned(db, "campaign")
        .col(id(db, "created_by"))
        .col(id(db, "preview_id").unique_key())
        .col(id(db, "decision_id"))
        .col(one_of("state", &["DISPATCHING", "COMPLETED"]))
        .col(text_null("text"))
        .col(one_of("purpose", PURPOSES))
        .col(text("sender"))
        .col(text("provider"))
        .col(big_integer("cost"))
        .col(at("created_at"))
        .col(at_null("completed_at"))
        .col(count("total"))
        .foreign_key(&mut reference("created_by", "account"))
        .foreign_key(&mut reference("preview_id", "preview"))
        .foreign_key(&mut reference("decision_id", "decision"))
        .check(Expr::cust(format!("total = {}", COUNTERS.join(" + "))))
        .take();
    for counter in COUNTERS {
        table.col(count(counter));
    }
    table
}

fn message(db: DbBackend) -> TableCreateStatement {
    owned(db, "message")
        .col(id(db, "campaign_id"))
        .col(text_null("number"))
        .col(digest("number_hash"))
        .col(text_null("text"))
        .col(one_of("encoding", ENCODINGS))
        .col(integer("segments"))
        .col(big_integer("cost"))
        .col(one_of("state", MESSAGE_STATES))
        .col(text_null("reason"))
        .col(integer("attempts").default(0))
        .col(at("next_attempt_at"))
        .col(id_null(db, "lease_owner"))
        .col(at_null("lease_until"))
        .col(at("state_at"))
        .index(&mut unique(&["campaign_id", "number_hash"]))
        .foreign_key(&mut reference("campaign_id", "campaign"))
        .take()
}

fn message_person(db: DbBackend) -> TableCreateStatement {
    keyed(db, "message_person", &["message_id", "person_id"])
        .col(id(db, "message_id"))
        .col(id(db, "person_id"))
        .foreign_key(&mut reference("message_id", "message"))
        .foreign_key(&mut reference("person_id", "person"))
        .take()
}

fn attempt(db: DbBackend) -> TableCreateStatement {
    owned(db, "attempt")
        .col(id(db, "message_id"))
        .col(integer("number"))
        .col(text("provider"))
        .col(at("started_at"))
        .col(at_null("finished_at"))
        .col(one_of_null("outcome", &["HANDED_OVER", "REJECTED", "NOT_SENT", "UNKNOWN"]))
        .col(text_null("code"))
        .col(text_null("provider_ref"))
        .index(&mut unique(&["message_id", "number"]))
        .foreign_key(&mut reference("message_id", "message"))
        .take()
}

fn receipt(db: DbBackend) -> TableCreateStatement {
    owned(db, "receipt")
        .col(id(db, "message_id"))
        .col(id(db, "attempt_id"))
        .col(one_of("status", &["DELIVERED", "UNDELIVERED"]))
        .col(text_null("code"))
        .col(at("received_at"))
        .index(&mut unique(&["attempt_id", "status"]))
        .foreign_key(&mut reference("message_id", "message"))
        .foreign_key(&mut reference("attempt_id", "attempt"))
        .take()
}

/// An index of the messages in one state: each is read by a loop that looks for what is due in it.
fn in_state(state: &str, name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index("message", name, columns).and_where(Expr::col("state").eq(state)).take()
}
