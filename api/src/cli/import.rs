//! `envoi import`.

use std::io::{BufWriter, Stdout, Write as _, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use rules::Lang;

use super::CliError;
use crate::app::Ctx;
use crate::caller::Operator;
use crate::domain::people_file::Keep;
use crate::i18n;
use crate::services::operator;
use crate::services::people::import::{FileSource, ImportError, ImportSummary, Outcome, RowOutcome, import};

/// What the process answers when some rows were refused and the others applied.
const SOME_REFUSED: u8 = 2;

#[derive(Subcommand)]
pub(super) enum Import {
    /// Import people from a CSV file; prints the rows that are refused and why, then how many rows did what.
    ///
    /// The file is as a spreadsheet exports it: commas, semicolons or tabs; UTF-8 or Windows-1252; columns named in French
    /// or English. Exits with 1 when the file is refused, having changed nothing, and with 2 when only rows are.
    People {
        /// The file.
        file: PathBuf,
        /// The structure's id, or its exact name.
        #[arg(long)]
        structure: String,
        /// A column to keep beside those that are known, by its header, for merge fields; may be repeated. Any other is left aside.
        #[arg(long, value_name = "HEADER")]
        keep: Vec<String>,
        /// Print what came of every row.
        #[arg(long)]
        verbose: bool,
    },
}

impl Import {
    pub(super) async fn run(self, ctx: &Ctx, operator: Operator) -> Result<ExitCode, CliError> {
        let Self::People { file, structure, keep, verbose } = self;
        let structure = operator::find_structure(ctx, operator, &structure).await?;
        let keep = Keep::new(&keep).map_err(|error| ImportError::File(error.into()))?;
        check(&file).map_err(|cause| CliError::File { path: file.clone(), cause })?;
        let mut report = Report { out: BufWriter::new(stdout()), verbose, written: Ok(()) };
        let scope = operator.scope(structure);
        let summary = import(ctx, scope, FileSource::Path(file), &keep, |row| report.row(row)).await?;
        let refused = summary.refused > 0;
        report.end(&summary)?;
        Ok(if refused { ExitCode::from(SOME_REFUSED) } else { ExitCode::SUCCESS })
    }
}

/// Looks at the file for an error that names it: the import opens it again, several times, which a pipe does not bear.
fn check(file: &Path) -> std::io::Result<()> {
    if !std::fs::metadata(file)?.is_file() {
        return Err(std::io::Error::other("it is no file on a disk, and the import reads it several times"));
    }
    std::fs::File::open(file).map(drop)
}

/// The report, as it is printed. A standard output that fails does not stop the import: it is told at the end.
struct Report {
    out: BufWriter<Stdout>,
    verbose: bool,
    written: std::io::Result<()>,
}

impl Report {
    fn row(&mut self, row: RowOutcome) {
        let what = match row.outcome {
            Outcome::Refused { code, column } => {
                let column = column.map(|column| format!(" {}:", column.as_str())).unwrap_or_default();
                format!("refused:{column} {} ({code})", i18n::message(code, &[], Lang::En))
            }
            _ if !self.verbose => return,
            Outcome::Added => "added".to_owned(),
            Outcome::Changed => "changed".to_owned(),
            Outcome::Unchanged => "unchanged".to_owned(),
        };
        self.line(&format!("line {}: {what}", row.line));
    }

    fn end(mut self, summary: &ImportSummary) -> Result<(), CliError> {
        let ImportSummary {
            added,
            changed,
            unchanged,
            refused,
            tags_created,
            lists_created,
            ignored_columns,
        } = summary;
        if !ignored_columns.is_empty() {
            self.line(&format!(
                "columns not known, and not read (--keep keeps one): {}",
                ignored_columns.join(", ")
            ));
        }
        self.line(&format!(
            "{added} added, {changed} changed, {unchanged} unchanged, {refused} refused; \
             {tags_created} new tags, {lists_created} new lists"
        ));
        self.written.and_then(|()| self.out.flush()).map_err(CliError::Output)
    }

    fn line(&mut self, line: &str) {
        if self.written.is_ok() {
            self.written = writeln!(self.out, "{line}");
        }
    }
}
