// A protocol without a lattice, for the examples of `sync::Reporting` here and of
// `ReportingSubject` in the simulator: a counter kept as the list of its operations.

use std::collections::BTreeMap;

use rejoin_crdts::spec::{CounterOp, GCounterModel};
use rejoin_crdts::sync::{Outbox, Protocol, Waiting};
use rejoin_crdts::wire::{self, Kind, Limits, WireError};
use rejoin_crdts::{At, Hlc, OpId, Refused, ReplicaId, Timestamp};

pub type Entries = BTreeMap<OpId, (Timestamp, u64)>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ledger {
    pub entries: Entries,
    gossip_ms: u64,
    clock: Hlc,
    peers: Vec<u64>,
}

impl Protocol for Ledger {
    type Spec = GCounterModel;
    type Config = u64;
    type Message = Entries;
    type Timer = ();
    type Record = Entries;

    fn start(
        _: GCounterModel,
        gossip_ms: u64,
        fresh: ReplicaId,
        disk: Vec<Entries>,
        now_ms: u64,
        out: &mut Outbox<'_, Self>,
    ) -> Self {
        let clock = Hlc::new(fresh, 60_000);
        let mut ledger = Self { entries: Entries::new(), gossip_ms, clock, peers: Vec::new() };
        for record in disk {
            ledger.adopt(now_ms, record).expect("what it wrote, it had accepted");
        }
        out.timer(gossip_ms, ());
        ledger
    }

    fn perform(
        &mut self,
        id: OpId,
        now_ms: u64,
        op: CounterOp,
        out: &mut Outbox<'_, Self>,
    ) -> Result<At, Refused> {
        let CounterOp::Add(by) = op else { return Err(Refused::Rule("it only grows".into())) };
        let stamp = self.clock.tick(now_ms)?;
        self.entries.insert(id, (stamp, by));
        out.append(Entries::from([(id, (stamp, by))]));
        out.done(id, [stamp.replica().id()]);
        Ok(At { id, stamp })
    }

    fn receive(
        &mut self,
        now_ms: u64,
        _: u64,
        entries: Entries,
        out: &mut Outbox<'_, Self>,
    ) -> Result<(), Refused> {
        if entries.keys().any(|id| !self.entries.contains_key(id)) {
            self.adopt(now_ms, entries.clone())?;
            out.append(entries);
        }
        Ok(())
    }

    fn timer(&mut self, _: u64, (): (), out: &mut Outbox<'_, Self>) {
        for &peer in &self.peers {
            out.send(peer, self.entries.clone());
        }
        out.timer(self.gossip_ms, ());
    }

    fn members(&mut self, _: u64, peers: &[u64], _: &mut Outbox<'_, Self>) {
        self.peers = peers.to_vec();
    }

    fn read(&self) -> u128 {
        self.entries.values().map(|(_, by)| u128::from(*by)).sum()
    }

    fn waiting_for(&self) -> Vec<Waiting> {
        Vec::new()
    }

    fn encode(message: &Entries, bytes: &mut Vec<u8>) {
        wire::encode(Kind::Message, 1, message, bytes).expect("a ledger fits in a message");
    }

    fn decode(bytes: &[u8]) -> Result<Entries, WireError> {
        wire::decode(Kind::Message, 1, Limits::default(), bytes)
    }
}

impl Ledger {
    fn adopt(&mut self, now_ms: u64, entries: Entries) -> Result<(), Refused> {
        if let Some(latest) = entries.values().map(|(stamp, _)| *stamp).max() {
            self.clock.observe(now_ms, latest)?;
        }
        self.entries.extend(entries);
        Ok(())
    }
}
