//! The columns, keys and tables that every step writes alike.
//!
//! Owns what differs between the two databases; knows no table but `structure`, which owns the others' rows.
//!
//! Invariant: columns are NOT NULL unless their function ends in `_null`, and no reference lets a row it names be deleted.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, blob, blob_null, text, text_null},
    sea_orm::DbBackend,
};

/// A UUID: 16 bytes on SQLite, where a text would take more than twice the room; `uuid` on PostgreSQL.
pub(crate) fn id(db: DbBackend, name: &'static str) -> ColumnDef {
    uuid(db, name).not_null().take()
}

/// A UUID that may be absent.
pub(crate) fn id_null(db: DbBackend, name: &'static str) -> ColumnDef {
    uuid(db, name).null().take()
}

fn uuid(db: DbBackend, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    match db {
        DbBackend::Sqlite => column.blob().check(Expr::cust(format!("length({name}) = 16"))),
        _ => column.uuid(),
    };
    column
}

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn at(name: &'static str) -> ColumnDef {
    big_integer(name)
}

/// An instant that may be absent.
pub(crate) fn at_null(name: &'static str) -> ColumnDef {
    big_integer_null(name)
}

/// A number that is never negative.
pub(crate) fn count(name: &'static str) -> ColumnDef {
    big_integer(name).check(Expr::col(name).gte(0)).take()
}

/// A hash of 32 bytes.
pub(crate) fn digest(name: &'static str) -> ColumnDef {
    blob(name).check(has_32_bytes(name)).take()
}

/// A hash of 32 bytes that may be absent.
pub(crate) fn digest_null(name: &'static str) -> ColumnDef {
    blob_null(name).check(has_32_bytes(name)).take()
}

fn has_32_bytes(name: &'static str) -> Expr {
    Expr::cust(format!("length({name}) = 32"))
}

/// A text that both databases order alike, by code points; by default PostgreSQL would follow the locale it was installed with.
pub(crate) fn ordered(db: DbBackend, name: &'static str) -> ColumnDef {
    let mut column = text(name);
    if db == DbBackend::Postgres {
        column.extra(r#"COLLATE "C""#);
    }
    column
}

/// One of these texts.
pub(crate) fn one_of(name: &'static str, values: &[&'static str]) -> ColumnDef {
    text(name).check(is_in(name, values)).take()
}

/// One of these texts, or none.
pub(crate) fn one_of_null(name: &'static str, values: &[&'static str]) -> ColumnDef {
    text_null(name).check(is_in(name, values)).take()
}

fn is_in(name: &'static str, values: &[&'static str]) -> Expr {
    Expr::col(name).is_in(values.iter().copied())
}

/// A table of rows that a structure owns, each with an `id`.
pub(crate) fn owned(db: DbBackend, table: &'static str) -> TableCreateStatement {
    Table::create()
        .table(table)
        .col(id(db, "id").primary_key())
        .col(id(db, "structure_id"))
        .index(&mut unique(&["structure_id", "id"]))
        .foreign_key(&mut owner())
        .take()
}

/// A table of rows that a structure owns, with a primary key that starts with `structure_id` and goes on with these columns.
pub(crate) fn keyed(db: DbBackend, table: &'static str, key: &[&'static str]) -> TableCreateStatement {
    let mut primary = columns(&["structure_id"]);
    for column in key {
        primary.col(*column);
    }
    Table::create()
        .table(table)
        .col(id(db, "structure_id"))
        .primary_key(&mut primary)
        .foreign_key(&mut owner())
        .take()
}

fn owner() -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from_col("structure_id")
        .to("structure", "id")
        .on_delete(ForeignKeyAction::Restrict)
        .take()
}

/// A reference to a row of the same structure.
pub(crate) fn reference(column: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from_col("structure_id")
        .from_col(column)
        .to(table, ("structure_id", "id"))
        .on_delete(ForeignKeyAction::Restrict)
        .take()
}

/// A uniqueness, for a `CREATE TABLE`.
pub(crate) fn unique(names: &[&'static str]) -> IndexCreateStatement {
    columns(names).unique().take()
}

/// An index, to be created after its table.
pub(crate) fn index(table: &'static str, name: &'static str, names: &[&'static str]) -> IndexCreateStatement {
    columns(names).name(name).table(table).take()
}

fn columns(names: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    for name in names {
        index.col(*name);
    }
    index
}

/// Creates the tables in that order, then the indices.
pub(crate) async fn create(
    manager: &SchemaManager<'_>,
    tables: impl IntoIterator<Item = TableCreateStatement> + Send,
    indices: impl IntoIterator<Item = IndexCreateStatement> + Send,
) -> Result<(), DbErr> {
    for table in tables {
        manager.create_table(table).await?;
    }
    for index in indices {
        manager.create_index(index).await?;
    }
    Ok(())
}

/// Drops the tables in that order, with their indices.
pub(crate) async fn drop_all(manager: &SchemaManager<'_>, tables: &[&'static str]) -> Result<(), DbErr> {
    for table in tables {
        manager.drop_table(Table::drop().table(*table).take()).await?;
    }
    Ok(())
}
