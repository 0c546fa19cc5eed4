//! Credit is counted in SMS, whole.
//!
//! Architecture invariant: an [`Sms`] is never negative, and no sum, difference or product of them wraps or goes
//! below zero: it errs instead. Signed movements belong to the ledger, not here.

/// The least that one top-up may order, in SMS.
pub const MIN_TOP_UP: i64 = 1;
/// The most that one top-up may order, in SMS: far above what a structure sends in years, and a slip of the
/// keyboard stays refundable.
pub const MAX_TOP_UP: i64 = 1_000_000;

/// A quantity of SMS, zero or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Sms(i64);

/// Why a quantity is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// A quantity, or what remains of one, below zero.
    #[error("a quantity of SMS cannot be negative")]
    Negative,
    /// Beyond what sixty-four bits hold.
    #[error("the quantity of SMS is too large")]
    Overflow,
    /// A top-up outside its bounds.
    #[error("a top-up is of {min} to {max} SMS")]
    TopUpOutOfBounds {
        /// [`MIN_TOP_UP`].
        min: i64,
        /// [`MAX_TOP_UP`].
        max: i64,
    },
}

impl MoneyError {
    /// The stable code of this refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Negative => "QUANTITY_NEGATIVE",
            Self::Overflow => "QUANTITY_TOO_LARGE",
            Self::TopUpOutOfBounds { .. } => "TOP_UP_OUT_OF_BOUNDS",
        }
    }
}

impl Sms {
    /// No SMS at all.
    pub const ZERO: Self = Self(0);

    /// A quantity of SMS.
    ///
    /// # Errors
    /// [`MoneyError::Negative`] below zero.
    pub fn new(quantity: i64) -> Result<Self, MoneyError> {
        if quantity < 0 {
            Err(MoneyError::Negative)
        } else {
            Ok(Self(quantity))
        }
    }

    /// The quantity that a top-up orders.
    ///
    /// # Errors
    /// [`MoneyError::TopUpOutOfBounds`] outside [`MIN_TOP_UP`] to [`MAX_TOP_UP`].
    pub fn top_up(quantity: i64) -> Result<Self, MoneyError> {
        if (MIN_TOP_UP..=MAX_TOP_UP).contains(&quantity) {
            Ok(Self(quantity))
        } else {
            Err(MoneyError::TopUpOutOfBounds {
                min: MIN_TOP_UP,
                max: MAX_TOP_UP,
            })
        }
    }

    /// The number of SMS, zero or more.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }

    /// The sum of two quantities.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_add(other.0).map(Self).ok_or(MoneyError::Overflow)
    }

    /// What remains of this quantity without the other.
    ///
    /// # Errors
    /// [`MoneyError::Negative`] when the other is the larger.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        // Both are zero or more: the difference fits.
        Self::new(self.0 - other.0)
    }

    /// This quantity, `times` over: the cost of that many messages of so many SMS.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn checked_mul(self, times: u32) -> Result<Self, MoneyError> {
        self.0
            .checked_mul(i64::from(times))
            .map(Self)
            .ok_or(MoneyError::Overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sms(quantity: i64) -> Sms {
        Sms::new(quantity).expect("the tests give quantities of zero or more")
    }

    #[test]
    fn a_quantity_is_never_negative() {
        assert_eq!(Sms::new(-1), Err(MoneyError::Negative));
        assert_eq!(Sms::new(i64::MIN), Err(MoneyError::Negative));
        assert_eq!(Sms::new(0), Ok(Sms::ZERO));
        assert_eq!(sms(228).get(), 228);
    }

    #[test]
    fn sums_differences_and_products_are_checked() {
        assert_eq!(sms(228).checked_sub(sms(2)), Ok(sms(226)));
        assert_eq!(sms(2).checked_sub(sms(2)), Ok(Sms::ZERO));
        assert_eq!(sms(1).checked_sub(sms(2)), Err(MoneyError::Negative));
        assert_eq!(Sms::ZERO.checked_sub(sms(i64::MAX)), Err(MoneyError::Negative));
        assert_eq!(sms(1).checked_add(sms(2)), Ok(sms(3)));
        assert_eq!(sms(i64::MAX).checked_add(sms(1)), Err(MoneyError::Overflow));
        assert_eq!(sms(3).checked_mul(58), Ok(sms(174)));
        assert_eq!(sms(i64::MAX).checked_mul(2), Err(MoneyError::Overflow));
    }

    #[test]
    fn a_top_up_has_bounds() {
        for (quantity, accepted) in [
            (i64::MIN, false),
            (-1, false),
            (0, false),
            (1, true),
            (1_000_000, true),
            (1_000_001, false),
        ] {
            assert_eq!(Sms::top_up(quantity).is_ok(), accepted, "{quantity}");
        }
    }
}
