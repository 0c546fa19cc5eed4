//! A text that is kept to be sent another day.
//!
//! Invariant: read as a preview would read it, so that what is refused there is refused here, at the same character.

use super::plan::{letter_of, text_problem};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::domain::text::MessageText;
use crate::error::Failure;
use crate::services::structures;

/// The text, if a message of the caller's structure could say it.
///
/// # Errors
/// The problems of the text and of its merge fields, at `text`.
pub async fn check_text(ctx: &Ctx, caller: &Caller, text: &str) -> Result<MessageText, Failure> {
    let text = MessageText::parse(text).map_err(|error| text_problem(&error, &["text"]))?;
    let db = ctx.store.readers();
    let structure = structures::facts_of(ctx, db, caller.structure, ctx.now()).await?;
    let letter = letter_of(db, text, &structure, &["text"]).await?;
    Ok(letter.text().clone())
}
