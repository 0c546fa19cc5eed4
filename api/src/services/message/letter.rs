//! A message before it is addressed: the text as its user wrote it, and what it becomes for each person.
//!
//! Architecture Invariant: filled in, put in NFC and replaced by the policy in one place, so that what is measured, shown, sent and charged
//! is one text. What is the same for everyone is made once.

use std::borrow::Cow;

use entity::enums::Sex;
use entity::own_values::OwnValues;
use unicode_normalization::UnicodeNormalization;

use super::wording::Wording;
use crate::domain::merge::{Gender, MergeError, Template, Values};
use crate::domain::replacement::EncodingPolicy;
use crate::domain::text::MessageText;
use crate::services::audience::Recipient;
use crate::services::people::PersonRow;

/// A text, and all that turns it into what one person reads.
#[derive(Debug, Clone)]
pub struct Letter {
    text: MessageText,
    template: Template,
    policy: EncodingPolicy,
    mention: String,
    structure: String,
    /// What everyone reads, unless it says something else to each.
    common: Option<Wording>,
}

/// A person, as far as a text may speak of them.
#[derive(Debug, Clone, Copy)]
pub struct Addressee<'a> {
    /// The first name.
    pub first_name: &'a str,
    /// The last name.
    pub last_name: &'a str,
    /// The sex.
    pub sex: Sex,
    /// What the structure's own columns say.
    pub own: Option<&'a OwnValues>,
}

impl<'a> From<&'a Recipient> for Addressee<'a> {
    fn from(person: &'a Recipient) -> Self {
        let (first_name, last_name) = (&person.first_name, &person.last_name);
        Self { first_name, last_name, sex: person.sex, own: person.own.as_ref() }
    }
}

impl<'a> From<&'a PersonRow> for Addressee<'a> {
    fn from(person: &'a PersonRow) -> Self {
        let (first_name, last_name) = (&person.first_name, &person.last_name);
        Self { first_name, last_name, sex: person.sex, own: person.own.as_ref() }
    }
}

/// What one person reads.
#[derive(Debug)]
pub struct Addressed<'l> {
    /// The text.
    pub wording: Cow<'l, Wording>,
    /// The fields that had nothing to say of them, and nothing in their place.
    pub empty: Vec<&'l str>,
}

/// How a structure sends its texts.
#[derive(Debug, Clone, Copy)]
pub struct Style<'a> {
    /// How far characters are replaced.
    pub policy: EncodingPolicy,
    /// What every SMS ends with.
    pub mention: &'a str,
    /// The structure's name.
    pub structure: &'a str,
}

impl Letter {
    /// Reads a text, in which the structure's own columns may be named.
    ///
    /// # Errors
    /// [`MergeError`] when its fields cannot be read.
    pub fn new(text: MessageText, style: Style<'_>, own: &[String]) -> Result<Self, MergeError> {
        let template = Template::parse(text.as_str(), own)?;
        let Style { policy, mention, structure } = style;
        let (mention, structure) = (mention.to_owned(), structure.to_owned());
        let mut letter = Self { text, template, policy, mention, structure, common: None };
        if !letter.template.is_personal() {
            letter.common = Some(letter.to_nobody());
        }
        Ok(letter)
    }

    /// The text as its user wrote it.
    pub fn text(&self) -> &MessageText {
        &self.text
    }

    /// How far characters are replaced in it.
    pub fn policy(&self) -> EncodingPolicy {
        self.policy
    }

    /// What it ends with.
    pub fn mention(&self) -> &str {
        &self.mention
    }

    /// Whether it says what the structure's own columns do.
    pub fn has_own(&self) -> bool {
        self.template.has_own()
    }

    /// What everyone reads; none when it says something else to each.
    pub fn common(&self) -> Option<&Wording> {
        self.common.as_ref()
    }

    /// What this person reads.
    pub fn to<'a>(&self, person: impl Into<Addressee<'a>>) -> Addressed<'_> {
        match &self.common {
            Some(common) => Addressed { wording: Cow::Borrowed(common), empty: Vec::new() },
            None => self.fill(person.into()),
        }
    }

    /// What someone of whom nothing is known would read.
    pub fn to_nobody(&self) -> Wording {
        self.to(Addressee { first_name: "", last_name: "", sex: Sex::Unknown, own: None })
            .wording
            .into_owned()
    }

    fn fill(&self, person: Addressee<'_>) -> Addressed<'_> {
        let values = Values {
            first_name: person.first_name,
            last_name: person.last_name,
            structure: &self.structure,
            gender: match person.sex {
                Sex::Male => Gender::Male,
                Sex::Female => Gender::Female,
                Sex::Other | Sex::Unknown => Gender::Other,
            },
            own: &|column| person.own?.get(column),
        };
        let filled = self.template.fill(&values);
        // What a value begins with may join what stood before it.
        let text: String = filled.text.nfc().collect();
        Addressed { wording: Cow::Owned(Wording::new(text, self.policy, &self.mention)), empty: filled.empty }
    }
}
