//! Encodings and parts, beside two other implementations.

use api::domain::replacement::EncodingPolicy;
use api::domain::segments::{self, Encoding, measure, split};
use api::domain::text::MessageText;
use envoi_tests::oracle::Oracle;
use envoi_tests::{TestEntropy, seed};
use serde_json::{Value, json};

use super::{cases, texts};

/// Ours, told as theirs.
fn ours(text: &str) -> Value {
    let measured = measure(text);
    let encoding = match measured.encoding {
        Encoding::Gsm7 => "GSM-7",
        Encoding::Ucs2 => "UCS-2",
    };
    json!({ "encoding": encoding, "segments": measured.segments })
}

/// Why another implementation may say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// It moves what readers take for one character whole into the next part, and so may need one more. TS 23.040, 9.2.3.24, has parts
    /// joined before they are shown: only the bytes of one code unit pair must stay together, so that each part can be read by itself.
    GraphemesKeptWhole,
}

fn class(text: &str, ours: &Value, theirs: &Value) -> Option<Class> {
    let more = theirs["segments"].as_u64() > ours["segments"].as_u64();
    let ucs2 = ours["encoding"] == "UCS-2" && theirs["encoding"] == "UCS-2";
    (ucs2 && more && has_clusters(text)).then_some(Class::GraphemesKeptWhole)
}

/// Whether some characters of a text join those before them, so that it has fewer for a reader than for us.
fn has_clusters(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(u32::from(c), 0x300..=0x36F | 0x64B..=0x65F | 0x93F | 0x1100..=0x11FF | 0x1F1E6..=0x1F1FF | 0x1F3FB..=0x1F3FF)
            || matches!(c, '\u{200C}' | '\u{200D}' | '\u{20E3}' | '\u{3099}' | '\u{FE0F}')
    })
}

fn compare(oracle: Oracle, texts: &[String], class: impl Fn(&str, &Value, &Value) -> Option<Class>) {
    let questions: Vec<Value> = texts.iter().map(|text| json!(text)).collect();
    let answers = oracle.asked(&[], &questions);
    assert_eq!(answers.len(), texts.len(), "{oracle:?} answers each");
    let (mut agreed, mut explained) = (0, 0);
    for (text, theirs) in texts.iter().zip(&answers) {
        let ours = ours(text);
        if ours == *theirs {
            agreed += 1;
        } else {
            let class = class(text, &ours, theirs);
            assert!(class.is_some(), "{oracle:?} says {theirs}, we {ours}, of {}", json!(text));
            explained += 1;
        }
    }
    println!("{oracle:?}: {agreed} agree, {explained} differ for a known reason");
    assert!(agreed > explained, "a comparison that explains more than it finds equal proves little");
}

#[test]
fn other_implementations_count_the_same_parts() {
    let chance = TestEntropy::seeded(seed());
    let mut all: Vec<String> = (0..cases()).map(|_| texts::text(&chance)).collect();
    all.push(format!("{}€{}", "a".repeat(152), "a".repeat(152)));
    assert_eq!(measure(&all[all.len() - 1]).segments, 3);
    compare(Oracle::Node("segments.cjs"), &all, class);
    compare(Oracle::Python("segments.py"), &all, |_, _, _| None);
}

#[test]
fn parts_joined_give_the_text_back_and_none_is_too_long() {
    let chance = TestEntropy::seeded(seed());
    for _ in 0..cases() {
        let text = texts::text(&chance);
        let (parts, measured) = (split(&text), measure(&text));
        assert_eq!(parts.concat(), text);
        assert_eq!(parts.len(), measured.segments);
        let limit =
            if parts.len() == 1 { measured.encoding.single_limit() } else { measured.encoding.part_limit() };
        let lengths = parts.iter().map(|part| segments::length(part, measured.encoding));
        assert!(lengths.clone().all(|length| length <= limit), "{}", json!(text));
        assert_eq!(lengths.sum::<usize>(), measured.length_units);
    }
}

#[test]
fn policies_only_make_texts_plainer() {
    use EncodingPolicy::{Exact, Plain, Typography};
    let chance = TestEntropy::seeded(seed());
    for _ in 0..cases() {
        let text = texts::text(&chance);
        assert_eq!(Exact.apply(&text), text);
        let (typography, plain) = (Typography.apply(&text), Plain.apply(&text));
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        // Of letters, no more than the ligature is opened; marks that are left over may then join what it opened into.
        if !text.contains(['œ', 'Œ']) {
            assert_eq!(letters(&typography), letters(&text), "{}", json!(text));
        }
        for (policy, applied) in [(Typography, &typography), (Plain, &plain)] {
            assert_eq!(policy.apply(applied), *applied, "{}", json!(text));
            assert!(applied.chars().all(|c| policy.replacement(c).is_none()), "{}", json!(text));
            if let Ok(accepted) = MessageText::parse(&text) {
                let again = MessageText::parse(accepted.as_str()).expect("what was accepted is");
                assert_eq!(again, accepted, "a text is in NFC");
            }
        }
    }
}
