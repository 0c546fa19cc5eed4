//! Owns what authors are told where the compiler refuses a script, in both languages.
//!
//! The compiler speaks English alone; what it says most is said here in French too, with advice.

use rhai::{LexError, ParseErrorType};

use crate::error::{Diagnostic, Place};
use crate::facts;
use crate::limits::MAX_PARSE_DEPTH;
use crate::names::hint;
use crate::text::LocalText;

/// A refusal of the compiler, as authors read it.
pub(crate) fn refusal(error: &ParseErrorType, place: Place) -> Diagnostic {
    match error {
        ParseErrorType::VariableUndefined(name) => {
            let names = facts::groups().chain(["params"]);
            Diagnostic::error(
                place,
                format!("there is no fact {name:?}"),
                format!("il n’existe aucun fait {name:?}"),
            )
            .with_hint(hint(name, names))
        }
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
        .with_hint(advice(other)),
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
            LexError::UnexpectedInput(found) => format!("« {found} » n’est pas attendu ici"),
            LexError::UnterminatedString => "un texte n’est pas fermé".to_owned(),
            LexError::StringTooLong(most) => format!("un texte dépasse {most} octets"),
            LexError::MalformedEscapeSequence(found) => format!("« {found} » n’est pas un caractère"),
            LexError::MalformedNumber(found) => format!("« {found} » n’est pas un nombre"),
            LexError::ImproperSymbol(found, _) if !found.is_empty() => {
                format!("« {found} » n’est pas permis")
            }
            other => other.to_string(),
        },
        other => other.to_string(),
    }
}

/// What to write instead, where we can tell.
fn advice(error: &ParseErrorType) -> Option<LocalText> {
    let word = match error {
        ParseErrorType::Reserved(word)
        | ParseErrorType::BadInput(LexError::ImproperSymbol(word, _) | LexError::UnexpectedInput(word)) => {
            word.as_str()
        }
        _ => return None,
    };
    let (en, fr) = match word {
        "=" => ("to compare, write ==", "pour comparer, écrivez =="),
        ";" => ("leave the ; out", "retirez le ;"),
        "let" | "const" => ("write the value where it is used", "écrivez la valeur là où elle sert"),
        "return" => (
            "write the answer alone, or if … { … } else { … }",
            "écrivez la réponse seule, ou if … { … } else { … }",
        ),
        "for" | "while" | "loop" | "do" => {
            ("for a list, write in, contains or len", "pour une liste, écrivez in, contains ou len")
        }
        _ => return None,
    };
    Some(LocalText::new(en, fr))
}
