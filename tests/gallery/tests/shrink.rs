//! What the simulator finds in the gallery it finds soon, and makes small.
#![expect(clippy::print_stdout, reason = "the table for the book")]

use std::fmt::Write as _;

use rejoin_gallery::{Entry, catalogue, register};
use rejoin_sim::outcome::Size;
use rejoin_sim::shrink::{Budget, Shrunk, shrink};
use rejoin_sim::{Outcome, Registry, Scenario, Subject, Swarm, Trace, Verdict};

/// Each is found within so many runs.
const SEEDS: u64 = 10_000;
/// Half of them are found within so many.
const MEDIAN: u64 = 200;
/// What it shrinks to has at most so many replicas and events.
const SMALL: (u64, u64) = (3, 8);

/// Those that need more, and why.
const LARGER: [(&str, &str); 2] = [
    ("broken/wrapping-clock", "a counter of three bits wraps after eight stamps"),
    ("broken/reborn-counter", "its clients roam with tokens, which takes deliveries"),
];

fn is_small(entry: &Entry, size: Size) -> bool {
    let larger = LARGER.iter().any(|(name, _)| *name == entry.to_string());
    let (replicas, events) = if larger { (SMALL.0, 2 * SMALL.1) } else { SMALL };
    size.replicas <= replicas && size.events() <= events
}

/// The first seed that fails.
fn first(subject: &dyn Subject, scenario: impl Fn(u64) -> Scenario) -> Option<Outcome> {
    let mut runs = (0..SEEDS).map(|seed| subject.run(&scenario(seed), seed));
    runs.find_map(|outcome| {
        let outcome = outcome.expect("the scenario is sound");
        (outcome.verdict == Verdict::Violated).then_some(outcome)
    })
}

/// The scenario in which it is looked for where none is drawn.
fn scenario(entry: &Entry, registry: &Registry) -> Scenario {
    Scenario::parse(&entry.scenario(), registry).expect("it is sound")
}

fn small(subject: &dyn Subject, outcome: &Outcome) -> Shrunk {
    let name = subject.name();
    let full = Trace::of(outcome);
    let shrunk = shrink(subject, &full, Budget::default(), &mut |_| {});
    let shrunk = shrunk.unwrap_or_else(|error| panic!("{name}: {error}"));
    let replay = subject.replay(&shrunk.trace).expect("it can be run");
    shrunk.trace.expect(&replay).unwrap_or_else(|differs| panic!("{name}: {differs}"));
    assert_eq!((shrunk.trace.class, shrunk.trace.seed), (full.class, full.seed), "{name}");
    assert!(shrunk.finished, "{name}: {:?} after {} runs", shrunk.outcome.size, shrunk.runs);
    shrunk
}

/// A row of the table in `docs/shrink.md`.
fn row(entry: &Entry, from: &str, outcome: &Outcome, shrunk: &Shrunk) -> String {
    let (before, after) = (shrunk.before, shrunk.outcome.size);
    format!(
        "| `{entry}` | {from} | {} | {} | {}, {} | {}, {} + {} + {} | {} |",
        outcome.seed + 1,
        outcome.violation.as_ref().map_or("", |violation| violation.class.name()),
        before.replicas,
        before.events(),
        after.replicas,
        after.operations,
        after.deliveries,
        after.faults,
        shrunk.runs
    )
}

#[test]
fn every_bug_is_found_soon_and_becomes_small() {
    let mut registry = Registry::new();
    register(&mut registry);
    let (mut table, mut needed) = (String::new(), [Vec::new(), Vec::new()]);
    let mut large = Vec::new();
    for entry in catalogue().filter(|entry| entry.simulator) {
        let subject = registry.get(&entry.to_string()).expect("it is registered");
        let base = scenario(entry, &registry);
        let swarm = Swarm::around(base.clone());
        let policies = subject.policies();
        let drawn = |seed| swarm.draw(&policies, seed);
        for (at, from) in ["as it is", "swarm"].into_iter().enumerate() {
            let found = match at {
                0 => first(&**subject, |_| base.clone()),
                _ => first(&**subject, drawn),
            };
            let found = found.unwrap_or_else(|| panic!("{entry} is not found: {from}"));
            needed[at].push(found.seed + 1);
            let shrunk = small(&**subject, &found);
            let _ = writeln!(table, "{}", row(entry, from, &found, &shrunk));
            let size = shrunk.outcome.size;
            if !is_small(entry, size) {
                let decisions = &shrunk.trace.decisions;
                large.push(format!("{entry}, {from}: {size:?}: {:#?}", decisions.operations));
            }
        }
    }
    println!("{table}");
    for runs in &mut needed {
        runs.sort_unstable();
        let median = runs[runs.len() / 2];
        println!("runs to the first failure: median {median}, at most {}", runs[runs.len() - 1]);
        assert!(median <= MEDIAN, "{runs:?}");
    }
    assert!(large.is_empty(), "{}", large.join("\n"));
}
