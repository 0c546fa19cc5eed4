//! Reading people: a page, one, or several by id, each with one statement, tags, lists and all.
//!
//! Owns the row that the API shows of a person; knows nothing of who may be written to.
//!
//! Architecture Invariant: what is selected never changes the number of statements.

use entity::enums::{Module, Sex};
use entity::ids::{PersonId, StructureId};
use entity::own_values::OwnValues;
use entity::sensitive::Sensitive;
use entity::{At, person, person_list, person_list_member, person_tag, tag};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, SelectStatement};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, FromJsonQueryResult, FromQueryResult, QueryFilter, QueryResult,
    QuerySelect, QueryTrait,
};
use serde::{Deserialize, Serialize};

use super::filter::{self, PersonFilter};
use super::lists::ListRow;
use super::tags::TagRow;
use crate::app::Ctx;
use crate::caller::{Caller, Scope};
use crate::error::Fault;
use crate::services::page::{Key, KeyKind, Keyed, Listing, Page, PageArgs};
use crate::store::among;

/// Ids looked up by one statement.
const IDS_PER_STATEMENT: usize = 1_000;

/// The order of people. People alike in it follow one another by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PersonOrder {
    /// By last then first name, from A to Z.
    #[default]
    Name,
    /// By last then first name, from Z to A.
    NameDescending,
    /// Those added first come first.
    Creation,
    /// Those added last come first.
    CreationDescending,
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
    /// The lists they are on, by name, where these were asked for.
    pub lists: Vec<ListRow>,
    /// What the structure's own columns say of them.
    pub own: Option<OwnValues>,
    /// When they were added.
    pub created_at: At,
    sort_key: String,
}

#[derive(Debug, Serialize, Deserialize, FromJsonQueryResult)]
struct Tags(Vec<TagRow>);

#[derive(Debug, Serialize, Deserialize, FromJsonQueryResult)]
struct Lists(Vec<ListRow>);

impl FromQueryResult for PersonRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let mobile: Option<Sensitive> = row.try_get(prefix, "mobile")?;
        let opted_out: bool = row.try_get(prefix, "opted_out")?;
        let Tags(tags) = row.try_get(prefix, "tags")?;
        let lists: Option<Lists> = row.try_get_nullable(prefix, "lists")?;
        Ok(Self {
            id: row.try_get(prefix, "id")?,
            first_name: row.try_get(prefix, "first_name")?,
            last_name: row.try_get(prefix, "last_name")?,
            sex: row.try_get(prefix, "sex")?,
            reachable: row.try_get(prefix, "reachable")?,
            mobile,
            opted_out,
            commercial_consent_at: row.try_get(prefix, "commercial_consent_at")?,
            tags,
            lists: lists.map(|Lists(lists)| lists).unwrap_or_default(),
            own: row.try_get(prefix, "own")?,
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

/// A person in a page by creation.
struct Created(PersonRow);

impl FromQueryResult for Created {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        PersonRow::from_query_result(row, prefix).map(Self)
    }
}

impl Keyed for Created {
    fn keys(&self) -> Vec<Key> {
        vec![Key::Number(self.0.created_at.0.timestamp_millis()), Key::Id(self.0.id.as_uuid())]
    }
}

/// A page of the people that the filter finds, in that order, with the lists they are on where these are asked for.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people, [`Fault::InputInvalid`] for a filter out of bounds, the page's and the
/// database's.
pub async fn page(
    ctx: &Ctx,
    caller: &Caller,
    filter: &PersonFilter,
    order: PersonOrder,
    lists: bool,
    args: &PageArgs,
) -> Result<Page<PersonRow>, Fault> {
    use person::Column::{CreatedAt, Id, SortKey};
    let structure = caller.may_read(Module::People)?.structure;
    let condition = filter::condition(structure, filter)
        .map_err(|problem| Fault::InputInvalid(problem.within(&["filter"])))?;
    let (db, query) = (ctx.store.readers(), select(ctx.store.backend(), structure, condition, lists));
    let by = |listing: Listing, column, kind| {
        listing.by((person::Entity, column), kind).by((person::Entity, Id), KeyKind::Id)
    };
    let named = |listing| by(listing, SortKey, KeyKind::Text);
    let created = |listing| by(listing, CreatedAt, KeyKind::Number);
    let created = match order {
        PersonOrder::Name => {
            return named(Listing::ascending("people", structure)).page(db, query, args).await;
        }
        PersonOrder::NameDescending => {
            return named(Listing::descending("people-descending", structure)).page(db, query, args).await;
        }
        PersonOrder::Creation => created(Listing::ascending("people-created", structure)),
        PersonOrder::CreationDescending => {
            created(Listing::descending("people-created-descending", structure))
        }
    };
    let page: Page<Created> = created.page(db, query, args).await?;
    Ok(page.map(|Created(row)| row))
}

/// The person of that id, if it is of the caller's structure.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people, or the database's.
pub async fn by_id(ctx: &Ctx, caller: &Caller, id: PersonId) -> Result<Option<PersonRow>, Fault> {
    Ok(readable(ctx, caller, &[id]).await?.pop())
}

/// The people of those ids that are of the caller's structure, by last then first name; others are passed over.
///
/// # Errors
/// [`Fault::Forbidden`] without access to people, or the database's.
pub async fn readable(ctx: &Ctx, caller: &Caller, ids: &[PersonId]) -> Result<Vec<PersonRow>, Fault> {
    by_ids(ctx, caller.may_read(Module::People)?, ids).await
}

/// The people of those ids that are of the scope's structure, by last then first name, with the lists they are on; others are
/// passed over. Who may see them is for the service that calls to check.
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
        let query = select(ctx.store.backend(), scope.structure, condition, true);
        for row in db.query_all(&query).await? {
            people.push(PersonRow::from_query_result(&row, "")?);
        }
    }
    people.sort_by(|one, other| (&one.sort_key, one.id).cmp(&(&other.sort_key, other.id)));
    Ok(people)
}

fn select(backend: DbBackend, structure: StructureId, condition: Condition, lists: bool) -> SelectStatement {
    use person::Column::{
        CommercialConsentAt, CreatedAt, FirstName, Id, LastName, Mobile, Own, Sex, SortKey,
    };
    let mut query = person::in_structure(structure)
        .select_only()
        .columns([Id, FirstName, LastName, Sex, Mobile, CommercialConsentAt, CreatedAt, SortKey, Own])
        .expr_as(filter::opted_out(), "opted_out")
        .expr_as(filter::reachable(), "reachable")
        .expr_as(tags_as_json(backend, structure), "tags")
        .filter(condition);
    if lists {
        query = query.expr_as(lists_as_json(backend, structure), "lists");
    }
    query.into_query()
}

/// A person's tags by name.
fn tags_as_json(backend: DbBackend, structure: StructureId) -> Expr {
    let theirs = person_tag::in_structure(structure).select_only().inner_join(tag::Entity).filter(
        Expr::col((person_tag::Entity, person_tag::Column::PersonId))
            .equals((person::Entity, person::Column::Id)),
    );
    named_as_json(backend, "tag", theirs.into_query())
}

/// The lists that a person is on, by name.
fn lists_as_json(backend: DbBackend, structure: StructureId) -> Expr {
    let theirs =
        person_list_member::in_structure(structure).select_only().inner_join(person_list::Entity).filter(
            Expr::col((person_list_member::Entity, person_list_member::Column::PersonId))
                .equals((person::Entity, person::Column::Id)),
        );
    named_as_json(backend, "person_list", theirs.into_query())
}

/// The rows of a table with a name, as a JSON array of objects by name: one statement instead of two, or of one a person.
fn named_as_json(backend: DbBackend, table: &'static str, mut rows: SelectStatement) -> Expr {
    // An id is 16 bytes on SQLite, which JSON cannot hold.
    let (array, none) = match backend {
        DbBackend::Sqlite => (
            format!(
                r#"json_group_array(json_object('id', hex("{table}"."id"), 'name', "{table}"."name") ORDER BY "{table}"."folded")"#
            ),
            "'[]'",
        ),
        _ => (
            format!(
                r#"json_agg(json_build_object('id', "{table}"."id", 'name', "{table}"."name") ORDER BY "{table}"."folded")"#
            ),
            "'[]'::json",
        ),
    };
    rows.expr(Func::coalesce([Expr::cust(array), Expr::cust(none)]));
    Expr::SubQuery(None, Box::new(rows.into()))
}
