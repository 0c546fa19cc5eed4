//! Giving credit and correcting it, at the command line.

use super::{QUATRE_VENTS, failure, on, on_both};

#[test]
fn a_balance_is_corrected_with_who_and_why_once_a_key() {
    on_both(async |database| {
        let adjust = |rest: &[&'static str]| {
            [
                &[
                    "credit",
                    "adjust",
                    "--structure",
                    QUATRE_VENTS,
                    "--by",
                    "Zoé Petit",
                    "--reason",
                    "Doublon",
                ],
                rest,
            ]
            .concat()
        };
        let said = async |arguments: &[&str]| {
            let (code, out, said) = on(&database, arguments).await;
            assert_eq!(code, 0, "{said}");
            out
        };
        let first = said(&adjust(&["--key", "17", "--", "-50"])).await;
        assert!(first.contains(": -50 SMS, 178 left."), "{first}");
        let again = said(&adjust(&["--key", "17", "-50"])).await;
        assert_eq!(again.trim(), format!("{} It was done before.", first.trim()));
        assert!(said(&adjust(&["+2"])).await.contains(": +2 SMS, 180 left."));
        let add = ["credit", "add", "--structure", QUATRE_VENTS, "--key", "17", "20"];
        assert_eq!(said(&add).await, said(&add).await);
        assert!(said(&adjust(&["-1"])).await.contains("199 left"), "it was given once");
        assert!(failure(&database, &adjust(&["-200"])).await.contains("199"));
        failure(&database, &adjust(&["--key", "17", "-51"])).await;
        for unsigned in ["50", "0", "x"] {
            let (code, _, _) = on(&database, &adjust(&[unsigned])).await;
            assert_eq!(code, 1, "{unsigned}");
        }
        let unsaid = ["credit", "adjust", "--structure", QUATRE_VENTS, "--by", "Zoé", "-1"];
        assert_eq!(on(&database, &unsaid).await.0, 1, "why is wanted");
        let (code, out, _) = on(&database, &["audit"]).await;
        assert_eq!(code, 0, "{out}");
        database
    });
}
