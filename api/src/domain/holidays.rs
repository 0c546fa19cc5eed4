//! The public holidays of France, by which commercial SMS are not sent.
//!
//! Sources: Code du travail, articles L3133-1 (everywhere), L3134-13 (Moselle, Bas-Rhin, Haut-Rhin) and L3422-2 (overseas: the days on
//! which the abolition of slavery is remembered). Days that are kept by custom or agreement alone are not among them. As the law has stood
//! since 1982.
//!
//! Architecture invariant: the days of a year depend on nothing but the year and the territory.

use chrono::{Datelike, Days, NaiveDate};

/// Which holidays a structure keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HolidayCalendar {
    /// Those of its region.
    Region,
    /// Those of Alsace and Moselle, which share the region of metropolitan France.
    AlsaceMoselle,
}

impl HolidayCalendar {
    /// The territory of a structure of that region; none where no holidays are known.
    #[must_use]
    pub fn territory(self, region: &str) -> Option<Territory> {
        match self {
            Self::Region => Territory::of_region(region),
            Self::AlsaceMoselle => Some(Territory::AlsaceMoselle),
        }
    }

    /// Whether a structure of that region may keep it.
    #[must_use]
    pub fn is_of(self, region: &str) -> bool {
        self == Self::Region || Territory::of_region(region) == Some(Territory::Metropolitan)
    }
}

/// Where holidays differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Territory {
    /// Metropolitan France, but for Alsace and Moselle.
    Metropolitan,
    /// Moselle, Bas-Rhin and Haut-Rhin.
    AlsaceMoselle,
    /// Guadeloupe.
    Guadeloupe,
    /// French Guiana.
    Guiana,
    /// Martinique.
    Martinique,
    /// Réunion.
    Reunion,
    /// Mayotte.
    Mayotte,
    /// Saint-Barthélemy.
    SaintBarthelemy,
    /// Saint-Martin.
    SaintMartin,
}

impl Territory {
    /// The territory of a region of ISO 3166-1; none where no holidays are known. Alsace and Moselle have no code of their own.
    #[must_use]
    pub fn of_region(region: &str) -> Option<Self> {
        Some(match region {
            "FR" => Self::Metropolitan,
            "GP" => Self::Guadeloupe,
            "GF" => Self::Guiana,
            "MQ" => Self::Martinique,
            "RE" => Self::Reunion,
            "YT" => Self::Mayotte,
            "BL" => Self::SaintBarthelemy,
            "MF" => Self::SaintMartin,
            _ => return None,
        })
    }

    /// The day, month first, on which it remembers the abolition of slavery.
    fn abolition(self) -> Option<(u32, u32)> {
        match self {
            Self::Metropolitan | Self::AlsaceMoselle => None,
            Self::Guadeloupe => Some((5, 27)),
            Self::Guiana => Some((6, 10)),
            Self::Martinique => Some((5, 22)),
            Self::Reunion => Some((12, 20)),
            Self::Mayotte => Some((4, 27)),
            Self::SaintBarthelemy => Some((10, 9)),
            Self::SaintMartin => Some((5, 28)),
        }
    }
}

/// The holidays that have a day of their own, month first: New Year, Labour Day, Victory, National Day, Assumption, All Saints, Armistice,
/// Christmas.
const FIXED: [(u32, u32); 8] = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];
/// Those that follow Easter Sunday, in days: Easter Monday, Ascension, Whit Monday.
const AFTER_EASTER: [u64; 3] = [1, 39, 50];

/// Whether a day is a public holiday there.
#[must_use]
pub fn is_public_holiday(day: NaiveDate, territory: Territory) -> bool {
    let date = (day.month(), day.day());
    let of_all = FIXED.contains(&date)
        || easter(day.year()).is_some_and(|easter| {
            AFTER_EASTER.iter().any(|days| easter.checked_add_days(Days::new(*days)) == Some(day))
        });
    let own = territory == Territory::AlsaceMoselle
        && (date == (12, 26)
            || easter(day.year()).and_then(|easter| easter.checked_sub_days(Days::new(2))) == Some(day));
    of_all || own || territory.abolition() == Some(date)
}

/// Easter Sunday, by the Gregorian reckoning. Source: J. Meeus, Astronomical Algorithms, chapter 8, the method of 1876.
#[expect(clippy::many_single_char_names, reason = "the names that the method is known by")]
fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year.rem_euclid(19), year.div_euclid(100), year.rem_euclid(100));
    let (d, e, f) = (b.div_euclid(4), b.rem_euclid(4), (b + 8).div_euclid(25));
    let g = (b - f + 1).div_euclid(3);
    let h = (19 * a + b - d - g + 15).rem_euclid(30);
    let (i, k) = (c.div_euclid(4), c.rem_euclid(4));
    let l = (32 + 2 * e + 2 * i - h - k).rem_euclid(7);
    let m = (a + 11 * h + 22 * l).div_euclid(451);
    let date = h + l - 7 * m + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(date / 31).ok()?, u32::try_from(date % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(year: i32, territory: Territory) -> Vec<String> {
        let first = NaiveDate::from_ymd_opt(year, 1, 1).expect("a year begins");
        let all = first.iter_days().take_while(|day| day.year() == year);
        all.filter(|day| is_public_holiday(*day, territory))
            .map(|day| day.format("%m-%d").to_string())
            .collect()
    }

    #[test]
    fn the_holidays_of_a_year() {
        let everywhere = [
            "01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11", "12-25",
        ];
        assert_eq!(days(2026, Territory::Metropolitan), everywhere);
        let alsace = days(2026, Territory::AlsaceMoselle);
        assert_eq!(alsace.len(), 13);
        assert!(alsace.contains(&"04-03".to_owned()) && alsace.contains(&"12-26".to_owned()));
        for (region, day) in [
            ("GP", "05-27"),
            ("GF", "06-10"),
            ("MQ", "05-22"),
            ("RE", "12-20"),
            ("YT", "04-27"),
            ("BL", "10-09"),
            ("MF", "05-28"),
        ] {
            let territory = Territory::of_region(region).expect("it is known");
            let all = days(2026, territory);
            assert_eq!((all.len(), all.contains(&day.to_owned())), (12, true), "{region}");
        }
        assert_eq!(Territory::of_region("BE"), None);
    }

    #[test]
    fn holidays_that_fall_together_are_one() {
        // In 2008 the Ascension is on the first of May.
        assert_eq!(days(2008, Territory::Metropolitan).len(), 10);
    }
}
