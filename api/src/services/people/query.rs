//! Reading people: a page, one, or several by id, each with one statement, tags and all.
//!
//! Owns the row that the API shows of a person; knows nothing of who may be written to.
//!
//! Architecture Invariant: what is selected never changes the number of statements.

use entity::enums::{Module, Sex};
use entity::ids::{PersonId, StructureId};
use entity::sensitive::Sensitive;
use entity::{At, person, person_tag, tag};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, SelectStatement};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, FromJsonQueryResult, FromQueryResult, QueryFilter, QueryResult,
    QuerySelect, QueryTrait,
};
use serde::{Deserialize, Serialize};

use super::filter::{self, PersonFilter};
use super::tags::TagRow;
use crate::app::Ctx;
use crate::caller::{Caller, Scope};
use crate::error::Fault;
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};
use crate::store::among;

/// Ids looked up by one statement.
const IDS_PER_STATEMENT: usize = 1_000;

/// Which way a list goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// From A to Z.
    #[default]
    Ascending,
    /// From Z to A.
    Descending,
}

/// What is shown of a person.
#[derive(Debug, Clone)]
pub struct PersonRow {
    /// The person.
    pub id: PersonId,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// The sex, where known.
    pub sex: Sex,
    /// The mobile number, in E.164.
    pub mobile: Option<Sensitive>,
    /// Whether they have a mobile number that has not opted out.
    pub reachable: bool,
    /// Whether their number has opted out.
    pub opted_out: bool,
    /// When they agreed to commercial messages.
    pub commercial_consent_at: Option<At>,
    /// Their tags, by name.
    pub tags: Vec<TagRow>,
    /// When they were added.
    pub created_at: At,
    sort_key: String,
}

#[derive(Debug, Serialize, Deserialize, FromJsonQueryResult)]
struct Tags(Vec<TagRow>);

impl FromQueryResult for PersonRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let mobile: Option<Sensitive> = row.try_get(prefix, "mobile")?;
        let opted_out: bool = row.try_get(prefix, "opted_out")?;
        let Tags(tags) = row.try_get(prefix, "tags")?;
        Ok(Self {
            id: row.try_get(prefix, "id")?,
            first_name: row.try_get(prefix, "first_name")?,
            last_name: row.try_get(prefix, "last_name")?,
            sex: row.try_get(prefix, "sex")?,
            reachable: mobile.is_some() && !opted_out,
            mobile,
            opted_out,
            commercial_consent_at: row.try_get(prefix, "commercial_consent_at")?,
            tags,
            created_at: row.try_get(prefix, "created_at")?,
            sort_key: row.try_get(prefix, "sort_key")?,
        })
    }
}

impl Keyed for PersonRow {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Text(self.sort_key.clone()), Key::Id(self.id.as_uuid())]
    }
}

/// A page of the people that the filter finds, by last then first name.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people, [`Fault::InputInvalid`] for a filter out of bounds, the page's and the
/// database's.
pub async fn page(
    ctx: &Ctx,
    caller: &Caller,
    filter: &PersonFilter,
    direction: Direction,
    args: &PageArgs,
) -> Result<Page<PersonRow>, Fault> {
    let scope = caller.may_read(Module::People)?;
    let condition = filter::condition(scope.structure, filter).map_err(Fault::InputInvalid)?;
    let listing = match direction {
        Direction::Ascending => Listing::ascending("people", scope.structure),
        Direction::Descending => Listing::descending("people-descending", scope.structure),
    };
    listing
        .by((person::Entity, person::Column::SortKey), KeyKind::Text)
        .by((person::Entity, person::Column::Id), KeyKind::Id)
        .page(ctx.store.readers(), select(ctx.store.backend(), scope.structure, condition), args)
        .await
}

/// The person of that id, if it is of the caller's structure.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people, or the database's.
pub async fn by_id(ctx: &Ctx, caller: &Caller, id: PersonId) -> Result<Option<PersonRow>, Fault> {
    let scope = caller.may_read(Module::People)?;
    Ok(by_ids(ctx, scope, &[id]).await?.pop())
}

/// The people of those ids that are of the scope's structure, by last then first name; others are passed over. Who may see
/// them is for the service that calls to check.
///
/// # Errors
/// The database's.
pub async fn by_ids(ctx: &Ctx, scope: Scope, ids: &[PersonId]) -> Result<Vec<PersonRow>, Fault> {
    let db = ctx.store.readers();
    let mut people: Vec<PersonRow> = Vec::with_capacity(ids.len());
    for ids in ids.chunks(IDS_PER_STATEMENT) {
        let condition = Condition::all().add(among(
            ctx.store.backend(),
            Expr::col((person::Entity, person::Column::Id)),
            ids.iter().copied(),
        ));
        let query = select(ctx.store.backend(), scope.structure, condition);
        for row in db.query_all(&query).await? {
            people.push(PersonRow::from_query_result(&row, "")?);
        }
    }
    people.sort_by(|one, other| (&one.sort_key, one.id).cmp(&(&other.sort_key, other.id)));
    Ok(people)
}

fn select(backend: DbBackend, structure: StructureId, condition: Condition) -> SelectStatement {
    use person::Column::{CommercialConsentAt, CreatedAt, FirstName, Id, LastName, Mobile, Sex, SortKey};
    person::in_structure(structure)
        .select_only()
        .columns([Id, FirstName, LastName, Sex, Mobile, CommercialConsentAt, CreatedAt, SortKey])
        .expr_as(filter::opted_out(), "opted_out")
        .expr_as(tags_as_json(backend, structure), "tags")
        .filter(condition)
        .into_query()
}

/// A person's tags by name, as a JSON array of objects: one statement instead of two, or of one a person.
fn tags_as_json(backend: DbBackend, structure: StructureId) -> Expr {
    // An id is 16 bytes on SQLite, which JSON cannot hold.
    let array = match backend {
        DbBackend::Sqlite => {
            r#"json_group_array(json_object('id', hex("tag"."id"), 'name', "tag"."name") ORDER BY "tag"."folded")"#
        }
        _ => r#"json_agg(json_build_object('id', "tag"."id", 'name', "tag"."name") ORDER BY "tag"."folded")"#,
    };
    let none = match backend {
        DbBackend::Sqlite => "'[]'",
        _ => "'[]'::json",
    };
    let theirs = person_tag::in_structure(structure)
        .select_only()
        .expr(Func::coalesce([Expr::cust(array), Expr::cust(none)]))
        .inner_join(tag::Entity)
        .filter(
            Expr::col((person_tag::Entity, person_tag::Column::PersonId))
                .equals((person::Entity, person::Column::Id)),
        );
    Expr::SubQuery(None, Box::new(theirs.into_query().into()))
}
