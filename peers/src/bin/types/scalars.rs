//! Counters, clocks and registers.

use std::cmp::Ordering;
use std::hint::black_box;

use crdts::{CmRDT, CvRDT, GCounter as Orders, LWWReg, VClock};
use lattices::map_union::{MapUnionBTreeMap, MapUnionSingletonMap};
use lattices::{Max, Merge as _};
use rejoin_crdts::{GCounter, LwwRegister, Merge, Timestamp, VectorClock};
use yrs::{Doc, Map, Transact};

use crate::Size;
use crate::measure::{Unit, nanos, row};
use crate::sets::name;

const BATCH: usize = 1_000;

/// A counter of `replicas` slots, in each of which is `count`.
fn ours(replicas: u64, count: u64) -> GCounter {
    let mut counter = GCounter::new();
    for replica in 0..replicas {
        let _ = counter.increment(name(replica), count).expect("it fits");
    }
    counter
}

fn crdts(replicas: u64, count: u64) -> Orders<u64> {
    let mut counter = Orders::new();
    (0..replicas).for_each(|replica| counter.apply(counter.inc_many(replica, count)));
    counter
}

fn lattices(replicas: u64, count: u64) -> MapUnionBTreeMap<u64, Max<u64>> {
    MapUnionBTreeMap::new((0..replicas).map(|replica| (replica, Max::new(count))).collect())
}

fn clock(replicas: u64, count: u64) -> VectorClock {
    (0..replicas).map(|replica| (name(replica), count)).collect()
}

fn their_clock(replicas: u64, count: u64) -> VClock<u64> {
    (0..replicas).map(|replica| crdts::Dot::new(replica, count)).collect()
}

/// Nanoseconds to merge each of some counters with one that is ahead in every slot.
fn merging<C, D>(
    size: Size,
    replicas: u64,
    of: impl Fn(u64, u64) -> C,
    merge: impl Fn(&mut C, D),
    other: impl Fn(&C) -> D,
) -> f64 {
    let copies = if replicas < 100 { BATCH } else { 10 }; // few enough for the caches
    let ahead = of(replicas, 2);
    let prepare = || {
        let behind: Vec<C> = (0..copies).map(|_| of(replicas, 1)).collect();
        let others: Vec<D> = (0..copies).map(|_| other(&ahead)).collect();
        (behind, others)
    };
    nanos(size.runs, copies, prepare, |(mut behind, others)| {
        for (counter, other) in behind.iter_mut().zip(others) {
            merge(counter, other);
        }
        behind
    })
}

fn merge_ours(size: Size, replicas: u64) -> f64 {
    let ahead = ours(replicas, 2);
    merging(
        size,
        replicas,
        ours,
        |counter, ()| {
            black_box(counter.merge(&ahead));
        },
        |_| (),
    )
}

fn merge_crdts(size: Size, replicas: u64) -> f64 {
    merging(size, replicas, crdts, CvRDT::merge, Clone::clone)
}

fn merge_lattices(size: Size, replicas: u64) -> f64 {
    merging(
        size,
        replicas,
        lattices,
        |counter, other| {
            black_box(counter.merge(other));
        },
        Clone::clone,
    )
}

/// Nanoseconds to compare two clocks that share no memory.
fn compare<C: PartialOrd>(size: Size, left: &C, right: &C, expected: Ordering) -> f64 {
    assert_eq!(left.partial_cmp(right), Some(expected));
    nanos(
        size.runs,
        BATCH,
        || (),
        |()| {
            for _ in 0..BATCH {
                black_box(black_box(left).partial_cmp(black_box(right)));
            }
        },
    )
}

pub(crate) fn rows(size: Size) {
    increments(size);
    let thousand = merge_crdts(size, 1_000);
    for (replicas, target) in [(3, 10.0), (1_000, 1_200.0)] {
        let peers = [
            ("crdts", if replicas == 3 { merge_crdts(size, 3) } else { thousand }),
            ("lattices", merge_lattices(size, replicas)),
        ];
        let work = format!("G-Counter merge, {replicas} replicas");
        row(Unit::Nanos, &work, merge_ours(size, replicas), &peers, Some(target));
    }
    for (than, expected) in [(1, Ordering::Equal), (2, Ordering::Less)] {
        let work = format!("vector clock compare, 1,000 entries, {expected:?}").to_lowercase();
        let mine = compare(size, &clock(1_000, 1), &clock(1_000, than), expected);
        let theirs = compare(size, &their_clock(1_000, 1), &their_clock(1_000, than), expected);
        row(Unit::Nanos, &work, mine, &[("crdts", theirs)], Some(500.0));
    }
    registers(size, "u64", 2.0, 1u64, 2);
    registers(
        size,
        "string",
        16.0,
        "something written".to_owned(),
        "something else, longer".to_owned(),
    );
}

fn increments(size: Size) {
    let me = name(1);
    let mine = nanos(
        size.runs,
        BATCH,
        || ours(3, 1),
        |mut counter| {
            for _ in 0..BATCH {
                let _ = black_box(counter.increment(me, 1));
            }
            counter
        },
    );
    let crdts = nanos(
        size.runs,
        BATCH,
        || crdts(3, 1),
        |mut counter| {
            for _ in 0..BATCH {
                let op = counter.inc(1);
                black_box(&op);
                counter.apply(op);
            }
            counter
        },
    );
    let lattices = nanos(
        size.runs,
        BATCH,
        || lattices(3, 1),
        |mut counter| {
            for count in 0..BATCH as u64 {
                let delta = MapUnionSingletonMap::new_from((1, Max::new(count)));
                counter.merge(black_box(delta));
            }
            counter
        },
    );
    let yrs = nanos(
        size.runs,
        BATCH,
        || Doc::with_client_id(1),
        |doc| {
            let map = doc.get_or_insert_map("counter");
            for count in 0..BATCH as i64 {
                map.insert(&mut doc.transact_mut(), "1", count);
            }
            doc
        },
    );
    let loro = nanos(size.runs, BATCH, loro::LoroDoc::new, |doc| {
        let map = doc.get_map("counter");
        for count in 0..BATCH as i64 {
            map.insert("1", count).expect("a map takes a key");
            doc.commit();
        }
        doc
    });
    let peers = [("crdts", crdts), ("lattices", lattices), ("yrs", yrs), ("loro", loro)];
    row(Unit::Nanos, "G-Counter increment, with the delta", mine, &peers, Some(crdts));
}

fn registers<T: Ord + Clone>(size: Size, kind: &str, target: f64, old: T, new: T) {
    let me = name(1);
    let written = |wall: u64, value: &T| {
        let mut register: LwwRegister<T> = LwwRegister::new();
        let _ = register.set(Timestamp::new(wall, 0, me), value.clone()).expect("it is new");
        register
    };
    let newer = written(2, &new);
    let batch = || (0..BATCH).map(|_| written(1, &old)).collect::<Vec<_>>();
    let mine = nanos(size.runs, BATCH, batch, |mut registers| {
        for register in &mut registers {
            black_box(register.merge(&newer));
        }
        registers
    });
    let newer = LWWReg { val: new, marker: 2u64 };
    let batch =
        || (0..BATCH).map(|_| LWWReg { val: old.clone(), marker: 1u64 }).collect::<Vec<_>>();
    let theirs = nanos(size.runs, BATCH, batch, |mut registers| {
        for register in &mut registers {
            CvRDT::merge(register, newer.clone());
        }
        registers
    });
    let work = format!("LWW-Register merge of a newer {kind}");
    row(Unit::Nanos, &work, mine, &[("crdts", theirs)], Some(target));
}

pub(crate) fn sweep(size: Size) {
    println!("| replicas | G-Counter merge | crdts | lattices | clock compare, less | crdts |");
    println!("|--:|--:|--:|--:|--:|--:|");
    for replicas in [1, 3, 10, 30, 100, 300, 1_000] {
        let (less, more) = (clock(replicas, 1), clock(replicas, 2));
        let (their_less, their_more) = (their_clock(replicas, 1), their_clock(replicas, 2));
        let cells = [
            merge_ours(size, replicas),
            merge_crdts(size, replicas),
            merge_lattices(size, replicas),
            compare(size, &less, &more, Ordering::Less),
            compare(size, &their_less, &their_more, Ordering::Less),
        ];
        println!("| {replicas} | {} |", cells.map(|cell| Unit::Nanos.shown(cell)).join(" | "));
    }
}
