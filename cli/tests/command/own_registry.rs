//! The whole command over somebody's own registry.

use std::sync::atomic::{AtomicU64, Ordering};

use rejoin_cli::{Registry, builtin};
use rejoin_crdts::spec::GCounterModel;
use rejoin_sim::{
    Effort, LawsOutcome, Outcome, RunError, Scenario, Subject, Time, Trace, TypeSubject, Verdict,
};

use crate::support::{self, BAD_INPUT, HELD, UNPROVEN, VIOLATED, rejoin_on};

fn own() -> Registry {
    let mut registry = Registry::new();
    registry.add(TypeSubject::new("likes", "a counter of likes", GCounterModel));
    registry
}

#[test]
fn ones_own_type_is_run_swept_checked_and_listed_by_name() {
    let extended = || {
        let mut registry = builtin();
        registry.add(TypeSubject::new("likes", "a counter of likes", GCounterModel));
        registry
    };
    let ran = rejoin_on(extended(), "run --type likes").exits(HELD);
    assert!(ran.out.contains("likes by delta"));
    rejoin_on(extended(), "sweep counter --type likes --seeds 0..4").exits(HELD);
    rejoin_on(extended(), "laws likes --cases 16").exits(HELD);
    assert!(rejoin_on(extended(), "list").exits(HELD).out.contains("a counter of likes"));
}

#[test]
fn a_registry_of_only_ones_own_runs_it_without_being_told() {
    let ran = rejoin_on(own(), "run").exits(HELD);
    assert!(ran.out.contains("likes by delta"), "{}", ran.out);
    assert!(ran.line("next: ").starts_with("rejoin sweep cart --type likes --seeds"));
    let next = ran.line("next: ").split("   ").next().unwrap();
    let next = next.strip_prefix("rejoin ").unwrap().replace("0..1000", "0..2");
    rejoin_on(own(), &next).exits(HELD);
    let ran = rejoin_on(own(), "run --type or-map").exits(BAD_INPUT);
    assert!(ran.err.contains("there is only `likes`"), "{}", ran.err);
    assert!(!rejoin_on(own(), "list").exits(HELD).out.contains("broken"));
}

/// A counter that misbehaves outside its merge.
struct Odd {
    inner: TypeSubject<GCounterModel>,
    runs: AtomicU64,
    panics: bool,
}

impl Odd {
    fn registry(panics: bool) -> Registry {
        let inner = TypeSubject::new("odd", "not the same twice", GCounterModel);
        let mut registry = Registry::new();
        registry.add(Self { inner, runs: AtomicU64::new(0), panics });
        registry
    }
}

impl Subject for Odd {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn summary(&self) -> &str {
        self.inner.summary()
    }
    fn policies(&self) -> Vec<String> {
        self.inner.policies()
    }
    fn laws(&self, _: Effort) -> Option<LawsOutcome> {
        None
    }
    fn run(&self, scenario: &Scenario, seed: u64) -> Result<Outcome, RunError> {
        assert!(!self.panics, "out of ink");
        let before = self.runs.fetch_add(1, Ordering::Relaxed);
        let mut outcome = self.inner.run(scenario, seed + before)?;
        outcome.seed = seed;
        Ok(outcome)
    }
    fn branch(&self, trace: &Trace, from: Time, seed: u64) -> Result<Outcome, RunError> {
        self.inner.branch(trace, from, seed)
    }
    fn replay(&self, trace: &Trace) -> Result<Outcome, RunError> {
        let mut outcome = self.inner.replay(trace)?;
        outcome.verdict = Verdict::Held;
        Ok(outcome)
    }
}

#[test]
fn what_is_not_the_same_twice_proves_nothing() {
    let ran = rejoin_on(Odd::registry(false), "run --type odd").exits(UNPROVEN);
    assert!(ran.out.contains("two runs of this seed differ after"), "{}", ran.out);
    ran.line("next: ");
    assert!(ran.line("replay: ").contains("--seed 1"));
}

#[test]
fn a_replay_that_ends_otherwise_proves_nothing() {
    let folder = tempfile::TempDir::new().unwrap();
    let line = format!("sweep cart --type odd --seeds 0..1 --traces {}", folder.path().display());
    rejoin_on(Odd::registry(false), &line).exits(UNPROVEN);
    let [trace] = support::files(folder.path()).try_into().unwrap();
    let line = format!("replay {}/{trace}", folder.path().display());
    let ran = rejoin_on(Odd::registry(false), &line).exits(UNPROVEN);
    assert!(ran.out.contains("not reproduced: the trace says nondeterministic"), "{}", ran.out);
}

#[test]
fn a_trace_of_a_type_that_is_not_there_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    let trace = folder.path().join("likes.trace");
    rejoin_on(own(), &format!("run --save {}", trace.display())).exits(HELD);
    let ran = support::rejoin(&format!("replay {}", trace.display())).exits(BAD_INPUT);
    assert!(ran.err.contains("\"likes\"") && ran.err.contains("likes.trace"), "{}", ran.err);
}

#[test]
fn a_protocol_has_no_laws() {
    let ran = rejoin_on(Odd::registry(false), "laws odd").exits(BAD_INPUT);
    assert!(ran.err.contains("`odd` is a protocol"), "{}", ran.err);
}

#[test]
fn a_panic_is_a_finding_that_names_its_seed() {
    let ran = rejoin_on(Odd::registry(true), "run --type odd --seed 7");
    assert!(ran.err.contains("out of ink") && ran.err.contains("--seed 7"), "{}", ran.err);
    let swept = rejoin_on(Odd::registry(true), "sweep cart --type odd --seeds 7..8");
    assert!(swept.err.contains("out of ink") && swept.err.contains("--seed 7"), "{}", swept.err);
    assert!(!swept.ended_with(HELD) && swept.ended_with(VIOLATED));
}
