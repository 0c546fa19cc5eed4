//! Rules: those of the platform and those a structure wrote, their versions, and how they are changed.

mod backtest;
mod life;
mod mutation;
mod template;
mod trial;
mod version;

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::ids::RuleId;
use rules::Lang;

use super::account::Account;
use super::context::{Maybe, Session};
use super::node_id;
use super::page::{PageArgs, connection, cost, page_args};
use super::together::Together;
use crate::services::page::Page;
use crate::services::ruleset::{self, Origin, ParameterView, RuleKey, RuleView, VersionRow};

pub use backtest::{BacktestMutation, BacktestRuleInput, BacktestRulePayload};
pub use life::RuleLifeMutation;
pub use mutation::RuleMutation;
pub use template::RuleTemplateQuery;
pub use trial::{RuleFix, TrialMutation};
pub use version::{RuleDiagnostic, RuleVersion, RuleVersionConnection};

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
    /// When the hour of a message that was sent for later has come, before it leaves.
    Dispatch,
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
    /// The parameter whose value this one's must be greater than, by its name; null where there is none.
    above: Option<String>,
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
            above: view.above.clone(),
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

    /// Its place in the order in which the rules run, from 1; 0 of one that has none, being replaced or retired.
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

    /// The rule of the platform in whose place it runs, once a version of it is published; null for other rules.
    async fn replaces(&self, graphql: &Context<'_>) -> Maybe<Self> {
        other(graphql, self.view.replaces.as_ref()).await
    }

    /// The rule of the structure that runs in its place; null where it runs itself.
    async fn replaced_by(&self, graphql: &Context<'_>) -> Maybe<Self> {
        other(graphql, self.view.replaced_by.as_ref()).await
    }

    /// Since when it is out of use; null while it is in use.
    async fn retired_at(&self) -> Option<DateTime<Utc>> {
        self.view.retired_at.map(|at| *at)
    }

    /// Who took it out of use.
    async fn retired_by(&self, graphql: &Context<'_>) -> Maybe<Account> {
        let session = Session::of(graphql);
        session.maybe(session.account(self.view.retired_by)).await
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
            let publishers = found.values().flat_map(|page| &page.items);
            let publishers: Vec<_> = publishers.filter_map(|(_, row)| row.published_by).collect();
            session.read_accounts(node.field("publishedBy"), publishers).await?;
            let pages = found.values().flat_map(|page| &page.items);
            let before: Vec<_> = pages.map(|(_, row)| row.before()).collect();
            session.read_versions(node.field("diff"), before).await?;
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

/// Another rule of the structure that a rule names.
async fn other(graphql: &Context<'_>, key: Option<&RuleKey>) -> Maybe<Rule> {
    let session = Session::of(graphql);
    session
        .maybe(async {
            let Some(key) = key else {
                return Ok(None);
            };
            Ok(session.rules().await?.iter().find(|rule| rule.view.key == *key).cloned())
        })
        .await
}

connection! {
    /// A page of rules.
    RuleConnection {
        /// A rule in a page.
        RuleEdge { Rule }
    }
}
