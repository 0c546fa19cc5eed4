//! Linking students to the teachers that rows name, once every row of the file is in.
//!
//! Owns how a teacher is looked up: by identifier, else by name, last name first or last.
//!
//! Invariant: links are added, never removed, and every row kept here is reported once.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::ids::{PersonId, StructureId};
use entity::{person, teaching};
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, Set};

use super::{Outcome, RowOutcome, Writing, hold};
use crate::app::Ctx;
use crate::domain::name::{fold, sort_key};
use crate::domain::people_file::Column;
use crate::error::Fault;
use crate::store::among;

/// Rows linked in one transaction, and by one statement of three columns.
const ROWS_PER_BATCH: usize = 1_000;
/// Teachers looked up by one statement. A text of a few words has as many possible names as twice its spaces.
const NAMES_PER_STATEMENT: usize = 4_000;

/// The rows that name a teacher.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    rows: Vec<Row>,
    /// Each text met, once: classes have one teacher for many students.
    places: HashMap<String, usize>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    line: u64,
    student: PersonId,
    teacher: usize,
    outcome: Outcome,
}

/// What a text that names a teacher leads to.
#[derive(Debug, Clone, Copy)]
enum Found {
    One(PersonId),
    Nobody,
    Several,
}

impl Wanted {
    /// Keeps a row for later, with what came of the rest of it.
    pub fn push(&mut self, line: u64, student: PersonId, teacher: String, outcome: Outcome) {
        let next = self.places.len();
        let teacher = *self.places.entry(teacher).or_insert(next);
        self.rows.push(Row { line, student, teacher, outcome });
    }
}

/// Links every student to the teacher wanted, and reports each row.
pub(super) async fn link(
    ctx: &Ctx,
    structure: StructureId,
    writing: Writing<'_>,
    wanted: Wanted,
    report: &mut (impl FnMut(RowOutcome) + Send),
) -> Result<(), Fault> {
    let found = match writing {
        Writing::Batches => look_up(ctx.store.readers(), structure, &wanted.places).await?,
        Writing::Within(tx) => look_up(tx, structure, &wanted.places).await?,
    };
    for rows in wanted.rows.chunks(ROWS_PER_BATCH) {
        let wanted: Vec<(Row, Found)> = rows.iter().map(|row| (*row, found[row.teacher])).collect();
        let outcomes = match writing {
            Writing::Batches => {
                ctx.store.write(move |tx| Box::pin(link_batch(tx, structure, wanted))).await?
            }
            Writing::Within(tx) => link_batch(tx, structure, wanted).await?,
        };
        outcomes.into_iter().for_each(&mut *report);
    }
    Ok(())
}

/// Who each text names, by its place.
async fn look_up(
    db: &impl ConnectionTrait,
    structure: StructureId,
    texts: &HashMap<String, usize>,
) -> Result<Vec<Found>, Fault> {
    let identifiers: Vec<&str> = texts.keys().map(String::as_str).collect();
    let by_identifier = read(db, structure, person::Column::Identifier, &identifiers).await?;
    let mut names = BTreeSet::new();
    for text in identifiers.iter().filter(|text| !by_identifier.contains_key(**text)) {
        names.extend(possible_names(text));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let by_name = read(db, structure, person::Column::SortKey, &names).await?;
    let mut found = vec![Found::Nobody; texts.len()];
    for (text, place) in texts {
        let people: BTreeSet<PersonId> = match by_identifier.get(text) {
            Some(people) => people.iter().copied().collect(),
            None => {
                possible_names(text).iter().filter_map(|name| by_name.get(name)).flatten().copied().collect()
            }
        };
        let mut people = people.into_iter();
        found[*place] = match (people.next(), people.next()) {
            (None, _) => Found::Nobody,
            (Some(one), None) => Found::One(one),
            (Some(_), Some(_)) => Found::Several,
        };
    }
    Ok(found)
}

/// The people who have one of these values in that column, by value.
async fn read(
    db: &impl ConnectionTrait,
    structure: StructureId,
    column: person::Column,
    values: &[&str],
) -> Result<HashMap<String, Vec<PersonId>>, Fault> {
    let mut people: HashMap<String, Vec<PersonId>> = HashMap::new();
    for values in values.chunks(NAMES_PER_STATEMENT) {
        let rows: Vec<(String, PersonId)> = person::in_structure(structure)
            .select_only()
            .columns([column, person::Column::Id])
            .filter(among(
                db.get_database_backend(),
                Expr::col((person::Entity, column)),
                values.iter().map(|value| (*value).to_owned()),
            ))
            .into_tuple()
            .all(db)
            .await?;
        for (value, id) in rows {
            people.entry(value).or_default().push(id);
        }
    }
    Ok(people)
}

/// The sort keys of whoever may be meant: the words cut in two anywhere, last name first, and first name first.
fn possible_names(text: &str) -> Vec<String> {
    let folded = fold(text);
    let words: Vec<&str> = folded.split(' ').collect();
    let cuts = (1..words.len()).map(|cut| (words[..cut].join(" "), words[cut..].join(" ")));
    cuts.flat_map(|(start, end)| [sort_key(&start, &end), sort_key(&end, &start)]).collect()
}

async fn link_batch(
    tx: &DatabaseTransaction,
    structure: StructureId,
    wanted: Vec<(Row, Found)>,
) -> Result<Vec<RowOutcome>, Fault> {
    // Two imports that link the same people in other orders would wait for one another in a circle.
    hold(tx, structure).await?;
    let students: HashSet<PersonId> = wanted.iter().map(|(row, _)| row.student).collect();
    let stored: Vec<(PersonId, PersonId)> = teaching::in_structure(structure)
        .select_only()
        .columns([teaching::Column::TeacherId, teaching::Column::StudentId])
        .filter(among(
            tx.get_database_backend(),
            Expr::col((teaching::Entity, teaching::Column::StudentId)),
            students,
        ))
        .into_tuple()
        .all(tx)
        .await?;
    let mut links: HashSet<(PersonId, PersonId)> = stored.into_iter().collect();
    let (mut new, mut outcomes) = (Vec::new(), Vec::with_capacity(wanted.len()));
    for (row, found) in wanted {
        let outcome = match found {
            Found::Nobody => refused("TEACHER_NOT_FOUND"),
            Found::Several => refused("TEACHER_AMBIGUOUS"),
            Found::One(teacher) if teacher == row.student => refused("TEACHER_IS_SELF"),
            Found::One(teacher) if links.insert((teacher, row.student)) => {
                new.push(teaching::ActiveModel {
                    structure_id: Set(structure),
                    teacher_id: Set(teacher),
                    student_id: Set(row.student),
                });
                if row.outcome == Outcome::Unchanged { Outcome::Changed } else { row.outcome }
            }
            Found::One(_) => row.outcome,
        };
        outcomes.push(RowOutcome { line: row.line, outcome });
    }
    if !new.is_empty() {
        teaching::Entity::insert_many(new).on_conflict_do_nothing().exec_without_returning(tx).await?;
    }
    Ok(outcomes)
}

fn refused(code: &'static str) -> Outcome {
    Outcome::Refused { code, column: Some(Column::Teacher) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_teacher_is_named_last_name_first_or_last() {
        let names = possible_names("Anne Le Goff");
        assert!(names.contains(&sort_key("Le Goff", "Anne")));
        assert_eq!(names.len(), 4);
        assert!(possible_names("LE GOFF Anne").contains(&sort_key("Le Goff", "Anne")));
        assert!(possible_names("Le Goff").contains(&sort_key("Le", "Goff")));
        assert!(possible_names("X123").is_empty());
    }
}
