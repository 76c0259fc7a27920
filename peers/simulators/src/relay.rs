//! A protocol that passes messages on, for Rejoin: each carries what its sender knows of a counter
//! that one host increments once.

use std::collections::BTreeSet;

use rejoin_crdts::spec::{CounterOp, GCounterModel};
use rejoin_crdts::sync::{Outbox, Protocol, Reporting, Waiting};
use rejoin_crdts::wire::WireError;
use rejoin_crdts::{At, OpId, Refused, ReplicaId, Timestamp};
use rejoin_sim::scenario::{Latency, Topology};
use rejoin_sim::{ReportingSubject, Scenario, Subject as _, Verdict};

use crate::work::Work;

/// A host that begins with some messages, and passes on what it gets.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Relay {
    peers: Vec<u64>,
    each: u64,
    turn: usize,
    total: u64,
}

impl Relay {
    fn pass(&mut self, out: &mut Outbox<'_, Self>) {
        self.turn = if self.turn + 1 < self.peers.len() { self.turn + 1 } else { 0 };
        if let Some(peer) = self.peers.get(self.turn) {
            out.send(*peer, self.total);
        }
    }
}

/// The host that increments.
const WRITER: ReplicaId = ReplicaId::new(1, 0);

impl Protocol for Relay {
    type Spec = GCounterModel;
    type Config = u64;
    type Message = u64;
    type Timer = ();
    type Record = ();

    fn start(
        _: GCounterModel,
        each: u64,
        _: ReplicaId,
        _: Vec<()>,
        _: u64,
        out: &mut Outbox<'_, Self>,
    ) -> Self {
        out.timer(1, ());
        Self { peers: Vec::new(), each, turn: 0, total: 0 }
    }

    fn perform(
        &mut self,
        id: OpId,
        now: u64,
        operation: CounterOp,
        _: &mut Outbox<'_, Self>,
    ) -> Result<At, Refused> {
        if let CounterOp::Add(by) = operation {
            self.total += by;
        }
        Ok(At { id, stamp: Timestamp::new(now, 0, id.replica) })
    }

    fn receive(
        &mut self,
        _: u64,
        _: u64,
        message: u64,
        out: &mut Outbox<'_, Self>,
    ) -> Result<(), Refused> {
        self.total = self.total.max(message);
        self.pass(out);
        Ok(())
    }

    fn timer(&mut self, _: u64, (): (), out: &mut Outbox<'_, Self>) {
        (0..self.each).for_each(|_| self.pass(out));
    }

    fn members(&mut self, _: u64, peers: &[u64], _: &mut Outbox<'_, Self>) {
        self.peers = peers.to_vec();
    }

    fn read(&self) -> u128 {
        self.total.into()
    }

    fn waiting_for(&self) -> Vec<Waiting> {
        Vec::new()
    }

    fn encode(message: &u64, bytes: &mut Vec<u8>) {
        bytes.extend(message.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Result<u64, WireError> {
        Ok(u64::from_le_bytes(bytes.try_into().unwrap_or_default()))
    }
}

impl Reporting for Relay {
    fn visible(&self) -> BTreeSet<OpId> {
        (self.total > 0).then_some(OpId::new(WRITER, 1)).into_iter().collect()
    }
}

/// Runs it; returns how many messages were delivered.
pub fn relay(work: Work, topology: Topology, duration_ms: u64, checked: bool) -> u64 {
    let subject = ReportingSubject::<Relay>::new("relay", "passes on", GCounterModel, work.each);
    let (least, most) = work.latency_us;
    let [min_ms, max_ms] = [least, most].map(|us| us as f64 / 1_000.0);
    let latency = match least == most {
        true => Latency::Constant { ms: min_ms },
        false => Latency::Uniform { min_ms, max_ms },
    };
    let scenario = Scenario {
        replicas: work.hosts,
        topology,
        latency,
        duration_ms,
        ops: 1,
        writers: Some(1),
        checks: (!checked).then(Vec::new),
        ..Scenario::of("relay")
    };
    let outcome = subject.run(&scenario, 1).expect("the scenario is sound");
    assert_ne!(outcome.verdict, Verdict::Violated, "{:?}", outcome.violation);
    outcome.traffic.delivered
}
