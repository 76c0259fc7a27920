use super::*;

use crate::rng::{Kind, Seed, Stream};
use crate::scenario::{Latency, Link as Rule, PartitionKind};

fn network(scenario: &Scenario) -> Network {
    let neighbours = scenario.topology.neighbours(scenario.replicas as usize);
    Network::new(scenario, &neighbours, Source::drawn(scenario, 1), true)
}

fn id(n: u64) -> EventId {
    EventId::root(Kind::Send, n)
}

/// Sends two hundred messages of a hundred bytes from r1 to r2, one each half millisecond: in which
/// order they arrive, and when.
fn send_many(scenario: &Scenario) -> (Vec<u64>, Vec<Time>, Fired) {
    let mut network = network(scenario);
    let mut arrivals = Vec::new();
    for n in 0..200 {
        let sent = network.send(Time::from_us(n * 500), id(n), (0, 1), 100).unwrap();
        arrivals.extend(sent.into_iter().map(|(at, id, transit)| (at.unwrap(), id, transit, n)));
    }
    arrivals.sort_by_key(|&(at, id, ..)| (at, id));
    for arrival in &arrivals {
        assert!(network.arrive(arrival.2));
    }
    let order = arrivals.iter().map(|arrival| arrival.3).collect();
    (order, arrivals.iter().map(|arrival| arrival.0).collect(), network.fired)
}

#[test]
fn a_link_keeps_its_order_unless_a_fault_exempts_a_message() {
    let wild = Latency::LogNormal { median_ms: 5.0, sigma: 1.0 };
    let scenario = Scenario { latency: wild, ..Scenario::of("any") };
    let (order, _, fired) = send_many(&scenario);
    assert!(order.is_sorted());
    assert_eq!(fired, Fired::default());

    for latency in [wild, Latency::Constant { ms: 5.0 }] {
        let (order, _, fired) =
            send_many(&Scenario { reorder: 0.1, latency, ..Scenario::of("any") });
        assert!(!order.is_sorted());
        assert!(fired.reordered > 0);
    }
}

#[test]
fn latencies_have_their_mean() {
    for (latency, low, high) in [
        (Latency::Constant { ms: 2.5 }, 2_500, 2_500),
        (Latency::Uniform { min_ms: 10.0, max_ms: 20.0 }, 14_800, 15_200),
        (Latency::Exponential { mean_ms: 10.0 }, 9_700, 10_300),
        // The mean of a log-normal is median · e^(σ²/2), of a Pareto distribution α/(α − 1) · least.
        (Latency::LogNormal { median_ms: 10.0, sigma: 0.5 }, 11_000, 11_700),
        (Latency::Pareto { min_ms: 10.0, alpha: 3.0 }, 14_500, 15_500),
    ] {
        let count = 20_000;
        let seed = Seed::new(3);
        let draw = |n| latency.draw_us(&mut seed.draws(Stream::Network, id(n)));
        let mean = (0..count).map(draw).sum::<u64>() / count;
        assert!((low..=high).contains(&mean), "{latency:?}: {mean}");
    }
}

#[test]
fn changing_one_probability_leaves_what_else_befalls_a_message() {
    let fates = |scenario: &Scenario| {
        let mut network = network(scenario);
        for n in 0..300 {
            network.send(Time::from_ms(n), id(n), (0, 1), 0);
        }
        network.fates.unwrap_or_default()
    };
    let faulty = Scenario { duplicate: 0.2, reorder: 0.2, corrupt: 0.2, ..Scenario::of("any") };
    let with_loss = fates(&Scenario { loss: 0.3, ..faulty.clone() });
    let without = fates(&faulty);
    assert!(with_loss.iter().any(|(_, fate)| fate.copies.is_empty()));
    for (with, without) in with_loss.iter().zip(&without) {
        assert!(with.1.copies.is_empty() || with == without);
    }
    let redelivered = fates(&Scenario { redeliver: 1.0, ..faulty });
    for (again, once) in redelivered.iter().zip(&without) {
        assert_eq!(again.1.copies[..once.1.copies.len()], once.1.copies[..]);
        assert_eq!(again.1.copies.last().map(|last| last.way), Some(Way::Again));
    }
}

#[test]
fn each_cut_stops_what_its_kind_says_when_it_is_sent_and_when_it_would_arrive() {
    use PartitionKind::{Bridge, Groups, Isolate, OneWay, Partial, Ring};
    let scenario = Scenario { replicas: 5, ..Scenario::of("any") };
    for (kind, groups, blocked) in [
        (Groups, vec![vec![1, 2]], vec![(1, 3), (3, 1), (2, 5), (5, 2)]),
        (OneWay, vec![vec![1, 2], vec![3]], vec![(1, 3), (2, 5)]),
        (Bridge, vec![vec![1, 2], vec![4]], vec![(1, 4), (4, 2)]),
        (Ring, vec![], vec![(1, 3), (1, 4), (5, 2)]),
        (Isolate, vec![vec![4]], vec![(4, 1), (5, 4)]),
        (Partial, vec![vec![2, 3]], vec![(2, 3)]),
    ] {
        let mut network = network(&scenario);
        let on_its_way: Vec<Transit> = blocked
            .iter()
            .map(|&(from, to)| {
                network.send(Time::ZERO, id(from), (from as usize - 1, to as usize - 1), 0)
            })
            .map(|sent| sent.unwrap()[0].2)
            .collect();
        network.cut(&Fault::Cut { cut: 9, kind, groups });
        let open: u64 = match kind {
            Groups => 8,
            OneWay => 14,
            Bridge => 16,
            Ring => 10,
            Isolate => 12,
            _ => 19,
        };
        let pairs = (0..5).flat_map(|from| (0..5).map(move |to| (from, to)));
        let passes = pairs.filter(|&(from, to)| from != to && !network.is_cut(from, to));
        assert_eq!(passes.count() as u64, open, "{kind:?}");
        for (&(from, to), transit) in blocked.iter().zip(on_its_way) {
            assert!(network.is_cut(from as usize - 1, to as usize - 1), "{kind:?} {from} {to}");
            assert!(!network.arrive(transit));
        }
        assert_eq!(network.fired.cut, blocked.len() as u64);
        assert!(network.heal(9));
        assert!(!network.is_cut(blocked[0].0 as usize - 1, blocked[0].1 as usize - 1));
    }
    assert_eq!(network(&scenario).send(Time::ZERO, id(2), (0, 0), 0), None, "no link to oneself");
}

#[test]
fn a_narrow_link_makes_messages_wait_and_drops_what_does_not_fit() {
    let latency = Latency::Constant { ms: 1.0 };
    // A hundred bytes take a millisecond, and come each half of one.
    let narrow = |buffer_bytes| Scenario {
        latency,
        bandwidth: Some(Bandwidth { bytes_per_s: 100_000, buffer_bytes }),
        ..Scenario::of("any")
    };
    let (order, at, fired) = send_many(&narrow(1_000_000));
    assert!(order.is_sorted());
    assert_eq!((at[0].as_us(), at[199].as_us()), (2_000, 201_000));
    assert_eq!((fired.queued, fired.overflowed), (199, 0));

    let (order, at, fired) = send_many(&narrow(1_000));
    assert_eq!(fired.overflowed, 200 - order.len() as u64);
    assert!((90..=115).contains(&order.len()), "{}", order.len());
    // Nobody waits longer than the buffer takes to drain.
    assert!(order.iter().zip(&at).all(|(n, at)| at.as_us() - n * 500 <= 12_000));
}

#[test]
fn a_rule_holds_for_its_links_only_and_the_last_one_wins() {
    let slow = Latency::Constant { ms: 500.0 };
    let scenario = Scenario {
        latency: Latency::Constant { ms: 5.0 },
        link: vec![
            Rule { from: vec![1], latency: Some(slow), loss: Some(1.0), ..Rule::default() },
            Rule { from: vec![1], to: vec![2], loss: Some(0.0), ..Rule::default() },
        ],
        ..Scenario::of("any")
    };
    let mut network = network(&scenario);
    let mut arrives = |from, to| {
        let sent = network.send(Time::ZERO, id(from as u64 * 10 + to as u64), (from, to), 0);
        sent.unwrap().first().map(|arrival| arrival.0.unwrap().as_ms())
    };
    assert_eq!(arrives(0, 1), Some(500));
    assert_eq!(arrives(1, 0), Some(5), "the other direction is another link");
    assert_eq!(arrives(0, 2), None);
    assert_eq!(arrives(2, 1), Some(5));
}

#[test]
fn damage_always_changes_something() {
    let seed = Seed::new(1);
    for n in 0..2_000 {
        let before: Vec<u8> = (0..=(n % 40) as u8).map(|byte| byte & 1).collect();
        let mut after = before.clone();
        damage(&mut after, &mut seed.draws(Stream::Network, id(n)));
        assert_ne!(before, after);
    }
}

#[test]
fn with_priorities_messages_take_turns_until_the_faults_are_over() {
    let scenario = Scenario {
        replicas: 3,
        pct: Some(1),
        duration_ms: 1_000,
        latency: Latency::Constant { ms: 3.0 },
        ..Scenario::of("any")
    };
    let mut network = network(&scenario);
    assert_eq!(network.next_turn(Time::ZERO), None);
    let mut expected = BTreeMap::new();
    for n in 0..4 {
        let ends = [(0, 1), (1, 2)][n as usize % 2];
        let sent = network.send(Time::from_us(10 * n), id(n), ends, 0).unwrap();
        let [(None, arrival, transit)] = sent[..] else { panic!("{sent:?}") };
        expected.insert(arrival, (n, transit));
    }
    let turn = network.next_turn(Time::from_us(30)).unwrap();
    let (at, first) = network.turn(turn).unwrap();
    assert_eq!(at, turn.plus_us(1), "after everything else at that moment");
    let (first, transit) = expected.remove(&first).unwrap();
    assert!(first < 2 && network.arrive(transit));
    let second = network.turn(network.next_turn(turn).unwrap()).unwrap().1;
    assert_eq!(expected.remove(&second).unwrap().0, first + 2, "the same link again");
    // What is written down is when it came, and for the others the end of the faults.
    let latency_us = |network: &Network, n: u64| {
        let (_, fate) = &network.fates.as_ref().unwrap()[n as usize];
        fate.copies[0].latency_us
    };
    assert_eq!(latency_us(&network, first), at.as_us() - 10 * first);
    let held = latency_us(&network, 1 - first);
    assert_eq!(held, 1_003_000 - 10 * (1 - first));
    let rest = network.calm();
    assert_eq!(
        rest.iter().map(|(_, id)| expected[id].0).collect::<Vec<_>>(),
        [1 - first, 3 - first]
    );
    assert_eq!(rest[0].0, Time::from_us(1_003_000));
    assert!(rest[1].0 > rest[0].0 && rest[1].0 <= network.last_arrival);
    assert_eq!(latency_us(&network, 1 - first), held);
    let ends = [(0, 1), (1, 2)][1 - first as usize];
    let after = network.send(Time::from_ms(1_000), id(9), ends, 0).unwrap();
    assert!(after[0].0 > Some(rest[1].0), "{after:?}");
}
