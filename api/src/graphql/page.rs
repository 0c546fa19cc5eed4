//! Connections, as the Relay cursor specification has them: <https://relay.dev/graphql/connections.htm>.

use async_graphql::Context;

use crate::error::Fault;
use crate::services::page::{DEFAULT_SIZE, MAX_SIZE, Page};

pub use crate::services::page::PageArgs;

/// What is asked of a connection, by its arguments and by what is selected: the field being resolved.
#[must_use]
pub fn page_args(
    graphql: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> PageArgs {
    PageArgs { first, after, last, before, total: graphql.look_ahead().field("totalCount").exists() }
}

/// What a connection costs: its items, each with what is asked of it.
#[must_use]
pub fn cost(first: Option<i32>, last: Option<i32>, of_an_item: usize) -> usize {
    let asked =
        first.or(last).and_then(|size| u64::try_from(size).ok()).unwrap_or(DEFAULT_SIZE).min(MAX_SIZE);
    usize::try_from(asked).unwrap_or(usize::MAX).max(1).saturating_mul(of_an_item.max(1)).saturating_add(1)
}

/// The same page, its items turned all at once, in their order: so that what they refer to is read with one statement.
///
/// # Errors
/// What `turn` answered.
pub async fn turned<R, N, W>(page: Page<R>, turn: impl FnOnce(Vec<R>) -> W) -> Result<Page<N>, Fault>
where
    W: Future<Output = Result<Vec<N>, Fault>>,
{
    let Page { items, has_next, has_previous, total } = page;
    let (cursors, rows): (Vec<_>, Vec<_>) = items.into_iter().unzip();
    let items = cursors.into_iter().zip(turn(rows).await?).collect();
    Ok(Page { items, has_next, has_previous, total })
}

/// Declares a connection and its edge over a node that is made from a service's row.
macro_rules! connection {
    ($(#[$doc:meta])* $connection:ident { $(#[$edge_doc:meta])* $edge:ident { $node:ty } }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $connection {
            /// The items of this page, in the order of the list.
            edges: Vec<$edge>,
            /// Whether there are items before and after this page.
            page_info: async_graphql::connection::PageInfo,
            /// How many items the whole list has, on all its pages, at this moment. Counted when it is selected.
            total_count: i64,
        }

        $(#[$edge_doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $edge {
            /// The place of the item: give it as `after` or `before` to read on from here.
            cursor: String,
            /// The item.
            node: $node,
        }

        impl<R> From<$crate::services::page::Page<R>> for $connection
        where
            $node: From<R>,
        {
            fn from(page: $crate::services::page::Page<R>) -> Self {
                // Absent where it was not selected: nobody reads it then.
                let total_count = page.total.unwrap_or_default();
                let edges: Vec<$edge> =
                    page.items.into_iter().map(|(cursor, row)| $edge { cursor, node: row.into() }).collect();
                let page_info = async_graphql::connection::PageInfo {
                    has_previous_page: page.has_previous,
                    has_next_page: page.has_next,
                    start_cursor: edges.first().map(|edge| edge.cursor.clone()),
                    end_cursor: edges.last().map(|edge| edge.cursor.clone()),
                };
                Self { edges, page_info, total_count }
            }
        }
    };
}

pub(super) use connection;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_costs_its_items() {
        assert_eq!(cost(None, None, 3), 76);
        assert_eq!(cost(Some(10), None, 3), 31);
        assert_eq!(cost(None, Some(2), 3), 7);
        assert_eq!(cost(Some(1_000_000), None, 3), 301);
        assert_eq!(cost(Some(-1), None, 3), 76);
        assert_eq!(cost(Some(0), None, 0), 2);
    }
}
