//! Whom the rules leave out when the hour of a campaign has come, and the messages that are not sent then.
//!
//! Architecture Invariant: a number that several people share is written to as long as one of them is not left out.

use std::sync::Arc;

use entity::ids::{MessageId, PersonId, StructureId};
use entity::{message, message_person, person};
use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, Func, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, FromQueryResult};

use super::{LeftOut, Screening};
use crate::app::Ctx;
use crate::domain::message_state::MessageState;
use crate::error::Fault;
use crate::services::audience::Recipient;
use crate::services::delivery::{
    Change, Moves, Place, SUPPRESSED_AT_ONCE, Standing, in_state, opted_out, reason,
};
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

/// Messages that are not sent after all: their numbers opted out since, or the rules leave out all whom they are for.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    messages: Vec<Row>,
    /// How many people they were for.
    people: usize,
    /// Those of them whom the rules leave out, and why.
    left_out: LeftOut,
}

/// A queued message.
#[derive(Debug, FromQueryResult)]
struct Row {
    id: MessageId,
    cost: i64,
    attempts: i32,
    opted_out: bool,
}

impl Row {
    fn reason(&self) -> &'static str {
        if self.opted_out { reason::OPTED_OUT } else { reason::RULE }
    }
}

impl Dropped {
    /// Those of a campaign.
    pub(super) async fn of(
        tx: &DatabaseTransaction,
        place: Place,
        left_out: &LeftOut,
    ) -> Result<Self, Fault> {
        use message::Column;
        let mut dropped = Condition::any().add(opted_out());
        if !left_out.is_empty() {
            dropped = dropped.add(covers(tx, left_out, true).and(covers(tx, left_out, false).not()));
        }
        let query = Query::select()
            .columns([Column::Id, Column::Cost, Column::Attempts].map(|column| (message::Entity, column)))
            .expr_as(opted_out(), Alias::new("opted_out"))
            .from(message::Entity)
            .and_where(Column::StructureId.eq(place.0))
            .and_where(Column::CampaignId.eq(place.1))
            .and_where(in_state(MessageState::Queued))
            .cond_where(dropped)
            .take();
        let rows = tx.query_all(&query).await?;
        let messages: Vec<Row> =
            rows.iter().map(|row| Row::from_query_result(row, "")).collect::<Result<_, _>>()?;
        let people = people_of(tx, place.0, messages.iter().map(|row| row.id).collect()).await?;
        let by_rule = messages.iter().filter(|row| !row.opted_out).map(|row| row.id);
        let by_rule = people_of(tx, place.0, by_rule.collect()).await?;
        let why = |person: PersonId| left_out.get(&person).map(|skip| (person, Arc::clone(skip)));
        let left_out = by_rule.into_iter().filter_map(why).collect();
        Ok(Self { messages, people: people.len(), left_out })
    }

    /// How many messages.
    pub(super) fn messages(&self) -> i64 {
        count(self.messages.len())
    }

    /// How many people they were for.
    pub(super) fn people(&self) -> i64 {
        count(self.people)
    }

    /// What they would have cost.
    pub(super) fn cost(&self) -> i64 {
        self.messages.iter().map(|row| row.cost).sum()
    }

    /// Suppresses them, and keeps why the rules left people out.
    pub(super) async fn keep(self, tx: &DatabaseTransaction, ctx: &Ctx, place: Place) -> Result<(), Fault> {
        exclusions::keep_left_out(tx, place, &self.left_out).await?;
        let state = MessageState::Queued;
        let suppressed = state.suppress().expect("invariant: what is queued can be suppressed");
        for batch in self.messages.chunks(SUPPRESSED_AT_ONCE) {
            let mut moves = Moves::default();
            for row in batch {
                let standing = Standing { id: row.id, place, state, attempts: row.attempts };
                moves.add(&standing, Change::to(suppressed).because(row.reason()));
            }
            moves.apply(tx, ctx, None).await?;
        }
        Ok(())
    }
}

/// Whether a message of the table `message` is for one of those left out, or for one who is not.
fn covers(tx: &DatabaseTransaction, left_out: &LeftOut, one_of_them: bool) -> Expr {
    use message_person::Column;
    let covered = |column: Column| Expr::col((message_person::Entity, column));
    let people = left_out.keys().map(|person| person.as_uuid());
    let listed = among_ids(tx.get_database_backend(), covered(Column::PersonId), people);
    let query = Query::select()
        .expr(Expr::val(1_i32))
        .from(message_person::Entity)
        .and_where(covered(Column::StructureId).equals((message::Entity, message::Column::StructureId)))
        .and_where(covered(Column::MessageId).equals((message::Entity, message::Column::Id)))
        .and_where(if one_of_them { listed } else { listed.not() })
        .take();
    Expr::exists(query)
}

/// Those whom these messages are for.
async fn people_of(
    tx: &DatabaseTransaction,
    structure: StructureId,
    messages: Vec<MessageId>,
) -> Result<Vec<PersonId>, Fault> {
    use message_person::Column;
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::select()
        .column(Column::PersonId)
        .from(message_person::Entity)
        .and_where(Column::StructureId.eq(structure))
        .and_where(among_ids(
            tx.get_database_backend(),
            Expr::col(Column::MessageId),
            messages.into_iter().map(MessageId::as_uuid),
        ))
        .take();
    let rows = tx.query_all(&query).await?;
    Ok(rows.iter().map(|row| row.try_get("", "person_id")).collect::<Result<_, _>>()?)
}
