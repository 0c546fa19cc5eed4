//! Asking for an approval, giving it, and declining.

use async_graphql::{Context, Error, ID, InputObject, Object, Result, SimpleObject};

use super::SendApproval;
use crate::error::{Failure, Problem};
use crate::graphql::campaigns::Campaign;
use crate::graphql::context::Session;
use crate::graphql::error::{
    OwnSendApprovalError, PreviewExpiredError, PreviewNotFoundError, PreviewUsedError,
    SendApprovalDecidedError, UserError, fault,
};
use crate::graphql::node_id;
use crate::services::campaigns;
use crate::services::message::approvals::{self, Answer, ApprovalProblem, ApprovalRow};

/// What to ask approval of.
#[derive(InputObject)]
pub struct RequestApprovalInput {
    /// The token of a preview of one's own that has not expired.
    #[graphql(secret)]
    preview_token: String,
    /// What to say of it to whoever approves, at most 500 characters.
    note: Option<String>,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What a request for approval came to.
#[derive(SimpleObject)]
pub struct RequestApprovalPayload {
    /// The request; null when none was made.
    approval: Option<SendApproval>,
    /// Why none was made.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// What to approve.
#[derive(InputObject)]
pub struct ApproveSendInput {
    /// The request.
    id: ID,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What approving came to.
#[derive(SimpleObject)]
pub struct ApproveSendPayload {
    /// The request; null when it was not approved.
    approval: Option<SendApproval>,
    /// Why it was not approved. A `SendApprovalDecidedError` tells who decided before.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// What to decline.
#[derive(InputObject)]
pub struct DeclineSendInput {
    /// The request.
    id: ID,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What declining came to.
#[derive(SimpleObject)]
pub struct DeclineSendPayload {
    /// The request; null when it was not declined.
    approval: Option<SendApproval>,
    /// Why it was not declined. A `SendApprovalDecidedError` tells who decided before.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// The mutations of approvals.
#[derive(Default)]
pub struct ApprovalMutation;

/// The mutations of approvals.
#[Object]
impl ApprovalMutation {
    /// Asks the other accounts that may send to approve what was previewed, whatever the rules say of it, for seven days. Once one of them did,
    /// the rules know it (`message.approved`): the same preview is sent, or a new one of the same message. Asking again for the same preview
    /// answers the same request. Needs `READ_WRITE` on `COMMUNICATION_SMS`; the administrator's account, which sends nothing, asks for nothing.
    async fn request_approval(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to ask approval of.")] input: RequestApprovalInput,
    ) -> Result<RequestApprovalPayload> {
        let session = Session::of(graphql);
        let RequestApprovalInput { preview_token: token, note, client_mutation_id } = input;
        let done = async { approvals::request(&session.ctx, session.caller()?, token, note).await };
        let (approval, errors) = told(session, done.await).await?;
        Ok(RequestApprovalPayload { approval, errors, client_mutation_id })
    }

    /// Approves a message that another account asks to send. Needs `READ_WRITE` on `COMMUNICATION_SMS`, then and when the message is sent; the
    /// administrator's account, which sends nothing, approves nothing.
    async fn approve_send(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to approve.")] input: ApproveSendInput,
    ) -> Result<ApproveSendPayload> {
        let session = Session::of(graphql);
        let ApproveSendInput { id, client_mutation_id } = input;
        let (approval, errors) = decided(session, &id, Answer::Approve).await?;
        Ok(ApproveSendPayload { approval, errors, client_mutation_id })
    }

    /// Declines a message that an account asks to send, one's own too. Needs `READ_WRITE` on `COMMUNICATION_SMS`; the administrator's account
    /// may, too.
    async fn decline_send(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to decline.")] input: DeclineSendInput,
    ) -> Result<DeclineSendPayload> {
        let session = Session::of(graphql);
        let DeclineSendInput { id, client_mutation_id } = input;
        let (approval, errors) = decided(session, &id, Answer::Decline).await?;
        Ok(DeclineSendPayload { approval, errors, client_mutation_id })
    }
}

async fn decided(
    session: &Session,
    id: &ID,
    answer: Answer,
) -> Result<(Option<SendApproval>, Vec<UserError>)> {
    let id = node_id::send_approval(id);
    let done = async { approvals::decide(&session.ctx, session.caller()?, id, answer).await };
    told(session, done.await).await
}

/// The request, or why nothing was done, as payloads tell it.
async fn told(
    session: &Session,
    done: std::result::Result<ApprovalRow, Failure<ApprovalProblem>>,
) -> Result<(Option<SendApproval>, Vec<UserError>)> {
    match session.outcome(done)? {
        Ok(row) => Ok((Some(row.into()), Vec::new())),
        Err(problem) => Ok((None, vec![error(session, problem).await?])),
    }
}

async fn error(session: &Session, problem: ApprovalProblem) -> std::result::Result<UserError, Error> {
    let ctx = &session.ctx;
    let token = |code| Problem::new(code).at(&["previewToken"]);
    Ok(match problem {
        ApprovalProblem::Input(problem) => session.user_error(&problem),
        ApprovalProblem::PreviewNotFound => {
            PreviewNotFoundError::new(ctx, &token("PREVIEW_NOT_FOUND")).into()
        }
        ApprovalProblem::PreviewUsed(id) => {
            let found = async { campaigns::by_id(ctx, session.caller()?, id).await };
            let campaign = found.await.map_err(|cause| fault(ctx, cause))?.map(Campaign::from);
            PreviewUsedError::new(ctx, &token("PREVIEW_USED"), campaign).into()
        }
        ApprovalProblem::PreviewExpired => PreviewExpiredError::new(ctx, &token("PREVIEW_EXPIRED")).into(),
        ApprovalProblem::Own => {
            OwnSendApprovalError::new(ctx, &Problem::new("OWN_SEND_APPROVAL").at(&["id"])).into()
        }
        ApprovalProblem::Decided(problem, row) => {
            SendApprovalDecidedError::new(ctx, &problem, (*row).into()).into()
        }
    })
}
