//! The counter under the text box: what a text takes while it is being written.
//!
//! Architecture Invariant: measured as a preview measures, so that the two agree; nothing is kept, and no rule is run.

use super::plan::{length_limit, text_problem};
use super::wording::{Metrics, Wording};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::domain::text::{MessageText, TextError};
use crate::error::{Failure, Fault};
use crate::services::audience::Audience;
use crate::services::{ruleset, structures};

/// What a text takes, and what its dear characters cost for `audience`, or for one number when there is none. A text that is still
/// empty takes nothing.
///
/// # Errors
/// [`Fault::InputInvalid`] with the problem of the text or of the audience; the database's.
pub async fn metrics(
    ctx: &Ctx,
    caller: &Caller,
    text: &str,
    audience: Option<&Audience>,
) -> Result<Metrics, Fault> {
    let structure = caller.scope().structure;
    let text = match MessageText::parse(text) {
        Ok(text) => Some(text),
        Err(TextError::Empty) => None,
        Err(error) => return Err(Fault::InputInvalid(text_problem(&error, &["text"]))),
    };
    let db = ctx.store.readers();
    let settings = structures::facts_of(ctx, db, structure, ctx.now()).await?.settings;
    let limit = length_limit(&ruleset::active(ctx, db, structure).await?);
    let mention = settings.stop_mention.unwrap_or_default();
    let Some(text) = text else {
        return Ok(Metrics::empty(limit, mention));
    };
    let prices = match audience {
        Some(audience) => {
            audience.check().map_err(Fault::InputInvalid)?;
            audience.prices(db, structure).await.map_err(refused)?
        }
        None => 1,
    };
    Ok(Metrics::new(&Wording::new(text, settings.encoding_policy, &mention), limit, prices))
}

/// A query has no payload to tell problems in.
fn refused(failure: Failure) -> Fault {
    match failure {
        Failure::Problem(problem) => Fault::InputInvalid(problem),
        Failure::Fault(fault) => fault,
    }
}
