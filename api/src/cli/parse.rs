//! Reading the words of the command line into the values of the model, by their one spelling.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use entity::enums::{Access, AccountKind, Locale, Module, Product, SubscriptionState};
use entity::ids::OrderId;
use sea_orm::Iterable;
use uuid::Uuid;

/// The value spelled so, in whatever case.
fn spelled<T: Iterable + Copy>(word: &str, spelling: fn(T) -> &'static str) -> Result<T, String> {
    T::iter().find(|value| spelling(*value).eq_ignore_ascii_case(word)).ok_or_else(|| {
        let known: Vec<_> = T::iter().map(spelling).collect();
        format!("it is one of {}", known.join(", "))
    })
}

pub(super) fn product(word: &str) -> Result<Product, String> {
    spelled(word, Product::as_str)
}

pub(super) fn account_kind(word: &str) -> Result<AccountKind, String> {
    spelled(word, AccountKind::as_str)
}

pub(super) fn locale(word: &str) -> Result<Locale, String> {
    spelled(word, Locale::as_str)
}

/// The state of a subscription, or `NONE`.
pub(super) fn subscription_state(word: &str) -> Result<Wanted, String> {
    if word.eq_ignore_ascii_case("NONE") {
        return Ok(Wanted(None));
    }
    spelled(word, SubscriptionState::as_str)
        .map(|state| Wanted(Some(state)))
        .map_err(|known| format!("{known}, NONE"))
}

/// A state that a subscription shall have, if it shall be at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted(pub Option<SubscriptionState>);

/// `MODULE=ACCESS`.
pub(super) fn grant(word: &str) -> Result<(Module, Access), String> {
    let (module, access) = word.split_once('=').ok_or("write MODULE=ACCESS, such as PEOPLE=READ")?;
    let module = spelled(module, Module::as_str).map_err(|known| format!("the module: {known}"))?;
    let access = spelled(access, Access::as_str).map_err(|known| format!("the access: {known}"))?;
    Ok((module, access))
}

pub(super) fn instant(word: &str) -> Result<DateTime<Utc>, String> {
    let read = DateTime::parse_from_rfc3339(word);
    read.map(|at| at.to_utc())
        .map_err(|_| "write an instant of RFC 3339, such as 2026-12-31T23:59:59Z".to_owned())
}

/// A day, from its first instant in UTC, or an instant.
pub(super) fn day_or_instant(word: &str) -> Result<DateTime<Utc>, String> {
    match word.parse::<NaiveDate>() {
        Ok(day) => Ok(day.and_time(NaiveTime::MIN).and_utc()),
        Err(_) => instant(word),
    }
}

/// A number whose sign is written, so that giving is never taken for taking.
pub(super) fn signed(word: &str) -> Result<i64, String> {
    let number = if word.starts_with(['+', '-']) { word.parse().ok() } else { None };
    number.ok_or_else(|| "write a number with its sign: +50 gives, -50 takes".to_owned())
}

pub(super) fn order(word: &str) -> Result<OrderId, String> {
    Uuid::parse_str(word).map(OrderId::from_uuid).map_err(|_| "write the id of an order, a UUID".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_case_and_unknown_ones_answered_with_the_known() {
        assert_eq!(product("school_premium"), Ok(Product::SchoolPremium));
        assert_eq!(subscription_state("none"), Ok(Wanted(None)));
        assert_eq!(subscription_state("ACTIVE"), Ok(Wanted(Some(SubscriptionState::Active))));
        assert_eq!(grant("PEOPLE=READ"), Ok((Module::People, Access::Read)));
        assert_eq!(account_kind("BOSS"), Err("it is one of ADMIN, PERSONAL".to_owned()));
        assert!(grant("PEOPLE").is_err() && grant("PEOPLE=ALL").is_err() && grant("CATS=READ").is_err());
        assert!(instant("2026-12-31T23:59:59+01:00").is_ok() && instant("tomorrow").is_err());
        assert_eq!(day_or_instant("2026-12-31"), instant("2026-12-31T00:00:00Z"));
        assert!(day_or_instant("31/12/2026").is_err());
        assert!(order("x").is_err());
        assert_eq!((signed("+5"), signed("-5")), (Ok(5), Ok(-5)));
        assert!(
            ["5", "", "+", "--5", "+5x", "-99999999999999999999"]
                .into_iter()
                .all(|word| signed(word).is_err())
        );
    }
}
