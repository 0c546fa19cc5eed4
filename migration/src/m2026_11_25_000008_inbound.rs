//! SMS that come in, and the refusals that they are.
//!
//! A campaign keeps the short code that its STOP mention names, by which a refusal finds the structures that it concerns.

use sea_orm_migration::{
    prelude::*,
    schema::{text, text_null},
    sea_orm::{DbBackend, FromQueryResult, Statement},
};

use crate::columns::{at, create, digest, drop_all, id, id_null, index, keyed, one_of, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        manager
            .alter_table(Table::alter().table("campaign").add_column(text_null("short_code")).take())
            .await?;
        fill_short_codes(manager).await?;
        create(
            manager,
            [inbound(db), inbound_structure(db), opt_out(db)],
            [
                index("message", "message_by_number", &["number_hash"]),
                index("inbound", "inbound_by_time", &["received_at", "id"]),
                index("inbound_structure", "inbound_structure_by_inbound", &["inbound_id"]),
            ],
        )
        .await?;
        let connection = manager.get_connection();
        connection
            .execute_unprepared(
                "INSERT INTO opt_out_new (structure_id, number_hash, opted_out_at, source)
                SELECT structure_id, number_hash, opted_out_at, 'OPERATOR' FROM opt_out",
            )
            .await?;
        manager.drop_table(Table::drop().table("opt_out").take()).await?;
        manager.rename_table(Table::rename().table("opt_out_new", "opt_out").take()).await?;
        create(manager, [], [index("opt_out", "opt_out_by_number", &["number_hash"])]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        let connection = manager.get_connection();
        create(manager, [opt_out_before(db)], []).await?;
        connection
            .execute_unprepared(
                "INSERT INTO opt_out_old (structure_id, number_hash, opted_out_at, source)
                SELECT structure_id, number_hash, opted_out_at, 'operator' FROM opt_out",
            )
            .await?;
        drop_all(manager, &["opt_out", "inbound_structure", "inbound"]).await?;
        manager.rename_table(Table::rename().table("opt_out_old", "opt_out").take()).await?;
        manager.drop_index(Index::drop().name("message_by_number").table("message").to_owned()).await?;
        manager.alter_table(Table::alter().table("campaign").drop_column("short_code").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// An SMS that came in: what it asks, never what it says. It comes to a short code, which structures share, so it belongs to none.
fn inbound(db: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("inbound")
        .col(id(db, "id").primary_key())
        .col(text("provider"))
        .col(text_null("reference"))
        .col(text_null("sender_problem"))
        .col(text_null("short_code"))
        .col(one_of("keyword", &["STOP", "START", "OTHER"]))
        .col(at("said_at"))
        .col(at("received_at"))
        .index(&mut unique(&["provider", "reference"]))
        .check(Expr::col("said_at").lte(Expr::col("received_at")))
        .take()
}

/// The structures that an SMS concerned.
fn inbound_structure(db: DbBackend) -> TableCreateStatement {
    keyed(db, "inbound_structure", &["inbound_id"])
        .col(id(db, "inbound_id"))
        .foreign_key(&mut of_inbound())
        .take()
}

/// The table as it was, with where a refusal came from: an SMS, or what the operator was told.
fn opt_out(db: DbBackend) -> TableCreateStatement {
    keyed(db, "opt_out_new", &["number_hash"])
        .col(digest("number_hash"))
        .col(at("opted_out_at"))
        .col(one_of("source", &["OPERATOR", "SMS"]))
        .col(id_null(db, "inbound_id"))
        .foreign_key(&mut of_inbound())
        .check(Expr::cust("(source = 'SMS') = (inbound_id IS NOT NULL)"))
        .take()
}

fn opt_out_before(db: DbBackend) -> TableCreateStatement {
    keyed(db, "opt_out_old", &["number_hash"])
        .col(digest("number_hash"))
        .col(at("opted_out_at"))
        .col(text("source"))
        .take()
}

fn of_inbound() -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from_col("inbound_id")
        .to("inbound", "id")
        .on_delete(ForeignKeyAction::Restrict)
        .take()
}

#[derive(FromQueryResult)]
struct Mention {
    mention: String,
}

/// Gives the campaigns of before the short code of their STOP mention, which is what the body of their preview adds to the text.
async fn fill_short_codes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    const ADDED: &str = "substr(p.body, length(p.text) + 1)";
    let connection = manager.get_connection();
    let db = manager.get_database_backend();
    let mentions = format!(
        "SELECT DISTINCT {ADDED} AS mention FROM preview p WHERE p.id IN (SELECT preview_id FROM campaign)"
    );
    let rows = connection.query_all_raw(Statement::from_string(db, mentions)).await?;
    for row in &rows {
        let Mention { mention } = Mention::from_query_result(row, "")?;
        let Some(short_code) = short_code(&mention) else { continue };
        let update = format!(
            "UPDATE campaign SET short_code = $1 WHERE preview_id IN (SELECT p.id FROM preview p WHERE {ADDED} = $2)"
        );
        let values = [short_code.into(), mention.clone().into()];
        connection.execute_raw(Statement::from_sql_and_values(db, update, values)).await?;
    }
    Ok(())
}

/// The last run of 3 to 15 digits.
fn short_code(mention: &str) -> Option<&str> {
    mention.split(|c: char| !c.is_ascii_digit()).rfind(|run| (3..=15).contains(&run.len()))
}

#[cfg(test)]
mod tests {
    use super::short_code;

    #[test]
    fn a_mention_names_its_short_code_last() {
        for (mention, named) in [
            (".STOP 36608", Some("36608")),
            (" STOP au 36608.", Some("36608")),
            (" 24/7: STOP36608", Some("36608")),
            (" no to 1", None),
            ("", None),
        ] {
            assert_eq!(short_code(mention), named, "{mention:?}");
        }
    }
}
