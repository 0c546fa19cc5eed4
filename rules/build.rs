//! Embeds every `builtin/<slug>.toml` with its `<slug>.rhai`, so that a new built-in is two files and no list to keep.

use std::fmt::Write as _;
use std::{env, fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=builtin");
    let folder =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("constant: cargo sets it")).join("builtin");
    let mut files = fs::read_dir(&folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let (manifest, script) = (file.with_extension("toml"), file.with_extension("rhai"));
        for half in [&manifest, &script] {
            assert!(
                half.is_file(),
                "{} is missing: a built-in is a manifest and a script",
                half.display()
            );
        }
        if file == manifest {
            let slug = file.file_stem().unwrap_or_default().to_string_lossy();
            let (manifest, script) = (manifest.to_string_lossy(), script.to_string_lossy());
            writeln!(
                list,
                "    ({slug:?}, include_str!({manifest:?}), include_str!({script:?})),"
            )
            .expect("writing to a string cannot fail: invariant of the standard library");
        }
    }
    list.push(']');
    fs::write(
        PathBuf::from(env::var_os("OUT_DIR").expect("constant: cargo sets it")).join("builtins.rs"),
        list,
    )
}
