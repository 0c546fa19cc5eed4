//! Cancelling a campaign.

use async_graphql::{Context, Error, ID, InputObject, Object, Result, SimpleObject};
use entity::ids::CampaignId;

use super::Campaign;
use crate::error::{Fault, Problem};
use crate::graphql::context::{Maybe, Session};
use crate::graphql::error::{CampaignAlreadyCompletedError, UserError, fault};
use crate::graphql::node_id;
use crate::services::campaigns;
use crate::services::cancel::{self, CancelProblem};

/// What to cancel.
#[derive(InputObject)]
pub struct CancelCampaignInput {
    /// The campaign.
    campaign: ID,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What cancelling came to.
#[derive(SimpleObject)]
pub struct CancelCampaignPayload {
    /// The campaign as it stands: CANCELLING until all that had left is settled; null when it was not cancelled.
    campaign: Maybe<Campaign>,
    /// Why it was not cancelled.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// The mutations of campaigns.
#[derive(Default)]
pub struct CampaignMutation;

/// The mutations of campaigns.
#[Object]
impl CampaignMutation {
    /// Cancels a campaign: what is still queued is not sent, and its credit is given back. What has left stays as it is, and is settled
    /// as ever. Asking again changes nothing. Needs `READ_WRITE` on `COMMUNICATION_SMS`; the administrator's account may, too.
    async fn cancel_campaign(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to cancel.")] input: CancelCampaignInput,
    ) -> Result<CancelCampaignPayload> {
        let session = Session::of(graphql);
        let CancelCampaignInput { campaign: id, client_mutation_id } = input;
        let id = node_id::campaign(&id);
        let done = async { cancel::cancel(&session.ctx, session.caller()?, id).await };
        Ok(match session.outcome(done.await)? {
            Ok(()) => {
                let campaign = session.maybe(read(session, id)).await;
                CancelCampaignPayload { campaign, errors: Vec::new(), client_mutation_id }
            }
            Err(problem) => {
                let errors = vec![told(session, problem, id).await?];
                CancelCampaignPayload { campaign: None, errors, client_mutation_id }
            }
        })
    }
}

async fn read(session: &Session, id: CampaignId) -> Result<Option<Campaign>, Fault> {
    Ok(campaigns::by_id(&session.ctx, session.caller()?, id).await?.map(Campaign::from))
}

/// Why a campaign was not cancelled, as the payload tells it.
async fn told(session: &Session, problem: CancelProblem, id: CampaignId) -> Result<UserError, Error> {
    Ok(match problem {
        CancelProblem::NotFound => session.user_error(&Problem::new("CAMPAIGN_NOT_FOUND").at(&["campaign"])),
        CancelProblem::AlreadyCompleted => {
            let problem = Problem::new("CAMPAIGN_ALREADY_COMPLETED").at(&["campaign"]);
            let campaign = read(session, id).await.map_err(|cause| fault(&session.ctx, cause))?;
            CampaignAlreadyCompletedError::new(&session.ctx, &problem, campaign).into()
        }
    })
}
