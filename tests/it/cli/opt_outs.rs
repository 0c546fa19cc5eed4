//! What the operator does with refusals, at the command line.

use super::{QUATRE_VENTS, failure, on, on_both};

#[test]
fn refusals_are_recorded_listed_checked_and_taken_back() {
    on_both(async |database| {
        let said = async |arguments: &[&str]| {
            let (code, out, said) = on(&database, arguments).await;
            assert_eq!(code, 0, "{said}");
            assert!(!out.contains("612345678"), "no number is told: {out}");
            out
        };
        let number = ["--number", "06 12 34 56 78"];
        let listed = said(&["opt-out", "list", "--structure", QUATRE_VENTS]).await;
        assert_eq!((listed.lines().count(), listed.contains("OPERATOR")), (1, true), "{listed}");
        let check = [&["opt-out", "check"][..], &number].concat();
        assert!(said(&check).await.contains("opted out of nothing"));
        let add = [&["opt-out", "add", "--structure", QUATRE_VENTS][..], &number].concat();
        said(&add).await;
        said(&add).await;
        let found = said(&["opt-out", "check", "--number", "+33612345678"]).await;
        assert_eq!((found.lines().count(), found.contains(QUATRE_VENTS)), (1, true), "{found}");
        assert_eq!(said(&["opt-out", "list", "--structure", QUATRE_VENTS]).await.lines().count(), 2);
        let remove = [&["opt-out", "remove", "--structure", QUATRE_VENTS][..], &number].concat();
        said(&remove).await;
        assert!(said(&check).await.contains("opted out of nothing"));
        assert!(failure(&database, &remove).await.contains("has not opted out"));
        for number in ["36608", "", "0123456789", "the number 0612345678"] {
            let complaint = failure(&database, &["opt-out", "check", "--number", number]).await;
            assert!(!complaint.contains("0612345678"), "no number is told: {complaint}");
        }
        let elsewhere = failure(&database, &["opt-out", "list", "--structure", "Nowhere"]).await;
        assert!(elsewhere.contains("Nowhere"), "{elsewhere}");
        assert_eq!(said(&["inbound", "list"]).await, "");
        database
    });
}
