//! The senders of a structure, one of them its default. Until now it had one, which becomes its default; a preview made before has none of
//! its own, and means the default.
//!
//! The column that held it stays, unread: instances of before go on while they are replaced.

use sea_orm_migration::{
    prelude::*,
    schema::{boolean, text, text_null},
};

use crate::columns::{create, keyed};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let senders = keyed(manager.get_database_backend(), "sender", &["folded"])
            .col(text("folded").check(Expr::cust("length(folded) BETWEEN 3 AND 11")).take())
            .col(text("name").check(Expr::cust("lower(name) = folded")).take())
            .col(boolean("is_default"))
            .col(boolean("although_protected"))
            .take();
        let one_default = Index::create()
            .name("sender_default")
            .table("sender")
            .col("structure_id")
            .unique()
            .and_where(Expr::cust("is_default"))
            .take();
        create(manager, [senders], [one_default]).await?;
        let present = Query::select()
            .column("structure_id")
            .expr(Expr::cust("lower(sender)"))
            .column("sender")
            .expr(Expr::val(true))
            .expr(Expr::val(false))
            .from("sms_settings")
            .and_where(Expr::col("sender").is_not_null())
            .take();
        let columns = ["structure_id", "folded", "name", "is_default", "although_protected"];
        let mut insert = Query::insert();
        insert
            .into_table("sender")
            .columns(columns)
            .select_from(present)
            .map_err(|error| DbErr::Custom(error.to_string()))?;
        manager.execute(insert).await?;
        manager.alter_table(Table::alter().table("preview").add_column(text_null("sender")).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("preview").drop_column("sender").take()).await?;
        let default =
            "SELECT name FROM sender WHERE is_default AND sender.structure_id = sms_settings.structure_id";
        let update =
            Query::update().table("sms_settings").value("sender", Expr::cust(format!("({default})"))).take();
        manager.execute(update).await?;
        manager.drop_table(Table::drop().table("sender").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
