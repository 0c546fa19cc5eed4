//! Mobile numbers, from what people type to E.164.
//!
//! The numbering plans are those of libphonenumber (crate `phonenumber`), which also knows the overseas regions of
//! France. Input is cleaned here before that crate sees it: it would read letters as digits and drop what it does
//! not know.
//!
//! Architecture invariant: a [`Phone`] is E.164. Its digits are had by [`Phone::as_e164`] alone: there is no
//! `Display`, `Debug` masks, and no error carries them.

use std::fmt;
use std::str::FromStr;

use phonenumber::metadata::{DATABASE, Descriptor};
use phonenumber::{ParseError, PhoneNumber, Type, country};

/// The longest input looked at, in bytes: a number with its separators takes far less.
const MAX_INPUT_BYTES: usize = 80;
/// The most digits looked at: fifteen of E.164, the international prefix and a trunk zero written by mistake.
const MAX_DIGITS: usize = 18;
/// The digits of the shortest and of the longest number of E.164, country code included.
const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// The most digits of a short code: in France they go from two (`15`) to six (`118 218`).
const MAX_SHORT_CODE_DIGITS: usize = 6;

/// A number that can receive SMS, in E.164.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// The region whose numbering plan reads numbers typed without a country code, by its ISO 3166-1 alpha-2 code:
/// `FR`, and `RE`, `GP`, `MQ`, `GF`, `YT`, … for structures overseas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region(country::Id);

/// No numbering plan is known for such a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown region: give the two letters of ISO 3166-1, such as FR or RE")]
pub struct RegionError;

impl RegionError {
    /// The stable code of this refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        "UNKNOWN_REGION"
    }
}

/// Why a number is refused. It never says the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PhoneError {
    /// Fewer digits than the numbers of its country have, or none.
    #[error("the number is too short")]
    TooShort,
    /// More digits than the numbers of its country have: perhaps two numbers.
    #[error("the number is too long: give one number only")]
    TooLong,
    /// A valid number, of a line that receives no SMS.
    #[error("the number is not that of a mobile")]
    NotMobile,
    /// The country code belongs to no country.
    #[error("the country code is unknown")]
    UnknownCountry,
    /// Something else than digits, a leading `+` and usual separators.
    #[error("the number holds other characters than digits, a leading + and separators")]
    ForbiddenCharacters,
    /// A service number such as `36608`: nobody's mobile.
    #[error("this is a short code, not a person's number")]
    ShortCode,
    /// The right length, in a range that nobody was given.
    #[error("the number is in no range in use: check it, or write it with its country code")]
    Invalid,
}

impl PhoneError {
    /// The stable code of this refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort => "TOO_SHORT",
            Self::TooLong => "TOO_LONG",
            Self::NotMobile => "NOT_MOBILE",
            Self::UnknownCountry => "UNKNOWN_COUNTRY",
            Self::ForbiddenCharacters => "FORBIDDEN_CHARACTERS",
            Self::ShortCode => "SHORT_CODE",
            Self::Invalid => "INVALID",
        }
    }
}

impl Region {
    /// The ISO 3166-1 alpha-2 code, in capitals.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }
}

impl FromStr for Region {
    type Err = RegionError;

    fn from_str(code: &str) -> Result<Self, RegionError> {
        let id = country::Id::from_str(code).map_err(|_| RegionError)?;
        DATABASE.by_id(id.as_ref()).map(|_| Self(id)).ok_or(RegionError)
    }
}

impl Phone {
    /// Reads a number as people type it: with spaces (no-break ones too), dots, dashes or slashes, with `+33`,
    /// `0033` or the national zero, with `(0)` after the country code, or with the zero that a spreadsheet ate.
    ///
    /// # Errors
    /// [`PhoneError`], without the number.
    pub fn parse(input: &str, region: Region) -> Result<Self, PhoneError> {
        let digits = Digits::of(input)?;
        let parsed = match &digits {
            // Without a region: with one, the crate would strip the trunk prefix of that region from a number of
            // another country.
            Digits::International(digits) => phonenumber::parse(None, format!("+{digits}")),
            Digits::National(digits) => phonenumber::parse(Some(region.0), digits),
        };
        match parsed {
            Ok(number) if number.is_valid() => accept(&number),
            Ok(number) => Err(digits.short_code().unwrap_or_else(|| refusal(&number))),
            Err(error) => Err(digits.short_code().unwrap_or_else(|| unreadable(&error))),
        }
    }

    /// Whose a number may be that was written outside any region: in international form with `+`, `00` or nothing before the country
    /// code, it is one person's; as it is dialled inside a country, that of a mobile in each of these regions that has such a one.
    ///
    /// # Errors
    /// [`PhoneError`], without the number, when it is nobody's: what the first region has against it.
    pub fn candidates(input: &str, regions: &[Region]) -> Result<Vec<Self>, PhoneError> {
        let bare = input.trim();
        if bare.len() <= MAX_DIGITS && bare.starts_with(|c: char| c.is_ascii_digit()) {
            let number =
                clean(bare).ok().and_then(|digits| phonenumber::parse(None, format!("+{digits}")).ok());
            if let Some(number) = number.filter(PhoneNumber::is_valid) {
                return accept(&number).map(|phone| vec![phone]);
            }
        }
        let (mut found, mut refusal) = (Vec::new(), None);
        for region in regions {
            match Self::parse(input, *region) {
                Ok(phone) if found.contains(&phone) => {}
                Ok(phone) => found.push(phone),
                Err(error) => refusal = refusal.or(Some(error)),
            }
        }
        if found.is_empty() { Err(refusal.unwrap_or(PhoneError::Invalid)) } else { Ok(found) }
    }

    /// Takes back a number that [`Phone::as_e164`] gave, from storage. Its shape is checked, not its numbering
    /// plan: plans change, and a number once accepted stays readable.
    ///
    /// # Errors
    /// [`PhoneError::Invalid`] when it is not `+` and 7 to 15 digits.
    pub fn from_e164(stored: String) -> Result<Self, PhoneError> {
        match stored.strip_prefix('+') {
            Some(digits)
                if E164_DIGITS.contains(&digits.len())
                    && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                Ok(Self(stored))
            }
            _ => Err(PhoneError::Invalid),
        }
    }

    /// The number in E.164: `+33612345678`.
    #[must_use]
    pub fn as_e164(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // E.164 is ASCII and holds at least eight characters.
        write!(f, "{}…{}", &self.0[..4], &self.0[self.0.len() - 2..])
    }
}

/// The digits of an input, and whether they begin with a country code.
enum Digits {
    International(String),
    National(String),
}

impl Digits {
    fn of(input: &str) -> Result<Self, PhoneError> {
        if input.len() > MAX_INPUT_BYTES {
            return Err(PhoneError::TooLong);
        }
        let cleaned = clean(input)?;
        let international = cleaned.starts_with('+') || cleaned.starts_with("00");
        // `+33 (0)6`: a zero that one dials only inside the country.
        let cleaned = if international { clean(&input.replacen("(0)", "", 1))? } else { cleaned };
        if cleaned.len() > MAX_DIGITS {
            return Err(PhoneError::TooLong);
        }
        Ok(match cleaned.strip_prefix('+').or_else(|| cleaned.strip_prefix("00")) {
            Some(digits) => Self::International(digits.to_owned()),
            None => Self::National(cleaned),
        })
    }

    /// The refusal of a short code, when these digits can be one: few, and no zero to dial first.
    fn short_code(&self) -> Option<PhoneError> {
        match self {
            Self::National(digits)
                if (2..=MAX_SHORT_CODE_DIGITS).contains(&digits.len()) && !digits.starts_with('0') =>
            {
                Some(PhoneError::ShortCode)
            }
            _ => None,
        }
    }
}

/// Keeps digits and one leading `+`, drops separators.
fn clean(input: &str) -> Result<String, PhoneError> {
    let mut cleaned = String::with_capacity(input.len());
    for c in input.chars() {
        match c {
            '0'..='9' => cleaned.push(c),
            '+' if cleaned.is_empty() => cleaned.push(c),
            c if c.is_whitespace() || is_separator(c) => {}
            _ => return Err(PhoneError::ForbiddenCharacters),
        }
    }
    Ok(cleaned)
}

/// What people, address books and word processors put between digits; the last ranges are invisible marks of
/// direction and joining that copying brings along.
fn is_separator(c: char) -> bool {
    matches!(c, '.' | '-' | '/' | '_' | '(' | ')' | '\u{B7}' | '\u{2010}'..='\u{2015}' | '\u{2212}')
        || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}')
        || matches!(c, '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn accept(number: &PhoneNumber) -> Result<Phone, PhoneError> {
    match number.number_type(&DATABASE) {
        Type::Mobile | Type::FixedLineOrMobile => {
            Phone::from_e164(format!("+{}{}", number.code().value(), number.national()))
        }
        _ => Err(PhoneError::NotMobile),
    }
}

/// Why a number that could be read is in no plan: by its length where that tells.
fn refusal(number: &PhoneNumber) -> PhoneError {
    let digits = number.national().value().to_string().len();
    let plans = DATABASE.by_code(&number.code().value()).unwrap_or_default();
    let lengths: Vec<usize> = plans
        .iter()
        .flat_map(|plan| [plan.descriptors().mobile(), plan.descriptors().fixed_line()])
        .flatten()
        .flat_map(Descriptor::possible_length)
        .map(|&length| usize::from(length))
        .collect();
    match (lengths.iter().min(), lengths.iter().max()) {
        (Some(&shortest), _) if digits < shortest => PhoneError::TooShort,
        (_, Some(&longest)) if digits > longest => PhoneError::TooLong,
        _ => PhoneError::Invalid,
    }
}

fn unreadable(error: &ParseError) -> PhoneError {
    match error {
        ParseError::NoNumber | ParseError::TooShortAfterIdd | ParseError::TooShortNsn => PhoneError::TooShort,
        ParseError::InvalidCountryCode => PhoneError::UnknownCountry,
        ParseError::TooLong => PhoneError::TooLong,
        ParseError::MalformedInteger(_) => PhoneError::Invalid,
    }
}

#[cfg(test)]
mod tests;
