//! How many messages a simulator delivers in a second of one processor's time. `run` builds this
//! twice, with madsim by itself, since that must be built by itself, and prints one table: what it
//! means is in `docs/benchmarks.md`.

#[cfg(not(madsim))]
mod bare;
#[cfg(not(madsim))]
mod checked;
#[cfg(madsim)]
mod madsim;
#[cfg(not(madsim))]
mod relay;
#[cfg(not(madsim))]
mod turmoil;
mod work;

use work::{WORK, nanos};

const RUNS: usize = 5;

/// Prints madsim's nanoseconds a message, a line for each load.
#[cfg(madsim)]
fn main() {
    for work in WORK {
        let nanos = nanos(RUNS, || madsim::relay(work, work.duration_ms(300_000)));
        println!("{}\t{nanos}", work.name);
    }
}

/// Prints the table; the argument is the same program with madsim.
#[cfg(not(madsim))]
fn main() {
    use rejoin_sim::scenario::Topology;

    let madsim = std::env::args().nth(1).map(|program| {
        let output = std::process::Command::new(program).output().expect("it was built");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).expect("numbers");
        let number = |line: &str| line.rsplit('\t').next()?.parse::<f64>().ok();
        lines.lines().map(|line| number(line).expect("a number")).collect::<Vec<_>>()
    });
    let rate = |nanos: f64| format!("{:.2} M", 1e3 / nanos);
    println!("| work | Rejoin | turmoil | madsim | a binary heap alone | Rejoin / best peer |");
    println!("|---|--:|--:|--:|--:|--:|");
    let only = std::env::var("ONLY").unwrap_or_default();
    for (n, work) in WORK.into_iter().enumerate().filter(|_| only != "checked") {
        let ours = nanos(RUNS, || relay::relay(work, Topology::Mesh, work.duration_ms(5_000_000)));
        let turmoil = nanos(RUNS, || turmoil::relay(work, work.duration_ms(300_000)));
        let heap = nanos(RUNS, || bare::heap(work, work.duration_ms(5_000_000)));
        let madsim = madsim.as_ref().map(|all| all[n]);
        println!(
            "| {} | {} | {} | {} | {} | {:.1} |",
            work.name,
            rate(ours),
            rate(turmoil),
            madsim.map_or("–".to_owned(), rate),
            rate(heap),
            turmoil.min(madsim.unwrap_or(f64::INFINITY)) / ours
        );
    }
    println!();
    println!("| with every check on, 5 replicas, 5 % loss | events | events a second |");
    println!("|---|--:|--:|");
    for run in checked::checked() {
        let mut events = 0;
        let each = nanos(1, || {
            events = run.outcome().events;
            events
        });
        println!("| {} | {events} | {} |", run.name, rate(each));
    }
}
