//! What must never be told: numbers, texts, tokens, passwords and keys, watched for in all that the tests make the program say.
//!
//! Tests make known what they use: each number and text that is sent or imported, each token that is given, the passwords and keys. What
//! is logged, traced, or answered as an error is then searched for them, in whatever form they stand. A finding fails the test in which
//! it is made, and names the place and the kind, never the value.
//!
//! What is known and what is searched are folded alike: escapes (`%20`, `\u{e9}`) are dropped, and all that is neither a digit nor an
//! unaccented letter, so that `+33 6 12 34 56 78` is found in `to=%2B33612345678`, and a text in its Debug form.

mod log;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use serde_json::Value;

pub use log::watch_logs;

/// A kind of what must not be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A telephone number.
    Number,
    /// What a message says.
    Text,
    /// What opens a session, a preview or a report.
    Token,
    /// A person's, or a gateway's.
    Password,
    /// The master key.
    Key,
}

/// Shorter than this, folded, nothing is watched for: it would be found by chance.
const SHORTEST: usize = 7;
/// Errors that rightly repeat what their author wrote, with what; a message may say the same.
const ECHOES: [(&str, &str); 1] = [("TEMPLATE_NAME_TAKEN", "the name of a template, given by whoever asks")];
/// Bits of the table that tells most beginnings of nothing known from the others.
const TABLE_BITS: u32 = 16;

struct Known {
    kind: Kind,
    folded: Box<[u8]>,
    /// As it was written.
    written: Box<str>,
    /// Digits on either side would make it another number.
    whole: bool,
    /// The tests that made it known.
    by: Vec<usize>,
}

impl Known {
    /// Whether this test made it known, or no test in particular.
    fn is_of(&self, test: usize) -> bool {
        self.by.iter().any(|by| [test, 0].contains(by))
    }
}

/// What is watched for, by its first bytes.
struct Net {
    table: Box<[u64]>,
    known: HashMap<u64, Vec<Known>>,
}

static NET: OnceLock<RwLock<Net>> = OnceLock::new();

fn net() -> &'static RwLock<Net> {
    NET.get_or_init(|| {
        RwLock::new(Net { table: vec![0; 1 << (TABLE_BITS - 6)].into(), known: HashMap::new() })
    })
}

/// What was found in a test.
type Findings = Arc<Mutex<Vec<Finding>>>;

/// A place where something was told, and what kind of thing.
#[derive(Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub place: String,
    /// What.
    pub kind: Kind,
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {:?} in {}", self.kind, self.place)
    }
}

thread_local! {
    static OF_THIS_TEST: RefCell<Option<Findings>> = const { RefCell::new(None) };
}

/// What is found on threads of no test: a database library's own. The next test to end fails for it.
static OF_NO_TEST: Mutex<Vec<Finding>> = Mutex::new(Vec::new());

/// The findings of one test: of all threads that were made part of it.
#[derive(Debug, Clone, Default)]
pub struct Watch(Findings);

impl Watch {
    /// Makes this thread part of the test.
    pub fn here(&self) {
        OF_THIS_TEST.set(Some(Arc::clone(&self.0)));
    }

    /// What was found so far, here and on threads of no test; it is then forgotten.
    #[must_use]
    pub fn take(&self) -> Vec<Finding> {
        let mut found = std::mem::take(&mut *lock(&self.0));
        found.append(&mut lock(&OF_NO_TEST));
        found
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("invariant: nothing panics while it holds findings")
}

/// Lowercase letters without accents and digits, one after another.
fn fold(text: &str, into: &mut Vec<u8>) {
    into.clear();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'%' if bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)) => 3,
            b'\\' if bytes[at..].starts_with(b"\\u{") => {
                bytes[at..].iter().position(|byte| *byte == b'}').map_or(1, |end| end + 1)
            }
            b'\\' if bytes.get(at + 1) == Some(&b'u') => 6,
            b'\\' => 2,
            byte => {
                if byte.is_ascii_alphanumeric() {
                    into.push(byte.to_ascii_lowercase());
                }
                1
            }
        };
    }
}

fn beginning(folded: &[u8]) -> u64 {
    folded[..SHORTEST].iter().fold(0, |key, byte| key << 8 | u64::from(*byte))
}

fn bit(key: u64) -> (usize, u64) {
    let place = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - TABLE_BITS);
    (usize::try_from(place >> 6).expect("invariant: a few bits"), 1 << (place & 63))
}

/// Watches for this from now on.
pub fn know(kind: Kind, value: &str) {
    let mut folded = Vec::new();
    fold(value, &mut folded);
    if kind == Kind::Number {
        let digits: Vec<u8> = folded.into_iter().filter(u8::is_ascii_digit).collect();
        if let Some(national) = digits.strip_prefix(b"33") {
            know_folded(kind, &[b"0", national].concat(), value);
        }
        return know_folded(kind, &digits, value);
    }
    if kind != Kind::Text || is_distinct(value) {
        know_folded(kind, &folded, value);
    }
}

/// Whether a text can be told from one word of a sentence or of the schema, such as `{structure}`.
fn is_distinct(text: &str) -> bool {
    let words = text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric));
    words.count() > 1 || text.contains(|c: char| c.is_uppercase() || c.is_numeric() || !c.is_ascii())
}

fn know_folded(kind: Kind, folded: &[u8], written: &str) {
    if folded.len() < SHORTEST {
        return;
    }
    let key = beginning(folded);
    let test = this_test();
    let is_known = |net: &Net| {
        let mut known = net.known.get(&key).into_iter().flatten();
        known.any(|one| *one.folded == *folded && one.by.contains(&test))
    };
    if is_known(&net().read().expect("invariant: nothing panics while it holds the net")) {
        return;
    }
    let mut net = net().write().expect("invariant: nothing panics while it holds the net");
    let mut of_others = net.known.get_mut(&key).into_iter().flatten();
    if let Some(one) = of_others.find(|one| *one.folded == *folded) {
        one.by.push(test);
        return;
    }
    let (place, bit) = bit(key);
    net.table[place] |= bit;
    let whole = folded.iter().all(u8::is_ascii_digit);
    net.known.entry(key).or_default().push(Known {
        kind,
        folded: folded.into(),
        written: written.into(),
        whole,
        by: vec![test],
    });
}

/// Tells the test at work from others; 0 is none.
fn this_test() -> usize {
    OF_THIS_TEST.with_borrow(|own| own.as_ref().map_or(0, |own| Arc::as_ptr(own).addr()))
}

/// The kinds of all that is known and stands in a text.
#[must_use]
pub fn kinds_in(text: &str) -> Vec<Kind> {
    found_in(text, |_| true)
}

/// The kinds of what is known, stands in a text, and is meant.
fn found_in(text: &str, is_meant: impl Fn(&Known) -> bool) -> Vec<Kind> {
    thread_local! {
        static FOLDED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    FOLDED.with_borrow_mut(|folded| {
        fold(text, folded);
        let net = net().read().expect("invariant: nothing panics while it holds the net");
        let mut kinds = Vec::new();
        let mut key = 0;
        for (end, byte) in folded.iter().enumerate() {
            key = (key << 8 | u64::from(*byte)) & (u64::MAX >> 8);
            let (place, bit) = bit(key);
            if net.table[place] & bit == 0 {
                continue;
            }
            let Some(start) = (end + 1).checked_sub(SHORTEST) else { continue };
            let stands = |one: &&Known| {
                let rest = &folded[start..];
                let next_is_digit = rest.get(one.folded.len()).is_some_and(u8::is_ascii_digit);
                rest.starts_with(&one.folded) && !(one.whole && next_is_digit)
            };
            let known = net.known.get(&key).map(Vec::as_slice).unwrap_or_default();
            kinds.extend(known.iter().filter(stands).filter(|one| is_meant(one)).map(|one| one.kind));
        }
        kinds
    })
}

/// Looks for all that is known in what was told at this place.
pub fn look(place: impl FnOnce() -> String, text: &str) {
    report(place, kinds_in(text));
}

/// Looks at what the program says to people: there a text stands as it was written, and its words may be those of a sentence of ours, or
/// of what it `echoes`. Texts and passwords are those of this test: another's may be a word of the sentence.
fn look_at_sentence(place: impl FnOnce() -> String, sentence: &str, echoes: bool) {
    let test = this_test();
    let is_meant = |one: &Known| match one.kind {
        Kind::Text => !echoes && one.is_of(test) && sentence.contains(&*one.written),
        Kind::Password => one.is_of(test) && sentence.contains(&*one.written),
        Kind::Number | Kind::Token | Kind::Key => true,
    };
    report(place, found_in(sentence, is_meant));
}

fn report(place: impl FnOnce() -> String, kinds: Vec<Kind>) {
    if kinds.is_empty() {
        return;
    }
    let place = place();
    let findings = kinds.into_iter().map(|kind| Finding { place: place.clone(), kind });
    OF_THIS_TEST.with_borrow(|own| match own {
        Some(own) => lock(own).extend(findings),
        None => lock(&OF_NO_TEST).extend(findings),
    });
}

/// Makes known what stands in a file of people: all that looks like a number.
pub fn know_numbers_of(file: &str) {
    for field in file.split([';', ',', '\t', '\n', '\r', '"']) {
        know_if_number(field);
    }
}

fn know_if_number(field: &str) {
    let digits: String = field.chars().filter(char::is_ascii_digit).collect();
    let written = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '.' | '-' | '\u{a0}' | '+' | '(' | ')');
    if !field.chars().all(written) {
        return;
    }
    match digits.strip_prefix('0') {
        Some(national) if digits.len() == 10 => know(Kind::Number, &format!("33{national}")),
        None if field.starts_with('+') && digits.len() >= 9 => know(Kind::Number, &digits),
        _ => {}
    }
}

/// Makes known what is given in the variables of a request.
pub fn know_given(variables: &Value) {
    know_all_of(variables, true);
}

/// Makes known what is shown in an answer, but texts: sentences of ours are shown as such, too.
pub fn know_shown(answer: &Value) {
    know_all_of(answer, false);
}

fn know_all_of(value: &Value, texts: bool) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| know_all_of(one, texts)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("text", Value::String(text)) if texts => know(Kind::Text, text),
                    ("token" | "previewToken", Value::String(token)) => know(Kind::Token, token),
                    ("password", Value::String(password)) => know(Kind::Password, password),
                    _ => know_all_of(value, texts),
                }
            }
        }
        Value::String(text) if text.starts_with('+') => know_if_number(text),
        _ => {}
    }
}

/// Looks at the errors of an answer: those of the whole, and those of each payload.
pub fn look_at_errors(answer: &Value) {
    match answer {
        Value::Array(all) => all.iter().for_each(look_at_errors),
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "errors" {
                    each_message(value);
                }
                look_at_errors(value);
            }
        }
        _ => {}
    }
}

fn each_message(errors: &Value) {
    for error in errors.as_array().into_iter().flatten() {
        for field in ["message", "code", "path", "extensions", "locations"] {
            let told = &error[field];
            let place = || format!("the {field} of the error {}", code(error));
            match told {
                Value::Null => {}
                Value::String(sentence) => look_at_sentence(place, sentence, echoes(error)),
                _ => look(place, &told.to_string()),
            }
        }
    }
}

fn echoes(error: &Value) -> bool {
    ECHOES.iter().any(|(code_of_it, _)| code(error) == code_of_it)
}

fn code(error: &Value) -> &Value {
    if error["code"].is_null() { &error["extensions"]["code"] } else { &error["code"] }
}
