//! Whom the rules leave out when the hour of a campaign has come, and the messages that are then for nobody.
//!
//! Architecture Invariant: a number that several people share is written to as long as one of them is not left out.

use std::collections::HashMap;
use std::sync::Arc;

use entity::ids::{MessageId, PersonId};
use entity::{message, message_person, person};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, FromQueryResult};

use super::{LeftOut, Screening};
use crate::app::Ctx;
use crate::domain::message_state::MessageState;
use crate::error::Fault;
use crate::services::audience::Recipient;
use crate::services::delivery::{Change, Moves, Place, SUPPRESSED_AT_ONCE, Standing, in_state, reason};
use crate::services::message::exclusions;
use crate::services::message::plan::count;
use crate::store::among_ids;

/// People looked at by one statement: few statements, and little held in memory.
const PAGE: u64 = 2_000;

/// Has the rules look at those whom the queued messages of a campaign are for, whatever became of their numbers since.
pub(super) async fn screen(
    tx: &DatabaseTransaction,
    place: Place,
    mut screening: Screening,
) -> Result<Screening, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        message: MessageId,
        #[sea_orm(nested)]
        recipient: Recipient,
    }
    if screening.is_open() {
        return Ok(screening);
    }
    let mut last = None;
    loop {
        let rows = tx.query_all(&people(place, last)).await?;
        let rows: Vec<Row> =
            rows.iter().map(|row| Row::from_query_result(row, "")).collect::<Result<_, _>>()?;
        let Some(end) = rows.last() else {
            return Ok(screening);
        };
        last = Some((end.message, end.recipient.id));
        let page = rows.into_iter().map(|row| row.recipient).collect();
        (screening, _) = screening.sift(tx, page).await?;
    }
}

/// The next page of those people, message by message, with the numbers that the messages go to.
fn people(place: Place, after: Option<(MessageId, PersonId)>) -> SelectStatement {
    use message::Column;
    let of = |column: Column| Expr::col((message::Entity, column));
    let covered = |column: message_person::Column| Expr::col((message_person::Entity, column));
    let mut query = Query::select()
        .expr_as(of(Column::Id), Alias::new("message"))
        .expr_as(Func::coalesce([of(Column::Number), Expr::val("")]), Alias::new("mobile"))
        .expr_as(of(Column::NumberHash), Alias::new("number_hash"))
        .columns(
            [
                person::Column::Id,
                person::Column::SortKey,
                person::Column::FirstName,
                person::Column::LastName,
                person::Column::Sex,
                person::Column::CommercialConsentAt,
            ]
            .map(|column| (person::Entity, column)),
        )
        .expr_as(Expr::null(), Alias::new("own"))
        .from(message::Entity)
        .inner_join(
            message_person::Entity,
            covered(message_person::Column::StructureId)
                .eq(of(Column::StructureId))
                .and(covered(message_person::Column::MessageId).eq(of(Column::Id))),
        )
        .inner_join(
            person::Entity,
            covered(message_person::Column::PersonId).equals((person::Entity, person::Column::Id)),
        )
        .and_where(Column::StructureId.eq(place.0))
        .and_where(Column::CampaignId.eq(place.1))
        .and_where(in_state(MessageState::Queued))
        .order_by((message::Entity, Column::Id), Order::Asc)
        .order_by((person::Entity, person::Column::Id), Order::Asc)
        .limit(PAGE)
        .take();
    if let Some((message, person)) = after {
        let row = Expr::tuple([of(Column::Id), Expr::col((person::Entity, person::Column::Id))]);
        query.and_where(of(Column::Id).gte(message));
        query.and_where(row.gt(Expr::tuple([Expr::val(message.as_uuid()), Expr::val(person.as_uuid())])));
    }
    query
}

/// Messages that are for nobody any more.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    messages: HashMap<MessageId, Row>,
    /// Those whom they were for, and why they are left out.
    people: LeftOut,
}

/// A queued message.
#[derive(Debug, FromQueryResult)]
struct Row {
    id: MessageId,
    cost: i64,
    attempts: i32,
}

impl Dropped {
    /// The queued messages of a campaign all of whose people are left out.
    pub(super) async fn of(
        tx: &DatabaseTransaction,
        place: Place,
        left_out: &LeftOut,
    ) -> Result<Self, Fault> {
        use message::Column;
        if left_out.is_empty() {
            return Ok(Self::default());
        }
        let covered = |column: message_person::Column| Expr::col((message_person::Entity, column));
        let listed = |out: bool| {
            let people = left_out.keys().map(|person| person.as_uuid());
            let one = among_ids(tx.get_database_backend(), covered(message_person::Column::PersonId), people);
            let covers = covered(message_person::Column::MessageId).equals((message::Entity, Column::Id));
            let query = Query::select()
                .expr(Expr::val(1_i32))
                .from(message_person::Entity)
                .and_where(covers)
                .and_where(if out { one } else { one.not() })
                .take();
            Expr::exists(query)
        };
        let query = Query::select()
            .columns([Column::Id, Column::Cost, Column::Attempts].map(|column| (message::Entity, column)))
            .from(message::Entity)
            .and_where(Column::StructureId.eq(place.0))
            .and_where(Column::CampaignId.eq(place.1))
            .and_where(in_state(MessageState::Queued))
            .and_where(listed(true))
            .and_where(listed(false).not())
            .take();
        let mut messages = HashMap::new();
        for row in &tx.query_all(&query).await? {
            let row = Row::from_query_result(row, "")?;
            messages.insert(row.id, row);
        }
        let theirs = people_of(tx, messages.keys().copied()).await?;
        let why = |person: PersonId| left_out.get(&person).map(|skip| (person, Arc::clone(skip)));
        let people = theirs.into_iter().filter_map(why).collect();
        Ok(Self { messages, people })
    }

    /// How many messages.
    pub(super) fn messages(&self) -> i64 {
        count(self.messages.len())
    }

    /// How many people.
    pub(super) fn people(&self) -> i64 {
        count(self.people.len())
    }

    /// What they would have cost.
    pub(super) fn cost(&self) -> i64 {
        self.messages.values().map(|row| row.cost).sum()
    }

    /// Suppresses them, and keeps why for each person.
    pub(super) async fn keep(self, tx: &DatabaseTransaction, ctx: &Ctx, place: Place) -> Result<(), Fault> {
        exclusions::keep_left_out(tx, place, &self.people).await?;
        let state = MessageState::Queued;
        let suppressed = state.suppress().expect("invariant: what is queued can be suppressed");
        let rows: Vec<Row> = self.messages.into_values().collect();
        for batch in rows.chunks(SUPPRESSED_AT_ONCE) {
            let mut moves = Moves::default();
            for Row { id, attempts, .. } in batch {
                let standing = Standing { id: *id, place, state, attempts: *attempts };
                moves.add(&standing, Change::to(suppressed).because(reason::RULE));
            }
            moves.apply(tx, ctx, None).await?;
        }
        Ok(())
    }
}

/// Those whom these messages are for.
async fn people_of(
    tx: &DatabaseTransaction,
    messages: impl ExactSizeIterator<Item = MessageId>,
) -> Result<Vec<PersonId>, Fault> {
    use message_person::Column;
    if messages.len() == 0 {
        return Ok(Vec::new());
    }
    let query = Query::select()
        .column(Column::PersonId)
        .from(message_person::Entity)
        .and_where(among_ids(
            tx.get_database_backend(),
            Expr::col(Column::MessageId),
            messages.map(MessageId::as_uuid),
        ))
        .take();
    let rows = tx.query_all(&query).await?;
    Ok(rows.iter().map(|row| row.try_get("", "person_id")).collect::<Result<_, _>>()?)
}
