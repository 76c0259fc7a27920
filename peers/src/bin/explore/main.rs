//! Every order in which three replicas of a G-Counter with two increments each can hear of each
//! other: by stateright, state after state, and by Rejoin's explorer, history by history. Prints
//! Markdown; what it means is in `docs/benchmarks.md`.
//!
//! It fails if a check does, or if a count is not the known one.

mod replicas;
mod timing;

use std::time::{Duration, Instant};

use rejoin_crdts::spec::{GCounterModel, OrSetModel};
use rejoin_sim::Verdict;
use rejoin_sim::explore::{Explored, Reductions, Scope, explore};
use stateright::{Checker, Model as _};

use replicas::{INCREMENTS, REPLICAS, Sends, replicas};
use timing::{Times, shown, time};

const PEER_RUNS: usize = 5;
const RUNS: usize = 50;

fn main() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown");
    println!("{cores} cores, load {load} before the first run\n");

    println!(
        "| stateright, replicas send | threads | unique states | states | median | least | processor | runs |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let mut peers = Vec::new();
    for (sends, known) in [(Sends::States, 523_839), (Sends::Deltas, 9_435)] {
        for threads in threads(cores) {
            let times = peer(sends, known, threads);
            peers.push((sends, threads, times));
        }
    }

    println!();
    println!(
        "| Rejoin | threads | histories | diamonds | visited | checks | median | least | processor | runs |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut ours = Vec::new();
    for no_reductions in [true, false] {
        for threads in threads(cores) {
            ours.push((no_reductions, threads, counter(no_reductions, threads)));
        }
    }

    println!();
    println!(
        "| threads | stateright's replicas send | stateright | Rejoin, every history | ratio | Rejoin, reduced | ratio |"
    );
    println!("|--:|---|--:|--:|--:|--:|--:|");
    for (sends, threads, theirs) in &peers {
        let of = |no_reductions| {
            let found = ours.iter().find(|one| (one.0, one.1) == (no_reductions, *threads));
            found.expect("both ran on as many threads").2.median
        };
        let ratio = |ours: Duration| theirs.median.as_secs_f64() / ours.as_secs_f64();
        println!(
            "| {threads} | {sends:?} | {} | {} | {:.1} | {} | {:.1} |",
            shown(theirs.median),
            shown(of(true)),
            ratio(of(true)),
            shown(of(false)),
            ratio(of(false)),
        );
    }

    println!();
    println!("| Rejoin, OrSet | threads | histories | scripts each | visited | checks | time |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for ops in [[2, 2, 1], [2, 2, 2]] {
        set(ops, cores);
    }
}

/// One thread, and all.
fn threads(cores: usize) -> impl Iterator<Item = usize> {
    [1, cores].into_iter().take(if cores == 1 { 1 } else { 2 })
}

fn peer(sends: Sends, known: usize, threads: usize) -> Times {
    let (checker, times) =
        time(PEER_RUNS, || replicas(sends).checker().threads(threads).spawn_bfs().join());
    checker.assert_properties();
    assert_eq!(checker.unique_state_count(), known, "stateright's unique states");
    println!(
        "| {sends:?} | {threads} | {} | {} | {} |",
        thousands(known as u64),
        thousands(checker.state_count() as u64),
        columns(times),
    );
    times
}

fn counter(no_reductions: bool, threads: usize) -> Times {
    let alphabet = vec!["0".to_owned()];
    let ops = [usize::from(INCREMENTS); REPLICAS];
    // A counter looks at no stamps, and stateright has none to order.
    let every = Reductions { stamps: true, ..Reductions::NONE };
    let reductions = if no_reductions { every } else { Reductions::ALL };
    let scope = Scope { alphabet, reductions, threads, ..Scope::new(ops) };
    let (explored, times) =
        time(RUNS, || explore(&GCounterModel, &scope, &mut |_| {}).expect("a scope that fits"));
    held(&explored);
    let shapes = explored.shapes;
    assert_eq!((shapes.histories, shapes.diamonds), (2_827, 17_334), "Rejoin's histories");
    println!(
        "| {} | {threads} | {} | {} | {} | {} | {} |",
        if no_reductions { "every history" } else { "one of those alike" },
        thousands(shapes.histories),
        thousands(shapes.diamonds),
        thousands(explored.checked.histories),
        thousands(checks(&explored)),
        columns(times),
    );
    times
}

fn set(ops: [usize; 3], threads: usize) {
    // Adding and removing either element; no clear.
    let alphabet = ["0", "1", "2", "3"].map(str::to_owned).to_vec();
    let scope = Scope { alphabet, threads, ..Scope::new(ops) };
    let model = OrSetModel::new(["a".to_owned(), "b".to_owned()]);
    let start = Instant::now();
    let explored = explore(&model, &scope, &mut |_| {}).expect("a scope that fits");
    let took = start.elapsed();
    held(&explored);
    println!(
        "| {} | {threads} | {} | {} | {} | {} | {} |",
        ops.map(|ops| ops.to_string()).join(","),
        thousands(explored.shapes.histories),
        thousands(u64::try_from(explored.scripts).expect("few operations")),
        thousands(explored.checked.histories),
        thousands(checks(&explored)),
        shown(took),
    );
}

fn held(explored: &Explored) {
    assert_eq!(explored.verdict, Verdict::Held, "{:?}", explored.counterexample);
}

fn checks(explored: &Explored) -> u64 {
    let checked = explored.checked;
    checked.specification + checked.orders + checked.merges + checked.intervals
}

fn columns(times: Times) -> String {
    let processor = times.processor.map_or_else(|| "?".to_owned(), shown);
    let [median, least] = [times.median, times.least].map(shown);
    format!("{median} | {least} | {processor} | {}", times.runs)
}

/// `12,345`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}
