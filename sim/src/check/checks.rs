//! Which checks are made, and how often the dear ones.

use rejoin_crdts::Delivery;

use crate::scenario::Scenario;
use crate::violation::Class;

/// What going through a whole state costs for each operation: to write it, to read it, to compare it
/// with one that shares nothing with it. The unit is a pair of operations looked at: a specification may
/// compare each with each.
pub(super) const WHOLE: usize = 16;

/// Which checks are made.
#[derive(Clone, Debug)]
pub(super) struct Checks {
    on: u32,
    named: u32, // by the scenario
}

impl Checks {
    pub(super) fn new(scenario: &Scenario, delivery: Delivery) -> Self {
        let bits = |classes: &[Class]| classes.iter().fold(0, |bits, class| bits | bit(*class));
        let named = scenario.checks.as_deref().map_or(0, bits);
        let mut on = if scenario.checks.is_some() { named } else { bits(&Class::ALL) };
        // Without being asked, only what says that it delivers in causal order is held to it: a put
        // that a later one took the place of is visible wherever that is, whoever told of it.
        if delivery != Delivery::Causal {
            let order = [Class::Causality, Class::MonotonicWrites, Class::WritesFollowReads];
            on &= !bits(&order) | named;
        }
        Self { on, named }
    }

    pub(super) const fn on(&self, class: Class) -> bool {
        self.on & bit(class) != 0
    }

    /// Whether something is checked of what is read.
    pub(super) const fn values(&self) -> bool {
        self.on(Class::Specification) || self.on(Class::Invariant) || self.on(Class::Convergence)
    }

    /// Whether the scenario asks for this check by name.
    pub(super) const fn named(&self, class: Class) -> bool {
        self.named & bit(class) != 0
    }
}

const fn bit(class: Class) -> u32 {
    1 << class as u32
}

/// The account that is paid from what grows with the run: what a step costs on average does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    always: usize,
    balance: u64,
}

impl Account {
    /// Pays at every step up to so many operations. Beyond, a step earns what it costs to go through
    /// the state of so many.
    pub(super) const fn new(always: usize) -> Self {
        Self { always, balance: 0 }
    }

    /// A step is taken, with so many operations behind it; whether something can be paid that costs so
    /// much for each of them.
    pub(super) fn affords(&mut self, operations: usize, each: usize) -> bool {
        if operations <= self.always {
            return true;
        }
        self.balance += (self.always * WHOLE) as u64;
        let cost = (operations as u64).saturating_mul(each as u64);
        let paid = self.balance.checked_sub(cost);
        self.balance = paid.unwrap_or(self.balance);
        paid.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_runs_are_looked_at_throughout_and_long_ones_at_a_constant_cost() {
        let mut account = Account::new(256);
        assert!((0..1_000).all(|_| account.affords(256, 256)));
        let often = (0..10_000).filter(|_| account.affords(640, 640)).count();
        assert_eq!(often, 100);
        let seldom = (0..100_000).filter(|_| account.affords(6_400, 6_400)).count();
        assert_eq!(seldom, 10);
    }

    #[test]
    fn everything_is_checked_unless_something_is_named() {
        let all = Checks::new(&Scenario::of("any"), Delivery::Causal);
        assert!(Class::ALL.iter().all(|class| all.on(*class) && !all.named(*class)));
        let any = Checks::new(&Scenario::of("any"), Delivery::Any);
        assert!(!any.on(Class::Causality) && !any.on(Class::MonotonicWrites));
        assert!(any.on(Class::Inflation) && any.on(Class::ReadYourWrites));
        let checks = Some(vec![Class::Causality]);
        let one = Checks::new(&Scenario { checks, ..Scenario::of("any") }, Delivery::Any);
        assert!(one.on(Class::Causality) && !one.on(Class::Inflation));
    }
}
