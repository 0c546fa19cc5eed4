//! How many messages a second the dispatcher hands to a gateway of this process, through the adapter of Kannel, beside the adapter alone:
//! the same client, as many requests under way at once, and no database.
//!
//! Both run in turns; what is told is the median of each, and the ratio. `cargo bench -p envoi-api --bench dispatch`, and
//! `tests/with-postgres.sh --durable cargo bench …` for PostgreSQL as well.

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use common::{databases, instance, median, rate, run};
use entity::campaign;
use entity::enums::Purpose;
use entity::ids::CampaignId;
use envoi_api::app::Ctx;
use envoi_api::caller::{Caller, Operator};
use envoi_api::dispatch;
use envoi_api::domain::outcome::Outcome;
use envoi_api::domain::phone::Phone;
use envoi_api::domain::secret::Secret;
use envoi_api::domain::segments::Encoding;
use envoi_api::providers::{Outbound, kannel};
use envoi_api::services::audience::Audience;
use envoi_api::services::message::{PreviewInput, SendInput, preview, send};
use envoi_api::services::operator::{NewSettings, set_settings};
use envoi_api::services::people::filter::PersonFilter;
use envoi_api::store::Change;
use futures::StreamExt as _;
use tokio::net::TcpListener;
use tokio::time::Instant;
use uuid::Uuid;

const PEOPLE: usize = 4_000;
const ROUNDS: usize = 5;
/// As many requests under way as an instance has unless told otherwise, and as many as to a provider that is far away.
const WINDOWS: [usize; 2] = [64, 256];

fn main() {
    run(measure());
}

async fn measure() {
    let gateway = gateway().await;
    for window in WINDOWS {
        let folder = tempfile::tempdir().expect("a folder can be made");
        for (name, address) in databases(folder.path(), &format!("dispatch_{window}")).await {
            compare(name, folder.path(), &address, (&gateway, window)).await;
        }
    }
}

async fn compare(name: &str, folder: &Path, address: &str, (gateway, window): (&str, usize)) {
    let (ctx, caller) = instance(folder, address, PEOPLE, |config| {
        config.kannel.send_url = Some(gateway.to_owned());
        config.kannel.username = Some("envoi".to_owned());
        config.kannel.password = Some(Secret::new("secret".to_owned()));
        config.dispatch.in_flight = window;
    })
    .await;
    let settings = NewSettings {
        structure: caller.structure,
        sender: None,
        stop_mention: None,
        provider: Some(kannel::NAME.to_owned()),
        encoding_policy: None,
        holidays: None,
    };
    set_settings(&ctx, Operator::at_the_command_line(), settings).await.expect("they can be set");
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let dispatched = dispatched(&ctx, &caller).await;
        let alone = alone(&ctx).await;
        // The first fills what is kept of pages and plans.
        if round > 0 {
            ours.push(dispatched);
            limit.push(alone);
        }
    }
    let (ours, limit) = (rate(PEOPLE, median(ours)), rate(PEOPLE, median(limit)));
    println!("{name}: {PEOPLE} messages, {window} requests at once");
    println!("  the adapter alone {limit:>8.0} a second");
    println!("  the dispatcher    {ours:>8.0} a second");
    println!("  ratio             {:>8.2}", ours / limit);
    ctx.store.clone().close().await;
}

/// A gateway that accepts all it is given, at this address.
async fn gateway() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port can be had");
    let address = listener.local_addr().expect("it has an address");
    let accepts = get(|| async { (StatusCode::ACCEPTED, "0: Accepted for delivery") });
    let router = Router::new().route("/cgi-bin/sendsms", accepts);
    tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    format!("http://{address}/cgi-bin/sendsms")
}

/// Has the dispatcher send a campaign to everybody, from its start to the last message.
async fn dispatched(ctx: &Ctx, caller: &Caller) -> Duration {
    let campaign = queued(ctx, caller).await;
    let mut watcher = ctx.store.changes().watch(Change::Campaign(caller.structure, campaign));
    let start = Instant::now();
    let dispatcher = dispatch::spawn(Arc::clone(&ctx.app));
    let everybody = i64::try_from(PEOPLE).expect("few");
    loop {
        let row = campaign::by_id_in(caller.structure, campaign).one(ctx.store.readers()).await;
        let row = row.expect("it can be read").expect("it is there");
        if row.handed_over == everybody {
            break;
        }
        watcher.changed().await;
    }
    let took = start.elapsed();
    dispatcher.stop().await;
    took
}

async fn queued(ctx: &Ctx, caller: &Caller) -> CampaignId {
    let filter = PersonFilter { search: Some("foule".to_owned()), ..PersonFilter::default() };
    let input = PreviewInput {
        audience: Audience::Matching { filter, except: Vec::new() },
        text: "Répétition ce soir à 20 h".to_owned(),
        purpose: Purpose::Informational,
        sender: None,
        template: None,
        send_at: None,
    };
    let token = preview(ctx, caller, input).await.expect("it can be previewed").token;
    let confirm =
        Vec::from(["LARGE_SEND", "LARGE_AUDIENCE", "DUPLICATE_TEXT", "SAME_TEXT"].map(str::to_owned));
    let input = SendInput { token, key: ctx.id(), confirm };
    let campaign = send(ctx, caller, input).await.expect("it can be sent").campaign;
    // As PostgreSQL does by itself within a minute: what is measured is no first minute.
    ctx.store.analyze(&["message", "attempt", "transfer"]).await;
    campaign
}

/// Has the adapter send as many, as many at once.
async fn alone(ctx: &Ctx) -> Duration {
    let provider = ctx.providers.get(kannel::NAME).expect("it is configured");
    let text: Arc<str> = Arc::from("Répétition ce soir à 20 h.STOP 36608");
    let start = Instant::now();
    let sent = futures::stream::iter(0..PEOPLE).map(|n| {
        let (provider, text) = (Arc::clone(&provider), Arc::clone(&text));
        async move {
            let attempt: Uuid = ctx.id();
            let to = Phone::from_e164(format!("+336{:08}", 12_000_000 + n)).expect("a number");
            let report_url = format!("http://127.0.0.1:8080/callbacks/kannel/{attempt}");
            let outbound =
                Outbound { attempt, to, sender: "QV".to_owned(), text, encoding: Encoding::Gsm7, report_url };
            provider.submit(&outbound).await
        }
    });
    let mut sent = sent.buffer_unordered(ctx.config.dispatch.in_flight);
    while let Some(outcome) = sent.next().await {
        assert!(matches!(outcome, Outcome::HandedOver { .. }), "{outcome:?}");
    }
    start.elapsed()
}
