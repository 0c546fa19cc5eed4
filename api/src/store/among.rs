//! Choosing rows by many values.

use sea_orm::DbBackend;
use sea_orm::sea_query::extension::postgres::PgFunc;
use sea_orm::sea_query::{BinOper, Expr, ExprTrait, Value, ValueType};
use uuid::Uuid;

/// The condition that a column is one of these values.
///
/// On PostgreSQL they travel as one array: its length is no part of the statement, so that one plan serves every length, and
/// a row is looked up among the values instead of being compared with each. On SQLite they are a list.
pub fn among<V>(backend: DbBackend, column: impl Into<Expr>, values: impl IntoIterator<Item = V>) -> Expr
where
    V: Into<Value> + ValueType,
{
    let column = column.into();
    let values = values.into_iter().map(Into::into);
    match backend {
        DbBackend::Postgres => {
            let array = Value::Array(V::array_type(), Some(Box::new(values.collect())));
            column.eq(PgFunc::any(Expr::val(array)))
        }
        _ => column.is_in(values.map(Expr::val)),
    }
}

/// The condition that a column of rows which a condition on ids names already has a value: said so that no index is chosen for it.
///
/// While its statistics are old PostgreSQL believes that few rows have it, and reads all that do instead of those that are named.
pub fn has(column: impl Into<Expr>, value: impl Into<Expr>) -> Expr {
    column.into().binary(BinOper::Custom("IS NOT DISTINCT FROM"), value.into())
}

/// The condition that a column is one of these ids, of which there may be more than SQLite lets a statement have parameters: there they
/// travel as one text.
pub fn among_ids(backend: DbBackend, column: impl Into<Expr>, ids: impl IntoIterator<Item = Uuid>) -> Expr {
    if backend == DbBackend::Postgres {
        return among(backend, column, ids);
    }
    let ids: Vec<String> = ids.into_iter().map(|id| id.simple().to_string()).collect();
    let listed =
        Expr::cust_with_values("SELECT unhex(value) FROM json_each(?)", [serde_json::json!(ids).to_string()]);
    column.into().binary(BinOper::In, Expr::Tuple(vec![listed]))
}
