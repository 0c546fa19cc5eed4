//! The people a message is for, and the numbers that reach them.
//!
//! Architecture Invariant: an audience is scanned in order of number, then folded name, then id, a page at a time. People who
//! share a number follow one another, so that there is one SMS a number however many people, with none held in memory.

mod unreached;

use entity::At;
use entity::enums::Sex;
use entity::ids::{CampaignId, PersonId, StructureId};
use entity::own_values::OwnValues;
use entity::person::{self, Column};
use entity::sensitive::{Digest, Sensitive};
use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, Func, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};

use super::people::filter::{self, PersonFilter};
use super::prices;
use crate::error::{Failure, Fault, Problem};

/// The most people ticked, or unticked, one by one: what a person does by hand.
pub const MAX_IDS: usize = 1_000;
/// The beginning of a number that tells its price: `+` and a prefix.
const FIRST_DIGITS: i32 = 5;
/// People read by one statement of a scan: few statements, and little held in memory.
const SCAN: u64 = 2_000;

/// Whom a message is for.
#[expect(
    clippy::large_enum_variant,
    reason = "one a request: a box would only stand between it and its readers"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// The people ticked.
    People(Vec<PersonId>),
    /// All that a filter finds, less those unticked.
    Matching {
        /// Who is found.
        filter: PersonFilter,
        /// Who was unticked.
        except: Vec<PersonId>,
    },
    /// Those whom a campaign did not reach, as of when it is read.
    Unreached {
        /// The campaign.
        campaign: CampaignId,
        /// The first of its family: of those sent to reach the same people.
        first: CampaignId,
    },
}

/// How many people an audience has, and how many it reaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// People of the audience.
    pub people: i64,
    /// Of them, those whom it reaches: with a usable number that has not opted out.
    pub reachable: i64,
}

/// A person whom the message reaches.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Recipient {
    /// The person.
    pub id: PersonId,
    /// The number, in E.164.
    pub mobile: Sensitive,
    /// Its keyed hash.
    pub number_hash: Digest,
    /// The folded name.
    pub sort_key: String,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// The sex.
    pub sex: Sex,
    /// When they agreed to commercial messages.
    pub commercial_consent_at: Option<At>,
    /// What the structure's own columns say, where the scan reads them.
    pub own: Option<OwnValues>,
}

impl Audience {
    /// Checks the size of the audience.
    ///
    /// # Errors
    /// `AUDIENCE_TOO_LARGE` when more people are named one by one than [`MAX_IDS`].
    pub fn check(&self) -> Result<(), Problem> {
        let (named, path): (usize, &[&'static str]) = match self {
            Self::People(ids) => (ids.len(), &["audience", "people"]),
            Self::Matching { except, .. } => (except.len(), &["audience", "matching", "except"]),
            Self::Unreached { .. } => return Ok(()),
        };
        if named > MAX_IDS {
            let max = i64::try_from(MAX_IDS).expect("invariant: a small constant");
            return Err(Problem::new("AUDIENCE_TOO_LARGE").at(path).with("max", max));
        }
        Ok(())
    }

    /// The first campaign of the family that a campaign to this audience joins, if it joins one.
    #[must_use]
    pub fn retry_of(&self) -> Option<CampaignId> {
        match self {
            Self::Unreached { first, .. } => Some(*first),
            Self::People(_) | Self::Matching { .. } => None,
        }
    }

    /// The problem of an audience that has nobody.
    #[must_use]
    pub fn nobody(&self) -> Problem {
        match self {
            Self::Unreached { .. } => Problem::new("NOTHING_TO_RETRY").at(&["campaign"]),
            Self::People(_) | Self::Matching { .. } => Problem::new("AUDIENCE_EMPTY").at(&["audience"]),
        }
    }

    /// The audience as a condition on the table `person`.
    ///
    /// # Errors
    /// Those of the filter.
    pub fn condition(&self, structure: StructureId) -> Result<Condition, Problem> {
        match self {
            Self::People(ids) => Ok(Condition::all()
                .add(Column::StructureId.eq(structure))
                .add(Column::Id.is_in(ids.iter().copied()))),
            Self::Matching { filter, except } => {
                let found = filter::condition(structure, filter)
                    .map_err(|problem| problem.within(&["audience", "matching", "filter"]))?;
                Ok(if except.is_empty() {
                    found
                } else {
                    found.add(Column::Id.is_not_in(except.iter().copied()))
                })
            }
            Self::Unreached { campaign, first } => Ok(unreached::condition(structure, *campaign, *first)),
        }
    }

    /// What one part to each number that reaches it costs, in all.
    ///
    /// # Errors
    /// Those of the filter.
    pub async fn prices(&self, db: &impl ConnectionTrait, structure: StructureId) -> Result<i64, Failure> {
        let prices = prices::all(db).await?;
        // As constants: PostgreSQL takes two parameters for two values, and the groups for others than what is selected.
        let [from, length] = [1_i32, FIRST_DIGITS].map(|bound| Expr::Constant(bound.into()));
        let number = Expr::col((person::Entity, Column::Mobile));
        let first: Expr = Func::cust("substr").args([number, from, length]).into();
        let query = Query::select()
            .expr_as(first.clone(), Alias::new("first"))
            .expr_as(
                Func::count_distinct(Expr::col((person::Entity, Column::NumberHash))),
                Alias::new("numbers"),
            )
            .from(person::Entity)
            .cond_where(self.condition(structure)?)
            .and_where(filter::reachable())
            .add_group_by([first])
            .take();
        let mut sum = 0;
        for row in db.query_all(&query).await? {
            let (first, numbers): (Sensitive, i64) = (row.try_get("", "first")?, row.try_get("", "numbers")?);
            sum += prices.of(first.expose()).unwrap_or_default() * numbers;
        }
        Ok(sum)
    }

    /// Counts the people, with one statement.
    ///
    /// # Errors
    /// `PERSON_NOT_FOUND` when one of those ticked is not (or no longer) of the structure; those of the filter.
    pub async fn count(&self, db: &impl ConnectionTrait, structure: StructureId) -> Result<Counts, Failure> {
        #[derive(FromQueryResult)]
        struct Row {
            people: i64,
            reachable: Option<i64>,
        }
        let reached = Expr::case(filter::reachable(), Expr::val(1)).finally(Expr::val(0));
        let query = Query::select()
            .expr_as(Func::count(Expr::col((person::Entity, Column::Id))), Alias::new("people"))
            .expr_as(Func::sum(reached).cast_as(Alias::new("bigint")), Alias::new("reachable"))
            .from(person::Entity)
            .cond_where(self.condition(structure)?)
            .take();
        let row = db.query_one(&query).await?.ok_or_else(|| Fault::internal("a count without a row"))?;
        let row = Row::from_query_result(&row, "")?;
        if let Self::People(ids) = self {
            let named: std::collections::HashSet<_> = ids.iter().collect();
            if i64::try_from(named.len()).ok() != Some(row.people) {
                return Err(Problem::new("PERSON_NOT_FOUND").at(&["audience", "people"]).into());
            }
        }
        Ok(Counts { people: row.people, reachable: row.reachable.unwrap_or_default() })
    }

    /// Scans those whom the message reaches, by number, then folded name, then id; reads also what the structure's own columns say of
    /// them, where `own` asks. One page is in memory at a time.
    ///
    /// # Errors
    /// Those of the filter.
    pub fn scan(&self, structure: StructureId, own: bool) -> Result<Scan, Problem> {
        let mut query = Query::select()
            .columns(
                [
                    Column::Id,
                    Column::Mobile,
                    Column::NumberHash,
                    Column::SortKey,
                    Column::FirstName,
                    Column::LastName,
                    Column::Sex,
                    Column::CommercialConsentAt,
                ]
                .map(|c| (person::Entity, c)),
            )
            .from(person::Entity)
            .cond_where(self.condition(structure)?)
            .and_where(filter::reachable())
            .order_by((person::Entity, Column::Mobile), Order::Asc)
            .order_by((person::Entity, Column::SortKey), Order::Asc)
            .order_by((person::Entity, Column::Id), Order::Asc)
            .limit(SCAN)
            .take();
        if own {
            query.column((person::Entity, Column::Own));
        } else {
            query.expr_as(Expr::null(), Alias::new("own"));
        }
        Ok(Scan { query, last: None, done: false })
    }
}

/// A scan under way.
pub struct Scan {
    query: SelectStatement,
    last: Option<Recipient>,
    done: bool,
}

impl Scan {
    /// The next page; empty at the end.
    ///
    /// # Errors
    /// The database's.
    pub async fn next(&mut self, db: &impl ConnectionTrait) -> Result<Vec<Recipient>, Fault> {
        if self.done {
            return Ok(Vec::new());
        }
        let mut query = self.query.clone();
        if let Some(last) = &self.last {
            let row = Expr::tuple(
                [Column::Mobile, Column::SortKey, Column::Id].map(|c| Expr::col((person::Entity, c))),
            );
            let after = Expr::tuple([
                Expr::value(last.mobile.expose()),
                Expr::value(last.sort_key.as_str()),
                Expr::value(last.id.as_uuid()),
            ]);
            query.and_where(row.gt(after));
        }
        let rows = db.query_all(&query).await?;
        let page: Vec<Recipient> =
            rows.iter().map(|row| Recipient::from_query_result(row, "")).collect::<Result<_, _>>()?;
        self.done = (page.len() as u64) < SCAN;
        self.last = page.last().cloned();
        Ok(page)
    }
}
