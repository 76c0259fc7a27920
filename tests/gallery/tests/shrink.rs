//! What the simulator finds in the gallery becomes small.

use rejoin_crdts::Model;
use rejoin_gallery::{Entry, Visitor, for_each};
use rejoin_sim::shrink::{Budget, shrink};
use rejoin_sim::{Outcome, Scenario, Subject, Swarm, Trace, TypeSubject, Verdict};

/// The first seed at which something fails, and how.
fn first(
    subject: &dyn Subject,
    seeds: u64,
    scenario: impl Fn(u64) -> Scenario,
) -> Option<(u64, Outcome)> {
    (0..seeds).find_map(|seed| {
        let outcome = subject.run(&scenario(seed), seed).expect("the scenario is sound");
        (outcome.verdict == Verdict::Violated).then_some((seed, outcome))
    })
}

struct Row {
    name: String,
    from: &'static str,
}

#[test]
fn every_broken_type_shrinks() {
    struct Shrink;
    impl Visitor for Shrink {
        fn visit<M: Model>(&mut self, entry: &'static Entry, model: M) {
            if !entry.simulator {
                return;
            }
            let subject = TypeSubject::new(entry.name, "under test", model);
            let base = Scenario::of(entry.name);
            let policies = subject.policies();
            let swarm = Swarm::around(base.clone());
            for (from, found) in [
                ("default", first(&subject, 10_000, |_| base.clone())),
                ("swarm", first(&subject, 10_000, |seed| swarm.draw(&policies, seed))),
            ] {
                let (seed, outcome) = found.expect("it is found");
                let t = std::time::Instant::now();
                let small =
                    shrink(&subject, &Trace::of(&outcome), Budget::default(), &mut |_| {}).unwrap();
                let (b, s) = (small.before, small.outcome.size);
                println!(
                    "{:<24} {from:<8} seed {seed:<3} {:<14} {:?}r {:>4}ev -> {}r {}op {}del {}f = {} ({} runs, {}, {:?}, ends {}) {}",
                    entry.name,
                    small.trace.class.unwrap().name(),
                    b.replicas,
                    b.events(),
                    s.replicas,
                    s.operations,
                    s.deliveries,
                    s.faults,
                    s.events(),
                    small.runs,
                    small.finished,
                    t.elapsed(),
                    small.outcome.ended_us,
                    if s.events() > 8 || s.replicas > 3 { "<<<<<" } else { "" }
                );
                if s.events() > 8 || std::env::var("SHOW").is_ok() {
                    println!(
                        "   ops {:?}",
                        small
                            .trace
                            .decisions
                            .operations
                            .iter()
                            .map(|o| format!("{}@{} {}", o.replica, o.at_us, o.text))
                            .collect::<Vec<_>>()
                    );
                    println!("   faults {:?}", small.trace.decisions.faults);
                    println!(
                        "   arr {:?}",
                        small
                            .outcome
                            .arrived
                            .iter()
                            .map(|o| format!("{}->{}@{}", o.from, o.to, o.at_us))
                            .collect::<Vec<_>>()
                    );
                    println!("   {}", small.outcome.violation.as_ref().unwrap().explanation);
                }
            }
        }
    }
    for_each(&mut Shrink);
}
