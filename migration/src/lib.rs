//! The schema of the database, one step a file, the same on SQLite and PostgreSQL.
//!
//! Knows no entity: a step keeps the names and values of its day, whatever later versions of the program call them.
//!
//! Invariant: a step that was released is never changed; a new one follows it. Each runs in a transaction of its own, on both databases,
//! so that a step that fails leaves nothing behind; one that must begin before its transaction can be run again.
//!
//! All that can be checked is written in the `CREATE TABLE`, since SQLite cannot add it later: values of enumerations, sums of
//! counters, and references, which are composite so that a row can only refer to rows of its own structure.

use sea_orm_migration::MigrationTrait;
pub use sea_orm_migration::MigratorTrait;

mod columns;
mod m2026_11_22_000001_structures;
mod m2026_11_22_000002_people;
mod m2026_11_22_000003_accounts;
mod m2026_11_22_000004_rules;
mod m2026_11_22_000005_credit;
mod m2026_11_22_000006_messages;
mod m2026_11_22_000007_ledger;
mod m2026_11_25_000008_inbound;
mod m2026_11_25_000009_campaign_states;
mod m2026_11_25_000010_people_order;
mod m2026_11_25_000011_import;
mod m2026_11_25_000012_changes;
mod m2026_11_25_000013_encoding_policy;
mod m2026_11_25_000014_prices;
mod m2026_11_25_000015_holidays;
mod m2026_11_25_000016_readings;
mod m2026_11_25_000017_own_columns;
mod m2026_11_25_000018_templates;
mod m2026_11_25_000019_senders;
mod m2026_11_25_000021_consent_withdrawn;
mod m2026_11_30_000022_rule_life;
mod m2026_11_30_000023_exclusions;
mod m2026_11_30_000024_send_approvals;
mod m2026_11_30_000025_schedules;
mod m2026_11_30_000026_pace;
mod m2026_11_30_000027_adjustments;
mod m2026_12_01_000028_uncounted;

/// Runs the steps: `Migrator::up(&connection, None)` brings a database to the newest schema, `Migrator::down` undoes steps with all
/// the rows in their tables.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m2026_11_22_000001_structures::Migration),
            Box::new(m2026_11_22_000002_people::Migration),
            Box::new(m2026_11_22_000003_accounts::Migration),
            Box::new(m2026_11_22_000004_rules::Migration),
            Box::new(m2026_11_22_000005_credit::Migration),
            Box::new(m2026_11_22_000006_messages::Migration),
            Box::new(m2026_11_22_000007_ledger::Migration),
            Box::new(m2026_11_25_000008_inbound::Migration),
            Box::new(m2026_11_25_000009_campaign_states::Migration),
            Box::new(m2026_11_25_000010_people_order::Migration),
            Box::new(m2026_11_25_000011_import::Migration),
            Box::new(m2026_11_25_000012_changes::Migration),
            Box::new(m2026_11_25_000013_encoding_policy::Migration),
            Box::new(m2026_11_25_000014_prices::Migration),
            Box::new(m2026_11_25_000015_holidays::Migration),
            Box::new(m2026_11_25_000016_readings::Migration),
            Box::new(m2026_11_25_000017_own_columns::Migration),
            Box::new(m2026_11_25_000018_templates::Migration),
            Box::new(m2026_11_25_000019_senders::Migration),
            Box::new(m2026_11_25_000021_consent_withdrawn::Migration),
            Box::new(m2026_11_30_000022_rule_life::Migration),
            Box::new(m2026_11_30_000023_exclusions::Migration),
            Box::new(m2026_11_30_000024_send_approvals::Migration),
            Box::new(m2026_11_30_000025_schedules::Migration),
            Box::new(m2026_11_30_000026_pace::Migration),
            Box::new(m2026_11_30_000027_adjustments::Migration),
            Box::new(m2026_12_01_000028_uncounted::Migration),
        ]
    }
}
