//! The numbers to which people answer STOP: short codes such as `36608`, which the structures of a gateway share.
//!
//! Architecture invariant: a short code is digits only, so that what a STOP mention names and what a gateway reports compare
//! equal.

/// The digits of what can be answered to: short codes have 3 or more (5 in France), and a gateway may lend a long number, which
/// has 15 at most.
const DIGITS: std::ops::RangeInclusive<usize> = 3..=15;

/// The short code that a STOP mention names: the one number in it. `.STOP 36608` names `36608`. None when it has none, several, one
/// written with blanks in it, or one as it is dialled inside a country, which no gateway reports so.
#[must_use]
pub fn named_by(mention: &str) -> Option<&str> {
    let mut numbers = mention.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
    let number =
        numbers.next().filter(|number| DIGITS.contains(&number.len()) && !number.starts_with('0'))?;
    numbers.next().is_none().then_some(number)
}

/// The short code that a gateway says an SMS came to: digits, with or without a leading `+`. None when it is something else.
#[must_use]
pub fn read(to: &str) -> Option<&str> {
    let digits = to.trim().trim_start_matches('+');
    (DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_names_one_short_code() {
        for (mention, named) in [
            (".STOP 36608", Some("36608")),
            (" STOP au 36608.", Some("36608")),
            (" 24/7: STOP36608", None),
            (" STOP au 36 608", None),
            (" STOP 36608 ou 36609", None),
            (" STOP au +33700000000", Some("33700000000")),
            (" STOP au 0700000000", None),
            (" no to 1", None),
            (" STOP", None),
            ("", None),
        ] {
            assert_eq!(named_by(mention), named, "{mention:?}");
        }
    }

    #[test]
    fn what_a_gateway_reports_is_read_when_it_is_digits() {
        for (to, expected) in [
            ("36608", Some("36608")),
            (" +36608 ", Some("36608")),
            ("33700000000", Some("33700000000")),
            ("", None),
            ("12", None),
            ("3660८", None),
            ("36608\0", None),
            ("4VENTS", None),
            ("1234567890123456", None),
        ] {
            assert_eq!(read(to), expected, "{to:?}");
        }
    }
}
