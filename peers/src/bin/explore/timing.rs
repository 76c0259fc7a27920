//! How long something takes.

use std::time::{Duration, Instant};

/// How long some runs of the same thing took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) median: Duration,
    pub(crate) least: Duration,
    /// Of all threads, on average, if the system says.
    pub(crate) processor: Option<Duration>,
    pub(crate) runs: usize,
}

/// Times `runs` runs after one that is not counted, and returns what the last came to. What a run
/// returns is dropped outside of the time.
pub(crate) fn time<T>(runs: usize, mut run: impl FnMut() -> T) -> (T, Times) {
    assert!(runs > 0, "nothing to time");
    let mut last = run();
    let mut all = Vec::with_capacity(runs);
    let mut processor = Some(Duration::ZERO);
    for _ in 0..runs {
        drop(last);
        let (busy, start) = (processor_time(), Instant::now());
        last = run();
        all.push(start.elapsed());
        let more = processor_time().zip(busy).map(|(after, before)| after.saturating_sub(before));
        processor = processor.zip(more).map(|(sum, more)| sum + more);
    }
    all.sort_unstable();
    let median = (all[(runs - 1) / 2] + all[runs / 2]) / 2;
    let processor = processor.map(|sum| sum / runs as u32);
    (last, Times { median, least: all[0], processor, runs })
}

/// What this process has used of the processors so far, in steps of 10 ms. Only Linux says it this
/// way.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program comes second, and may hold anything, but nothing after it does.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (times.next()?.ok()?, times.next()?.ok()?);
    Some(Duration::from_millis(10 * (user + system)))
}

/// `2.34 s` or `12.3 ms`.
pub(crate) fn shown(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds >= 1.0 { format!("{seconds:.2} s") } else { format!("{:.1} ms", seconds * 1e3) }
}
