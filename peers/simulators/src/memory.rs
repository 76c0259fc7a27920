//! How much memory a crowd takes in the simulator. A program of its own, since counting slows.

#[cfg(not(madsim))]
#[global_allocator]
static HEAP: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

#[cfg(madsim)]
fn main() {}

/// Prints the greatest number of bytes that were in use, for each host and for each message.
#[cfg(not(madsim))]
fn main() {
    use rejoin_sim::scenario::Topology;
    use rejoin_simulators::relay::{Relay, relay};
    use rejoin_simulators::work::Work;

    const HOSTS: u64 = 100_000;
    const LINKS: u64 = 4;
    let peak = |each| {
        let work = Work { name: "a crowd", hosts: HOSTS, each, latency_us: (5_000, 15_000) };
        HEAP.reset_peak_usage();
        let before = HEAP.current_usage();
        relay(work, Topology::RandomRegular { degree: LINKS, graph: 0 }, 40, false);
        (HEAP.peak_usage() - before) as u64
    };
    let (none, million) = (peak(0), peak(10));
    let state = size_of::<Relay>() as u64 + 8 * LINKS;
    println!("| 100,000 hosts with {LINKS} links each | bytes |");
    println!("|---|--:|");
    println!("| a host | {} |", none / HOSTS);
    println!("| of which its state | {state} |");
    println!("| a message, of a million in flight | {} |", (million - none) / 1_000_000);
}
