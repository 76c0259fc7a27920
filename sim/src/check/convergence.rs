//! Strong convergence: equal knowledge means equal states, in memory and in bytes.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use rejoin_crdts::sync::Protocol;
use rustc_hash::FxHashMap;

use super::Check;
use super::judge::{Judge, Moment};
use super::witness::Witness;
use crate::Time;
use crate::outcome::Reading;
use crate::rng::Hasher;
use crate::violation::Class;

/// What a replica was while a certain set of operations was visible there.
#[derive(Clone, Debug)]
pub(crate) struct Evidence<K, V> {
    pub(crate) replica: u64,
    pub(crate) at: Time,
    pub(crate) knowledge: K,
    pub(crate) value: Arc<V>,
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

    /// Compares with what was seen before: by the hashes of the bytes, and `thoroughly` by all.
    pub(crate) fn check(
        &mut self,
        knows: Knows,
        now: Evidence<K, V>,
        thoroughly: bool,
    ) -> Result<(), Split> {
        let Some(before) = self.seen.get_mut(&knows.mark) else {
            self.seen.insert(knows.mark, now);
            self.by_count.entry(knows.count).or_default().push(knows.mark);
            return Ok(());
        };
        let same_bytes = before.digest.zip(now.digest).is_none_or(|(before, now)| before == now);
        if same_bytes && !thoroughly {
            return Ok(());
        }
        let difference = if before.value != now.value {
            format!("{:?} and {:?} are read", before.value, now.value)
        } else if before.knowledge != now.knowledge {
            format!(
                "{:?} is read from both, but the states differ: {:?} and {:?}",
                now.value, before.knowledge, now.knowledge
            )
        } else if !same_bytes {
            format!("the states are equal, but not their bytes: {:?}", now.knowledge)
        } else {
            // Later ones can be compared in bytes only with one that was written.
            if before.digest.is_none() {
                *before = now;
            }
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

impl<P: Protocol, W: Witness<P>> Judge<P, W> {
    /// Compares a replica with those that knew the same: by their bytes, if those were written, and
    /// else by all they are, if that is `afforded`.
    pub(super) fn check_convergence(&mut self, moment: Moment, afforded: bool) -> Check {
        let standing = &self.standings[moment.node];
        let Some((knowledge, value)) = &standing.live else { return Ok(()) };
        if !self.checks.on(Class::Convergence) {
            return Ok(());
        }
        let knows = standing.knows();
        let evidence = Evidence {
            replica: moment.address(),
            at: moment.at,
            knowledge: knowledge.clone(),
            value: Arc::clone(value),
            digest: standing.digest,
        };
        // In a crowd not at every step: it looks at everybody.
        if moment.step.is_multiple_of((self.standings.len() as u64 / 8).max(1)) {
            let live = self.standings.iter().filter(|standing| standing.live.is_some());
            let least = live.map(|standing| standing.visible.len()).min().unwrap_or(0);
            self.convergence.forget_below(least.min(knows.count));
        }
        let Err(split) = self.convergence.check(knows, evidence, afforded) else { return Ok(()) };
        let visible = self.standings[moment.node].visible.clone();
        let mut violation =
            self.found(moment, Class::Convergence, visible.iter(), split.explanation);
        violation.values = split.values;
        Err(violation)
    }

    /// The hash of the bytes of a replica's state.
    pub(super) fn written(&self, moment: Moment, replica: &P) -> Check<Option<u128>> {
        match W::bytes(replica) {
            Ok(bytes) => Ok(Some(Hasher::new(2).bytes(&bytes).finish())),
            Err(error) => {
                let wrong =
                    format!("The state of r{} cannot be written: {error}.", moment.address());
                self.violation(moment, Class::Wire, [], wrong)?;
                Ok(None)
            }
        }
    }

    /// Writes all states, as they are at last, when all are equal: whether they have the same bytes.
    pub(crate) fn same_bytes<'p>(
        &self,
        moment: Moment,
        replicas: impl Iterator<Item = &'p P>,
    ) -> Check<bool>
    where
        P: 'p,
    {
        if !self.checks.on(Class::Convergence) && !self.checks.on(Class::Wire) {
            return Ok(true);
        }
        let mut first = None;
        for replica in replicas {
            let digest = self.written(moment, replica)?;
            if digest != *first.get_or_insert(digest) {
                let wrong = "At the end all states are equal, but not their bytes.".to_owned();
                self.violation(moment, Class::Convergence, [], wrong)?;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(value: &'static str, digest: Option<u128>) -> Evidence<(), &'static str> {
        Evidence { replica: 1, at: Time::ZERO, knowledge: (), value: Arc::new(value), digest }
    }

    #[test]
    fn what_was_seen_is_compared_until_nobody_can_see_it_any_more() {
        let mut convergence = Convergence::new();
        let two = Knows { mark: 7, count: 2 };
        assert!(convergence.check(two, evidence("a", None), true).is_ok());
        assert!(convergence.check(two, evidence("a", None), true).is_ok());
        convergence.forget_below(2);
        assert!(convergence.check(two, evidence("b", None), true).is_err());
        convergence.forget_below(3);
        assert!(convergence.check(two, evidence("b", None), true).is_ok());
    }

    #[test]
    fn bytes_are_compared_with_the_first_that_were_written() {
        let mut convergence = Convergence::new();
        let two = Knows { mark: 7, count: 2 };
        assert!(convergence.check(two, evidence("a", None), true).is_ok());
        assert!(convergence.check(two, evidence("a", Some(1)), true).is_ok());
        assert!(convergence.check(two, evidence("a", None), true).is_ok());
        assert!(convergence.check(two, evidence("a", Some(1)), false).is_ok());
        let split = convergence.check(two, evidence("a", Some(2)), false).unwrap_err();
        assert!(split.explanation.contains("not their bytes"), "{}", split.explanation);
    }

    #[test]
    fn a_glance_misses_what_only_a_look_can_see() {
        let mut convergence = Convergence::new();
        let two = Knows { mark: 7, count: 2 };
        assert!(convergence.check(two, evidence("a", Some(1)), true).is_ok());
        assert!(convergence.check(two, evidence("b", None), false).is_ok());
        let split = convergence.check(two, evidence("b", Some(2)), false).unwrap_err();
        assert!(split.explanation.contains("are read"), "{}", split.explanation);
        assert!(convergence.check(two, evidence("b", None), true).is_err());
    }
}
