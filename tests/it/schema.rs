//! The schema that clients are made from.

use api::graphql::sdl;

#[test]
fn the_schema_that_is_committed_is_the_one_served() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema.graphql");
    let committed = std::fs::read_to_string(file).expect("schema.graphql is there");
    assert!(
        committed == sdl(),
        "schema.graphql is not what the program serves: run `make schema`, and read the difference"
    );
}

/// Types, fields, arguments, inputs and values without a description.
fn undescribed(sdl: &str) -> Vec<String> {
    let (mut found, mut described, mut owner) = (Vec::new(), false, String::new());
    let mut in_block = false;
    for line in sdl.lines() {
        let text = line.trim();
        if in_block || text.starts_with("\"\"\"") {
            let closes = text.len() > 3 && text.ends_with("\"\"\"") || in_block && text.ends_with("\"\"\"");
            (in_block, described) = (!closes, true);
            continue;
        }
        if text.is_empty()
            || text.starts_with(['}', ')', '#', '@'])
            || text.starts_with("schema")
            || owner == "schema" && text.contains(':')
        {
            owner = if text.starts_with("schema") { "schema".to_owned() } else { owner };
            described = false;
            continue;
        }
        let one_line = text.starts_with('"');
        if one_line {
            described = true;
            continue;
        }
        if !line.starts_with(' ') {
            let name = text.split([' ', '{', '(']).nth(1);
            name.unwrap_or_default().clone_into(&mut owner);
        }
        if !described && !text.starts_with("directive") {
            found.push(format!("{owner}: {text}"));
        }
        described = false;
    }
    found
}

#[test]
fn everything_in_the_schema_is_described() {
    let missing = undescribed(&sdl());
    assert!(missing.is_empty(), "without a description:\n{}", missing.join("\n"));
}

#[test]
fn what_is_not_described_is_found() {
    let planted = "\"\"\"\nA thing.\n\"\"\"\ntype Thing {\n  \"\"\"\n  One.\n  \"\"\"\n  one: Int!\n  two: Int!\n}\n\nenum Bare {\n  \"\"\"X.\"\"\"\n  X\n}\n";
    assert_eq!(undescribed(planted), ["Thing: two: Int!", "Bare: enum Bare {"]);
}
