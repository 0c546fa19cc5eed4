//! Owns what authors are told where the compiler refuses a script, in both languages.
//!
//! The compiler speaks English alone; what it says most is said here in French too, with advice.

use rhai::{LexError, ParseErrorType};

use crate::error::{Diagnostic, Place};
use crate::limits::MAX_PARSE_DEPTH;
use crate::names::meant;
use crate::text::LocalText;

/// A refusal of the compiler, as authors read it.
pub(crate) fn refusal(error: &ParseErrorType, place: Place, source: &str) -> Diagnostic {
    match error {
        ParseErrorType::VariableUndefined(name) => Diagnostic::error(
            place,
            format!("there is no fact {name:?}"),
            format!("il n’existe aucun fait {name:?}"),
        )
        .with_hint(habit(name).or_else(|| meant(name))),
        ParseErrorType::ExprTooDeep => Diagnostic::error(
            place,
            format!("expressions are nested more than {MAX_PARSE_DEPTH} deep"),
            format!("les expressions sont imbriquées sur plus de {MAX_PARSE_DEPTH} niveaux"),
        ),
        other => Diagnostic::error(
            place,
            format!("a script is one expression, and this is not: {other}"),
            format!("un script est une seule expression, et ceci n’en est pas une : {}", in_french(other)),
        )
        .with_hint(advice(other).or_else(|| habit(word_at(source, place)))),
    }
}

/// What the compiler says, in French where it says it often.
fn in_french(error: &ParseErrorType) -> String {
    match error {
        ParseErrorType::UnexpectedEOF => "le script est incomplet".to_owned(),
        ParseErrorType::Reserved(word) => format!("le mot « {word} » est réservé"),
        ParseErrorType::UnknownOperator(operator) => format!("l’opérateur « {operator} » n’existe pas"),
        ParseErrorType::MissingToken(token, _) => format!("il manque « {token} »"),
        ParseErrorType::PropertyExpected => "un nom est attendu après le point".to_owned(),
        ParseErrorType::LiteralTooLarge(_, most) => format!("la liste ou le texte dépasse {most}"),
        ParseErrorType::DuplicatedProperty(name) => format!("« {name} » y est deux fois"),
        ParseErrorType::BadInput(input) => match input {
            LexError::UnexpectedInput(found) => format!("« {} » n’est pas attendu ici", operator_in(found)),
            LexError::UnterminatedString => "un texte n’est pas fermé".to_owned(),
            LexError::StringTooLong(most) => format!("un texte dépasse {most} octets"),
            LexError::MalformedEscapeSequence(found) => format!("« {found} » n’est pas un caractère"),
            LexError::MalformedNumber(found) => format!("« {found} » n’est pas un nombre"),
            LexError::ImproperSymbol(found, _) if !found.is_empty() => {
                format!("« {found} » n’est pas permis")
            }
            LexError::MalformedChar(_) => "un texte s’écrit entre guillemets droits".to_owned(),
            _ => "cette écriture n’est pas celle des règles".to_owned(),
        },
        _ => "cette écriture n’est pas celle des règles".to_owned(),
    }
}

/// What to write instead, where we can tell.
fn advice(error: &ParseErrorType) -> Option<LocalText> {
    match error {
        ParseErrorType::BadInput(LexError::MalformedChar(_)) => habit("'"),
        ParseErrorType::Reserved(word) | ParseErrorType::UnknownOperator(word) => habit(word),
        ParseErrorType::BadInput(LexError::ImproperSymbol(word, _) | LexError::UnexpectedInput(word)) => {
            habit(operator_in(word))
        }
        ParseErrorType::MissingToken(token, _) if token == "{" => habit("then"),
        _ => None,
    }
}

/// The operator that the compiler means: of some it makes a sentence that names it first.
fn operator_in(told: &str) -> &str {
    let told = told.strip_prefix("Unexpected ").unwrap_or(told);
    told.strip_prefix('\'').and_then(|rest| rest.split_once('\'')).map_or(told, |(operator, _)| operator)
}

/// What stands at that place: a word, one sign, or the `<>` that ends there.
fn word_at(source: &str, place: Place) -> &str {
    let line = place.line.checked_sub(1).and_then(|line| source.lines().nth(line)).unwrap_or_default();
    let start = place.column.checked_sub(1).and_then(|column| line.char_indices().nth(column));
    let (before, rest) = start.map_or(("", ""), |(start, _)| line.split_at(start));
    if before.ends_with('<') && rest.starts_with('>') {
        return "<>";
    }
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    let sign = rest.chars().next().map_or(0, char::len_utf8);
    &rest[..end.max(sign)]
}

/// How rules write what other languages write so.
pub(crate) fn habit(word: &str) -> Option<LocalText> {
    let (en, fr) = match word {
        "=" | "===" | "is" => ("to compare, write ==", "pour comparer, écrivez =="),
        "!==" | "≠" | "<>" => ("write !=", "écrivez !="),
        "=>" | "≥" => ("write >=", "écrivez >="),
        "=<" | "≤" => ("write <=", "écrivez <="),
        ";" => ("leave the ; out", "retirez le ;"),
        "#" => ("a comment begins with //", "un commentaire commence par //"),
        "'" | "`" | "‘" | "’" | "“" | "”" | "«" | "»" => (
            "texts stand between straight double quotes: \"…\"",
            "un texte s’écrit entre guillemets droits : \"…\"",
        ),
        "and" | "AND" | "et" | "ET" => ("for “and”, write &&", "pour « et », écrivez &&"),
        "or" | "OR" | "ou" | "OU" => ("for “or”, write ||", "pour « ou », écrivez ||"),
        "not" | "NOT" | "non" | "NON" => ("for “not”, write !", "pour « non », écrivez !"),
        "True" | "TRUE" | "vrai" => ("write true", "écrivez true"),
        "False" | "FALSE" | "faux" => ("write false", "écrivez false"),
        "let" | "const" | "var" => ("write the value where it is used", "écrivez la valeur là où elle sert"),
        "return" => (
            "write the answer alone, or if … { … } else { … }",
            "écrivez la réponse seule, ou if … { … } else { … }",
        ),
        "then" | "?" | "switch" | "match" => {
            ("write if … { … } else if … { … } else { … }", "écrivez if … { … } else if … { … } else { … }")
        }
        "for" | "while" | "loop" | "do" => {
            ("for a list, write in, contains or len", "pour une liste, écrivez in, contains ou len")
        }
        _ => return None,
    };
    Some(LocalText::new(en, fr))
}
