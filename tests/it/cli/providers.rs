//! What the operator is told of providers, and what of a gateway's settings.

use envoi_tests::process::{Server, envoi};
use serde_json::json;

use super::{QUATRE_VENTS, failure, on, on_both};

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
        let set = ["settings", "set", "--structure", QUATRE_VENTS, "--provider", "kannel"];
        for arguments in [&["provider", "urls"][..], &set] {
            let said = failure(&database, arguments).await;
            for needed in
                ["kannel", "configured here", "`kannel.send_url`", "`kannel.username`", "`kannel.password`"]
            {
                assert!(said.contains(needed), "{needed}: {said}");
            }
        }
        let said = failure(&database, &[&set[..5], &["carrier-pigeon"]].concat()).await;
        assert!(said.contains("there is no provider `carrier-pigeon`"), "{said}");

        let incomplete: Vec<_> = variables[..5].to_vec();
        let (code, _, said) = envoi(database.folder(), &["provider", "list"], &incomplete).await;
        assert!(code == 1 && said.contains("`kannel.password`"), "{said}");
        database
    });
}

#[test]
fn a_structure_whose_provider_is_not_there_is_told_at_the_start_and_in_the_refusal() {
    on_both(async |database| {
        let key = database.master_key_file.display().to_string();
        let mut variables =
            vec![("ENVOI_DATABASE_URL", database.address.as_str()), ("ENVOI_MASTER_KEY_FILE", key.as_str())];
        let plain = variables.clone();
        variables.extend([
            ("ENVOI_KANNEL_SEND_URL", "http://127.0.0.1:13013/cgi-bin/sendsms"),
            ("ENVOI_KANNEL_USERNAME", "envoi"),
            ("ENVOI_KANNEL_PASSWORD", "opensesame"),
        ]);
        let set = ["settings", "set", "--structure", QUATRE_VENTS, "--provider", "kannel"];
        let (code, _, said) = envoi(database.folder(), &set, &variables).await;
        assert_eq!(code, 0, "{said}");
        let warned = || {
            let log = std::fs::read_to_string(database.folder().join("log")).expect("there is a log");
            log.contains("a provider that is not configured here")
        };
        let server = Server::start(database.folder(), &[], &variables).await;
        assert!(!warned());
        assert_eq!(server.stop().await, Some(0));
        let server = Server::start(database.folder(), &[], &plain).await;
        assert!(warned());
        let token = server.sign_in("marie@quatre-vents.example").await;
        let preview =
            "mutation { previewSms(input: {audience: {matching: {filter: {}}}, message: {text: \"a\"}}) {
            preview { decision { verdicts(atLeast: CONFIRM) { code message } } }
        } }";
        let shown = server.graphql(Some(&token), preview, json!({})).await;
        let verdicts = &shown["previewSms"]["preview"]["decision"]["verdicts"];
        assert_eq!(verdicts.as_array().map(Vec::len), Some(1), "what passes is left out: {verdicts}");
        let message = verdicts[0]["message"].as_str().expect("a message");
        assert!(message.contains("disponible sur ce serveur"), "{message}");
        assert_eq!(server.stop().await, Some(0));
        database
    });
}
