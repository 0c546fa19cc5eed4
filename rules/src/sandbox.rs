//! Owns the interpreter: one engine for the process, closed to all that rules do not need, every limit set.
//!
//! Invariant: scripts reach nothing but the facts and functions of `host`; each run ends within its budget.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use rhai::{AST, Dynamic, Engine, EvalAltResult, OptimizationLevel, ParseError, Scope};

use crate::error::Fault;
use crate::facts;
use crate::host::{self, Run};
use crate::limits::{MAX_LIST_ITEMS, MAX_MAP_ENTRIES, MAX_OPERATIONS, MAX_PARSE_DEPTH, MAX_TEXT_BYTES};
use crate::text::LocalText;

/// Words that no script may use, whether the interpreter would honour them or not.
const DISABLED: &[&str] = &[
    "eval",
    "import",
    "export",
    "Fn",
    "call",
    "curry",
    "try",
    "catch",
    "throw",
    "print",
    "debug",
    "let",
    "const",
    "fn",
    "private",
    "this",
    "return",
    "while",
    "loop",
    "do",
    "until",
    "for",
    "break",
    "continue",
    "is_shared",
    "is_def_var",
    "is_def_fn",
    "type_of",
];

/// The name under which a run travels. Its space keeps scripts from writing it.
const RUN: &str = "current run";

thread_local! {
    /// Operations of the run under way on this thread: the engine tells them to a callback and to nobody else.
    static OPERATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The engine of this process.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(build)
}

fn build() -> Engine {
    let mut engine = Engine::new_raw();
    engine
        .set_optimization_level(OptimizationLevel::None)
        .set_max_operations(MAX_OPERATIONS)
        .set_max_expr_depths(MAX_PARSE_DEPTH)
        .set_max_string_size(MAX_TEXT_BYTES)
        .set_max_array_size(MAX_LIST_ITEMS)
        .set_max_map_size(MAX_MAP_ENTRIES)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        .set_allow_looping(false)
        .set_allow_shadowing(false)
        .set_allow_loop_expressions(false)
        .set_allow_statement_expression(false)
        .set_fast_operators(true);
    for word in DISABLED {
        engine.disable_symbol(*word);
    }
    host::register(&mut engine);
    engine.on_progress(|operations| {
        OPERATIONS.set(operations);
        None
    });
    #[expect(
        deprecated,
        reason = "the library marks this call volatile, not outdated; its version is pinned"
    )]
    engine.on_var(|name, _, context| {
        let run = context.scope().get_value_ref::<Arc<Run>>(RUN);
        run.and_then(|run| host::group(run, name)).map(|group| Some(Dynamic::from(group))).ok_or_else(|| {
            Box::new(host::failure(LocalText::new(
                format!("there is no fact {name:?}"),
                format!("il n’existe aucun fait {name:?}"),
            )))
        })
    });
    engine
}

/// Compiles one expression. Names that are neither a group of facts nor `params` are refused here.
/// `None` when the compiler panicked.
pub(crate) fn compile(source: &str) -> Option<Result<AST, ParseError>> {
    let mut names = Scope::new();
    for group in facts::groups().chain(["params"]) {
        names.push_dynamic(group, Dynamic::UNIT);
    }
    catch_unwind(AssertUnwindSafe(|| engine().compile_expression_with_scope(&names, source))).ok()
}

/// Runs a compiled script: what it answered, and the operations it took.
pub(crate) fn run(script: &AST, run: Arc<Run>) -> (Result<Dynamic, Fault>, i64) {
    OPERATIONS.set(0);
    let answer = catch_unwind(AssertUnwindSafe(|| {
        let mut scope = Scope::new();
        scope.push_constant_dynamic(RUN, Dynamic::from(run));
        engine().eval_ast_with_scope::<Dynamic>(&mut scope, script)
    }));
    let operations = i64::try_from(OPERATIONS.get()).unwrap_or(i64::MAX);
    let answer = match answer {
        Ok(answer) => answer.map_err(|error| fault(&error)),
        Err(_) => Err(Fault::new("the interpreter broke down", "l’interpréteur s’est arrêté")),
    };
    (answer, operations)
}

/// An error of the interpreter, as users read it.
fn fault(error: &EvalAltResult) -> Fault {
    let place = error.position().into();
    let reason = match error.unwrap_inner() {
        EvalAltResult::ErrorRuntime(reason, _) if reason.is::<LocalText>() => reason.clone_cast(),
        EvalAltResult::ErrorTooManyOperations(_) => LocalText::new(
            format!("it takes more than {MAX_OPERATIONS} operations"),
            format!("elle demande plus de {MAX_OPERATIONS} opérations"),
        ),
        EvalAltResult::ErrorArithmetic(..) => return Fault::arithmetic(place),
        EvalAltResult::ErrorDataTooLarge(..) => return Fault::too_large(place),
        _ => LocalText::new(
            "an operation does not fit the values it was given",
            "une opération ne convient pas aux valeurs reçues",
        ),
    };
    Fault { place, reason }
}
