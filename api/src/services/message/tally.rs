//! What the messages of a plan come to: how many, how long, how dear, and which fields said nothing to whom.
//!
//! Architecture Invariants. Every number is counted once, with the text of the first person who has it. The order of people changes nothing
//! that is told but samples.

use std::borrow::Cow;
use std::collections::BTreeMap;

use entity::ids::PersonId;
use serde::{Deserialize, Serialize};

use super::letter::Addressed;
use super::wording::{Offender, Wording};
use crate::domain::replacement::fair;
use crate::domain::segments::{self, Encoding};
use crate::services::audience::Recipient;

/// People named to whom a field says nothing.
const SAMPLES: usize = 5;
/// The most kinds of characters named to one who writes: nobody reads more.
const MAX_OFFENDERS: usize = 100;

/// The most kinds looked at in a text that is one person's: a text of nothing else must not keep everyone waiting.
const MAX_OFFENDERS_OF_ONE: usize = 10;

/// What was counted so far.
#[derive(Debug, Default)]
pub struct Tally {
    first: Option<(String, PersonId, String)>,
    longest: Option<Wording>,
    parts: BTreeMap<i64, i64>,
    empty: BTreeMap<String, EmptyField>,
    unfilled: i64,
    saves: BTreeMap<char, i64>,
    saves_all: i64,
}

/// A field that said nothing to some, and had nothing in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmptyField {
    /// Its name, as the text has it.
    pub field: String,
    /// Messages in which it said nothing.
    pub messages: i64,
    /// Some of the people.
    pub people: Vec<PersonId>,
}

/// So many messages that take so many parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// The parts that one takes.
    pub segments: i64,
    /// How many there are.
    pub messages: i64,
}

/// What all came to.
#[derive(Debug, Clone)]
pub struct Tallied {
    /// The text as the first person by name reads it.
    pub first: Option<String>,
    /// The longest text.
    pub longest: Option<Wording>,
    /// How many take how many parts, fewest first.
    pub spread: Vec<Spread>,
    /// The fields that said nothing to some.
    pub empty: Vec<EmptyField>,
    /// Messages in which some field said nothing.
    pub unfilled: i64,
    /// The characters that force UCS-2, with what doing without each would save, and what doing without all would.
    pub dear: (Vec<Offender>, i64),
}

impl Tally {
    /// Counts the message of one number: to its first person, at this price a part.
    pub fn add(&mut self, to: &Recipient, addressed: &Addressed<'_>, price: i64) {
        let wording = &addressed.wording;
        *self.parts.entry(wording.segments()).or_default() += 1;
        self.unfilled += i64::from(!addressed.empty.is_empty());
        for field in &addressed.empty {
            let empty = self.empty.entry((*field).to_owned()).or_default();
            empty.messages += 1;
            if empty.people.len() < SAMPLES {
                empty.people.push(to.id);
            }
        }
        if wording.measure.encoding == Encoding::Ucs2 {
            let offending = wording.offending(MAX_OFFENDERS_OF_ONE);
            for offender in &offending {
                // Where others are left, one unit for another changes nothing.
                let alone = offending.len() == 1 || !is_one_for_one(*offender);
                let saved = if alone { wording.saved_without(|c| c == *offender) } else { 0 };
                *self.saves.entry(*offender).or_default() += price * saved;
            }
            self.saves_all += price * wording.saved_without(|_| true);
        }
        let by_name =
            |(key, id, _): &(String, PersonId, String)| (key.as_str(), *id) > (to.sort_key.as_str(), to.id);
        if self.first.as_ref().is_none_or(by_name) {
            self.first = Some((to.sort_key.clone(), to.id, wording.body.clone()));
        }
        if self.longest.as_ref().is_none_or(|longest| longest.size() < wording.size()) {
            self.longest = Some(Wording::clone(wording));
        }
    }

    /// What all came to, of a text that its user wrote so.
    pub fn finish(self, text: &str) -> Tallied {
        let written = segments::offenders(text);
        let place = |character: char| written.iter().position(|one| one.character == character);
        let mut offenders: Vec<Offender> = self
            .saves
            .into_iter()
            .map(|(character, saves)| Offender {
                character,
                positions: place(character).map(|at| written[at].positions.clone()).unwrap_or_default(),
                replacement: fair(character).map(Cow::into_owned),
                saves,
            })
            .collect();
        // In the order of the text; what only values bring comes last.
        offenders
            .sort_by_key(|one| (one.positions.is_empty(), one.positions.first().copied(), one.character));
        offenders.truncate(MAX_OFFENDERS);
        let named = |(field, empty): (String, EmptyField)| EmptyField { field, ..empty };
        Tallied {
            first: self.first.map(|(_, _, body)| body),
            longest: self.longest,
            spread: self
                .parts
                .into_iter()
                .map(|(segments, messages)| Spread { segments, messages })
                .collect(),
            empty: self.empty.into_iter().map(named).collect(),
            unfilled: self.unfilled,
            dear: (offenders, self.saves_all),
        }
    }
}

/// Whether what stands for a character takes as much room in UCS-2.
fn is_one_for_one(c: char) -> bool {
    let instead = fair(c).unwrap_or_default();
    instead.encode_utf16().count() == c.len_utf16()
}

/// A text that is the same to all, of which one part costs `prices` in all: what [`Tally`] would come to.
pub fn alike(text: &str, wording: &Wording, prices: i64) -> (Vec<Offender>, i64) {
    if wording.measure.encoding == Encoding::Gsm7 {
        return (Vec::new(), 0);
    }
    let named = wording.offending(MAX_OFFENDERS);
    let offenders = segments::offenders(text).into_iter().filter(|found| named.contains(&found.character));
    let offender = |found: segments::Offender| Offender {
        character: found.character,
        positions: found.positions,
        replacement: fair(found.character).map(Cow::into_owned),
        saves: prices * wording.saved_without(|c| c == found.character),
    };
    (offenders.map(offender).collect(), prices * wording.saved_without(|_| true))
}

#[cfg(test)]
mod tests;
