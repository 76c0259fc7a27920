//! What no correct replica does, and what the types make of it.

use rejoin_crdts::wire::{self, Kind, Limits};
use rejoin_crdts::{
    CausalContext, Dot, MatrixClock, Merge, OrMap, OrSet, ReplicaId, Replicated, ResettableCounter,
    Sequence,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

const A: ReplicaId = ReplicaId::new(1, 0);
const B: ReplicaId = ReplicaId::new(2, 0);

fn there_and_back<T: Serialize + DeserializeOwned>(value: &T) -> Option<T> {
    let mut bytes = Vec::new();
    wire::encode(Kind::Record, 1, value, &mut bytes).ok()?;
    wire::decode(Kind::Record, 1, Limits::default(), &bytes).ok()
}

#[test]
fn a_fold_takes_in_what_is_in_the_cut_and_nothing_else() {
    let mut counter = ResettableCounter::new();
    for _ in 0..3 {
        let _ = counter.increment(A, 1).unwrap();
    }
    let gapped: CausalContext = [1, 3].map(|n| Dot::new(A, n)).into_iter().collect();
    let _ = counter.stabilise(A, &gapped);
    assert_eq!(counter.value(), 3);
}

#[test]
fn an_entry_that_adds_nothing_is_refused() {
    let mut counter = ResettableCounter::new();
    let _ = counter.increment(A, 7).unwrap();
    let honest = serde_json::to_string(&counter).unwrap();
    assert_eq!(serde_json::from_str::<ResettableCounter>(&honest).unwrap(), counter);
    let forged = honest.replace("{\"Added\":7}", "{\"Added\":0}");
    assert_ne!(forged, honest);
    assert!(serde_json::from_str::<ResettableCounter>(&forged).is_err());
}

/// Somebody tells of an element under a key where it is not. That must not make unreadable what is
/// written from then on.
#[test]
fn a_dot_that_somebody_lied_about_leaves_a_map_readable() {
    type Notes = OrMap<u8, Sequence<char>>;
    let (mut honest, mut forged) = (Notes::new(), Notes::new());
    let told = honest.try_update(B, 2u8, |text| text.insert(0, 'a')).unwrap();
    let lie = forged.try_update(B, 1u8, |text| text.insert(0, 'x')).unwrap();
    let (mut by_states, mut by_deltas) = (honest.clone(), Notes::new());
    by_states.merge(&forged);
    by_deltas.merge(&told);
    by_deltas.merge(&lie);
    for here in [by_states, by_deltas] {
        assert_eq!(there_and_back(&here).as_ref(), Some(&here));
    }
}

#[test]
fn there_is_no_dot_with_the_number_0() {
    let mut set = OrSet::<u8>::new();
    let _ = set.insert(A, 1u8);
    assert!(!set.context().contains(Dot::new(A, 0)));
    assert!(!CausalContext::new().contains(Dot::new(A, 0)));
}

/// An insertion beside an element that a collection drops, arriving with that collection: the order is
/// not to be asked between the two.
#[test]
fn what_is_dropped_and_what_was_inserted_beside_it_arrive_at_once() {
    let [r1, r2, r3, r4] = [1, 2, 3, 4].map(|id| ReplicaId::new(id, 0));
    let [mut s1, mut s2, mut s3, mut s4] = [(); 4].map(|()| Sequence::<char>::new());
    let p = s1.insert(r1, 0, 'P').unwrap();
    let x = s2.insert(r2, 0, 'X').unwrap(); // at the same time
    s3.merge(&p);
    let z = s3.insert(r3, 1, 'Z').unwrap(); // nobody else gets it yet
    s4.merge(&p);
    let d = s4.insert(r4, 1, 'D').unwrap();
    s1.merge(&x);
    let y = s1.insert(r1, 1, 'Y').unwrap();
    s1.merge(&d);
    let gone = s1.remove_range(r1, 1..).unwrap();
    let mut seen = MatrixClock::new();
    seen.record(r1, s1.context());
    for (name, sequence) in [(r2, &mut s2), (r3, &mut s3), (r4, &mut s4)] {
        let _ = [&p, &x, &d, &y, &gone].map(|delta| sequence.merge(delta));
        seen.record(name, sequence.context());
    }
    let collected = s3.stabilise(r3, &seen.stable([r1, r2, r3, r4]));
    let mut interval = z.clone();
    interval.merge(&collected);
    let missing = s3.missing_from(&s1).unwrap();
    for deltas in [&[&z, &collected][..], &[&interval], &[&missing]] {
        let mut there = s1.clone();
        deltas.iter().for_each(|delta| _ = there.merge(*delta));
        assert_eq!(there, s3);
    }
    let mut here = s3.clone();
    here.merge(&s1.insert(r1, 0, 'W').unwrap());
    s1.merge(&s3); // and so in a join of states
    assert_eq!(s1, here);
}

/// Elements next to elements that are nowhere, and origins that name one another: found by mutating
/// bytes.
#[test]
fn a_forged_sequence_is_merged_with_honest_ones() {
    let head: [u8; 32] = [
        2, 1, 0, 1, 1, 4, 2, 5, 1, 1, 2, 2, 1, 0, 2, 5, 3, 0, 1, 1, 2, 0, 3, 1, 0, 0, 4, 1, 0, 0,
        0, 1,
    ];
    let tail: [u8; 19] = [1, 251, 253, 67, 1, 2, 1, 2, 0, 3, 1, 0, 2, 0, 3, 1, 1, 2, 1];
    let mut bytes = Vec::new();
    wire::encode(Kind::Record, 1, &(head, tail), &mut bytes).unwrap();
    let forged: Sequence<u16> = wire::decode(Kind::Record, 1, Limits::default(), &bytes).unwrap();
    let mut state = 7u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below
    };
    for _ in 0..300 {
        let names = [A, ReplicaId::new(2, 5)];
        let mut honest = [(); 2].map(|()| Sequence::<u16>::new());
        for _ in 0..2 + draw(10) {
            let at = draw(2);
            let (me, len) = (names[at], honest[at].len());
            if len > 0 && draw(3) == 0 {
                let _ = honest[at].remove(me, draw(len)).unwrap();
            } else {
                let _ = honest[at].insert(me, draw(len + 1), 1u16).unwrap();
            }
            if draw(2) == 0 {
                let other = honest[1 - at].clone();
                honest[at].merge(&other);
            }
        }
        for honest in honest {
            let (mut here, mut there) = (honest.clone(), forged.clone());
            here.merge(&forged);
            there.merge(&honest);
            assert_eq!(here, there);
        }
    }
}
