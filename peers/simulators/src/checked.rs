//! Types of the toolkit: with every check and with none, and in a crowd.

use rejoin_crdts::spec::{GCounterModel, OrSetModel};
use rejoin_sim::scenario::{Latency, Topology};
use rejoin_sim::{Outcome, Scenario, Subject, TypeSubject, Verdict};

/// A run and what it is called.
pub struct Run {
    pub name: String,
    subject: Box<dyn Subject>,
    scenario: Scenario,
}

impl Run {
    fn new(name: String, subject: impl Subject + 'static, scenario: Scenario) -> Self {
        Self { name, subject: Box::new(subject), scenario }
    }

    /// Runs it with every check, or with none.
    pub fn outcome(&self, checked: bool) -> Outcome {
        let checks = (!checked).then(Vec::new);
        let scenario = Scenario { checks, ..self.scenario.clone() };
        let outcome = self.subject.run(&scenario, 1).expect("the scenario is sound");
        assert_ne!(outcome.verdict, Verdict::Violated, "{}: {:?}", self.name, outcome.violation);
        outcome
    }
}

/// Five replicas and ever longer runs.
pub fn checked() -> Vec<Run> {
    let keys: Vec<_> = (0..16).map(|key| format!("key {key}")).collect();
    let mut runs = Vec::new();
    for policy in ["delta", "state"] {
        for ops in [1_000, 4_000, 16_000] {
            let of = |name| Scenario {
                replicas: 5,
                ops,
                duration_ms: 30 * ops,
                loss: 0.05,
                policy: Some(policy.to_owned()),
                ..Scenario::of(name)
            };
            let counter = TypeSubject::new("g-counter", "grows", GCounterModel);
            let set = TypeSubject::new("or-set", "adds win", OrSetModel::new(keys.clone()));
            runs.push(Run::new(format!("G-Counter, {policy}, {ops}"), counter, of("g-counter")));
            runs.push(Run::new(format!("OR-Set, {policy}, {ops}"), set, of("or-set")));
        }
    }
    runs
}

/// A hundred thousand replicas of which a hundred write.
pub const CROWD: u64 = 100_000;

/// They tell four others each what is new.
pub fn crowd() -> Run {
    let counter = TypeSubject::new("g-counter", "grows", GCounterModel);
    let scenario = Scenario {
        replicas: CROWD,
        writers: Some(100),
        ops: 100,
        topology: Topology::RandomRegular { degree: 4, graph: 0 },
        latency: Latency::Uniform { min_ms: 50.0, max_ms: 150.0 },
        duration_ms: 1_000,
        policy: Some("delta".to_owned()),
        ..Scenario::of("g-counter")
    };
    Run::new("G-Counter, 100,000 replicas of which 100 write".to_owned(), counter, scenario)
}
