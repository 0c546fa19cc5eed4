//! What one person reads: the text filled in, as the policy leaves it, with the STOP mention behind it.
//!
//! Architecture Invariant: the body that was measured is the one that is sent and charged.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::domain::replacement::{EncodingPolicy, fair, replaced};
use crate::domain::segments::{self, Encoding, Measure};

use super::plan::count;

/// What one person reads.
#[derive(Debug, Clone)]
pub struct Wording {
    /// What arrives.
    pub body: String,
    /// How it is encoded, how long it is and how many parts it takes.
    pub measure: Measure,
    /// The text before the policy replaced anything, in NFC.
    filled: String,
    policy: EncodingPolicy,
    /// Where the STOP mention begins in the body.
    mention: usize,
}

impl Wording {
    /// What arrives of a text in NFC under a policy, with the STOP mention behind it.
    pub fn new(filled: String, policy: EncodingPolicy, stop_mention: &str) -> Self {
        let mut body = policy.apply(&filled).into_owned();
        let mention = body.len();
        body.push_str(stop_mention);
        let measure = segments::measure(&body);
        Self { body, measure, filled, policy, mention }
    }

    /// What is appended to the text.
    pub fn stop_mention(&self) -> &str {
        &self.body[self.mention..]
    }

    /// The text alone, as it arrives.
    pub fn text(&self) -> &str {
        &self.body[..self.mention]
    }

    /// Its length, in the units that the body is charged in.
    pub fn length(&self) -> i64 {
        count(segments::length(self.text(), self.measure.encoding))
    }

    /// What can still be written without one part more, STOP mention counted, in characters of one unit.
    pub fn room(&self) -> i64 {
        count(segments::room(self.text(), self.stop_mention()))
    }

    /// The parts that one SMS takes.
    pub fn segments(&self) -> i64 {
        count(self.measure.segments)
    }

    /// What it costs where one part has this price.
    pub fn cost(&self, price: i64) -> i64 {
        self.segments() * price
    }

    /// What makes one text longer than another: its parts, then its units.
    pub fn size(&self) -> (usize, usize) {
        (self.measure.segments, self.measure.length_units)
    }

    /// The first kinds of characters that force UCS-2 on it, at most so many.
    pub fn offending(&self, most: usize) -> Vec<char> {
        let mut found = Vec::new();
        if self.measure.encoding == Encoding::Ucs2 {
            for c in self.filled.chars() {
                if found.len() < most && self.offends(c) && !found.contains(&c) {
                    found.push(c);
                }
            }
        }
        found
    }

    fn offends(&self, c: char) -> bool {
        segments::septets(c).is_none() && self.policy.replacement(c).is_none()
    }

    /// The parts that it would take less, had these of the offending characters been replaced, or left out where nothing can fairly
    /// replace them.
    pub fn saved_without(&self, which: impl Fn(char) -> bool) -> i64 {
        let instead = |c| (self.offends(c) && which(c)).then(|| fair(c).unwrap_or(Cow::Borrowed("")));
        let body = format!("{}{}", self.policy.apply(&replaced(&self.filled, instead)), self.stop_mention());
        self.segments() - count(segments::measure(&body).segments)
    }
}

/// A character that forces UCS-2, and what doing without it would save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offender {
    /// The character.
    pub character: char,
    /// Each place where it stands in the user's text, in UTF-16 units; none where only the values of fields bring it.
    pub positions: Vec<usize>,
    /// What could fairly stand in its place; none when a reader would miss it.
    pub replacement: Option<String>,
    /// The SMS that replacing it alone would save, of all that are sent.
    pub saves: i64,
}

/// What a counter under the text box shows.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// The length of the longest text as it arrives, in septets or UTF-16 units.
    pub length: i64,
    /// The length that the rules allow.
    pub limit: i64,
    /// What can still be written without one SMS more, STOP mention counted, in characters of one unit.
    pub remaining_in_segment: i64,
    /// The encoding of the whole SMS.
    pub encoding: Encoding,
    /// The parts it takes, STOP mention included.
    pub segments: i64,
    /// What is appended to the text.
    pub stop_mention: String,
    /// The characters that force UCS-2, in the order of the text.
    pub offenders: Vec<Offender>,
    /// The SMS that replacing them all would save, of all that are sent.
    pub saves: i64,
}

impl Metrics {
    /// The size of a text, and what its dear characters cost.
    pub fn new(wording: &Wording, limit: i64, offenders: Vec<Offender>, saves: i64) -> Self {
        Self {
            length: wording.length(),
            limit,
            remaining_in_segment: wording.room(),
            encoding: wording.measure.encoding,
            segments: wording.segments(),
            stop_mention: wording.stop_mention().to_owned(),
            offenders,
            saves,
        }
    }

    /// The size of a text of which nothing was written yet.
    pub fn empty(limit: i64, stop_mention: String) -> Self {
        Self {
            length: 0,
            limit,
            remaining_in_segment: count(segments::room("", &stop_mention)),
            encoding: Encoding::Gsm7,
            segments: 0,
            stop_mention,
            offenders: Vec::new(),
            saves: 0,
        }
    }
}
