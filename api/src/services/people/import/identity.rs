//! Who a row is about, among the people stored and those added by the rows before it.
//!
//! Owns the table in the header of [`super`]; knows no database.

use std::collections::HashMap;

use entity::person::Model;
use entity::sensitive::Sensitive;

use super::namesakes::Namesakes;
use crate::domain::people_file::PersonRow;

/// Who a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// A person known, by place.
    Known(usize),
    /// Someone new.
    New,
    /// One of several, or someone new: nothing tells.
    Ambiguous,
}

/// What a batch did to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing: stored as they are.
    Kept,
    /// Stored otherwise.
    Changed,
    /// Not stored yet.
    Added,
}

/// A person, and what the batch did to them.
#[derive(Debug)]
pub(super) struct Known {
    /// Their row, as it is to be.
    pub person: Model,
    /// What was done to it.
    pub fate: Fate,
}

/// The people that the rows of a batch can be about.
#[derive(Debug, Default)]
pub(super) struct People {
    known: Vec<Known>,
    by_identifier: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
}

impl People {
    /// Takes in a person, unless they are there already.
    pub fn take(&mut self, person: Model, fate: Fate) -> usize {
        let namesakes = self.by_name.get(&person.sort_key).into_iter().flatten();
        if let Some(place) = namesakes.copied().find(|place| self.known[*place].person.id == person.id) {
            return place;
        }
        let place = self.known.len();
        self.known.push(Known { person, fate });
        self.index(place);
        place
    }

    /// Makes a person found under their present name and identifier, once these changed.
    pub fn index(&mut self, place: usize) {
        let person = &self.known[place].person;
        if let Some(identifier) = &person.identifier {
            self.by_identifier.insert(identifier.clone(), place);
        }
        let namesakes = self.by_name.entry(person.sort_key.clone()).or_default();
        if !namesakes.contains(&place) {
            namesakes.push(place);
        }
    }

    /// The person at a place.
    pub fn at(&mut self, place: usize) -> &mut Known {
        &mut self.known[place]
    }

    /// Everyone.
    pub fn all(&self) -> &[Known] {
        &self.known
    }

    /// Whether someone has this identifier.
    pub fn has_identifier(&self, identifier: &str) -> bool {
        self.by_identifier.contains_key(identifier)
    }

    /// Who the row is about; `name` is its folded name.
    pub fn resolve(&self, row: &PersonRow, name: &str, file: &Namesakes) -> Identity {
        let namesakes: Vec<usize> = self.of_name(name).collect();
        let mobile = row.mobile.as_ref().map(crate::domain::phone::Phone::as_e164);
        match &row.identifier {
            Some(identifier) => match self.by_identifier.get(identifier) {
                Some(place) => Identity::Known(*place),
                None => self.adopted(&namesakes, mobile, file.is_shared(name)),
            },
            None => self.told(&namesakes, mobile, name, file),
        }
    }

    /// Whom a row with an identifier that is not stored is about.
    fn adopted(&self, namesakes: &[usize], mobile: Option<&str>, shared: bool) -> Identity {
        let free: Vec<usize> = namesakes
            .iter()
            .copied()
            .filter(|place| self.known[*place].person.identifier.is_none())
            .collect();
        let same: Vec<usize> =
            free.iter().copied().filter(|place| mobile.is_some() && self.mobile(*place) == mobile).collect();
        match (same.as_slice(), free.as_slice()) {
            ([place], _) => Identity::Known(*place),
            ([], [place]) if !shared && (mobile.is_none() || self.mobile(*place).is_none()) => {
                Identity::Known(*place)
            }
            _ => Identity::New,
        }
    }

    /// Whom a row without an identifier is about.
    fn told(&self, namesakes: &[usize], mobile: Option<&str>, name: &str, file: &Namesakes) -> Identity {
        let same: Vec<usize> = namesakes
            .iter()
            .copied()
            .filter(|place| mobile.is_some() && self.mobile(*place) == mobile)
            .collect();
        let shared = file.is_shared(name);
        match (same.as_slice(), namesakes) {
            ([place], _) => Identity::Known(*place),
            ([_, _, ..], _) => Identity::Ambiguous,
            ([], _) if shared && mobile.is_none() => Identity::Ambiguous,
            ([], []) => Identity::New,
            ([], [place]) if !shared => Identity::Known(*place),
            ([], _) if !shared => Identity::Ambiguous,
            ([], _) => {
                let others_told = namesakes.iter().all(|place| {
                    let person = &self.known[*place].person;
                    file.tells(name, person.identifier.as_deref(), self.mobile(*place))
                });
                if others_told { Identity::New } else { Identity::Ambiguous }
            }
        }
    }

    /// The people of that folded name; who changed name is no more of the old one.
    fn of_name(&self, name: &str) -> impl Iterator<Item = usize> {
        let places = self.by_name.get(name).into_iter().flatten().copied();
        places.filter(move |place| self.known[*place].person.sort_key == name)
    }

    fn mobile(&self, place: usize) -> Option<&str> {
        self.known[place].person.mobile.as_ref().map(Sensitive::expose)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use entity::At;
    use entity::enums::Sex;
    use entity::sensitive::Digest;
    use uuid::Uuid;

    use super::*;
    use crate::domain::name::sort_key;
    use crate::domain::people_file::Kept;
    use crate::domain::phone::Phone;

    /// Identifier and the last digit of the mobile: what tells apart people who are all named Jean Dupont.
    type Told = (Option<&'static str>, Option<u8>);

    const NOBODY: Told = (None, None);

    fn number(digit: u8) -> String {
        format!("+3361234567{digit}")
    }

    fn row((identifier, mobile): Told) -> PersonRow {
        PersonRow {
            line: 2,
            identifier: identifier.map(str::to_owned),
            last_name: "Dupont".to_owned(),
            first_name: "Jean".to_owned(),
            sex: None,
            mobile: mobile.map(|digit| Phone::from_e164(number(digit)).expect("the shape is right")),
            tags: Vec::new(),
            lists: Vec::new(),
            teacher: None,
            consent: None,
            kept: Kept::default(),
        }
    }

    fn stored(place: usize, (identifier, mobile): Told) -> Model {
        let at = At::from(DateTime::<Utc>::UNIX_EPOCH);
        Model {
            id: Uuid::from_u128(place as u128).into(),
            structure_id: Uuid::nil().into(),
            identifier: identifier.map(str::to_owned),
            first_name: "Jean".to_owned(),
            last_name: "Dupont".to_owned(),
            sort_key: sort_key("Dupont", "Jean"),
            sex: Sex::Unknown,
            mobile: mobile.map(|digit| Sensitive::new(number(digit))),
            number_hash: mobile.map(|digit| Digest::new([digit; 32])),
            commercial_consent_at: None,
            consent_withdrawn_at: None,
            own: None,
            created_at: at,
            updated_at: at,
        }
    }

    /// Who the first row of a file is about, given who is stored.
    fn resolve(stored_people: &[Told], file: &[Told]) -> Identity {
        let mut people = People::default();
        for (place, told) in stored_people.iter().enumerate() {
            people.take(stored(place, *told), Fate::Kept);
        }
        let mut namesakes = Namesakes::default();
        for told in file {
            namesakes.note(&row(*told));
        }
        people.resolve(&row(file[0]), &sort_key("DUPONT", "jean"), &namesakes)
    }

    #[test]
    fn without_identifier_the_name_tells_and_among_homonyms_the_mobile() {
        use Identity::{Ambiguous, Known, New};
        let mobile = |digit| (None, Some(digit));
        for (stored, file, expected) in [
            (&[][..], &[NOBODY][..], New),
            (&[], &[mobile(1)], New),
            (&[mobile(1)], &[mobile(1)], Known(0)),
            (&[mobile(1)], &[NOBODY], Known(0)),
            (&[NOBODY], &[mobile(1)], Known(0)),
            (&[(Some("A"), None)], &[mobile(1)], Known(0)),
            // Alone of that name in the file and in the store: the number changed.
            (&[mobile(1)], &[mobile(2)], Known(0)),
            (&[mobile(1)], &[mobile(2), mobile(2), NOBODY], Known(0)),
            // Homonyms stored.
            (&[mobile(1), mobile(2)], &[mobile(2)], Known(1)),
            (&[mobile(1), mobile(2)], &[mobile(3)], Ambiguous),
            (&[mobile(1), mobile(2)], &[NOBODY], Ambiguous),
            (&[(Some("A"), Some(1)), (Some("B"), Some(1))], &[mobile(1)], Ambiguous),
            // Homonyms in the file.
            (&[], &[mobile(1), mobile(2)], New),
            (&[mobile(1)], &[mobile(2), mobile(1)], New),
            (&[mobile(1)], &[mobile(2), mobile(3)], Ambiguous),
            (&[], &[NOBODY, mobile(1), mobile(2)], Ambiguous),
            (&[NOBODY], &[mobile(1), mobile(2)], Ambiguous),
            (&[(Some("A"), Some(1))], &[mobile(2), (Some("A"), Some(1))], New),
        ] {
            assert_eq!(resolve(stored, file), expected, "{stored:?} {file:?}");
        }
    }

    #[test]
    fn an_identifier_tells_or_is_taken_by_whom_the_rest_tells() {
        use Identity::{Known, New};
        for (stored, file, expected) in [
            (&[][..], &[(Some("A"), None)][..], New),
            (&[(Some("A"), Some(1))], &[(Some("A"), Some(2))], Known(0)),
            (&[(Some("B"), Some(1))], &[(Some("A"), Some(1))], New),
            (&[(None, Some(1))], &[(Some("A"), Some(1))], Known(0)),
            (&[NOBODY], &[(Some("A"), Some(1))], Known(0)),
            (&[(None, Some(1))], &[(Some("A"), None)], Known(0)),
            // Another number, or another row that may be meant as well: someone new.
            (&[(None, Some(1))], &[(Some("A"), Some(2))], New),
            (&[NOBODY], &[(Some("A"), None), (Some("B"), None)], New),
            (&[NOBODY, (None, Some(1))], &[(Some("A"), None)], New),
            (&[NOBODY, (None, Some(1))], &[(Some("A"), Some(1))], Known(1)),
        ] {
            assert_eq!(resolve(stored, file), expected, "{stored:?} {file:?}");
        }
    }

    #[test]
    fn who_changes_name_is_found_under_the_new_one_alone() {
        let mut people = People::default();
        let place = people.take(stored(0, NOBODY), Fate::Kept);
        people.at(place).person.sort_key = sort_key("Durand", "Jean");
        people.index(place);
        let file = Namesakes::default();
        assert_eq!(people.resolve(&row(NOBODY), &sort_key("Durand", "Jean"), &file), Identity::Known(place));
        assert_eq!(people.resolve(&row(NOBODY), &sort_key("Dupont", "Jean"), &file), Identity::New);
    }
}
