//! The plan of a run: what clients do and which faults strike, drawn from a scenario and a seed or
//! read from a trace.

use std::fmt::Debug;

use rejoin_crdts::wire::WireError;
use rejoin_crdts::{Draw, Spec};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::rng::{Kind, Seed, Stream};
use crate::scenario::Scenario;
use crate::trace::{ClockStart, Decisions, FaultDecision, OperationDecision, TraceError};
use crate::{EventId, Time, codec, nemesis, workload};

/// Everything that is decided before a run.
#[derive(Clone, Debug)]
pub(crate) struct Plan<Op> {
    pub(crate) clocks: Vec<ClockStart>,
    pub(crate) operations: Vec<PlannedOp<Op>>,
    pub(crate) faults: Vec<FaultDecision>,
    pub(crate) absent: Vec<u64>,
}

/// An operation of a client.
#[derive(Clone, Debug)]
pub(crate) struct PlannedOp<Op> {
    pub(crate) root: u64,
    pub(crate) at: Time,
    pub(crate) node: usize,
    pub(crate) client: Option<u64>,
    pub(crate) op: Op,
}

impl<Op> Plan<Op> {
    /// What `seed` draws for `scenario`.
    pub(crate) fn draw<S: Spec<Op = Op>>(spec: &S, scenario: &Scenario, seed: u64) -> Self {
        let seed = &Seed::new(seed);
        let drift = i64::try_from(scenario.drift_ppm).unwrap_or(i64::MAX);
        let clock = |node| {
            let mut draws = seed.draws(Stream::Clock, EventId::root(Kind::Start, node));
            let ahead_ms = draws.below(scenario.skew_ms.saturating_add(1));
            let drift_ppm = draws.below(drift.unsigned_abs().saturating_mul(2).saturating_add(1));
            ClockStart { ahead_ms, drift_ppm: 0_i64.saturating_add_unsigned(drift_ppm) - drift }
        };
        let right = scenario.skew_ms == 0 && drift == 0;
        Self {
            clocks: if right { Vec::new() } else { (0..scenario.replicas).map(clock).collect() },
            operations: workload::draw(spec, scenario, seed),
            faults: nemesis::draw(scenario, seed),
            absent: scenario.absent_at_first(),
        }
    }

    /// What this plan has before `until`, and another from there on: its roots are others, so that
    /// nothing is drawn twice.
    pub(crate) fn until(mut self, until: Time, then: Self) -> Self {
        const LATER: u64 = 1 << 40;
        self.operations.retain(|planned| planned.at < until);
        let later = then.operations.into_iter().filter(|planned| planned.at >= until);
        self.operations.extend(later.map(|mut planned| {
            planned.root += LATER;
            planned
        }));
        self
    }

    /// What a trace decided.
    pub(crate) fn read(scenario: &Scenario, decisions: &Decisions) -> Result<Self, TraceError>
    where
        Op: DeserializeOwned,
    {
        let mut operations = Vec::with_capacity(decisions.operations.len());
        for OperationDecision { root, at_us, replica, client, bytes, .. } in &decisions.operations {
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
            operations.push(PlannedOp { root: *root, at: *at_us, node, client: *client, op });
        }
        nemesis::check(scenario, &decisions.faults)?;
        let replicas = scenario.replicas;
        let beyond = |replica: &&u64| !(1..=replicas).contains(*replica);
        if let Some(&replica) = decisions.absent.iter().find(beyond) {
            return Err(TraceError::Absent { replica, replicas });
        }
        let Decisions { clocks, faults, absent, .. } = decisions.clone();
        Ok(Self { clocks, operations, faults, absent })
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
                client: planned.client,
                bytes: codec::seal_op(&planned.op)?,
                text: format!("{:?}", planned.op),
            })
        };
        Ok(Decisions {
            clocks: self.clocks.clone(),
            operations: self.operations.iter().map(write).collect::<Result<_, WireError>>()?,
            faults: self.faults.clone(),
            absent: self.absent.clone(),
            ..Decisions::default()
        })
    }
}
