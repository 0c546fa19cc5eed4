//! In which language authors are answered, and whether in colour.

use std::io::IsTerminal as _;

use rules::{Lang, LocalText};

use super::Language;
use crate::cli::{CliError, print};
use crate::error::Arg;
use crate::i18n;

/// How an author is answered.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) lang: Lang,
    /// Whether the standard output is a terminal whose user did not ask for plain text (<https://no-color.org>).
    pub(super) colour: bool,
}

impl Words {
    /// The language asked for, or that of the environment.
    pub(super) fn of(asked: Option<Language>) -> Self {
        let lang = match asked {
            Some(Language::Fr) => Lang::Fr,
            Some(Language::En) => Lang::En,
            None => language(|name| std::env::var(name).ok()),
        };
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { lang, colour: !plain && std::io::stdout().is_terminal() }
    }

    /// The sentence of that code.
    pub(super) fn say(self, code: &str, args: &[(&'static str, Arg)]) -> String {
        i18n::message(code, args, self.lang)
    }

    /// Prints the sentence of that code.
    pub(super) fn print(self, code: &str, args: &[(&'static str, Arg)]) -> Result<(), CliError> {
        print(&self.say(code, args))
    }

    /// A text in the author's language.
    pub(super) fn pick(self, text: &LocalText) -> &str {
        text.get(self.lang)
    }
}

/// The language of the first of these variables that is set, as the C library reads them.
fn language(variable: impl Fn(&str) -> Option<String>) -> Lang {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| {
        let value = variable(name)?;
        (!value.is_empty()).then_some(value)
    });
    if set.is_some_and(|value| value.to_ascii_lowercase().starts_with("fr")) { Lang::Fr } else { Lang::En }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_that_of_the_environment() {
        let of = |set: &'static [(&str, &str)]| {
            language(|name| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[]), Lang::En);
        assert_eq!(of(&[("LANG", "fr_FR.UTF-8")]), Lang::Fr);
        assert_eq!(of(&[("LC_ALL", "C"), ("LANG", "fr_FR.UTF-8")]), Lang::En);
        assert_eq!(of(&[("LC_ALL", ""), ("LC_MESSAGES", "fr"), ("LANG", "en_GB")]), Lang::Fr);
    }
}
