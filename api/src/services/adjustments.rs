//! Corrections of a balance by the operator: who decided them, and why.
//!
//! Architecture Invariant: a correction names its author and its reason, never takes more than can be spent, and is made once under a key.

use entity::enums::TransferKind;
use entity::ids::{StructureId, TransferId};

use crate::app::Ctx;
use crate::caller::Operator;
use crate::domain::money::MAX_TOP_UP;
use crate::error::{Failure, Fault, Problem};
use crate::services::ledger::{self, Adjustment};

/// The longest reason, in characters: a few sentences, which a page of the ledger shows whole.
const MAX_REASON: usize = 500;
/// The longest name, and the longest key, in characters.
const MAX_WORDS: usize = 100;

/// What a correction came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjusted {
    /// The transfer.
    pub id: TransferId,
    /// What it did to the balance.
    pub delta: i64,
    /// What could be spent after it.
    pub balance: i64,
    /// Whether it had been made before, under the same key.
    pub replayed: bool,
}

/// Corrects the balance of a structure. Asking again with the same key answers the same correction.
///
/// # Errors
/// `ADJUSTMENT_QUANTITY_INVALID`, `ADJUSTMENT_AUTHOR_INVALID`, `ADJUSTMENT_REASON_INVALID`, `CREDIT_KEY_INVALID`,
/// `ADJUSTMENT_EXCEEDS_BALANCE`, `IDEMPOTENCY_CONFLICT`.
pub async fn adjust(
    ctx: &Ctx,
    operator: Operator,
    structure: StructureId,
    adjustment: Adjustment,
    key: Option<String>,
) -> Result<Adjusted, Failure> {
    let scope = operator.scope(structure);
    let adjustment = checked(adjustment)?;
    let key = checked_key(key)?;
    let app = ctx.clone();
    let write = ctx.store.write(move |tx| {
        Box::pin(async move {
            let (structure, delta) = (scope.structure, adjustment.delta);
            if let Some(key) = &key
                && let Some(made) = ledger::made_under(tx, structure, TransferKind::Adjustment, key).await?
            {
                let line = ledger::line_of(tx, structure, made.id).await?;
                let (before, balance) =
                    line.ok_or_else(|| Fault::internal("a correction without its line"))?;
                let same = before == delta
                    && made.operator.as_deref() == Some(adjustment.operator.as_str())
                    && made.note.as_deref() == Some(adjustment.note.as_str());
                return if same {
                    Ok(Adjusted { id: made.id, delta, balance, replayed: true })
                } else {
                    Err(Problem::new("IDEMPOTENCY_CONFLICT").into())
                };
            }
            if let Some((id, balance)) = ledger::adjust(tx, &app, structure, adjustment, key).await? {
                return Ok(Adjusted { id, delta, balance, replayed: false });
            }
            let available = ledger::held(tx, structure).await?.balance;
            Err(Problem::new("ADJUSTMENT_EXCEEDS_BALANCE").with("available", available).into())
        })
    });
    write.await
}

/// The correction with its words trimmed, if it can be made at all.
fn checked(adjustment: Adjustment) -> Result<Adjustment, Problem> {
    let Adjustment { delta, operator, note } = adjustment;
    if delta == 0 || !(-MAX_TOP_UP..=MAX_TOP_UP).contains(&delta) {
        return Err(Problem::new("ADJUSTMENT_QUANTITY_INVALID").with("max", MAX_TOP_UP));
    }
    let operator = words(&operator, MAX_WORDS, "ADJUSTMENT_AUTHOR_INVALID")?;
    let note = words(&note, MAX_REASON, "ADJUSTMENT_REASON_INVALID")?;
    Ok(Adjustment { delta, operator, note })
}

/// The key under which the operator's command is carried out once, if it can be one.
///
/// # Errors
/// `CREDIT_KEY_INVALID`.
pub(super) fn checked_key(key: Option<String>) -> Result<Option<String>, Problem> {
    key.map(|key| words(&key, MAX_WORDS, "CREDIT_KEY_INVALID")).transpose()
}

/// Words of one line, trimmed: at least one character, at most so many.
fn words(text: &str, max: usize, code: &'static str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > max || text.chars().any(char::is_control) {
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        return Err(Problem::new(code).with("max", max));
    }
    Ok(text.to_owned())
}
