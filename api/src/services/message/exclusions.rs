//! Whom a send left out, and why, kept so that it can be told months later.
//!
//! Architecture Invariant: written in the transaction of the send, or in that which lets a scheduled campaign leave; nobody is both written
//! to and kept here.

use std::collections::HashMap;
use std::sync::Arc;

use entity::campaign_exclusion::{self as exclusion, Column};
use entity::enums::Module;
use entity::ids::{CampaignId, PersonId, StructureId};
use entity::{message, message_person, person};
use rules::{LocalText, Skip};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, FromQueryResult,
};
use serde::{Deserialize, Serialize};

use super::plan::{Plan, count};
use super::screening::LeftOut;
use super::{Exclusion, ExclusionReason, SendProblem};
use crate::app::Ctx;
use crate::caller::{Caller, Operator, Scope};
use crate::error::{Failure, Fault};
use crate::services::delivery::Place;
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};
use crate::services::people::{self, filter};
use crate::services::prices;

/// Rows inserted by one statement: 6 columns each, far below SQLite's 32,766 variables.
const ROWS_PER_STATEMENT: usize = 1_000;

/// What a rule says of whom it leaves out, as a column holds it.
#[derive(Serialize, Deserialize)]
struct Words {
    en: String,
    fr: String,
    /// How the rule was called; none of what was kept before this was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<LocalText>,
}

impl Words {
    fn of(skip: &Skip) -> Self {
        let LocalText { en, fr } = skip.message.clone();
        Self { en, fr, title: skip.title.clone() }
    }
}

/// Keeps whom a send leaves out, once its messages are written.
pub async fn keep(
    tx: &DatabaseTransaction,
    caller: &Caller,
    plan: &Plan,
    campaign: CampaignId,
) -> Result<(), Failure<SendProblem>> {
    if plan.excluded() > count(plan.left_out.len()) {
        keep_unreached(tx, caller, plan, campaign).await?;
    }
    Ok(keep_left_out(tx, (caller.structure, campaign), &plan.left_out).await?)
}

/// Keeps whom the rules left out of a campaign.
pub async fn keep_left_out(
    tx: &DatabaseTransaction,
    (structure, campaign): Place,
    left_out: &LeftOut,
) -> Result<(), Fault> {
    let row = |(person, skip): (&PersonId, &Arc<Skip>)| {
        Ok(exclusion::ActiveModel {
            structure_id: Set(structure),
            campaign_id: Set(campaign),
            person_id: Set(*person),
            code: Set(skip.code.clone()),
            rule: Set(Some(skip.slug.clone())),
            message: Set(Some(serde_json::to_value(Words::of(skip)).map_err(Fault::internal)?)),
        })
    };
    let rows = left_out.iter().map(row).collect::<Result<Vec<_>, Fault>>()?;
    // Who became unreachable since the plan is there already.
    let present = OnConflict::columns([Column::StructureId, Column::CampaignId, Column::PersonId])
        .do_nothing()
        .to_owned();
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let insert = exclusion::Entity::insert_many(chunk.to_vec()).on_conflict(present.clone());
        insert.exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Keeps those of the audience who cannot be written to, with one statement.
async fn keep_unreached(
    tx: &DatabaseTransaction,
    caller: &Caller,
    plan: &Plan,
    campaign: CampaignId,
) -> Result<(), Failure<SendProblem>> {
    let of = |column: person::Column| Expr::col((person::Entity, column));
    let why = CaseStatement::new()
        .case(of(person::Column::Mobile).is_null(), ExclusionReason::NoMobile.code())
        .case(prices::served(&of(person::Column::Mobile)).not(), ExclusionReason::CountryNotServed.code())
        .finally(ExclusionReason::OptedOut.code());
    let covered = |column: message_person::Column| Expr::col((message_person::Entity, column));
    let written_to = Query::select()
        .expr(Expr::val(1_i32))
        .from(message_person::Entity)
        .inner_join(
            message::Entity,
            covered(message_person::Column::MessageId).equals((message::Entity, message::Column::Id)),
        )
        .and_where(message_person::Column::StructureId.eq(caller.structure))
        .and_where(covered(message_person::Column::PersonId).equals((person::Entity, person::Column::Id)))
        .and_where(message::Column::CampaignId.eq(campaign))
        .take();
    let unreached = Query::select()
        .column((person::Entity, person::Column::StructureId))
        .expr(Expr::val(campaign))
        .column((person::Entity, person::Column::Id))
        .expr(why)
        .from(person::Entity)
        .cond_where(plan.audience.condition(caller.structure)?)
        .and_where(filter::reachable().not())
        // Who opted out since the messages were written is the dispatcher's to leave out.
        .and_where(Expr::exists(written_to).not())
        .take();
    let insert = Query::insert()
        .into_table(exclusion::Entity)
        .columns([Column::StructureId, Column::CampaignId, Column::PersonId, Column::Code])
        .select_from(unreached)
        .map_err(|error| DbErr::Custom(error.to_string()))?
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Row {
    person_id: PersonId,
    sort_key: String,
    code: String,
    rule: Option<String>,
    message: Option<serde_json::Value>,
}

impl Keyed for Row {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Text(self.sort_key.clone()), Key::Id(self.person_id.as_uuid())]
    }
}

impl Row {
    fn reason(&self) -> Result<ExclusionReason, Fault> {
        let (Some(rule), Some(message)) = (&self.rule, &self.message) else {
            return match self.code.as_str() {
                "NO_MOBILE" => Ok(ExclusionReason::NoMobile),
                "COUNTRY_NOT_SERVED" => Ok(ExclusionReason::CountryNotServed),
                "OPTED_OUT" => Ok(ExclusionReason::OptedOut),
                _ => Err(Fault::internal("a person is left out for an unknown reason")),
            };
        };
        let Words { en, fr, title } = serde_json::from_value(message.clone()).map_err(Fault::internal)?;
        let (slug, code, message) = (rule.clone(), self.code.clone(), LocalText::new(en, fr));
        Ok(ExclusionReason::Rule(Arc::new(Skip { slug, title, code, message })))
    }
}

/// The first `most` of those whom a campaign left out, by name, and how many they are in all: for the operator.
///
/// # Errors
/// Those of a page.
pub async fn first_of_campaign(
    ctx: &Ctx,
    _operator: Operator,
    (structure, campaign): (StructureId, CampaignId),
    most: i32,
) -> Result<(Vec<Exclusion>, i64), Fault> {
    let args = PageArgs { first: Some(most), total: true, ..PageArgs::default() };
    let page = pages(ctx, Scope { structure, by: None }, &[campaign], &args).await?.remove(&campaign);
    let page = page.ok_or_else(|| Fault::internal("a campaign has a page of its own"))?;
    let total = page.total.unwrap_or_default();
    Ok((page.items.into_iter().map(|(_, exclusion)| exclusion).collect(), total))
}

/// The same page of those whom each of these campaigns left out, by name. A campaign of another structure left out nobody. As many
/// statements however many campaigns and people.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS` and on PEOPLE; those of a page.
pub async fn of_campaigns(
    ctx: &Ctx,
    caller: &Caller,
    campaigns: &[CampaignId],
    args: &PageArgs,
) -> Result<HashMap<CampaignId, Page<Exclusion>>, Fault> {
    caller.may_read(Module::CommunicationSms)?;
    let scope = caller.may_read(Module::People)?;
    pages(ctx, scope, campaigns, args).await
}

/// The same page of whom each of these campaigns of a structure left out, by name.
async fn pages(
    ctx: &Ctx,
    scope: Scope,
    campaigns: &[CampaignId],
    args: &PageArgs,
) -> Result<HashMap<CampaignId, Page<Exclusion>>, Fault> {
    let structure = scope.structure;
    let query = Query::select()
        .columns(
            [Column::PersonId, Column::Code, Column::Rule, Column::Message]
                .map(|column| (exclusion::Entity, column)),
        )
        .column((person::Entity, person::Column::SortKey))
        .from(exclusion::Entity)
        .inner_join(
            person::Entity,
            Expr::col((exclusion::Entity, Column::PersonId)).equals((person::Entity, person::Column::Id)),
        )
        .and_where(Column::StructureId.eq(structure))
        .take();
    let listing = Listing::ascending("campaign.exclusions", structure)
        .by((person::Entity, person::Column::SortKey), KeyKind::Text)
        .by((exclusion::Entity, Column::PersonId), KeyKind::Id);
    let owner = (exclusion::Entity, Column::CampaignId);
    let mut pages: HashMap<CampaignId, Page<Row>> =
        listing.page_of_each(ctx.store.readers(), query, owner, campaigns, args).await?;
    for campaign in campaigns {
        if !pages.contains_key(campaign) {
            pages.insert(*campaign, listing.slice(Vec::new(), args)?);
        }
    }
    let ids = pages.values().flat_map(|page| page.items.iter().map(|(_, row)| row.person_id));
    let ids: Vec<PersonId> = ids.collect();
    let people = people::by_ids(ctx, scope, &ids).await?;
    let people: HashMap<PersonId, _> = people.into_iter().map(|person| (person.id, person)).collect();
    let mut found = HashMap::with_capacity(pages.len());
    for (campaign, page) in pages {
        let mut items = Vec::with_capacity(page.items.len());
        for (cursor, row) in page.items {
            if let Some(person) = people.get(&row.person_id) {
                items.push((cursor, Exclusion { person: person.clone(), reason: row.reason()? }));
            }
        }
        let Page { has_next, has_previous, total, .. } = page;
        found.insert(campaign, Page { items, has_next, has_previous, total });
    }
    Ok(found)
}
