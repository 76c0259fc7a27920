//! From a scenario or a trace to an outcome.

use rejoin_crdts::sync::Protocol;

use super::RunError;
use crate::Time;
use crate::check::Witness;
use crate::network::Source;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::scenario::Scenario;
use crate::trace::Trace;
use crate::world::{Setup, World};

/// What a subject brings to a run.
pub(super) struct Runner<'r, P: Protocol> {
    pub(super) name: &'r str,
    pub(super) policy: &'r str,
    pub(super) spec: &'r P::Spec,
    pub(super) config: P::Config,
}

/// Runs what `seed` draws for `scenario`.
pub(super) fn run<P: Protocol, W: Witness<P>>(
    runner: Runner<'_, P>,
    witness: W,
    scenario: &Scenario,
    seed: u64,
) -> Result<Outcome, RunError> {
    runner.accept(scenario)?;
    let plan = Plan::draw(runner.spec, scenario, seed);
    let source = Source::drawn(scenario, seed);
    runner.execute(witness, scenario, seed, plan, source)
}

/// Runs the decisions of a trace.
pub(super) fn replay<P: Protocol, W: Witness<P>>(
    runner: Runner<'_, P>,
    witness: W,
    trace: &Trace,
) -> Result<Outcome, RunError> {
    let Trace { scenario, decisions, seed, .. } = trace;
    runner.accept(scenario)?;
    let plan = Plan::read(scenario, decisions)?;
    let source = Source::recorded(decisions);
    runner.execute(witness, scenario, *seed, plan, source)
}

/// Runs the decisions of a trace up to a moment, and what a seed draws from there on.
pub(super) fn branch<P: Protocol, W: Witness<P>>(
    runner: Runner<'_, P>,
    witness: W,
    trace: &Trace,
    (from, seed): (Time, u64),
) -> Result<Outcome, RunError> {
    let Trace { scenario, decisions, .. } = trace;
    runner.accept(scenario)?;
    let later = Plan::draw(runner.spec, scenario, seed);
    let plan = Plan::read(scenario, decisions)?.until(from, later);
    let source = Source::prefix(decisions, from, scenario, seed);
    runner.execute(witness, scenario, trace.seed, plan, source)
}

impl<P: Protocol> Runner<'_, P> {
    fn accept(&self, scenario: &Scenario) -> Result<(), RunError> {
        if scenario.subject != self.name {
            return Err(RunError::OtherSubject {
                expected: self.name.to_owned(),
                found: scenario.subject.clone(),
            });
        }
        Ok(scenario.check_numbers()?)
    }

    fn execute<W: Witness<P>>(
        self,
        witness: W,
        scenario: &Scenario,
        seed: u64,
        plan: Plan<<P::Spec as rejoin_crdts::Spec>::Op>,
        source: Source,
    ) -> Result<Outcome, RunError> {
        let setup = Setup { scenario, policy: self.policy, seed, source };
        Ok(World::<P, W>::new(setup, plan, self.spec.clone(), self.config, witness).run()?)
    }
}
