//! The people whom a campaign did not reach, as a condition on the table `person`.
//!
//! Owns what *not reached* means, and with it who may be written to again. A campaign and those sent again to whom it did not reach
//! are one family, known by its first. A message missed its people when it was refused, not delivered, written off, or not sent
//! because its campaign was cancelled or its tries came to an end. Any other may have reached them, or still may; one that an
//! opt-out suppressed is not sent again either.
//!
//! Architecture Invariant: a person, or a number, that any campaign of the family reached or may still reach is not found. So what
//! is in doubt is never sent again before it is settled, and two sends of the same missed message write to a number once.

use entity::ids::{CampaignId, StructureId};
use entity::{campaign, message, message_person, person};
use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, Query, SelectStatement};

use crate::domain::message_state::MessageState;
use crate::services::delivery::reason;

/// The people of `structure` whom `campaign`, of the family of `first`, did not reach.
pub(super) fn condition(structure: StructureId, campaign: CampaignId, first: CampaignId) -> Condition {
    let of_campaign = message::Column::CampaignId.eq(campaign);
    let of_family = || message::Column::CampaignId.in_subquery(family(structure, first));
    Condition::all()
        .add(person::Column::StructureId.eq(structure))
        .add(Expr::exists(of_person(structure).and_where(of_campaign).and_where(missed()).take()))
        .add(Expr::exists(of_person(structure).and_where(of_family()).and_where(missed().not()).take()).not())
        .add(Expr::exists(of_number(structure).and_where(of_family()).and_where(missed().not()).take()).not())
}

/// Whether a message missed its people for good.
fn missed() -> Expr {
    let states = [MessageState::Undelivered, MessageState::Rejected, MessageState::WrittenOff];
    let state = Expr::col((message::Entity, message::Column::State));
    let reason = Func::coalesce([Expr::col((message::Entity, message::Column::Reason)), Expr::val("")]);
    let given_up = state
        .clone()
        .eq(MessageState::Suppressed.as_str())
        .and(Expr::from(reason).is_in([reason::CANCELLED, reason::EXPIRED]));
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

/// The messages that covered a person of the table `person`.
fn of_person(structure: StructureId) -> SelectStatement {
    let covered = |column: message_person::Column| Expr::col((message_person::Entity, column));
    Query::select()
        .expr(Expr::val(1_i32))
        .from(message_person::Entity)
        .inner_join(
            message::Entity,
            covered(message_person::Column::MessageId).equals((message::Entity, message::Column::Id)),
        )
        .and_where(message_person::Column::StructureId.eq(structure))
        .and_where(covered(message_person::Column::PersonId).equals((person::Entity, person::Column::Id)))
        .take()
}

/// The messages to the number that a person of the table `person` has now.
fn of_number(structure: StructureId) -> SelectStatement {
    let same = Expr::col((message::Entity, message::Column::NumberHash))
        .equals((person::Entity, person::Column::NumberHash));
    Query::select()
        .expr(Expr::val(1_i32))
        .from(message::Entity)
        .and_where(message::Column::StructureId.eq(structure))
        .and_where(same)
        .take()
}
