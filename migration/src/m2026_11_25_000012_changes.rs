//! Has the database say what changed: triggers on campaigns and on credit.
//!
//! On PostgreSQL they notify the channel `envoi_changes` when the transaction commits: `<structure> <campaign>`, or
//! `<structure>` for its credit. On SQLite, which cannot notify, they note the same in the table `changed`, which whoever
//! writes empties before committing.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const POSTGRES_UP: &str = "
    CREATE FUNCTION campaign_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('envoi_changes', NEW.structure_id || ' ' || NEW.id);
        RETURN NULL;
    END $$;
    CREATE FUNCTION credit_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('envoi_changes', NEW.structure_id::text);
        RETURN NULL;
    END $$;
    CREATE TRIGGER campaign_changed AFTER UPDATE ON campaign
        FOR EACH ROW EXECUTE FUNCTION campaign_changed();
    CREATE TRIGGER credit_changed AFTER UPDATE ON credit
        FOR EACH ROW WHEN (OLD.available <> NEW.available OR OLD.reserved <> NEW.reserved)
        EXECUTE FUNCTION credit_changed();";

const POSTGRES_DOWN: &str = "
    DROP TRIGGER credit_changed ON credit;
    DROP TRIGGER campaign_changed ON campaign;
    DROP FUNCTION credit_changed;
    DROP FUNCTION campaign_changed;";

const SQLITE_UP: &str = "
    CREATE TABLE changed (structure_id blob NOT NULL, campaign_id blob);
    CREATE TRIGGER campaign_changed AFTER UPDATE ON campaign
    BEGIN
        INSERT INTO changed VALUES (NEW.structure_id, NEW.id);
    END;
    CREATE TRIGGER credit_changed AFTER UPDATE ON credit
        WHEN OLD.available <> NEW.available OR OLD.reserved <> NEW.reserved
    BEGIN
        INSERT INTO changed VALUES (NEW.structure_id, NULL);
    END;";

const SQLITE_DOWN: &str = "
    DROP TRIGGER credit_changed;
    DROP TRIGGER campaign_changed;
    DROP TABLE changed;";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, POSTGRES_UP, SQLITE_UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, POSTGRES_DOWN, SQLITE_DOWN).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn run(manager: &SchemaManager<'_>, postgres: &str, sqlite: &str) -> Result<(), DbErr> {
    let statements = if manager.get_database_backend() == DbBackend::Postgres { postgres } else { sqlite };
    manager.get_connection().execute_unprepared(statements).await?;
    Ok(())
}
