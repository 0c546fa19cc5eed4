//! Owns the types of the scripts' language.

use crate::text::Lang;

/// What kind of value a fact or an expression has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    Int,
    Text,
    TextList,
    IntList,
    Answer,
}

impl Type {
    /// What authors call it.
    pub(crate) const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Bool, Lang::En) => "a boolean",
            (Self::Bool, Lang::Fr) => "un booléen",
            (Self::Int, Lang::En) => "an integer",
            (Self::Int, Lang::Fr) => "un entier",
            (Self::Text, Lang::En) => "a text",
            (Self::Text, Lang::Fr) => "un texte",
            (Self::TextList, Lang::En) => "a list of texts",
            (Self::TextList, Lang::Fr) => "une liste de textes",
            (Self::IntList, Lang::En) => "a list of integers",
            (Self::IntList, Lang::Fr) => "une liste d’entiers",
            (Self::Answer, Lang::En) => "a verdict",
            (Self::Answer, Lang::Fr) => "un verdict",
        }
    }
}
