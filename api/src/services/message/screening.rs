//! Whom the rules leave out of an audience, person by person, before anything is counted.
//!
//! Owns what the rules are told of a person, and who was left out. What no rule in force reads of a person is not asked of the database.
//!
//! Architecture Invariant: nobody is let through whom a rule did not see, and everyone left out is named with the rule. Those left out are
//! held in memory, a few words each; those kept are not.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use entity::ids::{PersonId, StructureId};
use entity::{campaign, message, message_person, person, person_list, person_list_member, person_tag, tag};
use rules::{Decision, Facts, NEVER_SENT_HOURS, PersonFacts, Screen, Skip};
use sea_orm::sea_query::{Alias, CaseStatement, Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult};

use super::leaving::Leaving;
use crate::app::Ctx;
use crate::clock::earliest_id;
use crate::domain::message_state::MessageState;
use crate::error::Fault;
use crate::services::audience::{Audience, Recipient};
use crate::services::ruleset::RuleSet;
use crate::store::among;

/// How far around a message rules are told what is sent to a person.
const REMEMBERED: Duration = Duration::days(31);

const MILLIS_PER_HOUR: i64 = 3_600_000;

/// Why each person is left out.
pub type LeftOut = HashMap<PersonId, Arc<Skip>>;

/// The rules that look at one person after another, and whom they left out so far.
pub struct Screening {
    ctx: Ctx,
    screen: Screen,
    /// Whether nobody can be left out, whoever they are.
    open: bool,
    structure: StructureId,
    leaving: Leaving,
    /// The day on which that is, where the structure is.
    day: Range<DateTime<Utc>>,
    left_out: LeftOut,
}

impl Screening {
    /// These rules, as of when a message leaves, on the facts that are the same for everyone.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the engine breaks down.
    pub async fn new(
        ctx: &Ctx,
        structure: StructureId,
        rules: &RuleSet,
        facts: Facts,
        leaving: Leaving,
    ) -> Result<Self, Fault> {
        let day = leaving.day(facts.structure.time_zone.parse().unwrap_or(Tz::UTC));
        let mut screen = rules.screen(facts);
        let tried = move || {
            let open = screen.lets_everyone_through();
            (screen, open)
        };
        let (screen, open) = ctx.run_rules(structure, tried).await?;
        Ok(Self { ctx: ctx.clone(), screen, open, structure, leaving, day, left_out: LeftOut::new() })
    }

    /// Whether nobody can be left out, whoever they are.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Those of a page whom no rule leaves out.
    ///
    /// # Errors
    /// The database's.
    pub async fn sift(
        mut self,
        db: &impl ConnectionTrait,
        page: Vec<Recipient>,
    ) -> Result<(Self, Vec<Recipient>), Fault> {
        if self.open || page.is_empty() {
            return Ok((self, page));
        }
        let facts = self.facts_of(db, &page).await?;
        let (ctx, structure) = (self.ctx.clone(), self.structure);
        let sift = move || {
            let mut kept = Vec::with_capacity(page.len());
            for (recipient, facts) in page.into_iter().zip(facts) {
                match self.screen.look_at(facts) {
                    Some(skip) => drop(self.left_out.insert(recipient.id, skip)),
                    None => kept.push(recipient),
                }
            }
            (self, kept)
        };
        ctx.run_rules(structure, sift).await
    }

    /// A decision, with what these rules answered.
    pub fn tell(&self, decision: Decision) -> Decision {
        decision.with_screen(&self.screen)
    }

    /// Whom it left out so far, and why.
    pub fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// Whom it left out, and why.
    pub fn into_left_out(self) -> LeftOut {
        self.left_out
    }

    /// The same, once it has looked at a whole audience.
    ///
    /// # Errors
    /// The database's.
    pub async fn read(mut self, db: &impl ConnectionTrait, audience: &Audience) -> Result<Self, Fault> {
        if self.open {
            return Ok(self);
        }
        let mut scan =
            audience.scan(self.structure, false).map_err(|problem| Fault::internal(problem.code))?;
        loop {
            let page = scan.next(db).await?;
            if page.is_empty() {
                return Ok(self);
            }
            (self, _) = self.sift(db, page).await?;
        }
    }

    /// What the rules are told of one person.
    ///
    /// # Errors
    /// The database's.
    pub async fn person_facts(
        &self,
        db: &impl ConnectionTrait,
        person: &Recipient,
    ) -> Result<PersonFacts, Fault> {
        Ok(self.facts_of(db, std::slice::from_ref(person)).await?.pop().unwrap_or_default())
    }

    /// What the rules are told of each of these people.
    async fn facts_of(
        &self,
        db: &impl ConnectionTrait,
        page: &[Recipient],
    ) -> Result<Vec<PersonFacts>, Fault> {
        let ids: Vec<PersonId> = page.iter().map(|person| person.id).collect();
        let mut tags = if self.screen.reads("person.tags") {
            names(db, self.tags(db, &ids)).await?
        } else {
            HashMap::new()
        };
        let mut lists = if self.screen.reads("person.lists") {
            names(db, self.lists(db, &ids)).await?
        } else {
            HashMap::new()
        };
        let asked = self.screen.reads("person.sent_today") || self.screen.reads("person.last_sent_hours");
        let sent = if asked { self.sent(db, &ids).await? } else { HashMap::new() };
        let facts = |recipient: &Recipient| {
            let sent = sent.get(&recipient.id);
            PersonFacts {
                sex: recipient.sex.as_str().to_owned(),
                tags: tags.remove(&recipient.id).unwrap_or_default(),
                lists: lists.remove(&recipient.id).unwrap_or_default(),
                sent_today: sent.map_or(0, |sent| sent.today),
                last_sent_hours: sent.map_or(NEVER_SENT_HOURS, |sent| sent.nearest / MILLIS_PER_HOUR),
                commercial_consent: recipient.commercial_consent_at.is_some_and(|at| at.0 <= self.leaving.at),
            }
        };
        Ok(page.iter().map(facts).collect())
    }

    fn tags(&self, db: &impl ConnectionTrait, people: &[PersonId]) -> SelectStatement {
        use person_tag::Column::{PersonId, StructureId, TagId};
        let of = |column| Expr::col((person_tag::Entity, column));
        Query::select()
            .expr_as(of(PersonId), Alias::new("person"))
            .expr_as(Expr::col((tag::Entity, tag::Column::Name)), Alias::new("name"))
            .from(person_tag::Entity)
            .inner_join(tag::Entity, of(TagId).equals((tag::Entity, tag::Column::Id)))
            .and_where(StructureId.eq(self.structure))
            .and_where(among(db.get_database_backend(), of(PersonId), people.iter().copied()))
            .take()
    }

    fn lists(&self, db: &impl ConnectionTrait, people: &[PersonId]) -> SelectStatement {
        use person_list_member::Column::{ListId, PersonId, StructureId};
        let of = |column| Expr::col((person_list_member::Entity, column));
        Query::select()
            .expr_as(of(PersonId), Alias::new("person"))
            .expr_as(Expr::col((person_list::Entity, person_list::Column::Name)), Alias::new("name"))
            .from(person_list_member::Entity)
            .inner_join(
                person_list::Entity,
                of(ListId).equals((person_list::Entity, person_list::Column::Id)),
            )
            .and_where(StructureId.eq(self.structure))
            .and_where(among(db.get_database_backend(), of(PersonId), people.iter().copied()))
            .take()
    }

    /// What is sent to each of these people within [`REMEMBERED`] of that instant: all but what was refused or held back. Ids tell when
    /// messages leave, so that others are not read.
    async fn sent(
        &self,
        db: &impl ConnectionTrait,
        people: &[PersonId],
    ) -> Result<HashMap<PersonId, Sent>, Fault> {
        let covered = |column| Expr::col((message_person::Entity, column));
        let leaving = self.leaving;
        let today: Expr = CaseStatement::new().case(leaving.others_within(&self.day), 1).finally(0).into();
        let states = [MessageState::Rejected, MessageState::Suppressed].map(MessageState::as_str);
        let query = Query::select()
            .expr_as(covered(message_person::Column::PersonId), Alias::new("person"))
            .expr_as(Func::min(leaving.distance()), Alias::new("nearest"))
            .expr_as(Func::sum(today).cast_as(Alias::new("bigint")), Alias::new("today"))
            .from(message_person::Entity)
            .inner_join(
                message::Entity,
                covered(message_person::Column::MessageId).equals((message::Entity, message::Column::Id)),
            )
            .inner_join(
                campaign::Entity,
                Expr::col((message::Entity, message::Column::CampaignId))
                    .equals((campaign::Entity, campaign::Column::Id)),
            )
            .and_where(message_person::Column::StructureId.eq(self.structure))
            .and_where(among(
                db.get_database_backend(),
                covered(message_person::Column::PersonId),
                people.iter().copied(),
            ))
            .and_where(covered(message_person::Column::MessageId).gte(earliest_id(leaving.at - REMEMBERED)))
            .and_where(covered(message_person::Column::MessageId).lt(earliest_id(leaving.at + REMEMBERED)))
            .and_where(leaving.is_another())
            .and_where(Expr::col((message::Entity, message::Column::State)).is_not_in(states))
            .add_group_by([covered(message_person::Column::PersonId)])
            .take();
        let rows = db.query_all(&query).await?;
        let sent = rows.iter().map(|row| Sent::from_query_result(row, "").map(|sent| (sent.person, sent)));
        Ok(sent.collect::<Result<_, _>>()?)
    }
}

/// What was sent to a person.
#[derive(FromQueryResult)]
struct Sent {
    person: PersonId,
    /// How long before or after, in milliseconds.
    nearest: i64,
    today: i64,
}

/// The names that a query finds for each person.
async fn names(
    db: &impl ConnectionTrait,
    query: SelectStatement,
) -> Result<HashMap<PersonId, Vec<String>>, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        person: PersonId,
        name: String,
    }
    let mut names: HashMap<PersonId, Vec<String>> = HashMap::new();
    for row in db.query_all(&query).await? {
        let Row { person, name } = Row::from_query_result(&row, "")?;
        names.entry(person).or_default().push(name);
    }
    // In one order, so that those who are alike are seen to be.
    for names in names.values_mut() {
        names.sort_unstable();
    }
    Ok(names)
}

/// The condition that a person of the table `person` is one of these, however many.
pub fn any_of(db: &impl ConnectionTrait, people: &LeftOut) -> Expr {
    crate::store::among_ids(
        db.get_database_backend(),
        Expr::col((person::Entity, person::Column::Id)),
        people.keys().map(|id| id.as_uuid()),
    )
}
