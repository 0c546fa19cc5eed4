//! What a text takes, asked while it is being written.

use async_graphql::{Context, Object};

use super::metrics::{MessageMetrics, MessagePurpose};
use super::mutation::AudienceInput;
use crate::graphql::context::{Maybe, Session};
use crate::services::audience::Audience;
use crate::services::message;

/// The fields of `Query` about messages that are not sent yet.
#[derive(Default)]
pub struct MessageQuery;

/// The fields of `Query` about messages that are not sent yet.
#[Object]
impl MessageQuery {
    /// The size of a text as it would be sent, for a counter under the text box: what a preview of it would say. Any account may ask; an
    /// empty text takes nothing. A text that no preview would take is an error, with the code that the preview would give.
    async fn message_metrics(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "The text, without the STOP mention.")] text: String,
        #[graphql(desc = "Whom it is for: what characters cost is then told for all of them.")]
        audience: Option<AudienceInput>,
        #[graphql(
            desc = "Why it is sent: a commercial message does not go to everyone.",
            default_with = "MessagePurpose::Informational"
        )]
        purpose: MessagePurpose,
    ) -> Maybe<MessageMetrics> {
        let session = Session::of(graphql);
        let audience = audience.map(Audience::from);
        session
            .maybe(async {
                let found = Box::pin(message::metrics(
                    &session.ctx,
                    session.caller()?,
                    (&text, purpose.into()),
                    audience.as_ref(),
                ))
                .await?;
                Ok(Some(MessageMetrics::from(&found)))
            })
            .await
    }
}
