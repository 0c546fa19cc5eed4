//! The tree beside the interpreter, on scripts made by chance. `ENVOI_TEST_RULE_CASES` asks for more than [`SCRIPTS`].

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;

use fastrand::Rng;

use super::generated::{self, Writer};
use crate::error::Fault;
use crate::facts::Facts;
use crate::host::{Answer, Run};
use crate::manifest::{self, Manifest, Owner};
use crate::script::Script;
use crate::tree::Machine;

const SCRIPTS: usize = 20_000;
/// On how many facts each runs, among as many sets of them.
const RUNS: usize = 4;
const SETS: usize = 256;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|given| given.parse().unwrap_or_else(|_| panic!("{name} is a whole number")))
}

/// Chance that comes again when its seed does, which is printed.
pub(super) fn chance() -> Rng {
    let seed = number("ENVOI_TEST_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("ENVOI_TEST_SEED={seed}");
    Rng::with_seed(seed)
}

/// A manifest of that text.
fn declared(text: &str) -> Manifest {
    let reading = manifest::read(text, Owner::Structure).expect("constant: it is read");
    assert_eq!(reading.problems, []);
    reading.manifest
}

/// Manifests for booleans and for verdicts, of the whole and of one person, and whether they are such.
fn manifests() -> [(Manifest, bool, bool); 4] {
    generated::manifests().map(|(text, verdicts, recipient)| (declared(&text), verdicts, recipient))
}

/// How many runs ended so, and how many scripts were refused.
#[derive(Default, Debug)]
struct Told {
    passed: usize,
    codes: usize,
    faults: usize,
    refused: usize,
}

#[test]
fn the_tree_answers_what_the_interpreter_answers() {
    let mut chance = chance();
    let scripts =
        number("ENVOI_TEST_RULE_CASES").map_or(SCRIPTS, |given| usize::try_from(given).expect("it fits"));
    let sets: Vec<Arc<Facts>> = (0..SETS).map(|_| Arc::new(generated::facts(&mut chance))).collect();
    let manifests = manifests();
    let mut told = Told::default();
    for round in 0..scripts {
        let (manifest, verdicts, recipient) = &manifests[round % manifests.len()];
        let mut writer = Writer { chance: &mut chance, recipient: *recipient, methods: false };
        let source = writer.script(*verdicts);
        let methods = writer.methods;
        let script = match Script::compile(&source, manifest) {
            Ok((script, _)) => script,
            Err(problems) => {
                // Only for what a generator of nested forms cannot know: a depth, a word, a size.
                let of_size = ["deep", "is never", "bytes", "operations"];
                let sized = |text: &str| of_size.iter().any(|word| text.contains(word));
                assert!(problems.iter().all(|problem| sized(&problem.message.en)), "{source}\n{problems:?}");
                told.refused += 1;
                continue;
            }
        };
        for _ in 0..RUNS {
            let facts = &sets[chance.usize(..SETS)];
            compare(&source, &script, manifest, facts, methods, &mut told);
        }
    }
    println!("{scripts} scripts, {RUNS} sets of facts each: {told:?}");
    let least = scripts / 5;
    assert!(told.passed > least && told.codes > least && told.faults > least, "each kind is met: {told:?}");
    assert!(told.refused < scripts / 10, "few are refused: {told:?}");
}

fn compare(
    source: &str,
    script: &Script,
    manifest: &Manifest,
    facts: &Arc<Facts>,
    methods: bool,
    told: &mut Told,
) {
    let params = manifest.params.iter().map(|(name, spec)| (name.clone(), spec.default.clone()));
    let run = Arc::new(Run { facts: Arc::clone(facts), params: params.collect() });
    let (answer, operations) = script.run(Arc::clone(&run), "A");
    let params: Vec<_> = run.params.values().cloned().collect();
    let found = script.tree.run(&mut Machine { facts, params: &params, tracer: () });
    let said = match &answer {
        Ok(Answer::Pass) => Ok(None),
        Ok(Answer::Code(code)) => Ok(Some(code.as_str())),
        Err(fault) => Err(fault),
    };
    let reason = |fault: &Fault| fault.reason.en.clone();
    match (&said, &found) {
        (Ok(one), Ok(other)) if one == other => {}
        (Err(one), Err(other)) if methods || reason(one) == reason(other) => {}
        _ => panic!("{source}\nthe interpreter: {said:?}\nthe tree: {found:?}\n{facts:?}"),
    }
    let operations = u64::try_from(operations).expect("operations are counted up from 0");
    assert!(operations <= script.tree.operations, "{source}\n{operations} of {}", script.tree.operations);
    match said {
        Ok(None) => told.passed += 1,
        Ok(Some(_)) => told.codes += 1,
        Err(_) => told.faults += 1,
    }
}
