//! The simulator finds in each broken protocol what the catalogue says, in the scenario that is kept
//! with it, and has nothing to say there of the same protocol without the mistake. And each of its
//! checks finds something that convergence does not.

use std::collections::BTreeMap;

use rejoin_gallery::{Entry, Shown, catalogue, protocols, register};
use rejoin_sim::{Class, Outcome, Registry, Scenario, Subject, Swarm, Verdict};

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
        assert!(found.contains_key(shown.check), "{entry}: {found:?}");
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

/// The row of a class in the tables of docs/property.md: what failed, and who shows it.
fn shown_by(class: Class) -> (String, Vec<String>) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/property.md");
    let page = std::fs::read_to_string(path).expect("it is there");
    let row = page.lines().find(|line| line.starts_with(&format!("| `{class}` |")));
    let row = row.unwrap_or_else(|| panic!("docs/property.md has no row for {class}")).to_owned();
    let quoted = row.split('`').map(str::to_owned);
    let broken = quoted.filter(|quoted| quoted.starts_with("broken/")).collect();
    (row, broken)
}

#[test]
fn every_check_finds_one_that_convergence_does_not() {
    let mut registry = Registry::new();
    register(&mut registry);
    let only = |name: &str, check| {
        let entry = catalogue().find(|entry| entry.to_string() == name).expect("it is in the list");
        let scenario = Scenario::parse(&entry.scenario(), &registry).expect("it is sound");
        let scenario = Scenario { checks: Some(vec![check]), ..scenario };
        classes(&**registry.get(name).expect("it is registered"), &scenario)
    };
    for class in Class::ALL {
        let (row, broken) = shown_by(class);
        let [name] = &broken[..] else { panic!("one is to show it: {row}") };
        let found = only(name, class);
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [class.name()], "{name}");
        // It cannot miss what it finds. That it finds less than the others, they show.
        if class != Class::Convergence {
            assert_eq!(only(name, Class::Convergence), BTreeMap::new(), "{name}");
        }
    }
}
