//! Messages for people, by code, in French and English (Project Fluent).
//!
//! Owns the sentences and nothing of when they are said. A code is also the name of its message in `fr.ftl` and `en.ftl`.
//!
//! Invariant: both languages have the same messages.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use rules::Lang;

use crate::error::Arg;

type Bundle = FluentBundle<FluentResource>;

static FRENCH: LazyLock<Bundle> = LazyLock::new(|| bundle("fr", include_str!("fr.ftl")));
static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle("en", include_str!("en.ftl")));

fn bundle(language: &str, messages: &str) -> Bundle {
    let language = language.parse().expect("invariant: constant language tags are well-formed");
    let mut bundle = Bundle::new_concurrent(vec![language]);
    // The marks that isolate right-to-left values would end up in the texts that programs compare.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(messages.to_owned());
    let resource = resource.expect("invariant: the embedded messages are well-formed, as a test checks");
    bundle.add_resource(resource).expect("invariant: each message is given once, as a test checks");
    bundle
}

/// The sentence for a code, naming the values given; the code itself where no sentence is known.
#[must_use]
pub fn message(code: &str, args: &[(&'static str, Arg)], lang: Lang) -> String {
    let bundle = match lang {
        Lang::Fr => &*FRENCH,
        Lang::En => &*ENGLISH,
    };
    let Some(pattern) = bundle.get_message(code).and_then(|message| message.value()) else {
        return code.to_owned();
    };
    let mut named = FluentArgs::new();
    for (name, value) in args {
        match value {
            Arg::Text(text) => named.set(*name, text.as_str()),
            // Fluent's numbers are floats, which hold a count only up to 2^53.
            Arg::Number(number) => named.set(
                *name,
                i32::try_from(*number).map_or_else(|_| number.to_string().into(), FluentValue::from),
            ),
        }
    }
    // What is missing is left in the sentence by name; a test renders every sentence that the services say.
    bundle.format_pattern(pattern, Some(&named), &mut Vec::new()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use super::*;

    /// Each message of a file, with the values it names.
    fn messages(text: &str) -> BTreeMap<String, Vec<String>> {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut current = None;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((code, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
                assert!(found.insert(code.to_owned(), Vec::new()).is_none(), "{code} is given twice");
                current = Some(code.to_owned());
            }
            let names = line.split('$').skip(1).map(|rest| {
                rest.chars()
                    .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
                    .collect::<String>()
            });
            if let Some(values) = current.as_ref().and_then(|code| found.get_mut(code)) {
                values.extend(names);
                values.sort();
                values.dedup();
            }
        }
        found
    }

    #[test]
    fn both_languages_say_the_same_things() {
        let (french, english) = (messages(include_str!("fr.ftl")), messages(include_str!("en.ftl")));
        assert!(!french.is_empty());
        assert_eq!(french, english);
        for code in french.keys() {
            assert!(FRENCH.has_message(code), "{code} is not read in French");
            assert!(ENGLISH.has_message(code), "{code} is not read in English");
        }
    }

    /// The codes that the sources of this crate give to problems and refusals.
    fn codes_said(folder: &Path, said: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("the sources are readable").path();
            if path.is_dir() {
                codes_said(&path, said);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("the sources are readable");
                for call in
                    ["Problem::new(", "Refusal::document(", "bad_request(", "problem(", "token(", "at("]
                {
                    let first =
                        text.split(call).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
                    said.extend(
                        first.filter_map(|rest| rest.split_once('"')).map(|(code, _)| code.to_owned()),
                    );
                }
            }
        }
        said.retain(|code| code.bytes().all(|letter| letter.is_ascii_uppercase() || letter == b'_'));
    }

    #[test]
    fn every_problem_is_put_in_words() {
        let mut said = BTreeSet::new();
        codes_said(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut said);
        let known = messages(include_str!("fr.ftl"));
        let missing: Vec<_> = said.iter().filter(|code| !known.contains_key(*code)).collect();
        assert!(said.len() > 60, "the sources are searched");
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn values_are_named_without_marks() {
        let said = message("BODY_TOO_LARGE", &[("limit", Arg::Number(262_144))], Lang::En);
        assert!(said.contains("262144"), "{said}");
        assert!(!said.contains('\u{2068}'), "{said}");
    }

    #[test]
    fn an_unknown_code_says_itself() {
        assert_eq!(message("NO_SUCH_CODE", &[], Lang::Fr), "NO_SUCH_CODE");
    }
}
