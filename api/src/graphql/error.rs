//! How failures are told: faults as GraphQL errors, problems as data in payloads.
//!
//! Invariant: every fault and every problem of the services has its place here, with a code; what went wrong inside is in
//! the log, under the request's id, and nowhere else.

use async_graphql::{Error, ErrorExtensionValues, Interface, SimpleObject, Value};
use chrono::{DateTime, Utc};

use super::account::Account;
use super::approvals::SendApproval;
use super::campaigns::Campaign;
use super::decisions::Decision;
use super::message::SmsPreview;
use super::rules::{RuleDiagnostic, RuleVersion};
use super::templates::MessageTemplateVersion;
use crate::app::Ctx;
use crate::error::{Arg, Fault, Problem};
use crate::i18n;

/// A fault as clients see it.
pub fn fault(ctx: &Ctx, fault: Fault) -> Error {
    let mut argument = Vec::new();
    let (code, args) = match fault {
        Fault::Unauthenticated => ("UNAUTHENTICATED", Vec::new()),
        Fault::Forbidden { module, access } => (
            "FORBIDDEN",
            vec![("module", Arg::from(module.as_str())), ("access", Arg::from(access.as_str()))],
        ),
        Fault::PermissionsChanged => ("PERMISSIONS_CHANGED", Vec::new()),
        Fault::PageSizeInvalid { max } => {
            ("PAGE_SIZE_INVALID", vec![("max", Arg::Number(i64::try_from(max).unwrap_or(i64::MAX)))])
        }
        Fault::CursorInvalid => ("CURSOR_INVALID", Vec::new()),
        Fault::InputInvalid(problem) => {
            argument = problem.path;
            (problem.code, problem.args)
        }
        Fault::Store(_) | Fault::Internal(_) => {
            tracing::error!(request.id = %ctx.request, cause = %fault, "a request could not be answered");
            ("INTERNAL", vec![("request", Arg::from(ctx.request.to_string()))])
        }
    };
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    extensions.set("requestId", ctx.request.to_string());
    if !argument.is_empty() {
        // The way to the field at fault, from the field's arguments.
        let way = argument.into_iter().map(|step| Value::from(step.into_owned()));
        extensions.set("argument", Value::List(way.collect()));
    }
    Error { extensions: Some(extensions), ..Error::new(i18n::message(code, &args, ctx.lang)) }
}

/// Declares the types that problems are told with: what all have, and what each adds.
macro_rules! user_errors {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty,)* })+) => {
        $(
            $(#[$doc])*
            #[derive(SimpleObject)]
            pub struct $name {
                /// What the problem is, for programs: stable, in `SCREAMING_SNAKE_CASE`.
                #[graphql(owned)]
                code: &'static str,
                /// What the problem is and what to do, for people, in the language of the request (`Accept-Language`).
                #[graphql(owned)]
                message: String,
                /// The way to the field at fault, from the mutation's `input`; null when no one field is.
                #[graphql(owned)]
                path: Option<Vec<String>>,
                $($(#[$field_doc])* $field: $ty,)*
            }

            impl $name {
                /// The problem in the language of the request, with what this type adds.
                #[must_use]
                pub fn new(ctx: &Ctx, problem: &Problem $(, $field: $ty)*) -> Self {
                    Self {
                        code: problem.code,
                        message: i18n::message(problem.code, &problem.args, ctx.lang),
                        path: (!problem.path.is_empty()).then(|| problem.path.iter().map(ToString::to_string).collect()),
                        $($field,)*
                    }
                }
            }
        )+

        /// A problem that the caller can act on. Ask for `code`, `message` and `path` of any; the concrete types tell more.
        #[derive(Interface)]
        #[graphql(
            field(
                name = "code",
                ty = "&'static str",
                desc = "What the problem is, for programs: stable, in `SCREAMING_SNAKE_CASE`."
            ),
            field(
                name = "message",
                ty = "String",
                desc = "What the problem is and what to do, for people, in the language of the request (`Accept-Language`)."
            ),
            field(
                name = "path",
                ty = "Option<Vec<String>>",
                desc = "The way to the field at fault, from the mutation's `input`; null when no one field is."
            )
        )]
        #[expect(clippy::enum_variant_names, reason = "each variant is named as its type, which clients see")]
        pub enum UserError {
            $($name($name),)+
        }
    };
}

user_errors! {
    /// Something in the input cannot be used.
    InputError {}
    /// The rules refuse the send.
    RefusedError {
        /// What each rule said.
        decision: Decision,
    }
    /// The rules want the sender to confirm.
    ConfirmationRequiredError {
        /// The codes still to be given in `confirm`.
        codes: Vec<String>,
    }
    /// No such preview: never made, made by another account, or its token altered. All get this one answer.
    PreviewNotFoundError {}
    /// The preview was sent already.
    PreviewUsedError {
        /// The campaign that was sent from it.
        campaign: Option<Campaign>,
    }
    /// The preview is too old: make a new one.
    PreviewExpiredError {}
    /// What was previewed is no longer what would be sent: nothing was sent.
    PreviewStaleError {
        /// What would be sent now, as a new preview.
        preview: SmsPreview,
    }
    /// The credit left does not cover the cost.
    InsufficientCreditError {
        /// What the send costs, in SMS.
        required: i64,
        /// What is left to spend, in SMS.
        available: i64,
    }
    /// The campaign was completed: nothing of it is left to cancel.
    CampaignAlreadyCompletedError {
        /// The campaign.
        campaign: Option<Campaign>,
    }
    /// Who asks for an approval does not give it: another account does.
    OwnSendApprovalError {}
    /// Somebody approved or declined before: nothing was done.
    SendApprovalDecidedError {
        /// The request as it stands, with who decided and when.
        approval: SendApproval,
    }
    /// The idempotency key served already, for another request.
    IdempotencyConflictError {}
    /// The rule is the platform's, and its lock does not let a structure change it so.
    RuleLockedError {}
    /// Somebody changed the rule meanwhile: nothing was done.
    RuleConflictError {
        /// The version that won: the latest one saved, or the one in force now; null when none is in force any more.
        current: Option<RuleVersion>,
        /// Who won; null when that is not known.
        by: Option<Account>,
        /// When.
        at: Option<DateTime<Utc>>,
    }
    /// The manifest of a new rule does not say how it is called: nothing of it was kept.
    RuleManifestError {
        /// All that is wrong with the manifest.
        diagnostics: Vec<RuleDiagnostic>,
    }
    /// Somebody saved the template meanwhile: nothing was saved.
    TemplateConflictError {
        /// The version that is current now, with its author: start from it, or save over it on purpose.
        current: MessageTemplateVersion,
    }
}
