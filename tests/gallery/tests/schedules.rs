//! The schedule that each type documents does what it documents, and is not seen by those who are
//! said not to see it.

mod common;

use common::{Rig, merge_laws, random};
use rejoin_crdts::{Model, wire};
use rejoin_gallery::meaning::SetOp::{Add, Remove};
use rejoin_gallery::meaning::Write;
use rejoin_gallery::{
    ArrivalOrderSet, ClosedClockRegister, Entry, ForgetfulSet, HastyCollector, HolderTieRegister,
    InterleavingList, RunningTotalCounter, SharedIdCounter, SharedIdRegister, SharedIdSet,
    SubtractingCounter, TypeConflictMap, UndeadSet, Visitor, catalogue, for_each,
    interleaving_list::Prepend, running_total_counter, shared_id_counter::Increment,
    subtracting_counter, type_conflict_map, unique_name,
};

/// The documented schedule goes wrong at `wrong`, with as few operations and replicas as its entry
/// says, and convergence sees it or not, as its entry says.
fn shows<M: Model>(name: &str, mut rig: Rig<M>, wrong: &[u64], replicas: usize, source: &str) {
    let entry = catalogue().find(|entry| entry.name == name).expect("an entry of that name");
    let prose: Vec<_> = source.lines().filter_map(|line| line.strip_prefix("//! ")).collect();
    let prose = prose.join(" ");
    assert!(prose.contains(&format!("`{entry}`")), "its file names it");
    assert!(prose.contains(&entry.judges()), "{entry}: its file says: {}", entry.judges());
    rig.is_documented_in(source);
    assert_eq!(rig.wrong(), wrong, "{entry}: who reads what was not meant");
    assert_eq!((rig.operations(), replicas), (entry.operations, entry.replicas), "{entry}");
    let rests = rig.exchange();
    assert_eq!(!rests || !rig.agrees(), entry.convergence, "{entry}: seen by convergence");
    assert_eq!(rig.wrong().is_empty(), wrong.is_empty(), "{entry}: and it stays wrong");
}

#[test]
fn two_removes_of_the_subtracting_counter_go_below_zero() {
    use subtracting_counter::Op;
    let mut rig = Rig::new(SubtractingCounter, [1, 2]);
    rig.perform(1, Op::Add(1)).send(1, 2).perform(1, Op::Remove).perform(2, Op::Remove).send(1, 2);
    assert_eq!((rig.read(2), rig.meant(2)), (-1, 0));
    let source = include_str!("../src/subtracting_counter.rs");
    shows("subtracting-counter", rig, &[2], 2, source);
}

#[test]
fn the_next_remove_of_the_subtracting_counter_lowers_its_own_slot() {
    use subtracting_counter::Op;
    let mut rig = Rig::new(SubtractingCounter, [1, 2]);
    rig.perform(1, Op::Add(1)).send(1, 2).perform(1, Op::Remove).perform(2, Op::Remove).send(1, 2);
    rig.perform(2, Op::Remove);
    assert_eq!(rig.read(2), 0, "it took −1 away");
    rig.send(2, 1).send(1, 2);
    assert_eq!(rig.read(1), 0);
    let mut late = Rig::new(SubtractingCounter, [1, 2, 3]);
    late.perform(1, Op::Add(1)).send(1, 2).perform(1, Op::Remove).perform(2, Op::Remove);
    late.send(1, 2).send(2, 3).perform(2, Op::Remove).send(3, 2);
    assert_eq!(late.read(2), -1, "what r3 had heard earlier undoes it");
}

#[test]
fn a_running_total_brings_back_what_was_reset() {
    use running_total_counter::Op;
    let mut rig = Rig::new(RunningTotalCounter, [1, 2]);
    rig.perform(1, Op::Add(1)).send(1, 2).perform(1, Op::Add(1)).perform(2, Op::Reset).send(1, 2);
    assert_eq!((rig.read(2), rig.meant(2)), (2, 1));
    let source = include_str!("../src/running_total_counter.rs");
    shows("running-total-counter", rig, &[2], 2, source);
}

#[test]
fn a_fold_that_did_not_wait_hides_from_a_reset() {
    use rejoin_crdts::spec::CollectOp::{Collect, Do};
    use rejoin_crdts::spec::ResettableOp;
    let mut rig = Rig::new(HastyCollector, [1, 2]);
    rig.perform(1, Do(ResettableOp::Add(1))).send(1, 2).perform(1, Do(ResettableOp::Add(1)));
    rig.perform(1, Collect).perform(2, Do(ResettableOp::Reset)).send(1, 2);
    assert_eq!((rig.read(2), rig.meant(2)), (2, 1));
    let source = include_str!("../src/hasty_collector.rs");
    shows("hasty-collector", rig, &[2], 2, source);
}

#[test]
fn a_shared_id_loses_an_increment() {
    let mut rig = Rig::new(SharedIdCounter, [1, 2]);
    rig.perform(1, Increment).send(1, 2).perform(1, Increment).perform(2, Increment).send(1, 2);
    assert_eq!((rig.read(2), rig.meant(2)), (2, 3));
    let source = include_str!("../src/shared_id_counter.rs");
    shows("shared-id-counter", rig, &[2], 2, source);
}

#[test]
fn a_shared_id_takes_out_what_nobody_removed() {
    let mut rig = Rig::new(SharedIdSet, [1, 2]);
    rig.perform(1, Add('a')).send(1, 2).perform(2, Add('b'));
    rig.perform(1, Add('a')).perform(1, Remove('a')).send(1, 2);
    assert_eq!((rig.read(2), rig.meant(2)), ([].into(), ['b'].into()));
    shows("shared-id-set", rig, &[2], 2, include_str!("../src/shared_id_set.rs"));
}

#[test]
fn a_shared_id_leaves_two_replicas_with_different_values() {
    let mut rig = Rig::new(SharedIdRegister, [1, 2]);
    rig.perform(1, Write('a')).send(1, 2).perform(1, Write('a')).perform(2, Write('b'));
    rig.send(2, 1).send(1, 2);
    assert_eq!((rig.read(1), rig.meant(1)), (Some('a'), Some('b')));
    shows("shared-id-register", rig, &[1], 2, include_str!("../src/shared_id_register.rs"));
}

#[test]
fn a_great_messenger_sticks_to_what_it_heard_first() {
    let mut rig = Rig::new(HolderTieRegister, [1, 2, 3]);
    rig.perform(1, Write('a')).perform(2, Write('b')).send(1, 3).send(2, 3);
    assert_eq!((rig.read(3), rig.meant(3)), (Some('a'), Some('b')));
    shows("holder-tie-register", rig, &[3], 3, include_str!("../src/holder_tie_register.rs"));
}

#[test]
fn a_small_messenger_takes_what_it_heard_last() {
    let mut rig = Rig::new(HolderTieRegister, [3, 1, 2]); // a chain: r3 - r1 - r2
    rig.perform(3, Write('a')).perform(2, Write('b'));
    for _ in 0..4 {
        assert_eq!(rig.send(3, 1).read(1), Some('a'));
        assert_eq!(rig.send(2, 1).read(1), Some('b'));
    }
    assert_eq!(rig.wrong(), [1]);
}

#[test]
fn two_replicas_never_see_a_tie_go_wrong() {
    for seed in 0..200 {
        let mut rig = random(&HolderTieRegister, [1, 2], seed, 8);
        assert!(rig.exchange() && rig.agrees() && rig.wrong().is_empty(), "{:#?}", rig.table());
    }
}

#[test]
fn a_forgotten_counter_makes_an_element_that_is_dead_on_arrival() {
    let mut rig = Rig::new(ForgetfulSet, [1, 2]);
    rig.perform(1, Add('a')).send(1, 2).perform(2, Remove('a')).send(2, 1).perform(1, Add('a'));
    assert_eq!((rig.read(1), rig.meant(1)), ([].into(), ['a'].into()));
    shows("forgetful-set", rig, &[1], 2, include_str!("../src/forgetful_set.rs"));
}

#[test]
fn a_type_conflict_swaps_the_two_sides() {
    use type_conflict_map::Op;
    let mut rig = Rig::new(TypeConflictMap, [1, 2]);
    rig.perform(1, Op::Count('k')).perform(2, Op::Insert('k', 'x')).swap(1, 2);
    assert_eq!((rig.read(1)[&'k'].count, rig.read(2)[&'k'].count), (0, 1), "neither has its own");
    assert_eq!((rig.meant(1)[&'k'].count, rig.meant(2)[&'k'].set.len()), (1, 1));
    shows("type-conflict-map", rig, &[1, 2], 2, include_str!("../src/type_conflict_map.rs"));
}

#[test]
fn a_type_conflict_that_comes_to_rest_has_lost_one_side() {
    use type_conflict_map::Op;
    let mut rig = Rig::new(TypeConflictMap, [1, 2]);
    rig.perform(1, Op::Count('k')).perform(2, Op::Insert('k', 'x')).send(1, 2);
    assert!(rig.exchange() && rig.agrees(), "convergence has nothing to say");
    assert_eq!(rig.wrong(), [1, 2]);
}

#[test]
fn a_closed_clock_keeps_what_a_newcomer_replaced() {
    let mut rig = Rig::new(ClosedClockRegister::default(), [1, 3]);
    rig.perform(3, Write('a')).send(3, 1).perform(3, Write('b')).send(3, 1);
    assert_eq!((rig.read(1), rig.meant(1)), (['a', 'b'].into(), ['b'].into()));
    shows("closed-clock-register", rig, &[1], 2, include_str!("../src/closed_clock_register.rs"));
}

#[test]
fn a_closed_clock_is_right_among_those_it_was_built_with() {
    let mut rig = Rig::new(ClosedClockRegister::default(), [1, 2]);
    rig.perform(1, Write('a')).send(1, 2).perform(2, Write('b')).perform(1, Write('a'));
    assert!(rig.exchange() && rig.agrees() && rig.wrong().is_empty());
    assert_eq!(rig.read(1), ['a', 'b'].into());
}

#[test]
fn a_name_is_given_away_on_two_sides() {
    let mut rig = Rig::new(unique_name::model(), [1, 2]);
    let take = |user: &str| rejoin_crdts::spec::Add(user.to_owned());
    rig.perform(1, take("ada@paris")).perform(2, take("ada@rome"));
    rig.send(1, 2);
    shows("unique-name", rig, &[2], 2, include_str!("../src/unique_name.rs"));
}

#[test]
fn what_was_removed_from_the_undead_set_is_back_after_a_merge() {
    let mut rig = Rig::new(UndeadSet, [1, 2]);
    rig.perform(1, Add('a')).perform(1, Remove('a')).send(1, 2);
    assert_eq!((rig.read(2), rig.meant(2)), (['a'].into(), [].into()));
    rig.is_documented_in(include_str!("../src/undead_set.rs"));
    let mut again = Rig::new(UndeadSet, [1]);
    again.perform(1, Add('a')).perform(1, Remove('a')).send(1, 1);
    assert_eq!(again.read(1), ['a'].into(), "a ⊔ a ≠ a");
    shows("undead-set", rig, &[2], 2, include_str!("../src/undead_set.rs"));
}

#[test]
fn the_arrival_order_set_is_read_alike_and_written_otherwise() {
    let add = rejoin_crdts::spec::Add;
    let mut rig = Rig::new(ArrivalOrderSet, [1, 2]);
    rig.perform(1, add('a')).perform(2, add('b')).swap(1, 2);
    assert!(rig.agrees());
    let bytes = |address| wire::payload_bytes(rig.state(address)).unwrap();
    assert_ne!(bytes(1), bytes(2));
    let source = include_str!("../src/arrival_order_set.rs");
    shows("arrival-order-set", rig, &[], 2, source);
}

#[test]
fn what_is_written_at_the_top_of_the_interleaving_list_is_mixed() {
    let mut rig = Rig::new(InterleavingList, [1, 2]);
    rig.perform(1, Prepend('a')).perform(2, Prepend('b')).perform(2, Prepend('b')).send(1, 2);
    assert_eq!((rig.read(2), rig.meant(2)), (vec!['b', 'a', 'b'], vec!['a', 'b', 'b']));
    shows("interleaving-list", rig, &[2], 2, include_str!("../src/interleaving_list.rs"));
}

#[test]
fn merge_laws_alone_see_what_the_catalogue_says_they_see() {
    struct MergeLaws;
    impl Visitor for MergeLaws {
        fn visit<M: Model>(&mut self, entry: &'static Entry, model: M) {
            let seen = merge_laws(&model);
            assert_eq!(seen.is_err(), entry.merge_laws, "{entry}: {seen:?}");
        }
    }
    for_each(&mut MergeLaws);
}
