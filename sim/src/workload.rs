//! Who does what, and when.

use rejoin_crdts::{Draw, Spec};

use crate::plan::PlannedOp;
use crate::rng::{Draws, Kind, Seed, Stream};
use crate::scenario::{Load, Scenario};
use crate::{EventId, Time};

/// The first root of the operations that a pool is drawn from.
const POOL: u64 = 1 << 48;

/// The clients' operations. Each is drawn by itself, so one can be deleted without changing
/// another.
pub(crate) fn draw<S: Spec>(spec: &S, scenario: &Scenario, seed: &Seed) -> Vec<PlannedOp<S::Op>> {
    let draws = |root| seed.draws(Stream::Workload, EventId::root(Kind::Operation, root));
    let pool: Vec<S::Op> =
        (0..scenario.pool.unwrap_or(0)).map(|n| spec.draw(&mut draws(POOL + n))).collect();
    let moments = Moments::new(scenario);
    let places = Places::new(scenario);
    let mut operations: Vec<_> = (0..scenario.ops)
        .map(|root| {
            let mut draws = draws(root);
            let at = moments.draw(&mut draws);
            let node = places.draw(&mut draws);
            let op = match pool.as_slice() {
                [] => spec.draw(&mut draws),
                pool => pool[draws.below(pool.len() as u64) as usize].clone(),
            };
            PlannedOp { root, at, node, client: None, op }
        })
        .collect();
    if let Some(clients) = scenario.clients {
        for operation in &mut operations {
            operation.client = Some(operation.root % clients.count.max(1));
        }
        let mut order: Vec<usize> = (0..operations.len()).collect();
        order.sort_by_key(|&at| (operations[at].at, operations[at].root));
        let mut stays = vec![None; clients.count.max(1) as usize];
        for at in order {
            let operation = &mut operations[at];
            let stay = &mut stays[operation.client.unwrap_or(0) as usize];
            let mut draws = draws(operation.root);
            let goes = draws.at(1).chance(clients.roam);
            operation.node = stay.filter(|_| !goes).unwrap_or(operation.node);
            *stay = Some(operation.node);
        }
    }
    operations
}

/// Where operations are performed.
enum Places {
    Evenly { replicas: u64, writers: u64 },
    Shares(Vec<u64>),
}

impl Places {
    fn new(scenario: &Scenario) -> Self {
        let replicas = scenario.replicas;
        match scenario.shares.as_slice() {
            [] => Self::Evenly { replicas, writers: scenario.writers.unwrap_or(replicas).max(1) },
            shares => Self::Shares(shares.to_vec()),
        }
    }

    fn draw(&self, draws: &mut Draws) -> usize {
        match self {
            Self::Evenly { replicas, writers } => {
                (u128::from(draws.below(*writers)) * u128::from(*replicas) / u128::from(*writers))
                    as usize
            }
            Self::Shares(shares) => weighted(shares, draws),
        }
    }
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

/// When operations are performed.
struct Moments {
    duration: Time,
    points: Vec<(f64, f64, f64)>, // time, rate, and the area under the rates before it
}

impl Moments {
    fn new(scenario: &Scenario) -> Self {
        let duration = Time::from_ms(scenario.duration_ms);
        let mut points: Vec<(f64, f64, f64)> = Vec::new();
        let rates = scenario.load.iter().map(|&Load { at_ms, rate }| (at_ms, rate));
        let (first, last) = (scenario.load.first(), scenario.load.last());
        let whole = first.map(|first| (0, first.rate)).into_iter().chain(rates);
        for (at_ms, rate) in whole.chain(last.map(|last| (scenario.duration_ms, last.rate))) {
            let (at, rate) = (Time::from_ms(at_ms).as_us() as f64, rate as f64);
            let area = points.last().map_or(0.0, |&(before, earlier, area)| {
                area + (at - before) * f64::midpoint(earlier, rate)
            });
            points.push((at, rate, area));
        }
        Self { duration, points }
    }

    fn draw(&self, draws: &mut Draws) -> Time {
        let whole = self.duration.as_us();
        let Some(&(.., area)) = self.points.last().filter(|(.., area)| *area > 0.0) else {
            return Time::from_us(draws.below(whole));
        };
        let target = draws.unit() * area;
        let next =
            self.points.partition_point(|point| point.2 <= target).min(self.points.len() - 1);
        let ((from, rate, area), (to, later, _)) = (self.points[next - 1], self.points[next]);
        // The area under a straight line: rate·x + slope·x²/2.
        let slope = (later - rate) / (to - from);
        let left = target - area;
        let x = if slope.abs() < 1e-12 {
            left / rate
        } else {
            (libm::sqrt(rate * rate + 2.0 * slope * left) - rate) / slope
        };
        Time::from_us(((from + x.clamp(0.0, to - from)) as u64).min(whole - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_as_busy_as_the_load_says() {
        let load = vec![
            Load { at_ms: 200, rate: 1 },
            Load { at_ms: 600, rate: 40 },
            Load { at_ms: 600, rate: 0 },
            Load { at_ms: 800, rate: 0 },
        ];
        let scenario = Scenario { duration_ms: 1_000, load, ..Scenario::of("any") };
        let moments = Moments::new(&scenario);
        let mut draws = Seed::new(1).draws(Stream::Workload, EventId::default());
        let mut tenths = [0_u32; 10];
        for _ in 0..100_000 {
            tenths[(moments.draw(&mut draws).as_ms() / 100) as usize] += 1;
        }
        // 1 until 200 ms, then evenly up to 40 at 600: 0.2 and 8.2 units of area.
        for (tenth, area) in [0.1, 0.1, 0.5875, 1.5625, 2.5375, 3.5125].into_iter().enumerate() {
            let expected = area / 8.4 * 100_000.0;
            let found = f64::from(tenths[tenth]);
            assert!(
                (found - expected).abs() < 0.1 * expected + 60.0,
                "{tenth}: {found}, {expected}"
            );
        }
        assert_eq!(tenths[6..], [0; 4]);
    }

    #[test]
    fn writers_are_spread_over_the_addresses() {
        let scenario = Scenario { replicas: 10, writers: Some(3), ..Scenario::of("any") };
        let places = Places::new(&scenario);
        let mut draws = Seed::new(1).draws(Stream::Workload, EventId::default());
        let found: std::collections::BTreeSet<usize> =
            (0..100).map(|_| places.draw(&mut draws)).collect();
        assert_eq!(found, [0, 3, 6].into());
    }
}
