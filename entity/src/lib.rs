//! The tables of Envoi, as sea-orm entities: one module a table, with its row, what it belongs to and its finders.
//!
//! Knows no service, no rule and no migration; the schema itself is written in the migrations.
//!
//! Invariant: rows are read through the finders here. A table that structures own is read with `in_structure` or `by_id_in`,
//! so that an id of another structure finds nothing; the few finders without a structure say who may use them.
//!
//! References between rows of a structure are composite, `(structure_id, x_id)`, so that they cannot leave it. Relations follow
//! them; none leads to `structure`, since every row already carries its id.
//!
//! Columns that carry a telephone number, a message's text or a hash are [`Sensitive`](sensitive::Sensitive) or
//! [`Digest`](sensitive::Digest), whose `Debug` shows nothing; so are the values of a structure's own columns.

#![expect(
    clippy::disallowed_methods,
    reason = "the scoped finders are written here on the bare ones, which sea-orm's derive calls too"
)]

pub mod enums;
pub mod ids;
pub mod own_values;
mod scope;
pub mod sensitive;

pub mod sealed_key;
pub mod sender;
pub mod sms_settings;
pub mod sms_subscription;
pub mod structure;

pub mod opt_out;
pub mod person;
pub mod person_column;
pub mod person_list;
pub mod person_list_member;
pub mod person_tag;
pub mod tag;
pub mod teaching;

pub mod account;
pub mod permission;
pub mod session;

pub mod decision;
pub mod rule;
pub mod rule_setting;
pub mod rule_version;

pub mod credit;
pub mod idempotency;
pub mod ledger_entry;
pub mod top_up_order;
pub mod transfer;

pub mod attempt;
pub mod campaign;
pub mod campaign_cancellation;
pub mod campaign_dispatch;
pub mod campaign_exclusion;
pub mod inbound;
pub mod inbound_structure;
pub mod message;
pub mod message_person;
pub mod message_template;
pub mod message_template_version;
pub mod preview;
pub mod price;
pub mod receipt;
pub mod send_approval;

/// An instant, stored as milliseconds since 1970-01-01T00:00:00Z. Made with `At::from` of a `chrono::DateTime<Utc>`; finer than a
/// millisecond is lost when stored.
pub type At = sea_orm::prelude::ChronoUnixTimestampMillis;
