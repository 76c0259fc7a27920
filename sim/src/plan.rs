//! The plan of a run: what clients do and which faults strike, drawn from a scenario and a seed or
//! read from a trace.

use std::fmt::Debug;

use rejoin_crdts::wire::WireError;
use rejoin_crdts::{Draw, Spec};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::rng::{Draws, Kind, Stream};
use crate::scenario::Scenario;
use crate::trace::{Decisions, FaultDecision, OperationDecision, TraceError};
use crate::{EventId, Time, codec, nemesis, workload};

/// Everything that is decided before a run.
#[derive(Clone, Debug)]
pub(crate) struct Plan<Op> {
    pub(crate) clock_ahead_ms: Vec<u64>,
    pub(crate) operations: Vec<PlannedOp<Op>>,
    pub(crate) faults: Vec<FaultDecision>,
}

/// An operation of a client.
#[derive(Clone, Debug)]
pub(crate) struct PlannedOp<Op> {
    pub(crate) root: u64,
    pub(crate) at: Time,
    pub(crate) node: usize,
    pub(crate) op: Op,
}

impl<Op> Plan<Op> {
    /// What `seed` draws for `scenario`.
    pub(crate) fn draw<S: Spec<Op = Op>>(spec: &S, scenario: &Scenario, seed: u64) -> Self {
        let ahead = |node| {
            let id = EventId::root(Kind::Start, node);
            Draws::new(seed, Stream::Clock, id).below(scenario.skew_ms.saturating_add(1))
        };
        Self {
            clock_ahead_ms: (0..scenario.replicas).map(ahead).collect(),
            operations: workload::draw(spec, scenario, seed),
            faults: nemesis::draw(scenario, seed),
        }
    }

    /// What a trace decided.
    pub(crate) fn read(scenario: &Scenario, decisions: &Decisions) -> Result<Self, TraceError>
    where
        Op: DeserializeOwned,
    {
        let mut operations = Vec::with_capacity(decisions.operations.len());
        for OperationDecision { root, at_us, replica, bytes, .. } in &decisions.operations {
            if !(1..=scenario.replicas).contains(replica) {
                return Err(TraceError::Replica {
                    root: *root,
                    replica: *replica,
                    replicas: scenario.replicas,
                });
            }
            let op = codec::open_op(bytes).map_err(|reason| TraceError::Operation {
                root: *root,
                subject: scenario.subject.clone(),
                reason,
            })?;
            let node = (*replica - 1) as usize;
            operations.push(PlannedOp { root: *root, at: *at_us, node, op });
        }
        nemesis::check(scenario, &decisions.faults)?;
        let mut clock_ahead_ms = decisions.clock_ahead_ms.clone();
        clock_ahead_ms.resize(scenario.replicas as usize, 0);
        Ok(Self { clock_ahead_ms, operations, faults: decisions.faults.clone() })
    }

    /// The plan as a trace stores it, without the fates of messages.
    pub(crate) fn write(&self) -> Result<Decisions, WireError>
    where
        Op: Serialize + Debug,
    {
        let write = |planned: &PlannedOp<Op>| {
            Ok(OperationDecision {
                root: planned.root,
                at_us: planned.at,
                replica: planned.node as u64 + 1,
                bytes: codec::seal_op(&planned.op)?,
                text: format!("{:?}", planned.op),
            })
        };
        Ok(Decisions {
            clock_ahead_ms: self.clock_ahead_ms.clone(),
            operations: self.operations.iter().map(write).collect::<Result<_, WireError>>()?,
            faults: self.faults.clone(),
            fates: Vec::new(),
        })
    }
}
