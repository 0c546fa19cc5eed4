//! The senders of a structure, at the command line.

use super::{QUATRE_VENTS, failure, on, on_both};

#[test]
fn senders_are_listed_added_preferred_and_taken_away() {
    on_both(async |database| {
        let run = async |arguments: &[&str]| {
            let (code, out, said) = on(&database, arguments).await;
            assert_eq!(code, 0, "{said}");
            out
        };
        let sender =
            |verb: &'static str, name: &'static str| ["sender", verb, "--structure", QUATRE_VENTS, name];
        let list = ["sender", "list", "--structure", QUATRE_VENTS];
        assert_eq!(run(&list).await, "4VENTS       default\n");
        run(&sender("add", "CHORALE")).await;
        run(&sender("add", "chorale")).await;
        assert_eq!(run(&list).await, "4VENTS       default\nchorale\n", "the last spelling stands");
        run(&sender("default", "Chorale")).await;
        run(&sender("remove", "4vents")).await;
        assert_eq!(run(&list).await, "chorale      default\n");

        run(&["settings", "set", "--structure", QUATRE_VENTS, "--sender", "ECOLE4V"]).await;
        assert_eq!(run(&list).await, "chorale\nECOLE4V      default\n", "added, and the default");
        run(&["settings", "set", "--structure", QUATRE_VENTS, "--sender", "CHORALE"]).await;
        assert_eq!(run(&list).await, "CHORALE      default\nECOLE4V\n");

        let add = sender("add", "InfoAmeli");
        let said = failure(&database, &add).await;
        assert!(said.contains("`InfoAmeli` would be taken for `ameli`"), "{said}");
        let set = ["settings", "set", "--structure", QUATRE_VENTS, "--sender", "AME11"];
        let said = failure(&database, &set).await;
        assert!(said.contains("`ameli`"), "{said}");
        run(&[&add[..], &["--although-protected"]].concat()).await;
        run(&["settings", "set", "--structure", QUATRE_VENTS, "--sender", "InfoAmeli"]).await;
        assert!(run(&list).await.contains("InfoAmeli    default  although protected\n"));

        for (arguments, why) in [
            (sender("add", "AB"), "3 to 11 characters"),
            (sender("add", "ABCDEFGHIJKL"), "3 to 11 characters"),
            (sender("add", "36608"), "at least one letter"),
            (sender("add", "ÉCOLE"), "É is neither"),
            (sender("add", "4 VENTS"), "U+0020 is neither"),
            (sender("add", "VEN\u{202e}TS"), "U+202E is neither"),
            (sender("remove", "NOBODY"), "envoi sender list"),
            (sender("default", "NOBODY"), "envoi sender list"),
            (sender("remove", "infoameli"), "envoi sender default"),
        ] {
            let said = failure(&database, &arguments).await;
            assert!(said.contains(why), "{arguments:?}: {said}");
        }
        assert!(run(&list).await.contains("InfoAmeli    default"), "what is refused changes nothing");
        database
    });
}
