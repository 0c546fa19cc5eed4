//! How many SMS a text takes, and which characters make it dear.
//!
//! The alphabet and the sizes are those of 3GPP TS 23.038 (default alphabet, its extension table, UCS-2) and
//! TS 23.040 (concatenation with an eight-bit reference, six octets of header in each part). No national shift
//! table is used.
//!
//! Architecture invariant: this count is the one that previews show and the ledger charges. A character is never
//! split over two parts, whether it is an escape pair or a surrogate pair; parts joined give the text back.

/// What a text is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The GSM seven-bit default alphabet and its extension table; the unit is the septet.
    Gsm7,
    /// Sixteen bits a unit; the unit is that of UTF-16.
    Ucs2,
}

impl Encoding {
    /// The encoding a text needs: one character outside GSM-7 makes all of it UCS-2.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.chars().all(|c| septets(c).is_some()) { Self::Gsm7 } else { Self::Ucs2 }
    }

    /// Units that one SMS holds when the text fits in one.
    #[must_use]
    pub fn single_limit(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Units that each SMS holds when the text takes several.
    #[must_use]
    pub fn part_limit(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    /// The stable name: `GSM7` or `UCS2`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM7",
            Self::Ucs2 => "UCS2",
        }
    }

    /// Units a character of a text in this encoding takes.
    fn units(self, c: char) -> usize {
        match self {
            Self::Gsm7 => septets(c).unwrap_or(1),
            Self::Ucs2 => c.len_utf16(),
        }
    }
}

/// What a text takes to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Measure {
    /// What it is sent in.
    pub encoding: Encoding,
    /// Its length in the units of the encoding: septets (two for a character of the extension table), or UTF-16.
    pub length_units: usize,
    /// The SMS it takes, which is what is charged; zero for an empty text.
    pub segments: usize,
}

/// A character that forces UCS-2 on a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offender {
    /// The character.
    pub character: char,
    /// Each place where it stands, in UTF-16 units from the start of the text, in order.
    pub positions: Vec<usize>,
}

/// Measures a whole text as it will be sent, mention included. Texts are measured as given: put them in NFC first.
#[must_use]
pub fn measure(text: &str) -> Measure {
    let encoding = Encoding::of(text);
    let length_units = length(text, encoding);
    Measure { encoding, length_units, segments: split_in(text, encoding, length_units).len() }
}

/// The parts a text is sent in, in order. Joined they are the text; an empty text has none.
#[must_use]
pub fn split(text: &str) -> Vec<&str> {
    let encoding = Encoding::of(text);
    split_in(text, encoding, length(text, encoding))
}

/// How many characters of one unit can still be put between `text` and `mention` without one SMS more, the encoding staying as
/// it is. Where a pair is not split, the unit lost at the end of its part is not counted.
#[must_use]
pub fn room(text: &str, mention: &str) -> usize {
    let now = measure(&[text, mention].concat());
    let limit = match now.segments {
        0 | 1 => now.encoding.single_limit(),
        parts => parts * now.encoding.part_limit(),
    };
    let with = |more: usize| measure(&[text, &"a".repeat(more), mention].concat()).segments.max(1);
    let fits = |more: &usize| with(*more) <= now.segments.max(1);
    // At most one unit a part is lost, so that few are tried.
    (0..=limit.saturating_sub(now.length_units)).rev().find(fits).unwrap_or(0)
}

/// The characters that force UCS-2, in the order in which they first appear, with every place of each.
#[must_use]
pub fn offenders(text: &str) -> Vec<Offender> {
    let mut found: Vec<Offender> = Vec::new();
    let mut position = 0;
    for c in text.chars() {
        if septets(c).is_none() {
            match found.iter_mut().find(|offender| offender.character == c) {
                Some(offender) => offender.positions.push(position),
                None => found.push(Offender { character: c, positions: vec![position] }),
            }
        }
        position += c.len_utf16();
    }
    found
}

/// The default alphabet beyond ASCII.
const BEYOND_ASCII: &str = "£¥¤§¡¿èéùìòàÇÉØøÅåÆæßÄÖÑÜäöñüΔΦΓΛΩΠΨΣΘΞ";

/// The septets a character takes: one in the default alphabet, two in the extension table, none outside GSM-7.
#[must_use]
pub fn septets(c: char) -> Option<usize> {
    match c {
        '\n' | '\r' | ' '..='Z' | '_' | 'a'..='z' => Some(1),
        '\u{C}' | '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '€' => Some(2),
        c if !c.is_ascii() && BEYOND_ASCII.contains(c) => Some(1),
        _ => None,
    }
}

/// The length of a text in the units of an encoding: that of the whole it is part of.
#[must_use]
pub fn length(text: &str, encoding: Encoding) -> usize {
    text.chars().map(|c| encoding.units(c)).sum()
}

fn split_in(text: &str, encoding: Encoding, length: usize) -> Vec<&str> {
    if text.is_empty() {
        return Vec::new();
    }
    if length <= encoding.single_limit() {
        return vec![text];
    }
    let mut parts = Vec::with_capacity(length / encoding.part_limit() + 1);
    let mut start = 0;
    let mut used = 0;
    for (at, c) in text.char_indices() {
        let units = encoding.units(c);
        if used + units > encoding.part_limit() {
            parts.push(&text[start..at]);
            start = at;
            used = 0;
        }
        used += units;
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table 6.2.1 of TS 23.038 column by column, its escape (0x1B) left out.
    const DEFAULT_ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
        ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    /// Table 6.2.1.1 of TS 23.038.
    const EXTENSION: &str = "\u{C}^{}\\[~]|€";

    fn measured(text: &str) -> (Encoding, usize, usize) {
        let Measure { encoding, length_units, segments } = measure(text);
        assert_eq!(split(text).concat(), text);
        assert_eq!(split(text).len(), segments);
        (encoding, length_units, segments)
    }

    #[test]
    fn every_character_of_unicode_is_classed_by_the_tables() {
        assert_eq!(DEFAULT_ALPHABET.chars().count(), 127);
        for c in '\0'..=char::MAX {
            let expected = match c {
                c if DEFAULT_ALPHABET.contains(c) => Some(1),
                c if EXTENSION.contains(c) => Some(2),
                _ => None,
            };
            assert_eq!(septets(c), expected, "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn french_characters_that_look_plain_and_are_not() {
        for c in "çêëîïôûâœÀÈÊ«»’…–—•°\t\u{A0}\u{202F}".chars() {
            assert_eq!(measured(&format!("a{c}")), (Encoding::Ucs2, 2, 1), "{c:?}");
        }
        assert_eq!(measured("æÆÇÉéèàù"), (Encoding::Gsm7, 8, 1));
        assert_eq!(measured("e\u{301}").0, Encoding::Ucs2);
    }

    #[test]
    fn the_boundaries_of_one_sms_and_of_several() {
        for (c, units, segments) in
            [('a', 160, 1), ('a', 161, 2), ('a', 306, 2), ('a', 307, 3), ('a', 459, 3), ('a', 460, 4)]
        {
            assert_eq!(measured(&c.to_string().repeat(units)), (Encoding::Gsm7, units, segments));
        }
        for (units, segments) in [(70, 1), (71, 2), (134, 2), (135, 3)] {
            assert_eq!(measured(&"ç".repeat(units)), (Encoding::Ucs2, units, segments));
        }
        assert_eq!(measured(""), (Encoding::Gsm7, 0, 0));
        assert_eq!(measured(&"€".repeat(80)), (Encoding::Gsm7, 160, 1));
        assert_eq!(measured(&"😀".repeat(35)), (Encoding::Ucs2, 70, 1));
    }

    #[test]
    fn an_escape_pair_is_never_split() {
        let text = format!("{}€{}", "a".repeat(152), "a".repeat(152));
        assert_eq!(measured(&text), (Encoding::Gsm7, 306, 3));
        assert_eq!(split(&text).iter().map(|part| part.chars().count()).collect::<Vec<_>>(), [152, 152, 1]);
        assert_eq!(measured(&format!("{}€{}", "a".repeat(151), "a".repeat(153))), (Encoding::Gsm7, 306, 2));
        assert_eq!(measured(&format!("{}€", "a".repeat(158))), (Encoding::Gsm7, 160, 1));
        assert_eq!(measured(&format!("{}€", "a".repeat(159))), (Encoding::Gsm7, 161, 2));
        // One septet is lost in each part: 76 pairs fit where 153 / 2 would say 76.5.
        assert_eq!(measured(&"€".repeat(153)), (Encoding::Gsm7, 306, 3));
    }

    #[test]
    fn a_surrogate_pair_is_never_split() {
        let text = format!("{}😀{}", "a".repeat(66), "a".repeat(66));
        assert_eq!(measured(&text), (Encoding::Ucs2, 134, 3));
        assert_eq!(measured(&format!("{}😀{}", "a".repeat(65), "a".repeat(67))), (Encoding::Ucs2, 134, 2));
        assert_eq!(measured(&"😀".repeat(67)), (Encoding::Ucs2, 134, 3));
    }

    #[test]
    fn the_sample_of_the_help_page_and_the_mention() {
        assert_eq!(measured("Bonjour ça va ou bien Répét ce soir.STOP 36608"), (Encoding::Ucs2, 46, 1));
        assert_eq!(measured(&format!("{}.STOP 36608", "a".repeat(149))), (Encoding::Gsm7, 160, 1));
        assert_eq!(measured(&format!("ç{}.STOP 36608", "a".repeat(148))), (Encoding::Ucs2, 160, 3));
        assert_eq!(measured(&format!("ç{}.STOP 36608", "a".repeat(58))), (Encoding::Ucs2, 70, 1));
    }

    #[test]
    fn the_room_left_is_what_can_be_written_for_the_same_price() {
        let mention = ".STOP 36608";
        for (text, left) in [
            (String::new(), 149),
            ("a".repeat(148), 1),
            ("a".repeat(149), 0),
            ("a".repeat(150), 306 - 161),
            ("€".repeat(74), 1),
            ("Bonjour ça va ou bien Répét ce soir".to_owned(), 24),
            ("ç".repeat(59), 0),
            ("ç".repeat(60), 134 - 71),
            // A pair at the border of two parts goes to the second whole, and leaves a unit empty.
            (format!("{}€", "a".repeat(152)), 306 - 166),
            (format!("{}😀", "ç".repeat(66)), 134 - 80),
        ] {
            assert_eq!(room(&text, mention), left, "{text}");
        }
        // Written before the mention, one more may put a pair of the mention on a border, and what follows into another part.
        assert_eq!(room("a", &"€".repeat(100)), 306 - 201 - 1);
        assert_eq!(room(&"a".repeat(303), "€"), 1);
        assert_eq!(room(&format!("{}€{}", "a".repeat(152), "a".repeat(152)), ""), 459 - 307);
        for text in ["a".repeat(200), "€".repeat(153), "😀".repeat(40), format!("ç{}", "€a".repeat(60))]
        {
            for mention in ["", mention, "[STOP]", "€"] {
                let now = measure(&[&text, mention].concat()).segments;
                let with = |more| measure(&[&text, &"a".repeat(more), mention].concat()).segments;
                let left = room(&text, mention);
                assert_eq!((with(left), with(left + 1)), (now, now + 1), "{text} {mention}");
            }
        }
    }

    #[test]
    fn offenders_are_named_where_they_stand() {
        assert_eq!(offenders("Répét à 20 h, 5 €"), []);
        assert_eq!(
            offenders("😀ça, ç’€😀"),
            [
                Offender { character: '😀', positions: vec![0, 9] },
                Offender { character: 'ç', positions: vec![2, 6] },
                Offender { character: '’', positions: vec![7] },
            ]
        );
    }
}
