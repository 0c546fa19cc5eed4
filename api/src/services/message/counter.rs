//! The counter under the text box: what a text takes while it is being written.
//!
//! Architecture Invariant: measured as a preview measures, so that the two agree; nothing is kept, and no rule is run but those that
//! choose whom it goes to.

use entity::enums::Purpose;

use super::facts::{self, Said};
use super::leaving::Leaving;
use super::plan::{length_limit, letter_of, read_through, text_problem};
use super::screening::Screening;
use super::tally;
use super::wording::Metrics;
use crate::app::Ctx;
use crate::caller::Caller;
use crate::domain::text::{MessageText, TextError};
use crate::error::{Failure, Fault};
use crate::services::audience::Audience;
use crate::services::{ledger, ruleset, structures};

/// What a text takes, and what its dear characters cost for `audience`, or for one number when there is none. A text that is still
/// empty takes nothing.
///
/// # Errors
/// [`Fault::InputInvalid`] with the problem of the text or of the audience; the database's.
pub async fn metrics(
    ctx: &Ctx,
    caller: &Caller,
    (text, purpose): (&str, Purpose),
    audience: Option<&Audience>,
) -> Result<Metrics, Fault> {
    let structure = caller.scope().structure;
    let text = match MessageText::parse(text) {
        Ok(text) => Some(text),
        Err(TextError::Empty) => None,
        Err(error) => return Err(Fault::InputInvalid(text_problem(&error, &["text"]))),
    };
    let db = ctx.store.readers();
    let now = ctx.now();
    let facts = structures::facts_of(ctx, db, structure, now).await?;
    let rules = ruleset::active(ctx, db, structure).await?;
    let limit = length_limit(&rules);
    let Some(text) = text else {
        return Ok(Metrics::empty(limit, facts.settings.stop_mention.unwrap_or_default()));
    };
    let letter = letter_of(db, text, &facts, &["text"]).await.map_err(refused)?;
    let written = letter.text().as_str();
    let Some(audience) = audience else {
        let alone = letter.to_nobody();
        let (offenders, saves) = tally::alike(written, &alone, 1);
        return Ok(Metrics::new(&alone, limit, offenders, saves));
    };
    audience.check().map_err(Fault::InputInvalid)?;
    let credit = ledger::held(db, structure).await?;
    let sender = facts.settings.default_sender().map(|sender| sender.name.as_str());
    let said = Said { text: written, purpose, sender, send_at: None };
    let facts = facts::beforehand(caller, &facts, said, credit, now)?;
    let screening = Screening::new(ctx, structure, &rules, facts, Leaving::of(now, None)).await?;
    if let Some(common) = letter.common().filter(|_| screening.is_open()) {
        let prices = audience.prices(db, structure).await.map_err(refused)?;
        let (offenders, saves) = tally::alike(written, common, prices);
        return Ok(Metrics::new(common, limit, offenders, saves));
    }
    let (_, tallied, _) =
        read_through(db, structure, audience, (&letter, None), screening).await.map_err(refused)?;
    let longest = tallied.longest.unwrap_or_else(|| letter.to_nobody());
    let (offenders, saves) = tallied.dear;
    Ok(Metrics::new(&longest, limit, offenders, saves))
}

/// A query has no payload to tell problems in.
fn refused(failure: Failure) -> Fault {
    match failure {
        Failure::Problem(problem) => Fault::InputInvalid(problem),
        Failure::Fault(fault) => fault,
    }
}
