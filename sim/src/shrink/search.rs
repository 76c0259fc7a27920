//! The search: the smallest failing run so far, and what is tried against it.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::cost::Cost;
use super::items::{deliveries_and_faults, without};
use super::replicas::are_connected;
use super::{Budget, Progress, Step};
use crate::outcome::{Outcome, Verdict};
use crate::rng::Hasher;
use crate::subject::{Letter, Subject};
use crate::trace::{ClockChange, ClockStart, Fault, FaultDecision, Rest, Trace};
use crate::violation::Class;
use crate::{EventId, Time, codec};

/// Roots of faults that were not there before begin here.
const ADDED: u64 = 1 << 60;

/// A failing run.
#[derive(Debug)]
pub(super) struct Best {
    pub(super) trace: Trace,
    pub(super) outcome: Outcome,
    pub(super) cost: Cost,
}

pub(super) struct Search<'s> {
    subject: &'s dyn Subject,
    class: Class,
    budget: Budget,
    word: &'s mut dyn FnMut(Progress),
    tried: FxHashSet<u128>,
    pub(super) alphabet: Vec<Letter>,
    pub(super) runs: u64,
    pub(super) step: Step,
    pub(super) best: Best,
}

impl<'s> Search<'s> {
    pub(super) fn new(
        subject: &'s dyn Subject,
        class: Class,
        budget: Budget,
        word: &'s mut dyn FnMut(Progress),
        trace: Trace,
        outcome: Outcome,
    ) -> Self {
        let alphabet = subject.alphabet();
        let cost = Cost::of(&trace, &outcome, &alphabet);
        Self {
            subject,
            class,
            budget,
            word,
            tried: FxHashSet::default(),
            alphabet,
            runs: 0,
            step: Step::List,
            best: Best { trace, outcome, cost },
        }
    }

    /// Whether nothing more may be tried.
    pub(super) fn spent(&self) -> bool {
        self.runs >= self.budget.runs
    }

    /// Runs a trace, whatever it shows.
    pub(super) fn probe(&mut self, trace: &Trace) -> Option<Outcome> {
        if self.spent() {
            return None;
        }
        self.runs += 1;
        let (step, runs, size) = (self.step, self.runs, self.best.outcome.size);
        (self.word)(Progress { step, runs, size });
        self.subject.replay(trace).ok()
    }

    /// What `candidate` shows if it fails in the same class, may be tried, and was not tried yet.
    fn failure(&mut self, candidate: &Trace) -> Option<Outcome> {
        if !are_connected(candidate) || !self.tried.insert(identity(candidate)) {
            return None;
        }
        let outcome = self.probe(candidate)?;
        let class = outcome.violation.as_ref().map(|violation| violation.class);
        let same = outcome.verdict == Verdict::Violated && class == Some(self.class);
        same.then_some(outcome)
    }

    /// Takes `candidate` if it fails in the same class and is smaller; returns whether it is.
    pub(super) fn attempt(&mut self, candidate: Trace) -> bool {
        let Some(outcome) = self.failure(&candidate) else { return false };
        self.take(&tidied(candidate, &outcome), outcome)
    }

    /// Takes `trace`, which fails as `outcome` says, if it is smaller.
    fn take(&mut self, trace: &Trace, outcome: Outcome) -> bool {
        let cost = Cost::of(trace, &outcome, &self.alphabet);
        let smaller = cost < self.best.cost;
        if smaller {
            self.best = Best { trace: trace.clone(), outcome, cost };
        }
        smaller
    }

    /// The same, but if `candidate` fails without being smaller, deliveries and faults are left out
    /// of it until it is, or until none can be: a way round to what single steps do not reach.
    pub(super) fn descend(&mut self, candidate: Trace) -> bool {
        let Some(outcome) = self.failure(&candidate) else { return false };
        let mut here = tidied(candidate, &outcome);
        if self.take(&here, outcome) {
            return true;
        }
        for item in deliveries_and_faults(&here).into_iter().rev() {
            let next = without(&here, &[item]);
            let Some(outcome) = self.failure(&next) else { continue };
            here = tidied(next, &outcome);
            if self.take(&here, outcome) {
                return true;
            }
        }
        false
    }

    /// The same, but all messages arrive, in order and in the usual time, however they fared
    /// before: then those are listed that did.
    pub(super) fn attempt_anew(&mut self, mut candidate: Trace) -> bool {
        candidate.decisions.fates.clear();
        candidate.decisions.rest = Rest::Arrive;
        self.attempt_listed(candidate)
    }

    /// Tries `candidate`, and if it fails in the same class, tries it with what arrived listed.
    fn attempt_listed(&mut self, candidate: Trace) -> bool {
        let Some(outcome) = self.failure(&candidate) else { return false };
        let listed = tidied(listed(candidate, &outcome), &outcome);
        Cost::of(&listed, &outcome, &self.alphabet) < self.best.cost && self.attempt(listed)
    }

    /// Lists what arrives, and nothing else; strips the scenario of what a replay does not read.
    pub(super) fn list(&mut self) {
        self.step = Step::List;
        let trace = stripped(self.best.trace.clone());
        let mut all = trace.clone();
        all.decisions.fates.clone_from(&self.best.outcome.decisions.fates);
        all.decisions.rest = Rest::Lost;
        if !self.attempt(listed(trace, &self.best.outcome)) {
            self.attempt(all);
        }
    }

    /// A failure that shows when the faults are over, and is not about settling, might as well show
    /// before.
    pub(super) fn before_calm(&mut self) {
        self.step = Step::List;
        let Some(calm) = self.best.outcome.healed_us else { return };
        if self.class == Class::Liveness {
            return;
        }
        let mut longer = self.best.trace.clone();
        longer.scenario.duration_ms = self.best.outcome.ended_us.as_ms() + 1;
        longer.decisions.fates.clone_from(&self.best.outcome.decisions.fates);
        longer.decisions.rest = Rest::Arrive;
        let mut ended = longer.clone();
        end_faults(&mut ended, calm);
        let _ = self.attempt_listed(ended) || self.attempt_listed(longer);
    }
}

/// Two candidates of one identity need not both be tried.
fn identity(trace: &Trace) -> u128 {
    let mut hash = Hasher::new(5);
    // What cannot be written as bytes is tried whenever it comes up.
    let bytes = codec::canonical(&trace.decisions).unwrap_or_default();
    hash.bytes(&bytes).bytes(format!("{:?}", trace.scenario).as_bytes());
    hash.finish()
}

/// `trace`, whose replay is `outcome`, with those messages listed that were sent before the faults
/// were over and arrived.
fn listed(mut trace: Trace, outcome: &Outcome) -> Trace {
    let sent: BTreeSet<EventId> = outcome.sent.iter().map(|sent| sent.id).collect();
    trace.decisions.fates.clone_from(&outcome.decisions.fates);
    trace.decisions.fates.retain(|(id, _)| sent.contains(id));
    trace.decisions.rest = Rest::Lost;
    trace
}

/// `trace`, whose replay is `outcome`, without what came after the failure, or never. The run is
/// the same.
fn tidied(mut trace: Trace, outcome: &Outcome) -> Trace {
    let end = outcome.ended_us;
    let Trace { scenario, decisions, .. } = &mut trace;
    if outcome.healed_us.is_none() {
        scenario.duration_ms = scenario.duration_ms.min(end.as_ms() + 1);
    }
    let calm = outcome.healed_us.unwrap_or(end);
    decisions.operations.retain(|it| it.at_us <= calm);
    decisions.faults.retain(|it| it.at_us <= calm);
    scenario.ops = (decisions.operations.len() as u64).max(1);
    if decisions.rest == Rest::Lost {
        let arrived: BTreeSet<EventId> = outcome.arrived.iter().map(|it| it.id).collect();
        for (send, fate) in &mut decisions.fates {
            // A copy is known by its number, so only the last can go.
            let last = |copy: usize| arrived.contains(&send.arrival(copy as u64));
            while !fate.copies.is_empty() && !last(fate.copies.len() - 1) {
                fate.copies.pop();
            }
        }
        decisions.fates.retain(|(_, fate)| !fate.copies.is_empty());
    }
    if decisions.clocks.iter().all(|clock| *clock == ClockStart::default()) {
        decisions.clocks.clear();
    }
    trace.verdict = outcome.verdict;
    trace.class = outcome.violation.as_ref().map(|violation| violation.class);
    trace.fingerprint = outcome.fingerprint;
    trace
}

/// Without what only a run with draws of its own looks at.
fn stripped(mut trace: Trace) -> Trace {
    let scenario = &mut trace.scenario;
    for probability in [
        &mut scenario.loss,
        &mut scenario.duplicate,
        &mut scenario.reorder,
        &mut scenario.redeliver,
    ] {
        *probability = 0.0;
    }
    for count in [
        &mut scenario.partitions,
        &mut scenario.crashes,
        &mut scenario.pauses,
        &mut scenario.clocks,
        &mut scenario.churn,
        &mut scenario.skew_ms,
        &mut scenario.drift_ppm,
    ] {
        *count = 0;
    }
    scenario.pct = None;
    scenario.pool = None;
    scenario.writers = None;
    scenario.shares.clear();
    scenario.load.clear();
    scenario.partition.clear();
    scenario.crash.clear();
    scenario.pause.clear();
    scenario.clock.clear();
    scenario.join.clear();
    scenario.leave.clear();
    trace
}

/// Writes down, at the moment when all faults were over, that they are.
fn end_faults(trace: &mut Trace, at_us: Time) {
    let mut ends = Vec::new();
    for decision in &trace.decisions.faults {
        ends.extend(match decision.fault {
            Fault::Cut { cut, .. } => Some(Fault::Heal { cut }),
            Fault::Crash { replica, .. } => Some(Fault::Restart { replica, reuse_identity: false }),
            Fault::Pause { replica } => Some(Fault::Resume { replica }),
            Fault::Clock { replica, .. } => {
                Some(Fault::Clock { replica, change: ClockChange::Right })
            }
            _ => None,
        });
    }
    let wrong = (1..).zip(&trace.decisions.clocks).filter(|(_, it)| **it != ClockStart::default());
    ends.extend(wrong.map(|(replica, _)| Fault::Clock { replica, change: ClockChange::Right }));
    let ends = (ADDED..).zip(ends).map(|(root, fault)| FaultDecision { root, at_us, fault });
    trace.decisions.faults.extend(ends);
}
