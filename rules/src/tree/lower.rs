//! Owns what a script may be made of: it walks the interpreter's syntax tree, and makes the typed tree of it.
//!
//! The interpreter answers `false` to `"9" < 10` and accepts much that rules do not need; so what is not recognised here is
//! refused. Invariant: in a script that passes, every name exists, every operation fits its operands, every answer is a
//! boolean or a declared code, every `if` has its `else`, and no run takes more operations than it may.

use std::collections::BTreeSet;

use rhai::{AST, Expr, FlowControl, Position, Stmt, StmtBlock};

mod any;
mod calls;
mod ranges;

use self::any::{Any, Lowered};
use super::{Bool, Int, Node, Param, Root, Text, Texts, Tree, What};
use crate::error::{Diagnostic, Place};
use crate::facts::{FactSpec, Get};
use crate::limits::{MAX_DIAGNOSTICS, MAX_OPERATIONS, MAX_TREE_DEPTH};
use crate::manifest::Manifest;
use crate::names::{Reference, resolve};
use crate::params::ParamKind;
use crate::syntax::habit;
use crate::text::{Lang, LocalText};
use crate::types::Type;

/// What a script uses of its manifest and of the facts.
#[derive(Default)]
pub(crate) struct Uses {
    pub facts: BTreeSet<&'static str>,
    pub params: BTreeSet<String>,
    pub codes: BTreeSet<String>,
}

/// Checks a compiled script against its manifest, and lowers it.
pub(crate) fn lower(script: &AST, manifest: &Manifest) -> Result<(Tree, Uses), Vec<Diagnostic>> {
    let mut walk = Walk { manifest, uses: Uses::default(), problems: Vec::new(), operations: PART };
    let root = if let [Stmt::Expr(expression)] = script.statements() {
        walk.root(expression)
    } else {
        walk.unsupported(Position::NONE);
        None
    };
    walk.within_budget();
    match root {
        Some(root) if walk.problems.is_empty() => Ok((Tree { root, operations: walk.operations }, walk.uses)),
        _ => Err(walk.problems),
    }
}

/// One walk. A part answers its node, or nothing when a problem was already noted in it.
struct Walk<'a> {
    manifest: &'a Manifest,
    uses: Uses,
    problems: Vec<Diagnostic>,
    /// The most operations that the interpreter takes for the parts seen so far.
    operations: u64,
}

/// Operations that the interpreter takes for a part by itself, at most.
const PART: u64 = 1;
/// Those that it takes besides to call what the part names.
const CALL: u64 = 1;
/// Those for each dot.
const LINK: u64 = 4;
/// Those for braces.
const BLOCK: u64 = 3;

impl Walk<'_> {
    fn problem(
        &mut self,
        at: impl Into<Place>,
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

    /// A script may not be such that a run of it could be cut short.
    fn within_budget(&mut self) {
        if self.operations > MAX_OPERATIONS {
            let most = self.operations;
            self.problem(
                Position::NONE,
                format!("the script may take {most} operations: at most {MAX_OPERATIONS} are allowed"),
                format!("le script peut demander {most} opérations : {MAX_OPERATIONS} au plus sont permises"),
                None,
            );
        }
    }

    /// The whole script.
    fn root(&mut self, expression: &Expr) -> Option<Root> {
        let at = expression.start_position();
        match self.part(expression, 0)? {
            Any::Answer(node) => Some(Root::Says(node)),
            Any::Bool(node) => {
                let only = self.only_code(at)?;
                self.uses.codes.insert(only.clone());
                Some(Root::Holds(node, only))
            }
            other => {
                let kind = other.kind();
                self.problem(
                    at,
                    format!("the script answers {}, not a boolean or a verdict", kind.name(Lang::En)),
                    format!("le script répond {}, et non un booléen ou un verdict", kind.name(Lang::Fr)),
                    None,
                );
                None
            }
        }
    }

    /// What `false` gives.
    fn only_code(&mut self, at: Position) -> Option<String> {
        let mut codes = self.manifest.codes.keys();
        if let (Some(only), None) = (codes.next(), codes.next()) {
            return Some(only.clone());
        }
        self.problem(
            at,
            "with several codes, the script says which: verdict(\"CODE\") or pass()",
            "avec plusieurs codes, le script dit lequel : verdict(\"CODE\") ou pass()",
            None,
        );
        None
    }

    fn part(&mut self, expression: &Expr, depth: usize) -> Option<Any> {
        let at = expression.start_position();
        self.within_depth(depth, at)?;
        self.operations += PART;
        match expression {
            Expr::BoolConstant(flag, _) => Some(Bool::Constant(*flag).at(at)),
            Expr::IntegerConstant(number, _) => Some(Int::Constant(*number).at(at)),
            Expr::StringConstant(text, _) => Some(Text::Constant(text.to_string()).at(at)),
            Expr::Array(items, _) => self.list(items, at, depth),
            Expr::Variable(variable, ..) => self.value(&variable.1, at),
            Expr::Dot(..) => self.chain(expression, depth),
            Expr::FnCall(call, at) => self.call(call, None, *at, depth),
            Expr::And(parts, _) => Some(Bool::All(self.booleans(parts, depth)?).at(at)),
            Expr::Or(parts, _) => Some(Bool::Any(self.booleans(parts, depth)?).at(at)),
            Expr::Stmt(block) => self.block(block, at, depth),
            Expr::CharConstant(..) => {
                let (en, fr) = ("a text in single quotes", "un texte entre apostrophes");
                self.problem(at, en, fr, habit("'"));
                None
            }
            _ => {
                self.unsupported(at);
                None
            }
        }
    }

    /// Parts that must all be booleans; each that is not is noted.
    fn booleans(&mut self, parts: &[Expr], depth: usize) -> Option<Vec<Node<Bool>>> {
        let booleans: Vec<_> = parts.iter().filter_map(|part| self.expect(part, depth)).collect();
        (booleans.len() == parts.len()).then_some(booleans)
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
    fn expect<K: Lowered>(&mut self, expression: &Expr, depth: usize) -> Option<Node<K>> {
        let found = self.part(expression, depth + 1)?;
        let kind = found.kind();
        let node = K::of(found);
        if node.is_none() {
            self.problem(
                expression.start_position(),
                format!("{} is expected here, and this is {}", K::TYPE.name(Lang::En), kind.name(Lang::En)),
                format!("{} est attendu ici, et ceci est {}", K::TYPE.name(Lang::Fr), kind.name(Lang::Fr)),
                None,
            );
        }
        node
    }

    /// A list written out: texts or integers, all alike.
    fn list(&mut self, items: &[Expr], at: Position, depth: usize) -> Option<Any> {
        let items: Vec<Any> = items.iter().map(|item| self.part(item, depth + 1)).collect::<Option<_>>()?;
        let list = any::list(items, at.into());
        if list.is_none() {
            self.problem(
                at,
                "a list holds texts only or integers only, and at least one",
                "une liste contient uniquement des textes ou uniquement des entiers, et au moins un",
                None,
            );
        }
        list
    }

    /// A dotted name.
    fn value(&mut self, path: &str, at: Position) -> Option<Any> {
        self.operations += path.split('.').skip(1).fold(0, |links, _| links + LINK).saturating_sub(PART);
        match resolve(path, self.manifest.names()) {
            Ok(Reference::Fact(fact)) => {
                self.uses.facts.insert(fact.path);
                Some(fact_node(fact, at))
            }
            Ok(Reference::Param(name, kind)) => {
                let slot = self.manifest.params.keys().position(|known| *known == name)?;
                self.uses.params.insert(name.clone());
                Some(param_node(Param { slot, name }, kind, at))
            }
            Err(unknown) => {
                self.problem(at, unknown.reason.en, unknown.reason.fr, unknown.hint);
                None
            }
        }
    }

    /// What stands between braces: one expression, or `if … else …`.
    fn block(&mut self, block: &StmtBlock, at: Position, depth: usize) -> Option<Any> {
        self.within_depth(depth, at)?;
        self.operations += BLOCK;
        match block.statements() {
            [Stmt::Expr(expression)] => self.part(expression, depth + 1),
            [Stmt::FnCall(call, at)] => self.call(call, None, *at, depth + 1),
            [Stmt::If(flow, at)] => self.conditional(flow, *at, depth + 1),
            [Stmt::Block(inner)] => self.block(inner, at, depth + 1),
            [Stmt::Switch(_, at)] => {
                self.problem(*at, "rules have no switch", "les règles n’ont pas de switch", habit("switch"));
                None
            }
            _ => {
                self.unsupported(at);
                None
            }
        }
    }

    fn conditional(&mut self, flow: &FlowControl, at: Position, depth: usize) -> Option<Any> {
        let condition = self.expect::<Bool>(&flow.expr, depth);
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
        let (one, other) = (then.kind(), otherwise.kind());
        if one != other {
            self.problem(
                at,
                format!("one branch gives {}, the other {}", one.name(Lang::En), other.name(Lang::En)),
                format!("une branche donne {}, l’autre {}", one.name(Lang::Fr), other.name(Lang::Fr)),
                None,
            );
            return None;
        }
        any::choice(condition?, then, otherwise, at.into())
    }
}

fn fact_node(fact: &'static FactSpec, at: Position) -> Any {
    match fact.get {
        Get::Bool(get) => Bool::Fact(fact, get).at(at),
        Get::Int(get) => Int::Fact(fact, get).at(at),
        Get::Text(get) => Text::Fact(fact, get).at(at),
        Get::List(get) => Texts::Fact(fact, get).at(at),
    }
}

fn param_node(param: Param, kind: ParamKind, at: Position) -> Any {
    match kind {
        ParamKind::Int | ParamKind::Time => Int::Param(param).at(at),
        ParamKind::String => Text::Param(param).at(at),
        ParamKind::Bool => Bool::Param(param).at(at),
        ParamKind::List => Texts::Param(param).at(at),
    }
}
