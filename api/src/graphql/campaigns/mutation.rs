//! Cancelling a campaign, pausing it, and going on with it.

use async_graphql::{Context, Error, ID, InputObject, Object, Result, SimpleObject};
use entity::ids::CampaignId;

use super::Campaign;
use crate::error::{Failure, Fault, Problem};
use crate::graphql::context::{Maybe, Session};
use crate::graphql::error::{CampaignAlreadyCompletedError, UserError, fault};
use crate::graphql::node_id;
use crate::services::campaigns;
use crate::services::cancel::{self, CancelProblem};
use crate::services::pause::{self, PauseProblem};

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

/// What to pause.
#[derive(InputObject)]
pub struct PauseCampaignInput {
    /// The campaign.
    campaign: ID,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What that came to.
#[derive(SimpleObject)]
pub struct PauseCampaignPayload {
    /// The campaign as it stands; null when it was not paused.
    campaign: Maybe<Campaign>,
    /// Why it was not paused.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// What to resume.
#[derive(InputObject)]
pub struct ResumeCampaignInput {
    /// The campaign.
    campaign: ID,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What that came to.
#[derive(SimpleObject)]
pub struct ResumeCampaignPayload {
    /// The campaign as it stands; null when it does not go on.
    campaign: Maybe<Campaign>,
    /// Why it does not go on.
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
        let (campaign, errors) = match session.outcome(done.await)? {
            Ok(()) => changed(session, id).await,
            Err(problem) => (None, vec![told(session, problem, id).await?]),
        };
        Ok(CancelCampaignPayload { campaign, errors, client_mutation_id })
    }

    /// Pauses a campaign that is on its way: nothing more of it starts to be sent, and its credit stays reserved. What has left is settled as ever.
    /// Asking again changes nothing. Needs `READ_WRITE` on `COMMUNICATION_SMS`; the administrator's account may, too.
    async fn pause_campaign(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to pause.")] input: PauseCampaignInput,
    ) -> Result<PauseCampaignPayload> {
        let session = Session::of(graphql);
        let PauseCampaignInput { campaign: id, client_mutation_id } = input;
        let id = node_id::campaign(&id);
        let done = async { pause::pause(&session.ctx, session.caller()?, id).await };
        let (campaign, errors) = paused(session, done.await, id).await?;
        Ok(PauseCampaignPayload { campaign, errors, client_mutation_id })
    }

    /// Goes on with a campaign that is paused. Asking again changes nothing. Needs `READ_WRITE` on `COMMUNICATION_SMS`; the administrator's
    /// account may, too.
    async fn resume_campaign(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to go on with.")] input: ResumeCampaignInput,
    ) -> Result<ResumeCampaignPayload> {
        let session = Session::of(graphql);
        let ResumeCampaignInput { campaign: id, client_mutation_id } = input;
        let id = node_id::campaign(&id);
        let done = async { pause::resume(&session.ctx, session.caller()?, id).await };
        let (campaign, errors) = paused(session, done.await, id).await?;
        Ok(ResumeCampaignPayload { campaign, errors, client_mutation_id })
    }
}

/// The campaign as it stands, and no error.
async fn changed(session: &Session, id: CampaignId) -> (Maybe<Campaign>, Vec<UserError>) {
    (session.maybe(read(session, id)).await, Vec::new())
}

/// The campaign as it stands, or why it was not paused, or does not go on.
async fn paused(
    session: &Session,
    done: Result<(), Failure<PauseProblem>>,
    id: CampaignId,
) -> Result<(Maybe<Campaign>, Vec<UserError>)> {
    Ok(match session.outcome(done)? {
        Ok(()) => changed(session, id).await,
        Err(problem) => {
            let code = match problem {
                PauseProblem::NotFound => "CAMPAIGN_NOT_FOUND",
                PauseProblem::NotUnderWay => "CAMPAIGN_NOT_UNDER_WAY",
            };
            (None, vec![session.user_error(&Problem::new(code).at(&["campaign"]))])
        }
    })
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
