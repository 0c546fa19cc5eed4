//! Pages of a list, by keyset: a page starts at a row's own keys, so that rows added meanwhile neither repeat nor hide any.
//!
//! Architecture Invariant: a cursor names its list and its structure; one of another list, order or structure is refused, as is
//! one that was altered. A page takes one statement, and one more when the whole is to be counted, whatever its size; so do the
//! pages of many lists of one kind read together ([`Listing::page_of_each`]).
//! Source: the Relay cursor connections specification, <https://relay.dev/graphql/connections.htm>.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::ids::StructureId;
use sea_orm::sea_query::{
    self, Alias, ColumnRef, Expr, ExprTrait, Func, IntoColumnRef, Order, Query, SelectStatement, UnionType,
    Value,
};
use sea_orm::{ConnectionTrait, FromQueryResult, TryGetable};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::error::Fault;
use crate::store::among;

mod key;

pub use key::{Key, KeyKind, Keyed};

/// How many items a page has when the caller does not say.
pub const DEFAULT_SIZE: u64 = 25;
/// The most items of a page: what a screen can show, and what one statement reads quickly.
pub const MAX_SIZE: u64 = 100;

/// Owners whose lists one statement reads: a page of them. SQLite takes no more than 500 selects in a union.
const OWNERS: usize = 100;

/// Bytes of a cursor's checksum: enough that no slip of a client goes unnoticed. It keeps no secret.
const CHECKSUM: usize = 6;

/// What the caller asks for: `first` with `after`, or `last` with `before`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageArgs {
    /// How many from the start.
    pub first: Option<i32>,
    /// After the item with this cursor.
    pub after: Option<String>,
    /// How many from the end.
    pub last: Option<i32>,
    /// Before the item with this cursor.
    pub before: Option<String>,
    /// Whether the whole list is to be counted too.
    pub total: bool,
}

/// A page of a list, in the list's order, each item with its cursor.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items, each behind its cursor.
    pub items: Vec<(String, T)>,
    /// Whether items follow.
    pub has_next: bool,
    /// Whether items precede.
    pub has_previous: bool,
    /// How many items the whole list has, where that was asked for.
    pub total: Option<i64>,
}

impl<T> Page<T> {
    /// The same page with each item turned into another.
    pub fn map<U>(self, turn: impl Fn(T) -> U) -> Page<U> {
        self.turn(|items| items.into_iter().map(turn).collect())
    }

    /// The same page with its items turned all at once, in their order.
    pub fn turn<U>(self, turn: impl FnOnce(Vec<T>) -> Vec<U>) -> Page<U> {
        let Self { items, has_next, has_previous, total } = self;
        let (cursors, items): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        let items = cursors.into_iter().zip(turn(items)).collect();
        Page { items, has_next, has_previous, total }
    }
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

    /// Reads one page with one statement, and counts the whole with another where that is asked for. `query` selects the rows
    /// of the list, with neither order nor limit.
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
        let span = span(args)?;
        let total = args.total.then(|| counting(&query));
        self.first(&mut query, span, args)?;
        let rows = read(db, &query).await?;
        let total = match total {
            Some(total) => count(db, &total).await?,
            None => None,
        };
        Ok(self.leaf(rows, span, args, total))
    }

    /// Reads the same page of the lists of each of these owners, and counts each whole with one more statement where that is
    /// asked for. `query` selects the rows of the lists of any owner, with neither order nor limit; `owner`, the column that tells
    /// whose a row is, becomes the column `owner` of the rows. Lists without rows are absent. One statement for as many owners as
    /// a page has, which costs what it reads, not the length of the lists.
    ///
    /// # Errors
    /// [`Fault::PageSizeInvalid`], [`Fault::CursorInvalid`], or the database's.
    pub async fn page_of_each<K, R>(
        &self,
        db: &impl ConnectionTrait,
        query: SelectStatement,
        owner: impl IntoColumnRef,
        owners: &[K],
        args: &PageArgs,
    ) -> Result<HashMap<K, Page<R>>, Fault>
    where
        K: Copy + Into<Value> + sea_query::ValueType + TryGetable + Eq + Hash,
        R: FromQueryResult + Keyed,
    {
        let span = span(args)?;
        let owner = owner.into_column_ref();
        let mut totals =
            if args.total { count_each(db, &query, &owner, owners).await? } else { HashMap::new() };
        let mut lists: HashMap<K, Vec<R>> = HashMap::new();
        let unique: HashSet<K> = owners.iter().copied().collect();
        for some in unique.into_iter().collect::<Vec<K>>().chunks(OWNERS) {
            for row in db.query_all(&self.first_of_each(&query, &owner, some, args)?).await? {
                lists.entry(row.try_get("", "owner")?).or_default().push(R::from_query_result(&row, "")?);
            }
        }
        let mut pages = HashMap::with_capacity(lists.len());
        for (owner, mut rows) in lists {
            // A database may read the parts of a union at once.
            rows.sort_by_cached_key(Keyed::keys);
            if self.order(span) == Order::Desc {
                rows.reverse();
            }
            let total = args.total.then(|| totals.remove(&owner).unwrap_or_default());
            pages.insert(owner, self.leaf(rows, span, args, total));
        }
        for (owner, total) in totals {
            pages.insert(owner, self.leaf(Vec::new(), span, args, Some(total)));
        }
        Ok(pages)
    }

    /// Selects the rows of one page and one more of the list of each of these owners, at least one.
    fn first_of_each<K: Copy + Into<Value>>(
        &self,
        query: &SelectStatement,
        owner: &ColumnRef,
        owners: &[K],
        args: &PageArgs,
    ) -> Result<SelectStatement, Fault> {
        let mut lists = Vec::with_capacity(owners.len());
        for one in owners {
            let mut list = query.clone();
            list.expr_as(Expr::col(owner.clone()), Alias::new("owner"));
            list.and_where(Expr::col(owner.clone()).eq(Expr::val(*one)));
            self.first(&mut list, span(args)?, args)?;
            // SQLite takes an order and a limit within a union only in a select of their own.
            let list = Query::select().expr(Expr::cust("*")).from_subquery(list, Alias::new("list")).take();
            lists.push((UnionType::All, list));
        }
        let (_, mut first) = lists.swap_remove(0);
        Ok(first.unions(lists).take())
    }

    /// Cuts one page out of a list held whole in memory and sorted by its keys. It holds when rows come and go, as pages read
    /// from the database do.
    ///
    /// # Errors
    /// [`Fault::PageSizeInvalid`] or [`Fault::CursorInvalid`].
    pub fn slice<R: Keyed>(&self, mut rows: Vec<R>, args: &PageArgs) -> Result<Page<R>, Fault> {
        let span = span(args)?;
        let total = args.total.then(|| length(&rows));
        if let Some(after) = &args.after {
            let keys = self.decode(after)?;
            rows.retain(|row| row.keys() > keys);
        }
        if let Some(before) = &args.before {
            let keys = self.decode(before)?;
            rows.retain(|row| row.keys() < keys);
        }
        if !span.forward {
            rows.reverse();
        }
        Ok(self.leaf(rows, span, args, total))
    }

    /// Leaves only the rows of one page, in the order in which they are read, and one more.
    fn first(&self, query: &mut SelectStatement, span: Span, args: &PageArgs) -> Result<(), Fault> {
        self.bound(query, args)?;
        for (column, _) in &self.columns {
            query.order_by(column.clone(), self.order(span));
        }
        query.limit(span.size + 1);
        Ok(())
    }

    /// Leaves only the rows between the cursors.
    fn bound(&self, query: &mut SelectStatement, args: &PageArgs) -> Result<(), Fault> {
        for (cursor, after) in [(&args.after, true), (&args.before, false)] {
            if let Some(cursor) = cursor {
                let keys = self.decode(cursor)?;
                let row = Expr::tuple(self.columns.iter().map(|(column, _)| Expr::col(column.clone())));
                let bound = Expr::tuple(keys.into_iter().map(Expr::value));
                let greater = after == (self.order == Order::Asc);
                query.and_where(if greater { row.gt(bound) } else { row.lt(bound) });
            }
        }
        Ok(())
    }

    /// The order in which rows are read: the list's, or the other way round to read it from its end.
    fn order(&self, span: Span) -> Order {
        if span.forward == (self.order == Order::Asc) { Order::Asc } else { Order::Desc }
    }

    /// The page of these rows, which were read in the order of the span, with at least one more than it holds where there are
    /// more.
    fn leaf<R: Keyed>(&self, mut rows: Vec<R>, span: Span, args: &PageArgs, total: Option<i64>) -> Page<R> {
        let more = rows.len() as u64 > span.size;
        rows.truncate(usize::try_from(span.size).unwrap_or(usize::MAX));
        if !span.forward {
            rows.reverse();
        }
        Page {
            items: rows.into_iter().map(|row| (self.encode(&row.keys()), row)).collect(),
            has_next: if span.forward { more } else { args.before.is_some() },
            has_previous: if span.forward { args.after.is_some() } else { more },
            total,
        }
    }

    /// Cuts one page out of a list held whole in memory, already in order.
    ///
    /// # Errors
    /// [`Fault::PageSizeInvalid`] or [`Fault::CursorInvalid`].
    pub fn cut<R: Keyed>(&self, rows: Vec<R>, args: &PageArgs) -> Result<Page<R>, Fault> {
        let Span { size, forward } = span(args)?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let total = args.total.then(|| length(&rows));
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
        Ok(Page { items, has_next, has_previous, total })
    }

    fn encode(&self, keys: &[Key]) -> String {
        let cursor = serde_json::json!([self.name, self.structure.as_uuid(), keys]).to_string();
        URL_SAFE_NO_PAD.encode([&checksum(cursor.as_bytes()), cursor.as_bytes()].concat())
    }

    fn decode(&self, cursor: &str) -> Result<Vec<Key>, Fault> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Fault::CursorInvalid)?;
        let (sum, bytes) = bytes.split_first_chunk().ok_or(Fault::CursorInvalid)?;
        if *sum != checksum(bytes) {
            return Err(Fault::CursorInvalid);
        }
        let (name, structure, keys): (String, Uuid, Vec<Key>) =
            serde_json::from_slice(bytes).map_err(|_| Fault::CursorInvalid)?;
        let ours = name == self.name
            && structure == self.structure.as_uuid()
            && keys.len() == self.columns.len()
            && keys.iter().zip(&self.columns).all(|(key, (_, kind))| key.fits(*kind));
        if ours { Ok(keys) } else { Err(Fault::CursorInvalid) }
    }
}

/// Tells a cursor that was altered or cut from one that was handed out.
fn checksum(cursor: &[u8]) -> [u8; CHECKSUM] {
    let whole: [u8; 32] = Sha256::digest(cursor).into();
    std::array::from_fn(|at| whole[at])
}

/// The statement that counts the rows of another, as the column `total`.
fn counting(query: &SelectStatement) -> SelectStatement {
    let mut query = query.clone();
    query.clear_selects().expr_as(Func::count(Expr::cust("*")), Alias::new("total"));
    query
}

async fn count(db: &impl ConnectionTrait, query: &SelectStatement) -> Result<Option<i64>, Fault> {
    let row = db.query_one(query).await?.ok_or_else(|| Fault::internal("a count without a row"))?;
    Ok(row.try_get("", "total")?)
}

/// How long the lists of these owners are; those without rows are absent.
async fn count_each<K>(
    db: &impl ConnectionTrait,
    query: &SelectStatement,
    owner: &ColumnRef,
    owners: &[K],
) -> Result<HashMap<K, i64>, Fault>
where
    K: Copy + Into<Value> + sea_query::ValueType + TryGetable + Eq + Hash,
{
    let mut total = counting(query);
    total
        .expr_as(Expr::col(owner.clone()), Alias::new("owner"))
        .and_where(among(db.get_database_backend(), Expr::col(owner.clone()), owners.iter().copied()))
        .add_group_by([Expr::col(owner.clone())]);
    let mut totals = HashMap::new();
    for row in db.query_all(&total).await? {
        totals.insert(row.try_get("", "owner")?, row.try_get("", "total")?);
    }
    Ok(totals)
}

async fn read<R: FromQueryResult>(
    db: &impl ConnectionTrait,
    query: &SelectStatement,
) -> Result<Vec<R>, Fault> {
    let rows = db.query_all(query).await?;
    Ok(rows.iter().map(|row| R::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

fn length<R>(rows: &[R]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

/// How much of a list is read, and from which end.
#[derive(Debug, Clone, Copy)]
struct Span {
    size: u64,
    forward: bool,
}

fn span(args: &PageArgs) -> Result<Span, Fault> {
    let invalid = Fault::PageSizeInvalid { max: MAX_SIZE };
    let (asked, forward) = match (args.first, args.last) {
        (Some(_), Some(_)) => return Err(invalid),
        (Some(first), None) => (Some(first), true),
        (None, Some(last)) => (Some(last), false),
        (None, None) => (None, true),
    };
    match asked.map(u64::try_from) {
        None => Ok(Span { size: DEFAULT_SIZE, forward }),
        Some(Ok(size)) if size <= MAX_SIZE => Ok(Span { size, forward }),
        Some(_) => Err(invalid),
    }
}
