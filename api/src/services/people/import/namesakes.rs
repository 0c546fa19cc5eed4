//! Which names a file gives to several people.
//!
//! Knows the file only, not what is stored. Hashes stand for names, identifiers and numbers, so that 200,000 rows take a few
//! megabytes; two that collide (one chance in a billion at that size) make a row be refused as ambiguous, nothing worse.

use std::collections::hash_map::{DefaultHasher, Entry};
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};

use crate::domain::name::sort_key;
use crate::domain::people_file::PersonRow;

/// Whom a file tells apart, name by name.
#[derive(Debug, Default)]
pub(super) struct Namesakes {
    /// Names of one person, with what tells them.
    alone: HashMap<u64, u64>,
    /// Names of several people, with what tells each.
    shared: HashMap<u64, HashSet<u64>>,
    /// Identifiers, with the name each was first given to.
    named: HashMap<u64, u64>,
    /// Identifiers given to several names.
    contradicted: HashSet<u64>,
}

/// What tells a person from others of the same name.
#[derive(Hash)]
enum Mark<'a> {
    Identifier(&'a str),
    Mobile(&'a str),
}

impl Namesakes {
    /// Takes in a row.
    pub fn note(&mut self, row: &PersonRow) {
        let identifier = row.identifier.as_deref().map(Mark::Identifier);
        let Some(mark) =
            identifier.or_else(|| row.mobile.as_ref().map(|mobile| Mark::Mobile(mobile.as_e164())))
        else {
            return;
        };
        let (name, mark) = (hash(&sort_key(&row.last_name, &row.first_name)), hash(&mark));
        if row.identifier.is_some() && *self.named.entry(mark).or_insert(name) != name {
            self.contradicted.insert(mark);
        }
        if let Some(marks) = self.shared.get_mut(&name) {
            marks.insert(mark);
            return;
        }
        match self.alone.entry(name) {
            Entry::Vacant(place) => {
                place.insert(mark);
            }
            Entry::Occupied(place) if *place.get() != mark => {
                let other = place.remove();
                self.shared.insert(name, HashSet::from([mark, other]));
            }
            Entry::Occupied(_) => {}
        }
    }

    /// Whether the file gives that identifier to people of different names: a cell copied too far.
    pub fn contradicts(&self, identifier: &str) -> bool {
        self.contradicted.contains(&hash(&Mark::Identifier(identifier)))
    }

    /// Whether the file tells several people of that name apart.
    pub fn is_shared(&self, sort_key: &str) -> bool {
        self.shared.contains_key(&hash(&sort_key))
    }

    /// Whether the file tells, among several of that name, a person with this identifier or this number.
    pub fn tells(&self, sort_key: &str, identifier: Option<&str>, mobile: Option<&str>) -> bool {
        let marks = [identifier.map(Mark::Identifier), mobile.map(Mark::Mobile)];
        let shared = self.shared.get(&hash(&sort_key));
        shared.is_some_and(|told| marks.iter().flatten().any(|mark| told.contains(&hash(mark))))
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
