//! Pages of a list, by keyset: a page starts at a row's own keys, so that rows added meanwhile neither repeat nor hide any.
//!
//! Architecture Invariant: a cursor names its list and its structure; one of another list, order or structure is refused.
//! Source: the Relay cursor connections specification, <https://relay.dev/graphql/connections.htm>.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::ids::StructureId;
use sea_orm::sea_query::{ColumnRef, Expr, ExprTrait, IntoColumnRef, Order, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Fault;

/// How many items a page has when the caller does not say.
pub const DEFAULT_SIZE: u64 = 25;
/// The most items of a page: what a screen can show, and what one statement reads quickly.
pub const MAX_SIZE: u64 = 100;

/// What the caller asks for: `first` with `after`, or `last` with `before`.
#[derive(Debug, Clone, Default)]
pub struct PageArgs {
    /// How many from the start.
    pub first: Option<i32>,
    /// After the item with this cursor.
    pub after: Option<String>,
    /// How many from the end.
    pub last: Option<i32>,
    /// Before the item with this cursor.
    pub before: Option<String>,
}

/// A page of a list, in the list's order, each item with its cursor.
#[derive(Debug)]
pub struct Page<T> {
    /// The items, each behind its cursor.
    pub items: Vec<(String, T)>,
    /// Whether items follow.
    pub has_next: bool,
    /// Whether items precede.
    pub has_previous: bool,
}

impl<T> Page<T> {
    /// The same page with each item turned into another.
    pub fn map<U>(self, turn: impl Fn(T) -> U) -> Page<U> {
        let items = self.items.into_iter().map(|(cursor, item)| (cursor, turn(item))).collect();
        Page { items, has_next: self.has_next, has_previous: self.has_previous }
    }
}

/// A row's value in one of the columns that order a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Key {
    /// A number or an instant.
    Number(i64),
    /// An identifier.
    Id(Uuid),
    /// A folded text.
    Text(String),
}

impl From<Key> for Value {
    fn from(key: Key) -> Self {
        match key {
            Key::Number(number) => number.into(),
            Key::Id(id) => id.into(),
            Key::Text(text) => text.into(),
        }
    }
}

/// What a column that orders a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A number or an instant.
    Number,
    /// An identifier.
    Id,
    /// A folded text.
    Text,
}

impl Key {
    /// Whether this is a value that such a column can hold: a forged cursor may say anything.
    fn fits(&self, kind: KeyKind) -> bool {
        match self {
            Self::Number(_) => kind == KeyKind::Number,
            Self::Id(_) => kind == KeyKind::Id,
            Self::Text(text) => kind == KeyKind::Text && !text.contains('\0'),
        }
    }
}

/// A row that knows its keys, in the order of its list's columns.
pub trait Keyed {
    /// The keys.
    fn keys(&self) -> Vec<Key>;
}

/// A list in a fixed order, whose last column makes it total.
pub struct Listing {
    name: &'static str,
    structure: StructureId,
    columns: Vec<(ColumnRef, KeyKind)>,
    order: Order,
}

impl Listing {
    /// A list, by its name (part of its cursors), in ascending order of its columns.
    #[must_use]
    pub fn ascending(name: &'static str, structure: StructureId) -> Self {
        Self { name, structure, columns: Vec::new(), order: Order::Asc }
    }

    /// A list in descending order of its columns.
    #[must_use]
    pub fn descending(name: &'static str, structure: StructureId) -> Self {
        Self { order: Order::Desc, ..Self::ascending(name, structure) }
    }

    /// The same, ordered by one more column.
    #[must_use]
    pub fn by(mut self, column: impl IntoColumnRef, kind: KeyKind) -> Self {
        self.columns.push((column.into_column_ref(), kind));
        self
    }

    /// Reads one page with one statement. `query` selects the rows of the list, with neither order nor limit.
    ///
    /// # Errors
    /// [`Fault::PageSizeInvalid`], [`Fault::CursorInvalid`], or the database's.
    pub async fn page<R>(
        &self,
        db: &impl ConnectionTrait,
        mut query: SelectStatement,
        args: &PageArgs,
    ) -> Result<Page<R>, Fault>
    where
        R: FromQueryResult + Keyed,
    {
        let (size, forward) = size(args)?;
        for (cursor, after) in [(&args.after, true), (&args.before, false)] {
            if let Some(cursor) = cursor {
                let keys = self.decode(cursor)?;
                let row = Expr::tuple(self.columns.iter().map(|(column, _)| Expr::col(column.clone())));
                let bound = Expr::tuple(keys.into_iter().map(Expr::value));
                let greater = after == (self.order == Order::Asc);
                query.and_where(if greater { row.gt(bound) } else { row.lt(bound) });
            }
        }
        let ascending = forward == (self.order == Order::Asc);
        for (column, _) in &self.columns {
            query.order_by(column.clone(), if ascending { Order::Asc } else { Order::Desc });
        }
        query.limit(size + 1);
        let mut rows: Vec<R> = db
            .query_all(&query)
            .await?
            .iter()
            .map(|row| R::from_query_result(row, ""))
            .collect::<Result<_, _>>()?;
        let more = rows.len() as u64 > size;
        rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        if !forward {
            rows.reverse();
        }
        Ok(Page {
            items: rows.into_iter().map(|row| (self.encode(&row.keys()), row)).collect(),
            has_next: if forward { more } else { args.before.is_some() },
            has_previous: if forward { args.after.is_some() } else { more },
        })
    }

    /// Cuts one page out of a list held whole in memory, already in order.
    ///
    /// # Errors
    /// [`Fault::PageSizeInvalid`] or [`Fault::CursorInvalid`].
    pub fn cut<R: Keyed>(&self, rows: Vec<R>, args: &PageArgs) -> Result<Page<R>, Fault> {
        let (size, forward) = size(args)?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let place = |cursor: &str| -> Result<Option<usize>, Fault> {
            let keys = self.decode(cursor)?;
            Ok(rows.iter().position(|row| row.keys() == keys))
        };
        let start = args.after.as_deref().map(place).transpose()?.flatten().map_or(0, |at| at + 1);
        let end = args.before.as_deref().map(place).transpose()?.flatten().unwrap_or(rows.len()).max(start);
        let (from, to) =
            if forward { (start, end.min(start + size)) } else { (start.max(end.saturating_sub(size)), end) };
        let (has_previous, has_next) = (from > 0, to < rows.len());
        let items =
            rows.into_iter().skip(from).take(to - from).map(|row| (self.encode(&row.keys()), row)).collect();
        Ok(Page { items, has_next, has_previous })
    }

    fn encode(&self, keys: &[Key]) -> String {
        let cursor = serde_json::json!([self.name, self.structure.as_uuid(), keys]);
        URL_SAFE_NO_PAD.encode(cursor.to_string())
    }

    fn decode(&self, cursor: &str) -> Result<Vec<Key>, Fault> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Fault::CursorInvalid)?;
        let (name, structure, keys): (String, Uuid, Vec<Key>) =
            serde_json::from_slice(&bytes).map_err(|_| Fault::CursorInvalid)?;
        let ours = name == self.name
            && structure == self.structure.as_uuid()
            && keys.len() == self.columns.len()
            && keys.iter().zip(&self.columns).all(|(key, (_, kind))| key.fits(*kind));
        if ours { Ok(keys) } else { Err(Fault::CursorInvalid) }
    }
}

/// The size of the page, and whether it is read from the start.
fn size(args: &PageArgs) -> Result<(u64, bool), Fault> {
    let invalid = Fault::PageSizeInvalid { max: MAX_SIZE };
    let (asked, forward) = match (args.first, args.last) {
        (Some(_), Some(_)) => return Err(invalid),
        (Some(first), None) => (Some(first), true),
        (None, Some(last)) => (Some(last), false),
        (None, None) => (None, true),
    };
    match asked.map(u64::try_from) {
        None => Ok((DEFAULT_SIZE, forward)),
        Some(Ok(size)) if size <= MAX_SIZE => Ok((size, forward)),
        Some(_) => Err(invalid),
    }
}
