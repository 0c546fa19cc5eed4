//! What is said of TOML that cannot be read, in both languages. The library speaks English alone: its words follow ours there, in parentheses.

use crate::error::{Diagnostic, Place};
use crate::names::hint;
use crate::text::LocalText;

/// How what the library says begins, and what is said for it.
#[rustfmt::skip]
const TOLD: &[(&str, &str, &str)] = &[
    ("string values must be quoted", "a text stands between straight double quotes: \"…\"", "un texte s’écrit entre guillemets droits : \"…\""),
    ("invalid basic string", "a text is not closed: its last quote is missing", "un texte n’est pas fermé : il manque son dernier guillemet"),
    ("invalid multi-line", "a text is not closed: its last quotes are missing", "un texte n’est pas fermé : il manque ses derniers guillemets"),
    ("invalid literal string", "a text is not closed: its last quote is missing", "un texte n’est pas fermé : il manque sa dernière apostrophe"),
    ("key with no value", "a key is written with its value: key = value", "une clé s’écrit avec sa valeur : clé = valeur"),
    ("duplicate key", "this key is there already", "cette clé est déjà donnée"),
    ("unclosed inline table", "the } of a table is missing", "il manque le } d’une table"),
    ("unclosed array table", "the ]] of a heading is missing", "il manque le ]] d’un en-tête"),
    ("unclosed array", "the ] of a list is missing", "il manque le ] d’une liste"),
    ("unclosed table", "the ] of a heading is missing", "il manque le ] d’un en-tête"),
    ("extra comma", "a comma is one too many", "une virgule est de trop"),
    ("missing comma", "a comma is missing", "il manque une virgule"),
    ("unquoted keys cannot be empty", "a key is missing here", "il manque une clé ici"),
    ("invalid unquoted key", "a key has letters without accents, digits, - and _", "une clé se compose de lettres sans accent, de chiffres, de - et de _"),
    ("unexpected key or value", "nothing may follow a value but its comment: one key a line", "rien ne suit une valeur, sinon un commentaire : une clé par ligne"),
    ("missing escaped value", "\\ in a text begins an escape: write \\\\ for the sign itself", "\\ dans un texte annonce un caractère spécial : écrivez \\\\ pour le signe lui-même"),
    ("unexpected leading zero", "a number does not begin with 0", "un nombre ne commence pas par 0"),
    ("invalid boolean", "true or false is written so, in small letters", "true et false s’écrivent ainsi, en minuscules"),
    ("invalid integer", "this is no whole number", "ce n’est pas un nombre entier"),
    ("invalid float", "this is no number", "ce n’est pas un nombre"),
    ("invalid date", "this is no date", "ce n’est pas une date"),
];

/// The types of what is there, as the library begins to tell them.
const FOUND: &[(&str, &str, &str)] = &[
    ("string", "a text", "un texte"),
    ("integer", "a whole number", "un nombre entier"),
    ("floating point", "a number with decimals", "un nombre à virgule"),
    ("boolean", "true or false", "true ou false"),
    ("sequence", "a list", "une liste"),
    ("map", "a table", "une table"),
];

/// The types of what should be, as the library begins to tell them.
const EXPECTED: &[(&str, &str, &str)] = &[
    ("a sequence", "a list", "une liste"),
    ("a string", "a text", "un texte"),
    ("a map", "a table", "une table"),
    ("struct", "a table", "une table"),
    ("enum", "a word", "un mot"),
    ("i64", "a whole number", "un nombre entier"),
];

/// What TOML has against a text, `en` and `fr` saying first what cannot be read.
pub(super) fn unreadable(text: &str, error: &toml::de::Error, en: &str, fr: &str) -> Diagnostic {
    let place = error.span().map_or_else(Place::default, |span| Place::of_byte(text, span.start));
    let said = said(error.message());
    Diagnostic::error(place, format!("{en}: {}", said.en), format!("{fr} : {}", said.fr))
        .with_hint(meant(error.message()))
}

/// Of a word that is not among those that may stand there, the nearest of them.
fn meant(detail: &str) -> Option<LocalText> {
    let mut words = detail.strip_prefix("unknown variant ")?.split('`').skip(1).step_by(2);
    let word = words.next()?;
    hint(&word.to_uppercase(), words)
}

fn said(detail: &str) -> LocalText {
    if let Some((_, en, fr)) = TOLD.iter().find(|(start, ..)| detail.starts_with(start)) {
        return LocalText::new(format!("{en} ({detail})"), *fr);
    }
    of_type(detail)
        .or_else(|| of_shape(detail))
        .unwrap_or_else(|| LocalText::new(format!("this is not TOML ({detail})"), "ceci n’est pas du TOML"))
}

/// A value of another type. The value itself is not repeated.
fn of_type(detail: &str) -> Option<LocalText> {
    let (found, expected) = detail.strip_prefix("invalid type: ")?.rsplit_once(", expected ")?;
    let among = |all: &[(&str, &'static str, &'static str)], told: &str| {
        all.iter().find(|(start, ..)| told.starts_with(start)).map(|(_, en, fr)| (*en, *fr))
    };
    let ((found, trouve), (expected, attendu)) = (among(FOUND, found)?, among(EXPECTED, expected)?);
    Some(LocalText::new(
        format!("{expected} is expected here, and this is {found}"),
        format!("ici il faut {attendu}, et ceci est {trouve}"),
    ))
}

/// A key that a manifest lacks, or a word that it does not have.
fn of_shape(detail: &str) -> Option<LocalText> {
    let told = |start: &str, french: &str| detail.strip_prefix(start).map(|rest| format!("{french} {rest}"));
    let french =
        told("missing field ", "clé manquante").or_else(|| told("unknown variant ", "valeur inconnue"))?;
    let french = french.replace("expected one of", "attendu : l’une de");
    let french = french.replace(", expected ", ", attendu : ").replace("` or `", "` ou `");
    Some(LocalText::new(detail, french))
}

#[cfg(test)]
mod tests {
    use crate::manifest::{Owner, read};

    #[test]
    fn no_slip_is_told_in_english_to_the_french() {
        for (text, place, french) in [
            ("slug = \"a\"\ncolour = 1", (2, 1), "un manifeste n’a pas de clé \"colour\""),
            ("stages = [\"SEND\"]", (1, 1), "clé manquante `slug`"),
            (
                "slug = \"a\"\nstages = [\"SENT\"]",
                (2, 11),
                "valeur inconnue `SENT`, attendu : l’une de `PREVIEW`",
            ),
            ("slug = sample", (1, 8), "un texte s’écrit entre guillemets droits : \"…\""),
            ("slug = “a”", (1, 8), "guillemets droits"),
            ("slug = \"a\n", (1, 10), "un texte n’est pas fermé"),
            ("slug = 'a", (1, 10), "un texte n’est pas fermé"),
            ("slug \"a\"", (1, 6), "une clé s’écrit avec sa valeur"),
            ("slug = 'a'\nslug = 'b'", (2, 1), "cette clé est déjà donnée"),
            ("[title\nen = 1", (1, 7), "il manque le ] d’un en-tête"),
            ("[[cases]\nx = 1", (1, 9), "il manque le ]] d’un en-tête"),
            ("x = [1, 2", (1, 10), "il manque le ] d’une liste"),
            ("x = { a = 1", (1, 12), "il manque le } d’une table"),
            ("= 3", (1, 1), "il manque une clé ici"),
            ("é = 1", (1, 1), "lettres sans accent"),
            ("slug = \"a\" b", (1, 12), "une clé par ligne"),
            ("x = \"a\\q\"", (1, 8), "caractère spécial"),
            ("x = tru", (1, 5), "true et false"),
            ("x = 08", (1, 5), "ne commence pas par 0"),
            ("x = 1.2.3", (1, 8), "ce n’est pas un nombre"),
            ("slug = 3", (1, 8), "ici il faut un texte, et ceci est un nombre entier"),
            ("stages = \"SEND\"", (1, 10), "ici il faut une liste, et ceci est un texte"),
            ("title = \"a\"", (1, 9), "ici il faut une table, et ceci est un texte"),
        ] {
            let told = read(text, Owner::Structure).err().expect("it cannot be read").remove(0);
            assert_eq!((told.line, told.column), place, "{text}: {told}");
            assert!(told.message.fr.contains(french), "{text}: {}", told.message.fr);
            for english in ["expected", "invalid", "unclosed", "missing", "unexpected"] {
                assert!(!told.message.fr.contains(english), "{text}: {}", told.message.fr);
            }
        }
        let told = read("slug = sample", Owner::Structure).err().expect("it cannot be read").remove(0);
        assert_eq!(
            told.message.en,
            "the manifest cannot be read: a text stands between straight double quotes: \"…\" (string values must be quoted, expected literal string)"
        );
    }
}
