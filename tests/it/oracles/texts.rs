//! Texts as people write them and as nobody would, around the borders between parts.

use envoi_tests::TestEntropy;
use unicode_normalization::UnicodeNormalization as _;

/// What texts are made of; each is drawn from one or two of these.
const POOLS: [&[&str]; 8] = [
    &["a", "e", "é", "à", " ", ".", "R", "Ç", "@", "\n", "0"],
    &["€", "{", "}", "[", "]", "\\", "^", "~", "|"],
    &["ç", "ê", "’", "«", "»", "…", "–", "œ", "\u{A0}", "\u{202F}", "À", "°"],
    &["😀", "🎻", "🇫🇷", "👩‍👧", "👍🏽", "❤\u{FE0F}", "1\u{FE0F}\u{20E3}"],
    &["م", "ر", "ح", "ب", "ا", "\u{64E}", "\u{651}", "ل", "\u{200F}"],
    &["e\u{301}", "o\u{308}\u{323}", "\u{300}", "x\u{327}", "\u{1112}\u{1161}\u{11AB}", "न\u{93F}"],
    &["中", "文", "か", "\u{3099}", "𠮷", "𝄞", "я", "λ", "Λ"],
    &["\u{200B}", "\u{200D}", "\u{2060}", "\u{202E}", "\u{AD}", "\u{FEFF}"],
];
/// Lengths in units at which a text takes one SMS more, or nearly.
const BORDERS: [usize; 10] = [1, 66, 70, 134, 152, 160, 201, 305, 459, 700];

/// A text in NFC, without control characters but LF.
pub(super) fn text(chance: &TestEntropy) -> String {
    let pools = [chance.below(POOLS.len()), chance.below(POOLS.len())];
    // Most of the time the second one is rare.
    let rarity = 1 + chance.below(40);
    let length = BORDERS[chance.below(BORDERS.len())] + chance.below(6);
    let mut text = String::new();
    while text.encode_utf16().count() < length {
        let pool = POOLS[pools[usize::from(chance.below(rarity) == 0)]];
        text.push_str(pool[chance.below(pool.len())]);
    }
    text.nfc().collect()
}
