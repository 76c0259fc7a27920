//! The counts over many runs, the same in whatever order the runs end.

use std::collections::BTreeMap;

use rejoin_sim::outcome::{FaultCount, Operations, SessionCounts, Traffic};
use rejoin_sim::{Outcome, Verdict};
use serde::Serialize;

/// The counts over some runs.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Tally {
    /// How many there are.
    #[serde(skip)]
    pub(crate) runs: u64,
    /// How many held.
    pub(crate) held: u64,
    /// How many were violated.
    pub(crate) violated: u64,
    /// How many were violated, by class.
    pub(crate) violated_by_class: BTreeMap<String, u64>,
    /// How many tested nothing.
    pub(crate) vacuous: u64,
    /// How many tested nothing, by reason.
    #[serde(rename = "vacuous_by_reason")]
    pub(crate) vacuous_because: BTreeMap<String, u64>,
    /// How many were not the same twice.
    pub(crate) nondeterministic: u64,
    /// How many were made twice.
    pub(crate) made_twice: u64,
    /// Each kind of fault, how often it fired, and in how many runs.
    pub(crate) faults: Vec<FaultTally>,
    /// In how many runs each kind of trouble of a swarm was on.
    #[serde(skip)]
    pub(crate) on: BTreeMap<String, u64>,
    /// What became of the operations.
    pub(crate) operations: Operations,
    /// What became of the sessions of roaming clients.
    pub(crate) sessions: SessionCounts,
    /// What went over the network.
    pub(crate) traffic: Traffic,
    /// The class of each failure, by seed.
    #[serde(skip)]
    pub(crate) failing: BTreeMap<u64, String>,
    /// The sum over the runs of what identifies each.
    #[serde(skip)]
    pub(crate) fingerprint: u128,
    /// The failure with the lowest seed.
    #[serde(rename = "lowest")]
    pub(crate) lowest: Option<Lowest>,
}

/// A kind of fault over some runs.
#[derive(Debug, Serialize)]
pub(crate) struct FaultTally {
    #[serde(flatten)]
    pub(crate) count: FaultCount,
    /// In how many runs it was asked for.
    pub(crate) runs_configured: u64,
    /// In how many runs it fired.
    pub(crate) runs_fired: u64,
}

impl From<FaultCount> for FaultTally {
    fn from(count: FaultCount) -> Self {
        let (runs_configured, runs_fired) =
            (u64::from(count.configured), u64::from(count.fired > 0));
        Self { count, runs_configured, runs_fired }
    }
}

/// The failure with the lowest seed, in full.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Lowest(pub(crate) Box<Outcome>);

impl Tally {
    /// The counts of one run, in which these kinds of trouble were on.
    pub(crate) fn of(outcome: Outcome, twice: bool, on: &[&str]) -> Self {
        let mut tally = Self {
            runs: 1,
            made_twice: u64::from(twice),
            faults: outcome.faults.iter().cloned().map(FaultTally::from).collect(),
            on: on.iter().map(|kind| ((*kind).to_owned(), 1)).collect(),
            operations: outcome.operations.clone(),
            sessions: outcome.sessions.clone(),
            traffic: outcome.traffic.clone(),
            fingerprint: identity(&outcome),
            ..Self::default()
        };
        let class = match (outcome.verdict, &outcome.violation) {
            (Verdict::Held, _) => {
                tally.held = 1;
                return tally;
            }
            (Verdict::Vacuous, _) => {
                tally.vacuous = 1;
                let because = outcome.vacuous_because.unwrap_or_default();
                tally.vacuous_because.insert(because, 1);
                return tally;
            }
            (Verdict::Nondeterministic, _) => {
                tally.nondeterministic = 1;
                outcome.verdict.to_string()
            }
            (Verdict::Violated, violation) => {
                let class = violation.as_ref().map(|violation| violation.class.name());
                let class = class.unwrap_or("unknown").to_owned();
                tally.violated = 1;
                tally.violated_by_class.insert(class.clone(), 1);
                class
            }
        };
        tally.failing.insert(outcome.seed, class);
        tally.lowest = Some(Lowest(Box::new(outcome)));
        tally
    }

    /// The counts of these runs and those.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.runs += other.runs;
        self.held += other.held;
        self.violated += other.violated;
        self.vacuous += other.vacuous;
        self.nondeterministic += other.nondeterministic;
        self.made_twice += other.made_twice;
        add_all(&mut self.violated_by_class, other.violated_by_class);
        add_all(&mut self.vacuous_because, other.vacuous_because);
        add_all(&mut self.on, other.on);
        for fault in other.faults {
            match self.faults.iter_mut().find(|mine| mine.count.name == fault.count.name) {
                Some(mine) => {
                    mine.count.fired += fault.count.fired;
                    mine.count.configured |= fault.count.configured;
                    mine.runs_configured += fault.runs_configured;
                    mine.runs_fired += fault.runs_fired;
                }
                None => self.faults.push(fault),
            }
        }
        self.operations = sum_operations(self.operations, other.operations);
        self.sessions = sum_sessions(self.sessions, other.sessions);
        self.traffic = sum_traffic(&self.traffic, &other.traffic, self.operations.performed);
        self.failing.extend(other.failing);
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
        self.lowest = match (self.lowest, other.lowest) {
            (Some(mine), Some(theirs)) if theirs.0.seed < mine.0.seed => Some(theirs),
            (mine, theirs) => mine.or(theirs),
        };
        self
    }
}

fn add_all(counts: &mut BTreeMap<String, u64>, others: BTreeMap<String, u64>) {
    for (what, number) in others {
        *counts.entry(what).or_default() += number;
    }
}

fn sum_operations(mut one: Operations, other: Operations) -> Operations {
    one.planned += other.planned;
    one.performed += other.performed;
    one.skipped += other.skipped;
    add_all(&mut one.refused, other.refused);
    one.acknowledged += other.acknowledged;
    one.excused += other.excused;
    one.struck += other.struck;
    one.concurrent_pairs += other.concurrent_pairs;
    one
}

fn sum_sessions(mut one: SessionCounts, other: SessionCounts) -> SessionCounts {
    one.served += other.served;
    one.turned_away += other.turned_away;
    one.abandoned += other.abandoned;
    add_all(&mut one.anomalies, other.anomalies);
    one
}

fn sum_traffic(one: &Traffic, other: &Traffic, performed: u64) -> Traffic {
    let bytes = one.bytes + other.bytes;
    Traffic {
        sent: one.sent + other.sent,
        delivered: one.delivered + other.delivered,
        refused: one.refused + other.refused,
        undeliverable: one.undeliverable + other.undeliverable,
        bytes,
        bytes_per_op: bytes.checked_div(performed).unwrap_or_default(),
    }
}

/// A number for the run's seed and fingerprint.
fn identity(outcome: &Outcome) -> u128 {
    fnv1a(format!("{} {}", outcome.seed, outcome.fingerprint).as_bytes())
}

/// FNV-1a in 128 bits (Fowler, Noll & Vo).
pub(super) fn fnv1a(bytes: &[u8]) -> u128 {
    const BASIS: u128 = 0x6c62272e07bb014262b821756295c58d;
    const PRIME: u128 = 0x0000000001000000000000000000013b;
    bytes.iter().fold(BASIS, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}
