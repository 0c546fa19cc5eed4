//! What the operator does with refusals, at the command line.

use chrono::DateTime;
use entity::enums::InboundKeyword;
use entity::inbound;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait as _;
use uuid::Uuid;

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
        let lines: Vec<&str> = listed.lines().collect();
        assert_eq!((lines.len(), lines[1].contains("OPERATOR")), (2, true), "{listed}");
        assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["SINCE", "SAID", "PEOPLE"]);
        let check = [&["opt-out", "check"][..], &number].concat();
        assert!(said(&check).await.contains("opted out of nothing"));
        let add = [&["opt-out", "add", "--structure", QUATRE_VENTS][..], &number].concat();
        said(&add).await;
        said(&add).await;
        let found = said(&["opt-out", "check", "--number", "+33612345678"]).await;
        assert_eq!((found.lines().count(), found.contains(QUATRE_VENTS)), (1, true), "{found}");
        assert_eq!(said(&["opt-out", "list", "--structure", QUATRE_VENTS]).await.lines().count(), 3);
        let nobody = said(&["opt-out", "list", "--structure", "Harmonie de la Vallée"]).await;
        assert_eq!(nobody, "Nobody has opted out.\n");
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
        database
    });
}

#[test]
fn what_came_in_is_listed_under_its_columns_and_what_is_left_out_is_told() {
    on_both(async |database| {
        let (code, none, _) = on(&database, &["inbound", "list"]).await;
        assert!(code == 0 && none.contains("--all") && none.lines().count() == 1, "{none}");
        let (code, none, _) = on(&database, &["inbound", "list", "--all"]).await;
        assert_eq!((code, none.as_str()), (0, "Nothing came in.\n"));

        let connection = database.connect().await;
        let plant = async |numbers: std::ops::Range<u32>| {
            let rows = numbers.map(|number| inbound::ActiveModel {
                id: Set(Uuid::from_u128(u128::from(number)).into()),
                provider: Set("kannel".to_owned()),
                reference: Set(Some(format!("r{number}"))),
                said_at: Set(DateTime::UNIX_EPOCH.into()),
                sender_problem: Set(Some("TOO_SHORT".to_owned())),
                short_code: Set(Some("36608".to_owned())),
                keyword: Set(InboundKeyword::Stop),
                received_at: Set(DateTime::UNIX_EPOCH.into()),
            });
            inbound::Entity::insert_many(rows).exec_without_returning(&connection).await.expect("planted");
        };
        plant(0..200).await;
        let (code, out, said) = on(&database, &["inbound", "list"]).await;
        assert_eq!((code, out.lines().count(), said.as_str()), (0, 201, ""), "the header and 200 rows");
        let header: Vec<&str> = out.lines().next().expect("a header").split_whitespace().collect();
        assert_eq!(header[..5], ["RECEIVED", "PROVIDER", "CODE", "ASKED", "STRUCTURES"]);
        plant(200..201).await;
        connection.close().await.expect("closed");
        let (code, out, said) = on(&database, &["inbound", "list", "--all"]).await;
        assert_eq!((code, out.lines().count()), (0, 201));
        assert!(said.contains("newest 200") && said.contains("more"), "{said}");
        database
    });
}
