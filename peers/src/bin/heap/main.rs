//! Heap bytes of a set for each of its elements, Rejoin's and its peers', counted by the allocator.
//! A binary of its own, so that counting slows nothing that is timed. `docs/benchmarks.md`.

#[path = "../types/sets.rs"]
#[allow(dead_code)]
mod sets;

use std::alloc::System;

use sets::{Automerge, Crdts, Loro, Ours, Set, Yrs, keys};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    println!("| heap bytes for each element | rejoin | crdts | automerge | yrs | loro |");
    println!("|--:|--:|--:|--:|--:|--:|");
    for count in [100, 1_000, 10_000, 100_000, 1_000_000] {
        let keys = keys(1, count);
        println!(
            "| {count} added one by one | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
            held(&keys, Ours::of),
            held(&keys, Crdts::of),
            held(&keys, Automerge::of),
            held(&keys, Yrs::of),
            held(&keys, Loro::of),
        );
        println!(
            "| {count} decoded | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
            decoded::<Ours>(&keys),
            decoded::<Crdts>(&keys),
            decoded::<Automerge>(&keys),
            decoded::<Yrs>(&keys),
            decoded::<Loro>(&keys),
        );
    }
}

/// What a set holds on the heap when it is there, over its elements.
fn held<S: Set>(keys: &[u64], make: impl FnOnce(u64, &[u64]) -> S) -> f64 {
    let region = Region::new(HEAP);
    let set = make(1, keys);
    let change = region.change();
    assert_eq!(set.len(), keys.len(), "{}", S::NAME);
    (change.bytes_allocated as f64 - change.bytes_deallocated as f64) / keys.len() as f64
}

fn decoded<S: Set>(keys: &[u64]) -> f64 {
    let bytes = S::of(1, keys).encode();
    held(keys, |replica, _| S::decode(replica, &bytes))
}
