//! The explorer against itself: threads, reductions, checkpoints, memory, crashes.

use rejoin_crdts::spec::{GCounterModel, LwwRegisterModel, OrSetModel};

use super::*;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn set() -> OrSetModel<String> {
    OrSetModel::new(names(&["a", "b"]))
}

fn register() -> LwwRegisterModel<String> {
    LwwRegisterModel::new(names(&["a", "b"]))
}

fn explored<M: Model>(model: &M, scope: &Scope) -> Explored {
    explore(model, scope, &mut |_| {}).expect("the scope is sound")
}

#[test]
fn what_is_found_does_not_depend_on_threads_nor_on_memory() {
    let scope = Scope::new([2, 1, 1]);
    let one = explored(&set(), &scope);
    assert_eq!(one.verdict, Verdict::Held);
    for (threads, memory_bytes) in [(3, 1 << 30), (1, 0), (2, 50_000)] {
        let other = Scope { threads, memory_bytes, ..scope.clone() };
        let found = explored(&set(), &other);
        assert_eq!(found, Explored { scope: other, ..one.clone() });
    }
}

#[test]
fn an_exploration_goes_on_where_it_was_interrupted() {
    let scope = Scope { threads: 2, ..Scope::new([2, 1, 1]) };
    let mut checkpoints = Vec::new();
    let whole = explore(&register(), &scope, &mut |progress| {
        checkpoints.extend(progress.checkpoint);
    })
    .expect("the scope is sound");
    assert!(checkpoints.len() > 4);
    for checkpoint in checkpoints {
        let mut sizes = Vec::new();
        let rest = explore_from(&register(), &scope, Some(checkpoint.clone()), &mut |progress| {
            sizes.push(progress.size);
        });
        assert_eq!(rest.as_ref(), Ok(&whole));
        assert!(sizes.iter().all(|&size| size >= checkpoint.size), "nothing is done twice");
    }
}

#[test]
fn reductions_leave_out_what_is_the_same_but_for_names() {
    let scope = Scope::new([2, 2]);
    let reduced = explored(&set(), &scope);
    let whole = explored(&set(), &Scope { no_reductions: true, ..scope });
    assert_eq!((reduced.operation_renamings, reduced.replica_renamings), (1, 1));
    assert_eq!((whole.operation_renamings, whole.replica_renamings), (0, 0));
    // Every history of every size: the shapes of scopes up to (2, 2), by scripts of five.
    let all: u64 = [(1, 0), (2, 1), (5, 2), (12, 3), (20, 4)]
        .iter()
        .map(|&(shapes, size)| shapes * 5u64.pow(size))
        .sum();
    assert_eq!(whole.checked.histories, all);
    assert!(reduced.checked.histories * 3 < all);
    assert_eq!(reduced.shapes, whole.shapes);
}

#[test]
fn stamps_are_tried_in_every_order_and_with_every_tie() {
    let found = explored(&register(), &Scope::new([1, 1]));
    // Two writes: neither has seen the other (two orders, and a tie), or one has (one order).
    assert_eq!(found.shapes.histories, 3);
    assert_eq!((found.shapes.orders, found.shapes.orders_with_ties), (4, 5));
    // Visited are besides: the stopped clocks, and smaller histories; with two values to write.
    assert_eq!(found.checked.histories, (1 + 2 * 2 + 3 * 4) + (1 + 2 * 2 + 5 * 4));
    assert!(found.stamps);
    assert_eq!(found.verdict, Verdict::Held);
}

#[test]
fn a_crash_with_a_new_incarnation_is_harmless_and_one_with_the_old_is_not() {
    let crash = Scope { crashes: 1, ..Scope::new([2, 1]) };
    let reuse = Scope { reuse_id: true, ..crash.clone() };
    fn check<M: Model>(model: &M, crash: &Scope, reuse: &Scope, smallest: usize) {
        assert_eq!(explored(model, crash).verdict, Verdict::Held);
        let found = explored(model, reuse);
        let found = found.counterexample.expect("an identity used again");
        assert_eq!(found.operations, smallest, "{found:#?}");
    }
    check(&GCounterModel, &crash, &reuse, 2);
    check(&set(), &crash, &reuse, 2);
    // A register has neither dots nor slots.
    assert_eq!(explored(&register(), &reuse).verdict, Verdict::Held);
}

#[test]
fn an_address_leads_back_to_the_failure() {
    let scope = Scope { crashes: 1, reuse_id: true, ..Scope::new([2, 2]) };
    let found = explored(&GCounterModel, &scope).counterexample.expect("a slot used again");
    let back = visit(&GCounterModel, &scope, &found.address).expect("it is there");
    assert_eq!(back.counterexample, Some(found));
    let beyond = Address(vec![0, 99]);
    assert!(matches!(
        visit(&GCounterModel, &scope, &beyond),
        Err(ExploreError::Address { place: 1, .. })
    ));
}

#[test]
fn a_scope_that_makes_no_sense_is_refused() {
    let refused = |scope: Scope| explore(&set(), &scope, &mut |_| {}).expect_err("no sense");
    assert_eq!(refused(Scope::new([])), ExploreError::Nothing);
    assert_eq!(refused(Scope::new([0, 0])), ExploreError::Nothing);
    assert_eq!(refused(Scope::new([9, 9, 9])), ExploreError::TooMany { operations: 27, most: 20 });
    assert_eq!(
        refused(Scope { crashes: 3, ..Scope::new([2, 2]) }),
        ExploreError::Crashes { crashes: 3, most: 2 }
    );
    assert_eq!(refused(Scope { reuse_id: true, ..Scope::new([2]) }), ExploreError::NoCrash);
    let unknown = Scope { alphabet: names(&["add \"a\"", "fly"]), ..Scope::new([1]) };
    let said = refused(unknown).to_string();
    assert!(said.starts_with("no operation `fly`; there are 0: add \"a\", 1: add \"b\""), "{said}");
}

#[test]
fn one_replica_alone_proves_nothing() {
    assert_eq!(explored(&set(), &Scope::new([2])).verdict, Verdict::Vacuous);
}

#[test]
fn operations_are_chosen_by_text_or_by_place() {
    let scope = Scope { alphabet: names(&["remove \"a\"", "0", "2"]), ..Scope::new([1, 1]) };
    assert_eq!(explored(&set(), &scope).alphabet, ["remove \"a\"", "add \"a\""]);
}

#[test]
fn every_history_is_put_to_the_laws_once() {
    let scope = Scope { no_reductions: true, ..Scope::new([2, 2]) };
    let (report, violation) = exhaust(&set(), &scope, 2, &mut |_| {}).expect("the scope is sound");
    assert!(violation.is_none());
    assert_eq!(report.cases, 1 + 2 * 5 + 5 * 25);
    for threads in [2, 3] {
        let scope = Scope { threads, ..scope.clone() };
        let (again, _) = exhaust(&set(), &scope, 2, &mut |_| {}).expect("the scope is sound");
        assert_eq!(again, report);
    }
    let reduced = Scope::new([2, 2]);
    let (fewer, _) = exhaust(&set(), &reduced, 2, &mut |_| {}).expect("the scope is sound");
    assert!(fewer.cases < report.cases / 2);
}
