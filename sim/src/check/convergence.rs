//! Strong convergence: equal knowledge means equal states, in memory and in bytes.

use std::collections::BTreeMap;
use std::fmt::Debug;

use rustc_hash::FxHashMap;

use crate::Time;
use crate::outcome::Reading;

/// What a replica was while a certain set of operations was visible there.
#[derive(Clone, Debug)]
pub(crate) struct Evidence<K, V> {
    pub(crate) replica: u64,
    pub(crate) at: Time,
    pub(crate) knowledge: K,
    pub(crate) value: V,
    /// Of the bytes of its state, if they were written.
    pub(crate) digest: Option<u128>,
}

/// A set of visible operations: its hash, and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Knows {
    pub(crate) mark: u128,
    pub(crate) count: usize,
}

/// What was seen for each set of visible operations, at any replica and at any time: a state is a
/// function of what is visible, so all later ones must be equal.
///
/// What nobody can see any more is forgotten: a set that is smaller than what every replica sees.
#[derive(Debug)]
pub(crate) struct Convergence<K, V> {
    seen: FxHashMap<u128, Evidence<K, V>>,
    by_count: BTreeMap<usize, Vec<u128>>,
}

/// Two states for one set of visible operations.
#[derive(Debug)]
pub(crate) struct Split {
    pub(crate) values: Vec<Reading>,
    pub(crate) explanation: String,
}

impl<K: Clone + Eq + Debug, V: Clone + Eq + Debug> Convergence<K, V> {
    pub(crate) fn new() -> Self {
        Self { seen: FxHashMap::default(), by_count: BTreeMap::new() }
    }

    /// Forgets the sets of fewer operations.
    pub(crate) fn forget_below(&mut self, count: usize) {
        while let Some(entry) = self.by_count.first_entry()
            && *entry.key() < count
        {
            for mark in entry.remove() {
                self.seen.remove(&mark);
            }
        }
    }

    /// Compares with what was seen before.
    pub(crate) fn check(&mut self, knows: Knows, now: Evidence<K, V>) -> Result<(), Split> {
        let Some(before) = self.seen.get(&knows.mark) else {
            self.seen.insert(knows.mark, now);
            self.by_count.entry(knows.count).or_default().push(knows.mark);
            return Ok(());
        };
        let difference = if before.value != now.value {
            format!("{:?} and {:?} are read", before.value, now.value)
        } else if before.knowledge != now.knowledge {
            format!(
                "{:?} is read from both, but the states differ: {:?} and {:?}",
                now.value, before.knowledge, now.knowledge
            )
        } else if before.digest.zip(now.digest).is_some_and(|(before, now)| before != now) {
            format!("the states are equal, but not their bytes: {:?}", now.knowledge)
        } else {
            return Ok(());
        };
        let whose = if before.replica == now.replica {
            format!("at r{} before ({}) and now ({})", now.replica, before.at, now.at)
        } else {
            format!("at r{} ({}) and at r{} ({})", before.replica, before.at, now.replica, now.at)
        };
        let reading = |side: &Evidence<K, V>| Reading {
            replica: side.replica,
            value: format!("{:?}", side.value),
        };
        Err(Split {
            values: vec![reading(before), reading(&now)],
            explanation: format!(
                "The same {} operations are visible {whose}, yet {difference}.",
                knows.count
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_compared_until_nobody_can_see_it_any_more() {
        let mut convergence = Convergence::new();
        let at =
            |value| Evidence { replica: 1, at: Time::ZERO, knowledge: (), value, digest: None };
        let two = Knows { mark: 7, count: 2 };
        assert!(convergence.check(two, at("a")).is_ok());
        assert!(convergence.check(two, at("a")).is_ok());
        convergence.forget_below(2);
        assert!(convergence.check(two, at("b")).is_err());
        convergence.forget_below(3);
        assert!(convergence.check(two, at("b")).is_ok());
    }
}
