//! Corrections of a balance by the operator.

use api::caller::Operator;
use api::error::{Arg, Failure, Problem};
use api::services::adjustments::{Adjusted, adjust};
use api::services::ledger::Adjustment;
use api::services::top_up;
use entity::enums::{LedgerAccount, TransferKind};
use entity::ids::StructureId;
use entity::{top_up_order, transfer};
use envoi_tests::{Actor, TestApp, UsableInTests as _, both, nodes};
use sea_orm::{ColumnTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde_json::{Value, json};

both!(
    an_adjustment_is_in_the_ledger_with_who_and_why,
    an_adjustment_takes_no_more_than_there_is,
    what_cannot_be_an_adjustment_is_refused,
    under_one_key_it_is_made_once,
    adjusting_and_sending_at_once_overdraw_nothing,
);

const LEDGER: &str = "{ viewer { structure { credit { ledger { edges { node {
    id reason quantity delta balanceAfter operator note by { email } campaign { id } } } } } } } }";

async fn lines(actor: &Actor) -> Vec<Value> {
    nodes(&actor.query(LEDGER, json!({})).await["viewer"]["structure"]["credit"]["ledger"])
}

fn adjustment(delta: i64, operator: &str, note: &str) -> Adjustment {
    Adjustment { delta, operator: operator.to_owned(), note: note.to_owned() }
}

async fn adjusts(
    app: &TestApp,
    structure: StructureId,
    adjustment: Adjustment,
    key: Option<&str>,
) -> Result<Adjusted, Problem> {
    let key = key.map(str::to_owned);
    match adjust(&app.ctx(), Operator::at_the_command_line(), structure, adjustment, key).await {
        Ok(done) => Ok(done),
        Err(Failure::Problem(problem)) => Err(problem),
        Err(Failure::Fault(fault)) => panic!("{fault}"),
    }
}

async fn transfers(app: &TestApp) -> Vec<transfer::Model> {
    let all = transfer::Entity::all_rows().filter(transfer::Column::Kind.eq(TransferKind::Adjustment));
    all.all(app.db()).await.expect("transfers can be read")
}

async fn an_adjustment_is_in_the_ledger_with_who_and_why(app: TestApp) {
    let (admin, structure) = (app.admin().await, app.quatre_vents().await);
    let taken = adjusts(&app, structure, adjustment(-50, " Zoé Petit ", " Doublon "), None).await;
    let taken = taken.expect("adjusted");
    assert_eq!((taken.delta, taken.balance, taken.replayed), (-50, 178, false));
    adjusts(&app, structure, adjustment(20, "Ana", "Geste"), None).await.expect("adjusted");
    assert_eq!(admin.credit().await, (198, 0));
    let lines = lines(&admin).await;
    let told = |line: &Value| {
        let mut line = line.clone();
        line.as_object_mut().expect("a line").remove("id");
        line
    };
    assert_eq!(
        [told(&lines[0]), told(&lines[1])],
        [
            json!({ "reason": "ADJUSTMENT", "quantity": 20, "delta": 20, "balanceAfter": 198, "operator": "Ana",
                "note": "Geste", "by": null, "campaign": null }),
            json!({ "reason": "ADJUSTMENT", "quantity": 50, "delta": -50, "balanceAfter": 178, "operator": "Zoé Petit",
                "note": "Doublon", "by": null, "campaign": null }),
        ]
    );
    assert_eq!(
        (&lines[2]["operator"], &lines[2]["note"]),
        (&Value::Null, &Value::Null),
        "a top-up has neither"
    );
    let one = "query($id: ID!) { node(id: $id) { ... on LedgerEntry { operator note } } }";
    let node = admin.query(one, json!({ "id": lines[1]["id"] })).await;
    assert_eq!(node["node"], json!({ "operator": "Zoé Petit", "note": "Doublon" }));
    let ways: Vec<_> =
        transfers(&app).await.iter().map(|row| (row.source, row.destination, row.amount)).collect();
    let (issued, available) = (LedgerAccount::Issued, LedgerAccount::Available);
    assert_eq!(ways.len(), 2);
    assert!(ways.contains(&(available, issued, 50)) && ways.contains(&(issued, available, 20)), "{ways:?}");
}

async fn an_adjustment_takes_no_more_than_there_is(app: TestApp) {
    let (marie, structure) = (app.marie().await, app.quatre_vents().await);
    marie.sends(&marie.musicians(3).await, "Bonjour").await;
    let refused = adjusts(&app, structure, adjustment(-226, "Ana", "Trop"), None).await;
    let refused = refused.expect_err("it would take what is reserved");
    assert_eq!(refused, Problem::new("ADJUSTMENT_EXCEEDS_BALANCE").with("available", Arg::Number(225)));
    assert_eq!((marie.credit().await, transfers(&app).await.len()), ((225, 3), 0), "nothing was done");
    adjusts(&app, structure, adjustment(-225, "Ana", "Tout"), None).await.expect("all that is there");
    assert_eq!(marie.credit().await, (0, 3));
    assert!(adjusts(&app, structure, adjustment(-1, "Ana", "Plus"), None).await.is_err());
}

async fn what_cannot_be_an_adjustment_is_refused(app: TestApp) {
    let (admin, structure) = (app.admin().await, app.quatre_vents().await);
    let long = |count: usize| "é".repeat(count);
    for (delta, operator, note, key, code) in [
        (0, "Ana", "x", None, "ADJUSTMENT_QUANTITY_INVALID"),
        (1_000_001, "Ana", "x", None, "ADJUSTMENT_QUANTITY_INVALID"),
        (i64::MIN, "Ana", "x", None, "ADJUSTMENT_QUANTITY_INVALID"),
        (1, " ", "x", None, "ADJUSTMENT_AUTHOR_INVALID"),
        (1, &long(101), "x", None, "ADJUSTMENT_AUTHOR_INVALID"),
        (1, "A\na", "x", None, "ADJUSTMENT_AUTHOR_INVALID"),
        (1, "Ana", "", None, "ADJUSTMENT_REASON_INVALID"),
        (1, "Ana", &long(501), None, "ADJUSTMENT_REASON_INVALID"),
        (1, "Ana", "a\0", None, "ADJUSTMENT_REASON_INVALID"),
        (1, "Ana", "x", Some(" "), "CREDIT_KEY_INVALID"),
    ] {
        let refused = adjusts(&app, structure, adjustment(delta, operator, note), key).await;
        assert_eq!(refused.expect_err(code).code, code);
    }
    adjusts(&app, structure, adjustment(1, &long(100), &long(500)), Some(&long(100)))
        .await
        .expect("the longest");
    assert_eq!(admin.credit().await, (229, 0));
}

async fn under_one_key_it_is_made_once(app: TestApp) {
    let (admin, structure) = (app.admin().await, app.quatre_vents().await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let app = app.clone();
        tasks.spawn(async move {
            adjusts(&app, structure, adjustment(-5, "Ana", "Doublon"), Some("n° 17")).await.expect("adjusted")
        });
    }
    let done = tasks.join_all().await;
    assert_eq!(done.iter().filter(|done| !done.replayed).count(), 1, "{done:?}");
    assert!(done.iter().all(|one| one.id == done[0].id && one.balance == 223), "{done:?}");
    assert_eq!((admin.credit().await, transfers(&app).await.len()), ((223, 0), 1));
    for other in
        [adjustment(-6, "Ana", "Doublon"), adjustment(-5, "Zoé", "Doublon"), adjustment(-5, "Ana", "Autre")]
    {
        let refused = adjusts(&app, structure, other, Some("n° 17")).await;
        assert_eq!(refused.expect_err("another under its key").code, "IDEMPOTENCY_CONFLICT");
    }
    let elsewhere = app.structure("Harmonie de la Vallée").await;
    let done = adjusts(&app, elsewhere, adjustment(1, "Ana", "x"), Some("n° 17")).await;
    assert!(!done.expect("keys are of a structure").replayed);
    // A gift has keys of its own.
    let gives = async |quantity: i64| {
        let (ctx, key) = (app.ctx(), Some("n° 17".to_owned()));
        top_up::add(&ctx, Operator::at_the_command_line(), structure, quantity, key).await
    };
    let order = gives(7).await.expect("given").id;
    assert_eq!(gives(7).await.expect("given once").id, order);
    assert!(
        matches!(gives(8).await, Err(Failure::Problem(problem)) if problem.code == "IDEMPOTENCY_CONFLICT")
    );
    assert_eq!(admin.credit().await, (230, 0));
    let orders = top_up_order::Entity::all_rows().filter(top_up_order::Column::StructureId.eq(structure));
    assert_eq!(orders.count(app.db()).await.expect("counted"), 2, "of the demonstration, and this one");
}

async fn adjusting_and_sending_at_once_overdraw_nothing(app: TestApp) {
    let nils = app.nils().await;
    let structure = app.structure("Fédération du Littoral").await;
    app.give(structure, 10).await;
    let people = vec![nils.person("Olsen").await];
    let mut sends = Vec::new();
    for _ in 0..16 {
        sends.push((nils.preview(&people, "Bonjour").await, app.key()));
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (preview, key) in sends {
        let (app, nils) = (app.clone(), nils.clone());
        tasks.spawn(async move { nils.send(&preview, key).await["errors"] == json!([]) });
        tasks
            .spawn(async move { adjusts(&app, structure, adjustment(-1, "Ana", "Une"), None).await.is_ok() });
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    let taken = transfers(&app).await.len();
    let (balance, reserved) = nils.credit().await;
    assert_eq!((won, balance), (10, 0));
    assert_eq!(usize::try_from(reserved).expect("few") + taken, 10);
}
