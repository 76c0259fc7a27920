//! A protocol that passes messages on, for Rejoin.

use std::collections::BTreeSet;

use rejoin_crdts::spec::{CounterOp, GCounterModel};
use rejoin_crdts::sync::{Outbox, Protocol, Reporting, Waiting};
use rejoin_crdts::wire::WireError;
use rejoin_crdts::{At, OpId, Refused, ReplicaId, Timestamp};
use rejoin_sim::scenario::{Latency, Topology};
use rejoin_sim::{ReportingSubject, Scenario, Subject as _};

use crate::work::Work;

/// A host that begins with some messages, and passes on what it gets.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Relay {
    peers: Vec<u64>,
    each: u64,
    turn: usize,
}

impl Relay {
    fn pass(&mut self, message: u64, out: &mut Outbox<'_, Self>) {
        self.turn = if self.turn + 1 < self.peers.len() { self.turn + 1 } else { 0 };
        if let Some(peer) = self.peers.get(self.turn) {
            out.send(*peer, message);
        }
    }
}

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
        Self { peers: Vec::new(), each, turn: 0 }
    }

    fn perform(
        &mut self,
        id: OpId,
        now: u64,
        _: CounterOp,
        _: &mut Outbox<'_, Self>,
    ) -> Result<At, Refused> {
        Ok(At { id, stamp: Timestamp::new(now, 0, id.replica) })
    }

    fn receive(
        &mut self,
        _: u64,
        _: u64,
        message: u64,
        out: &mut Outbox<'_, Self>,
    ) -> Result<(), Refused> {
        self.pass(message + 1, out);
        Ok(())
    }

    fn timer(&mut self, _: u64, (): (), out: &mut Outbox<'_, Self>) {
        for message in 0..self.each {
            self.pass(message, out);
        }
    }

    fn members(&mut self, _: u64, peers: &[u64], _: &mut Outbox<'_, Self>) {
        self.peers = peers.to_vec();
    }

    fn read(&self) -> u128 {
        0
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
        BTreeSet::new()
    }
}

/// Runs it without checks; returns how many messages were delivered.
pub(crate) fn relay(work: Work, topology: Topology, duration_ms: u64) -> u64 {
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
        checks: Some(Vec::new()),
        ..Scenario::of("relay")
    };
    subject.run(&scenario, 1).expect("the scenario is sound").traffic.delivered
}
