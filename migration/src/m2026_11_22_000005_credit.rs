//! The balances of structures and the orders that fill them.

use sea_orm_migration::{prelude::*, schema::big_integer, sea_orm::DbBackend};

use crate::columns::{at, at_null, count, create, drop_all, id_null, keyed, one_of, owned, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        create(manager, [credit(db), top_up_order(db)], []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, &["top_up_order", "credit"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn credit(db: DbBackend) -> TableCreateStatement {
    keyed(db, "credit", &[])
        .col(count("issued"))
        .col(count("available"))
        .col(count("reserved"))
        .col(count("spent"))
        .col(count("operator_loss"))
        .check(Expr::cust("issued = available + reserved + spent + operator_loss"))
        .take()
}

fn top_up_order(db: DbBackend) -> TableCreateStatement {
    owned(db, "top_up_order")
        .col(big_integer("quantity").check(Expr::col("quantity").gt(0)))
        .col(one_of("state", &["PENDING", "APPROVED", "REFUSED"]))
        .col(id_null(db, "requested_by"))
        .col(at("requested_at"))
        .col(at_null("decided_at"))
        .foreign_key(&mut reference("requested_by", "account"))
        .take()
}
