//! The order in which the values of parameters stand, where a manifest asks that one is greater than another.

use std::collections::BTreeMap;

use super::{ParamError, ParamSpec, ParamValue};

/// Whether each value is greater than the one that its parameter names, those not set having their default.
///
/// # Errors
/// The first parameter, by name, whose value is not, and why.
pub(crate) fn in_order<'a>(
    params: &'a BTreeMap<String, ParamSpec>,
    set: &BTreeMap<String, ParamValue>,
) -> Result<(), (&'a str, ParamError)> {
    put_in_order(params, set, |_| true)
}

/// The same, for whoever gave only some of the values set: of two that are not in order, one that was given is named where there is one.
pub(crate) fn put_in_order<'a>(
    params: &'a BTreeMap<String, ParamSpec>,
    set: &BTreeMap<String, ParamValue>,
    given: impl Fn(&str) -> bool,
) -> Result<(), (&'a str, ParamError)> {
    let number = |name: &str| match set.get(name).or_else(|| params.get(name).map(|spec| &spec.default)) {
        Some(ParamValue::Int(number) | ParamValue::Time(number)) => Some(*number),
        _ => None,
    };
    for (name, spec) in params {
        let Some(other) = &spec.above else { continue };
        let (Some(this), Some(that)) = (number(name), number(other)) else { continue };
        if this > that {
            continue;
        }
        if !given(name) && given(other) {
            let (value, other) = (spec.written(this), other.as_str());
            return Err((other, ParamError::NotBelow { other: name.clone(), value }));
        }
        let value = spec.written(that);
        return Err((name, ParamError::NotAbove { other: other.clone(), value }));
    }
    Ok(())
}
