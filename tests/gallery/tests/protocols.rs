//! The simulator finds in each broken protocol what the catalogue says, in the scenario that is kept
//! with it, and has nothing to say there of the same protocol without the mistake.
//!
//! What is pending is a line in the list of protocols: once the simulator has what is named there,
//! take `pending` and `until then by` away, and these tests demand the rest.

use std::collections::BTreeMap;

use rejoin_gallery::{Entry, Shown, protocols, register};
use rejoin_sim::{Outcome, Registry, Scenario, Subject, Swarm, Verdict};

const SEEDS: u64 = 200;
const SWARM: u64 = 50;

fn each(look: impl Fn(&'static Entry, &Shown, &dyn Subject, &Scenario)) {
    let mut registry = Registry::new();
    register(&mut registry);
    for entry in protocols() {
        let shown = entry.shown.as_ref().expect("it is a protocol");
        let scenario = Scenario::parse(&entry.scenario(), &registry);
        let scenario = scenario.unwrap_or_else(|error| panic!("{entry}: {error}"));
        let subject = registry.get(&entry.to_string()).expect("it is registered");
        look(entry, shown, &**subject, &scenario);
    }
}

fn run(subject: &dyn Subject, scenario: &Scenario, seed: u64) -> Outcome {
    subject.run(scenario, seed).expect("the scenario is sound")
}

/// How often each class is found.
fn classes(subject: &dyn Subject, scenario: &Scenario) -> BTreeMap<&'static str, u64> {
    let mut found = BTreeMap::new();
    for seed in 0..SEEDS {
        if let Some(violation) = run(subject, scenario, seed).violation {
            *found.entry(violation.class.name()).or_default() += 1;
        }
    }
    found
}

#[test]
fn the_simulator_finds_each_in_the_class_that_the_catalogue_says() {
    each(|entry, shown, broken, scenario| {
        let found = classes(broken, scenario);
        // A run ends with its first violation, so several classes may show in several runs.
        match shown.found() {
            Some(class) => assert!(found.contains_key(class), "{entry}: {found:?}"),
            None => assert!(found.is_empty(), "{entry}: {found:?}"),
        }
    });
}

#[test]
fn the_twin_of_each_holds_in_the_same_scenario_whose_faults_fire() {
    each(|entry, _, _, scenario| {
        let twin = protocols::twin(entry.name).expect("it has one");
        let mut fired = false;
        for seed in 0..SEEDS {
            let outcome = run(&*twin, scenario, seed);
            let violation = &outcome.violation;
            assert_ne!(outcome.verdict, Verdict::Violated, "{entry}, {seed}: {violation:#?}");
            fired |= outcome.idle_faults().next().is_none();
        }
        assert!(fired, "{entry}: not all that it asks for happens");
    });
}

#[test]
fn the_twin_of_each_holds_in_a_swarm_around_its_scenario() {
    each(|entry, _, _, scenario| {
        let twin = protocols::twin(entry.name).expect("it has one");
        let swarm = Swarm::around(scenario.clone());
        for seed in 0..SWARM {
            let drawn = swarm.draw(&twin.policies(), seed);
            let violation = run(&*twin, &drawn, seed).violation;
            assert_eq!(violation, None, "{entry}, {seed}: {:?}", drawn.to_toml());
        }
    });
}

#[test]
fn each_has_a_file_of_its_name_that_says_what_the_catalogue_says() {
    for entry in protocols() {
        let file = entry.name.replace('-', "_");
        let path = format!("{}/src/protocols/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(path).expect("it has a file");
        let prose: Vec<_> = source.lines().filter_map(|line| line.strip_prefix("//! ")).collect();
        let prose = prose.join(" ");
        let parts = ["**Where it comes from.**", "**What happens.**", "**Who sees it.**"];
        let says = [format!("`{entry}`"), entry.judges()];
        for part in parts.map(str::to_owned).iter().chain(&says) {
            assert!(prose.contains(part), "{entry}: its file does not say: {part}");
        }
    }
}

#[test]
fn every_check_finds_one_that_comparing_replicas_does_not() {
    const CHECKS: [&str; 13] = [
        "stamp",
        "convergence",
        "specification",
        "inflation",
        "acknowledged",
        "read-your-writes",
        "monotonic-reads",
        "monotonic-writes",
        "writes-follow-reads",
        "causality",
        "liveness",
        "refusal",
        "wire",
    ];
    for check in CHECKS {
        let by = |entry: &&Entry| entry.shown.as_ref().is_some_and(|shown| shown.check == check);
        assert!(protocols().filter(by).any(|entry| !entry.convergence), "{check}");
    }
}
