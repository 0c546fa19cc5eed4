//! Owns what a script may be made of: it walks the compiled tree and knows the type of each part.
//!
//! The interpreter answers `false` to `"9" < 10` and accepts much that rules do not need; so what is not recognised here is
//! refused. Invariant: in a script that passes, every name exists, every operation fits its operands, every answer is a
//! boolean or a declared code, and every `if` has its `else`.

use std::collections::BTreeSet;

use rhai::{AST, Expr, FlowControl, Position, Stmt, StmtBlock};

mod calls;

use crate::error::Diagnostic;
use crate::limits::{MAX_DIAGNOSTICS, MAX_TREE_DEPTH};
use crate::manifest::Manifest;
use crate::names::{Reference, resolve};
use crate::text::{Lang, LocalText};
use crate::types::Type;

/// What a script uses of its manifest and of the facts.
#[derive(Default)]
pub(crate) struct Uses {
    pub facts: BTreeSet<&'static str>,
    pub params: BTreeSet<String>,
    pub codes: BTreeSet<String>,
}

/// Checks a compiled script against its manifest.
pub(crate) fn check(script: &AST, manifest: &Manifest) -> Result<Uses, Vec<Diagnostic>> {
    let mut walk = Walk { manifest, uses: Uses::default(), problems: Vec::new() };
    match script.statements() {
        [Stmt::Expr(expression)] => walk.answer(expression),
        _ => walk.unsupported(Position::NONE),
    }
    if walk.problems.is_empty() { Ok(walk.uses) } else { Err(walk.problems) }
}

/// One walk. A part answers its type, or nothing when a problem was already noted in it.
struct Walk<'a> {
    manifest: &'a Manifest,
    uses: Uses,
    problems: Vec<Diagnostic>,
}

impl Walk<'_> {
    fn problem(
        &mut self,
        at: Position,
        en: impl Into<String>,
        fr: impl Into<String>,
        hint: Option<LocalText>,
    ) {
        if self.problems.len() < MAX_DIAGNOSTICS {
            self.problems.push(Diagnostic::error(at.into(), en, fr).with_hint(hint));
        }
    }

    fn unsupported(&mut self, at: Position) {
        self.problem(
            at,
            "rules cannot use this: a script is one expression of facts, parameters, operators, if … else and functions",
            "les règles n’ont pas cette écriture : un script est une expression faite de faits, de paramètres, \
             d’opérateurs, de if … else et de fonctions",
            None,
        );
    }

    /// The whole script.
    fn answer(&mut self, expression: &Expr) {
        let at = expression.start_position();
        match self.typed(expression, 0) {
            Some(Type::Answer) | None => {}
            Some(Type::Bool) => match &self.manifest.codes.keys().collect::<Vec<_>>()[..] {
                [only] => {
                    self.uses.codes.insert((*only).clone());
                }
                _ => self.problem(
                    at,
                    "with several codes, the script says which: verdict(\"CODE\") or pass()",
                    "avec plusieurs codes, le script dit lequel : verdict(\"CODE\") ou pass()",
                    None,
                ),
            },
            Some(other) => self.problem(
                at,
                format!("the script answers {}, not a boolean or a verdict", other.name(Lang::En)),
                format!("le script répond {}, et non un booléen ou un verdict", other.name(Lang::Fr)),
                None,
            ),
        }
    }

    fn typed(&mut self, expression: &Expr, depth: usize) -> Option<Type> {
        let at = expression.start_position();
        self.within_depth(depth, at)?;
        match expression {
            Expr::BoolConstant(..) => Some(Type::Bool),
            Expr::IntegerConstant(..) => Some(Type::Int),
            Expr::StringConstant(..) => Some(Type::Text),
            Expr::Array(items, _) => self.list(items, at, depth),
            Expr::Variable(variable, ..) => self.value(&variable.1, at),
            Expr::Dot(..) => self.chain(expression, depth),
            Expr::FnCall(call, at) => self.call(call, None, *at, depth),
            Expr::And(parts, _) | Expr::Or(parts, _) => {
                let booleans = parts.iter().filter_map(|part| self.expect(part, Type::Bool, depth));
                (booleans.count() == parts.len()).then_some(Type::Bool)
            }
            Expr::Stmt(block) => self.block(block, at, depth),
            _ => {
                self.unsupported(at);
                None
            }
        }
    }

    /// Nothing when the tree grows too deep here.
    fn within_depth(&mut self, depth: usize, at: Position) -> Option<()> {
        if depth <= MAX_TREE_DEPTH {
            return Some(());
        }
        self.problem(
            at,
            format!("the expression is more than {MAX_TREE_DEPTH} steps deep"),
            format!("l’expression a plus de {MAX_TREE_DEPTH} niveaux"),
            None,
        );
        None
    }

    /// A part that must be of one type.
    fn expect(&mut self, expression: &Expr, wanted: Type, depth: usize) -> Option<Type> {
        let found = self.typed(expression, depth + 1)?;
        if found == wanted {
            return Some(found);
        }
        self.problem(
            expression.start_position(),
            format!("{} is expected here, and this is {}", wanted.name(Lang::En), found.name(Lang::En)),
            format!("{} est attendu ici, et ceci est {}", wanted.name(Lang::Fr), found.name(Lang::Fr)),
            None,
        );
        None
    }

    /// A list written out: texts or integers, all alike.
    fn list(&mut self, items: &[Expr], at: Position, depth: usize) -> Option<Type> {
        let kinds: Vec<Type> = items.iter().map(|item| self.typed(item, depth + 1)).collect::<Option<_>>()?;
        if !kinds.is_empty() && kinds.iter().all(|kind| *kind == Type::Text) {
            return Some(Type::TextList);
        }
        if !kinds.is_empty() && kinds.iter().all(|kind| *kind == Type::Int) {
            return Some(Type::IntList);
        }
        self.problem(
            at,
            "a list holds texts only or integers only, and at least one",
            "une liste contient uniquement des textes ou uniquement des entiers, et au moins un",
            None,
        );
        None
    }

    /// A dotted name.
    fn value(&mut self, path: &str, at: Position) -> Option<Type> {
        match resolve(path, self.manifest.names()) {
            Ok(reference) => {
                let kind = reference.script_type();
                match reference {
                    Reference::Fact(fact) => self.uses.facts.insert(fact.path),
                    Reference::Param(name, _) => self.uses.params.insert(name),
                };
                Some(kind)
            }
            Err(unknown) => {
                self.problem(at, unknown.reason.en, unknown.reason.fr, unknown.hint);
                None
            }
        }
    }

    /// What stands between braces: one expression, or `if … else …`.
    fn block(&mut self, block: &StmtBlock, at: Position, depth: usize) -> Option<Type> {
        self.within_depth(depth, at)?;
        match block.statements() {
            [Stmt::Expr(expression)] => self.typed(expression, depth + 1),
            [Stmt::FnCall(call, at)] => self.call(call, None, *at, depth + 1),
            [Stmt::If(flow, at)] => self.conditional(flow, *at, depth + 1),
            [Stmt::Block(inner)] => self.block(inner, at, depth + 1),
            _ => {
                self.unsupported(at);
                None
            }
        }
    }

    fn conditional(&mut self, flow: &FlowControl, at: Position, depth: usize) -> Option<Type> {
        let condition = self.expect(&flow.expr, Type::Bool, depth);
        if flow.branch.is_empty() {
            self.problem(
                at,
                "this if has no else: say what holds otherwise",
                "ce if n’a pas de else : dites ce qui vaut sinon",
                None,
            );
            return None;
        }
        let then = self.block(&flow.body, at, depth);
        let otherwise = self.block(&flow.branch, at, depth);
        let (then, otherwise) = (then?, otherwise?);
        if then != otherwise {
            self.problem(
                at,
                format!("one branch gives {}, the other {}", then.name(Lang::En), otherwise.name(Lang::En)),
                format!("une branche donne {}, l’autre {}", then.name(Lang::Fr), otherwise.name(Lang::Fr)),
                None,
            );
            return None;
        }
        condition.map(|_| then)
    }
}
