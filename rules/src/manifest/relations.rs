//! Checks the order that a manifest asks of its parameters: that `above` names one that can be less, and that the defaults keep it.

use std::collections::BTreeMap;

use super::reader::Reader;
use crate::names::{Params, hint};
use crate::params::{ParamKind, ParamSpec, in_order};
use crate::text::LocalText;

impl Reader<'_> {
    /// Notes every `above` that names no parameter, or none that can be compared, and circles of them; else a default that is out of order.
    pub(super) fn relations(&mut self, params: &Params) {
        for (name, spec) in params {
            let Some(above) = &spec.above else { continue };
            if let Some((reason, hint)) = unrelated(name, spec, above, params) {
                self.out_of_order(name, "above", &reason, hint);
            }
        }
        for circle in circles(params) {
            let told = circle.iter().chain(circle.first()).copied().collect::<Vec<_>>().join(", ");
            let reason = LocalText::new(
                format!("above goes round in a circle, which no values can keep: {told}"),
                format!("above tourne en rond, ce qu’aucune valeur ne peut respecter : {told}"),
            );
            self.out_of_order(circle[0], "above", &reason, None);
        }
        if !self.ordered {
            return;
        }
        if let Err((name, error)) = in_order(params, &BTreeMap::new()) {
            let reason = error.text();
            let reason = LocalText::new(
                format!("the default is out of order: {}", reason.en),
                format!("la valeur par défaut n’est pas à sa place : {}", reason.fr),
            );
            self.out_of_order(name, "default", &reason, None);
        }
    }

    fn out_of_order(&mut self, name: &str, key: &str, reason: &LocalText, hint: Option<LocalText>) {
        self.ordered = false;
        let param = format!("params.{name}");
        self.problem(self.at(&format!("{param}.{key}")), &param, reason, hint);
    }
}

/// Why a parameter cannot be above that one, and what was perhaps meant.
fn unrelated(
    name: &str,
    spec: &ParamSpec,
    above: &str,
    params: &Params,
) -> Option<(LocalText, Option<LocalText>)> {
    if !matches!(spec.kind, ParamKind::Int | ParamKind::Time) {
        let reason = LocalText::new("above is for INT and TIME", "above est pour INT et TIME");
        return Some((reason, None));
    }
    if above == name {
        let (en, fr) =
            ("above names another parameter, not its own", "above nomme un autre paramètre que le sien");
        return Some((LocalText::new(en, fr), None));
    }
    let Some(other) = params.get(above) else {
        let reason = LocalText::new(
            format!("above names {above:?}, and there is no such parameter"),
            format!("above nomme {above:?}, et ce paramètre n’existe pas"),
        );
        let alike = params.iter().filter(|(other, of)| *other != name && of.kind == spec.kind);
        return Some((reason, hint(above, alike.map(|(other, _)| other.as_str()))));
    };
    (other.kind != spec.kind).then(|| {
        let (this, that) = (spec.kind.word(), other.kind.word());
        let reason = LocalText::new(
            format!("above names {above:?}, which is {that}, and this is {this}: both are INT, or both TIME"),
            format!("above nomme {above:?}, qui est {that}, et celui-ci est {this} : tous deux sont INT, ou tous deux TIME"),
        );
        (reason, None)
    })
}

/// Parameters each of which is above the next, and the last above the first; each circle once, from its first name.
fn circles(params: &Params) -> Vec<Vec<&str>> {
    let above =
        |name: &str| params.get_key_value(params.get(name)?.above.as_deref()?).map(|(name, _)| name.as_str());
    let circle = |start: &'_ String| {
        let mut met = vec![params.get_key_value(start)?.0.as_str()];
        while let Some(next) = above(met.last()?) {
            if next == met[0] {
                return (met.len() > 1 && met.iter().min() == met.first()).then_some(met);
            }
            if met.contains(&next) {
                return None;
            }
            met.push(next);
        }
        None
    };
    params.keys().filter_map(circle).collect()
}
