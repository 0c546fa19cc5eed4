//! The names that columns go by, in French and in English, whatever their case, accents, punctuation and order.

use super::FileError;
use super::keep::{Keep, KeepError, KeptColumn};
use crate::domain::name::column_key;

/// A column that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// The structure's own identifier of a person.
    Identifier,
    /// The last name; every file has it.
    LastName,
    /// The first name; every file has it.
    FirstName,
    /// The sex, or the title that tells it.
    Sex,
    /// The mobile number.
    Mobile,
    /// Tags, several in a cell.
    Tags,
    /// Lists, several in a cell.
    Lists,
    /// The person's teacher, by name or by identifier.
    Teacher,
    /// Consent to commercial messages.
    Consent,
    /// One of those that are kept on demand, whatever its name.
    Kept,
}

impl Column {
    /// Every column that has names of its own.
    pub const ALL: [Self; 9] = [
        Self::Identifier,
        Self::LastName,
        Self::FirstName,
        Self::Sex,
        Self::Mobile,
        Self::Tags,
        Self::Lists,
        Self::Teacher,
        Self::Consent,
    ];

    /// The stable spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identifier => "IDENTIFIER",
            Self::LastName => "LAST_NAME",
            Self::FirstName => "FIRST_NAME",
            Self::Sex => "SEX",
            Self::Mobile => "MOBILE",
            Self::Tags => "TAGS",
            Self::Lists => "LISTS",
            Self::Teacher => "TEACHER",
            Self::Consent => "CONSENT",
            Self::Kept => "KEPT",
        }
    }

    /// The folded names of this column, in groups from the most precise to the vaguest. Where a file has names of
    /// two groups (a fixed line and a mobile, a sex and a title), the first group is read and the other ignored.
    fn names(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Identifier => &[&["identifiant", "identifier"], &["id", "matricule"]],
            Self::LastName => &[
                &["nom", "nom de famille", "last name", "lastname", "surname", "family name"],
                &["nom d usage"],
            ],
            Self::FirstName => &[
                &["prenom", "prenoms", "first name", "firstname", "given name", "forename"],
                &["prenom d usage"],
            ],
            Self::Sex => &[&["sexe", "sex", "genre", "gender"], &["civilite", "titre", "title"]],
            Self::Mobile => &[
                &[
                    "mobile",
                    "portable",
                    "gsm",
                    "telephone mobile",
                    "telephone portable",
                    "tel mobile",
                    "tel portable",
                    "n mobile",
                    "n portable",
                    "numero mobile",
                    "numero de mobile",
                    "numero de portable",
                    "mobile phone",
                    "mobile number",
                    "cell phone",
                    "cell",
                ],
                &[
                    "telephone",
                    "tel",
                    "n telephone",
                    "numero de telephone",
                    "phone",
                    "phone number",
                    "telephone number",
                ],
            ],
            Self::Tags => &[&["tags", "tag", "etiquettes", "etiquette"]],
            Self::Lists => &[&["listes", "liste", "lists", "list"]],
            Self::Teacher => &[&["professeur", "professeurs", "prof", "enseignant", "teacher", "teachers"]],
            Self::Consent => &[
                &["consentement commercial", "consentement sms", "commercial consent", "sms consent"],
                &["consentement", "consent", "opt in", "optin"],
            ],
            Self::Kept => &[],
        }
    }
}

/// Where each column stands in the rows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    positions: [Option<usize>; Column::ALL.len()],
    /// The cells of the header, as they are written, and so of each row.
    cells: Vec<String>,
    /// The columns that are kept on demand.
    pub kept: Vec<KeptColumn>,
}

impl Header {
    /// Reads the header of a file.
    pub fn read(cells: &[String]) -> Result<Self, FileError> {
        let names: Vec<String> = cells.iter().map(|cell| column_key(cell)).collect();
        let mut positions = [None; Column::ALL.len()];
        for (column, position) in Column::ALL.into_iter().zip(&mut positions) {
            *position = find(column, &names)?;
        }
        if positions.iter().all(Option::is_none) {
            return Err(FileError::NoHeader);
        }
        let header = Self { positions, cells: cells.to_vec(), kept: Vec::new() };
        for column in [Column::LastName, Column::FirstName] {
            header.position(column).ok_or(FileError::MissingColumn { column })?;
        }
        Ok(header)
    }

    /// The same header, where the columns asked for are kept.
    pub fn keeping(mut self, keep: &Keep) -> Result<Self, KeepError> {
        let names: Vec<String> = self.cells.iter().map(|cell| column_key(cell)).collect();
        let kept: Result<Vec<KeptColumn>, KeepError> =
            keep.find_in(&names, |position| self.read_at(position)).collect();
        self.kept = kept?;
        Ok(self)
    }

    /// The headers that are read as no column, as they are written.
    pub fn ignored(&self) -> Vec<String> {
        let read = |position: usize| {
            self.read_at(position).is_some() || self.kept.iter().any(|kept| kept.position == position)
        };
        let ignored = self
            .cells
            .iter()
            .enumerate()
            .filter(|(position, cell)| !read(*position) && !column_key(cell).is_empty());
        ignored.map(|(_, cell)| cell.trim().to_owned()).collect()
    }

    /// How many cells a row has.
    pub fn width(&self) -> usize {
        self.cells.len()
    }

    /// What the cells at a position are read as.
    fn read_at(&self, position: usize) -> Option<Column> {
        Column::ALL.into_iter().find(|column| self.position(*column) == Some(position))
    }

    /// How many of these cells name a column: what tells the delimiter.
    pub fn recognised(cells: &[String]) -> usize {
        let known = |name: &String| {
            Column::ALL.iter().any(|column| column.names().iter().any(|group| group.contains(&name.as_str())))
        };
        cells.iter().map(|cell| column_key(cell)).filter(known).count()
    }

    /// The place of a column in each row, from zero; none when the file does not have it.
    pub fn position(&self, column: Column) -> Option<usize> {
        self.positions.get(column as usize).copied().flatten()
    }
}

/// The one cell that names this column, in the most precise group that has one.
fn find(column: Column, names: &[String]) -> Result<Option<usize>, FileError> {
    for group in column.names() {
        let mut found = names.iter().enumerate().filter(|(_, name)| group.contains(&name.as_str()));
        if let Some((index, _)) = found.next() {
            return match found.next() {
                Some(_) => Err(FileError::DuplicateColumn { column }),
                None => Ok(Some(index)),
            };
        }
    }
    Ok(None)
}
