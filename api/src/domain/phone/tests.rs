//! Numbers as people type them, and those that are refused.

use super::*;

fn parse(input: &str, region: &str) -> Result<String, PhoneError> {
    let region = region.parse().expect("the tests use known regions");
    Phone::parse(input, region).map(|phone| phone.as_e164().to_owned())
}

#[test]
fn numbers_as_people_type_them() {
    for input in [
        "0612345678",
        "06 12 34 56 78",
        " 06.12.34.56.78 ",
        "06-12-34-56-78",
        "06/12/34/56/78",
        "06\u{A0}12\u{202F}34\u{2009}56\u{A0}78",
        "06–12–34–56–78",
        "\u{202A}06 12 34 56 78\u{202C}",
        "(06) 12 34 56 78",
        "(0)6 12 34 56 78",
        "612345678",
        "+33612345678",
        "+33 6 12 34 56 78",
        "+33 (0)6 12 34 56 78",
        "+33(0)612345678",
        "+33 06 12 34 56 78",
        "(+33) 6 12 34 56 78",
        "0033 6 12 34 56 78",
        "0033 (0)6 12 34 56 78",
        "00330612345678",
        "33612345678",
        "33 (0)6 12 34 56 78",
    ] {
        assert_eq!(parse(input, "FR"), Ok("+33612345678".to_owned()), "{input:?}");
    }
}

#[test]
fn a_country_code_wins_over_the_region() {
    for (input, expected) in [
        ("+262692123456", "+262692123456"),
        ("00262 692 12 34 56", "+262692123456"),
        ("+262 (0)692 12 34 56", "+262692123456"),
        ("+590 690 00 12 34", "+590690001234"),
        ("+32 470 12 34 56", "+32470123456"),
        ("+41 79 123 45 67", "+41791234567"),
        ("+39 312 345 6789", "+393123456789"),
        ("+44 7400 123456", "+447400123456"),
        ("+1 202 555 0123", "+12025550123"),
    ] {
        for region in ["FR", "RE", "US"] {
            assert_eq!(parse(input, region), Ok(expected.to_owned()), "{input:?} under {region}");
        }
    }
}

#[test]
fn overseas_numbers_need_their_region() {
    for (input, region, expected) in [
        ("0692123456", "RE", "+262692123456"),
        ("0639 01 23 45", "YT", "+262639012345"),
        ("0690 00 12 34", "GP", "+590690001234"),
        ("0696 20 12 34", "MQ", "+596696201234"),
        ("0694 20 12 34", "GF", "+594694201234"),
        ("75 12 34", "NC", "+687751234"),
        ("87 12 34 56", "PF", "+68987123456"),
    ] {
        assert_eq!(parse(input, region), Ok(expected.to_owned()), "{input:?} under {region}");
    }
    assert_eq!(parse("0692123456", "FR"), Err(PhoneError::Invalid));
}

#[test]
fn every_refusal_has_its_reason() {
    use PhoneError::{ForbiddenCharacters, Invalid, NotMobile, ShortCode, TooLong, TooShort, UnknownCountry};
    for (input, expected) in [
        ("0712345678", Invalid),
        ("0123456789", NotMobile),
        ("+33 1 23 45 67 89", NotMobile),
        ("0800 123 456", NotMobile),
        ("36608", ShortCode),
        ("3114", ShortCode),
        ("15", ShortCode),
        ("118 218", ShortCode),
        ("", TooShort),
        ("+", TooShort),
        ("00", TooShort),
        ("0", TooShort),
        ("6", TooShort),
        ("06", TooShort),
        ("061234567", TooShort),
        ("06 12 34", TooShort),
        ("+33 6 12", TooShort),
        ("06123456789", TooLong),
        ("+33 6 12 34 56 78 9", TooLong),
        ("06 12 34 56 78 / 06 98 76 54 32", TooLong),
        ("0612345678,0698765432", ForbiddenCharacters),
        ("6,12346E+08", ForbiddenCharacters),
        ("06 12 34 56 7x", ForbiddenCharacters),
        ("06+12345678", ForbiddenCharacters),
        ("++33612345678", ForbiddenCharacters),
        ("tel:0612345678", ForbiddenCharacters),
        ("٠٦١٢٣٤٥٦٧٨", ForbiddenCharacters),
        ("inconnu", ForbiddenCharacters),
        ("+999 612345678", UnknownCountry),
        ("+0612345678", UnknownCountry),
    ] {
        assert_eq!(parse(input, "FR"), Err(expected), "{input:?}");
    }
    assert_eq!(parse(&"6".repeat(1_000_000), "FR"), Err(TooLong));
}

#[test]
fn no_input_of_digits_and_signs_panics() {
    for length in 0..=20 {
        for digit in '0'..='9' {
            let digits = digit.to_string().repeat(length);
            for region in ["FR", "RE", "US", "IT", "TA"] {
                for prefix in ["", "+", "00", "0", "+33", "+262", "(0)", "011"] {
                    if let Ok(region) = region.parse() {
                        drop(Phone::parse(&format!("{prefix}{digits}"), region));
                    }
                }
            }
        }
    }
}

#[test]
fn regions_are_two_capital_letters_with_a_plan() {
    for code in ["FR", "RE", "GP", "MQ", "GF", "YT", "PM", "BL", "MF", "NC", "PF", "WF", "BE", "CH"] {
        assert_eq!(code.parse::<Region>().map(|region| region.as_str().to_owned()), Ok(code.to_owned()));
    }
    for code in ["", "F", "fr", "FRA", "ZZ", "é"] {
        assert_eq!(code.parse::<Region>(), Err(RegionError), "{code:?}");
    }
}

#[test]
fn debug_masks_the_number() {
    let phone = Phone::from_e164("+33612345678".to_owned()).expect("E.164 is accepted");
    assert_eq!(format!("{phone:?}"), "+336…78");
}

#[test]
fn what_is_stored_is_e164() {
    assert!(Phone::from_e164("+33712345678".to_owned()).is_ok());
    for stored in ["", "+", "0612345678", "+33 612345678", "+123456", "+1234567890123456", "+33é2345678"] {
        assert_eq!(Phone::from_e164(stored.to_owned()), Err(PhoneError::Invalid), "{stored:?}");
    }
}

#[test]
fn numbers_as_networks_write_them() {
    let regions = |codes: &[&str]| -> Vec<Region> {
        codes.iter().map(|code| code.parse().expect("the tests use known regions")).collect()
    };
    let read = |input: &str, codes: &[&str]| -> Result<String, PhoneError> {
        let found = Phone::candidates(input, &regions(codes))?;
        Ok(found.iter().map(Phone::as_e164).collect::<Vec<_>>().join(" "))
    };
    for input in ["+33612345678", "33612345678", "0033612345678", "0612345678", " 33612345678 "] {
        for codes in [&["FR"][..], &["FR", "RE"], &["RE", "FR"], &["BE", "FR"]] {
            assert_eq!(read(input, codes), Ok("+33612345678".to_owned()), "{input:?} under {codes:?}");
        }
    }
    assert_eq!(read("33612345678", &[]), Ok("+33612345678".to_owned()));
    assert_eq!(read("33612345678", &["RE"]), Ok("+33612345678".to_owned()));
    assert_eq!(read("262692123456", &["FR"]), Ok("+262692123456".to_owned()));
    assert_eq!(read("0692123456", &["FR", "RE"]), Ok("+262692123456".to_owned()));
    // Two people have it, each in a country of their own.
    assert_eq!(read("0791234567", &["CH", "FR"]), Ok("+41791234567 +33791234567".to_owned()));
    assert_eq!(read("+33791234567", &["CH", "FR"]), Ok("+33791234567".to_owned()));
    for (input, error) in [
        ("36608", PhoneError::ShortCode),
        ("", PhoneError::TooShort),
        ("\0", PhoneError::ForbiddenCharacters),
        ("4VENTS", PhoneError::ForbiddenCharacters),
        ("0123456789", PhoneError::NotMobile),
        ("33123456789", PhoneError::NotMobile),
        ("99999999999999999999", PhoneError::TooLong),
        ("0692123456", PhoneError::Invalid),
    ] {
        assert_eq!(read(input, &["FR"]), Err(error), "{input:?}");
    }
    assert_eq!(read("0612345678", &[]), Err(PhoneError::Invalid));
    assert_eq!(read(&"6".repeat(10_000), &["FR"]), Err(PhoneError::TooLong));
}
