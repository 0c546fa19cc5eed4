//! What binds a plan: a hash over whom it is for, what each reads and at which price.
//!
//! Architecture Invariant: two scans that are bound alike send the same texts to the same numbers at the same prices.

use entity::sensitive::Digest;
use sha2::{Digest as _, Sha256};

use super::letter::{Addressed, Letter};
use crate::domain::price::Prices;
use crate::services::audience::Recipient;

/// Binds a scan's recipients, in order, to what each reads and to its price; counts the numbers.
pub struct Binder<'l> {
    letter: &'l Letter,
    hasher: Sha256,
    people: i64,
    messages: i64,
    cost: i64,
    last_number: Option<Digest>,
}

/// What a scan came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Bound {
    /// People.
    pub people: i64,
    /// Numbers.
    pub messages: i64,
    /// What all cost.
    pub cost: i64,
    /// The hash of recipients, texts and prices.
    pub hash: Digest,
}

impl<'l> Binder<'l> {
    /// Begins with the sender and the text.
    pub fn new(letter: &'l Letter, sender: Option<&str>) -> Self {
        let mut hasher = Sha256::new();
        let sender = sender.unwrap_or_default();
        hasher.update(sender.len().to_le_bytes());
        hasher.update(sender.as_bytes());
        let common = letter.common().map_or(letter.text().as_str(), |common| &common.body);
        hasher.update(common.as_bytes());
        Self { letter, hasher, people: 0, messages: 0, cost: 0, last_number: None }
    }

    /// Adds the next person of the scan; answers what is sent and the price of a part when the number is a new one. A number that lost
    /// its price since the scan began costs nothing here, and so is another plan than one of the scan before or after.
    pub fn add(&mut self, recipient: &Recipient, prices: &Prices) -> Option<(Addressed<'l>, i64)> {
        self.people += 1;
        self.hasher.update(recipient.id.as_uuid().as_bytes());
        self.hasher.update(recipient.number_hash.as_bytes());
        if self.last_number.as_ref() == Some(&recipient.number_hash) {
            return None;
        }
        let price = prices.of(recipient.mobile.expose()).unwrap_or_default();
        let addressed = self.letter.to(recipient);
        let wording = &addressed.wording;
        self.hasher.update(price.to_le_bytes());
        self.hasher.update(wording.segments().to_le_bytes());
        if self.letter.common().is_none() {
            self.hasher.update(wording.body.len().to_le_bytes());
            self.hasher.update(wording.body.as_bytes());
        }
        self.messages += 1;
        self.cost += wording.cost(price);
        self.last_number = Some(recipient.number_hash.clone());
        Some((addressed, price))
    }

    /// What all came to.
    pub fn finish(self) -> Bound {
        let hash = Digest::new(self.hasher.finalize().into());
        Bound { people: self.people, messages: self.messages, cost: self.cost, hash }
    }
}
