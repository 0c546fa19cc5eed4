//! Owns one script: compiled, checked against its manifest, and run.
//!
//! Invariant: a [`Script`] that exists has passed every check; running it changes nothing but the operations counted.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use rhai::AST;
use sha2::{Digest, Sha256};

use crate::error::{Diagnostic, Fault, Place};
use crate::host::{Answer, Run};
use crate::limits::MAX_SOURCE_BYTES;
use crate::manifest::Manifest;
use crate::params::ParamValue;
use crate::sandbox;
use crate::syntax::refusal;
use crate::text::hidden_character;
use crate::tree::{self, Machine, Tree, Uses};

/// A script that passed every check.
pub(crate) struct Script {
    syntax: AST,
    /// What the check made of it.
    pub tree: Tree,
    /// The facts it reads.
    pub facts: BTreeSet<&'static str>,
}

impl Script {
    /// Compiles and checks a script. With it come the codes and parameters it uses.
    pub(crate) fn compile(source: &str, manifest: &Manifest) -> Result<(Self, Uses), Vec<Diagnostic>> {
        check_characters(source).map_err(|problem| vec![problem])?;
        let syntax = match sandbox::compile(source) {
            Some(Ok(syntax)) => syntax,
            Some(Err(error)) => return Err(vec![refusal(error.err_type(), error.position().into(), source)]),
            None => {
                return Err(vec![Diagnostic::error(
                    Place::default(),
                    "the script broke the compiler: write it another way",
                    "le script a arrêté le compilateur : écrivez-le autrement",
                )]);
            }
        };
        let (tree, uses) = tree::lower(&syntax, manifest)?;
        Ok((Self { syntax, tree, facts: uses.facts.clone() }, uses))
    }

    /// Runs the script: the code it answers, if any, and the operations it took. `only_code` is what a false boolean gives.
    pub(crate) fn run(&self, run: Arc<Run>, only_code: &str) -> (Result<Answer, Fault>, i64) {
        let (value, operations) = sandbox::run(&self.syntax, run);
        let answer = value.and_then(|value| match value.as_bool() {
            Ok(true) => Ok(Answer::Pass),
            Ok(false) => Ok(Answer::Code(only_code.to_owned())),
            Err(_) => value.try_cast::<Answer>().ok_or_else(|| {
                Fault::new(
                    "it answered neither a boolean nor a verdict",
                    "elle n’a répondu ni un booléen ni un verdict",
                )
            }),
        });
        (answer, operations)
    }
}

impl Script {
    /// Whether the tree answers what the interpreter answered on that run, and fails where it fails.
    ///
    /// # Errors
    /// What the two said, where they differ.
    pub(crate) fn agrees(&self, answer: &Result<Answer, Fault>, run: &Run) -> Result<(), String> {
        let params: Vec<ParamValue> = run.params.values().cloned().collect();
        let mut machine = Machine { facts: &run.facts, params: &params, tracer: () };
        let found = self.tree.run(&mut machine);
        let same = match (answer, &found) {
            (Ok(Answer::Pass), Ok(None)) | (Err(_), Err(_)) => true,
            (Ok(Answer::Code(code)), Ok(Some(found))) => code == found,
            _ => false,
        };
        if same { Ok(()) } else { Err(format!("the interpreter says {answer:?}, the tree {found:?}")) }
    }
}

/// Size first, before anything reads the text, then what it may hide.
fn check_characters(source: &str) -> Result<(), Diagnostic> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(Diagnostic::error(
            Place::default(),
            format!("the script has {} bytes: at most {MAX_SOURCE_BYTES} are allowed", source.len()),
            format!("le script compte {} octets : {MAX_SOURCE_BYTES} au plus sont permis", source.len()),
        ));
    }
    hidden_character(source).map_or(Ok(()), |(line, column, character)| {
        let code = u32::from(character);
        Err(Diagnostic::error(
            Place { line, column },
            format!("the invisible or control character U+{code:04X} is not allowed in a script"),
            format!("le caractère invisible ou de contrôle U+{code:04X} n’est pas permis dans un script"),
        ))
    })
}

/// SHA-256 of a text, in hexadecimal.
pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail: invariant");
        hex
    })
}
