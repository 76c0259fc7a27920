//! What no correct replica does, and what the types make of it.

use rejoin_crdts::wire::{self, Kind, Limits};
use rejoin_crdts::{
    CausalContext, Dot, Merge, OrMap, OrSet, ReplicaId, ResettableCounter, Sequence,
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
    let forged = honest.replace("[7,0]", "[0,0]");
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
