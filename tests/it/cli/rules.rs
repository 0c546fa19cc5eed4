//! The command line of authors of rules.

use std::path::Path;

use envoi_tests::plainly;
use envoi_tests::process::envoi;

use super::{one_line, write};

/// Runs `envoi rules …` with nothing in its environment.
async fn rules(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    envoi(folder, &[&["rules"], arguments].concat(), &[]).await
}

#[test]
fn a_rule_is_started_checked_tested_and_run() {
    plainly(async || {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let folder = folder.path();
        let (code, out, said) = rules(folder, &["new", "many"]).await;
        assert_eq!((code, said.as_str()), (0, ""), "{out}");
        assert!(out.contains("many.toml") && out.contains("many.rhai"), "{out}");
        let (code, out, said) = rules(folder, &["new", "many", "--template", "one-a-day"]).await;
        assert_eq!((code, out.as_str()), (1, ""), "what is there is not replaced");
        assert!(one_line(&said).contains("many.toml is there already"), "{said}");
        assert_eq!(rules(folder, &["new", "daily", "--template", "one-a-day"]).await.0, 0);
        for arguments in [&["check", "."][..], &["check", "many.rhai", "daily.toml", "--own"]] {
            let (code, out, _) = rules(folder, arguments).await;
            assert_eq!((code, out.as_str()), (0, "2 rules checked, 0 refused, 0 warnings.\n"));
        }
        let (code, out, _) = rules(folder, &["test", "many"]).await;
        assert_eq!((code, out.lines().last()), (0, Some("3 cases hold, 0 fail.")), "{out}");

        let (code, out, _) = rules(folder, &["new", "large", "--lang", "fr"]).await;
        assert_eq!(code, 0, "{out}");
        let french = std::fs::read_to_string(folder.join("large.toml")).expect("it is there");
        assert!(french.contains("# Au moins un cas qui passe"), "{french}");
        let (code, out, _) = rules(folder, &["check", "large"]).await;
        assert_eq!((code, out.as_str()), (0, "1 rule checked, 0 refused, 0 warnings.\n"));

        write(folder, "facts.toml", "[audience]\nmessage_count = 60\n").await;
        let run = ["run", "many.toml", "--facts", "facts.toml", "--param", "most=50", "--trace"];
        let (code, out, said) = rules(folder, &run).await;
        assert_eq!((code, said.as_str()), (0, ""), "{out}");
        for told in [
            "CONFIRM MANY_NUMBERS",
            "This goes to 60 numbers.",
            "The shortest way: ",
            "audience.message_count = 60",
            "2:1  audience.message_count → 60",
            "2:27  params.most → 50",
            "→ false",
        ] {
            assert!(out.contains(told), "{told}: {out}");
        }
        let (code, out, _) = rules(folder, &["run", "large-send", "--lang", "fr"]).await;
        assert_eq!(code, 0, "a built-in, on the reference facts");
        assert!(out.contains("PASS PASS") && out.contains("La règle est respectée."), "{out}");
    });
}

#[test]
fn what_is_wrong_is_drawn_into_the_text() {
    plainly(async || {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let folder = folder.path();
        assert_eq!(rules(folder, &["new", "many"]).await.0, 0);
        write(folder, "many.rhai", "// été\naudience.mesage_count <= params.most\n").await;
        let (code, out, said) = rules(folder, &["check", "many.toml"]).await;
        assert_eq!((code, said.as_str()), (1, ""), "{out}");
        for told in [
            "error: ",
            "many.rhai:2:1",
            "2 | audience.mesage_count <= params.most",
            "| ^^^^^^^^^^^^^^^^^^^^^",
            "help: did you mean \"audience.message_count\"?",
            "1 rule checked, 1 refused",
        ] {
            assert!(out.contains(told), "{told}: {out}");
        }
        assert!(!out.contains('\u{1b}'), "no colour where nobody looks: {out}");
        let french = [("LANG", "fr_FR.UTF-8")];
        let (_, out, _) = envoi(folder, &["rules", "check", "many.toml"], &french).await;
        assert!(out.contains("erreur : ") || out.contains("erreur: "), "{out}");
        assert!(out.contains("vouliez-vous dire"), "{out}");

        write(folder, "many.rhai", "audience.message_count < params.most\n").await;
        let (code, out, _) = rules(folder, &["test", "many", "--trace"]).await;
        assert_eq!((code, out.lines().last()), (1, Some("2 cases hold, 1 fails.")), "{out}");
        assert!(out.contains("cases[1] PASS was expected, the rule answered MANY_NUMBERS"), "{out}");
        assert!(
            out.contains("    audience.message_count = 500\n") && out.contains("params.most → 500"),
            "{out}"
        );
        let (code, out, _) = rules(folder, &["check", "many"]).await;
        assert_eq!(code, 1);
        assert!(out.contains("many.toml:") && out.contains("cases[1]"), "{out}");

        let manifest = std::fs::read_to_string(folder.join("many.toml")).expect("it is there");
        write(folder, "other.toml", &format!("{manifest}lock = \"LOCKED\"\n")).await;
        write(folder, "other.rhai", "audience.message_count <= params.most").await;
        let (code, out, _) = rules(folder, &["check", "other"]).await;
        assert_eq!(code, 1, "{out}");
        write(folder, "lone.rhai", "true").await;
        let (code, out, _) = rules(folder, &["check", "lone.rhai"]).await;
        assert!(code == 1 && out.contains("lone.toml: this file is missing"), "{out}");
        write(folder, "many.rhai", "audience.message_count <= params.most").await;
        write(folder, "misnamed.toml", &manifest).await;
        write(folder, "misnamed.rhai", "audience.message_count <= params.most").await;
        let (code, out, _) = rules(folder, &["check", "misnamed.toml"]).await;
        assert!(code == 1 && out.contains("called “many”"), "{out}");
        std::fs::write(folder.join("many.rhai"), [0xff, 0xfe]).expect("written");
        let (code, out, _) = rules(folder, &["check", "many"]).await;
        assert!(code == 1 && out.contains("many.rhai: it is no text in UTF-8"), "{out}");
        std::fs::write(folder.join("many.rhai"), vec![b' '; 10_000_000]).expect("written");
        let (code, out, _) = rules(folder, &["check", "many"]).await;
        assert!(code == 1 && out.contains("and no rule has"), "{out}");
    });
}

#[test]
fn a_command_line_that_names_what_is_not_there_is_told_apart() {
    plainly(async || {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let folder = folder.path();
        write(folder, "facts.toml", "[audience]\nmesage_count = 60\n").await;
        write(folder, "late.toml", "[now]\nweekday = 9\n").await;
        for (arguments, why) in [
            (&["check"][..], "Usage"),
            (&["chekc", "."], "check"),
            (&["check", "nothing"], "nothing: there is no rule"),
            (&["new", "Not A Slug"], "is no name of a rule"),
            (&["new", "a", "--template", "one-a-month"], "one-a-day"),
            (&["run", "nothing"], "nothing: there is no rule"),
            (&["run", "large-send", "--param", "ask=1"], "ask_above"),
            (&["run", "large-send", "--param", "ask_above=0"], "at least 1"),
            (&["run", "large-send", "--param", "ask_above"], "write NAME=VALUE"),
            (&["run", "large-send", "--param", "ask=1"], "it has: ask_above"),
            (&["run", "write-permission", "--param", "ask=1"], "has no parameter"),
            (
                &["run", "only-between-hours", "--param", "from=22:00"],
                "--param from: it must be less than \"to\", which is 21:00",
            ),
            (
                &["run", "only-between-hours", "--param", "to=05:00"],
                "--param to: it must be greater than \"from\"",
            ),
            (&["run", "large-send", "--param", "ask_above=2", "--param", "ask_above=2"], "it is given twice"),
            (&["run", "large-send", "--facts", "late.toml"], "from 1 to 7"),
            (&["run", "large-send", "--facts", "absent.toml"], "absent.toml"),
            (&["run", "large-send", "--facts", "facts.toml"], "audience.message_count"),
            (&["run", "large-send", "--lang", "de"], "possible values"),
        ] {
            let (code, out, said) = rules(folder, arguments).await;
            assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {said}");
            assert!(said.contains(why) && !said.contains("panicked"), "{arguments:?}: {said}");
        }
        let (code, out, _) = rules(folder, &["--help"]).await;
        assert_eq!(code, 0);
        for command in ["new", "check", "test", "run", "reference"] {
            assert!(out.contains(&format!("\n  {command} ")), "{command}: {out}");
        }
        assert_eq!(envoi(folder, &["structur"], &[]).await.0, 1, "of other commands it is 1");
    });
}

#[test]
fn what_the_repository_holds_passes_and_the_reference_is_that_of_the_guide() {
    plainly(async || {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let (code, out, _) = rules(&root, &["check", "rules/builtin", "rules/templates"]).await;
        assert_eq!(code, 0, "{out}");
        assert!(out.ends_with(" 0 refused, 0 warnings.\n"), "{out}");
        let (code, out, _) = rules(&root, &["test", "rules/builtin", "rules/templates"]).await;
        assert_eq!(code, 0, "{out}");
        let guide = std::fs::read_to_string(root.join("docs/guides/write-a-rule.md")).expect("it is there");
        let (code, out, _) = rules(&root, &["reference"]).await;
        assert_eq!(code, 0);
        let rows: Vec<&str> = out.lines().filter(|line| line.starts_with('|')).collect();
        assert!(rows.len() > 60, "{out}");
        for row in rows {
            assert!(guide.contains(row), "the guide holds {row}");
        }
    });
}
