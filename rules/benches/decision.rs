//! What a decision of five rules costs: written by hand in Rust, by the interpreter, by the typed tree; and what the rules of ten thousand
//! structures take to load.
//!
//! The evaluators run in turns, in one process, on the same facts; what is told is the median of each, and the ratios.
//! `cargo bench -p envoi-rules`. With `ENVOI_BENCH_STRUCTURES` it loads the rules of as many structures.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use envoi_rules::measure::Prepared;
use envoi_rules::{Catalog, Facts, Rule};

const RULES: &[&str] =
    &["subscription-active", "sms-configured", "not-admin-account", "write-permission", "credit-sufficient"];
const ROUNDS: usize = 31;
const DECISIONS: u32 = 20_000;
const STRUCTURES: usize = 10_000;
const RULES_OF_EACH: usize = 8;

fn main() {
    decide();
    load();
}

fn by_hand(facts: &Facts, keep: i64) -> usize {
    [
        facts.subscription.active,
        facts.settings.configured && facts.settings.missing.is_empty(),
        facts.account.kind == "PERSONAL",
        facts.account.permissions.communication_sms == "READ_WRITE",
        facts.credit.balance.checked_sub(keep).is_some_and(|left| left >= facts.message.cost),
    ]
    .into_iter()
    .filter(|holds| *holds)
    .count()
}

fn decide() {
    let catalog = Catalog::builtin().expect("the built-ins load");
    let rules = RULES.iter().map(|slug| Arc::clone(catalog.get(slug).expect("a built-in"))).collect();
    let (facts, prepared) = (Facts::default(), Prepared::new(rules, Facts::default()));
    let evaluators: [(&str, &dyn Fn() -> usize); 4] = [
        ("by hand, in Rust", &|| by_hand(black_box(&facts), black_box(0))),
        ("the interpreter", &|| black_box(&prepared).by_the_interpreter()),
        ("the tree", &|| black_box(&prepared).by_the_tree()),
        ("the tree, traced", &|| black_box(&prepared).by_the_tree_traced()),
    ];
    let mut took = [const { Vec::new() }; 4];
    for round in 0..=ROUNDS {
        for ((name, evaluator), took) in evaluators.iter().zip(&mut took) {
            let ((), elapsed) = timed(|| {
                for _ in 0..DECISIONS {
                    assert_eq!(black_box(evaluator()), RULES.len(), "{name}");
                }
            });
            // The first warms up what is kept.
            if round > 0 {
                took.push(elapsed.as_secs_f64() * 1e9 / f64::from(DECISIONS));
            }
        }
    }
    let medians = took.map(median);
    println!("a decision of {} rules", RULES.len());
    for ((name, _), median) in evaluators.iter().zip(medians) {
        println!("{name:<18} {median:>9.1} ns   {:>7.3} of the interpreter", median / medians[1]);
    }
}

/// Every structure has rules that no other has.
fn load() {
    let structures = std::env::var("ENVOI_BENCH_STRUCTURES").ok();
    let structures = structures.map_or(STRUCTURES, |given| given.parse().expect("a whole number"));
    let catalog = Catalog::builtin().expect("the built-ins load");
    let templates: Vec<&Arc<Rule>> = catalog.templates().collect();
    let scripts: Vec<(&Arc<Rule>, String)> = (0..structures * RULES_OF_EACH)
        .map(|number| {
            let template = templates[number % templates.len()];
            (template, format!("{} // {number}", template.source().trim_end()))
        })
        .collect();
    let ((), compiling) = timed(|| {
        for (template, source) in &scripts {
            assert!(Prepared::compiles(template, source), "a template compiles");
        }
    });
    println!(
        "{structures} structures of {RULES_OF_EACH} scripts of their own: compiled and checked in {compiling:.2?}"
    );
    let before = kib("VmRSS:");
    let one = |(template, source): &(&Arc<Rule>, String)| {
        Rule::load_own(template.manifest_toml(), source).expect("a template loads")
    };
    let (rules, took) = timed(|| scripts.iter().map(one).collect::<Vec<Rule>>());
    let grown = kib("VmHWM:").saturating_sub(before);
    let each = grown.saturating_mul(1_024) / u64::try_from(rules.len()).expect("it fits");
    println!("the same with their manifests read and every case run: {took:.2?}");
    println!("{} MiB more at the peak, {each} bytes a rule", grown / 1_024);
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine it runs on")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// What the kernel says of this process; nothing where it is not Linux.
fn kib(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}
