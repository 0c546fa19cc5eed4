//! Asking for a preview, and sending it.

use async_graphql::{Context, Error, ID, InputObject, Object, OneofObject, Result, SimpleObject};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::metrics::MessagePurpose;
use super::preview::SmsPreview;
use crate::error::{Failure, Fault, Problem};
use crate::graphql::campaigns::Campaign;
use crate::graphql::context::{Maybe, Session};
use crate::graphql::error::{
    ConfirmationRequiredError, IdempotencyConflictError, InsufficientCreditError, PreviewExpiredError,
    PreviewNotFoundError, PreviewStaleError, PreviewUsedError, RefusedError, UserError, fault,
};
use crate::graphql::node_id;
use crate::graphql::people::PersonFilterInput;
use crate::services::audience::Audience;
use crate::services::campaigns;
use crate::services::message::{self, Preview, PreviewInput, SendInput, SendProblem};

/// Whom a message is for.
#[derive(OneofObject)]
#[expect(clippy::large_enum_variant, reason = "one a request, read and turned into the service's at once")]
pub enum AudienceInput {
    /// The people ticked, at most 1,000.
    People(Vec<ID>),
    /// All that a filter finds, less those unticked.
    Matching(MatchingInput),
}

/// All that a filter finds, less those unticked.
#[derive(InputObject)]
pub struct MatchingInput {
    /// Which people.
    filter: PersonFilterInput,
    /// Those unticked, at most 1,000.
    except: Option<Vec<ID>>,
}

impl From<AudienceInput> for Audience {
    fn from(input: AudienceInput) -> Self {
        let people = |ids: Vec<ID>| ids.iter().map(node_id::person).collect();
        match input {
            AudienceInput::People(ids) => Self::People(people(ids)),
            AudienceInput::Matching(MatchingInput { filter, except }) => {
                Self::Matching { filter: filter.into(), except: people(except.unwrap_or_default()) }
            }
        }
    }
}

/// What a message says.
#[derive(InputObject)]
pub struct MessageInput {
    /// The text, without the STOP mention. A line break is LF; CRLF becomes LF; control characters other than a tab are refused. What the
    /// structure's encoding policy replaces in it, the preview shows. Merge fields: `{prenom}`, `{nom}`, `{structure}`,
    /// `{sexe:cher|chère|bonjour}` for men, women and others; `{prenom|vous}` where nothing is known; `{{` and `}}` for braces. In English:
    /// `{firstname}`, `{lastname}`, `{sex:…}`. The structure's own columns too (`Structure.personColumns`).
    text: String,
    /// Why it is sent.
    #[graphql(default_with = "MessagePurpose::Informational")]
    purpose: MessagePurpose,
    /// The name that telephones show as the sender, 3 to 11 letters without accents and digits; when absent, the structure's default. The rules
    /// want it among the structure's `senders`, where case makes no difference.
    sender: Option<String>,
    /// When it shall leave: later than now, at most 366 days ahead; when absent, at once. The rules see that hour, and look again at those
    /// of stage DISPATCH when it has come.
    send_at: Option<DateTime<Utc>>,
    /// The version of a template that the text was started from: what is sent is `text`, and the campaign remembers the version.
    template: Option<ID>,
}

impl MessageInput {
    /// The message for that audience, as the services take it.
    pub fn to(self, audience: Audience) -> PreviewInput {
        let Self { text, purpose, sender, template, send_at } = self;
        let template = template.as_ref().map(node_id::message_template_version);
        PreviewInput { audience, text, purpose: purpose.into(), sender, template, send_at }
    }
}

/// What to preview.
#[derive(InputObject)]
pub struct PreviewSmsInput {
    /// Whom it is for.
    audience: AudienceInput,
    /// What it says.
    message: MessageInput,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What a preview came to. A refusal by the rules is no error: the preview comes with the decision that says why.
#[derive(SimpleObject)]
pub struct PreviewSmsPayload {
    /// The preview; null when the input cannot be used.
    preview: Option<SmsPreview>,
    /// What is wrong with the input.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// Which campaign to send again.
#[derive(InputObject)]
pub struct RetryCampaignInput {
    /// The campaign.
    campaign: ID,
    /// When it shall leave, as `MessageInput.sendAt`; when absent, at once, whenever the campaign was to.
    send_at: Option<DateTime<Utc>>,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What to send.
#[derive(InputObject)]
pub struct SendSmsInput {
    /// The token of the preview.
    #[graphql(secret)]
    preview_token: String,
    /// A UUID that the client makes for this send: asking again with it sends nothing more, and answers the same.
    idempotency_key: Uuid,
    /// The codes that the sender confirmed, where the decision asks for some.
    confirm: Option<Vec<String>>,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What a send came to.
#[derive(SimpleObject)]
pub struct SendSmsPayload {
    /// The campaign; null when nothing was sent.
    campaign: Maybe<Campaign>,
    /// Whether this send had been asked for before, with the same key: the campaign is that one.
    replayed: bool,
    /// Why nothing was sent. The types tell more: what refuses, what to confirm, what would be sent now.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// The mutations of messages.
#[derive(Default)]
pub struct MessageMutation;

/// The mutations of messages.
#[Object]
impl MessageMutation {
    /// Shows what a send would do, and what the rules say of it. Any account of the structure may ask; nothing is sent.
    async fn preview_sms(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to preview.")] input: PreviewSmsInput,
    ) -> Result<PreviewSmsPayload> {
        let session = Session::of(graphql);
        let PreviewSmsInput { audience, message, client_mutation_id } = input;
        let input = message.to(audience.into());
        let done = async { message::preview(&session.ctx, session.caller()?, input).await };
        previewed(session, done.await, client_mutation_id)
    }

    /// Previews the text of a campaign anew, from the same sender, for those whom it did not reach: refused, not delivered, written off, or
    /// not sent because it was cancelled or its tries came to an end. Never what may still arrive, nor what another campaign sent again meanwhile, nor
    /// people who opted out. Send it as any preview. Needs `READ` on `COMMUNICATION_SMS`.
    async fn retry_campaign(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "Which campaign to send again.")] input: RetryCampaignInput,
    ) -> Result<PreviewSmsPayload> {
        let session = Session::of(graphql);
        let RetryCampaignInput { campaign, send_at, client_mutation_id } = input;
        let id = node_id::campaign(&campaign);
        let done = async { message::retry(&session.ctx, session.caller()?, id, send_at).await };
        previewed(session, done.await, client_mutation_id)
    }

    /// Sends what was previewed, once, exactly as it was shown. The work goes on when the client leaves.
    async fn send_sms(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to send.")] input: SendSmsInput,
    ) -> Result<SendSmsPayload> {
        let session = Session::of(graphql);
        let SendSmsInput { preview_token: token, idempotency_key: key, confirm, client_mutation_id } = input;
        let input = SendInput { token, key, confirm: confirm.unwrap_or_default() };
        let done = async { message::send(&session.ctx, session.caller()?, input).await };
        Ok(match session.outcome(done.await)? {
            Ok(sent) => {
                let campaign = session.maybe(campaign(session, sent.campaign)).await;
                SendSmsPayload { campaign, replayed: sent.replayed, errors: Vec::new(), client_mutation_id }
            }
            Err(problem) => {
                let errors = vec![told(session, problem).await?];
                SendSmsPayload { campaign: None, replayed: false, errors, client_mutation_id }
            }
        })
    }
}

fn previewed(
    session: &Session,
    done: std::result::Result<Preview, Failure>,
    client_mutation_id: Option<String>,
) -> Result<PreviewSmsPayload> {
    let (preview, errors) = match session.outcome(done)? {
        Ok(preview) => (Some(preview.into()), Vec::new()),
        Err(problem) => (None, vec![session.user_error(&problem)]),
    };
    Ok(PreviewSmsPayload { preview, errors, client_mutation_id })
}

async fn campaign(session: &Session, id: entity::ids::CampaignId) -> Result<Option<Campaign>, Fault> {
    Ok(campaigns::by_id(&session.ctx, session.caller()?, id).await?.map(Campaign::from))
}

/// Why nothing was sent, as the payload tells it.
async fn told(session: &Session, problem: SendProblem) -> Result<UserError, Error> {
    let ctx = &session.ctx;
    let token = |code| Problem::new(code).at(&["previewToken"]);
    Ok(match problem {
        SendProblem::Input(problem) => session.user_error(&problem),
        SendProblem::IdempotencyConflict => {
            IdempotencyConflictError::new(ctx, &Problem::new("IDEMPOTENCY_CONFLICT").at(&["idempotencyKey"]))
                .into()
        }
        SendProblem::PreviewNotFound => PreviewNotFoundError::new(ctx, &token("PREVIEW_NOT_FOUND")).into(),
        SendProblem::PreviewUsed(id) => {
            let campaign = campaign(session, id).await.map_err(|cause| fault(ctx, cause))?;
            PreviewUsedError::new(ctx, &token("PREVIEW_USED"), campaign).into()
        }
        SendProblem::PreviewExpired => PreviewExpiredError::new(ctx, &token("PREVIEW_EXPIRED")).into(),
        SendProblem::PreviewStale(fresh, other_rules) => {
            let problem = token("PREVIEW_STALE").with("changed", if other_rules { "rules" } else { "other" });
            PreviewStaleError::new(ctx, &problem, SmsPreview::from(*fresh)).into()
        }
        SendProblem::Refused(decision) => {
            RefusedError::new(ctx, &token("REFUSED"), (*decision).into()).into()
        }
        SendProblem::ConfirmationRequired(codes) => {
            let problem =
                Problem::new("CONFIRMATION_REQUIRED").at(&["confirm"]).with("codes", codes.join(", "));
            ConfirmationRequiredError::new(ctx, &problem, codes).into()
        }
        SendProblem::InsufficientCredit { required, available } => {
            let problem =
                Problem::new("INSUFFICIENT_CREDIT").with("required", required).with("available", available);
            InsufficientCreditError::new(ctx, &problem, required, available).into()
        }
    })
}
