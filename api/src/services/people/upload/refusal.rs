//! What a file is refused for, as a problem that its sender is told.
//!
//! Owns where in the input it lies and what its message names; knows nothing of imports.

use crate::domain::people_file::{FileError, KeepError, MAX_KEPT, MAX_KEPT_NAME_CHARS, MAX_ROWS};
use crate::error::Problem;

/// A file that is refused, as its sender is told.
pub(super) fn file_problem(error: &FileError) -> Problem {
    let problem = Problem::new(error.code()).at(&["file"]);
    match error {
        FileError::MissingColumn { column } | FileError::DuplicateColumn { column } => {
            problem.with("column", column.as_str())
        }
        FileError::Keep(error) => kept_problem(error),
        FileError::TooManyRows => problem.with("limit", MAX_ROWS.cast_signed()),
        FileError::RowTooLong { line } => problem.with("line", line.cast_signed()),
        _ => problem,
    }
}

/// A column that cannot be kept, as the sender of its file is told.
pub(super) fn kept_problem(error: &KeepError) -> Problem {
    let problem = Problem::new(error.code()).at(&["keepColumns"]);
    match error {
        KeepError::Name => problem.with("limit", count(MAX_KEPT_NAME_CHARS)),
        KeepError::Reserved { title, name } => {
            problem.with("column", title.as_str()).with("name", name.as_str())
        }
        KeepError::Missing { title, nearest } => problem
            .with("kind", if nearest.is_some() { "near" } else { "other" })
            .with("column", title.as_str())
            .with("nearest", nearest.as_deref().unwrap_or_default()),
        KeepError::Read { title, column } => {
            problem.with("column", title.as_str()).with("known", column.as_str())
        }
        KeepError::Twice { title } => problem.with("column", title.as_str()),
        KeepError::TooMany => problem.with("limit", count(MAX_KEPT)),
    }
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).expect("invariant: a small constant")
}

#[cfg(test)]
mod tests {
    use std::io;

    use rules::Lang;

    use super::*;
    use crate::domain::people_file::Column;
    use crate::i18n;

    #[test]
    fn every_refusal_of_a_file_is_put_in_words() {
        let title = || "Salle".to_owned();
        for error in [
            FileError::Empty,
            FileError::Binary,
            FileError::Workbook,
            FileError::Utf16,
            FileError::UnknownEncoding,
            FileError::NoHeader,
            FileError::MissingColumn { column: Column::LastName },
            FileError::DuplicateColumn { column: Column::LastName },
            KeepError::Name.into(),
            KeepError::Reserved { title: title(), name: title() }.into(),
            KeepError::Missing { title: title(), nearest: None }.into(),
            KeepError::Missing { title: title(), nearest: Some(title()) }.into(),
            KeepError::Read { title: title(), column: Column::Mobile }.into(),
            KeepError::Twice { title: title() }.into(),
            KeepError::TooMany.into(),
            FileError::TooManyRows,
            FileError::RowTooLong { line: 2 },
            FileError::Unreadable(io::ErrorKind::Other),
        ] {
            let Problem { code, args, .. } = file_problem(&error);
            for lang in [Lang::Fr, Lang::En] {
                let said = i18n::message(code, &args, lang);
                assert!(said != code && !said.contains('$'), "{said}");
            }
        }
    }
}
