//! Many kinds of trouble at once: the toolkit's own types and policies withstand it.

use crate::support::without_messages;
use rejoin_sim::{Scenario, Swarm, Trace, Verdict};

use crate::support;

#[test]
fn the_toolkits_own_types_withstand_everything_at_once() {
    let registry = support::registry();
    for subject in registry.iter() {
        for number in 0..40 {
            let base = Scenario { ops: 60, ..Scenario::of(subject.name()) };
            let scenario = Swarm::around(base).draw(&subject.policies(), number);
            scenario.check(&registry).unwrap();
            let outcome = subject.run(&scenario, number).unwrap();
            assert_ne!(
                outcome.verdict,
                Verdict::Violated,
                "seed {number}: {:#?}\n{}",
                outcome.violation,
                scenario.to_toml().unwrap()
            );
            if number % 10 == 0 {
                let trace = Trace::of(&outcome);
                let again = subject.replay(&trace).unwrap();
                assert_eq!(without_messages(again), outcome);
            }
        }
    }
}
