//! What an SMS that came in asks: to receive no more, to receive again, or nothing that we know.
//!
//! It is read as people type it: case, accents, punctuation, quotes, emoji and what is invisible count for nothing, a word ends where
//! letters turn into digits (`STOP36608`), and letters that stand alone are spelled (`S.T.O.P`).
//!
//! - **STOP**, when the first word that is neither a number nor of courtesy is one of [`STOP_WORDS`], whatever follows (`Bonjour, stop
//!   à vos messages`), or when some line holds such a word and otherwise only numbers and courtesy (a name, then `STOP svp` below).
//! - **START**, when the whole text holds a word of [`START_WORDS`] and otherwise only numbers and courtesy.
//! - Anything else asks nothing: `non stop`, `on se retrouve au stop de bus`, `reprise des cours lundi ?`, `stop` misspelled.
//!
//! Where it is in doubt the person is protected: STOP is read widely, START narrowly, and a text with both never starts.
//!
//! Architecture invariant: any text has one answer, in a time that grows with its length only.

use super::name::fold;

/// The words that refuse, folded.
const STOP_WORDS: &[&str] = &[
    "stop",
    "arret",
    "arrete",
    "arreter",
    "arretez",
    "desabonner",
    "desabonnez",
    "desabonnement",
    "unsubscribe",
];
/// The words that take a refusal back, folded.
const START_WORDS: &[&str] = &["start", "reprise", "reprendre"];
/// Words that change nothing, folded: of courtesy, and what the refusal is of. `s'il vous plaît` is four words.
const COURTESY: &[&str] = &[
    "bonjour",
    "bonsoir",
    "merci",
    "svp",
    "stp",
    "s",
    "il",
    "vous",
    "te",
    "plait",
    "d",
    "avance",
    "beaucoup",
    "cordialement",
    "please",
    "pls",
    "thanks",
    "thank",
    "you",
    "sms",
    "pub",
    "pubs",
];

/// What an SMS asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// To receive no more.
    Stop,
    /// To receive again.
    Start,
    /// Nothing that we know.
    Other,
}

/// What a word does to the line that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Stop,
    Start,
    Courtesy,
    Other,
}

/// What a text asks, as this module's header defines it.
#[must_use]
pub fn keyword(text: &str) -> Keyword {
    let lines: Vec<Vec<Word>> = text.lines().flat_map(|line| line.split(is_line_end)).map(words).collect();
    let only = |line: &[Word], wanted: Word| {
        line.contains(&wanted) && line.iter().all(|word| [wanted, Word::Courtesy].contains(word))
    };
    let all = lines.concat();
    let first = all.iter().find(|word| **word != Word::Courtesy);
    if first == Some(&Word::Stop) || lines.iter().any(|line| only(line, Word::Stop)) {
        Keyword::Stop
    } else if only(&all, Word::Start) {
        Keyword::Start
    } else {
        Keyword::Other
    }
}

/// The ends of lines that [`str::lines`] does not know.
fn is_line_end(c: char) -> bool {
    matches!(c, '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn words(line: &str) -> Vec<Word> {
    let pieces = pieces(&fold(line));
    let alone = |piece: &String| piece.chars().count() == 1 && !piece.starts_with(char::is_numeric);
    // Letters that stand alone are taken together, as one word that is spelled.
    let runs = pieces.chunk_by(|a, b| alone(a) && alone(b));
    runs.map(|run| kind(&run.concat())).collect()
}

/// The runs of letters and the runs of digits of a folded line.
fn pieces(folded: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut before = None;
    for c in folded.chars() {
        let class = c.is_alphanumeric().then(|| c.is_numeric());
        match pieces.last_mut() {
            Some(piece) if class.is_some() && class == before => piece.push(c),
            _ if class.is_some() => pieces.push(c.to_string()),
            _ => {}
        }
        before = class;
    }
    pieces
}

fn kind(word: &str) -> Word {
    if STOP_WORDS.contains(&word) {
        Word::Stop
    } else if START_WORDS.contains(&word) {
        Word::Start
    } else if COURTESY.contains(&word) || word.chars().all(char::is_numeric) {
        Word::Courtesy
    } else {
        Word::Other
    }
}

#[cfg(test)]
mod tests;
