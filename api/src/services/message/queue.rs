//! Writing a campaign and its messages: the message table is the queue.
//!
//! Architecture Invariant: written in the transaction of the send, in chunks, from a second scan of the audience that is bound as
//! the first was; whoever calls compares the two.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use entity::At;
use entity::enums::{CampaignState, MessageState};
use entity::ids::{CampaignId, DecisionId, MessageId, PreviewId};
use entity::sensitive::Sensitive;
use entity::{campaign, message, message_person};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::SendProblem;
use super::binder::{Binder, Bound};
use super::letter::Addressed;
use super::plan::{Plan, stored};
use crate::app::Ctx;
use crate::caller::Caller;
use crate::clock::Ids;
use crate::domain::short_code;
use crate::error::{Failure, Fault};
use crate::services::audience::Recipient;
use crate::services::{expire, prices};

/// Rows inserted by one statement: 17 columns each, far below SQLite's 32,766 variables.
const ROWS_PER_STATEMENT: usize = 1_000;

/// Inserts the campaign, all its messages queued.
pub async fn campaign(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    plan: &Plan,
    id: CampaignId,
    preview: PreviewId,
    decision: DecisionId,
) -> Result<(), Failure<SendProblem>> {
    let unset = || Fault::internal("a send was allowed without sender or provider");
    let row = campaign::ActiveModel {
        id: Set(id),
        structure_id: Set(caller.structure),
        created_by: Set(caller.account),
        preview_id: Set(preview),
        decision_id: Set(decision),
        retry_of: Set(None),
        state: Set(match plan.send_at {
            Some(_) => CampaignState::Scheduled,
            None => CampaignState::Dispatching,
        }),
        text: Set(Some(Sensitive::new(match plan.letter.common() {
            Some(common) => common.body.as_str(),
            None => plan.letter.text().as_str(),
        }))),
        purpose: Set(plan.purpose),
        sender: Set(plan.sender.clone().ok_or_else(unset)?),
        provider: Set(plan.structure.settings.provider.clone().ok_or_else(unset)?),
        short_code: Set(short_code::named_by(plan.letter.mention()).map(str::to_owned)),
        cost: Set(plan.cost),
        created_at: Set(ctx.at()),
        send_at: Set(plan.send_at),
        time_zone: Set(plan.send_at.map(|_| plan.structure.structure.time_zone.clone())),
        expires_at: Set(plan.send_at.is_none().then(|| expire::expiry(ctx))),
        uncounted_until: Set(None),
        completed_at: Set(None),
        total: Set(plan.messages),
        queued: Set(plan.messages),
        sending: Set(0),
        handed_over: Set(0),
        delivered: Set(0),
        undelivered: Set(0),
        no_report: Set(0),
        rejected: Set(0),
        suppressed: Set(0),
        unknown: Set(0),
        written_off: Set(0),
    };
    campaign::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Has a campaign join the family whose first it names, once its messages, and whom it leaves out, are written: the scan that they come from leaves out whom
/// the family writes to already, and must not take them for such.
pub async fn join_family(
    tx: &DatabaseTransaction,
    caller: &Caller,
    plan: &Plan,
    campaign: CampaignId,
) -> Result<(), Failure<SendProblem>> {
    if let Some(first) = plan.audience.retry_of() {
        campaign::Entity::update_many()
            .col_expr(campaign::Column::RetryOf, Expr::val(first.as_uuid()))
            .filter(campaign::Column::StructureId.eq(caller.structure))
            .filter(campaign::Column::Id.eq(campaign))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Inserts one message a number, with the people it covers; answers what they come to. Nobody is left out whom the plan did not leave out:
/// who came in since makes it another plan.
pub async fn messages(
    tx: &DatabaseTransaction,
    ctx: &Ctx,
    caller: &Caller,
    plan: &Plan,
    campaign: CampaignId,
) -> Result<Bound, Failure<SendProblem>> {
    let ids = Dated::of(ctx, plan);
    let (prices, mut binder) = (prices::all(tx).await?, Binder::new(&plan.letter, plan.sender.as_deref()));
    let mut scan = plan.audience.scan(caller.structure, plan.letter.has_own())?;
    let mut current = MessageId::from_uuid(uuid::Uuid::nil());
    loop {
        let page = scan.next(tx).await?;
        if page.is_empty() {
            return Ok(binder.finish());
        }
        let (mut numbers, mut people) = (Vec::new(), Vec::new());
        for recipient in page.iter().filter(|recipient| !plan.left_out.contains_key(&recipient.id)) {
            if let Some((addressed, price)) = binder.add(recipient, &prices) {
                current = ids.next();
                let due = plan.send_at.unwrap_or(ctx.at());
                numbers.push(row(ctx, caller, (campaign, current, due), recipient, &addressed, price)?);
            }
            people.push(message_person::ActiveModel {
                structure_id: Set(caller.structure),
                message_id: Set(current),
                person_id: Set(recipient.id),
            });
        }
        for chunk in numbers.chunks(ROWS_PER_STATEMENT) {
            message::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx).await?;
        }
        for chunk in people.chunks(ROWS_PER_STATEMENT) {
            message_person::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx).await?;
        }
    }
}

/// The ids of a plan's messages: they tell when these leave.
enum Dated<'c> {
    /// Now.
    Now(&'c Ctx),
    /// Later. Apart from the others, which must not come to sort after these.
    Later(Ids, DateTime<Utc>),
}

impl<'c> Dated<'c> {
    fn of(ctx: &'c Ctx, plan: &Plan) -> Self {
        plan.send_at.map_or(Self::Now(ctx), |at| Self::Later(Ids::default(), at.0))
    }

    fn next(&self) -> MessageId {
        match self {
            Self::Now(ctx) => ctx.id(),
            Self::Later(ids, at) => ids.next(*at).into(),
        }
    }
}

fn row(
    ctx: &Ctx,
    caller: &Caller,
    (campaign, id, due): (CampaignId, MessageId, At),
    recipient: &Recipient,
    addressed: &Addressed<'_>,
    price: i64,
) -> Result<message::ActiveModel, Fault> {
    let (now, wording) = (ctx.at(), &addressed.wording);
    // What everyone reads is the campaign's.
    let own = matches!(wording, Cow::Owned(_)).then(|| Sensitive::new(wording.body.as_str()));
    Ok(message::ActiveModel {
        id: Set(id),
        structure_id: Set(caller.structure),
        campaign_id: Set(campaign),
        number: Set(Some(recipient.mobile.clone())),
        number_hash: Set(recipient.number_hash.clone()),
        text: Set(own),
        encoding: Set(stored(wording.measure.encoding)),
        segments: Set(i32::try_from(wording.segments()).map_err(Fault::internal)?),
        cost: Set(wording.cost(price)),
        state: Set(MessageState::Queued),
        reason: Set(None),
        attempts: Set(0),
        next_attempt_at: Set(due),
        lease_owner: Set(None),
        lease_until: Set(None),
        state_at: Set(now),
    })
}
