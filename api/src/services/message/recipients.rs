//! The people of a preview, page by page: whom it reaches, grouped by number, and whom it does not, with the reason.
//!
//! Architecture Invariant: read again from the audience that the preview keeps, so that a preview stores no list of people. When
//! people changed since, the send says so; it does not send to others.

use std::collections::HashMap;
use std::sync::Arc;

use entity::enums::Module;
use entity::ids::{PersonId, PreviewId};
use entity::person::{self, Column};
use entity::preview;
use entity::sensitive::Sensitive;
use rules::Skip;
use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, Order, Query, SelectStatement, WindowStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult};

use super::facts::{self, Said};
use super::leaving::Leaving;
use super::preview::{audience_of, letter_of, own, shown_sender};
use super::screening::{LeftOut, Screening, any_of};
use super::wording::Wording;
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};
use crate::services::audience::Audience;
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};
use crate::services::people::{self, PersonRow, filter};
use crate::services::structures::{self, StructureFacts};
use crate::services::{ledger, prices, ruleset};

/// One SMS of a preview.
#[derive(Debug, Clone)]
pub struct PreviewRecipient {
    /// Whom it covers, the first by name first.
    pub people: Vec<PersonRow>,
    /// The number, in E.164.
    pub number: Sensitive,
    /// What it says and takes.
    pub wording: Wording,
    /// The SMS that one of its parts costs.
    pub price: i64,
}

/// Why a person is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExclusionReason {
    /// No usable mobile number.
    NoMobile,
    /// Nothing is sent to its country.
    CountryNotServed,
    /// The number opted out.
    OptedOut,
    /// A rule leaves them out.
    Rule(Arc<Skip>),
}

impl ExclusionReason {
    /// The stable code; that of the rule, where one leaves them out.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::NoMobile => "NO_MOBILE",
            Self::CountryNotServed => "COUNTRY_NOT_SERVED",
            Self::OptedOut => "OPTED_OUT",
            Self::Rule(skip) => &skip.code,
        }
    }
}

/// A person whom a preview leaves out.
#[derive(Debug, Clone)]
pub struct Exclusion {
    /// Who.
    pub person: PersonRow,
    /// Why.
    pub reason: ExclusionReason,
}

#[derive(FromQueryResult)]
struct Named {
    id: PersonId,
    sort_key: String,
    mobile: Option<Sensitive>,
}

impl Keyed for Named {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Text(self.sort_key.clone()), Key::Id(self.id.as_uuid())]
    }
}

/// The people whom a preview of the caller's own reaches, one item a number, by the name of the first. None when the preview
/// is another's.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on PEOPLE; [`Fault::InputInvalid`] when a column that the text names was removed since; those of a
/// page.
pub async fn recipients(
    ctx: &Ctx,
    caller: &Caller,
    id: PreviewId,
    args: &PageArgs,
) -> Result<Option<Page<PreviewRecipient>>, Fault> {
    caller.may_read(Module::People)?;
    match own(ctx.store.readers(), caller, id).await? {
        Some(row) => reached(ctx, caller, &row, args).await.map(Some),
        None => Ok(None),
    }
}

/// The people whom a preview of the caller's structure reaches, one item a number, by the name of the first.
///
/// # Errors
/// As [`recipients`].
pub(super) async fn reached(
    ctx: &Ctx,
    caller: &Caller,
    row: &preview::Model,
    args: &PageArgs,
) -> Result<Page<PreviewRecipient>, Fault> {
    let scope = caller.may_read(Module::People)?;
    let db = ctx.store.readers();
    let audience = audience_of(row)?;
    let structure =
        structures::facts_of(ctx, db, caller.structure, Leaving::of(ctx.now(), row.send_at).at).await?;
    let left_out = left_out(ctx, db, caller, row, (&structure, &audience)).await?;
    let mut condition = kept(audience.condition(caller.structure))?.add(filter::reachable());
    if !left_out.is_empty() {
        condition = condition.add(any_of(db, &left_out).not());
    }
    let lead = Alias::new("lead");
    let listing = Listing::ascending("preview.recipients", caller.structure)
        .by((lead.clone(), Column::SortKey), KeyKind::Text)
        .by((lead.clone(), Column::Id), KeyKind::Id);
    let page: Page<Named> = listing.page(db, first_of_each_number(condition.clone()), args).await?;
    let numbers: Vec<&str> =
        page.items.iter().filter_map(|(_, lead)| lead.mobile.as_ref().map(Sensitive::expose)).collect();
    let sharing = Query::select()
        .columns([Column::Id, Column::SortKey, Column::Mobile].map(|column| (person::Entity, column)))
        .from(person::Entity)
        .cond_where(condition.add(Column::Mobile.is_in(numbers)))
        .order_by((person::Entity, Column::SortKey), Order::Asc)
        .order_by((person::Entity, Column::Id), Order::Asc)
        .take();
    let sharing = sea_orm::ConnectionTrait::query_all(db, &sharing).await?;
    let sharing: Vec<Named> =
        sharing.iter().map(|row| Named::from_query_result(row, "")).collect::<Result<_, _>>()?;
    let ids: Vec<PersonId> = sharing.iter().map(|person| person.id).collect();
    let mut rows = by_id(people::by_ids(ctx, scope, &ids).await?);
    let mut groups: HashMap<String, Vec<PersonRow>> = HashMap::new();
    for person in sharing {
        if let (Some(number), Some(row)) = (person.mobile, rows.remove(&person.id)) {
            groups.entry(number.into_exposed()).or_default().push(row);
        }
    }
    let letter = letter_of(db, row, &structure.structure.name).await?;
    let prices = prices::all(db).await?;
    Ok(page.map(|lead| {
        let number = lead.mobile.unwrap_or_else(|| Sensitive::new(""));
        let people = groups.get(number.expose()).cloned().unwrap_or_default();
        let price = prices.of(number.expose()).unwrap_or_default();
        let wording = match people.first() {
            Some(first) => letter.to(first).wording.into_owned(),
            None => letter.to_nobody(),
        };
        PreviewRecipient { people, number, wording, price }
    }))
}

/// Of the people that a condition finds, the first by name of each number.
fn first_of_each_number(condition: sea_orm::sea_query::Condition) -> SelectStatement {
    let (lead, place) = (Alias::new("lead"), Alias::new("place"));
    let window = WindowStatement::partition_by((person::Entity, Column::Mobile))
        .order_by((person::Entity, Column::SortKey), Order::Asc)
        .order_by((person::Entity, Column::Id), Order::Asc)
        .take();
    let people = Query::select()
        .columns([Column::Id, Column::SortKey, Column::Mobile].map(|column| (person::Entity, column)))
        .expr_window_as(Expr::cust("ROW_NUMBER()"), window, place.clone())
        .from(person::Entity)
        .cond_where(condition)
        .take();
    Query::select()
        .columns([Column::Id, Column::SortKey, Column::Mobile].map(|column| (lead.clone(), column)))
        .from_subquery(people, lead.clone())
        .and_where(Expr::col((lead, place)).eq(1))
        .take()
}

/// The people whom a preview of the caller's own leaves out, by name. None when the preview is another's.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on PEOPLE; those of a page.
pub async fn exclusions(
    ctx: &Ctx,
    caller: &Caller,
    id: PreviewId,
    args: &PageArgs,
) -> Result<Option<Page<Exclusion>>, Fault> {
    let scope = caller.may_read(Module::People)?;
    let db = ctx.store.readers();
    let Some(row) = own(db, caller, id).await? else {
        return Ok(None);
    };
    let prices = prices::all(db).await?;
    let audience = audience_of(&row)?;
    let structure =
        structures::facts_of(ctx, db, caller.structure, Leaving::of(ctx.now(), row.send_at).at).await?;
    let left_out = left_out(ctx, db, caller, &row, (&structure, &audience)).await?;
    let mut unreached = Condition::any().add(filter::reachable().not());
    if !left_out.is_empty() {
        unreached = unreached.add(any_of(db, &left_out));
    }
    let unreached = kept(audience.condition(caller.structure))?.add(unreached);
    let query = Query::select()
        .columns([Column::Id, Column::SortKey, Column::Mobile].map(|column| (person::Entity, column)))
        .from(person::Entity)
        .cond_where(unreached)
        .take();
    let listing = Listing::ascending("preview.exclusions", caller.structure)
        .by((person::Entity, Column::SortKey), KeyKind::Text)
        .by((person::Entity, Column::Id), KeyKind::Id);
    let page: Page<Named> = listing.page(db, query, args).await?;
    let ids: Vec<PersonId> = page.items.iter().map(|(_, person)| person.id).collect();
    let mut rows = by_id(people::by_ids(ctx, scope, &ids).await?);
    let mut items = Vec::with_capacity(page.items.len());
    for (cursor, person) in page.items {
        let reason = match &person.mobile {
            _ if left_out.contains_key(&person.id) => {
                ExclusionReason::Rule(Arc::clone(&left_out[&person.id]))
            }
            None => ExclusionReason::NoMobile,
            Some(number) if prices.of(number.expose()).is_none() => ExclusionReason::CountryNotServed,
            Some(_) => ExclusionReason::OptedOut,
        };
        if let Some(person) = rows.remove(&person.id) {
            items.push((cursor, Exclusion { person, reason }));
        }
    }
    Ok(Some(Page { items, has_next: page.has_next, has_previous: page.has_previous, total: page.total }))
}

/// The people whom a rule that was tried would leave out, by name.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on PEOPLE; those of a page.
pub async fn tried_exclusions(
    ctx: &Ctx,
    caller: &Caller,
    left_out: &LeftOut,
    args: &PageArgs,
) -> Result<Page<Exclusion>, Fault> {
    let scope = caller.may_read(Module::People)?;
    let db = ctx.store.readers();
    let query = Query::select()
        .columns([Column::Id, Column::SortKey, Column::Mobile].map(|column| (person::Entity, column)))
        .from(person::Entity)
        .and_where(Expr::col((person::Entity, Column::StructureId)).eq(caller.structure))
        .cond_where(any_of(db, left_out))
        .take();
    let listing = Listing::ascending("trial.exclusions", caller.structure)
        .by((person::Entity, Column::SortKey), KeyKind::Text)
        .by((person::Entity, Column::Id), KeyKind::Id);
    let page: Page<Named> = listing.page(db, query, args).await?;
    let ids: Vec<PersonId> = page.items.iter().map(|(_, person)| person.id).collect();
    let mut rows = by_id(people::by_ids(ctx, scope, &ids).await?);
    let exclusion = |(cursor, Named { id, .. })| {
        let reason = ExclusionReason::Rule(Arc::clone(left_out.get(&id)?));
        Some((cursor, Exclusion { person: rows.remove(&id)?, reason }))
    };
    let items = page.items.into_iter().filter_map(exclusion).collect();
    Ok(Page { items, has_next: page.has_next, has_previous: page.has_previous, total: page.total })
}

/// Whom the rules in force leave out of a preview's audience, as people are now.
async fn left_out(
    ctx: &Ctx,
    db: &impl ConnectionTrait,
    caller: &Caller,
    row: &preview::Model,
    (structure, audience): (&StructureFacts, &Audience),
) -> Result<LeftOut, Fault> {
    let leaving = Leaving::of(ctx.now(), row.send_at);
    let rules = ruleset::active(ctx, db, caller.structure).await?;
    let credit = ledger::held(db, caller.structure).await?;
    let sender = shown_sender(row)?;
    let said = Said {
        text: row.text.expose(),
        purpose: row.purpose,
        sender: sender.as_deref(),
        send_at: row.send_at,
    };
    let facts = facts::beforehand(caller, structure, said, credit, leaving.at)?;
    let screening = Screening::new(ctx, caller.structure, &rules, facts, leaving).await?;
    Ok(screening.read(db, audience).await?.into_left_out())
}

/// A condition that was accepted when the preview was made.
fn kept<T>(condition: Result<T, Problem>) -> Result<T, Fault> {
    condition.map_err(|problem| Fault::internal(problem.code))
}

fn by_id(rows: Vec<PersonRow>) -> HashMap<PersonId, PersonRow> {
    rows.into_iter().map(|row| (row.id, row)).collect()
}

impl From<Problem> for Failure<super::SendProblem> {
    fn from(problem: Problem) -> Self {
        Self::Problem(super::SendProblem::Input(problem))
    }
}
