//! The columns that a structure keeps, at the command line.

use super::{QUATRE_VENTS, failure, on, on_both, write};

#[test]
fn columns_are_kept_listed_and_removed() {
    on_both(async |database| {
        let said = async |arguments: &[&str]| {
            let (code, out, said) = on(&database, arguments).await;
            assert_eq!(code, 0, "{said}");
            out
        };
        let file =
            write(database.folder(), "own.csv", "Nom;Prénom;Instrument;Salle\nPropre;Ada;Tuba;12\n").await;
        let import = ["import", "people", &file, "--structure", QUATRE_VENTS];
        let list = ["people", "column", "list", "--structure", QUATRE_VENTS];
        let remove = ["people", "column", "remove", "--structure", QUATRE_VENTS, "--name", "instrument"];
        assert!(said(&list).await.contains("No column"));
        let misspelt = failure(&database, &[&import[..], &["--keep", "Instrumant"]].concat()).await;
        assert!(misspelt.contains("did you mean instrument?"), "{misspelt}");
        let reserved = failure(&database, &[&import[..], &["--keep", "structure"]].concat()).await;
        assert!(reserved.contains("{structure}"), "{reserved}");
        let imported = said(&[&import[..], &["--keep", "Instrument"]].concat()).await;
        assert!(
            imported.contains("1 added") && imported.contains("--keep keeps one): Salle\n"),
            "{imported}"
        );
        assert_eq!(said(&list).await, "{instrument}  Instrument\n");
        said(&remove).await;
        assert!(said(&list).await.contains("No column"));
        assert!(failure(&database, &remove).await.contains("no column of that name"));
        database
    });
}
