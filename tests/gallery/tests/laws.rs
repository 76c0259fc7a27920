//! The laws find what the catalogue says they find, with as few operations as it says.

use rejoin_crdts::Model;
use rejoin_crdts::laws::{Law, Laws};
use rejoin_gallery::{Entry, Visitor, for_each};

#[test]
fn the_laws_find_what_the_catalogue_says_within_the_default_effort() {
    struct Find;
    impl Visitor for Find {
        fn visit<M: Model>(&mut self, entry: &'static Entry, model: M) {
            for seed in 0..2 {
                let found = Laws::new(model.clone()).seed(seed).check();
                assert_eq!(found.is_err(), entry.laws, "{entry} with seed {seed}: {found:?}");
            }
        }
    }
    for_each(&mut Find);
}

#[test]
fn the_smallest_history_has_as_many_operations_as_the_catalogue_says() {
    struct Smallest;
    impl Visitor for Smallest {
        fn visit<M: Model>(&mut self, entry: &'static Entry, model: M) {
            if !entry.laws {
                return; // the explorer's tests know how small it is
            }
            // It finds what any law finds, but for what is right, and written otherwise.
            let law = match entry.name {
                "arrival-order-set" => Law::EqualKnowledgeEqualBytes,
                _ => Law::Specification,
            };
            let found = (0..4).map(|seed| {
                let laws = Laws::new(model.clone()).seed(seed).only([law]);
                laws.check().err().unwrap_or_else(|| panic!("{entry}: {law:?} does not find it"))
            });
            let found = found.min_by_key(|violation| violation.operations()).unwrap();
            assert_eq!(found.operations(), entry.operations, "{entry}: {found}");
            let fewer = Laws::new(model).operations(entry.operations - 1).cases(2_000).check();
            assert!(fewer.is_ok(), "{entry}: {fewer:?}");
        }
    }
    for_each(&mut Smallest);
}

#[test]
fn the_laws_of_merge_alone_find_what_the_catalogue_says() {
    const MERGE: [Law; 4] =
        [Law::StatesIdempotent, Law::StatesCommute, Law::StatesInflate, Law::StatesAssociate];
    struct MergeOnly;
    impl Visitor for MergeOnly {
        fn visit<M: Model>(&mut self, entry: &'static Entry, model: M) {
            let found = Laws::new(model).only(MERGE).check();
            assert_eq!(found.is_err(), entry.merge_laws, "{entry}: {found:?}");
        }
    }
    for_each(&mut MergeOnly);
}

#[test]
fn nothing_but_the_specification_tells_of_what_reuses_a_name() {
    let others = || Law::ALL.iter().copied().filter(|law| *law != Law::Specification);
    Laws::new(rejoin_gallery::SharedIdCounter).only(others()).check().unwrap();
    Laws::new(rejoin_gallery::SharedIdSet).only(others()).check().unwrap();
    Laws::new(rejoin_gallery::ForgetfulSet).only(others()).check().unwrap();
}
