//! Embeds every `<slug>.toml` of `builtin/` and `templates/` with its `<slug>.rhai`, so that a new one is two files and no list to keep.

use std::fmt::Write as _;
use std::{env, fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    embed("builtin")?;
    embed("templates")
}

/// Writes the list of a folder's rules, to be included.
fn embed(name: &str) -> io::Result<()> {
    println!("cargo::rerun-if-changed={name}");
    let folder =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("constant: cargo sets it")).join(name);
    let mut files =
        fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let (manifest, script) = (file.with_extension("toml"), file.with_extension("rhai"));
        for half in [&manifest, &script] {
            assert!(half.is_file(), "{} is missing: a rule is a manifest and a script", half.display());
        }
        if file == manifest {
            let slug = file.file_stem().unwrap_or_default().to_string_lossy();
            // Named from the package's folder of the moment: a build folder outlives a checkout that moves.
            let half = |extension| {
                format!("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{name}/{slug}.{extension}\"))")
            };
            writeln!(list, "    ({slug:?}, {}, {}),", half("toml"), half("rhai"))
                .expect("writing to a string cannot fail: invariant of the standard library");
        }
    }
    list.push(']');
    fs::write(
        PathBuf::from(env::var_os("OUT_DIR").expect("constant: cargo sets it")).join(format!("{name}.rs")),
        list,
    )
}
