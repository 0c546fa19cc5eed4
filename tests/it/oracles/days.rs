//! Public holidays, beside another calendar of France.

use std::collections::BTreeSet;

use api::domain::holidays::{Territory, is_public_holiday};
use chrono::{Datelike as _, NaiveDate, TimeDelta};
use envoi_tests::oracle::Oracle;

/// The years compared: those of the law as it stands.
const YEARS: (i32, i32) = (2020, 2100);

fn theirs(subdivision: Option<&str>) -> BTreeSet<NaiveDate> {
    let (from, to) = (YEARS.0.to_string(), YEARS.1.to_string());
    let mut arguments = vec![from.as_str(), to.as_str()];
    arguments.extend(subdivision);
    let said = Oracle::Python("public_holidays.py").asked(&arguments, &[]);
    said[0]
        .as_array()
        .expect("a list")
        .iter()
        .map(|day| day.as_str().expect("a day").parse().expect("a day"))
        .collect()
}

fn ours(territory: Territory) -> BTreeSet<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(YEARS.0, 1, 1).expect("a day");
    let days = first.iter_days().take_while(|day| day.year() <= YEARS.1);
    days.filter(|day| is_public_holiday(*day, territory)).collect()
}

#[test]
fn another_calendar_has_the_same_holidays() {
    assert_eq!(ours(Territory::Metropolitan), theirs(None));
    assert_eq!(ours(Territory::AlsaceMoselle), theirs(Some("57")));
    assert_eq!(ours(Territory::Reunion), theirs(Some("974")));
    assert_eq!(ours(Territory::Mayotte), theirs(Some("976")));
    assert_eq!(ours(Territory::SaintBarthelemy), theirs(Some("BL")));
}

/// Overseas, theirs has days that are kept by custom or agreement too. Code du travail, L3422-2, names one.
#[test]
fn what_another_calendar_has_more_is_kept_by_custom() {
    for (territory, subdivision) in [
        (Territory::Guadeloupe, "971"),
        (Territory::Martinique, "972"),
        (Territory::Guiana, "973"),
        (Territory::SaintMartin, "MF"),
    ] {
        let (ours, theirs) = (ours(territory), theirs(Some(subdivision)));
        assert_eq!(ours.difference(&theirs).next(), None, "{subdivision}");
        for day in theirs.difference(&ours) {
            // Schœlcher's day; Good Friday and Mid-Lent, so long before Easter Monday.
            let before_easter = |days| ours.contains(&(*day + TimeDelta::days(days)));
            let custom = (day.month(), day.day()) == (7, 21) || before_easter(3) || before_easter(25);
            assert!(custom, "{subdivision}: {day}");
        }
    }
}
