//! The columns of a file that are kept because someone asked for them by name: what a person is asked of beyond what we know to read.
//!
//! Architecture Invariant: a column that nobody named is never kept. What one is called in a text is its header without case, accents and
//! punctuation, so that no name can be taken for the braces and bars of a merge field.

use super::Column;
use crate::domain::merge;
use crate::domain::name::{column_key, is_invisible};

/// The most columns that a structure keeps: what one writes about, not a copy of a whole file.
pub const MAX_KEPT: usize = 20;
/// The longest name of one, in characters: it is written between braces in a text of 160.
pub const MAX_KEPT_NAME_CHARS: usize = 40;
/// The longest value of one, in characters: longer than that, it would be most of an SMS.
pub const MAX_KEPT_CHARS: usize = 100;
/// How near a header must be to be suggested, from 0 to 1.
const NEAR: f64 = 0.6;

/// The columns to keep of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keep(Vec<Wanted>);

/// A column that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    name: String,
    title: String,
}

/// A column that is kept of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptColumn {
    /// What it goes by in texts: its header without case, accents and punctuation.
    pub name: String,
    /// Its header, as it was asked for.
    pub title: String,
    /// Its place in each row, from zero.
    pub position: usize,
}

/// Why a column cannot be kept: nothing of the file may be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// No name that a text can have.
    #[error("the name of a column to keep must have a letter or a digit, and at most {limit} characters, all on one line", limit = MAX_KEPT_NAME_CHARS)]
    Name,
    /// A name that a text already has for something else.
    #[error("the column {title} cannot be kept: {{{name}}} says something else in a text")]
    Reserved {
        /// As it was asked for.
        title: String,
        /// What it would go by.
        name: String,
    },
    /// The file does not have it.
    #[error("the file has no column {title} to keep{}", nearest.as_ref().map(|near| format!(": did you mean {near}?")).unwrap_or_default())]
    Missing {
        /// As it was asked for.
        title: String,
        /// The header that was perhaps meant.
        nearest: Option<String>,
    },
    /// It is read as something that we know.
    #[error("the column {title} is read as {}: it needs no keeping", column.as_str())]
    Read {
        /// As it was asked for.
        title: String,
        /// What it is read as.
        column: Column,
    },
    /// Two columns of the file have that name.
    #[error("the column {title} is there twice: keep one")]
    Twice {
        /// As it was asked for.
        title: String,
    },
    /// More columns than [`MAX_KEPT`], those that the structure has included.
    #[error("a structure keeps at most {limit} columns: remove one first", limit = MAX_KEPT)]
    TooMany,
}

impl KeepError {
    /// The stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name => "KEPT_COLUMN_NAME",
            Self::Reserved { .. } => "KEPT_COLUMN_RESERVED",
            Self::Missing { .. } => "KEPT_COLUMN_MISSING",
            Self::Read { .. } => "KEPT_COLUMN_READ",
            Self::Twice { .. } => "KEPT_COLUMN_TWICE",
            Self::TooMany => "KEPT_COLUMNS_TOO_MANY",
        }
    }
}

impl Keep {
    /// The columns of these headers, each once.
    ///
    /// # Errors
    /// [`KeepError`], the first.
    pub fn new<S: AsRef<str>>(headers: impl IntoIterator<Item = S>) -> Result<Self, KeepError> {
        let mut wanted: Vec<Wanted> = Vec::new();
        for header in headers {
            let title = header.as_ref().trim();
            let name = column_key(title);
            if name.is_empty()
                || title.chars().count() > MAX_KEPT_NAME_CHARS
                || title.contains(|c: char| c.is_control() || is_invisible(c))
            {
                return Err(KeepError::Name);
            }
            if merge::is_built_in(&name) {
                return Err(KeepError::Reserved { title: title.to_owned(), name });
            }
            if wanted.iter().any(|known| known.name == name) {
                continue;
            }
            if wanted.len() == MAX_KEPT {
                return Err(KeepError::TooMany);
            }
            wanted.push(Wanted { name, title: title.to_owned() });
        }
        Ok(Self(wanted))
    }

    /// What the columns go by in texts, in the order in which they were asked for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|wanted| wanted.name.as_str())
    }

    /// The columns among those of a file, whose compared names these are; `read_as` tells what else one is read as.
    pub(super) fn find_in<'k>(
        &'k self,
        headers: &'k [String],
        read_as: impl Fn(usize) -> Option<Column> + 'k,
    ) -> impl Iterator<Item = Result<KeptColumn, KeepError>> + 'k {
        self.0.iter().map(move |Wanted { name, title }| {
            let title = title.clone();
            let mut found = headers.iter().enumerate().filter(|(_, header)| *header == name);
            let Some((position, _)) = found.next() else {
                return Err(KeepError::Missing { title, nearest: nearest(name, headers) });
            };
            if found.next().is_some() {
                return Err(KeepError::Twice { title });
            }
            match read_as(position) {
                Some(column) => Err(KeepError::Read { title, column }),
                None => Ok(KeptColumn { name: name.clone(), title, position }),
            }
        })
    }
}

/// The header most like a name. Long ones are names of no column.
fn nearest(name: &str, headers: &[String]) -> Option<String> {
    let known = headers.iter().filter(|header| header.chars().count() <= MAX_KEPT_NAME_CHARS);
    let near = known.map(|header| (strsim::normalized_damerau_levenshtein(name, header), header));
    let (nearness, header) = near.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (nearness >= NEAR).then(|| header.clone())
}
