//! What accounts ask others to approve before it is sent.

use sea_orm_migration::{prelude::*, schema::text_null};

use crate::columns::{at, at_null, create, drop_all, id, id_null, index, one_of, owned, reference};

/// An approval is another account's; what is decided tells by whom and when; what is used tells for what.
const CHECKS: &[&str] = &[
    "(state = 'PENDING') = (decided_by IS NULL)",
    "(decided_by IS NULL) = (decided_at IS NULL)",
    "state NOT IN ('APPROVED', 'USED') OR decided_by <> requested_by",
    "(state = 'USED') = (campaign_id IS NOT NULL)",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_database_backend();
        let mut approvals = owned(db, "send_approval")
            .col(id(db, "preview_id").unique_key())
            .col(one_of("state", &["PENDING", "APPROVED", "DECLINED", "USED"]))
            .col(id(db, "requested_by"))
            .col(at("requested_at"))
            .col(at("expires_at"))
            .col(text_null("note"))
            .col(id_null(db, "decided_by"))
            .col(at_null("decided_at"))
            .col(id_null(db, "campaign_id").unique_key())
            .foreign_key(&mut reference("preview_id", "preview"))
            .foreign_key(&mut reference("requested_by", "account"))
            .foreign_key(&mut reference("decided_by", "account"))
            .foreign_key(&mut reference("campaign_id", "campaign"))
            .take();
        for check in CHECKS {
            approvals.check(Expr::cust(*check));
        }
        // A preview and a send look for approvals that stand: few, whatever was approved before.
        let standing =
            index("send_approval", "send_approval_standing", &["structure_id", "state", "expires_at"]);
        create(manager, [approvals], [standing]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, &["send_approval"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
