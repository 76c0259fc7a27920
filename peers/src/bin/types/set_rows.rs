//! What a set costs: to change, to merge, to send.

use std::hint::black_box;

use crate::Size;
use crate::measure::{Unit, nanos, row};
use crate::sets::{Automerge, Crdts, Loro, Ours, Set, Yrs, keys};

const DELTA: usize = 10;
const DELTAS: usize = 20;

/// The same of ours, and of each peer that has sets.
macro_rules! all {
    ($measured:ident($($argument:expr),*)) => {
        (
            $measured::<Ours>($($argument),*),
            [
                (Crdts::NAME, $measured::<Crdts>($($argument),*)),
                (Automerge::NAME, $measured::<Automerge>($($argument),*)),
                (Yrs::NAME, $measured::<Yrs>($($argument),*)),
                (Loro::NAME, $measured::<Loro>($($argument),*)),
            ],
        )
    };
}

pub(crate) fn rows(size: Size) {
    let count = size.set;
    let (ours, peers) = all!(add(size, count));
    row(Unit::Nanos, "OR-Set add, with the delta", ours, &peers, Some(200.0));
    let after_clone = nanos(
        size.runs,
        1,
        || Ours::of(1, &keys(1, count)),
        |mut set| {
            let before = set.set.clone();
            set.add(1);
            (set, before)
        },
    );
    row(Unit::Nanos, "the first add after a clone", after_clone, &[], None);
    let (one, _) = crowded(size, 1);
    let (ours, theirs) = crowded(size, 1_000);
    let work = "OR-Set add, 1,000 replicas in the clock";
    row(Unit::Nanos, work, ours, &[(Crdts::NAME, theirs)], Some(1.5 * one));
    let (ours, peers) = all!(remove(size, count));
    row(Unit::Nanos, "OR-Set remove", ours, &peers, Some(250.0));

    let (ours, peers) = all!(receive(size, count));
    row(Unit::Nanos, "merge a delta of 10", ours, &peers, Some(8e3));
    let (ours, peers) = all!(merge(size, count));
    row(Unit::Nanos, "merge two that share no memory", ours, &peers, Some(8e6));
    let forked = nanos(
        size.runs,
        1,
        || forked(count),
        |(mut left, mut right)| {
            left.merge(&mut right);
            (left, right)
        },
    );
    row(Unit::Nanos, "merge a clone that 10 were added to", forked, &[], Some(50e3));
    let ours = Ours::of(1, &keys(1, count)).set;
    let clone =
        nanos(size.runs, 1_000, || (), |()| (0..1_000).for_each(|_| drop(black_box(ours.clone()))));
    let theirs = Crdts::of(1, &keys(1, count)).set;
    let their_clone = nanos(size.runs, 1, || (), |()| theirs.clone());
    row(Unit::Nanos, "clone", clone, &[(Crdts::NAME, their_clone)], Some(100.0));

    let (ours, peers) = all!(bytes(count));
    row(Unit::Bytes, "bytes for each element, encoded", ours, &peers, Some(11.0));
    let (ours, peers) = all!(delta_bytes(count));
    row(Unit::Bytes, "bytes of a delta of 10", ours, &peers, Some(150.0));
    let (ours, peers) = all!(encode(size, count));
    row(Unit::Nanos, "encode", ours, &peers, Some(1.5e6));
    let (ours, peers) = all!(decode(size, count));
    row(Unit::Nanos, "decode", ours, &peers, Some(12e6));
}

/// An add, on average over a set that grows to `count`.
fn add<S: Set>(size: Size, count: usize) -> f64 {
    let keys = keys(1, count);
    nanos(
        runs::<S>(size, count),
        count,
        || S::new(1),
        |mut set| {
            keys.iter().for_each(|&key| set.add(key));
            set
        },
    )
}

/// A remove, on average over a set that shrinks from `count` by a tenth.
fn remove<S: Set>(size: Size, count: usize) -> f64 {
    let keys = keys(1, count);
    let some: Vec<u64> = keys.iter().copied().step_by(10).collect();
    nanos(
        runs::<S>(size, count),
        some.len(),
        || S::of(1, &keys),
        |mut set| {
            some.iter().for_each(|&key| set.remove(key));
            set
        },
    )
}

/// An add, among as many elements from as many replicas, or from one: ours and that of `crdts`.
fn crowded(size: Size, replicas: u64) -> (f64, f64) {
    let (old, new) = (keys(1, 1_000), keys(2, 1_000));
    let (mut ours, mut theirs) = (Ours::new(1), Crdts::new(1));
    for (&key, at) in old.iter().zip(0..) {
        ours.me = crate::sets::name(at % replicas);
        theirs.me = at % replicas;
        ours.add(key);
        theirs.add(key);
    }
    let copy = || Ours {
        me: ours.me,
        set: Ours::decode(1, &Ours { me: ours.me, set: ours.set.clone() }.encode()).set,
    };
    let ours = nanos(size.runs, new.len(), copy, |mut set| {
        new.iter().for_each(|&key| set.add(key));
        set
    });
    let copy = || Crdts { me: theirs.me, set: theirs.set.clone() };
    let theirs = nanos(size.runs.min(3), new.len(), copy, |mut set| {
        new.iter().for_each(|&key| set.add(key));
        set
    });
    (ours, theirs)
}

/// Two replicas of which one got the bytes of the other.
fn pair<S: Set>(count: usize) -> (S, S) {
    let mut left = S::of(1, &keys(1, count));
    let right = S::decode(2, &left.encode());
    (left, right)
}

/// A delta of ten elements, one of some that follow one another.
fn receive<S: Set>(size: Size, count: usize) -> f64 {
    let prepare = || {
        let (left, mut right) = pair::<S>(count);
        let deltas: Vec<_> =
            keys(3, DELTAS * DELTA).chunks(DELTA).map(|keys| right.send(keys)).collect();
        (left, deltas)
    };
    nanos(runs::<S>(size, count), DELTAS, prepare, |(mut left, deltas)| {
        deltas.iter().for_each(|delta| left.receive(delta));
        (left, deltas)
    })
}

/// Nine elements of ten are in both; each has added a tenth since.
fn merge<S: Set>(size: Size, count: usize) -> f64 {
    let prepare = || {
        let (mut left, mut right) = pair::<S>(count - count / 10);
        left.fill(&keys(2, count / 10));
        right.fill(&keys(3, count / 10));
        (left, right)
    };
    nanos(runs::<S>(size, count), 1, prepare, |(mut left, mut right)| {
        left.merge(&mut right);
        (left, right)
    })
}

fn forked(count: usize) -> (Ours, Ours) {
    let left = Ours::of(1, &keys(1, count));
    let mut right = Ours { me: crate::sets::name(2), set: left.set.clone() };
    right.fill(&keys(3, DELTA));
    (left, right)
}

fn bytes<S: Set>(count: usize) -> f64 {
    S::of(1, &keys(1, count)).encode().len() as f64 / count as f64
}

fn delta_bytes<S: Set>(count: usize) -> f64 {
    S::delta_bytes(&S::of(1, &keys(1, count)).send(&keys(3, DELTA))) as f64
}

fn encode<S: Set>(size: Size, count: usize) -> f64 {
    nanos(
        runs::<S>(size, count),
        1,
        || S::of(1, &keys(1, count)),
        |mut set| {
            let bytes = set.encode();
            (set, bytes)
        },
    )
}

fn decode<S: Set>(size: Size, count: usize) -> f64 {
    let bytes = S::of(1, &keys(1, count)).encode();
    nanos(
        runs::<S>(size, count),
        1,
        || (),
        |()| {
            let set = S::decode(2, &bytes);
            assert_eq!(set.len(), count, "{}", S::NAME);
            set
        },
    )
}

/// Fewer runs of what takes long: documents take a second or more.
fn runs<S: Set>(size: Size, count: usize) -> usize {
    let sets = [Ours::NAME, Crdts::NAME].contains(&S::NAME);
    if sets && count < 1_000_000 { size.runs } else { 3 }
}

pub(crate) fn sweep(size: Size) {
    println!(
        "| elements | add | crdts | merge a delta of 10 | crdts, operations | merge states | crdts | encode | crdts | decode | crdts |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for count in [100, 1_000, 10_000, 100_000, 1_000_000] {
        if count > size.largest {
            break;
        }
        let cells = [
            add::<Ours>(size, count),
            add::<Crdts>(size, count),
            receive::<Ours>(size, count),
            receive::<Crdts>(size, count),
            merge::<Ours>(size, count),
            merge::<Crdts>(size, count),
            encode::<Ours>(size, count),
            encode::<Crdts>(size, count),
            decode::<Ours>(size, count),
            decode::<Crdts>(size, count),
        ];
        println!("| {count} | {} |", cells.map(|cell| Unit::Nanos.shown(cell)).join(" | "));
    }
    println!("\n| replicas in the clock | OR-Set add | crdts |\n|--:|--:|--:|");
    for replicas in [1, 10, 100, 1_000] {
        let (ours, theirs) = crowded(size, replicas);
        println!("| {replicas} | {} | {} |", Unit::Nanos.shown(ours), Unit::Nanos.shown(theirs));
    }
}
