//! The part of the walk that concerns names with methods, functions and operators.

use rhai::{ASTFlags, Expr, FnCallExpr, Position};

use super::any::{Any, Lowered};
use super::{Bool, CALL, Int, LINK, Text, Texts, Walk, What};
use crate::facts::{self, REGION, is_region};
use crate::host::{FUNCTIONS, Signature, VERDICT};
use crate::limits::MAX_NAME_CHARS;
use crate::names::{did_you_mean, hint};
use crate::text::{Lang, LocalText};
use crate::tree::{Answer, Arithmetic, Comparison, Sameness, TextTest};
use crate::types::Type;

impl Walk<'_> {
    /// `fact.of.that.name`, then methods: `message.text.to_lower().contains("x")`.
    pub(super) fn chain(&mut self, expression: &Expr, depth: usize) -> Option<Any> {
        let at = expression.start_position();
        let mut links = Vec::new();
        let mut rest = expression;
        while let Expr::Dot(link, flags, at) = rest {
            if flags.contains(ASTFlags::NEGATED) {
                self.unsupported(*at);
                return None;
            }
            links.push(&link.lhs);
            rest = &link.rhs;
        }
        links.push(rest);
        let mut links = links.into_iter().peekable();
        let mut found = match links.next()? {
            Expr::Variable(variable, ..) => {
                let mut path = variable.1.to_string();
                while let Some(Expr::Property(property, _)) = links.peek() {
                    path.push('.');
                    path.push_str(&property.2);
                    links.next();
                }
                self.value(&path, at)?
            }
            head => self.part(head, depth + 1)?,
        };
        for (step, link) in links.enumerate() {
            self.operations += LINK;
            self.within_depth(depth + step, link.start_position())?;
            match link {
                Expr::MethodCall(call, at) => found = self.call(call, Some(found), *at, depth + step)?,
                other => {
                    self.unsupported(other.start_position());
                    return None;
                }
            }
        }
        Some(found)
    }

    /// An operator, a function, or a method of a value whose type is known.
    pub(super) fn call(
        &mut self,
        call: &FnCallExpr,
        of: Option<Any>,
        at: Position,
        depth: usize,
    ) -> Option<Any> {
        let operator = call.is_operator_call() && of.is_none();
        if call.capture_parent_scope {
            self.unsupported(at);
            return None;
        }
        if call.name == VERDICT && of.is_none() {
            return self.verdict(&call.args, at);
        }
        let mut takes: Vec<Any> = of.into_iter().collect();
        for argument in &call.args {
            takes.push(self.part(argument, depth + 1)?);
        }
        let kinds: Vec<Type> = takes.iter().map(Any::kind).collect();
        let quoted = number_in_quotes(&takes);
        self.ranges(&call.name, &takes);
        if operator && call.name != "contains" {
            let found = apply_operator(&call.name, takes, at);
            if found.is_none() {
                let (en, fr) = (listed(&kinds, Lang::En), listed(&kinds, Lang::Fr));
                self.problem(
                    at,
                    format!("the operator {} does not take {en}", call.name),
                    format!("l’opérateur {} ne prend pas {fr}", call.name),
                    quoted,
                );
            }
            self.words(&call.args);
            return found;
        }
        if let ("contains", [Expr::Array(..), _]) = (&*call.name, &call.args[..]) {
            self.words(&call.args);
        }
        self.operations += CALL;
        let found = apply_function(&call.name, takes, at);
        if found.is_none() {
            self.no_such_call(&call.name, &kinds, at);
        }
        found
    }

    fn no_such_call(&mut self, name: &str, takes: &[Type], at: Position) {
        let (en, fr) = (listed(takes, Lang::En), listed(takes, Lang::Fr));
        let known: Vec<&Signature> = FUNCTIONS.iter().filter(|known| known.name == name).collect();
        if known.is_empty() {
            let near = hint(elsewhere(name), FUNCTIONS.iter().map(|known| known.name).chain([VERDICT]));
            let (en, fr) = ("there is no function", "il n’existe aucune fonction");
            return self.problem(at, format!("{en} {name:?}"), format!("{fr} {name:?}"), near);
        }
        let forms = |lang, or: &str| {
            known.iter().map(|known| format!("({})", listed(known.takes, lang))).collect::<Vec<_>>().join(or)
        };
        let advice = LocalText::new(
            format!("it takes {}", forms(Lang::En, " or ")),
            format!("elle prend {}", forms(Lang::Fr, " ou ")),
        );
        self.problem(
            at,
            format!("{name} does not take ({en})"),
            format!("{name} ne prend pas ({fr})"),
            Some(advice),
        );
    }

    /// `verdict("CODE")`: the code is written out and declared.
    fn verdict(&mut self, arguments: &[Expr], at: Position) -> Option<Any> {
        let [Expr::StringConstant(code, place)] = arguments else {
            self.problem(
                at,
                "verdict takes one code of the manifest, written out: verdict(\"CODE\")",
                "verdict prend un code du manifeste, écrit en toutes lettres : verdict(\"CODE\")",
                None,
            );
            return None;
        };
        if !self.manifest.codes.contains_key(code.as_str()) {
            let codes = self.manifest.codes.keys().map(String::as_str);
            self.problem(
                *place,
                format!("the manifest declares no code {code:?}"),
                format!("le manifeste ne déclare aucun code {code:?}"),
                hint(code, codes.clone()).or_else(|| undeclared(code, codes)),
            );
            return None;
        }
        self.operations += CALL;
        self.uses.codes.insert(code.to_string());
        Some(Answer::Code(code.to_string()).at(at))
    }

    /// Texts compared with a fact that only holds certain words must be among these.
    fn words(&mut self, sides: &[Expr]) {
        match sides {
            [fact @ Expr::Dot(..), Expr::StringConstant(word, at)]
            | [Expr::StringConstant(word, at), fact @ Expr::Dot(..)] => self.word(fact, word, *at),
            [Expr::Array(items, _), fact @ Expr::Dot(..)] => {
                for item in items {
                    if let Expr::StringConstant(word, at) = item {
                        self.word(fact, word, *at);
                    }
                }
            }
            _ => {}
        }
    }

    fn word(&mut self, fact: &Expr, word: &str, at: Position) {
        let path = dotted(fact);
        let known = facts::find(&path).map_or(&[][..], |fact| fact.words);
        let (en, fr, hint) = if path == REGION && !is_region(word) {
            let upper = word.to_uppercase();
            let hint = is_region(&upper).then(|| did_you_mean(&upper));
            let (en, fr) =
                ("it is two capital letters, such as \"FR\"", "ce sont deux capitales, comme \"FR\"");
            (en.to_owned(), fr.to_owned(), hint)
        } else if !known.is_empty() && !known.contains(&word) {
            let all = known.join(", ");
            (
                format!("it is one of {all}"),
                format!("les valeurs sont {all}"),
                hint(word, known.iter().copied()),
            )
        } else {
            return;
        };
        let (en, fr) =
            (format!("{path} is never {word:?}: {en}"), format!("{path} ne vaut jamais {word:?} : {fr}"));
        self.problem(at, en, fr, hint);
    }
}

/// Advice where a number meets a text that is a number or an hour.
fn number_in_quotes(takes: &[Any]) -> Option<LocalText> {
    let ([Any::Int(_), Any::Text(text)] | [Any::Text(text), Any::Int(_)]) = takes else { return None };
    let What::Is(Text::Constant(text)) = &text.what else { return None };
    let hour = text.replace(['h', 'H'], ":");
    if hour.split_once(':').is_some_and(|(hour, _)| hour.parse::<u8>().is_ok()) {
        return Some(LocalText::new(
            "for an hour, compare now.minute_of_day with a parameter of the type TIME, or now.hour with a number",
            "pour une heure, comparez now.minute_of_day à un paramètre de type TIME, ou now.hour à un nombre",
        ));
    }
    let number: i64 = text.trim().parse().ok()?;
    Some(LocalText::new(
        format!("a number has no quotes: {number}"),
        format!("un nombre s’écrit sans guillemets : {number}"),
    ))
}

/// An operator on what it takes; nothing when it does not take that.
fn apply_operator(name: &str, takes: Vec<Any>, at: Position) -> Option<Any> {
    let mut takes = takes.into_iter();
    match (takes.next()?, takes.next()) {
        (Any::Bool(part), None) => (name == "!").then(|| Bool::Not(Box::new(part)).at(at)),
        (Any::Int(part), None) => (name == "-").then(|| Int::Negative(Box::new(part)).at(at)),
        (Any::Int(left), Some(Any::Int(right))) => {
            let pair = Box::new((left, right));
            match Comparison::read(name) {
                Some(comparison) => Some(Bool::Compare(comparison, pair).at(at)),
                None => Some(Int::Arithmetic(Arithmetic::read(name)?, pair).at(at)),
            }
        }
        (Any::Text(left), Some(Any::Text(right))) => {
            Some(Bool::EqualTexts(Sameness::read(name)?, Box::new((left, right))).at(at))
        }
        (Any::Bool(left), Some(Any::Bool(right))) => {
            Some(Bool::EqualFlags(Sameness::read(name)?, Box::new((left, right))).at(at))
        }
        _ => None,
    }
}

/// A function of the table on what it takes; nothing when it is not there, or does not take that.
pub(super) fn apply_function(name: &str, takes: Vec<Any>, at: Position) -> Option<Any> {
    let kinds: Vec<Type> = takes.iter().map(Any::kind).collect();
    FUNCTIONS.iter().find(|known| known.name == name && known.takes == kinds)?;
    let mut takes = takes.into_iter();
    Some(match (takes.next(), takes.next()) {
        (None, None) => Answer::Pass.at(at),
        (Some(Any::Text(text)), None) if name == "len" => Int::Length(Box::new(text)).at(at),
        (Some(Any::Text(text)), None) => Text::Lower(Box::new(text)).at(at),
        (Some(Any::Texts(list)), None) if name == "to_lower" => Texts::Lower(Box::new(list)).at(at),
        (Some(Any::Texts(list)), None) => Int::Count(Box::new(list)).at(at),
        (Some(Any::Text(text)), Some(Any::Text(part))) => {
            Bool::InText(TextTest::read(name)?, Box::new((text, part))).at(at)
        }
        (Some(Any::Text(text)), Some(Any::Texts(parts))) => Bool::HoldsAny(Box::new((text, parts))).at(at),
        (Some(Any::Texts(list)), Some(Any::Text(item))) => Bool::InTexts(Box::new((list, item))).at(at),
        (Some(Any::Ints(list)), Some(Any::Int(item))) => Bool::InInts(Box::new((list, item))).at(at),
        (Some(Any::Int(left)), Some(Any::Int(right))) => {
            Int::Arithmetic(Arithmetic::read(name)?, Box::new((left, right))).at(at)
        }
        _ => return None,
    })
}

/// What to do about a code that the manifest does not declare, nor one like it.
fn undeclared<'a>(code: &str, declared: impl Iterator<Item = &'a str>) -> Option<LocalText> {
    let declared = declared.collect::<Vec<_>>().join(", ");
    (code.len() <= MAX_NAME_CHARS).then(|| {
        LocalText::new(
            format!("declare it as [codes.{code}], or answer one of: {declared}"),
            format!("déclarez-le par [codes.{code}], ou répondez l’un de : {declared}"),
        )
    })
}

/// The name here of a function that other languages call so.
fn elsewhere(name: &str) -> &str {
    match name {
        "includes" | "has" => "contains",
        "lower" | "lowercase" | "toLowerCase" | "lcase" => "to_lower",
        "length" | "size" | "count" => "len",
        "startsWith" => "starts_with",
        "endsWith" => "ends_with",
        name => name,
    }
}

fn listed(kinds: &[Type], lang: Lang) -> String {
    kinds.iter().map(|kind| kind.name(lang)).collect::<Vec<_>>().join(", ")
}

/// The dotted name that a chain of properties spells.
fn dotted(mut chain: &Expr) -> String {
    let mut path = String::new();
    loop {
        let (link, rest) = match chain {
            Expr::Dot(link, ..) => (&link.lhs, Some(&link.rhs)),
            last => (last, None),
        };
        match link {
            Expr::Variable(variable, ..) => path.push_str(&variable.1),
            Expr::Property(property, _) => {
                path.push('.');
                path.push_str(&property.2);
            }
            _ => return String::new(),
        }
        let Some(rest) = rest else { return path };
        chain = rest;
    }
}
