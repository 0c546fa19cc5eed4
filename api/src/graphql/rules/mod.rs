//! Rules: those of the platform and those a structure wrote, their versions, and how they are changed.

mod mutation;
mod trial;

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::ids::RuleId;
use rules::{Diagnostic, Lang};

use super::account::Account;
use super::context::{Maybe, Session};
use super::node_id::{self, NodeId};
use super::page::{PageArgs, connection, cost, page_args};
use super::together::Together;
use crate::services::page::Page;
use crate::services::ruleset::{self, Origin, ParameterView, RuleKey, RuleView, VersionRow};

pub use mutation::RuleMutation;
pub use trial::TrialMutation;

/// Whose rule it is.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
pub enum RuleOrigin {
    /// The platform's: built in, or added by the operator.
    Platform,
    /// Written by the structure.
    Structure,
}

/// What a structure may change of a rule.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "rules::Lock")]
pub enum RuleLock {
    /// Its parameters, within their bounds.
    Locked,
    /// Its parameters and its state.
    Adjustable,
    /// Its script too. A structure's own rules are all so.
    Replaceable,
}

/// When a rule runs.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "rules::Stage")]
pub enum RuleStage {
    /// When a message is previewed.
    Preview,
    /// When it is sent.
    Send,
    /// For each person of the audience, before anything is counted: the rule may only leave that person out.
    Recipient,
}

/// Whether a rule counts.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "rules::State")]
pub enum RuleState {
    /// It runs, and counts.
    Active,
    /// It runs and is recorded, and changes nothing: how a rule is tried.
    Observed,
    /// It does not run.
    Off,
}

/// What a parameter holds.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "rules::ParamKind")]
pub enum RuleParameterType {
    /// A whole number.
    Int,
    /// A text.
    String,
    /// `true` or `false`.
    Bool,
    /// An hour of the day, as `08:30`.
    Time,
    /// Several texts, as a JSON array.
    List,
}

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

/// What can be set of a rule. Values are in the notation of manifests; type, bounds and options are enough to draw a form.
#[derive(SimpleObject)]
pub struct RuleParameter {
    /// Its name, for programs.
    name: String,
    /// How it is called, in the language of the request (`Accept-Language`).
    title: String,
    /// What it holds.
    #[graphql(name = "type")]
    kind: RuleParameterType,
    /// Its value.
    value: String,
    /// Its value where the structure set none.
    default: String,
    /// The least value; null where there is none.
    min: Option<String>,
    /// The greatest value; null where there is none.
    max: Option<String>,
    /// The only texts it may be, or hold; null where any will do.
    options: Option<Vec<String>>,
}

impl RuleParameter {
    fn new(view: &ParameterView, lang: Lang) -> Self {
        Self {
            name: view.name.clone(),
            title: view.title.get(lang).to_owned(),
            kind: view.kind.into(),
            value: view.value.clone(),
            default: view.default.clone(),
            min: view.min.clone(),
            max: view.max.clone(),
            options: view.options.clone(),
        }
    }
}

/// What a check said of a version of a rule.
#[derive(SimpleObject)]
pub struct RuleDiagnostic {
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
    fn new(diagnostic: &Diagnostic, lang: Lang) -> Self {
        let place = |number: usize| u32::try_from(number).unwrap_or(0);
        Self {
            severity: diagnostic.severity.into(),
            message: diagnostic.message.get(lang).to_owned(),
            line: place(diagnostic.line),
            column: place(diagnostic.column),
            hint: diagnostic.hint.as_ref().map(|hint| hint.get(lang).to_owned()),
        }
    }
}

/// Rules that were read together, and pages of their versions.
type Versions = Together<RuleId, PageArgs, Page<VersionRow>>;

/// A rule, of the platform or of the structure.
#[derive(Clone)]
pub struct Rule {
    view: RuleView,
    together: Arc<Versions>,
}

impl Rule {
    /// These rules, read together.
    pub fn together(views: Vec<RuleView>) -> Vec<Self> {
        let own = |view: &RuleView| match view.key {
            RuleKey::Own(id) => Some(id),
            RuleKey::Platform(_) => None,
        };
        let together = Arc::new(Versions::new(views.iter().filter_map(own)));
        views.into_iter().map(|view| Self { view, together: Arc::clone(&together) }).collect()
    }

    /// What services show of it.
    pub fn view(&self) -> &RuleView {
        &self.view
    }
}

impl From<RuleView> for Rule {
    fn from(view: RuleView) -> Self {
        let together = match view.key {
            RuleKey::Own(id) => Versions::new([id]),
            RuleKey::Platform(_) => Versions::new([]),
        };
        Self { view, together: Arc::new(together) }
    }
}

/// A rule: a script that every preview and every send must satisfy, with its title, parameters and messages.
#[Object]
impl Rule {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        node_id::of_rule(&self.view.key)
    }

    /// Its name for programs: `a-z`, `0-9` and `-`.
    async fn slug(&self) -> &str {
        &self.view.slug
    }

    /// How it is called, in the language of the request (`Accept-Language`).
    async fn title(&self, graphql: &Context<'_>) -> &str {
        self.view.title.get(Session::of(graphql).ctx.lang)
    }

    /// What it is for, in the language of the request; empty for a draft whose manifest cannot be read.
    async fn description(&self, graphql: &Context<'_>) -> &str {
        self.view.description.get(Session::of(graphql).ctx.lang)
    }

    /// Whose rule it is.
    async fn origin(&self) -> RuleOrigin {
        match self.view.origin {
            Origin::Platform => RuleOrigin::Platform,
            Origin::Structure => RuleOrigin::Structure,
        }
    }

    /// What the structure may change of it.
    async fn lock(&self) -> RuleLock {
        self.view.lock.into()
    }

    /// When it runs; empty for a draft whose manifest cannot be read.
    async fn stages(&self) -> Vec<RuleStage> {
        self.view.stages.iter().map(|stage| (*stage).into()).collect()
    }

    /// Whether it counts; OFF as long as no version of it is published.
    async fn state(&self) -> RuleState {
        self.view.state.into()
    }

    /// Its place in the order in which the rules run, from 1.
    async fn position(&self) -> i32 {
        self.view.position
    }

    /// What can be set of it, by name.
    async fn parameters(&self, graphql: &Context<'_>) -> Vec<RuleParameter> {
        let lang = Session::of(graphql).ctx.lang;
        self.view.parameters.iter().map(|view| RuleParameter::new(view, lang)).collect()
    }

    /// The published version of a rule that the structure wrote; null where none is, and for a rule of the platform.
    async fn active(&self) -> Option<RuleVersion> {
        self.view.active.clone().map(RuleVersion::from)
    }

    /// The versions of a rule that the structure wrote, latest first; null for a rule of the platform.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn versions(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 25 when neither is given. Not with `last`.")]
        first: Option<i32>,
        #[graphql(desc = "Only what follows the item with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes the item with this cursor.")] before: Option<String>,
    ) -> Maybe<RuleVersionConnection> {
        let session = Session::of(graphql);
        let args = page_args(graphql, first, after, last, before);
        let node = graphql.look_ahead().field("edges").field("node");
        // Boxed: the future that holds it would take much of a stack.
        let read = Box::pin(async {
            let (caller, rules) = (session.caller()?, self.together.keys());
            let found = ruleset::versions_of_each(&session.ctx, caller, rules, &args).await?;
            let pages = found.values().flat_map(|page| &page.items);
            let authors: Vec<_> = pages.map(|(_, row)| row.author).collect();
            session.read_accounts(node.field("author"), authors).await?;
            Ok(found)
        });
        session
            .maybe(async {
                let RuleKey::Own(rule) = self.view.key else {
                    return Ok(None);
                };
                Ok(self.together.of(rule, args.clone(), read).await?.map(Into::into))
            })
            .await
    }
}

connection! {
    /// A page of rules.
    RuleConnection {
        /// A rule in a page.
        RuleEdge { Rule }
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

    /// Who wrote it.
    async fn author(&self, graphql: &Context<'_>) -> Maybe<Account> {
        let session = Session::of(graphql);
        session.maybe(session.account(self.0.author)).await
    }

    /// When it was saved.
    async fn created_at(&self) -> DateTime<Utc> {
        *self.0.created_at
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
