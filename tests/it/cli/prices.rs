//! The operator's prices, at the command line.

use super::{failure, on, on_both};

#[test]
fn prices_are_listed_set_and_taken_away() {
    on_both(async |database| {
        let said = async |arguments: &[&str]| {
            let (code, out, said) = on(&database, arguments).await;
            assert_eq!(code, 0, "{said}");
            out
        };
        let listed = said(&["price", "list"]).await;
        assert_eq!(listed.lines().count(), 5, "France and its overseas departments: {listed}");
        said(&["price", "set", "--prefix", "32", "--sms", "2"]).await;
        said(&["price", "set", "--prefix", "32", "--sms", "3"]).await;
        assert!(said(&["price", "list"]).await.contains("+32      3"));
        said(&["price", "remove", "--prefix", "32"]).await;
        assert!(failure(&database, &["price", "remove", "--prefix", "32"]).await.contains("price list"));
        for (prefix, sms) in
            [("+32", "1"), ("032", "1"), ("", "1"), ("32470", "1"), ("32", "0"), ("32", "101")]
        {
            failure(&database, &["price", "set", "--prefix", prefix, "--sms", sms]).await;
        }
        database
    });
}
