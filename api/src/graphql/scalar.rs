//! Scalars of the API that the library does not have.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use entity::sensitive::Sensitive;

/// A telephone number in E.164, such as `+33612345678`.
#[derive(Clone)]
pub struct PhoneNumber(String);

impl From<Sensitive> for PhoneNumber {
    fn from(number: Sensitive) -> Self {
        Self(number.into_exposed())
    }
}

/// A telephone number in E.164: a plus sign, the country code and the national number, such as `+33612345678`.
#[Scalar(specified_by_url = "https://www.itu.int/rec/T-REC-E.164")]
impl ScalarType for PhoneNumber {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(number) if is_e164(&number) => Ok(Self(number)),
            Value::String(_) => {
                Err(InputValueError::custom("a telephone number in E.164 is wanted, such as +33612345678"))
            }
            value => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// Whether this is a plus sign and up to fifteen digits, the first not 0.
fn is_e164(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (1..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|digit| digit.is_ascii_digit())
}
