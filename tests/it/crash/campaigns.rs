//! Campaigns to the whole crowd.

use envoi_tests::TestEntropy;
use envoi_tests::process::Server;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rig::Rig;

const PREVIEW: &str = "mutation($input: PreviewSmsInput!) { previewSms(input: $input) { preview { token messageCount } errors { code } } }";
const SEND: &str = "mutation($input: SendSmsInput!) { sendSms(input: $input) { campaign { id } replayed errors { __typename code } } }";

/// A send that was previewed, and can be asked for again.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    input: Value,
}

impl Ask {
    /// Previews a message to the crowd.
    pub(super) async fn preview(rig: &Rig, server: &Server, chance: &TestEntropy) -> Self {
        Self::try_preview(rig, server, chance).await.expect("the server answers")
    }

    /// The same. None when the server died meanwhile.
    pub(super) async fn try_preview(rig: &Rig, server: &Server, chance: &TestEntropy) -> Option<Self> {
        let audience = json!({ "matching": { "filter": { "tags": { "all": [rig.tag] } } } });
        let input = json!({ "audience": audience, "message": { "text": "Répétition ce soir" } });
        let shown = server.try_graphql(Some(&rig.token), PREVIEW, json!({ "input": input })).await.ok()?;
        let token = &shown["data"]["previewSms"]["preview"]["token"];
        assert!(token.is_string(), "{shown}");
        let key = format!("0190b5ac-0000-7000-8000-{:012x}", chance.next() & 0xFFFF_FFFF_FFFF);
        Some(Self { input: json!({ "previewToken": token, "idempotencyKey": key }) })
    }

    /// Sends it. None when the server died meanwhile.
    pub(super) async fn try_send(&self, rig: &Rig, server: &Server) -> Option<Value> {
        let sent = self.answer(rig, server).await?;
        assert!(sent["errors"].is_null(), "{sent}");
        Some(sent["data"]["sendSms"].clone())
    }

    /// The whole answer to sending it. None when the server died meanwhile.
    pub(super) async fn answer(&self, rig: &Rig, server: &Server) -> Option<Value> {
        server.try_graphql(Some(&rig.token), SEND, json!({ "input": self.input })).await.ok()
    }

    /// The key it is asked under.
    pub(super) fn key(&self) -> Uuid {
        self.input["idempotencyKey"].as_str().and_then(|key| key.parse().ok()).expect("a key is a UUID")
    }

    /// Sends it, or finds it sent; answers the campaign's id.
    pub(super) async fn send(&self, rig: &Rig, server: &Server) -> Value {
        let sent = self.try_send(rig, server).await.expect("the server answers");
        assert_eq!(sent["errors"], json!([]), "{sent}");
        sent["campaign"]["id"].clone()
    }
}
