//! The report of a campaign as a file: a link to it, and its rows.
//!
//! A link serves whoever follows it, without signing in: it carries what it grants, signed. It says that an account, by a session of
//! its own, asked for the report of a campaign in a language, and until when it serves.
//!
//! Architecture Invariants. What a link grants is asked again when it is followed: the session is open, the account not disabled, and
//! may still read campaigns. A link that is forged, altered, or grants nothing any more gets one answer; only one that we signed is
//! told to have expired. It is asked again before each page of a report that is being read. A page of rows is in memory at a time.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::enums::{MessageState, Module, TransferKind};
use entity::ids::{CampaignId, MessageId, SessionId, StructureId};
use entity::sensitive::Sensitive;
use entity::{At, campaign, message, message_person, person, transfer};
use rules::Lang;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::app::Ctx;
use crate::caller::Caller;
use crate::error::{Failure, Fault};
use crate::services::{accounts, structures};
use crate::store::among;

/// The address of reports; a token follows it.
pub const PATH: &str = "/reports/";
/// Rows read at a time.
const PAGE: u64 = 1_000;

/// A link to the report of a campaign of the caller's structure, in the language of the request.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS`.
pub fn link(ctx: &Ctx, caller: &Caller, campaign: CampaignId) -> Result<String, Fault> {
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    let expires_at = ctx.now() + ctx.config.reports.link_lifetime;
    let grant = Grant { structure, session: caller.session, campaign, expires_at, lang: ctx.lang };
    Ok(ctx.config.url(&format!("{PATH}{}", ctx.keys.report_token(&grant.encode()))))
}

/// What a link grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Grant {
    structure: StructureId,
    session: SessionId,
    campaign: CampaignId,
    expires_at: DateTime<Utc>,
    lang: Lang,
}

impl Grant {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![match self.lang {
            Lang::Fr => 0,
            Lang::En => 1,
        }];
        bytes.extend_from_slice(&self.expires_at.timestamp_millis().to_be_bytes());
        for id in [self.structure.as_uuid(), self.session.as_uuid(), self.campaign.as_uuid()] {
            bytes.extend_from_slice(id.as_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (lang, rest) = bytes.split_first()?;
        let (expires_at, rest) = rest.split_first_chunk::<8>()?;
        let (structure, rest) = rest.split_first_chunk::<16>()?;
        let (session, rest) = rest.split_first_chunk::<16>()?;
        let campaign: &[u8; 16] = rest.try_into().ok()?;
        Some(Self {
            structure: Uuid::from_bytes(*structure).into(),
            session: Uuid::from_bytes(*session).into(),
            campaign: Uuid::from_bytes(*campaign).into(),
            expires_at: DateTime::from_timestamp_millis(i64::from_be_bytes(*expires_at))?,
            lang: if *lang == 0 { Lang::Fr } else { Lang::En },
        })
    }
}

/// Why a link shows no report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportProblem {
    /// It is none of ours, or grants nothing any more.
    NotFound,
    /// It is one of ours, and too old.
    Expired,
}

/// The report that a token is for.
///
/// # Errors
/// [`ReportProblem`], and the database's.
pub async fn open(ctx: &Ctx, token: &str) -> Result<Report, Failure<ReportProblem>> {
    let not_found = || Failure::Problem(ReportProblem::NotFound);
    let grant = ctx.keys.report_grant(token).as_deref().and_then(Grant::decode).ok_or_else(not_found)?;
    if grant.expires_at <= ctx.now() {
        return Err(Failure::Problem(ReportProblem::Expired));
    }
    let caller = accounts::resume(ctx, grant.structure, grant.session).await?.ok_or_else(not_found)?;
    let structure = caller.may_read(Module::CommunicationSms).map_err(|_| not_found())?.structure;
    let db = ctx.store.readers();
    let found = campaign::by_id_in(structure, grant.campaign).one(db).await?.ok_or_else(not_found)?;
    let zone = structures::time_zone(db, structure).await?;
    Ok(Report {
        lang: grant.lang,
        zone,
        sent_at: found.created_at.0.with_timezone(&zone),
        caller,
        campaign: found.id,
        last: None,
        done: false,
    })
}

/// A report that is being read.
#[derive(Debug)]
pub struct Report {
    /// The language it was asked in.
    pub lang: Lang,
    /// The structure's time zone.
    pub zone: Tz,
    /// When the campaign was accepted.
    pub sent_at: DateTime<Tz>,
    caller: Caller,
    campaign: CampaignId,
    last: Option<MessageId>,
    done: bool,
}

/// What became of one message.
#[derive(Debug)]
pub struct ReportRow {
    /// The people it covers, by name.
    pub people: Vec<String>,
    /// The number it goes to; none once erased.
    pub number: Option<Sensitive>,
    /// Where it stands.
    pub state: MessageState,
    /// Why, a code.
    pub reason: Option<String>,
    /// Since when.
    pub at: DateTime<Tz>,
    /// The SMS it takes.
    pub segments: i32,
    /// The SMS that the structure was charged for it.
    pub charged: i64,
}

#[derive(FromQueryResult)]
struct Row {
    id: MessageId,
    number: Option<Sensitive>,
    state: MessageState,
    reason: Option<String>,
    state_at: At,
    segments: i32,
    charged: i64,
}

impl Report {
    /// The next rows, in the order of numbers that the campaign was written in; none at the end. Each page is as of when it is read.
    ///
    /// # Errors
    /// [`Fault::Unauthenticated`] and [`Fault::Forbidden`] when the link grants it no more; the database's.
    pub async fn next(&mut self, ctx: &Ctx) -> Result<Vec<ReportRow>, Fault> {
        if self.done {
            return Ok(Vec::new());
        }
        self.caller = accounts::renew(ctx, &self.caller).await?;
        let structure = self.caller.may_read(Module::CommunicationSms)?.structure;
        let rows = self.rows(ctx, structure).await?;
        self.done = (rows.len() as u64) < PAGE;
        self.last = rows.last().map(|row| row.id);
        let ids: Vec<MessageId> = rows.iter().map(|row| row.id).collect();
        let mut people = self.people(ctx, structure, &ids).await?;
        let row = |row: Row| ReportRow {
            people: people.remove(&row.id).unwrap_or_default(),
            number: row.number,
            state: row.state,
            reason: row.reason,
            at: row.state_at.0.with_timezone(&self.zone),
            segments: row.segments,
            charged: row.charged,
        };
        Ok(rows.into_iter().map(row).collect())
    }

    async fn rows(&self, ctx: &Ctx, structure: StructureId) -> Result<Vec<Row>, Fault> {
        use message::Column as M;
        let charge = |column: transfer::Column| Expr::col((transfer::Entity, column));
        let charged = Func::coalesce([charge(transfer::Column::Amount), Expr::Constant(0_i64.into())]);
        let mut query = Query::select()
            .columns(
                [M::Id, M::Number, M::State, M::Reason, M::StateAt, M::Segments]
                    .map(|column| (message::Entity, column)),
            )
            .expr_as(charged, Alias::new("charged"))
            .from(message::Entity)
            .left_join(
                transfer::Entity,
                charge(transfer::Column::MessageId)
                    .equals((message::Entity, M::Id))
                    .and(charge(transfer::Column::Kind).eq(TransferKind::Charge.as_str())),
            )
            .and_where(M::StructureId.eq(structure))
            .and_where(M::CampaignId.eq(self.campaign))
            .order_by((message::Entity, M::Id), Order::Asc)
            .limit(PAGE)
            .to_owned();
        if let Some(last) = self.last {
            query.and_where(M::Id.gt(last));
        }
        let rows = ctx.store.readers().query_all(&query).await?;
        Ok(rows.iter().map(|row| Row::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }

    async fn people(
        &self,
        ctx: &Ctx,
        structure: StructureId,
        messages: &[MessageId],
    ) -> Result<HashMap<MessageId, Vec<String>>, Fault> {
        #[derive(FromQueryResult)]
        struct Covered {
            message_id: MessageId,
            first_name: String,
            last_name: String,
        }
        use message_person::Column as C;
        let covered = |column: C| Expr::col((message_person::Entity, column));
        let query = Query::select()
            .column((message_person::Entity, C::MessageId))
            .columns(
                [person::Column::FirstName, person::Column::LastName].map(|column| (person::Entity, column)),
            )
            .from(message_person::Entity)
            .inner_join(person::Entity, covered(C::PersonId).equals((person::Entity, person::Column::Id)))
            .and_where(C::StructureId.eq(structure))
            .and_where(among(ctx.store.backend(), covered(C::MessageId), messages.iter().copied()))
            .order_by((person::Entity, person::Column::SortKey), Order::Asc)
            .order_by((person::Entity, person::Column::Id), Order::Asc)
            .to_owned();
        let mut people: HashMap<MessageId, Vec<String>> = HashMap::new();
        for row in &ctx.store.readers().query_all(&query).await? {
            let Covered { message_id, first_name, last_name } = Covered::from_query_result(row, "")?;
            let name = format!("{first_name} {last_name}").trim().to_owned();
            people.entry(message_id).or_default().push(name);
        }
        Ok(people)
    }
}
