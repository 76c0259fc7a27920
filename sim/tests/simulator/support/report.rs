//! A protocol without a lattice: each replica keeps the operations it knows, and says so itself.

use std::collections::{BTreeMap, BTreeSet};

use rejoin_crdts::spec::{CounterOp, GCounterModel};
use rejoin_crdts::sync::{Outbox, Protocol, Reporting, Waiting};
use rejoin_crdts::wire::{self, Kind, Limits, WireError};
use rejoin_crdts::{At, OpId, Refused, ReplicaId, Spec, Timestamp};

/// What is wrong with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Lie {
    #[default]
    None,
    /// It says that it knows an operation of somebody else before it was told.
    KnowsTooMuch,
    /// It does not show its own latest operation.
    HidesItsOwn,
    /// It forgets its oldest operation when it knows ten.
    Forgets,
    /// It counts every operation of others twice.
    CountsTwice,
    /// It turns no client away.
    ServesEverybody,
}

/// A counter kept as the list of its operations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ledger {
    lie: Lie,
    me: ReplicaId,
    latest_ms: u64,
    entries: BTreeMap<OpId, u64>,
    peers: Vec<u64>,
}

impl Protocol for Ledger {
    type Spec = GCounterModel;
    type Config = Lie;
    type Message = (u64, BTreeMap<OpId, u64>);
    type Timer = ();
    type Record = (OpId, u64);

    fn start(
        _: GCounterModel,
        lie: Lie,
        fresh: ReplicaId,
        disk: Vec<Self::Record>,
        now_ms: u64,
        out: &mut Outbox<'_, Self>,
    ) -> Self {
        out.timer(20, ());
        let entries = disk.into_iter().collect();
        Self { lie, me: fresh, latest_ms: now_ms, entries, peers: Vec::new() }
    }

    fn perform(
        &mut self,
        id: OpId,
        now_ms: u64,
        op: <Self::Spec as Spec>::Op,
        out: &mut Outbox<'_, Self>,
    ) -> Result<At, Refused> {
        self.latest_ms = now_ms.max(self.latest_ms + 1);
        let by = amount(&op);
        self.entries.insert(id, by);
        out.append((id, by));
        out.done(id, [self.me.id()]);
        Ok(At { id, stamp: Timestamp::new(self.latest_ms, 0, self.me) })
    }

    fn receive(
        &mut self,
        _: u64,
        _: u64,
        (latest_ms, entries): Self::Message,
        out: &mut Outbox<'_, Self>,
    ) -> Result<(), Refused> {
        self.latest_ms = self.latest_ms.max(latest_ms);
        for (id, by) in entries {
            if self.entries.insert(id, by).is_none() {
                out.append((id, by));
            }
        }
        if self.lie == Lie::Forgets && self.entries.len() >= 10 {
            self.entries.pop_first();
        }
        Ok(())
    }

    fn timer(&mut self, _: u64, (): (), out: &mut Outbox<'_, Self>) {
        for &peer in &self.peers {
            out.send(peer, (self.latest_ms, self.entries.clone()));
        }
        out.timer(40, ());
    }

    fn members(&mut self, _: u64, peers: &[u64], _: &mut Outbox<'_, Self>) {
        self.peers = peers.to_vec();
    }

    fn read(&self) -> <Self::Spec as Spec>::Value {
        let weight = |id: &OpId| match self.lie {
            Lie::CountsTwice if id.replica != self.me => 2,
            _ => 1,
        };
        self.entries.iter().map(|(id, &by)| u128::from(by) * weight(id)).sum()
    }

    fn waiting_for(&self) -> Vec<Waiting> {
        Vec::new()
    }

    fn encode(message: &Self::Message, bytes: &mut Vec<u8>) {
        wire::encode(Kind::Message, 1, message, bytes).expect("it can be written");
    }

    fn decode(bytes: &[u8]) -> Result<Self::Message, WireError> {
        wire::decode(Kind::Message, 1, Limits::default(), bytes)
    }
}

impl Reporting for Ledger {
    fn visible(&self) -> BTreeSet<OpId> {
        let mut visible: BTreeSet<OpId> = self.entries.keys().copied().collect();
        match self.lie {
            Lie::KnowsTooMuch if self.entries.len() == 5 => {
                let next = self.entries.keys().rev().find(|id| id.replica != self.me);
                visible.extend(next.map(|id| OpId::new(id.replica, id.seq + 1)));
            }
            Lie::HidesItsOwn => {
                let own = self.entries.keys().rev().find(|id| id.replica == self.me);
                own.map(|own| visible.remove(own));
            }
            _ => {}
        }
        visible
    }

    fn serves(&self, read: &BTreeSet<OpId>, written: &BTreeSet<OpId>) -> bool {
        let knows = |id| self.entries.contains_key(id);
        self.lie == Lie::ServesEverybody || read.iter().chain(written).all(knows)
    }
}

fn amount(op: &CounterOp) -> u64 {
    match *op {
        CounterOp::Add(by) | CounterOp::Take(by) => by,
    }
}
