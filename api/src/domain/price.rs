//! What an SMS costs by where it goes: the SMS of credit that one part takes, by the beginning of the number.
//!
//! Architecture invariant: a number has the price of the longest prefix that it begins with, or none: then nothing is sent to it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The digits of a prefix: a country code has three at most, and one more tells apart those that countries share.
pub const PREFIX_DIGITS: RangeInclusive<usize> = 1..=4;
/// What one part may cost.
pub const PRICES: RangeInclusive<i64> = 1..=100;

/// The operator's prices, by prefix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices(BTreeMap<String, i64>);

impl Prices {
    /// The price of one part to a number in E.164; none where nothing is sent.
    #[must_use]
    pub fn of(&self, number: &str) -> Option<i64> {
        let digits = number.strip_prefix('+')?;
        let prefixes = PREFIX_DIGITS.rev().filter_map(|length| digits.get(..length));
        prefixes.filter_map(|prefix| self.0.get(prefix)).copied().next()
    }

    /// Every prefix with its price, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0.iter().map(|(prefix, price)| (prefix.as_str(), *price))
    }
}

impl FromIterator<(String, i64)> for Prices {
    fn from_iter<I: IntoIterator<Item = (String, i64)>>(prices: I) -> Self {
        Self(prices.into_iter().collect())
    }
}

/// Whether these are the digits of a prefix.
#[must_use]
pub fn is_prefix(prefix: &str) -> bool {
    PREFIX_DIGITS.contains(&prefix.len())
        && prefix.bytes().all(|byte| byte.is_ascii_digit())
        && !prefix.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_decides() {
        let listed = [("33", 1), ("1", 3), ("1242", 9), ("262", 2)];
        let prices: Prices = listed.map(|(prefix, price)| (prefix.to_owned(), price)).into_iter().collect();
        for (number, price) in [
            ("+33612345678", Some(1)),
            ("+12125550100", Some(3)),
            ("+12425550100", Some(9)),
            ("+262692123456", Some(2)),
            ("+32470123456", None),
            ("+26", None),
            ("33612345678", None),
            ("", None),
        ] {
            assert_eq!(prices.of(number), price, "{number}");
        }
        assert_eq!(Prices::default().of("+33612345678"), None);
    }

    #[test]
    fn a_prefix_is_what_a_country_code_begins_with() {
        for (prefix, accepted) in [
            ("33", true),
            ("1242", true),
            ("7", true),
            ("", false),
            ("033", false),
            ("12425", false),
            ("+33", false),
        ] {
            assert_eq!(is_prefix(prefix), accepted, "{prefix:?}");
        }
    }
}
