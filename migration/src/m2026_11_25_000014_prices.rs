//! Prices by where an SMS goes. Until now every number cost the same; from now on those of France, overseas departments included, do, and
//! the operator lists the others.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, text},
};

use crate::columns::create;

/// France; Réunion and Mayotte; Guadeloupe; French Guiana; Martinique. Source: ITU-T E.164, list of assigned country codes.
const FRANCE: [&str; 5] = ["33", "262", "590", "594", "596"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let prices = Table::create()
            .table("price")
            .col(text("prefix").primary_key())
            .col(big_integer("price").check(Expr::col("price").between(1, 100)).take())
            .check(Expr::cust("length(prefix) BETWEEN 1 AND 4"))
            .take();
        create(manager, [prices], []).await?;
        let mut insert = Query::insert();
        insert.into_table("price").columns(["prefix", "price"]);
        for prefix in FRANCE {
            insert.values_panic([prefix.into(), 1_i64.into()]);
        }
        manager.execute(insert).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("price").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
