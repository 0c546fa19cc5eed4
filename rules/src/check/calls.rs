//! The part of the walk that concerns names with methods, functions and operators.

use rhai::{ASTFlags, Expr, FnCallExpr, Position};

use super::Walk;
use crate::facts;
use crate::host::{FUNCTIONS, VERDICT};
use crate::names::hint;
use crate::text::Lang;
use crate::types::Type;

impl Walk<'_> {
    /// `fact.of.that.name`, then methods: `message.text.to_lower().contains("x")`.
    pub(super) fn chain(&mut self, expression: &Expr, depth: usize) -> Option<Type> {
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
            head => self.typed(head, depth + 1)?,
        };
        for (step, link) in links.enumerate() {
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
        of: Option<Type>,
        at: Position,
        depth: usize,
    ) -> Option<Type> {
        let operator = call.is_operator_call() && of.is_none();
        if call.capture_parent_scope {
            self.unsupported(at);
            return None;
        }
        if call.name == VERDICT && of.is_none() {
            return self.verdict(&call.args, at);
        }
        let mut takes: Vec<Type> = of.into_iter().collect();
        for argument in &call.args {
            takes.push(self.typed(argument, depth + 1)?);
        }
        if operator && call.name != "contains" {
            return self.operator(call, &takes, at);
        }
        if let Some(function) = FUNCTIONS.iter().find(|known| call.name == known.name && known.takes == takes)
        {
            return Some(function.gives);
        }
        let near = hint(&call.name, FUNCTIONS.iter().map(|known| known.name).chain([VERDICT]));
        let (en, fr) = (listed(&takes, Lang::En), listed(&takes, Lang::Fr));
        if FUNCTIONS.iter().any(|known| call.name == known.name) {
            self.problem(
                at,
                format!("{} does not take ({en})", call.name),
                format!("{} ne prend pas ({fr})", call.name),
                None,
            );
        } else {
            let (en, fr) = ("there is no function", "il n’existe aucune fonction");
            self.problem(at, format!("{en} {:?}", call.name), format!("{fr} {:?}", call.name), near);
        }
        None
    }

    /// `verdict("CODE")`: the code is written out and declared.
    fn verdict(&mut self, arguments: &[Expr], at: Position) -> Option<Type> {
        let [Expr::StringConstant(code, at)] = arguments else {
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
                *at,
                format!("the manifest declares no code {code:?}"),
                format!("le manifeste ne déclare aucun code {code:?}"),
                hint(code, codes),
            );
            return None;
        }
        self.uses.codes.insert(code.to_string());
        Some(Type::Answer)
    }

    fn operator(&mut self, call: &FnCallExpr, takes: &[Type], at: Position) -> Option<Type> {
        let found = match (call.name.as_str(), takes) {
            ("+" | "-" | "*" | "/" | "%", [Type::Int, Type::Int]) | ("-", [Type::Int]) => Some(Type::Int),
            ("<" | "<=" | ">" | ">=", [Type::Int, Type::Int]) | ("!", [Type::Bool]) => Some(Type::Bool),
            ("==" | "!=", [left, right]) if left == right && *left != Type::Answer && !left.is_list() => {
                Some(Type::Bool)
            }
            _ => None,
        };
        if found.is_none() {
            let (en, fr) = (listed(takes, Lang::En), listed(takes, Lang::Fr));
            self.problem(
                at,
                format!("the operator {} does not take {en}", call.name),
                format!("l’opérateur {} ne prend pas {fr}", call.name),
                None,
            );
        }
        self.words(&call.args);
        found
    }

    /// A text compared with a fact that only holds certain words must be one of these.
    fn words(&mut self, sides: &[Expr]) {
        let ([fact @ Expr::Dot(..), Expr::StringConstant(word, at)]
        | [Expr::StringConstant(word, at), fact @ Expr::Dot(..)]) = sides
        else {
            return;
        };
        let path = dotted(fact);
        let Some(known) = facts::find(&path).map(|fact| fact.words).filter(|words| !words.is_empty()) else {
            return;
        };
        if !known.contains(&word.as_str()) {
            let all = known.join(", ");
            self.problem(
                *at,
                format!("{path} is never {word:?}: it is one of {all}"),
                format!("{path} ne vaut jamais {word:?} : les valeurs sont {all}"),
                hint(word, known.iter().copied()),
            );
        }
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
