//! What a message says: the text as its user wrote it, and as it arrives.
//!
//! Architecture Invariant: the body that was measured is the one that is sent and charged.

use std::borrow::Cow;

use crate::domain::replacement::{EncodingPolicy, fair, replaced};
use crate::domain::segments::{self, Encoding, Measure};
use crate::domain::text::MessageText;

use super::plan::count;

/// The most kinds of characters named to one who writes: nobody reads more.
const MAX_OFFENDERS: usize = 100;

/// The text as it is written, and as it arrives.
#[derive(Debug, Clone)]
pub struct Wording {
    /// What the user wrote, normalised.
    pub text: MessageText,
    /// What may be replaced in it.
    pub policy: EncodingPolicy,
    /// What arrives: the text as the policy leaves it, then the STOP mention.
    pub body: String,
    /// How the body is encoded, how long it is and how many parts it takes.
    pub measure: Measure,
    /// Where the STOP mention begins in the body.
    mention: usize,
}

impl Wording {
    /// What arrives of a text under a policy, with the STOP mention behind it.
    pub fn new(text: MessageText, policy: EncodingPolicy, stop_mention: &str) -> Self {
        let mut body = policy.apply(text.as_str()).into_owned();
        let mention = body.len();
        body.push_str(stop_mention);
        let measure = segments::measure(&body);
        Self { text, policy, body, measure, mention }
    }

    /// What is appended to the text.
    pub fn stop_mention(&self) -> &str {
        &self.body[self.mention..]
    }

    /// The user's text alone, as it arrives.
    fn text_sent(&self) -> &str {
        &self.body[..self.mention]
    }

    /// Its length, in the units that the body is charged in.
    pub fn length(&self) -> i64 {
        count(segments::length(self.text_sent(), self.measure.encoding))
    }

    /// The parts that one SMS takes.
    pub fn segments(&self) -> i64 {
        count(self.measure.segments)
    }

    /// What it costs where one part has this price.
    pub fn cost(&self, price: i64) -> i64 {
        self.segments() * price
    }

    /// The parts that one SMS would take less, had these characters been replaced, or left out where nothing can fairly replace them.
    fn saved_by_replacing(&self, which: impl Fn(char) -> bool) -> i64 {
        let text = replaced(self.text.as_str(), |c| which(c).then(|| fair(c).unwrap_or(Cow::Borrowed(""))));
        let body = format!("{}{}", self.policy.apply(&text), self.stop_mention());
        self.segments() - count(segments::measure(&body).segments)
    }
}

/// What a counter under the text box shows.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// The length of the user's text as it arrives, in septets or UTF-16 units.
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
    /// The characters that force UCS-2, at most [`MAX_OFFENDERS`], in the order of the text.
    pub offenders: Vec<Offender>,
    /// The SMS that replacing them all would save, of all that are sent.
    pub saves: i64,
}

/// A character that forces UCS-2, and what doing without it would save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offender {
    /// The character.
    pub character: char,
    /// Each place where it stands in the user's text, in UTF-16 units.
    pub positions: Vec<usize>,
    /// What could fairly stand in its place; none when a reader would miss it.
    pub replacement: Option<Cow<'static, str>>,
    /// The SMS that replacing it alone would save, of all that are sent.
    pub saves: i64,
}

impl Metrics {
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

    /// The size of what is sent to numbers of which one part costs `prices` in all.
    pub fn new(wording: &Wording, limit: i64, prices: i64) -> Self {
        let offends = |c: char| wording.policy.replacement(c).is_none() && segments::septets(c).is_none();
        let (mut offenders, mut saves) = (Vec::new(), 0);
        if wording.measure.encoding == Encoding::Ucs2 {
            let found = segments::offenders(wording.text.as_str()).into_iter();
            offenders = found
                .filter(|found| offends(found.character))
                .take(MAX_OFFENDERS)
                .map(|found| Offender {
                    character: found.character,
                    positions: found.positions,
                    replacement: fair(found.character),
                    saves: prices * wording.saved_by_replacing(|c| c == found.character),
                })
                .collect();
            saves = prices * wording.saved_by_replacing(offends);
        }
        Self {
            length: wording.length(),
            limit,
            remaining_in_segment: count(segments::room(wording.text_sent(), wording.stop_mention())),
            encoding: wording.measure.encoding,
            segments: wording.segments(),
            stop_mention: wording.stop_mention().to_owned(),
            offenders,
            saves,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(text: &str, policy: EncodingPolicy, prices: i64) -> Metrics {
        let text = MessageText::parse(text).expect("the tests give texts that are accepted");
        Metrics::new(&Wording::new(text, policy, ".STOP 36608"), 149, prices)
    }

    fn offender(
        character: char,
        positions: &[usize],
        replacement: Option<&'static str>,
        saves: i64,
    ) -> Offender {
        Offender {
            character,
            positions: positions.to_vec(),
            replacement: replacement.map(Cow::Borrowed),
            saves,
        }
    }

    #[test]
    fn one_character_is_what_a_text_costs_more_for() {
        let text = format!("{}ç", "a".repeat(148));
        let exact = metrics(&text, EncodingPolicy::Exact, 10);
        assert_eq!((exact.encoding, exact.length, exact.segments), (Encoding::Ucs2, 149, 3));
        assert_eq!((exact.offenders, exact.saves), (vec![offender('ç', &[148], Some("c"), 20)], 20));
        let plain = metrics(&text, EncodingPolicy::Plain, 10);
        assert_eq!(
            (plain.encoding, plain.segments, plain.offenders, plain.saves),
            (Encoding::Gsm7, 1, vec![], 0)
        );
    }

    #[test]
    fn of_several_characters_one_alone_saves_nothing() {
        let text = format!("😀{}ê’ê", "a".repeat(96));
        let found = metrics(&text, EncodingPolicy::Typography, 1);
        assert_eq!((found.length, found.segments, found.saves), (101, 2, 1));
        assert_eq!(found.offenders, [offender('😀', &[0], None, 0), offender('ê', &[98, 100], Some("e"), 0)]);
    }

    #[test]
    fn replacing_may_cost_more_than_it_saves() {
        // Three full stops for each ellipsis: 134 units take two SMS, 136 three.
        let text = format!("😀{}…", "a".repeat(120));
        let found = metrics(&text, EncodingPolicy::Exact, 1);
        assert_eq!((found.segments, found.offenders[1].saves, found.saves), (2, -1, 1));
    }

    #[test]
    fn what_cannot_be_seen_is_named_and_may_be_left_out() {
        let found = metrics("a\u{200B}\u{202E}b", EncodingPolicy::Typography, 1);
        assert_eq!(
            found.offenders,
            [offender('\u{200B}', &[1], Some(""), 0), offender('\u{202E}', &[2], Some(""), 0)]
        );
    }

    #[test]
    fn a_thousand_kinds_of_characters_are_not_all_named() {
        let text: String = ('\u{4E00}'..).take(1_000).collect();
        assert_eq!(metrics(&text, EncodingPolicy::Typography, 1).offenders.len(), MAX_OFFENDERS);
    }
}
