//! Importing a small file of people.
//!
//! Large ones have a route of their own, [`crate::http`]'s.

use std::sync::{Arc, Mutex};

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use uuid::Uuid;

use super::context::Session;
use super::error::UserError;
use crate::app::Ctx;
use crate::error::Problem;
use crate::i18n;
use crate::services::people::import::ImportSummary as Summary;
use crate::services::people::upload::{self, ImportInput, Imported, RefusedRow as Row};

/// The largest file that a mutation takes, in bytes: in base64, with the rest of its request, it fits in the body of one.
const MAX_FILE_BYTES: usize = 180 * 1024;
/// Rows refused that a payload lists: as many as a page.
const REFUSED_LISTED: usize = 100;

/// Base64 as `base64` prints it and as browsers give it, padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A file of people.
#[derive(InputObject)]
pub struct ImportPeopleInput {
    /// The CSV file in base64, 180 KiB at most before encoding; given in a variable, since a document is smaller. Larger ones go
    /// to `POST /import/people`.
    file: String,
    /// A UUID that the client makes for this file: asking again with it imports nothing more, and answers the same.
    idempotency_key: Uuid,
    /// Whether only to tell what would come of it. Nothing is changed then, and the key is not used up.
    #[graphql(default)]
    dry_run: Option<bool>,
    /// The headers of columns to keep of people beside those that are known: what they say, merge fields of that name say in texts
    /// (`Structure.personColumns`). Any other column is left aside. A structure keeps 20 at most, of 100 characters a value.
    keep_columns: Option<Vec<String>>,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// How many rows of a file did what. The first four add up to its rows, blank ones aside.
#[derive(SimpleObject)]
pub struct ImportSummary {
    /// Rows that added a person.
    added: i64,
    /// Rows that changed one.
    changed: i64,
    /// Rows that changed nothing.
    unchanged: i64,
    /// Rows refused.
    refused: i64,
    /// Tags that did not exist.
    tags_created: i64,
    /// Lists that did not exist.
    lists_created: i64,
    /// Columns that are not known and were not read, since `keepColumns` does not name them, as the file does; 100 at most.
    ignored_columns: Vec<String>,
}

impl From<Summary> for ImportSummary {
    fn from(summary: Summary) -> Self {
        let Summary { added, changed, unchanged, refused, tags_created, lists_created, ignored_columns } =
            summary;
        let [added, changed, unchanged, refused, tags_created, lists_created] =
            [added, changed, unchanged, refused, tags_created, lists_created].map(u64::cast_signed);
        Self { added, changed, unchanged, refused, tags_created, lists_created, ignored_columns }
    }
}

/// A row that was refused; where only its teacher is at fault, the rest of it was applied.
#[derive(SimpleObject)]
pub struct RefusedRow {
    /// The line of the file where the row begins; the header is on line 1.
    line: i64,
    /// The column at fault: `IDENTIFIER`, `LAST_NAME`, `FIRST_NAME`, `SEX`, `MOBILE`, `TAGS`, `LISTS`, `TEACHER`, `CONSENT`, or
    /// `KEPT` for one of `keepColumns`; null when no one is.
    column: Option<String>,
    /// Why, for programs: stable, in `SCREAMING_SNAKE_CASE`.
    code: String,
    /// Why, for people, in the language of the request (`Accept-Language`).
    message: String,
}

impl RefusedRow {
    fn told(ctx: &Ctx, row: Row) -> Self {
        Self {
            line: row.line.cast_signed(),
            column: row.column.map(Into::into),
            message: i18n::message(&row.code, &[], ctx.lang),
            code: row.code.into(),
        }
    }
}

/// What an import came to.
#[derive(SimpleObject, Default)]
pub struct ImportPeoplePayload {
    /// How many rows did what; null when the file was not imported.
    summary: Option<ImportSummary>,
    /// The first 100 rows refused, in the order in which they were; `summary` counts them all. (`POST /import/people` lists each, and
    /// the first 1,000 when it answers again under the same key.)
    refused_rows: Vec<RefusedRow>,
    /// Whether this file was imported before, under the same key: this is the answer of then.
    replayed: bool,
    /// Why the file was not imported.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// The mutations of people.
#[derive(Default)]
pub struct PeopleImportMutation;

/// The mutations of people.
#[Object]
impl PeopleImportMutation {
    /// Imports a CSV file of people: adds those who are new, changes the others as it says, removes nobody. A row that is refused
    /// stops no other. A file of 10,000 rows or fewer, unless the operator sets another number, is imported whole or not at all.
    /// One file of a structure is imported at a time (`IMPORT_UNDER_WAY`), and a few in all (`IMPORTS_TOO_MANY`): ask again in a
    /// moment. Needs `READ_WRITE` on PEOPLE.
    async fn import_people(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "A file of people.")] input: ImportPeopleInput,
    ) -> Result<ImportPeoplePayload> {
        let session = Session::of(graphql);
        let ctx = &session.ctx;
        let ImportPeopleInput { file, idempotency_key, dry_run, keep_columns, client_mutation_id } = input;
        let rows = Arc::new(Mutex::new(Vec::new()));
        let listed = Arc::clone(&rows);
        let done = async {
            let caller = session.caller()?;
            let input = ImportInput::of_bytes(decode(ctx, &file)?, idempotency_key, dry_run.unwrap_or(false));
            let input = input.keeping(upload::keep(&keep_columns.unwrap_or_default())?);
            upload::import_people(ctx, caller, input, move |row| list(&listed, row)).await
        };
        Ok(match session.outcome(done.await)? {
            Ok(Imported { summary, replayed }) => {
                let rows = std::mem::take(&mut *rows.lock().expect(UNBROKEN));
                let refused_rows = rows.into_iter().map(|row| RefusedRow::told(ctx, row)).collect();
                let summary = Some(summary.into());
                ImportPeoplePayload {
                    summary,
                    refused_rows,
                    replayed,
                    client_mutation_id,
                    ..Default::default()
                }
            }
            Err(problem) => {
                let errors = vec![session.user_error(&problem)];
                ImportPeoplePayload { errors, client_mutation_id, ..Default::default() }
            }
        })
    }
}

const UNBROKEN: &str = "invariant: nothing panics while it holds the rows";

fn list(rows: &Mutex<Vec<Row>>, row: Row) {
    let mut rows = rows.lock().expect(UNBROKEN);
    if rows.len() < REFUSED_LISTED {
        rows.push(row);
    }
}

/// The bytes of the file. Line breaks and blanks in it are passed over.
fn decode(ctx: &Ctx, file: &str) -> std::result::Result<Vec<u8>, Problem> {
    let encoded: Vec<u8> = file.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = BASE64.decode(encoded).map_err(|_| Problem::new("FILE_NOT_BASE64").at(&["file"]))?;
    if bytes.len() > MAX_FILE_BYTES {
        let problem =
            Problem::new("FILE_TOO_LARGE").at(&["file"]).with("limit", (MAX_FILE_BYTES / 1024).to_string());
        return Err(problem.with("route", ctx.config.url("/import/people")));
    }
    Ok(bytes)
}
