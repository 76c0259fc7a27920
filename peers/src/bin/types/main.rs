//! The types next to those of other libraries: the same work on the same data in one process, one
//! after the other. Prints Markdown; what it means is in `docs/benchmarks.md`. `--quick` runs less.

mod maps;
mod measure;
mod scalars;
mod set_rows;
mod sets;

/// How much is run.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// Runs that a median is taken of, where one run takes milliseconds.
    pub(crate) runs: usize,
    /// Elements of the set in the table.
    pub(crate) set: usize,
    /// Elements of the largest set.
    pub(crate) largest: usize,
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let size = if quick {
        Size { runs: 3, set: 10_000, largest: 10_000 }
    } else {
        Size { runs: 11, set: 100_000, largest: 1_000_000 }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown");
    println!("{cores} cores, load {load} before the first run\n");

    measure::head();
    scalars::rows(size);
    set_rows::rows(size);
    maps::rows(size);
    println!();
    scalars::sweep(size);
    println!();
    set_rows::sweep(size);
}
