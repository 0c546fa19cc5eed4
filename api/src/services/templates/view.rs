//! Templates and their versions as a structure's accounts see them.
//!
//! Invariant: the version shown as current is the latest. A page takes one statement, whatever its size.

use std::collections::HashMap;

use entity::At;
use entity::enums::Module;
use entity::ids::{AccountId, CampaignId, MessageTemplateId, MessageTemplateVersionId, StructureId};
use entity::message_template::{self, Column as T};
use entity::message_template_version::{self, Column as V};
use entity::sensitive::Sensitive;
use entity::{campaign, preview};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, FromQueryResult, IdenStatic, JoinType, QueryFilter, QueryResult,
    QuerySelect, QueryTrait, RelationTrait, Select,
};

use super::MAX_SEARCH_CHARS;
use crate::app::Ctx;
use crate::caller::Caller;
use crate::domain::name::fold;
use crate::error::{Fault, Problem};
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};
use crate::store::{among, contains};

/// What the columns of the current version are called beside those of the template.
const CURRENT: &str = "current_";
const VERSION: [V; 8] =
    [V::Id, V::TemplateId, V::Number, V::Name, V::Text, V::Author, V::Comment, V::CreatedAt];

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateRow {
    /// The template.
    pub id: MessageTemplateId,
    /// Since when it is out of use.
    pub archived_at: Option<At>,
    /// Its current version.
    pub current: VersionRow,
}

/// One version of a template. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct VersionRow {
    /// The version.
    pub id: MessageTemplateVersionId,
    /// The template it is of.
    pub template_id: MessageTemplateId,
    /// Its rank among the template's versions, from 1.
    pub number: i32,
    /// How the template was called.
    pub name: String,
    /// The text, with its merge fields.
    pub text: Sensitive,
    /// Who wrote it.
    pub author: AccountId,
    /// What they said of it.
    pub comment: Option<String>,
    /// When it was saved.
    pub created_at: At,
}

/// Which templates are wanted.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Words, each of which must be somewhere in the name, whatever case and accents.
    pub search: Option<String>,
    /// Those out of use, instead of those in use.
    pub archived: bool,
}

impl FromQueryResult for TemplateRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.try_get(prefix, T::Id.as_str())?,
            archived_at: row.try_get(prefix, T::ArchivedAt.as_str())?,
            current: VersionRow::from_query_result(row, CURRENT)?,
        })
    }
}

impl Keyed for TemplateRow {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Text(fold(&self.current.name)), Key::Id(self.id.as_uuid())]
    }
}

impl Keyed for VersionRow {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Number(self.number.into())]
    }
}

/// A page of the templates of the caller's structure, by name.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS`, [`Fault::InputInvalid`] for a search that cannot be, those of a page.
pub async fn page(
    ctx: &Ctx,
    caller: &Caller,
    which: &Which,
    args: &PageArgs,
) -> Result<Page<TemplateRow>, Fault> {
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    let search = which.search.as_deref().unwrap_or_default();
    check_search(search)?;
    let archived = if which.archived { T::ArchivedAt.is_not_null() } else { T::ArchivedAt.is_null() };
    let mut query = templates(structure).filter(archived);
    for word in fold(search).split_whitespace() {
        query = query.filter(contains(Expr::col((message_template::Entity, T::Folded)), word));
    }
    Listing::ascending("message-templates", structure)
        .by((message_template::Entity, T::Folded), KeyKind::Text)
        .by((message_template::Entity, T::Id), KeyKind::Id)
        .page(ctx.store.readers(), query.into_query(), args)
        .await
}

fn check_search(search: &str) -> Result<(), Fault> {
    let problem = |code| Problem::new(code).at(&["search"]);
    if search.contains('\0') {
        return Err(Fault::InputInvalid(problem("SEARCH_INVALID")));
    }
    if search.chars().count() > MAX_SEARCH_CHARS {
        let problem = problem("FILTER_TOO_LARGE").with("of", "part").with("field", "search");
        return Err(Fault::InputInvalid(problem.with("max", super::limit(MAX_SEARCH_CHARS))));
    }
    Ok(())
}

/// The templates of those ids that are of the caller's structure, in no particular order, with one statement; others are passed
/// over. At most a page of ids.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS`.
pub async fn by_ids(
    ctx: &Ctx,
    caller: &Caller,
    ids: &[MessageTemplateId],
) -> Result<Vec<TemplateRow>, Fault> {
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    let query = templates(structure).filter(T::Id.is_in(ids.iter().copied()));
    Ok(query.into_model().all(ctx.store.readers()).await?)
}

/// The same page of the versions of each of these templates, latest first, with as many statements however many templates; a
/// template of another structure is absent.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS`; those of a page.
pub async fn versions_of_each(
    ctx: &Ctx,
    caller: &Caller,
    templates: &[MessageTemplateId],
    args: &PageArgs,
) -> Result<HashMap<MessageTemplateId, Page<VersionRow>>, Fault> {
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    let query = message_template_version::in_structure(structure).into_query();
    let owner = (message_template_version::Entity, V::TemplateId);
    Listing::descending("message-template-versions", structure)
        .by((message_template_version::Entity, V::Number), KeyKind::Number)
        .page_of_each(ctx.store.readers(), query, owner, templates, args)
        .await
}

/// The versions of those ids that are of templates of the caller's structure, in no particular order, with one statement; others
/// are passed over. At most a page of ids.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS`.
pub async fn versions_by_ids(
    ctx: &Ctx,
    caller: &Caller,
    ids: &[MessageTemplateVersionId],
) -> Result<Vec<VersionRow>, Fault> {
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    let query = message_template_version::in_structure(structure).filter(V::Id.is_in(ids.iter().copied()));
    Ok(query.into_model().all(ctx.store.readers()).await?)
}

/// The version that each of these campaigns of the caller's structure was started from, which its preview remembers, with one
/// statement; campaigns without one are absent.
///
/// # Errors
/// [`Fault::Forbidden`] without READ on `COMMUNICATION_SMS`.
pub async fn of_campaigns(
    ctx: &Ctx,
    caller: &Caller,
    campaigns: &[CampaignId],
) -> Result<HashMap<CampaignId, VersionRow>, Fault> {
    let structure = caller.may_read(Module::CommunicationSms)?.structure;
    let db = ctx.store.readers();
    let rows = db.query_all(&started_from(db, structure, campaigns)).await?;
    let read =
        |row: &QueryResult| Ok((row.try_get("", "campaign")?, VersionRow::from_query_result(row, "")?));
    rows.iter().map(read).collect()
}

fn started_from(
    db: &impl ConnectionTrait,
    structure: StructureId,
    campaigns: &[CampaignId],
) -> SelectStatement {
    let campaign_id = Expr::col((campaign::Entity, campaign::Column::Id));
    let of_preview = Expr::col((preview::Entity, preview::Column::TemplateVersionId))
        .equals((message_template_version::Entity, V::Id));
    let of_campaign = Expr::col((campaign::Entity, campaign::Column::PreviewId))
        .equals((preview::Entity, preview::Column::Id));
    message_template_version::in_structure(structure)
        .into_query()
        .expr_as(campaign_id.clone(), Alias::new("campaign"))
        .inner_join(preview::Entity, of_preview)
        .inner_join(campaign::Entity, of_campaign)
        .and_where(campaign::Column::StructureId.eq(structure))
        .and_where(among(db.get_database_backend(), campaign_id, campaigns.iter().copied()))
        .take()
}

/// The template of that id.
pub(super) async fn one(
    db: &impl ConnectionTrait,
    structure: StructureId,
    id: MessageTemplateId,
) -> Result<Option<TemplateRow>, Fault> {
    Ok(templates(structure).filter(T::Id.eq(id)).into_model().one(db).await?)
}

/// The template in use that has that name, whatever case and accents.
pub(super) async fn named(
    db: &impl ConnectionTrait,
    structure: StructureId,
    name: &str,
) -> Result<Option<TemplateRow>, Fault> {
    let query = templates(structure).filter(T::ArchivedAt.is_null()).filter(T::Folded.eq(fold(name)));
    Ok(query.into_model().one(db).await?)
}

/// The templates of a structure, each with its current version.
fn templates(structure: StructureId) -> Select<message_template::Entity> {
    let is_current = Expr::col((message_template_version::Entity, V::Number))
        .equals((message_template::Entity, T::Current));
    let query = message_template::in_structure(structure)
        .select_only()
        .columns([T::Id, T::ArchivedAt])
        .join(JoinType::InnerJoin, message_template_version::Relation::MessageTemplate.def().rev())
        .filter(is_current);
    let add = |query: Select<_>, column: V| query.column_as(column, format!("{CURRENT}{}", column.as_str()));
    VERSION.into_iter().fold(query, add)
}
