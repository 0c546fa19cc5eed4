//! Decisions as they were kept, read a page at a time, with the texts that they were taken on.
//!
//! Architecture Invariant: reads only, one structure, in the order in which they were taken or the other way.

use std::cmp::min;
use std::collections::HashMap;

use entity::enums::{Outcome, Stage};
use entity::ids::{DecisionId, PreviewId, StructureId};
use entity::sensitive::Sensitive;
use entity::{At, campaign, decision, preview};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
};

use crate::app::Ctx;
use crate::clock::earliest_id;
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
    /// The text of the message, where it was asked for and is still there.
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

/// Of which decisions the text is read too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Texts {
    /// Of none.
    None,
    /// Of those whose rules read it.
    WhereRead,
    /// Of all.
    All,
}

/// Some decisions of a structure, and how far they were read.
#[derive(Debug)]
pub struct Span {
    structure: StructureId,
    since: Option<At>,
    stages: Option<Vec<Stage>>,
    texts: Texts,
    order: Order,
    last: Option<DecisionId>,
}

impl Span {
    /// All since an instant, the first taken first, with the texts that their rules read.
    #[must_use]
    pub fn oldest_first(structure: StructureId, since: Option<At>) -> Self {
        Self { structure, since, stages: None, texts: Texts::WhereRead, order: Order::Asc, last: None }
    }

    /// Those of some stages since an instant, the last taken first.
    #[must_use]
    pub fn latest_first(structure: StructureId, since: At, stages: Vec<Stage>, texts: Texts) -> Self {
        Self { structure, since: Some(since), stages: Some(stages), texts, order: Order::Desc, last: None }
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
            // Ids tell when decisions were taken, so that older ones are not read.
            let earliest = DecisionId::from_uuid(earliest_id(*since));
            query = query.filter(Column::Id.gte(earliest)).filter(Column::DecidedAt.gte(since));
        }
        if let Some(stages) = &self.stages {
            query = query.filter(Column::Stage.is_in(stages.iter().copied()));
        }
        query
    }

    /// How many there are, however far they were read; no more are counted than `most`.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(&self, ctx: &Ctx, most: u64) -> Result<i64, Fault> {
        let some = self.query().select_only().column(decision::Column::Id).limit(most).into_query();
        let query = Query::select()
            .expr_as(Func::count(Expr::cust("*")), Alias::new("total"))
            .from_subquery(some, Alias::new("some"))
            .take();
        let row = ctx.store.readers().query_one(&query).await?;
        Ok(row.ok_or_else(|| Fault::internal("a count without a row"))?.try_get("", "total")?)
    }

    /// The next of them, no more than `most`; none at the end.
    ///
    /// # Errors
    /// The database's.
    pub async fn next(&mut self, ctx: &Ctx, most: u64) -> Result<Vec<Kept>, Fault> {
        use decision::Column;
        let columns =
            [Column::Id, Column::DecidedAt, Column::Stage, Column::Outcome, Column::Verdicts, Column::Facts];
        let mut query = self.query().select_only().columns(columns).limit(min(AT_A_TIME, most));
        query = query.order_by(Column::Id, self.order.clone());
        if let Some(last) = self.last {
            let onward = if self.order == Order::Asc { Column::Id.gt(last) } else { Column::Id.lt(last) };
            query = query.filter(onward);
        }
        let rows: Vec<Row> = query.into_model().all(ctx.store.readers()).await?;
        self.last = rows.last().map(|row| row.id).or(self.last);
        let mut texts = self.texts(ctx, &rows).await?;
        let kept = |row: Row| {
            let Row { id, decided_at: at, stage, outcome, verdicts, facts } = row;
            Kept { id, at, stage, outcome, verdicts, facts, text: texts.remove(&id) }
        };
        Ok(rows.into_iter().map(kept).collect())
    }

    async fn texts(&self, ctx: &Ctx, rows: &[Row]) -> Result<HashMap<DecisionId, Sensitive>, Fault> {
        let wanted = |row: &&Row| match self.texts {
            Texts::None => false,
            Texts::WhereRead => row.facts.get("message.text_sha256").is_some(),
            Texts::All => true,
        };
        texts(ctx, self.structure, rows.iter().filter(wanted).map(|row| row.id).collect()).await
    }
}

/// The texts that these decisions were taken on: that of the preview, or of the preview that was sent.
async fn texts(
    ctx: &Ctx,
    structure: StructureId,
    ids: Vec<DecisionId>,
) -> Result<HashMap<DecisionId, Sensitive>, Fault> {
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
