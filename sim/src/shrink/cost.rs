//! Which of two failing runs is the smaller one.

use std::collections::BTreeSet;

use super::kinds;
use crate::Time;
use crate::outcome::Outcome;
use crate::subject::Letter;
use crate::trace::{Passage, Rest, Trace, Way};
use crate::violation::Class;

/// What a run costs its reader, the weightiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cost {
    /// Not all that arrives is listed.
    unlisted: bool,
    /// It fails once the faults are over, although it is not about settling.
    late: bool,
    replicas: u64,
    kinds: u64,
    events: u64,
    /// What is listed, whether it happens or not.
    listed: u64,
    addresses: u64,
    /// Deliveries out of order, damaged, or not of the usual latency.
    crooked: u64,
    /// Different operations.
    different: u64,
    /// The sum of the operations' places in the alphabet.
    places: u64,
    ended_us: Time,
}

impl Cost {
    /// The cost of `trace`, of which `outcome` is the replay.
    pub(super) fn of(trace: &Trace, outcome: &Outcome, alphabet: &[Letter]) -> Self {
        let decisions = &trace.decisions;
        let settles = outcome.violation.as_ref().is_some_and(|it| it.class == Class::Liveness);
        let size = outcome.size;
        let copies: u64 = decisions.fates.iter().map(|(_, fate)| fate.copies.len() as u64).sum();
        let usual = usual(trace);
        let crooked = |passage: &&Passage| **passage != usual;
        let passages = decisions.fates.iter().flat_map(|(_, fate)| &fate.copies);
        let different: BTreeSet<&[u8]> =
            decisions.operations.iter().map(|operation| operation.bytes.as_slice()).collect();
        let place = |bytes: &[u8]| {
            alphabet.iter().position(|letter| letter.bytes == bytes).unwrap_or(alphabet.len())
        };
        Self {
            unlisted: decisions.rest == Rest::Arrive,
            late: !settles && outcome.healed_us.is_some(),
            replicas: size.replicas,
            kinds: kinds::count(trace),
            events: size.events() + if settles { 0 } else { size.settling },
            listed: decisions.operations.len() as u64 + decisions.faults.len() as u64 + copies,
            addresses: trace.scenario.replicas,
            crooked: passages.filter(crooked).count() as u64,
            different: different.len() as u64,
            places: decisions.operations.iter().map(|it| place(&it.bytes) as u64).sum(),
            ended_us: outcome.ended_us,
        }
    }
}

/// How a message travels of which there is nothing to say.
pub(super) fn usual(trace: &Trace) -> Passage {
    let latency_us = trace.scenario.latency.typical_us();
    Passage { latency_us, way: Way::Ordered, damage: None }
}
