//! Maps from keys to sets.

use std::hint::black_box;

use crdts::{CmRDT, CvRDT, Map, Orswot};
use rejoin_crdts::wire::{self, Kind, Limits};
use rejoin_crdts::{Merge, OrMap, OrSet, ReplicaId};

use crate::Size;
use crate::measure::{Unit, nanos, row};
use crate::sets::{keys, name};

const KEYS: usize = 10_000;

type Ours = OrMap<u64, OrSet<u64>>;
type Theirs = Map<u64, Orswot<u64, u64>, u64>;

fn add(
    map: &mut Ours,
    me: ReplicaId,
    key: u64,
    element: u64,
) -> rejoin_crdts::OrMapDelta<u64, OrSet<u64>> {
    map.update(me, key, |set| set.insert(element))
}

fn add_theirs(
    map: &mut Theirs,
    me: u64,
    key: u64,
    element: u64,
) -> crdts::map::Op<u64, Orswot<u64, u64>, u64> {
    let op = map.update(key, map.read_ctx().derive_add_ctx(me), |set, ctx| set.add(element, ctx));
    map.apply(op.clone());
    op
}

pub(crate) fn rows(size: Size) {
    let keys = keys(1, KEYS);
    let (mut ours, mut theirs) = (Ours::new(), Theirs::new());
    for &key in &keys {
        let _ = add(&mut ours, name(1), key, 1);
        add_theirs(&mut theirs, 1, key, 1);
    }
    let mut bytes = Vec::new();
    wire::encode(Kind::Message, 1, &ours, &mut bytes).expect("a map has an encoding");
    let copy = || -> Ours {
        wire::decode(Kind::Message, 1, Limits::default(), &bytes).expect("our own bytes")
    };
    let some: Vec<u64> = keys.iter().copied().step_by(10).collect();

    let mine = nanos(size.runs, some.len(), copy, |mut map| {
        for &key in &some {
            black_box(add(&mut map, name(1), key, 2));
        }
        map
    });
    let crdts = nanos(
        size.runs,
        some.len(),
        || theirs.clone(),
        |mut map| {
            for &key in &some {
                black_box(add_theirs(&mut map, 1, key, 2));
            }
            map
        },
    );
    row(Unit::Nanos, "OR-Map, update of one key of 10,000", mine, &[("crdts", crdts)], Some(300.0));

    let mut there = copy();
    let deltas: Vec<_> = some.iter().map(|&key| add(&mut there, name(2), key, 3)).collect();
    let mine = nanos(size.runs, deltas.len(), copy, |mut map| {
        for delta in &deltas {
            black_box(map.merge(delta));
        }
        map
    });
    let mut their_there = theirs.clone();
    let ops: Vec<_> = some.iter().map(|&key| add_theirs(&mut their_there, 2, key, 3)).collect();
    let crdts = nanos(
        size.runs,
        ops.len(),
        || (theirs.clone(), ops.clone()),
        |(mut map, ops)| {
            ops.into_iter().for_each(|op| map.apply(op));
            map
        },
    );
    let work = "OR-Map, merge the delta of one key of 10,000";
    row(Unit::Nanos, work, mine, &[("crdts", crdts)], Some(1e3));

    let mine = nanos(size.runs, 1, copy, |mut map| {
        black_box(map.merge(&there));
        map
    });
    let crdts = nanos(
        size.runs,
        1,
        || (theirs.clone(), their_there.clone()),
        |(mut map, there)| {
            CvRDT::merge(&mut map, there);
            map
        },
    );
    let work = "OR-Map, merge two of 10,000 keys that share no memory";
    row(Unit::Nanos, work, mine, &[("crdts", crdts)], Some(0.5e6));
    let forked = nanos(
        size.runs,
        1,
        || (there.clone(), there.clone()),
        |(mut map, mut fork)| {
            black_box(add(&mut fork, name(3), keys[0], 4));
            black_box(map.merge(&fork));
            (map, fork)
        },
    );
    row(Unit::Nanos, "OR-Map, merge a clone that one key was changed in", forked, &[], Some(0.5e6));
}
