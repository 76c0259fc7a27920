//! What was found in other libraries, by hand: each test fails when the finding is repaired, and then
//! `docs/findings.md` wants changing. crdts 7.3.2, lattices 0.8.0-alpha.4.

use crdts::{CmRDT as _, CvRDT as _, GCounter, Map, Orswot};
use lattices::map_union::MapUnionBTreeMap;
use lattices::set_union::SetUnionBTreeSet;
use lattices::{DomPair, Max, Merge as _};

type Sets = Map<u8, Orswot<u8, char>, char>;
type Counters = Map<u8, GCounter<char>, char>;

fn add(map: &mut Sets, by: char, element: u8) -> <Sets as crdts::CmRDT>::Op {
    let op =
        map.update(7, map.read_ctx().derive_add_ctx(by), |set, context| set.add(element, context));
    map.apply(op.clone());
    op
}

fn elements(map: &Sets) -> Vec<u8> {
    let mut elements: Vec<u8> =
        map.get(&7).val.map_or(Vec::new(), |set| set.read().val.into_iter().collect());
    elements.sort_unstable();
    elements
}

#[test]
fn a_removed_element_is_back_after_a_merge_of_states() {
    let (mut a, mut b) = (Sets::new(), Sets::new());
    b.apply(add(&mut a, 'a', 1));
    let second = add(&mut a, 'a', 2);
    let remove = b.rm(7, b.get(&7).derive_rm_ctx()); // having seen 1, and not 2
    b.apply(remove.clone());

    let (mut by_operations, mut by_states) = (b.clone(), b.clone());
    by_operations.apply(second);
    assert_eq!(elements(&by_operations), [2]);
    by_states.merge(a.clone());
    assert_eq!(elements(&by_states), [1, 2], "1 was removed");

    // Both replicas agree, on either path.
    let (mut other, mut merged) = (a.clone(), a);
    other.apply(remove);
    assert_eq!(other, by_operations);
    merged.merge(b);
    assert_eq!(merged, by_states);
}

fn increment(map: &mut Counters, by: char) -> <Counters as crdts::CmRDT>::Op {
    let context = map.read_ctx().derive_add_ctx(by);
    let op = map.update(7, context, |counter, context| counter.inc(context.dot.actor));
    map.apply(op.clone());
    op
}

fn remove(map: &mut Counters) -> <Counters as crdts::CmRDT>::Op {
    let op = map.rm(7, map.get(&7).derive_rm_ctx());
    map.apply(op.clone());
    op
}

fn sum(map: &Counters) -> String {
    map.get(&7).val.map_or_else(|| "none".to_owned(), |counter| counter.read().to_string())
}

#[test]
fn what_a_remove_had_seen_comes_back_with_the_next_increment() {
    let (mut a, mut b) = (Counters::new(), Counters::new());
    b.apply(increment(&mut a, 'a'));
    let second = increment(&mut a, 'a');
    let removed = remove(&mut b); // having seen one increment, and not the other
    a.apply(removed);
    b.apply(second);
    assert_eq!((sum(&a).as_str(), sum(&b).as_str()), ("2", "2"), "one was removed");
}

#[test]
fn a_map_of_counters_changes_when_merged_with_its_own_past() {
    let mut map = Counters::new();
    increment(&mut map, 'a');
    increment(&mut map, 'a');
    let past = map.clone();
    remove(&mut map);
    increment(&mut map, 'a');
    assert_eq!(sum(&map), "1");
    map.merge(past);
    assert_eq!(sum(&map), "2", "it knew all of that");
}

#[test]
fn a_remove_that_is_delivered_twice_removes_what_it_had_not_seen() {
    let mut map = Counters::new();
    increment(&mut map, 'a');
    let removed = remove(&mut map);
    increment(&mut map, 'a');
    assert_eq!(sum(&map), "1");
    map.apply(removed);
    assert_eq!(sum(&map), "0", "operations may be applied more than once");
}

type Versioned = DomPair<MapUnionBTreeMap<char, Max<u64>>, SetUnionBTreeSet<u8>>;

fn written<const N: usize>(clock: [(char, u64); N], value: u8) -> Versioned {
    let clock = clock.map(|(writer, writes)| (writer, Max::new(writes)));
    DomPair::new(MapUnionBTreeMap::new_from(clock), SetUnionBTreeSet::new_from([value]))
}

fn values(pair: &Versioned) -> Vec<u8> {
    pair.as_reveal_ref().1.as_reveal_ref().iter().copied().collect()
}

#[test]
fn a_pair_dominated_by_a_vector_clock_depends_on_the_order_of_its_merges() {
    // Each node raises its own entry at each write. `a` writes 1 and then 3; `b`, meanwhile, writes 2.
    let (first, second) = (written([('a', 1)], 1), written([('a', 2)], 3));
    let other = written([('b', 1)], 2);
    assert!(first < second);

    let mut each = other.clone();
    each.merge(first);
    each.merge(second.clone());
    assert_eq!(values(&each), [1, 2, 3], "3 was written over 1");

    let mut latest = other;
    latest.merge(second);
    assert_eq!(values(&latest), [2, 3]);
    assert_eq!(each.key, latest.key, "and the clocks are equal");
}
