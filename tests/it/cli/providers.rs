//! What the operator is told of providers, and what of a gateway's settings.

use envoi_tests::process::envoi;

use super::{on, on_both};

#[test]
fn the_addresses_for_gateways_are_printed_and_stay_the_same() {
    on_both(async |database| {
        let key = database.master_key_file.display().to_string();
        let variables = [
            ("ENVOI_DATABASE_URL", database.address.as_str()),
            ("ENVOI_MASTER_KEY_FILE", key.as_str()),
            ("ENVOI_PUBLIC_URL", "https://sms.example.org/"),
            ("ENVOI_KANNEL_SEND_URL", "http://127.0.0.1:13013/cgi-bin/sendsms"),
            ("ENVOI_KANNEL_USERNAME", "envoi"),
            ("ENVOI_KANNEL_PASSWORD", "opensesame"),
        ];
        let names = envoi(database.folder(), &["provider", "list"], &variables).await;
        assert_eq!(names, (0, "sandbox\nkannel\n".to_owned(), String::new()));
        let first = envoi(database.folder(), &["provider", "urls"], &variables).await;
        assert!(first.1.starts_with("kannel  https://sms.example.org/inbound/kannel/"), "{first:?}");
        assert!(
            first.1.trim_end().ends_with("?from=%p&to=%P&text=%b&coding=%c&charset=%C&id=%I&at=%T"),
            "{first:?}"
        );
        assert_eq!(envoi(database.folder(), &["provider", "urls"], &variables).await, first);
        let (_, names, _) = on(&database, &["provider", "list"]).await;
        assert_eq!(names, "sandbox\n", "without settings it is not there");

        let incomplete: Vec<_> = variables[..5].to_vec();
        let (code, _, said) = envoi(database.folder(), &["provider", "list"], &incomplete).await;
        assert!(code == 1 && said.contains("`kannel.password`"), "{said}");
        database
    });
}
