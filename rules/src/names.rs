//! Owns what a dotted name stands for, in scripts and placeholders alike, and the nearest name when it stands for nothing.

use std::collections::BTreeMap;

use crate::facts::{self, FactSpec, Known};
use crate::params::{ParamKind, ParamSpec};
use crate::text::LocalText;
use crate::types::Type;

/// The parameters a manifest declares, by name.
pub(crate) type Params = BTreeMap<String, ParamSpec>;

/// What a rule may name.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    /// The parameters that it declares.
    pub params: &'a Params,
    /// Whether it looks at one person after another, before anything is counted, rather than at the whole.
    pub recipient: bool,
}

/// What a dotted name stands for.
#[derive(Clone)]
pub(crate) enum Reference {
    Fact(&'static FactSpec),
    Param(String, ParamKind),
}

impl Reference {
    /// The kind of its value in scripts.
    pub(crate) const fn script_type(&self) -> Type {
        match self {
            Self::Fact(fact) => fact.kind(),
            Self::Param(_, kind) => kind.script_type(),
        }
    }
}

/// A name that stands for nothing: what is wrong, and what was perhaps meant.
#[derive(Debug)]
pub(crate) struct UnknownName {
    pub reason: LocalText,
    pub hint: Option<LocalText>,
}

/// What `path` stands for in a rule that may name these.
pub(crate) fn resolve(path: &str, names: Names<'_>) -> Result<Reference, UnknownName> {
    if let Some(name) = path.strip_prefix("params.") {
        return param(name, names.params).map(|spec| Reference::Param(name.to_owned(), spec.kind));
    }
    let fact = fact(path)?;
    match (names.recipient, fact.known) {
        (_, Known::Always) | (true, Known::OfThePerson) | (false, Known::OfTheWhole) => {
            Ok(Reference::Fact(fact))
        }
        (true, Known::OfTheWhole) => Err(out_of_place(
            path,
            "is known once everyone is: a RECIPIENT rule cannot read it",
            "n’est connu qu’une fois tous les destinataires choisis : une règle RECIPIENT ne peut pas le lire",
        )),
        (false, Known::OfThePerson) => Err(out_of_place(
            path,
            "is of one person: only a RECIPIENT rule can read it",
            "concerne une personne : seule une règle RECIPIENT peut le lire",
        )),
    }
}

fn out_of_place(path: &str, en: &str, fr: &str) -> UnknownName {
    UnknownName { reason: LocalText::new(format!("{path:?} {en}"), format!("{path:?} {fr}")), hint: None }
}

/// The fact of that path.
pub(crate) fn fact(path: &str) -> Result<&'static FactSpec, UnknownName> {
    let within = format!("{path}.");
    if let Some(first) = facts::TABLE.iter().find(|fact| fact.path.starts_with(&within)) {
        let such = first.path;
        return Err(UnknownName {
            reason: LocalText::new(
                format!("{path:?} is a group of facts, and not one"),
                format!("{path:?} est un groupe de faits, et non un fait"),
            ),
            hint: Some(LocalText::new(
                format!("name one of them, such as {such}"),
                format!("nommez l’un d’eux, comme {such}"),
            )),
        });
    }
    facts::find(path).ok_or_else(|| UnknownName {
        reason: LocalText::new(
            format!("there is no fact {path:?}"),
            format!("il n’existe aucun fait {path:?}"),
        ),
        hint: meant(path).or_else(|| in_group(path)),
    })
}

/// Advice naming the facts that a name which is none was perhaps meant for: those that end in it, else the nearest fact or group.
pub(crate) fn meant(name: &str) -> Option<LocalText> {
    let paths = || facts::TABLE.iter().map(|fact| fact.path);
    if name.contains('.') {
        return hint(name, paths());
    }
    let end = |path: &'static str| path.rsplit('.').next().unwrap_or(path);
    let all: Vec<String> = paths().filter(|path| end(path) == name).map(|path| format!("{path:?}")).collect();
    if !all.is_empty() {
        let (en, fr) = (all.join(" or "), all.join(" ou "));
        return Some(LocalText::new(format!("did you mean {en}?"), format!("vouliez-vous dire {fr} ?")));
    }
    let near = |candidate: &&str| strsim::osa_distance(name, candidate) <= slips(name);
    let group = facts::groups().chain(["params"]).any(|group| near(&group));
    if group {
        return hint(name, facts::groups().chain(["params"]));
    }
    let nearest = paths().min_by_key(|path| strsim::osa_distance(name, end(path)))?;
    near(&end(nearest)).then(|| did_you_mean(nearest))
}

/// The facts of the group that a name starts from, when there is such a group.
fn in_group(path: &str) -> Option<LocalText> {
    let (group, _) = path.split_once('.')?;
    let within = format!("{group}.");
    let facts = facts::TABLE.iter().filter_map(|fact| fact.path.strip_prefix(&within));
    let all = facts.collect::<Vec<_>>().join(", ");
    (!all.is_empty()).then(|| {
        LocalText::new(
            format!("the facts of {group} are: {all}"),
            format!("les faits de {group} sont : {all}"),
        )
    })
}

/// The parameter of that name.
pub(crate) fn param<'a>(name: &str, params: &'a Params) -> Result<&'a ParamSpec, UnknownName> {
    params.get(name).ok_or_else(|| UnknownName {
        reason: LocalText::new(
            format!("the manifest declares no parameter {name:?}"),
            format!("le manifeste ne déclare aucun paramètre {name:?}"),
        ),
        hint: hint(name, params.keys().map(String::as_str)).or_else(|| declared(params)),
    })
}

/// The parameters that there are, when there are some.
fn declared(params: &Params) -> Option<LocalText> {
    let all = params.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    (!params.is_empty()).then(|| LocalText::new(format!("it declares: {all}"), format!("il déclare : {all}")))
}

/// Advice naming the candidate nearest to `name`, when one is near enough to have been meant.
pub(crate) fn hint<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<LocalText> {
    let near = slips(name);
    let (_, nearest) = candidates
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= near)
        .min_by_key(|(distance, _)| *distance)?;
    Some(did_you_mean(nearest))
}

/// How many letters a name may be away from the one that was meant.
fn slips(name: &str) -> usize {
    name.chars().count() / 4 + 1
}

pub(crate) fn did_you_mean(name: &str) -> LocalText {
    LocalText::new(format!("did you mean {name:?}?"), format!("vouliez-vous dire {name:?} ?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_a_distant_one_is_not() {
        let (params, recipient) = (Params::new(), false);
        let names = Names { params: &params, recipient };
        let unknown = resolve("message.lenght", names).err().expect("checked: no such fact");
        assert_eq!(unknown.hint.expect("checked: one letter away").en, "did you mean \"message.length\"?");
        assert!(resolve("weather.rain", names).err().expect("checked: no such fact").hint.is_none());
    }
}
