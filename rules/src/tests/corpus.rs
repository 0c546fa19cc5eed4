//! Hostile scripts, kept as data in `corpus/`: each is refused or stopped, whatever it is made of, soon and in little memory.
//!
//! A file is a class. Its scripts are loaded in a process of their own, under a limit of memory and of time, which tells what each took.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use serde::Deserialize;

use super::problems_of;
use crate::Severity;

/// The most that one script may take: time of the processor, not of a clock on the wall, which others use too.
const MAX_CPU_MICROS: u64 = 100_000;
const MAX_GROWTH_KIB: u64 = 16 * 1024;
/// Scripts of a class, at least.
const LEAST: usize = 15;
/// Kibibytes of address space, and seconds, after which a class is stopped.
const PROCESS_KIB: u64 = 1_024 * 1_024;
const PROCESS_SECONDS: u64 = 120;

/// Names the class to a process of its own.
const CLASS: &str = "ENVOI_TEST_CORPUS_CLASS";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    class: String,
    scripts: Vec<Script>,
}

/// A script written out, or parts, each so many times.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    source: Option<String>,
    parts: Option<Vec<(String, usize)>>,
    /// What some problem of it says.
    refused: String,
}

impl Script {
    fn text(&self) -> String {
        let written = self.source.clone().unwrap_or_default();
        let parts = self.parts.iter().flatten().map(|(part, times)| part.repeat(*times));
        parts.fold(written, |text, part| text + part.as_str())
    }

    fn shown(&self) -> String {
        self.text().chars().take(80).collect()
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn classes() -> Vec<String> {
    let files = fs::read_dir(folder()).expect("the corpus is there");
    let name = |file: fs::DirEntry| file.path().file_stem().map(|name| name.to_string_lossy().into_owned());
    let mut names: Vec<String> = files.filter_map(|file| name(file.expect("it can be listed"))).collect();
    names.sort();
    names
}

fn class(name: &str) -> Class {
    let text = fs::read_to_string(folder().join(format!("{name}.toml"))).expect("a class can be read");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_class_has_scripts_enough_and_none_twice() {
    assert!(classes().len() >= 20, "{:?}", classes());
    let mut all = std::collections::BTreeSet::new();
    for name in classes() {
        let class = class(&name);
        assert!(class.scripts.len() >= LEAST && !class.class.is_empty(), "{name}: {}", class.scripts.len());
        for script in &class.scripts {
            assert!(script.source.is_some() != script.parts.is_some(), "{name}: {}", script.shown());
            assert!(all.insert((name.clone(), script.text())), "{name}: twice: {}", script.shown());
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn each_script_is_refused_soon_and_in_little_memory() {
    let mut wrong = String::new();
    let (mut slowest, mut largest) = (0, 0);
    for name in classes() {
        let scripts = class(&name).scripts;
        let told = in_a_process_of_its_own(&name);
        for (place, script) in scripts.iter().enumerate() {
            let Some(told) = told.get(place) else {
                writeln!(wrong, "{name}: it ended at: {}", script.shown())
                    .expect("a string can be written to");
                break;
            };
            (slowest, largest) = (slowest.max(told.cpu_micros), largest.max(told.growth_kib));
            if !told.problems.contains(&script.refused)
                || told.cpu_micros > MAX_CPU_MICROS
                || told.growth_kib > MAX_GROWTH_KIB
            {
                writeln!(wrong, "{name}: {}\n  expected {:?}\n  {told:?}", script.shown(), script.refused)
                    .expect("a string can be written to");
            }
        }
    }
    println!("at most {slowest} µs and {largest} KiB");
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// What one script took, and the problems told of it.
#[derive(Debug)]
struct Told {
    cpu_micros: u64,
    growth_kib: u64,
    problems: String,
}

/// What the scripts of a class took, as far as the process came.
fn in_a_process_of_its_own(name: &str) -> Vec<Told> {
    let limits = format!("ulimit -v {PROCESS_KIB}; exec timeout {PROCESS_SECONDS} \"$0\" \"$@\"");
    let program = env::current_exe().expect("a test knows its program");
    let output = Command::new("sh")
        .args(["-c", &limits])
        .arg(program)
        .args(["--exact", "tests::corpus::the_scripts_of_one_class", "--ignored", "--nocapture"])
        .env(CLASS, name)
        .output()
        .expect("a shell can be started");
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| line.strip_prefix("told\t")).filter_map(read_back).collect()
}

fn read_back(line: &str) -> Option<Told> {
    let mut parts = line.splitn(3, '\t');
    let mut number = || parts.next()?.parse().ok();
    let (cpu_micros, growth_kib) = (number()?, number()?);
    Some(Told { cpu_micros, growth_kib, problems: parts.next()?.to_owned() })
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn the_scripts_of_one_class() {
    let name = env::var(CLASS).expect("the test above names the class");
    for script in class(&name).scripts {
        let source = script.text();
        // Forgets the peak of before.
        fs::write("/proc/self/clear_refs", "5").expect("a process may forget its peak");
        let (cpu, memory) = (cpu_micros(), kib("VmRSS:"));
        let problems = problems_of(&source);
        let (cpu, growth) = (cpu_micros() - cpu, kib("VmHWM:").saturating_sub(memory));
        let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
        let told: Vec<&str> = errors.map(|problem| problem.message.en.as_str()).collect();
        println!("told\t{cpu}\t{growth}\t{}", told.join("; ").replace('\n', " "));
    }
}

/// What this thread had of the processor, as far as the kernel counted: it does so some hundred times a second.
fn cpu_micros() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    text.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok()).expect("it is a number") / 1_000
}

fn kib(what: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = text.lines().find_map(|line| line.strip_prefix(what)).expect("it tells this");
    line.trim().trim_end_matches(" kB").parse().expect("it is a number")
}
