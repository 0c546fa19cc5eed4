use super::*;
use crate::domain::replacement::EncodingPolicy;
use crate::domain::text::MessageText;

fn wording(text: &str, policy: EncodingPolicy) -> Wording {
    let text = MessageText::parse(text).expect("the tests give texts that are accepted");
    Wording::new(text.as_str().to_owned(), policy, ".STOP 36608")
}

fn dear(text: &str, policy: EncodingPolicy, prices: i64) -> (Vec<Offender>, i64) {
    alike(text, &wording(text, policy), prices)
}

fn offender(character: char, positions: &[usize], replacement: Option<&str>, saves: i64) -> Offender {
    let (positions, replacement) = (positions.to_vec(), replacement.map(str::to_owned));
    Offender { character, positions, replacement, saves }
}

#[test]
fn one_character_is_what_a_text_costs_more_for() {
    let text = format!("{}ç", "a".repeat(148));
    let exact = wording(&text, EncodingPolicy::Exact);
    assert_eq!((exact.measure.encoding, exact.length(), exact.segments()), (Encoding::Ucs2, 149, 3));
    assert_eq!(dear(&text, EncodingPolicy::Exact, 10), (vec![offender('ç', &[148], Some("c"), 20)], 20));
    let plain = wording(&text, EncodingPolicy::Plain);
    assert_eq!((plain.measure.encoding, plain.segments()), (Encoding::Gsm7, 1));
    assert_eq!(dear(&text, EncodingPolicy::Plain, 10), (vec![], 0));
}

#[test]
fn of_several_characters_one_alone_saves_nothing() {
    let text = format!("😀{}ê’ê", "a".repeat(96));
    assert_eq!(wording(&text, EncodingPolicy::Typography).length(), 101);
    let (offenders, saves) = dear(&text, EncodingPolicy::Typography, 1);
    assert_eq!(offenders, [offender('😀', &[0], None, 0), offender('ê', &[98, 100], Some("e"), 0)]);
    assert_eq!(saves, 1);
}

#[test]
fn replacing_may_cost_more_than_it_saves() {
    // Three full stops for each ellipsis: 134 units take two SMS, 136 three.
    let text = format!("😀{}…", "a".repeat(120));
    let (offenders, saves) = dear(&text, EncodingPolicy::Exact, 1);
    assert_eq!((offenders[1].saves, saves), (-1, 1));
}

#[test]
fn what_cannot_be_seen_is_named_and_may_be_left_out() {
    let (offenders, _) = dear("a\u{200B}\u{202E}b", EncodingPolicy::Typography, 1);
    assert_eq!(offenders, [offender('\u{200B}', &[1], Some(""), 0), offender('\u{202E}', &[2], Some(""), 0)]);
}

#[test]
fn a_thousand_kinds_of_characters_are_not_all_named() {
    let text: String = ('\u{4E00}'..).take(1_000).collect();
    assert_eq!(dear(&text, EncodingPolicy::Typography, 1).0.len(), MAX_OFFENDERS);
}

#[test]
fn one_unit_for_another_saves_nothing_while_others_are_left() {
    assert!(is_one_for_one('ê') && is_one_for_one('’') && !is_one_for_one('…') && !is_one_for_one('😀'));
    for length in 0..300 {
        let text = wording(&format!("😀{}ê", "a".repeat(length)), EncodingPolicy::Typography);
        assert_eq!(text.saved_without(|c| c == 'ê'), 0, "{length}");
    }
}

#[test]
fn only_the_first_kinds_are_looked_at() {
    let text: String = ('\u{4E00}'..).take(1_000).collect();
    let found = wording(&text, EncodingPolicy::Typography).offending(3);
    assert_eq!(found, ['\u{4E00}', '\u{4E01}', '\u{4E02}']);
}
