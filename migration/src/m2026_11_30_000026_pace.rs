//! The pace of the dispatcher: campaigns under way in turns, what is too old to be sent; and who cancelled a campaign.
//!
//! SQLite adds no reference of two columns to a table that is there: who cancelled has a table of its own, as what was decided at an hour has.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::columns::{at, id, index, keyed, reference};

/// How long what was under way when this step was made has to be sent, in milliseconds: the default of the setting.
const TIME_LEFT: i64 = 72 * 3_600_000;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        run(manager, "ALTER TABLE campaign ADD COLUMN expires_at bigint").await?;
        let now = match db {
            DbBackend::Sqlite => "unixepoch() * 1000",
            _ => "CAST(extract(epoch FROM now()) AS bigint) * 1000",
        };
        run(
            manager,
            &format!("UPDATE campaign SET expires_at = {now} + {TIME_LEFT} WHERE state = 'DISPATCHING'"),
        )
        .await?;
        // It stood for this until now.
        rename_reason(manager, "EXPIRED", "ATTEMPTS_EXHAUSTED").await?;
        let cancelled = keyed(db, "campaign_cancellation", &["campaign_id"])
            .col(id(db, "campaign_id"))
            .col(id(db, "account_id"))
            .col(at("cancelled_at"))
            .foreign_key(&mut reference("campaign_id", "campaign"))
            .foreign_key(&mut reference("account_id", "account"))
            .take();
        manager.create_table(cancelled).await?;
        run(manager, "DROP INDEX message_queued").await?;
        for mut index in [
            under_way("campaign_under_way", &["structure_id", "id"]),
            under_way("campaign_expiring", &["expires_at"]),
            queued("message_due", &["campaign_id", "next_attempt_at", "id"]),
        ] {
            manager.create_index(index.take()).await?;
        }
        Ok(())
    }

    /// Who cancelled is forgotten.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in ["message_due", "campaign_expiring", "campaign_under_way"] {
            run(manager, &format!("DROP INDEX {index}")).await?;
        }
        manager.create_index(queued("message_queued", &["next_attempt_at", "id"])).await?;
        run(manager, "DROP TABLE campaign_cancellation").await?;
        rename_reason(manager, "ATTEMPTS_EXHAUSTED", "EXPIRED").await?;
        run(manager, "ALTER TABLE campaign DROP COLUMN expires_at").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// An index of the campaigns under way: few, however many there were.
fn under_way(name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index("campaign", name, columns).and_where(Expr::col("state").eq("DISPATCHING")).take()
}

fn queued(name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index("message", name, columns).and_where(Expr::col("state").eq("QUEUED")).take()
}

async fn rename_reason(manager: &SchemaManager<'_>, from: &str, to: &str) -> Result<(), DbErr> {
    let rename =
        format!("UPDATE message SET reason = '{to}' WHERE state = 'SUPPRESSED' AND reason = '{from}'");
    run(manager, &rename).await
}

async fn run(manager: &SchemaManager<'_>, statement: &str) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(statement).await.map(|_| ())
}
