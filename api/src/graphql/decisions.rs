//! What the rules decided.

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use rules::Lang;

use super::context::{Maybe, Session};
use super::node_id::NodeId;
use super::page::connection;
use super::rules::{Rule, RuleFix};
use crate::services::decisions::DecisionRow;

/// What the rules said together: the gravest of what each said.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "rules::Outcome")]
pub enum Outcome {
    /// Go ahead.
    Allowed,
    /// Go ahead once the codes of the verdicts at level CONFIRM are confirmed.
    ConfirmationRequired,
    /// No.
    Refused,
}

/// How grave a verdict is; from the least grave: PASS, WARN, SKIP, CONFIRM, DENY, ERROR.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "rules::Level")]
pub enum VerdictLevel {
    /// The rule has nothing to say.
    Pass,
    /// It says something, and stops nothing.
    Warn,
    /// It leaves people out, and stops nothing.
    Skip,
    /// Whoever sends must confirm its code.
    Confirm,
    /// It refuses.
    Deny,
    /// It failed, and therefore refuses.
    Error,
}

/// Whose rule gave a verdict.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "rules::Origin")]
pub enum VerdictOrigin {
    /// One that is built in.
    BuiltIn,
    /// One that the operator of the server added, or put in the place of a built-in.
    Plugin,
    /// One that the structure wrote, in the place of one of the platform's or beside them.
    Own,
}

/// What one rule said.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Verdict {
    /// The rule, by its name for programs.
    rule_slug: String,
    /// Which version of the rule ran.
    version: i64,
    /// Whose rule ran; null of decisions taken before this was kept.
    origin: Option<VerdictOrigin>,
    /// How grave it is.
    level: VerdictLevel,
    /// What it is, for programs: one of the rule's own codes, `PASS` or `RULE_ERROR`.
    code: String,
    /// What it is, for people, in the language of the request (`Accept-Language`).
    message: String,
    /// A page that helps; null where the rule has none, or passes.
    help_url: Option<String>,
    /// Whether the rule is only tried out: its verdict then counts for nothing.
    observed_only: bool,
    /// The operations that the rule's script took: a measure of its work.
    operations: i64,
    /// How many people the rule leaves out, where it looks at one after another (`RECIPIENT`); 0 of any other rule.
    people: i64,
    /// What would be enough for the rule to pass, as one sentence in the language of the request: “Shorten by 12 characters.” Null where the
    /// rule neither asks nor refuses, and where nothing that a user can change is enough.
    fix: Option<String>,
    /// The same as data, each change enough by itself.
    fixes: Vec<RuleFix>,
}

impl Verdict {
    fn new(verdict: &rules::Verdict, lang: Lang) -> Self {
        Self {
            rule_slug: verdict.slug.clone(),
            version: verdict.version,
            origin: verdict.origin.map(VerdictOrigin::from),
            level: verdict.level.into(),
            code: verdict.code.clone(),
            message: verdict.message.get(lang).to_owned(),
            help_url: verdict.help_url.clone(),
            observed_only: verdict.observed_only,
            operations: verdict.operations,
            people: verdict.people,
            fix: rules::sentence(&verdict.fixes).map(|text| text.get(lang).to_owned()),
            fixes: verdict.fixes.iter().map(|fix| RuleFix::new(fix, lang)).collect(),
        }
    }
}

#[ComplexObject]
impl Verdict {
    /// The rule as it is now; null when there is none of that name any more. Needs `READ` on RULES.
    async fn rule(&self, graphql: &Context<'_>) -> Maybe<Rule> {
        let session = Session::of(graphql);
        session
            .maybe(async {
                let rules = session.rules().await?;
                Ok(rules.iter().find(|rule| rule.view().slug == self.rule_slug).cloned())
            })
            .await
    }
}

/// What the rules said of a preview or a send.
#[derive(Clone)]
pub struct Decision(DecisionRow);

impl From<DecisionRow> for Decision {
    fn from(row: DecisionRow) -> Self {
        Self(row)
    }
}

/// What the rules said of a preview or a send: every rule that ran, not only the first to refuse.
#[Object]
impl Decision {
    /// The id of this object.
    pub async fn id(&self) -> ID {
        NodeId::Decision(self.0.id).encode()
    }

    /// When it was taken.
    async fn at(&self) -> DateTime<Utc> {
        *self.0.at
    }

    /// What the rules came to together.
    async fn outcome(&self) -> Outcome {
        self.0.outcome.into()
    }

    /// What each of them said, in the order of their places; those that leave people out come last.
    async fn verdicts(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "Only those at this level or a graver one; all when absent.")] at_least: Option<
            VerdictLevel,
        >,
    ) -> Vec<Verdict> {
        let lang = Session::of(graphql).ctx.lang;
        let least = at_least.map_or(rules::Level::Pass, rules::Level::from);
        let grave = self.0.verdicts.iter().filter(|verdict| verdict.level >= least);
        grave.map(|verdict| Verdict::new(verdict, lang)).collect()
    }
}

connection! {
    /// A page of decisions.
    DecisionConnection {
        /// A decision in a page.
        DecisionEdge { Decision }
    }
}
