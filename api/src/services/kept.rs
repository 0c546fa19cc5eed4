//! Decisions as they were kept, read a page at a time, with the texts that they were taken on.
//!
//! Architecture Invariant: reads only, one structure, in the order in which they were taken or the other way.

use std::collections::HashMap;

use entity::enums::{Outcome, Stage};
use entity::ids::{DecisionId, PreviewId, StructureId};
use entity::sensitive::Sensitive;
use entity::{At, campaign, decision, preview};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ColumnTrait, FromQueryResult, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::app::Ctx;
use crate::error::Fault;

/// Decisions read at a time: a few kilobytes each.
const AT_A_TIME: u64 = 200;

/// A decision as it was kept.
#[derive(Debug)]
pub struct Kept {
    /// The decision.
    pub id: DecisionId,
    /// When it was taken.
    pub at: At,
    /// At which stage.
    pub stage: Stage,
    /// What it came to.
    pub outcome: Outcome,
    /// What each rule answered, as its column holds it.
    pub verdicts: serde_json::Value,
    /// The facts that they read, by path.
    pub facts: serde_json::Value,
    /// The text of the message, where they read it and it is still there.
    pub text: Option<Sensitive>,
}

#[derive(FromQueryResult)]
struct Row {
    id: DecisionId,
    decided_at: At,
    stage: Stage,
    outcome: Outcome,
    verdicts: serde_json::Value,
    facts: serde_json::Value,
}

/// Some decisions of a structure, and how far they were read.
#[derive(Debug)]
pub struct Span {
    structure: StructureId,
    since: Option<At>,
    stages: Option<Vec<Stage>>,
    order: Order,
    last: Option<DecisionId>,
}

impl Span {
    /// All since an instant, the first taken first.
    #[must_use]
    pub fn oldest_first(structure: StructureId, since: Option<At>) -> Self {
        Self { structure, since, stages: None, order: Order::Asc, last: None }
    }

    /// Those of some stages since an instant, the last taken first.
    #[must_use]
    pub fn latest_first(structure: StructureId, since: At, stages: Vec<Stage>) -> Self {
        Self { structure, since: Some(since), stages: Some(stages), order: Order::Desc, last: None }
    }

    /// The structure.
    #[must_use]
    pub fn structure(&self) -> StructureId {
        self.structure
    }

    fn query(&self) -> Select<decision::Entity> {
        use decision::Column;
        let mut query = decision::in_structure(self.structure);
        if let Some(since) = self.since {
            query = query.filter(Column::DecidedAt.gte(since));
        }
        if let Some(stages) = &self.stages {
            query = query.filter(Column::Stage.is_in(stages.iter().copied()));
        }
        query
    }

    /// How many there are, however far they were read.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(&self, ctx: &Ctx) -> Result<i64, Fault> {
        let count = self.query().count(ctx.store.readers()).await?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The next of them; none at the end.
    ///
    /// # Errors
    /// The database's.
    pub async fn next(&mut self, ctx: &Ctx) -> Result<Vec<Kept>, Fault> {
        use decision::Column;
        let columns =
            [Column::Id, Column::DecidedAt, Column::Stage, Column::Outcome, Column::Verdicts, Column::Facts];
        let mut query = self.query().select_only().columns(columns).limit(AT_A_TIME);
        query = query.order_by(Column::Id, self.order.clone());
        if let Some(last) = self.last {
            let onward = if self.order == Order::Asc { Column::Id.gt(last) } else { Column::Id.lt(last) };
            query = query.filter(onward);
        }
        let rows: Vec<Row> = query.into_model().all(ctx.store.readers()).await?;
        self.last = rows.last().map(|row| row.id).or(self.last);
        let mut texts = texts(ctx, self.structure, &rows).await?;
        let kept = |row: Row| {
            let Row { id, decided_at: at, stage, outcome, verdicts, facts } = row;
            Kept { id, at, stage, outcome, verdicts, facts, text: texts.remove(&id) }
        };
        Ok(rows.into_iter().map(kept).collect())
    }
}

/// The texts that these decisions were taken on, of those whose rules read it: that of the preview, or of the preview that was sent.
async fn texts(
    ctx: &Ctx,
    structure: StructureId,
    rows: &[Row],
) -> Result<HashMap<DecisionId, Sensitive>, Fault> {
    let read = |row: &&Row| row.facts.get("message.text_sha256").is_some();
    let ids: Vec<DecisionId> = rows.iter().filter(read).map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let db = ctx.store.readers();
    let sent: Vec<(DecisionId, PreviewId)> = campaign::in_structure(structure)
        .select_only()
        .columns([campaign::Column::DecisionId, campaign::Column::PreviewId])
        .filter(campaign::Column::DecisionId.is_in(ids.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    let sent: HashMap<PreviewId, DecisionId> =
        sent.into_iter().map(|(decision, preview)| (preview, decision)).collect();
    let shown = preview::Column::DecisionId.is_in(ids);
    let shown: Vec<(PreviewId, DecisionId, Sensitive)> = preview::in_structure(structure)
        .select_only()
        .columns([preview::Column::Id, preview::Column::DecisionId, preview::Column::Text])
        .filter(shown.or(preview::Column::Id.is_in(sent.keys().copied())))
        .into_tuple()
        .all(db)
        .await?;
    let mut texts = HashMap::new();
    for (preview, decision, text) in shown {
        if let Some(sent) = sent.get(&preview) {
            texts.insert(*sent, text.clone());
        }
        texts.insert(decision, text);
    }
    Ok(texts)
}
