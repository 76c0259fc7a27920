//! Acknowledged operations, and what excuses the loss of one.

use std::collections::{BTreeMap, BTreeSet};

/// A client was told that its operation is safe.
#[derive(Clone, Debug)]
struct Promise {
    step: u64,
    held_by: BTreeSet<u64>,
}

/// What was promised, and which disks were lost since.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged {
    promises: BTreeMap<usize, Vec<Promise>>, // by operation
    disk_lost: BTreeMap<u64, u64>,           // the step of the last loss, by address
}

/// How the loss of an operation stands to what was promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nobody was told that it is safe.
    Unpromised,
    /// All the disks that were to hold it were lost since.
    Excused,
    /// These addresses were to hold it, and some of their disks were never lost since.
    Broken(BTreeSet<u64>),
}

impl Acknowledged {
    pub(crate) fn promise(&mut self, step: u64, operation: usize, held_by: BTreeSet<u64>) {
        self.promises.entry(operation).or_default().push(Promise { step, held_by });
    }

    pub(crate) fn lose_disk(&mut self, step: u64, address: u64) {
        self.disk_lost.insert(address, step);
    }

    /// How many operations were acknowledged.
    pub(crate) fn len(&self) -> usize {
        self.promises.len()
    }

    /// What the loss of `operation` means.
    pub(crate) fn judge(&self, operation: usize) -> Loss {
        let Some(promises) = self.promises.get(&operation) else {
            return Loss::Unpromised;
        };
        let lost_since =
            |address: &u64, step| self.disk_lost.get(address).is_some_and(|&lost| lost > step);
        let broken = promises.iter().find(|promise| {
            // Who names no disk promises all the same.
            promise.held_by.is_empty()
                || !promise.held_by.iter().all(|address| lost_since(address, promise.step))
        });
        broken.map_or(Loss::Excused, |promise| Loss::Broken(promise.held_by.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_excused_only_if_every_disk_was_lost_since() {
        let mut acknowledged = Acknowledged::default();
        acknowledged.lose_disk(1, 7);
        acknowledged.promise(2, 0, [7].into());
        assert_eq!(acknowledged.judge(0), Loss::Broken([7].into()), "lost before the promise");
        acknowledged.lose_disk(3, 7);
        assert_eq!(acknowledged.judge(0), Loss::Excused);
        acknowledged.promise(2, 0, [7, 8].into());
        assert_eq!(acknowledged.judge(0), Loss::Broken([7, 8].into()), "the disk of 8 is there");
        assert_eq!(acknowledged.judge(1), Loss::Unpromised);
        acknowledged.promise(4, 2, [].into());
        assert_eq!(acknowledged.judge(2), Loss::Broken([].into()), "no disk can excuse it");
    }
}
