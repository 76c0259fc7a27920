//! How many messages a simulator delivers in a second of one processor's time. `run` builds this
//! twice, with madsim by itself, since that must be built by itself, and prints the tables of
//! `docs/benchmarks.md`.

#[cfg(madsim)]
use rejoin_simulators::madsim;
use rejoin_simulators::work::{WORK, nanos};
#[cfg(not(madsim))]
use rejoin_simulators::{bare, checked, relay, turmoil, work};

const RUNS: usize = 5;
const PEER_MESSAGES: u64 = 300_000;

/// Prints madsim's nanoseconds a message, a line for each load.
#[cfg(madsim)]
fn main() {
    for work in WORK {
        let nanos = nanos(RUNS, || madsim::relay(work, work.duration_ms(PEER_MESSAGES)));
        println!("{}\t{nanos}", work.name);
    }
}

/// Prints the tables; the argument is the same program with madsim.
#[cfg(not(madsim))]
fn main() {
    next_to_others(std::env::args().nth(1).map(|program| madsim_nanos(&program)));
    println!();
    with_checks();
    println!();
    crowds();
}

#[cfg(not(madsim))]
fn madsim_nanos(program: &str) -> Vec<f64> {
    let output = std::process::Command::new(program).output().expect("it was built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("names and numbers");
    let number = |line: &str| line.rsplit('\t').next()?.parse().ok();
    lines.lines().map(|line| number(line).expect("a number")).collect()
}

/// Millions a second.
#[cfg(not(madsim))]
fn rate(nanos: f64) -> String {
    format!("{:.2} M", 1e3 / nanos)
}

#[cfg(not(madsim))]
fn next_to_others(madsim: Option<Vec<f64>>) {
    use rejoin_sim::scenario::Topology::Mesh;

    const MESSAGES: u64 = 5_000_000;
    const CHECKED: u64 = 500_000;
    println!(
        "| messages a second | Rejoin | with every check | turmoil | madsim | a binary heap alone | Rejoin / best peer |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for (n, work) in WORK.into_iter().enumerate() {
        let ours = |checked, messages| {
            nanos(RUNS, || relay::relay(work, Mesh, work.duration_ms(messages), checked))
        };
        let (plain, checked) = (ours(false, MESSAGES), ours(true, CHECKED));
        let turmoil = nanos(RUNS, || turmoil::relay(work, work.duration_ms(PEER_MESSAGES)));
        let heap = nanos(RUNS, || bare::heap(work, work.duration_ms(MESSAGES)));
        let madsim = madsim.as_ref().map(|all| all[n]);
        println!(
            "| {} | {} | {} | {} | {} | {} | {:.1} |",
            work.name,
            rate(plain),
            rate(checked),
            rate(turmoil),
            madsim.map_or("–".to_owned(), rate),
            rate(heap),
            turmoil.min(madsim.unwrap_or(f64::INFINITY)) / plain
        );
    }
}

#[cfg(not(madsim))]
fn with_checks() {
    println!("| events a second, 5 replicas, 5 % loss | events | no check | every check | times |");
    println!("|---|--:|--:|--:|--:|");
    for run in checked::checked() {
        let mut events = 0;
        let mut of = |checked| {
            nanos(RUNS, || {
                events = run.outcome(checked).events;
                events
            })
        };
        let (without, with) = (of(false), of(true));
        let times = with / without;
        println!("| {} | {events} | {} | {} | {times:.1} |", run.name, rate(without), rate(with));
    }
}

#[cfg(not(madsim))]
fn crowds() {
    use rejoin_sim::scenario::Topology;

    println!("| a crowd, no check | messages a second |");
    println!("|---|--:|");
    let name = "100,000 hosts, 1,000,000 in flight, 5–15 ms";
    let work = work::Work { name, hosts: checked::CROWD, each: 10, latency_us: (5_000, 15_000) };
    let topology = || Topology::RandomRegular { degree: 4, graph: 0 };
    let nanos = |run: &dyn Fn() -> u64| nanos(1, run);
    println!("| {name} | {} |", rate(nanos(&|| relay::relay(work, topology(), 100, false))));
    let crowd = checked::crowd();
    let delivered = || crowd.outcome(false).traffic.delivered;
    println!("| {} | {} |", crowd.name, rate(nanos(&delivered)));
}
