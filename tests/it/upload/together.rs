//! Imports of one structure at the same time, on several instances.

use entity::teaching;
use envoi_tests::{TestApp, UsableInTests as _, both};
use sea_orm::PaginatorTrait as _;
use serde_json::json;

use super::{FILE, ROUTE, beginning, crowd, mutate, report};

both!(two_imports_add_nobody_twice, a_key_serves_once_on_any_instance);

/// More than are imported in one transaction, so that the batches of two imports come between one another.
const PEOPLE: usize = 2_500;

async fn two_imports_add_nobody_twice(app: TestApp) {
    let one = app.another(|config| config.import.whole_rows = 1_000).await;
    let other = app.another(|config| config.import.whole_rows = 1_000).await;
    let admin = app.admin().await.at(&one);
    let there = admin.at(&other);
    let links = async || teaching::Entity::all_rows().count(app.db()).await.expect("links can be counted");
    let before = links().await;
    // The same people in another order, so that each is first met by either.
    let file = crowd(PEOPLE);
    let mut rows: Vec<&str> = file.lines().collect();
    app.chance().shuffle(&mut rows[1..]);
    let shuffled = format!("{}\n", rows.join("\n"));
    let operator = app.import(app.quatre_vents().await, file.as_bytes());
    let (first, second, third) =
        tokio::join!(admin.upload(ROUTE, &[], file.clone()), there.upload(ROUTE, &[], shuffled), operator);
    let ((_, first), (_, second), (third, _)) = (report(&first), report(&second), third.expect("imported"));
    let added = [&first["added"], &second["added"]].map(|added| added.as_u64().expect("a number"));
    assert_eq!(added[0] + added[1] + third.added, PEOPLE as u64, "{first} {second}");
    assert_eq!(beginning(&app, "C").await, PEOPLE);
    assert_eq!((links().await - before, &first["refused"]), (PEOPLE as u64, &json!(0)));
    let (_, last) = report(&admin.upload(ROUTE, &[], file).await);
    assert_eq!(last["unchanged"].as_u64(), Some(PEOPLE as u64));
}

async fn a_key_serves_once_on_any_instance(app: TestApp) {
    let other = app.another(|_| {}).await;
    let (admin, key) = (app.admin().await, app.key());
    let there = admin.at(&other);
    let (first, second) = tokio::join!(mutate(&admin, FILE, key, false), mutate(&there, FILE, key, false));
    assert_eq!(first["summary"], second["summary"]);
    assert_eq!([&first["replayed"], &second["replayed"]].iter().filter(|said| **said == false).count(), 1);
    assert_eq!(beginning(&app, "U").await, 3);
}
