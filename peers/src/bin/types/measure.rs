//! How long something takes, and how it compares.

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds for each of `ops` operations: the median of `runs` runs after one that is not
/// counted. Only `run` is timed; what it returns is dropped outside of the time.
///
/// It is the processor's time on this thread, on which everything here runs: on a machine that has
/// nothing else to do the same as the time of day, and on a busy one still meaningful.
pub(crate) fn nanos<I, O>(
    runs: usize,
    ops: usize,
    mut prepare: impl FnMut() -> I,
    mut run: impl FnMut(I) -> O,
) -> f64 {
    let mut all = Vec::with_capacity(runs);
    for counted in 0..=runs {
        let input = black_box(prepare());
        let start = clock_gettime(ClockId::ThreadCPUTime);
        let output = black_box(run(input));
        let took = clock_gettime(ClockId::ThreadCPUTime) - start;
        drop(output);
        if counted > 0 {
            let nanos = took.tv_sec as f64 * 1e9 + took.tv_nsec as f64;
            all.push(nanos / ops as f64);
        }
    }
    all.sort_unstable_by(f64::total_cmp);
    all[runs / 2]
}

/// What a number counts.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Nanos,
    Bytes,
}

impl Unit {
    pub(crate) fn shown(self, number: f64) -> String {
        let (number, unit) = match self {
            Self::Bytes => (number, "B"),
            Self::Nanos if number < 1e3 => (number, "ns"),
            Self::Nanos if number < 1e6 => (number / 1e3, "µs"),
            Self::Nanos => (number / 1e6, "ms"),
        };
        let decimals = if number < 10.0 { 2 } else { usize::from(number < 100.0) };
        format!("{number:.decimals$} {unit}")
    }
}

/// The names of the columns after Rejoin's.
pub(crate) const PEERS: [&str; 5] = ["crdts", "lattices", "automerge", "yrs", "loro"];

/// Prints the head of a table of rows.
pub(crate) fn head() {
    let peers = PEERS.join(" | ");
    println!("| work | Rejoin | {peers} | best peer / Rejoin | target | holds |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|:--|");
}

/// Prints a row: one kind of work, ours and the peers' as far as they do it, and the target.
pub(crate) fn row(unit: Unit, work: &str, ours: f64, peers: &[(&str, f64)], target: Option<f64>) {
    let columns = PEERS.map(|name| {
        let found = peers.iter().find(|peer| peer.0 == name);
        found.map_or_else(|| "–".to_owned(), |peer| unit.shown(peer.1))
    });
    let best = peers.iter().map(|peer| peer.1).min_by(f64::total_cmp);
    let ratio = best.map_or_else(|| "–".to_owned(), |best| format!("{:.2}", best / ours));
    let (limit, holds) = match target {
        Some(target) if ours <= target => (unit.shown(target), "yes"),
        Some(target) => (unit.shown(target), "no"),
        None => ("–".to_owned(), ""),
    };
    println!(
        "| {work} | {} | {} | {ratio} | {limit} | {holds} |",
        unit.shown(ours),
        columns.join(" | ")
    );
}
