//! A replica and the machine that it runs on.

use rejoin_crdts::sync::Protocol;
use rejoin_crdts::{OpId, ReplicaId};

use crate::Time;

/// A replica and the machine that it runs on: disk, clock and neighbours outlive it.
pub(super) struct Node<P: Protocol> {
    pub(super) address: u64,
    pub(super) life: u64, // the incarnation
    pub(super) replica: Option<P>,
    pub(super) disk: Vec<P::Record>,
    pub(super) neighbours: Vec<u64>,
    ahead_ms: u64,
    operations: u64, // in this life
}

impl<P: Protocol> Node<P> {
    pub(super) fn new(address: u64, neighbours: &[usize], ahead_ms: u64) -> Self {
        Self {
            address,
            life: 0,
            replica: None,
            disk: Vec::new(),
            neighbours: neighbours.iter().map(|&node| node as u64 + 1).collect(),
            ahead_ms,
            operations: 0,
        }
    }

    /// What its clock shows.
    pub(super) fn clock_ms(&self, now: Time) -> u64 {
        now.as_ms().saturating_add(self.ahead_ms)
    }

    pub(super) fn id(&self) -> ReplicaId {
        ReplicaId::new(self.address, self.life)
    }

    /// The name of the next operation here.
    pub(super) fn next_op(&self) -> OpId {
        OpId::new(self.id(), self.operations + 1)
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
