//! Who does what, and when.

use rejoin_crdts::{Draw, Spec};

use crate::plan::PlannedOp;
use crate::rng::{Draws, Kind, Stream};
use crate::scenario::Scenario;
use crate::{EventId, Time};

/// The clients' operations. Each is drawn by itself, so one can be deleted without changing
/// another.
pub(crate) fn draw<S: Spec>(spec: &S, scenario: &Scenario, seed: u64) -> Vec<PlannedOp<S::Op>> {
    let even = vec![1; scenario.replicas as usize];
    let shares = if scenario.shares.is_empty() { &even } else { &scenario.shares };
    (0..scenario.ops)
        .map(|root| {
            let id = EventId::root(Kind::Operation, root);
            let mut draws = Draws::new(seed, Stream::Workload, id);
            let at = Time::from_us(draws.below(Time::from_ms(scenario.duration_ms).as_us()));
            let node = weighted(shares, &mut draws);
            PlannedOp { root, at, node, op: spec.draw(&mut draws) }
        })
        .collect()
}

/// An index, with the probability of its weight. Not all weights are 0.
fn weighted(weights: &[u64], draws: &mut Draws) -> usize {
    let mut left = draws.below(weights.iter().sum());
    for (index, &weight) in weights.iter().enumerate() {
        if left < weight {
            return index;
        }
        left -= weight;
    }
    unreachable!("the draw is below the sum of the weights")
}
