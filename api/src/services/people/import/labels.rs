//! Tags and lists, which a file names and people are given: two pairs of tables of one shape.
//!
//! Owns finding and creating them by folded name, and who has which.
//!
//! Invariant: links are added, never removed.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::ids::{PersonId, StructureId};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use crate::app::Ctx;
use crate::domain::name::fold;
use crate::error::Fault;
use crate::store::among;

/// Rows inserted, or names and ids looked up, by one statement: SQLite takes 32,766 variables.
const PER_STATEMENT: usize = 4_000;

/// A pair of tables: what has a name, and who has it.
#[derive(Debug)]
pub(super) struct Tables {
    labels: &'static str,
    links: &'static str,
    reference: &'static str,
}

/// The tags.
pub(super) const TAGS: Tables = Tables { labels: "tag", links: "person_tag", reference: "tag_id" };
/// The lists.
pub(super) const LISTS: Tables =
    Tables { labels: "person_list", links: "person_list_member", reference: "list_id" };

/// The tags, or the lists, met so far in a file.
#[derive(Debug)]
pub(super) struct Labels {
    tables: Tables,
    structure: StructureId,
    ids: HashMap<String, Uuid>,
    created: u64,
}

/// A person, and a tag or list of theirs.
pub(super) type Link = (PersonId, Uuid);

impl Labels {
    /// None met yet.
    pub fn new(tables: Tables, structure: StructureId) -> Self {
        Self { tables, structure, ids: HashMap::new(), created: 0 }
    }

    /// How many had to be created.
    pub fn created(&self) -> u64 {
        self.created
    }

    /// Gives each person the labels named; answers, one by one, whether they lacked any.
    pub async fn give(
        &mut self,
        ctx: &Ctx,
        tx: &DatabaseTransaction,
        named: &[(PersonId, &[String])],
    ) -> Result<Vec<bool>, Fault> {
        self.meet(ctx, tx, named).await?;
        let people: Vec<PersonId> =
            named.iter().filter(|(_, names)| !names.is_empty()).map(|(person, _)| *person).collect();
        let mut links = self.links_of(tx, &people).await?;
        let mut missing = Vec::new();
        let mut lacked = Vec::with_capacity(named.len());
        for (person, names) in named {
            let before = missing.len();
            let wanted = names.iter().map(|name| (*person, self.ids[&fold(name)]));
            missing.extend(wanted.filter(|link| links.insert(*link)));
            lacked.push(missing.len() > before);
        }
        self.insert_links(tx, &missing).await?;
        Ok(lacked)
    }

    /// Finds, or creates, the labels named that were not met yet.
    async fn meet(
        &mut self,
        ctx: &Ctx,
        tx: &DatabaseTransaction,
        named: &[(PersonId, &[String])],
    ) -> Result<(), Fault> {
        let given = named.iter().flat_map(|(_, names)| names.iter());
        // Ordered, so that ids do not depend on chance.
        let mut unknown: BTreeMap<String, &str> = BTreeMap::new();
        for (folded, name) in given.map(|name| (fold(name), name)) {
            if !self.ids.contains_key(&folded) {
                unknown.entry(folded).or_insert(name);
            }
        }
        let folded: Vec<&String> = unknown.keys().collect();
        let mut found = Vec::new();
        for folded in folded.chunks(PER_STATEMENT) {
            let query = Query::select()
                .columns(["id", "folded"])
                .from(self.tables.labels)
                .and_where(Expr::col("structure_id").eq(self.structure))
                .and_where(among(
                    tx.get_database_backend(),
                    Expr::col("folded"),
                    folded.iter().map(|folded| (*folded).clone()),
                ))
                .take();
            for row in tx.query_all(&query).await? {
                found.push((row.try_get::<String>("", "folded")?, row.try_get::<Uuid>("", "id")?));
            }
        }
        for (folded, id) in found {
            unknown.remove(&folded);
            self.ids.insert(folded, id);
        }
        self.create(ctx, tx, unknown).await
    }

    async fn create(
        &mut self,
        ctx: &Ctx,
        tx: &DatabaseTransaction,
        new: BTreeMap<String, &str>,
    ) -> Result<(), Fault> {
        let new: Vec<(String, &str)> = new.into_iter().collect();
        for new in new.chunks(PER_STATEMENT) {
            let mut insert = Query::insert();
            insert.into_table(self.tables.labels).columns(["id", "structure_id", "name", "folded"]);
            for (folded, name) in new {
                let id: Uuid = ctx.id();
                self.ids.insert(folded.clone(), id);
                insert.values_panic([
                    id.into(),
                    self.structure.into(),
                    (*name).into(),
                    folded.as_str().into(),
                ]);
            }
            tx.execute(&insert).await?;
            self.created += new.len() as u64;
        }
        Ok(())
    }

    async fn links_of(&self, tx: &DatabaseTransaction, people: &[PersonId]) -> Result<HashSet<Link>, Fault> {
        let mut links = HashSet::new();
        for people in people.chunks(PER_STATEMENT) {
            let query = Query::select()
                .columns(["person_id", self.tables.reference])
                .from(self.tables.links)
                .and_where(Expr::col("structure_id").eq(self.structure))
                .and_where(among(tx.get_database_backend(), Expr::col("person_id"), people.iter().copied()))
                .take();
            for row in tx.query_all(&query).await? {
                links.insert((row.try_get("", "person_id")?, row.try_get("", self.tables.reference)?));
            }
        }
        Ok(links)
    }

    async fn insert_links(&self, tx: &DatabaseTransaction, links: &[Link]) -> Result<(), Fault> {
        for links in links.chunks(PER_STATEMENT) {
            let mut insert = Query::insert();
            insert
                .into_table(self.tables.links)
                .columns(["structure_id", "person_id", self.tables.reference])
                .on_conflict(OnConflict::new().do_nothing().to_owned());
            for (person, label) in links {
                insert.values_panic([self.structure.into(), (*person).into(), (*label).into()]);
            }
            tx.execute(&insert).await?;
        }
        Ok(())
    }
}
