//! Applying a batch of rows in one transaction, with a few statements whatever its size.
//!
//! Owns what a row changes of a person; who the person is, is [`super::identity`]'s.
//!
//! Invariant: people who are as the rows say are not written.

use std::collections::HashSet;

use chrono::{NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use entity::ids::{PersonId, StructureId};
use entity::own_values::OwnValues;
use entity::person::{Column as P, Model};
use entity::sensitive::Sensitive;
use entity::{At, enums, person};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter};

use super::identity::{Fate, Identity, Known, People};
use super::labels::{LISTS, Labels, TAGS};
use super::namesakes::Namesakes;
use super::teachers::Wanted;
use super::{Column, Outcome, RowOutcome, Writing, hold};
use crate::app::Ctx;
use crate::domain::name::sort_key;
use crate::domain::people_file::{Consent, KeepError, KeptColumn, PersonRow, RowError, Sex};
use crate::error::{Failure, Fault};
use crate::services::people::columns;
use crate::store::among;

/// Rows applied together, each a person or its refusal.
pub(super) type Batch = Vec<Result<PersonRow, RowError>>;

/// People inserted by one statement: 13 columns each, of SQLite's 32,766 variables.
const PEOPLE_PER_STATEMENT: usize = 1_000;

/// An import under way: what it knows besides the rows at hand. It goes into each transaction and comes back.
pub(super) struct Progress {
    ctx: Ctx,
    structure: StructureId,
    zone: Tz,
    now: At,
    namesakes: Namesakes,
    kept: Vec<KeptColumn>,
    tags: Labels,
    lists: Labels,
    wanted: Wanted,
    rows: u64,
}

/// A row that was applied to a person.
struct Applied {
    row: PersonRow,
    person: PersonId,
    outcome: Outcome,
}

impl Progress {
    /// At the beginning.
    pub fn new(ctx: Ctx, structure: StructureId, zone: Tz, namesakes: Namesakes) -> Self {
        let now = ctx.at();
        let (tags, lists) = (Labels::new(TAGS, structure), Labels::new(LISTS, structure));
        let (kept, wanted) = (Vec::new(), Wanted::default());
        Self { ctx, structure, zone, now, namesakes, kept, tags, lists, wanted, rows: 0 }
    }

    /// The same, keeping these columns too.
    pub fn keeping(self, kept: Vec<KeptColumn>) -> Self {
        Self { kept, ..self }
    }

    /// How many rows were committed.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many tags and how many lists were created.
    pub fn created(&self) -> (u64, u64) {
        (self.tags.created(), self.lists.created())
    }

    /// The teachers to be linked once every row is in.
    pub fn into_wanted(self) -> Wanted {
        self.wanted
    }

    /// Applies a batch, whole or not at all, and tells what came of its rows; those with a teacher are told later.
    ///
    /// # Errors
    /// [`KeepError::TooMany`] when others had the structure keep more columns meanwhile; the database's.
    pub async fn write(
        self,
        writing: Writing<'_>,
        batch: Batch,
    ) -> Result<(Self, Vec<RowOutcome>), Failure<KeepError>> {
        match writing {
            Writing::Within(tx) => self.apply(tx, batch).await,
            Writing::Batches => {
                let store = self.ctx.store.clone();
                store.write(move |tx| Box::pin(self.apply(tx, batch))).await
            }
        }
    }

    async fn apply(
        mut self,
        tx: &DatabaseTransaction,
        batch: Batch,
    ) -> Result<(Self, Vec<RowOutcome>), Failure<KeepError>> {
        // One import at a time in a structure, or two could add the same person.
        hold(tx, self.structure).await?;
        // Each time: should one be removed meanwhile, no value is left without its column.
        columns::keep(tx, self.structure, &self.kept, self.now).await?;
        self.rows += batch.len() as u64;
        let mut people = self.load(tx, &batch).await?;
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut applied = Vec::with_capacity(batch.len());
        for row in batch {
            match row.map_err(|error| refused(&error)).and_then(|row| self.apply_row(&mut people, row)) {
                Ok(done) => applied.push(done),
                Err(refusal) => outcomes.push(refusal),
            }
        }
        self.save(tx, &people).await?;
        let given = self.give_labels(tx, &applied).await?;
        for (Applied { row, person, outcome }, given) in applied.into_iter().zip(given) {
            let outcome = if given && outcome == Outcome::Unchanged { Outcome::Changed } else { outcome };
            match row.teacher {
                Some(teacher) => self.wanted.push(row.line, person, teacher, outcome),
                None => outcomes.push(RowOutcome { line: row.line, outcome }),
            }
        }
        outcomes.sort_unstable_by_key(|row| row.line);
        Ok((self, outcomes))
    }

    /// Everyone whom the rows can be about.
    async fn load(&self, tx: &DatabaseTransaction, batch: &Batch) -> Result<People, Fault> {
        let mut people = People::default();
        let rows = || batch.iter().flatten();
        let identifiers: HashSet<String> = rows().filter_map(|row| row.identifier.clone()).collect();
        let backend = tx.get_database_backend();
        let one_of = |column: P, values| among(backend, Expr::col((person::Entity, column)), values);
        if !identifiers.is_empty() {
            self.take(tx, &mut people, one_of(P::Identifier, identifiers)).await?;
        }
        // Whoever has an identifier is no answer to a row with another.
        let (mut any, mut free) = (HashSet::new(), HashSet::new());
        for row in rows() {
            match &row.identifier {
                None => any.insert(sort_key(&row.last_name, &row.first_name)),
                Some(identifier) if !people.has_identifier(identifier) => {
                    free.insert(sort_key(&row.last_name, &row.first_name))
                }
                Some(_) => false,
            };
        }
        if !any.is_empty() {
            self.take(tx, &mut people, one_of(P::SortKey, any)).await?;
        }
        if !free.is_empty() {
            self.take(tx, &mut people, one_of(P::SortKey, free).and(P::Identifier.is_null())).await?;
        }
        Ok(people)
    }

    async fn take(
        &self,
        tx: &DatabaseTransaction,
        people: &mut People,
        condition: impl IntoCondition,
    ) -> Result<(), Fault> {
        for person in person::in_structure(self.structure).filter(condition).all(tx).await? {
            people.take(person, Fate::Kept);
        }
        Ok(())
    }

    /// Applies a row to the people in memory.
    fn apply_row(&self, people: &mut People, row: PersonRow) -> Result<Applied, RowOutcome> {
        if row.identifier.as_deref().is_some_and(|identifier| self.namesakes.contradicts(identifier)) {
            let outcome = Outcome::Refused { code: "IDENTIFIER_REPEATED", column: Some(Column::Identifier) };
            return Err(RowOutcome { line: row.line, outcome });
        }
        let name = sort_key(&row.last_name, &row.first_name);
        let (place, outcome) = match people.resolve(&row, &name, &self.namesakes) {
            Identity::Ambiguous => {
                let outcome = Outcome::Refused { code: "AMBIGUOUS_PERSON", column: None };
                return Err(RowOutcome { line: row.line, outcome });
            }
            Identity::New => {
                let mut person = self.nobody();
                self.fill(&mut person, &row, name);
                (people.take(person, Fate::Added), Outcome::Added)
            }
            Identity::Known(place) => {
                let known = people.at(place);
                let changed = self.fill(&mut known.person, &row, name);
                if changed && known.fate == Fate::Kept {
                    known.fate = Fate::Changed;
                }
                people.index(place);
                (place, if changed { Outcome::Changed } else { Outcome::Unchanged })
            }
        };
        Ok(Applied { person: people.at(place).person.id, row, outcome })
    }

    /// A new person, of whom nothing is said yet.
    fn nobody(&self) -> Model {
        Model {
            id: self.ctx.id(),
            structure_id: self.structure,
            identifier: None,
            first_name: String::new(),
            last_name: String::new(),
            sort_key: String::new(),
            sex: enums::Sex::Unknown,
            mobile: None,
            number_hash: None,
            commercial_consent_at: None,
            consent_withdrawn_at: None,
            own: None,
            created_at: self.now,
            updated_at: self.now,
        }
    }

    /// Makes the person as the row says; answers whether that changed anything.
    fn fill(&self, person: &mut Model, row: &PersonRow, name: String) -> bool {
        let mut changed = set(&mut person.last_name, row.last_name.clone());
        changed |= set(&mut person.first_name, row.first_name.clone());
        changed |= set(&mut person.sort_key, name);
        if row.identifier.is_some() {
            changed |= set(&mut person.identifier, row.identifier.clone());
        }
        if let Some(sex) = row.sex {
            changed |= set(&mut person.sex, stored_sex(sex));
        }
        if let Some(mobile) = &row.mobile
            && set(&mut person.mobile, Some(Sensitive::new(mobile.as_e164())))
        {
            person.number_hash = Some(self.ctx.keys.number_hash(mobile));
            changed = true;
        }
        changed |= self.consent(person, row.consent);
        for (column, value) in &row.kept.0 {
            changed |= keep(&mut person.own, column, value);
        }
        if changed {
            person.updated_at = self.now;
        }
        changed
    }

    /// Has a person agree or not, as the row says; answers whether that changed anything. A withdrawal outlives the agreements of days
    /// before it: last year's file, imported again, agrees to nothing.
    fn consent(&self, person: &mut Model, said: Option<Consent>) -> bool {
        let (before, refused) = (person.commercial_consent_at, person.consent_withdrawn_at);
        let (consent, withdrawal) = match said {
            None => return false,
            Some(Consent::Given { on: Some(day) }) => {
                let at = self.start_of(day);
                if refused.is_some_and(|refused| at.0 <= refused.0) {
                    return false;
                }
                (Some(at), None)
            }
            Some(Consent::Given { on: None }) => (Some(before.unwrap_or(self.now)), None),
            Some(Consent::Withheld) => (None, Some(refused.unwrap_or(self.now))),
        };
        let changed = set(&mut person.commercial_consent_at, consent);
        set(&mut person.consent_withdrawn_at, withdrawal) || changed
    }

    /// The first instant of a day where the structure is; in UTC, should that day have none there.
    fn start_of(&self, day: NaiveDate) -> At {
        let midnight = day.and_time(NaiveTime::MIN);
        let local = self.zone.from_local_datetime(&midnight).earliest();
        At::from(local.map_or_else(|| midnight.and_utc(), |local| local.with_timezone(&Utc)))
    }

    /// Writes who was added or changed, and nobody else.
    async fn save(&self, tx: &DatabaseTransaction, people: &People) -> Result<(), Fault> {
        let touched: Vec<&Known> = people.all().iter().filter(|known| known.fate != Fate::Kept).collect();
        let columns = [
            P::Identifier,
            P::FirstName,
            P::LastName,
            P::SortKey,
            P::Sex,
            P::Mobile,
            P::NumberHash,
            P::CommercialConsentAt,
            P::ConsentWithdrawnAt,
            P::Own,
            P::UpdatedAt,
        ];
        for touched in touched.chunks(PEOPLE_PER_STATEMENT) {
            let rows = touched.iter().map(|known| known.person.clone().into_active_model());
            let replace = OnConflict::column(P::Id).update_columns(columns).to_owned();
            person::Entity::insert_many(rows).on_conflict(replace).exec_without_returning(tx).await?;
        }
        Ok(())
    }

    /// Gives people their tags and lists; answers, row by row, whether that was anything new.
    async fn give_labels(
        &mut self,
        tx: &DatabaseTransaction,
        applied: &[Applied],
    ) -> Result<Vec<bool>, Fault> {
        let tags: Vec<_> = applied.iter().map(|done| (done.person, done.row.tags.as_slice())).collect();
        let lists: Vec<_> = applied.iter().map(|done| (done.person, done.row.lists.as_slice())).collect();
        let tags = self.tags.give(&self.ctx, tx, &tags).await?;
        let lists = self.lists.give(&self.ctx, tx, &lists).await?;
        Ok(tags.into_iter().zip(lists).map(|(tag, list)| tag || list).collect())
    }
}

fn refused(error: &RowError) -> RowOutcome {
    RowOutcome { line: error.line, outcome: Outcome::Refused { code: error.code(), column: error.column } }
}

/// Sets a value; answers whether it was another.
fn set<T: PartialEq>(place: &mut T, value: T) -> bool {
    let changed = *place != value;
    *place = value;
    changed
}

/// Has a column say this of someone; answers whether it said something else.
fn keep(own: &mut Option<OwnValues>, column: &str, value: &str) -> bool {
    let own = own.get_or_insert_default();
    let changed = own.get(column) != Some(value);
    if changed {
        own.set(column, value);
    }
    changed
}

fn stored_sex(sex: Sex) -> enums::Sex {
    match sex {
        Sex::Female => enums::Sex::Female,
        Sex::Male => enums::Sex::Male,
        Sex::Other => enums::Sex::Other,
        Sex::Unknown => enums::Sex::Unknown,
    }
}
