//! Scripts and facts made by chance: every form that the check accepts, with the values at which programs break.

use std::fmt::Write as _;

use fastrand::Rng;
use serde_json::{Value as Json, json};

use crate::facts::{Facts, Known, TABLE};
use crate::types::Type;

/// A manifest for them: a parameter of each kind, and two codes.
const MANIFEST: &str = r#"
slug = "generated"
stages = ["SEND"]
title = { en = "Generated", fr = "Engendrée" }
description = { en = "For tests", fr = "Pour les essais" }
[params]
number = { type = "INT", default = 10, title = { en = "N", fr = "N" } }
hour = { type = "TIME", default = "08:00", title = { en = "H", fr = "H" } }
words = { type = "LIST", default = ["a", "Zut", ""], title = { en = "W", fr = "W" } }
name = { type = "STRING", default = "4VENTS", title = { en = "T", fr = "T" } }
flag = { type = "BOOL", default = true, title = { en = "B", fr = "B" } }
[codes]
A = { level = "DENY", en = "{message.cost}", fr = "{message.cost}" }
B = { level = "WARN", en = "{params.hour}", fr = "{params.hour}" }
[[cases]]
verdict = "PASS"
"#;

/// The manifest for booleans and for verdicts, of the whole and of one person, and whether it is for such.
pub(super) fn manifests() -> [(String, bool, bool); 4] {
    let kept: Vec<&str> = MANIFEST.lines().filter(|line| !line.starts_with("B = ")).collect();
    let one_code = kept.join("\n");
    let of_one = |text: &str| {
        let skips = text.replace("\"DENY\"", "\"SKIP\"").replace("\"WARN\"", "\"SKIP\"");
        skips.replace("\"SEND\"", "\"RECIPIENT\"").replace("{message.cost}", "{person.sent_today}")
    };
    [
        (one_code.clone(), false, false),
        (MANIFEST.to_owned(), true, false),
        (of_one(&one_code), false, true),
        (of_one(MANIFEST), true, true),
    ]
}

const INTEGERS: &[i64] =
    &[0, 1, -1, 2, 3, 7, 10, 149, 480, 1_439, 4_294_967_296, i64::MAX, i64::MAX - 1, i64::MIN + 1, i64::MIN];

const TEXTS: &[&str] = &[
    "",
    "a",
    "Zut",
    "zut alors",
    "é",
    "İ",
    "ß",
    "🎶",
    "{message.cost}",
    "}{",
    "ADMIN",
    "4VENTS",
    "Musicien",
];

/// Writes scripts.
pub(super) struct Writer<'a> {
    pub chance: &'a mut Rng,
    /// Whether it is for a rule that looks at one person after another.
    pub recipient: bool,
    /// Whether what was written since holds methods with arguments, which the interpreter evaluates before what they are called on.
    pub methods: bool,
}

impl Writer<'_> {
    fn pick<'b, T: ?Sized>(&mut self, among: &[&'b T]) -> &'b T {
        among[self.chance.usize(..among.len())]
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.chance.usize(..many) == 0
    }

    fn fact(&mut self, kind: Type) -> String {
        let out_of_place = if self.recipient { Known::OfTheWhole } else { Known::OfThePerson };
        let fits: Vec<&str> = TABLE
            .iter()
            .filter(|fact| fact.kind() == kind && fact.known != out_of_place)
            .map(|fact| fact.path)
            .collect();
        self.pick(&fits).to_owned()
    }

    /// A whole script, of a boolean or of verdicts.
    pub(super) fn script(&mut self, verdicts: bool) -> String {
        self.methods = false;
        let depth = self.chance.usize(1..6);
        if !verdicts {
            return self.boolean(depth);
        }
        let mut script = String::new();
        for _ in 0..self.chance.usize(1..4) {
            let (condition, answer) = (self.boolean(depth), self.answer());
            write!(script, "if {condition} {{ {answer} }} else ").expect("a string can be written to");
        }
        let last = self.answer();
        script + "{ " + last.as_str() + " }"
    }

    fn answer(&mut self) -> String {
        self.pick(&["pass()", "verdict(\"A\")", "verdict(\"B\")"]).to_owned()
    }

    /// `if` between two of a kind, in parentheses.
    fn choice(&mut self, depth: usize, one: fn(&mut Self, usize) -> String) -> String {
        let (condition, then, otherwise) = (self.boolean(depth), one(self, depth), one(self, depth));
        format!("(if {condition} {{ {then} }} else {{ {otherwise} }})")
    }

    /// A function of two, written as one or as a method of the first.
    fn called(&mut self, name: &str, first: &str, second: &str) -> String {
        if self.chance.bool() {
            return format!("{name}({first}, {second})");
        }
        self.methods = true;
        format!("({first}).{name}({second})")
    }

    pub(super) fn boolean(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.chance.u8(..4) {
                0 => self.chance.bool().to_string(),
                1 => "params.flag".to_owned(),
                _ => self.fact(Type::Bool),
            };
        }
        let depth = depth - 1;
        match self.chance.u8(..12) {
            0 => format!("!({})", self.boolean(depth)),
            1 | 2 => {
                let operator = self.pick(&["&&", "||"]);
                let parts: Vec<String> = (0..self.chance.usize(2..4)).map(|_| self.boolean(depth)).collect();
                format!("({})", parts.join(&format!(" {operator} ")))
            }
            3..=5 => {
                let operator = self.pick(&["<", "<=", ">", ">=", "==", "!="]);
                format!("({} {operator} {})", self.any_integer(depth), self.integer(depth))
            }
            6 => {
                let operator = self.pick(&["==", "!="]);
                // Not a fact of few words beside a word that it never is: the check would refuse it.
                format!("({} {operator} ({}))", self.text(depth), self.text(depth))
            }
            7 => {
                let operator = self.pick(&["==", "!="]);
                format!("({} {operator} {})", self.boolean(depth), self.boolean(depth))
            }
            8 => {
                let name = self.pick(&["contains", "starts_with", "ends_with"]);
                let (text, part) = (self.text(depth), self.text(depth));
                self.called(name, &text, &part)
            }
            9 if self.chance.bool() => {
                let (text, parts) = (self.text(depth), self.texts(depth));
                self.called("contains_any", &text, &parts)
            }
            9 => {
                let operator = self.pick(&["in", "!in"]);
                let item = self.text(depth);
                let whole = if self.chance.bool() { self.texts(depth) } else { self.text(depth) };
                format!("({item} {operator} {whole})")
            }
            10 => {
                let operator = self.pick(&["in", "!in"]);
                format!("({} {operator} {})", self.any_integer(depth), self.integers(depth))
            }
            _ => self.choice(depth, Self::boolean),
        }
    }

    /// One that the check takes for any number: it would refuse a fact beside a number that it never is.
    fn any_integer(&mut self, depth: usize) -> String {
        let integer = self.integer(depth);
        if depth == 0 { format!("({integer} + 0)") } else { integer }
    }

    fn integer(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.chance.u8(..5) {
                0 | 1 => match INTEGERS[self.chance.usize(..INTEGERS.len())] {
                    i64::MIN => format!("(-{} - 1)", i64::MAX),
                    number => number.to_string(),
                },
                2 => self.pick(&["params.number", "params.hour"]).to_owned(),
                _ => self.fact(Type::Int),
            };
        }
        let depth = depth - 1;
        match self.chance.u8(..9) {
            0 => format!("-({})", self.integer(depth)),
            1..=4 => {
                let operator = self.pick(&["+", "-", "*", "/", "%"]);
                format!("({} {operator} {})", self.integer(depth), self.integer(depth))
            }
            5 => {
                let (name, first, second) =
                    (self.pick(&["min", "max"]), self.integer(depth), self.integer(depth));
                self.called(name, &first, &second)
            }
            6 => format!("({}).len()", self.text(depth)),
            7 => format!("len({})", self.texts(depth)),
            _ => self.choice(depth, Self::integer),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        if depth == 0 || self.one_in(2) {
            return match self.chance.u8(..5) {
                0 | 1 => format!("\"{}\"", self.pick(TEXTS)),
                2 => "params.name".to_owned(),
                3 => "message.text".to_owned(),
                _ => format!("({})", self.fact(Type::Text)),
            };
        }
        match self.chance.u8(..3) {
            0 => format!("to_lower({})", self.text(depth - 1)),
            1 => format!("({}).to_lower()", self.text(depth - 1)),
            _ => self.choice(depth - 1, Self::text),
        }
    }

    fn texts(&mut self, depth: usize) -> String {
        match self.chance.u8(..5) {
            0 => self.fact(Type::TextList),
            1 => "params.words".to_owned(),
            2 if depth > 0 => match self.chance.u8(..3) {
                0 => self.choice(depth - 1, Self::texts),
                1 => format!("to_lower({})", self.texts(depth - 1)),
                _ => format!("({}).to_lower()", self.texts(depth - 1)),
            },
            _ => {
                let items: Vec<String> =
                    (0..self.chance.usize(1..5)).map(|_| self.text(depth.saturating_sub(1))).collect();
                format!("[{}]", items.join(", "))
            }
        }
    }

    fn integers(&mut self, depth: usize) -> String {
        if depth > 0 && self.one_in(5) {
            return self.choice(depth - 1, Self::integers);
        }
        let items: Vec<String> =
            (0..self.chance.usize(1..5)).map(|_| self.integer(depth.saturating_sub(1))).collect();
        format!("[{}]", items.join(", "))
    }
}

/// Facts as the table promises them for the most part, at their edges, and now and then as it does not.
pub(super) fn facts(chance: &mut Rng) -> Facts {
    let mut facts = serde_json::to_value(Facts::default()).expect("invariant: facts are plain data");
    for fact in TABLE {
        let value = match fact.kind() {
            Type::Bool => json!(chance.bool()),
            Type::Int => json!(INTEGERS[chance.usize(..INTEGERS.len())]),
            Type::Text => json!(text(chance, fact.words)),
            _ => {
                let many = if chance.u8(..20) == 0 { 257 } else { chance.usize(..6) };
                json!((0..many).map(|_| text(chance, fact.words)).collect::<Vec<_>>())
            }
        };
        *fact.path.split('.').fold(&mut facts, |group: &mut Json, name| &mut group[name]) = value;
    }
    serde_json::from_value(facts).expect("invariant: each fact has the type of the table")
}

fn text(chance: &mut Rng, words: &[&str]) -> String {
    match chance.u8(..30) {
        0 => "İ".repeat(2_048),
        1 => "x".repeat(4_097),
        2 => "Zut ".repeat(1_000),
        _ if words.is_empty() => TEXTS[chance.usize(..TEXTS.len())].to_owned(),
        _ => words[chance.usize(..words.len())].to_owned(),
    }
}
