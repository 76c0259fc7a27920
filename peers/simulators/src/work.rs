//! What is measured: every host begins with some messages, and whoever gets one passes it on to the
//! next of the others in turn.

use rustix::time::{ClockId, clock_gettime};

/// A network in which so many messages are on their way all the time.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    pub name: &'static str,
    pub hosts: u64,
    /// Messages that each host begins with.
    pub each: u64,
    /// The least and the greatest latency; evenly drawn between these.
    pub latency_us: (u64, u64),
}

/// The loads of the table.
pub const WORK: [Work; 5] = [
    Work { name: "5 hosts, 25 in flight, 1 ms", hosts: 5, each: 5, latency_us: (1_000, 1_000) },
    Work { name: "5 hosts, 500 in flight, 1 ms", hosts: 5, each: 100, latency_us: (1_000, 1_000) },
    Work {
        name: "5 hosts, 25 in flight, 0.5–1.5 ms", hosts: 5, each: 5, latency_us: (500, 1_500)
    },
    Work {
        name: "5 hosts, 500 in flight, 0.5–1.5 ms",
        hosts: 5,
        each: 100,
        latency_us: (500, 1_500),
    },
    Work {
        name: "100 hosts, 500 in flight, 1 ms",
        hosts: 100,
        each: 5,
        latency_us: (1_000, 1_000),
    },
];

impl Work {
    /// How many milliseconds some number of deliveries takes, about.
    pub fn duration_ms(self, deliveries: u64) -> u64 {
        let (least, most) = self.latency_us;
        (deliveries / (self.hosts * self.each) * (least + most) / 2_000).max(10)
    }
}

/// The host after `of` in the turns of `me`: all but itself, one after the other.
pub fn next(hosts: u64, me: u64, turn: &mut u64) -> u64 {
    *turn = if *turn + 2 < hosts { *turn + 1 } else { 0 };
    if *turn < me { *turn } else { *turn + 1 }
}

/// Nanoseconds of the processor's time for each message: the median of `runs` runs after one that is
/// not counted. `run` returns how many messages it delivered.
pub fn nanos(runs: usize, mut run: impl FnMut() -> u64) -> f64 {
    let mut all = Vec::with_capacity(runs);
    for counted in 0..=runs {
        let start = clock_gettime(ClockId::ThreadCPUTime);
        let delivered = run();
        let took = clock_gettime(ClockId::ThreadCPUTime) - start;
        assert!(delivered > 0, "nothing was delivered");
        if counted > 0 {
            all.push((took.tv_sec as f64 * 1e9 + took.tv_nsec as f64) / delivered as f64);
        }
    }
    all.sort_unstable_by(f64::total_cmp);
    all[runs / 2]
}
