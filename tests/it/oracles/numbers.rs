//! Numbers, beside two other ports of libphonenumber.

use api::domain::phone::{Phone, PhoneError, Region};
use envoi_tests::oracle::Oracle;
use envoi_tests::{TestEntropy, seed};
use serde_json::{Value, json};

use super::cases;

/// Regions in which numbers are read, France and overseas more often.
const REGIONS: [&str; 16] =
    ["FR", "FR", "FR", "FR", "RE", "GP", "MQ", "GF", "YT", "BE", "CH", "DE", "ES", "GB", "MA", "US"];
/// Beginnings of numbers: of mobiles, of others, of nobody's.
const BEGINNINGS: [&str; 24] = [
    "06", "06", "07", "07", "01", "09", "08", "0692", "0690", "0694", "0696", "0639", "+336", "+337",
    "+262692", "+590690", "+324", "+417", "+49151", "+447", "+346", "+2126", "+1212", "0033",
];
const SEPARATORS: [&str; 5] = ["", "", " ", ".", "-"];

/// A number as someone may type it, and the region it is read in.
fn number(chance: &TestEntropy) -> (String, &'static str) {
    let region = REGIONS[chance.below(REGIONS.len())];
    let mut number = BEGINNINGS[chance.below(BEGINNINGS.len())].to_owned();
    let separator = SEPARATORS[chance.below(SEPARATORS.len())];
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let international = number.starts_with('+') || number.starts_with("00");
    // Most have the length of France's, some one digit less or more.
    let length = if international { 11 } else { 10 } + [0, 0, 0, 0, 1, 2, 9][chance.below(7)] % 10;
    let length = if chance.below(12) == 0 { length - 1 } else { length };
    for at in digits..length {
        if at % 2 == 0 {
            number.push_str(separator);
        }
        number.push(char::from(b'0' + u8::try_from(chance.below(10)).expect("a digit")));
    }
    (number, region)
}

fn ours(number: &str, region: &str) -> Result<String, PhoneError> {
    let region: Region = region.parse().expect("the tests use known regions");
    Phone::parse(number, region).map(|phone| phone.as_e164().to_owned())
}

/// What theirs would have us say: a number that receives SMS, or none.
fn theirs(said: &Value) -> Option<&str> {
    matches!(said["type"].as_str(), Some("MOBILE" | "FIXED_LINE_OR_MOBILE"))
        .then(|| said["e164"].as_str())
        .flatten()
}

/// Whether a number begins with `00` where one dials something else before a country code, `011` in North America. We read it as `+`
/// everywhere: ITU-T E.164, 6.3.1, recommends it, files of people hold it, and no national number begins so.
fn is_dialled_from_europe(number: &str, region: &str) -> bool {
    region == "US" && number.starts_with("00")
}

/// What an oracle says of each number.
fn asked(oracle: Oracle, numbers: &[(String, &'static str)]) -> Vec<Value> {
    let questions: Vec<Value> = numbers.iter().map(|pair| json!(pair)).collect();
    let answers = oracle.asked(&[], &questions);
    assert_eq!(answers.len(), numbers.len(), "{oracle:?} answers each");
    answers
}

#[test]
fn other_ports_take_the_same_mobiles() {
    let chance = TestEntropy::seeded(seed());
    let numbers: Vec<_> = (0..cases()).map(|_| number(&chance)).collect();
    let python = asked(Oracle::Python("numbers.py"), &numbers);
    let node = asked(Oracle::Node("numbers.cjs"), &numbers);
    let (mut mobiles, mut others, mut dialled, mut in_doubt, mut left_over) = (0, 0, 0, 0, Vec::new());
    for (((number, region), python), node) in numbers.iter().zip(&python).zip(&node) {
        let ours = ours(number, region);
        let known = [theirs(python), theirs(node)];
        match &ours {
            Ok(ours) if known == [Some(ours.as_str()); 2] => mobiles += 1,
            Err(_) if known == [None; 2] => others += 1,
            Ok(_) if known == [None; 2] && is_dialled_from_europe(number, region) => dialled += 1,
            // The plans that all three carry are of other months (ITU-T E.164.2 gives ranges out all the time): where the other two differ,
            // neither is right for us.
            _ if known[0] != known[1] => in_doubt += 1,
            ours => left_over.push(format!("{number} in {region}: they {python} and {node}, we {ours:?}")),
        }
    }
    println!(
        "{mobiles} mobiles and {others} others agree; {dialled} differ by 00 in North America, {in_doubt} between the other two"
    );
    assert!(left_over.is_empty(), "{} differ:\n{}", left_over.len(), left_over.join("\n"));
    assert!(mobiles > numbers.len() / 10 && others > numbers.len() / 10, "both kinds are compared");
    assert!(in_doubt < numbers.len() / 100, "the plans are of months, not of years");
}
