//! A replica and the machine that it runs on.

use rejoin_crdts::sync::Protocol;
use rejoin_crdts::{Draw, OpId, ReplicaId};

use super::Event;
use crate::EventId;
use crate::clock::Clock;
use crate::scenario::Disk;
use crate::trace::ClockStart;

/// Events that wait.
pub(super) type Backlog<P> = Vec<(EventId, Event<P>)>;

/// A replica and the machine that it runs on: disk and clock outlive it.
pub(super) struct Node<P: Protocol> {
    pub(super) replica: Option<P>,
    life: u32,             // the incarnation
    pub(super) boots: u32, // how often a replica has started here
    pub(super) clock: Clock,
    pub(super) storage: Storage<P::Record>,
    /// What waits until it goes on, if it stands still.
    pub(super) backlog: Option<Box<Backlog<P>>>,
    /// Whether it has joined and not left.
    pub(super) member: bool,
    /// A replica has run here.
    pub(super) inhabited: bool,
    /// It was told of its neighbours before some of them joined or left.
    pub(super) misinformed: bool,
    operations: u32, // in this life
}

impl<P: Protocol> Node<P> {
    pub(super) fn new(clock: ClockStart) -> Self {
        Self {
            replica: None,
            life: 0,
            boots: 0,
            clock: Clock::new(clock),
            storage: Storage::default(),
            backlog: None,
            member: true,
            inhabited: false,
            misinformed: false,
            operations: 0,
        }
    }

    pub(super) fn incarnation(&self) -> u64 {
        self.life.into()
    }

    pub(super) fn id(&self, address: u64) -> ReplicaId {
        ReplicaId::new(address, self.incarnation())
    }

    /// The name of the next operation here.
    pub(super) fn next_op(&self, address: u64) -> OpId {
        OpId::new(self.id(address), u64::from(self.operations) + 1)
    }

    pub(super) fn count_op(&mut self) {
        self.operations += 1;
    }

    /// The next life begins.
    pub(super) fn reincarnate(&mut self) {
        self.life += 1;
        self.operations = 0;
    }
}

/// A disk: what is written is safe once anything later has left the machine.
pub(super) struct Storage<R>(Option<Box<Records<R>>>); // of a crowd most write nothing

struct Records<R> {
    safe: Vec<R>,
    written: Vec<Write<R>>,
}

enum Write<R> {
    Append(R),
    Snapshot(R),
}

impl<R> Default for Storage<R> {
    fn default() -> Self {
        Self(None)
    }
}

impl<R: Clone> Storage<R> {
    pub(super) fn append(&mut self, record: R) {
        self.records().written.push(Write::Append(record));
    }

    pub(super) fn snapshot(&mut self, record: R) {
        self.records().written.push(Write::Snapshot(record));
    }

    fn records(&mut self) -> &mut Records<R> {
        self.0.get_or_insert_with(|| Box::new(Records { safe: Vec::new(), written: Vec::new() }))
    }

    #[inline]
    pub(super) fn sync(&mut self) {
        if let Some(records) = &mut self.0
            && !records.written.is_empty()
        {
            records.sync();
        }
    }

    /// A crash; returns whether something is gone that others may have been told of.
    pub(super) fn crash(&mut self, disk: Disk, draws: &mut impl Draw) -> bool {
        let Some(records) = &mut self.0 else { return false };
        if disk == Disk::RolledBack {
            records.written.clear();
        }
        records.sync();
        let whole = records.safe.len();
        match disk {
            Disk::Kept | Disk::RolledBack => {}
            Disk::Partly => records.safe.truncate(draws.below(whole as u64 + 1) as usize),
            Disk::Lost => records.safe.clear(),
        }
        records.safe.len() < whole
    }

    /// Its records, oldest first.
    pub(super) fn read(&mut self) -> Vec<R> {
        self.sync();
        self.0.as_ref().map_or_else(Vec::new, |records| records.safe.clone())
    }
}

impl<R> Records<R> {
    fn sync(&mut self) {
        for write in self.written.drain(..) {
            match write {
                Write::Append(record) => self.safe.push(record),
                Write::Snapshot(record) => {
                    self.safe.clear();
                    self.safe.push(record);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_loses_what_the_crash_says() {
        let written = || {
            let mut storage = Storage::default();
            storage.append(1);
            storage.snapshot(2);
            storage.append(3);
            storage.sync();
            storage.append(4);
            storage.snapshot(5);
            storage
        };
        let mut half = |bound: u64| bound / 2;
        let mut left = |disk| {
            let mut storage = written();
            (storage.crash(disk, &mut half), storage.read())
        };
        assert_eq!(left(Disk::Kept), (false, vec![5]));
        assert_eq!(left(Disk::RolledBack), (false, vec![2, 3]));
        assert_eq!(left(Disk::Lost), (true, vec![]));
        let mut storage = written();
        storage.append(6);
        storage.append(7);
        storage.append(8);
        assert!(storage.crash(Disk::Partly, &mut half));
        assert_eq!(storage.read(), [5, 6]);
        assert!(!storage.crash(Disk::Partly, &mut |bound: u64| bound - 1), "nothing was cut off");
    }
}
