//! Saving templates, and taking them out of use.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::MessageTemplate;
use crate::error::Failure;
use crate::graphql::context::Session;
use crate::graphql::error::{TemplateConflictError, UserError};
use crate::graphql::node_id;
use crate::services::templates::{self, SaveTemplate, TemplateProblem, TemplateRow};

/// A template to save. With neither `template` nor `basedOn` it is a new one.
#[derive(InputObject)]
pub struct SaveMessageTemplateInput {
    /// The template; absent for a new one.
    template: Option<ID>,
    /// The version that the author worked from, which must be the current one; absent for a new template.
    based_on: Option<ID>,
    /// How it is called: 1 to 80 characters on one line. No two templates in use have the same name, whatever case and accents.
    name: String,
    /// The text, as `MessageInput.text` takes it, merge fields and all.
    text: String,
    /// What the author says of this version, at most 500 characters.
    comment: Option<String>,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What a save came to.
#[derive(SimpleObject)]
pub struct SaveMessageTemplatePayload {
    /// The template, its current version being the one saved; null when nothing was saved.
    template: Option<MessageTemplate>,
    /// Why nothing was saved. A `TemplateConflictError` tells who saved meanwhile, and what.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// What to take out of use, or back.
#[derive(InputObject)]
pub struct ArchiveMessageTemplateInput {
    /// The template.
    template: ID,
    /// False takes it back into use.
    #[graphql(default = true)]
    archived: bool,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What taking a template out of use, or back, came to.
#[derive(SimpleObject)]
pub struct ArchiveMessageTemplatePayload {
    /// The template; null when nothing was changed.
    template: Option<MessageTemplate>,
    /// Why nothing was changed.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// The mutations of templates.
#[derive(Default)]
pub struct TemplateMutation;

/// The mutations of templates.
#[Object]
impl TemplateMutation {
    /// Saves a new version of a template of messages, or a new template. Saving what the current version says already answers with
    /// it, and makes no version. Needs `READ_WRITE` on `COMMUNICATION_SMS`; the administrator's account may, too.
    async fn save_message_template(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "The template to save.")] input: SaveMessageTemplateInput,
    ) -> Result<SaveMessageTemplatePayload> {
        let session = Session::of(graphql);
        let SaveMessageTemplateInput { template, based_on, name, text, comment, client_mutation_id } = input;
        let template = template.as_ref().map(node_id::message_template);
        let based_on = based_on.as_ref().map(node_id::message_template_version);
        let input = SaveTemplate { template, based_on, name, text, comment };
        let done = async { templates::save(&session.ctx, session.caller()?, input).await };
        let (template, errors) = told(session, done.await)?;
        Ok(SaveMessageTemplatePayload { template, errors, client_mutation_id })
    }

    /// Takes a template of messages out of use, or back into it: it is then listed apart, and its name is free. Nothing is deleted.
    /// Needs `READ_WRITE` on `COMMUNICATION_SMS`; the administrator's account may, too.
    async fn archive_message_template(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What to take out of use, or back.")] input: ArchiveMessageTemplateInput,
    ) -> Result<ArchiveMessageTemplatePayload> {
        let session = Session::of(graphql);
        let ArchiveMessageTemplateInput { template, archived, client_mutation_id } = input;
        let id = node_id::message_template(&template);
        let done = async { templates::archive(&session.ctx, session.caller()?, id, archived).await };
        let (template, errors) = told(session, done.await)?;
        Ok(ArchiveMessageTemplatePayload { template, errors, client_mutation_id })
    }
}

/// The template, or why it was not changed, as payloads tell it.
fn told(
    session: &Session,
    done: std::result::Result<TemplateRow, Failure<TemplateProblem>>,
) -> Result<(Option<MessageTemplate>, Vec<UserError>)> {
    let error = match session.outcome(done)? {
        Ok(row) => return Ok((Some(row.into()), Vec::new())),
        Err(TemplateProblem::Input(problem)) => session.user_error(&problem),
        Err(TemplateProblem::Conflict(problem, current)) => {
            TemplateConflictError::new(&session.ctx, &problem, (*current).into()).into()
        }
    };
    Ok((None, vec![error]))
}
