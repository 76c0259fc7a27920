//! The smallest schedule of each broken protocol, by hand: it and its twin part at the last event,
//! and not before. And what comparing replicas at the end sees of them.

mod common;

use common::bench::Event::{Crash, Damage, Deliver, Lose, Part, Restart, Round, Ruin, Visit};
use common::bench::{Bench, Event, add, remove, title};
use rejoin_crdts::sync::MAX_WALL_MS;
use rejoin_gallery::checklist::Edit;
use rejoin_gallery::meaning::SetOp;
use rejoin_gallery::{Entry, protocols};
use rejoin_sim::scenario::Caps;
use rejoin_sim::{Registry, Scenario};

const EVEN: [u64; 3] = [0; 3];
const ADD: Edit = Edit::Item(SetOp::Add('a'));

/// By how much clocks are ahead, the caps, and what happens.
fn schedule(name: &str) -> ([u64; 3], Caps, Vec<Event>) {
    let one = Some(1);
    let lost = || vec![add(1, 'a'), Lose(1, 2)];
    let then = |events: Vec<Event>, more: &[Event]| [&events[..], more].concat();
    let had = || vec![add(1, 'a'), Deliver(1, 2), Deliver(2, 1)];
    let (caps, events) = match name {
        "early-acknowledger" | "late-greeter" => (Caps::default(), then(lost(), &[Crash(1)])),
        "optimistic-quorum" => (Caps::default(), then(lost(), &[Ruin(1)])),
        "counting-digest" => (Caps::default(), then(lost(), &[add(2, 'b'), Lose(2, 1)])),
        "gapless-digest" => (Caps::default(), then(lost(), &[add(1, 'b')])),
        "leaky-buffer" => (Caps { buffer: one, ..Caps::default() }, then(lost(), &[add(1, 'b')])),
        "greedy-context" | "cut-tail" => {
            (Caps { batch: one, ..Caps::default() }, then(lost(), &[add(1, 'b')]))
        }
        "tidy-log" | "former-self" => (Caps::default(), then(had(), &[Ruin(2)])),
        "reborn-counter" => {
            let before = [add(1, 'a'), Deliver(1, 2), Ruin(1)];
            (Caps::default(), then(before.to_vec(), &[Restart(1), add(1, 'b')]))
        }
        "ghost-member" => (Caps::default(), vec![Round(2), Deliver(2, 1), Crash(2), add(1, 'a')]),
        "departed-member" => (Caps::default(), vec![Part(1, 2)]),
        "late-refuser" => (Caps { window: one, ..Caps::default() }, vec![add(1, 'a'), add(1, 'b')]),
        "half-refuser" => {
            let ahead = [add(1, 'a'), add(2, 'b'), Deliver(2, 1), Lose(1, 3), Lose(2, 3)];
            let caps = Caps { max_ahead_ms: Some(100), ..Caps::default() };
            let asks = [Round(3), Deliver(3, 1), Deliver(1, 3)];
            return ([250, 340, 0], caps, then(ahead.to_vec(), &asks));
        }
        "short-frame" => {
            let seen = [add(1, 'a'), Deliver(1, 3), add(2, 'a'), Deliver(2, 3)];
            (Caps::default(), then(seen.to_vec(), &[add(3, 'a'), Deliver(3, 1)]))
        }
        "bare-digest" => (Caps::default(), vec![add(1, 'a'), Lose(1, 2), Round(1), Damage(1, 2)]),
        "cached-reader" => (Caps::default(), vec![Round(1), add(1, 'a')]),
        "expired-view" => (Caps::default(), vec![add(1, 'a')]),
        "repeating-client" => (Caps::default(), vec![add(1, 'a'), Round(1)]),
        "replaying-log" => (Caps::default(), vec![add(1, 'a'), Crash(1), Restart(1)]),
        "thrifty-writer" => (Caps::default(), vec![add(1, 'a'), add(1, 'a')]),
        "relapsing-snapshot" => (Caps::default(), vec![Round(1), add(1, 'a'), Round(1)]),
        "wall-clock" => {
            let events = vec![title(1, 'x'), Deliver(1, 2), title(2, 'y')];
            return ([500, 0, 0], Caps::default(), events);
        }
        "restamping-clock" => (Caps::default(), vec![title(1, 'x'), Deliver(1, 2)]),
        "wrapping-clock" => (Caps::default(), vec![title(1, 'x'); 9]),
        "forgetful-clock" => {
            let events = vec![title(1, 'x'), Deliver(1, 2), Crash(2), Restart(2), title(2, 'y')];
            return ([500, 0, 0], Caps::default(), events);
        }
        "stale-view" => (Caps::default(), vec![Round(1), add(1, 'a')]),
        "write-behind" => (Caps::default(), vec![Visit(1, Some(ADD)), Visit(2, None)]),
        "two-copies" => (Caps::default(), vec![add(1, 'a'), Visit(1, None), Visit(2, None)]),
        "freshest-first" => (Caps::default(), then(lost(), &[add(1, 'b'), Deliver(1, 2)])),
        "first-in-first-out" => {
            (Caps::default(), vec![add(1, 'a'), Deliver(1, 2), add(2, 'b'), Deliver(2, 3)])
        }
        "counting-buffer" => {
            let events = [add(1, 'a'), Deliver(1, 2), add(2, 'b'), add(3, 'c'), Deliver(2, 3)];
            (Caps::default(), events.to_vec())
        }
        other => panic!("{other} has no schedule"),
    };
    (EVEN, caps, events)
}

/// What is to be seen of a protocol during a schedule and at its end.
fn seen(entry: &Entry, broken: bool, ahead_ms: [u64; 3], caps: &Caps, events: &[Event]) -> String {
    let config = if broken { protocols::broken(entry.name, caps) } else { None };
    let config = config.unwrap_or_else(|| protocols::sound(caps));
    let mut bench = if entry.replicas < 3 {
        Bench::new(config, [ahead_ms[0], ahead_ms[1]])
    } else {
        Bench::new(config, ahead_ms)
    };
    for &event in events {
        bench.happen(event);
    }
    let seen = bench.seen.join("\n");
    bench.settle();
    format!("{seen}\n{}", bench.end())
}

#[test]
fn the_smallest_schedule_of_each_shows_it_at_its_last_event() {
    for entry in protocols() {
        let (ahead_ms, caps, events) = schedule(entry.name);
        let sizes = |broken| seen(entry, broken, ahead_ms, &caps, &events);
        assert_ne!(sizes(true), sizes(false), "{entry}");
        let sooner = &events[..events.len() - 1];
        let sooner = |broken| seen(entry, broken, ahead_ms, &caps, sooner);
        assert_eq!(sooner(true), sooner(false), "{entry} shows sooner");
        let shown = entry.shown.as_ref().expect("it is a protocol");
        let performs = |event: &&Event| matches!(event, Event::Perform(..) | Visit(_, Some(_)));
        let operations = events.iter().filter(performs).count();
        assert_eq!((entry.operations, shown.events), (operations, events.len()), "{entry}");
    }
}

#[test]
fn an_operation_is_not_held_for_ever_if_what_it_had_seen_was_lost_with_its_author() {
    for end in [Ruin(2), Part(1, 2)] {
        let mut bench = Bench::new(protocols::sound(&Caps::default()), [0, 0]);
        for event in [add(2, 'a'), Lose(2, 1), add(2, 'b'), Deliver(2, 1), end] {
            bench.happen(event);
        }
        let waits = |bench: &Bench| bench.end().contains("what r2:2 had seen");
        assert!(waits(&bench), "{}", bench.end());
        bench.settle();
        assert!(!waits(&bench), "{}", bench.end());
    }
}

#[test]
fn by_a_clock_that_shows_nonsense_nothing_is_stamped_and_nothing_admitted() {
    let mut bench = Bench::new(protocols::sound(&Caps::default()), [MAX_WALL_MS, 0]);
    for event in [add(1, 'a'), add(2, 'b'), Deliver(2, 1)] {
        bench.happen(event);
    }
    let refused: Vec<bool> = bench.seen.iter().map(|seen| seen.starts_with("refused")).collect();
    assert_eq!(refused, [true, false, true], "{:?}", bench.seen);
}

/// A random schedule with the caps and the faults of the scenario that shows it.
fn random(entry: &Entry, scenario: &Scenario, seed: u64) -> Bench {
    let mut state = seed;
    let mut below = |bound: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let config = protocols::broken(entry.name, &scenario.config).expect("it has that name");
    let ahead_ms: [u64; 3] = std::array::from_fn(|_| below(scenario.skew_ms + 1));
    let mut bench = match scenario.replicas {
        2 => Bench::new(config, [ahead_ms[0], ahead_ms[1]]),
        _ => Bench::new(config, ahead_ms),
    };
    let replicas = scenario.replicas.min(3);
    let cut = |one, other| !scenario.partition.is_empty() && (one == 1 || other == 1);
    let crashes = scenario.crashes > 0 || !scenario.crash.is_empty();
    let ruin = entry.shown.as_ref().is_some_and(|shown| shown.scenario.contains("lost"));
    for _ in 0..60 {
        let one = 1 + below(replicas);
        let other = 1 + (one + below(replicas - 1)) % replicas;
        bench.happen(match below(20) {
            0..=2 => add(one, if below(2) == 0 { 'a' } else { 'b' }),
            3 => remove(one, 'a'),
            4 => title(one, if below(2) == 0 { 'x' } else { 'y' }),
            5..=7 => Lose(one, other),
            8..=9 => Round(one),
            10 if crashes && !ruin => Crash(one),
            10 if crashes && ruin => Ruin(one),
            11..=12 => Restart(one),
            _ if cut(one, other) => Lose(one, other),
            _ => Deliver(one, other),
        });
    }
    bench.settle();
    bench
}

#[test]
fn comparing_replicas_at_the_end_sees_what_the_catalogue_says() {
    let mut registry = Registry::new();
    rejoin_gallery::register(&mut registry);
    for entry in protocols() {
        let scenario = Scenario::parse(&entry.scenario(), &registry).expect("it is sound");
        let differ = (0..120).filter(|&seed| !random(entry, &scenario, seed).agrees()).count();
        assert_eq!(differ > 0, entry.convergence, "{entry}: {differ} runs end in a difference");
    }
}
