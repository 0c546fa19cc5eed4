//! A decision explained, months later: each rule that ran, what it answered, what it knew.
//!
//! Reads only, for the operator. The text of a message is not among what is told: decisions do not hold it.

use entity::enums::Stage;
use entity::ids::DecisionId;
use entity::{At, campaign, campaign_dispatch, decision, structure};
use rules::{LocalText, Outcome, Verdict};
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use serde_json::Value;
use uuid::Uuid;

use super::decisions::outcome_of;
use super::message::{self, Exclusion};
use super::ruleset::PastRules;
use crate::app::Ctx;
use crate::caller::Operator;
use crate::error::Fault;

/// A decision in full.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The decision.
    pub id: DecisionId,
    /// The name of its structure.
    pub structure: String,
    /// When it was taken.
    pub at: At,
    /// At which stage.
    pub stage: Stage,
    /// What the rules came to together.
    pub outcome: Outcome,
    /// Each rule that ran, in order.
    pub verdicts: Vec<Told>,
    /// Whom the campaign left out, by name, at most [`MAX_EXCLUSIONS`]; nobody of a decision that was asked for by its own id.
    pub exclusions: Vec<Exclusion>,
    /// How many it left out.
    pub excluded: i64,
    /// What was decided when the hour of the campaign had come; none of one that left at once, or waits, or of a decision asked for by its
    /// own id.
    pub dispatch: Option<DecisionId>,
}

/// The most people named whom a campaign left out: more are told by number, and read through the API.
pub const MAX_EXCLUSIONS: i32 = 100;

/// One verdict, with what is known of its rule.
#[derive(Debug, Clone)]
pub struct Told {
    /// What it answered.
    pub verdict: Verdict,
    /// How the rule is called; none when that version is there no more.
    pub title: Option<LocalText>,
    /// The facts that it read, by path; none of one that was not kept. Without the rule, all that the decision kept.
    pub facts: Vec<(String, Option<Value>)>,
}

/// The decision of that id, or the one on which the campaign of that id was sent; none when there is neither.
///
/// # Errors
/// The database's.
pub async fn explain(ctx: &Ctx, operator: Operator, id: Uuid) -> Result<Option<Explained>, Fault> {
    let db = ctx.store.readers();
    let sent = campaign::by_id(id.into()).one(db).await?;
    let wanted = sent.as_ref().map_or_else(|| DecisionId::from_uuid(id), |campaign| campaign.decision_id);
    let Some(row) = decision::by_id(wanted).one(db).await? else { return Ok(None) };
    let name = structure::by_id(row.structure_id).one(db).await?.map(|structure| structure.name);
    let verdicts: Vec<Verdict> = serde_json::from_value(row.verdicts).map_err(Fault::internal)?;
    let mut rules = PastRules::of(row.structure_id);
    let mut told = Vec::new();
    for verdict in verdicts {
        let rule = rules.find(ctx, &verdict).await?.rule();
        let kept = |path: &str| (path.to_owned(), row.facts.get(path).cloned());
        let facts = match (rule, &row.facts) {
            (Some(rule), _) => rule.reads().map(kept).collect(),
            (None, Value::Object(all)) => all.keys().map(|path| kept(path)).collect(),
            (None, _) => Vec::new(),
        };
        let title = rule.map(|rule| rule.manifest().title.clone());
        told.push(Told { verdict, title, facts });
    }
    let (mut exclusions, mut excluded, mut dispatch) = (Vec::new(), 0, None);
    if let Some(sent) = sent {
        let place = (sent.structure_id, sent.id);
        (exclusions, excluded) = message::first_exclusions(ctx, operator, place, MAX_EXCLUSIONS).await?;
        let judged = campaign_dispatch::in_structure(sent.structure_id)
            .filter(campaign_dispatch::Column::CampaignId.eq(sent.id));
        dispatch = judged.one(db).await?.map(|row| row.decision_id);
    }
    Ok(Some(Explained {
        id: row.id,
        structure: name.unwrap_or_default(),
        at: row.decided_at,
        stage: row.stage,
        outcome: outcome_of(row.outcome),
        verdicts: told,
        exclusions,
        excluded,
        dispatch,
    }))
}
