//! What the client accepts: a format, a language, a compression.
//!
//! Source: RFC 9110, section 12.5, <https://www.rfc-editor.org/rfc/rfc9110#section-12.5>.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderName};
use rules::Lang;

/// How an answer is labelled, and which status codes it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/graphql-response+json`: a request error is a 400.
    GraphqlResponse,
    /// `application/json`: a well-formed request is answered 200, whatever the answer says.
    Json,
}

impl Format {
    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json",
            Self::Json => "application/json",
        }
    }

    /// The header that labels an answer.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// The format to answer in: none when the client accepts neither. A client that accepts anything gets `application/json`.
#[must_use]
pub fn format(headers: &HeaderMap) -> Option<Format> {
    let ranges = weighted(headers, &ACCEPT);
    if ranges.is_empty() {
        return Some(Format::Json);
    }
    let (response, named) = quality(&ranges, Format::GraphqlResponse.media_type());
    let (json, _) = quality(&ranges, Format::Json.media_type());
    match (response, json) {
        (0, 0) => None,
        _ if response > json || (response == json && named) => Some(Format::GraphqlResponse),
        _ => Some(Format::Json),
    }
}

/// The language to answer in: French unless English is preferred.
#[must_use]
pub fn language(headers: &HeaderMap) -> Lang {
    let ranges = weighted(headers, &ACCEPT_LANGUAGE);
    let best = |language: &str| {
        let of = |range: &str| {
            range == language || range.strip_prefix(language).is_some_and(|rest| rest.starts_with('-'))
        };
        let named = ranges.iter().filter(|(range, _)| of(range)).map(|(_, weight)| *weight).max();
        named.unwrap_or_else(|| weight_of(&ranges, "*").unwrap_or(0))
    };
    if best("en") > best("fr") { Lang::En } else { Lang::Fr }
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// `br`: the smaller.
    Brotli,
    /// `gzip`: what every client knows.
    Gzip,
}

/// The compression to answer in: the smaller of those that the client takes, none when it takes neither. A client that does not
/// say takes any, as the source has it.
#[must_use]
pub fn coding(headers: &HeaderMap) -> Option<Coding> {
    if !headers.contains_key(ACCEPT_ENCODING) {
        return Some(Coding::Gzip);
    }
    let codings = weighted(headers, &ACCEPT_ENCODING);
    let takes = |coding| weight_of(&codings, coding).or_else(|| weight_of(&codings, "*")).unwrap_or(0) > 0;
    match (takes("br"), takes("gzip")) {
        (true, _) => Some(Coding::Brotli),
        (false, true) => Some(Coding::Gzip),
        (false, false) => None,
    }
}

/// The weight, in thousandths, that the most precise range gives to a media type, and whether one names it whole.
fn quality(ranges: &[(String, u16)], media_type: &str) -> (u16, bool) {
    if let Some(weight) = weight_of(ranges, media_type) {
        return (weight, true);
    }
    let any = weight_of(ranges, "application/*").or_else(|| weight_of(ranges, "*/*"));
    (any.unwrap_or(0), false)
}

/// The weight, in thousandths, that is given to exactly this range.
fn weight_of(ranges: &[(String, u16)], wanted: &str) -> Option<u16> {
    ranges.iter().find(|(range, _)| range == wanted).map(|(_, weight)| *weight)
}

/// The items of a header that lists preferences, each in lower case with its weight in thousandths.
fn weighted(headers: &HeaderMap, name: &HeaderName) -> Vec<(String, u16)> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    let items = values.flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty());
    items
        .map(|item| {
            let mut parts = item.split(';').map(str::trim);
            let range = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            (range, weight.map_or(1000, thousandths))
        })
        .collect()
}

/// A weight such as `0.85`, in thousandths; what is none counts as 0.
fn thousandths(weight: &str) -> u16 {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return 0;
    }
    let decimals: u16 = format!("{decimals:0<3}").parse().unwrap_or(0);
    match whole {
        "0" => decimals,
        "1" if decimals == 0 => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn accepting(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn formats() {
        let cases = [
            ("application/graphql-response+json", Some(Format::GraphqlResponse)),
            ("application/json", Some(Format::Json)),
            ("application/json; charset=utf-8", Some(Format::Json)),
            ("application/graphql-response+json, application/json;q=0.9", Some(Format::GraphqlResponse)),
            ("application/json, application/graphql-response+json;q=0.5", Some(Format::Json)),
            ("*/*", Some(Format::Json)),
            ("application/*", Some(Format::Json)),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Some(Format::Json)),
            ("application/json;q=0, */*", Some(Format::GraphqlResponse)),
            ("text/html", None),
            ("application/json;q=0", None),
        ];
        for (accept, expected) in cases {
            assert_eq!(format(&accepting(ACCEPT, accept)), expected, "{accept}");
        }
        assert_eq!(format(&HeaderMap::new()), Some(Format::Json));
    }

    #[test]
    fn codings() {
        let cases = [
            ("gzip, deflate, br, zstd", Some(Coding::Brotli)),
            ("gzip, deflate", Some(Coding::Gzip)),
            ("br;q=0, gzip;q=0.5", Some(Coding::Gzip)),
            ("BR", Some(Coding::Brotli)),
            ("*", Some(Coding::Brotli)),
            ("br;q=0, *", Some(Coding::Gzip)),
            ("identity", None),
            ("*;q=0", None),
            ("", None),
        ];
        for (accept, expected) in cases {
            assert_eq!(coding(&accepting(ACCEPT_ENCODING, accept)), expected, "{accept}");
        }
        assert_eq!(coding(&HeaderMap::new()), Some(Coding::Gzip));
    }

    #[test]
    fn languages() {
        let cases = [
            ("en", Lang::En),
            ("en-GB", Lang::En),
            ("fr", Lang::Fr),
            ("fr-CH, fr;q=0.9, en;q=0.8", Lang::Fr),
            ("en;q=0.9, fr;q=0.5", Lang::En),
            ("de, en;q=0.5", Lang::En),
            ("de", Lang::Fr),
            ("*", Lang::Fr),
            ("fr;q=0, *", Lang::En),
            ("fr;q=0.1, *;q=0.5", Lang::En),
            ("en;q=0.1, *;q=0.5", Lang::Fr),
            ("enx", Lang::Fr),
        ];
        for (accept, expected) in cases {
            assert_eq!(language(&accepting(ACCEPT_LANGUAGE, accept)), expected, "{accept}");
        }
    }
}
