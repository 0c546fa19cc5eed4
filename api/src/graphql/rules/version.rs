//! The versions of a rule.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use rules::{Diagnostic, Lang};

use crate::graphql::account::Account;
use crate::graphql::context::{Maybe, Session};
use crate::graphql::node_id::NodeId;
use crate::graphql::page::connection;
use crate::services::ruleset::{self, VersionRow};

/// Where a version of a rule stands.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "entity::enums::RuleVersionState")]
pub enum RuleVersionState {
    /// It was saved, and has never run.
    Draft,
    /// It is the one that runs.
    Published,
    /// It ran until another was published.
    Superseded,
}

/// How grave a diagnostic is.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "rules::Severity")]
pub enum Severity {
    /// The rule cannot be published.
    Error,
    /// The rule can be published, and its author should look.
    Warning,
}

/// Which of a rule's two texts is meant.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "rules::Half")]
pub enum RuleSource {
    /// The manifest.
    Manifest,
    /// The script.
    Script,
}

/// What a check said of a version of a rule.
#[derive(SimpleObject)]
pub struct RuleDiagnostic {
    /// The text that the line and the column are of.
    source: RuleSource,
    /// How grave it is.
    severity: Severity,
    /// What is wrong, in the language of the request (`Accept-Language`). What concerns the manifest names its key.
    message: String,
    /// The line, from 1; 0 when the text is at fault as a whole.
    line: u32,
    /// The column in characters, from 1; 0 when the text is at fault as a whole.
    column: u32,
    /// What to do, where it can be told.
    hint: Option<String>,
}

impl RuleDiagnostic {
    pub(super) fn new(diagnostic: &Diagnostic, lang: Lang) -> Self {
        let place = |number: usize| u32::try_from(number).unwrap_or(0);
        Self {
            source: diagnostic.source().into(),
            severity: diagnostic.severity.into(),
            message: diagnostic.message.get(lang).to_owned(),
            line: place(diagnostic.line),
            column: place(diagnostic.column),
            hint: diagnostic.hint.as_ref().map(|hint| hint.get(lang).to_owned()),
        }
    }
}

/// One version of a rule that a structure wrote.
#[derive(Clone)]
pub struct RuleVersion(VersionRow);

impl From<VersionRow> for RuleVersion {
    fn from(row: VersionRow) -> Self {
        Self(row)
    }
}

/// One version of a rule that a structure wrote. Its texts never change.
#[Object]
impl RuleVersion {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::RuleVersion(self.0.id).encode()
    }

    /// Its rank among the versions of the rule, from 1.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// Where it stands.
    async fn state(&self) -> RuleVersionState {
        self.0.state.into()
    }

    /// Its manifest, in TOML.
    async fn manifest(&self) -> &str {
        &self.0.manifest
    }

    /// Its script: one expression.
    async fn source(&self) -> &str {
        &self.0.source
    }

    /// What it changed of the version before it, as a unified diff of the two files, `<slug>.toml` and `<slug>.rhai`; empty when nothing,
    /// null for the first version.
    #[graphql(complexity = 20)]
    async fn diff(&self, graphql: &Context<'_>) -> Maybe<String> {
        let session = Session::of(graphql);
        session
            .maybe(async {
                let Some(before) = session.version_before(&self.0).await? else {
                    return Ok(None);
                };
                Ok(Some(ruleset::diff(before, self.0.clone()).await?))
            })
            .await
    }

    /// Who wrote it.
    async fn author(&self, graphql: &Context<'_>) -> Maybe<Account> {
        let session = Session::of(graphql);
        session.maybe(session.account(self.0.author)).await
    }

    /// When it was saved.
    async fn created_at(&self) -> DateTime<Utc> {
        *self.0.created_at
    }

    /// When it was put in force; null for a draft.
    async fn published_at(&self) -> Option<DateTime<Utc>> {
        self.0.published_at.map(|at| *at)
    }

    /// Who put it in force; null for a draft.
    async fn published_by(&self, graphql: &Context<'_>) -> Maybe<Account> {
        let session = Session::of(graphql);
        session.maybe(session.account(self.0.published_by)).await
    }

    /// What its author said of it; null when nothing.
    async fn comment(&self) -> Option<&str> {
        self.0.comment.as_deref()
    }

    /// What the checks said of it when it was saved. With one of severity ERROR it cannot be published.
    async fn diagnostics(&self, graphql: &Context<'_>) -> Vec<RuleDiagnostic> {
        let lang = Session::of(graphql).ctx.lang;
        self.0.diagnostics.0.iter().map(|diagnostic| RuleDiagnostic::new(diagnostic, lang)).collect()
    }
}

connection! {
    /// A page of versions of a rule.
    RuleVersionConnection {
        /// A version of a rule in a page.
        RuleVersionEdge { RuleVersion }
    }
}
