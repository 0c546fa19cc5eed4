//! The audit at the command line, with a provider's list.

use super::{failure, on, on_both, write};

#[test]
fn a_providers_list_is_held_against_what_it_covers() {
    on_both(async |database| {
        let id = "01991f00-0000-7000-8000-000000000007";
        let list = write(database.folder(), "list.csv", &format!("attempt,event\n{id},accepted\n")).await;
        let bounds =
            ["--provider", "kannel", "--since", "2025-01-01T00:00:00Z", "--until", "2025-02-01T00:00:00Z"];
        for more in [&[][..], &bounds] {
            let (code, out, said) = on(&database, &[&["audit", "--journal", &list], more].concat()).await;
            assert_eq!((code, said.as_str()), (1, ""), "{out}");
            assert!(out.contains("FAULT: the provider's journal says the same") && out.contains(id), "{out}");
        }
        let none = write(database.folder(), "none.csv", "attempt,event\n").await;
        let (code, out, _) = on(&database, &[&["audit", "--journal", &none][..], &bounds].concat()).await;
        assert_eq!(code, 0, "{out}");
        let wrong = write(database.folder(), "wrong.csv", &format!("attempt,event\n{id},taken\n")).await;
        assert!(failure(&database, &["audit", "--journal", &wrong]).await.contains("line: 2"));
        assert_ne!(on(&database, &["audit", "--provider", "kannel"]).await.0, 0, "of which list?");
        database
    });
}
