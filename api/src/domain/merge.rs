//! Texts with merge fields: `Bonjour {prenom}`, filled in for each person.
//!
//! Written `{name}`, or `{name|what stands for nothing}`; the sex chooses among forms, `{sexe:cher|chère|bonjour}`, the last for who is
//! neither. `{{` and `}}` are braces. Names are read whatever their case and accents.
//!
//! Architecture invariants. A text is read once, whole, before anyone's values are seen: what a value holds is never read as a field.
//! A field that has nothing to say and nothing in its place is told, not passed over.

use std::fmt;

use super::name::{column_key, fold};

/// The fields that every structure has, by their folded names: the first is the one suggested.
const BUILT_IN: &[(BuiltIn, &[&str])] = &[
    (BuiltIn::FirstName, &["prenom", "first name", "firstname"]),
    (BuiltIn::LastName, &["nom", "last name", "lastname"]),
    (BuiltIn::Structure, &["structure"]),
    (BuiltIn::Sex, &["sexe", "sex"]),
];
/// The most fields of a text: enough for any letter, and no text grows without bounds when it is filled in.
pub const MAX_FIELDS: usize = 20;
/// How near a name must be to be suggested, from 0 to 1.
const NEAR: f64 = 0.6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BuiltIn {
    FirstName,
    LastName,
    Structure,
    Sex,
}

/// Whether every structure has a field of that name, folded.
#[must_use]
pub fn is_built_in(folded: &str) -> bool {
    built_in(folded).is_some()
}

fn built_in(folded: &str) -> Option<BuiltIn> {
    BUILT_IN.iter().find(|(_, names)| names.contains(&folded)).map(|(field, _)| *field)
}

/// A text whose fields were found.
#[derive(Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Field(Field),
}

/// A field in a text.
#[derive(Clone, PartialEq, Eq)]
struct Field {
    what: What,
    /// As it was written, without what stands for nothing.
    name: String,
    /// What stands in its place where it has nothing to say.
    otherwise: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
enum What {
    FirstName,
    LastName,
    Structure,
    Sex {
        male: String,
        female: String,
    },
    /// A column of the structure's own, by its name as columns' are compared.
    Own(String),
}

/// Who a person is, where that chooses a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gender {
    /// Male.
    Male,
    /// Female.
    Female,
    /// Neither, or unknown.
    Other,
}

/// What the fields say for one person.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    /// The first name.
    pub first_name: &'a str,
    /// The last name.
    pub last_name: &'a str,
    /// The name of the structure.
    pub structure: &'a str,
    /// Which form the sex chooses.
    pub gender: Gender,
    /// What the person's own columns say, by their names as columns' are compared.
    pub own: &'a dyn Fn(&str) -> Option<&'a str>,
}

/// A text filled in.
#[derive(Clone, PartialEq, Eq)]
pub struct Filled<'t> {
    /// The text.
    pub text: String,
    /// The names of the fields that had nothing to say and nothing in their place, each once.
    pub empty: Vec<&'t str>,
}

/// Why a text cannot be read. Positions are UTF-16 units of the text, from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// No such field, or a brace that belongs to none.
    #[error("no merge field {{{name}}} at position {position}: write {{{{ for a brace")]
    Unknown {
        /// What stands between the braces; empty for a brace alone.
        name: String,
        /// Where the brace stands.
        position: usize,
        /// The field that was perhaps meant.
        nearest: Option<String>,
    },
    /// A field within another.
    #[error("a merge field within another at position {position}")]
    Nested {
        /// Where the inner brace stands.
        position: usize,
    },
    /// More fields than [`MAX_FIELDS`].
    #[error("more than {MAX_FIELDS} merge fields, at position {position}")]
    TooMany {
        /// Where the brace of the first too many stands.
        position: usize,
    },
    /// The sex without its two forms, or with more than three.
    #[error("the sex takes two forms or three at position {position}, such as {{sexe:cher|chère}}")]
    Forms {
        /// Where the brace stands.
        position: usize,
    },
}

impl MergeError {
    /// The stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "MERGE_FIELD_UNKNOWN",
            Self::Nested { .. } => "MERGE_FIELD_NESTED",
            Self::TooMany { .. } => "MERGE_FIELDS_TOO_MANY",
            Self::Forms { .. } => "MERGE_FIELD_FORMS",
        }
    }
}

impl Template {
    /// Reads a text. `own` are the structure's own columns, by their names as columns' are compared.
    ///
    /// # Errors
    /// [`MergeError`], the first in the text.
    pub fn parse(text: &str, own: &[String]) -> Result<Self, MergeError> {
        let mut reader = Reader { rest: text, position: 0, pieces: Vec::new(), literal: String::new() };
        while let Some(brace) = reader.rest.find(['{', '}']) {
            reader.keep(brace);
            let doubled = reader.rest.starts_with("{{") || reader.rest.starts_with("}}");
            if doubled {
                reader.keep(1);
                reader.pass(1);
            } else {
                reader.field(own)?;
            }
        }
        reader.keep(reader.rest.len());
        reader.end_literal();
        Ok(Self(reader.pieces))
    }

    /// Whether it says something else to each person.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.fields().any(|field| field.what != What::Structure)
    }

    /// Whether it says what a column of the structure's own does.
    #[must_use]
    pub fn has_own(&self) -> bool {
        self.fields().any(|field| matches!(field.what, What::Own(_)))
    }

    fn fields(&self) -> impl Iterator<Item = &Field> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Field(field) => Some(field),
            Piece::Literal(_) => None,
        })
    }

    /// Fills it in for one person.
    #[must_use]
    pub fn fill(&self, values: &Values<'_>) -> Filled<'_> {
        let mut filled = Filled { text: String::new(), empty: Vec::new() };
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => filled.text.push_str(literal),
                Piece::Field(field) => match field.what.says(values).or(field.otherwise.as_deref()) {
                    Some(says) => filled.text.push_str(says),
                    None if filled.empty.contains(&field.name.as_str()) => {}
                    None => filled.empty.push(&field.name),
                },
            }
        }
        filled
    }
}

impl What {
    /// What it says of a person; none when nothing is known.
    fn says<'a>(&'a self, values: &'a Values<'_>) -> Option<&'a str> {
        let known = match self {
            Self::FirstName => values.first_name,
            Self::LastName => values.last_name,
            Self::Structure => values.structure,
            Self::Own(column) => (values.own)(column)?,
            // A form may be empty.
            Self::Sex { male, female } => {
                return match values.gender {
                    Gender::Male => Some(male),
                    Gender::Female => Some(female),
                    Gender::Other => None,
                };
            }
        };
        Some(known.trim()).filter(|known| !known.is_empty())
    }
}

/// What was read of a text, and what is left of it.
struct Reader<'a> {
    rest: &'a str,
    /// Where the rest begins, in UTF-16 units.
    position: usize,
    pieces: Vec<Piece>,
    literal: String,
}

impl<'a> Reader<'a> {
    fn pass(&mut self, bytes: usize) -> &'a str {
        let (passed, rest) = self.rest.split_at(bytes);
        self.position += passed.encode_utf16().count();
        self.rest = rest;
        passed
    }

    fn keep(&mut self, bytes: usize) {
        let kept = self.pass(bytes);
        self.literal.push_str(kept);
    }

    fn end_literal(&mut self) {
        if !self.literal.is_empty() {
            self.pieces.push(Piece::Literal(std::mem::take(&mut self.literal)));
        }
    }

    /// Reads the field that begins here; a brace that begins none is an error.
    fn field(&mut self, own: &[String]) -> Result<(), MergeError> {
        let position = self.position;
        let alone = MergeError::Unknown { name: String::new(), position, nearest: None };
        let within = self.rest.strip_prefix('{').ok_or(alone.clone())?;
        let end = within.find(['{', '}']).ok_or(alone)?;
        let (within, after) = within.split_at(end);
        if after.starts_with('{') {
            return Err(MergeError::Nested { position: position + 1 + within.encode_utf16().count() });
        }
        let field = read(within, position, own)?;
        if self.pieces.iter().filter(|piece| matches!(piece, Piece::Field(_))).count() >= MAX_FIELDS {
            return Err(MergeError::TooMany { position });
        }
        self.end_literal();
        self.pieces.push(Piece::Field(field));
        // Both braces too.
        self.pass(end + 2);
        Ok(())
    }
}

/// Reads what stands between two braces.
fn read(within: &str, position: usize, own: &[String]) -> Result<Field, MergeError> {
    let name_end = within.find([':', '|']).unwrap_or(within.len());
    let (name, rest) = within.split_at(name_end);
    let name = name.trim();
    let folded = fold(name);
    let unknown = || MergeError::Unknown { name: name.to_owned(), position, nearest: nearest(&folded, own) };
    let found = built_in(&folded);
    if let (Some(BuiltIn::Sex), Some(forms)) = (found, rest.strip_prefix(':')) {
        return sex(name, forms).ok_or(MergeError::Forms { position });
    }
    let otherwise = match rest.strip_prefix('|') {
        // Two alternatives are those of the sex: of another field, the second would be sent as it is written.
        Some(otherwise) if otherwise.contains('|') => return Err(unknown()),
        Some(otherwise) => Some(otherwise.to_owned()),
        None if rest.is_empty() => None,
        None => return Err(unknown()),
    };
    let what = match found {
        Some(BuiltIn::FirstName) => What::FirstName,
        Some(BuiltIn::LastName) => What::LastName,
        Some(BuiltIn::Structure) => What::Structure,
        Some(BuiltIn::Sex) => return Err(MergeError::Forms { position }),
        None if own.contains(&column_key(name)) => What::Own(column_key(name)),
        None => return Err(unknown()),
    };
    Ok(Field { what, name: name.to_owned(), otherwise })
}

/// The forms of the sex: male, female, and what stands for neither.
fn sex(name: &str, forms: &str) -> Option<Field> {
    let forms: Vec<&str> = forms.split('|').collect();
    let (male, female, otherwise) = match *forms.as_slice() {
        [male, female] => (male, female, None),
        [male, female, otherwise] => (male, female, Some(otherwise.to_owned())),
        _ => return None,
    };
    let what = What::Sex { male: male.to_owned(), female: female.to_owned() };
    Some(Field { what, name: name.to_owned(), otherwise })
}

fn nearest(folded: &str, own: &[String]) -> Option<String> {
    let suggested = BUILT_IN.iter().map(|(_, names)| names[0]);
    let known = suggested.chain(own.iter().map(String::as_str));
    let near = known.map(|name| (strsim::normalized_damerau_levenshtein(folded, name), name));
    let (nearness, name) = near.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (nearness >= NEAR).then(|| name.to_owned())
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({} pieces)", self.0.len())
    }
}

impl fmt::Debug for Filled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filled").field("empty", &self.empty).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
