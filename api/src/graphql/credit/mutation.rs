//! Changing what concerns credit: orders, and the balance at which to be told.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use uuid::Uuid;

use super::{Credit, TopUpOrder};
use crate::graphql::context::Session;
use crate::graphql::error::UserError;
use crate::services::{ledger, top_up};

/// What credit is wanted.
#[derive(InputObject)]
pub struct RequestTopUpInput {
    /// How many SMS, 1 to 1,000,000.
    quantity: i32,
    /// A UUID that the client makes for this request: asking again with it answers the same order.
    idempotency_key: Uuid,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What an order came to.
#[derive(SimpleObject)]
pub struct RequestTopUpPayload {
    /// The order; null when it was not placed.
    order: Option<TopUpOrder>,
    /// The credit after it. Needs `READ` on CREDIT.
    credit: Option<Credit>,
    /// Why it was not placed.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// At which balance a structure wants to be told.
#[derive(InputObject)]
pub struct SetLowBalanceInput {
    /// The balance at which, or below, it is low, in SMS, 0 to 1,000,000; null, or absent, for none.
    low_balance_at: Option<i32>,
    /// Given back as it is.
    client_mutation_id: Option<String>,
}

/// What setting the balance came to.
#[derive(SimpleObject)]
pub struct SetLowBalancePayload {
    /// The credit, as it stands now; null when nothing was set.
    credit: Option<Credit>,
    /// Why nothing was set.
    errors: Vec<UserError>,
    /// As it was given.
    client_mutation_id: Option<String>,
}

/// The mutations of credit.
#[derive(Default)]
pub struct CreditMutation;

/// The mutations of credit.
#[Object]
impl CreditMutation {
    /// Orders credit for the structure. The operator approves, at once where the service is set up so. Needs `READ_WRITE` on
    /// CREDIT.
    async fn request_top_up(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "What credit is wanted.")] input: RequestTopUpInput,
    ) -> Result<RequestTopUpPayload> {
        let session = Session::of(graphql);
        let RequestTopUpInput { quantity, idempotency_key, client_mutation_id } = input;
        let done = async {
            let caller = session.caller()?;
            let order = top_up::request(&session.ctx, caller, i64::from(quantity), idempotency_key).await?;
            Ok((order, ledger::credit(&session.ctx, caller).await?))
        };
        Ok(match session.outcome(done.await)? {
            Ok((order, credit)) => RequestTopUpPayload {
                order: Some(order.into()),
                credit: Some(credit.into()),
                errors: Vec::new(),
                client_mutation_id,
            },
            Err(problem) => {
                let errors = vec![session.user_error(&problem)];
                RequestTopUpPayload { order: None, credit: None, errors, client_mutation_id }
            }
        })
    }

    /// Sets the balance at which, or below, the structure wants to be told that it is low, or none. A balance that is there already
    /// becomes low now, unless it was low under the one before. Needs `READ_WRITE` on CREDIT.
    async fn set_low_balance(
        &self,
        graphql: &Context<'_>,
        #[graphql(desc = "The balance, or none.")] input: SetLowBalanceInput,
    ) -> Result<SetLowBalancePayload> {
        let session = Session::of(graphql);
        let SetLowBalanceInput { low_balance_at, client_mutation_id } = input;
        let done =
            async { ledger::set_low(&session.ctx, session.caller()?, low_balance_at.map(i64::from)).await };
        Ok(match session.outcome(done.await)? {
            Ok(credit) => {
                SetLowBalancePayload { credit: Some(credit.into()), errors: Vec::new(), client_mutation_id }
            }
            Err(problem) => {
                let errors = vec![session.user_error(&problem)];
                SetLowBalancePayload { credit: None, errors, client_mutation_id }
            }
        })
    }
}
