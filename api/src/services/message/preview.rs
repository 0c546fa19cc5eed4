//! The preview: the plan shown in full, with everything that the rules say, before anything is sent.
//!
//! Architecture Invariant: a preview writes itself and its decision, nothing else. Its token serves its account only.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::At;
use entity::enums::{Module, Purpose};
use entity::ids::{DecisionId, MessageTemplateVersionId, PreviewId};
use entity::message_template_version;
use entity::preview::{self, Model};
use entity::sensitive::{Digest, Sensitive};
use rules::Stage;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::facts::Size;
use super::letter::{Letter, Style};
use super::plan::{Draft, Plan, merge_problem, plan, stored};
use super::tally::{EmptyField, Spread};
use super::wording::{Metrics, Offender, Wording};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::domain::replacement::EncodingPolicy;
use crate::domain::segments::Encoding;
use crate::domain::sender::SenderName;
use crate::domain::text::MessageText;
use crate::error::{Failure, Fault, Problem};
use crate::services::audience::Audience;
use crate::services::decisions::{self, DecisionRow};
use crate::services::people::columns;
use crate::services::{ruleset, structures};

/// What to preview.
#[derive(Debug, Clone)]
pub struct PreviewInput {
    /// Whom it is for.
    pub audience: Audience,
    /// The text, as the user wrote it.
    pub text: String,
    /// Why it is sent.
    pub purpose: Purpose,
    /// The sender that is asked for; none means the structure's default.
    pub sender: Option<String>,
    /// The version of a template that the text was started from.
    pub template: Option<MessageTemplateVersionId>,
    /// When it shall leave; none means at once.
    pub send_at: Option<DateTime<Utc>>,
}

/// A preview, as its account sees it.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The preview.
    pub id: PreviewId,
    /// Why it is sent.
    pub purpose: Purpose,
    /// What `sendSms` asks for.
    pub token: String,
    /// Until when the token serves.
    pub expires_at: At,
    /// When it shall leave; none means at once.
    pub send_at: Option<At>,
    /// The sender that it shows; none when the structure has none, and of previews made before there was a choice.
    pub sender: Option<String>,
    /// The text as the first person by name reads it.
    pub body: String,
    /// What the counter shows.
    pub metrics: Metrics,
    /// People whom it reaches.
    pub recipient_count: i64,
    /// People of the audience whom it does not reach.
    pub excluded_count: i64,
    /// SMS to send.
    pub message_count: i64,
    /// What it costs, in SMS.
    pub cost: i64,
    /// The credit held when it was made.
    pub balance: i64,
    /// How many messages take how many parts.
    pub spread: Vec<Spread>,
    /// The fields that say nothing to some.
    pub empty: Vec<EmptyField>,
    /// What the rules said.
    pub decision: DecisionRow,
}

/// What a preview keeps of its texts, beside the first and the size of the longest.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Reading {
    /// The sender shown.
    #[serde(default)]
    sender: Option<String>,
    stop_mention: String,
    /// The length of the longest, without the mention.
    length: i64,
    room: i64,
    offenders: Vec<Offender>,
    saves: i64,
    spread: Vec<Spread>,
    empty: Vec<EmptyField>,
    /// Messages in which some field says nothing.
    #[serde(default)]
    unfilled: i64,
}

impl Reading {
    fn of_plan(plan: &Plan) -> Self {
        let (offenders, saves) = plan.dear.clone();
        Self {
            sender: plan.sender.clone(),
            stop_mention: plan.letter.mention().to_owned(),
            length: plan.longest.length(),
            room: plan.longest.room(),
            offenders,
            saves,
            spread: plan.spread.clone(),
            empty: plan.empty.clone(),
            unfilled: plan.unfilled,
        }
    }

    /// That of a row; of one that was written before there was any, what its text alone tells.
    fn of_row(row: &Model) -> Result<Self, Fault> {
        if let Some(kept) = &row.reading {
            return serde_json::from_value(kept.clone()).map_err(Fault::internal);
        }
        let stop_mention = row.body.expose().strip_prefix(row.text.expose()).unwrap_or_default();
        let wording = Wording::new(row.text.expose().to_owned(), EncodingPolicy::Exact, stop_mention);
        let stop_mention = stop_mention.to_owned();
        Ok(Self { stop_mention, length: wording.length(), room: wording.room(), ..Self::default() })
    }
}

/// Previews a message, for any account of the structure: whoever may not send sees why.
///
/// # Errors
/// The problems of the text, of the sender and of the audience; `TEMPLATE_NOT_FOUND`.
pub async fn preview(ctx: &Ctx, caller: &Caller, input: PreviewInput) -> Result<Preview, Failure> {
    let template = input.template;
    let draft = Draft::new(input)?;
    check_template(ctx, caller, template).await?;
    preview_draft(ctx, caller, draft).await
}

/// Whoever may not read templates finds none.
async fn check_template(
    ctx: &Ctx,
    caller: &Caller,
    template: Option<MessageTemplateVersionId>,
) -> Result<(), Failure> {
    let Some(id) = template else {
        return Ok(());
    };
    let found = match caller.may_read(Module::CommunicationSms) {
        Ok(scope) => message_template_version::by_id_in(scope.structure, id).one(ctx.store.readers()).await?,
        Err(_) => None,
    };
    let not_found = || Problem::new("TEMPLATE_NOT_FOUND").at(&["message", "template"]);
    Ok(found.map(|_| ()).ok_or_else(not_found)?)
}

/// Plans a draft and keeps the plan as a preview.
pub(super) async fn preview_draft(ctx: &Ctx, caller: &Caller, draft: Draft) -> Result<Preview, Failure> {
    let plan = plan(ctx, ctx.store.readers(), caller, draft, Stage::Preview).await?;
    let id: PreviewId = ctx.id();
    let (limit, task_ctx, account) = (plan.limit, ctx.clone(), caller.clone());
    let (row, decision) = ctx
        .store
        .write::<_, Failure, _>(move |tx| {
            Box::pin(async move {
                let decision =
                    decisions::insert(tx, &task_ctx, &account, entity::enums::Stage::Preview, &plan.decision)
                        .await?;
                let row = insert(tx, &task_ctx, &account, id, &plan, &decision).await?;
                Ok((row, decision))
            })
        })
        .await?;
    Ok(assemble(ctx, &row, limit, decision)?)
}

async fn insert(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    id: PreviewId,
    plan: &Plan,
    decision: &DecisionRow,
) -> Result<Model, Failure> {
    let lifetime = ctx.config.preview.lifetime;
    let longest = &plan.longest;
    let row = preview::ActiveModel {
        id: Set(id),
        structure_id: Set(caller.structure),
        account_id: Set(caller.account),
        decision_id: Set(decision.id),
        token_hash: Set(token_hash(&ctx.keys.preview_token(id))),
        audience: Set(serde_json::to_value(&plan.audience).map_err(Fault::internal)?),
        text: Set(Sensitive::new(plan.letter.text().as_str())),
        template_version_id: Set(plan.template),
        sender: Set(plan.asked.as_ref().map(SenderName::to_string)),
        encoding_policy: Set(structures::stored_policy(plan.letter.policy())),
        purpose: Set(plan.purpose),
        send_at: Set(plan.send_at),
        body: Set(Sensitive::new(shown_to(caller, plan).as_ref())),
        encoding: Set(stored(longest.measure.encoding)),
        length: Set(super::plan::count(longest.measure.length_units)),
        segments: Set(i32::try_from(longest.segments()).map_err(Fault::internal)?),
        reading: Set(Some(serde_json::to_value(Reading::of_plan(plan)).map_err(Fault::internal)?)),
        plan_hash: Set(plan.hash.clone()),
        rules_hash: Set(plan.rules_hash.clone()),
        recipient_count: Set(plan.counts.reachable),
        excluded_count: Set(plan.excluded()),
        message_count: Set(plan.messages),
        cost: Set(plan.cost),
        balance: Set(plan.credit.balance),
        created_at: Set(ctx.at()),
        expires_at: Set(At::from(ctx.now() + lifetime)),
    };
    Ok(preview::Entity::insert(row).exec_with_returning(tx).await?)
}

/// The first text, to who may read people; to others, what it would say to someone of whom nothing is known.
fn shown_to<'p>(caller: &Caller, plan: &'p Plan) -> Cow<'p, str> {
    if plan.letter.common().is_some() || caller.may_read(Module::People).is_ok() {
        Cow::Borrowed(&plan.first)
    } else {
        Cow::Owned(plan.letter.to_nobody().body)
    }
}

/// The previews of those ids that are the caller's own, in no particular order, with as many statements however many; others
/// are passed over. At most a page of ids.
///
/// # Errors
/// The database's.
pub async fn by_ids(ctx: &Ctx, caller: &Caller, ids: &[PreviewId]) -> Result<Vec<Preview>, Fault> {
    let db = ctx.store.readers();
    let query = preview::in_structure(caller.structure)
        .filter(preview::Column::AccountId.eq(caller.account))
        .filter(preview::Column::Id.is_in(ids.iter().copied()));
    let rows = query.all(db).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let decisions: Vec<DecisionId> = rows.iter().map(|row| row.decision_id).collect();
    let decisions = decisions::by_ids(ctx, caller, &decisions).await?;
    let mut decisions: HashMap<_, _> = decisions.into_iter().map(|row| (row.id, row)).collect();
    let limit = super::plan::length_limit(&ruleset::active(ctx, db, caller.structure).await?);
    let preview = |row: &Model| {
        let decision = decisions.remove(&row.decision_id);
        let decision = decision.ok_or_else(|| Fault::internal("a preview without its decision"))?;
        assemble(ctx, row, limit, decision)
    };
    rows.iter().map(preview).collect()
}

/// The row of a preview of the caller's own.
pub(super) async fn own(
    db: &impl ConnectionTrait,
    caller: &Caller,
    id: PreviewId,
) -> Result<Option<Model>, Fault> {
    let query = preview::by_id_in(caller.structure, id).filter(preview::Column::AccountId.eq(caller.account));
    Ok(query.one(db).await?)
}

/// What a preview was asked for.
pub(super) fn draft_of(row: &Model) -> Result<Draft, Fault> {
    Ok(Draft {
        audience: audience_of(row)?,
        text: text_of(row)?,
        purpose: row.purpose,
        sender: row.sender.as_deref().map(sender).transpose()?,
        template: row.template_version_id,
        send_at: row.send_at,
    })
}

/// The text of a preview, as its user wrote it.
fn text_of(row: &Model) -> Result<MessageText, Fault> {
    MessageText::parse(row.text.expose()).map_err(|error| Fault::internal(error.code()))
}

/// A sender that was read when it came in.
pub(super) fn sender(stored: &str) -> Result<SenderName, Fault> {
    SenderName::parse(stored).map_err(Fault::internal)
}

/// What a preview sends, as its structure is called now.
///
/// # Errors
/// [`Fault::InputInvalid`] when a column that the text names was removed since; the database's.
pub(super) async fn letter_of(
    db: &impl ConnectionTrait,
    row: &Model,
    structure: &str,
) -> Result<Letter, Fault> {
    let (policy, reading) = (structures::encoding_policy(row.encoding_policy), Reading::of_row(row)?);
    let style = Style { policy, mention: &reading.stop_mention, structure };
    let text = text_of(row)?;
    let own = columns::named_in(db, row.structure_id, text.as_str()).await?;
    Letter::new(text, style, &own).map_err(|error| Fault::InputInvalid(merge_problem(&error, &[])))
}

/// The sender that a preview showed.
pub(super) fn shown_sender(row: &Model) -> Result<Option<String>, Fault> {
    Ok(Reading::of_row(row)?.sender)
}

/// The size of the longest text of a preview.
pub(super) fn size(row: &Model) -> Result<Size, Fault> {
    let length = Reading::of_row(row)?.length;
    Ok(Size { length, segments: i64::from(row.segments), encoding: encoding_of(row) })
}

/// How many of its messages have a field that says nothing.
pub(super) fn unfilled(row: &Model) -> Result<i64, Fault> {
    Ok(Reading::of_row(row)?.unfilled)
}

fn encoding_of(row: &Model) -> Encoding {
    match row.encoding {
        entity::enums::Encoding::Gsm7 => Encoding::Gsm7,
        entity::enums::Encoding::Ucs2 => Encoding::Ucs2,
    }
}

/// The audience that a preview was asked for.
pub(super) fn audience_of(row: &Model) -> Result<Audience, Fault> {
    serde_json::from_value(row.audience.clone()).map_err(Fault::internal)
}

fn assemble(ctx: &Ctx, row: &Model, limit: i64, decision: DecisionRow) -> Result<Preview, Fault> {
    let Reading { sender, stop_mention, length, room, offenders, saves, spread, empty, .. } =
        Reading::of_row(row)?;
    let metrics = Metrics {
        length,
        limit,
        remaining_in_segment: room,
        encoding: encoding_of(row),
        segments: i64::from(row.segments),
        stop_mention,
        offenders,
        saves,
    };
    Ok(Preview {
        id: row.id,
        purpose: row.purpose,
        token: ctx.keys.preview_token(row.id),
        expires_at: row.expires_at,
        send_at: row.send_at,
        sender,
        body: row.body.expose().to_owned(),
        metrics,
        recipient_count: row.recipient_count,
        excluded_count: row.excluded_count,
        message_count: row.message_count,
        cost: row.cost,
        balance: row.balance,
        spread,
        empty,
        decision,
    })
}

/// The hash under which a token is stored.
pub(super) fn token_hash(token: &str) -> Digest {
    Digest::new(Sha256::digest(token.as_bytes()).into())
}
