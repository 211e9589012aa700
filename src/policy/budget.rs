//! Whether one more request may be tried again, so that an outage is not multiplied by everybody's second attempts.

use super::Budget;

impl Budget {
    /// Whether a request may be tried again while so many requests are under way, `retries` of them being tried again.
    #[must_use]
    pub fn allows(self, active: u32, retries: u32) -> bool {
        let share = u64::from(active).saturating_mul(u64::from(self.percent)) / 100;
        u64::from(retries) < share.max(u64::from(self.floor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget {
        floor: 3,
        percent: 20,
    };

    #[test]
    fn so_many_percent_of_all_requests_may_be_tried_again() {
        assert!(BUDGET.allows(100, 19));
        assert!(!BUDGET.allows(100, 20));
    }

    #[test]
    fn a_few_always_may() {
        assert!(BUDGET.allows(1, 2));
        assert!(!BUDGET.allows(1, 3));
    }
}
