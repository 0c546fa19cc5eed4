//! The people whom a campaign did not reach, as a condition on the table `person`.
//!
//! Owns what *not reached* means, and with it who may be written to again. A campaign and those sent again to whom it did not reach
//! are one family, known by its first. A message missed its people when it was refused, not delivered, written off, or not sent
//! because its campaign was cancelled, its tries came to an end, or the rules were against it at its hour. Any other may have reached them, or still may; one that an
//! opt-out suppressed is not sent again either.
//!
//! Architecture Invariant: a person, or a number, that any campaign of the family reached or may still reach is not found. So what
//! is in doubt is never sent again before it is settled, and two sends of the same missed message write to a number once.
//!
//! The messages of each person are looked up by the person, and those of a number by the number, each lookup answering one figure:
//! joined as conditions, databases that expect few messages to have missed read the whole campaign for each person.

use entity::ids::{CampaignId, StructureId};
use entity::{campaign, message, message_person, person};
use sea_orm::ColumnTrait;
use sea_orm::sea_query::{CaseStatement, Condition, Expr, ExprTrait, Func, Query, SelectStatement};

use crate::domain::message_state::MessageState;
use crate::services::delivery::reason;

/// What a message of another family says of its people, and one that missed them by another campaign than the one asked about.
const NOTHING: i32 = 0;
/// What a message says that missed its people by the campaign asked about.
const MISSED: i32 = 1;
/// What a message says that may have reached its people. The largest, so that one is enough.
const TAKEN: i32 = 2;

/// The people of `structure` whom `campaign`, of the family of `first`, did not reach.
pub(super) fn condition(structure: StructureId, campaign: CampaignId, first: CampaignId) -> Condition {
    let says = || says(structure, campaign, first);
    let of_number = Func::coalesce([of_number(says()), Expr::val(NOTHING)]);
    Condition::all()
        .add(person::Column::StructureId.eq(structure))
        .add(of_person(structure, says()).eq(MISSED))
        .add(Expr::from(of_number).lt(TAKEN))
}

/// What a message says of its people.
fn says(structure: StructureId, campaign: CampaignId, first: CampaignId) -> Expr {
    let of_campaign = || Expr::col((message::Entity, message::Column::CampaignId));
    CaseStatement::new()
        .case(of_campaign().not_in_subquery(family(structure, first)), NOTHING)
        .case(missed().not(), TAKEN)
        .case(of_campaign().eq(campaign), MISSED)
        .finally(NOTHING)
        .into()
}

/// Whether a message missed its people for good.
fn missed() -> Expr {
    let states = [MessageState::Undelivered, MessageState::Rejected, MessageState::WrittenOff];
    let state = Expr::col((message::Entity, message::Column::State));
    let reason = Func::coalesce([Expr::col((message::Entity, message::Column::Reason)), Expr::val("")]);
    let given_up = state.clone().eq(MessageState::Suppressed.as_str()).and(Expr::from(reason).is_in([
        reason::CANCELLED,
        reason::ATTEMPTS_EXHAUSTED,
        reason::EXPIRED,
        reason::RULE,
    ]));
    state.is_in(states.map(MessageState::as_str)).or(given_up)
}

/// The campaigns of a family.
fn family(structure: StructureId, first: CampaignId) -> SelectStatement {
    use campaign::Column;
    Query::select()
        .column((campaign::Entity, Column::Id))
        .from(campaign::Entity)
        .and_where(Column::StructureId.eq(structure))
        .and_where(Column::Id.eq(first).or(Column::RetryOf.eq(first)))
        .take()
}

/// The most that the messages say which covered a person of the table `person`.
fn of_person(structure: StructureId, says: Expr) -> Expr {
    let covered = |column: message_person::Column| Expr::col((message_person::Entity, column));
    let most = Query::select()
        .expr(Func::max(says))
        .from(message_person::Entity)
        .inner_join(
            message::Entity,
            covered(message_person::Column::MessageId).equals((message::Entity, message::Column::Id)),
        )
        .and_where(message_person::Column::StructureId.eq(structure))
        .and_where(covered(message_person::Column::PersonId).equals((person::Entity, person::Column::Id)))
        .take();
    scalar(most)
}

/// The most that the messages say which went to the number that a person of the table `person` has now. A family is of one structure.
fn of_number(says: Expr) -> Expr {
    let same = Expr::col((message::Entity, message::Column::NumberHash))
        .equals((person::Entity, person::Column::NumberHash));
    scalar(Query::select().expr(Func::max(says)).from(message::Entity).and_where(same).take())
}

/// A query that answers one value.
fn scalar(query: SelectStatement) -> Expr {
    Expr::SubQuery(None, Box::new(query.into()))
}
