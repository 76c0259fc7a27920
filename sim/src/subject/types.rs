//! Subjects made of a type: it is replicated by the toolkit's own policies.

use rejoin_crdts::Model;
use rejoin_crdts::laws::{Law, Laws, Report, Violation};
use rejoin_crdts::sync::{Config, Policy, Replica};

use super::execute::{Runner, branch, replay, run};
use super::{Effort, LawChecks, LawsOutcome, Letter, RunError, Subject, letters};
use crate::Time;
use crate::check::LatticeWitness;
use crate::explore::{
    Address, Checkpoint, ExploreError, Explored, Progress, Scope, Visit, exhaust, explore_from,
    visit,
};
use crate::outcome::{Outcome, Verdict};
use crate::scenario::{Caps, Scenario, ScenarioError};
use crate::trace::Trace;

/// A type, replicated by [`sync::Replica`](Replica) under each of its policies.
///
/// ```
/// use rejoin_crdts::spec::PnCounterModel;
/// use rejoin_sim::{Scenario, Subject, TypeSubject, Verdict};
/// let counter = TypeSubject::new("pn-counter", "grows and shrinks", PnCounterModel);
/// let outcome = counter.run(&Scenario { loss: 0.2, ..Scenario::of("pn-counter") }, 1)?;
/// assert_eq!(outcome.verdict, Verdict::Held);
/// # Ok::<(), rejoin_sim::RunError>(())
/// ```
pub struct TypeSubject<M: Model> {
    name: String,
    summary: String,
    model: M,
}

impl<M: Model> TypeSubject<M> {
    /// The type that `model` drives and specifies.
    ///
    /// ```
    /// # use rejoin_crdts::spec::GCounterModel;
    /// # use rejoin_sim::{Subject, TypeSubject};
    /// let counter = TypeSubject::new("likes", "how many like it", GCounterModel);
    /// assert_eq!((counter.name(), counter.summary()), ("likes", "how many like it"));
    /// ```
    pub fn new(name: impl Into<String>, summary: impl Into<String>, model: M) -> Self {
        Self { name: name.into(), summary: summary.into(), model }
    }

    fn runner<'r>(
        &'r self,
        scenario: &Scenario,
        policy: &'r mut String,
    ) -> Result<Runner<'r, Replica<M>>, RunError> {
        let chosen = match &scenario.policy {
            None => Policy::default(),
            Some(name) => {
                let known = Policy::ALL.into_iter().find(|policy| policy.to_string() == *name);
                known.ok_or_else(|| {
                    let known = self.policies().join("`, `");
                    let message = format!("unknown policy `{name}`; there are `{known}`");
                    ScenarioError::new(message, None)
                })?
            }
        };
        *policy = chosen.to_string();
        let config = configuration(chosen, &scenario.config);
        Ok(Runner { name: &self.name, policy, spec: &self.model, config })
    }
}

impl<M: Model> TypeSubject<M> {
    fn outcome(&self, report: &Report, violation: Option<&Violation<M::Op>>) -> LawsOutcome {
        let verdict = match violation {
            Some(_) => Verdict::Violated,
            None if report.concurrent == 0 => Verdict::Vacuous,
            None => Verdict::Held,
        };
        let checks = |law: &Law| LawChecks {
            name: *law,
            law: law.to_string(),
            comparisons: report.checks(*law),
        };
        LawsOutcome {
            subject: self.name.clone(),
            verdict,
            histories: report.cases,
            reduced: false,
            operations: report.operations,
            concurrent_pairs: report.concurrent,
            crowded: report.crowded,
            checks: Law::ALL.iter().map(checks).collect(),
            law: violation.map(|violation| violation.law().to_string()),
            explanation: violation.map(ToString::to_string),
        }
    }
}

/// The policy's defaults, where `caps` do not say otherwise.
fn configuration(policy: Policy, caps: &Caps) -> Config {
    let default = Config { policy, ..Config::default() };
    let size = |cap: Option<u64>, default: usize| {
        cap.map_or(default, |cap| usize::try_from(cap).unwrap_or(usize::MAX))
    };
    Config {
        gossip_ms: caps.gossip_ms.unwrap_or(default.gossip_ms),
        heartbeat_ms: caps.heartbeat_ms.unwrap_or(default.heartbeat_ms),
        buffer: size(caps.buffer, default.buffer),
        batch: size(caps.batch, default.batch),
        window: size(caps.window, default.window),
        snapshot_every: size(caps.snapshot_every, default.snapshot_every),
        max_ahead_ms: caps.max_ahead_ms.unwrap_or(default.max_ahead_ms),
        ..default
    }
}

impl<M: Model> Subject for TypeSubject<M> {
    fn name(&self) -> &str {
        &self.name
    }

    fn summary(&self) -> &str {
        &self.summary
    }

    /// The default policy first.
    fn policies(&self) -> Vec<String> {
        let mut policies = Policy::ALL.to_vec();
        policies.sort_by_key(|&policy| policy != Policy::default());
        policies.iter().map(ToString::to_string).collect()
    }

    fn alphabet(&self) -> Vec<Letter> {
        letters(&self.model)
    }

    fn laws(&self, effort: Effort) -> Option<LawsOutcome> {
        let laws = Laws::new(self.model.clone()).seed(effort.seed).cases(effort.cases);
        Some(match laws.check() {
            Ok(report) => self.outcome(&report, None),
            Err(violation) => self.outcome(violation.report(), Some(&violation)),
        })
    }

    fn exhaust(
        &self,
        scope: &Scope,
        most: usize,
        word: &mut dyn FnMut(u64),
    ) -> Option<Result<LawsOutcome, ExploreError>> {
        let checked = exhaust(&self.model, scope, most, word);
        let claimed = self.model.symmetry();
        let believed = scope.reductions;
        let reduced = claimed.stamps && believed.stamps
            || claimed.replicas && believed.replicas
            || !claimed.renamings.is_empty() && believed.operations;
        Some(checked.map(|(report, violation)| LawsOutcome {
            reduced,
            ..self.outcome(&report, violation.as_deref())
        }))
    }

    fn explore(
        &self,
        scope: &Scope,
        from: Option<Checkpoint>,
        word: &mut dyn FnMut(Progress<'_>),
    ) -> Option<Result<Explored, ExploreError>> {
        Some(explore_from(&self.model, scope, from, word))
    }

    fn visit(&self, scope: &Scope, address: &Address) -> Option<Result<Visit, ExploreError>> {
        Some(visit(&self.model, scope, address))
    }

    fn run(&self, scenario: &Scenario, seed: u64) -> Result<Outcome, RunError> {
        let mut policy = String::new();
        let runner = self.runner(scenario, &mut policy)?;
        run(runner, LatticeWitness::new(self.model.clone()), scenario, seed)
    }

    fn branch(&self, trace: &Trace, from: Time, seed: u64) -> Result<Outcome, RunError> {
        let mut policy = String::new();
        let scenario = Scenario { policy: Some(trace.policy.clone()), ..trace.scenario.clone() };
        let runner = self.runner(&scenario, &mut policy)?;
        branch(runner, LatticeWitness::new(self.model.clone()), trace, (from, seed))
    }

    fn replay(&self, trace: &Trace) -> Result<Outcome, RunError> {
        let mut policy = String::new();
        // The trace's policy is the one that ran; its scenario may have left the choice open.
        let scenario = Scenario { policy: Some(trace.policy.clone()), ..trace.scenario.clone() };
        let runner = self.runner(&scenario, &mut policy)?;
        replay(runner, LatticeWitness::new(self.model.clone()), trace)
    }
}
