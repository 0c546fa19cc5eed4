//! Bundles the playground into the program, where Node.js is at hand.
//!
//! The sources are copied out of the tree, what they name is installed as the lock file has it, and what was bundled is written
//! down as a table that `http::playground` embeds. Installed packages stay for the next time, as long as the lock file does.
//!
//! Invariant: nothing is written outside of Cargo's output folder, and the build goes on without the playground where it
//! cannot be bundled: a warning then says why, and the page says what to do.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, io};

/// The sources, in the crate's folder.
const SOURCES: &str = "playground";
/// What there is of them. Anything else in the folder is not ours, such as packages installed there by hand.
const NAMES: [&str; 5] = ["build.mjs", "licences.mjs", "package.json", "package-lock.json", "src"];
/// The oldest Node.js that the bundler runs on.
const OLDEST_NODE: u32 = 18;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    println!("cargo::rerun-if-changed=build.rs");
    for name in NAMES {
        println!("cargo::rerun-if-changed={SOURCES}/{name}");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let table = match env::var("CARGO_FEATURE_PLAYGROUND").map(|_| bundle(&out)) {
        Ok(Ok(built)) => table(&built)?,
        Ok(Err(why)) => {
            println!("cargo::warning=built without the playground: {why}");
            empty()
        }
        Err(_) => empty(),
    };
    fs::write(out.join("playground.rs"), table)?;
    Ok(())
}

/// Bundles the playground; answers the folder of what was built.
fn bundle(out: &Path) -> Outcome<PathBuf> {
    let (sources, built) = (out.join("playground"), out.join("playground-built"));
    check_node()?;
    for name in NAMES {
        copy(&Path::new(SOURCES).join(name), &sources.join(name))?;
    }
    install(&sources)?;
    run(Command::new("node").arg("build.mjs").arg(&built).current_dir(&sources))?;
    Ok(built)
}

fn check_node() -> Outcome<()> {
    let wanted = format!("it needs Node.js {OLDEST_NODE} or newer, with npm");
    let found = run(Command::new("node").arg("--version")).map_err(|_| wanted.clone())?;
    let version = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        _ => Err(format!("{wanted}; this is {version}").into()),
    }
}

/// Installs what the lock file names, unless it is there. None of it runs a script of its own.
fn install(sources: &Path) -> Outcome<()> {
    let (lock, installed) = (sources.join("package-lock.json"), sources.join("node_modules/.installed"));
    let lock = fs::read(lock)?;
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    run(Command::new("npm").args(arguments).current_dir(sources))?;
    Ok(fs::write(installed, lock)?)
}

/// Runs a command to its end; when it fails, the first lines of what it said tell why.
fn run(command: &mut Command) -> Outcome<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).take(3).collect();
    Err(format!("{program}: {}: {}", output.status, said.join(" | ")).into())
}

/// Copies a file, or a folder and all in it, in the place of what was there.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().unwrap_or(to))?;
        return fs::copy(from, to).map(|_| ());
    }
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// The table of what was built, as an expression.
fn table(built: &Path) -> Outcome<String> {
    let folder = built.join("assets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".br").map(str::to_owned));
    }
    names.sort();
    let mut assets = String::new();
    for name in names {
        let at = |suffix| format!("{}/{name}.{suffix}", folder.display());
        writeln!(
            assets,
            "Asset {{ name: {name:?}, brotli: include_bytes!({:?}), gzip: include_bytes!({:?}) }},",
            at("br"),
            at("gz")
        )?;
    }
    let page = format!("{}/index.html", built.display());
    Ok(format!("Bundle {{ page: Some(include_str!({page:?})), assets: &[\n{assets}] }}\n"))
}

/// The table where nothing was built.
fn empty() -> String {
    "Bundle { page: None, assets: &[] }\n".to_owned()
}
