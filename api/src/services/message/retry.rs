//! Sending again to those whom a campaign did not reach: a new preview, of the same text.
//!
//! Owns nothing: whom it finds is the audience's, and it is planned, shown and sent like any other preview. Architecture
//! Invariant: nothing is sent here.

use chrono::{DateTime, Utc};
use entity::At;
use entity::enums::Module;
use entity::ids::CampaignId;
use entity::{campaign, preview};

use super::plan::Draft;
use super::preview::{Preview, draft_of, preview_draft, sender};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault, Problem};
use crate::services::audience::Audience;

/// Previews the text of a campaign, as its user wrote it and from the same sender, for those whom it did not reach: at once, or to leave then.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS`; `CAMPAIGN_NOT_FOUND`; `NOTHING_TO_RETRY` when everybody was reached,
/// may still be, or is written to again already; `MERGE_FIELD_UNKNOWN` when a column that the text names was removed since.
pub async fn retry(
    ctx: &Ctx,
    caller: &Caller,
    id: CampaignId,
    send_at: Option<DateTime<Utc>>,
) -> Result<Preview, Failure> {
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    let db = ctx.store.readers();
    let found = campaign::by_id_in(structure, id).one(db).await?;
    let campaign = found.ok_or(Problem::new("CAMPAIGN_NOT_FOUND").at(&["campaign"]))?;
    let shown = preview::by_id_in(structure, campaign.preview_id).one(db).await?;
    let shown = shown.ok_or_else(|| Fault::internal("a campaign without its preview"))?;
    let audience = Audience::Unreached { campaign: id, first: campaign.retry_of.unwrap_or(id) };
    let sender = Some(sender(&campaign.sender)?);
    let draft = Draft { audience, sender, send_at: send_at.map(At::from), ..draft_of(&shown)? };
    // Whatever is at fault now is the campaign's, since nothing else was given.
    preview_draft(ctx, caller, draft).await.map_err(|failure| match failure {
        Failure::Problem(problem) if problem.code.starts_with("SEND_AT") => problem.at(&["sendAt"]).into(),
        Failure::Problem(problem) => Failure::Problem(problem.at(&["campaign"])),
        Failure::Fault(fault) => Failure::Fault(fault),
    })
}
