//! With the judge, and in crowds.

use rejoin_crdts::spec::{GCounterModel, OrSetModel};
use rejoin_sim::{Outcome, Scenario, Subject, TypeSubject, Verdict};

/// A run and what it is called.
pub(crate) struct Run {
    pub(crate) name: String,
    subject: Box<dyn Subject>,
    scenario: Scenario,
}

impl Run {
    pub(crate) fn outcome(&self) -> Outcome {
        let outcome = self.subject.run(&self.scenario, 1).expect("the scenario is sound");
        assert_eq!(outcome.verdict, Verdict::Held, "{}: {:?}", self.name, outcome.violation);
        outcome
    }
}

fn run(name: impl Into<String>, subject: impl Subject + 'static, scenario: Scenario) -> Run {
    Run { name: name.into(), subject: Box::new(subject), scenario }
}

/// What is run with every check on: five replicas, and ever longer runs.
pub(crate) fn checked() -> Vec<Run> {
    let keys = || (0..16).map(|key| format!("key {key}")).collect::<Vec<_>>();
    let mut runs = Vec::new();
    for ops in [1_000, 4_000, 16_000] {
        for policy in ["delta", "state"] {
            let policy_of = |name| Scenario {
                replicas: 5,
                ops,
                duration_ms: 30 * ops,
                loss: 0.05,
                policy: Some(policy.to_owned()),
                ..Scenario::of(name)
            };
            let counter = TypeSubject::new("g-counter", "grows", GCounterModel);
            let name = format!("G-Counter, {policy}, {ops} operations");
            runs.push(run(name, counter, policy_of("g-counter")));
            let set = TypeSubject::new("or-set", "adds win", OrSetModel::new(keys()));
            let name = format!("OR-Set, {policy}, {ops} operations");
            runs.push(run(name, set, policy_of("or-set")));
        }
    }
    runs
}
