//! The explorer against itself: threads, reductions, checkpoints, memory, crashes.

use rejoin_crdts::spec::{GCounterModel, LwwRegisterModel, OrSetModel};

mod astray;
mod blind;
mod hidden;

use rejoin_crdts::laws::Law;

use super::*;
use astray::Astray;
use blind::Flaw;

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
        checkpoints.extend(progress.checkpoint());
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
    let reductions = Reductions { stamps: true, ..Reductions::NONE };
    let whole = explored(&set(), &Scope { reductions, ..scope.clone() });
    assert_eq!((reduced.operation_renamings, reduced.replica_renamings), (1, 1));
    assert_eq!((whole.operation_renamings, whole.replica_renamings), (0, 0));
    // Every history of every size: the shapes of scopes up to (2, 2), by scripts of five.
    let all: u64 = [(1, 0), (2, 1), (5, 2), (12, 3), (20, 4)]
        .iter()
        .map(|&(shapes, size)| shapes * 5u64.pow(size))
        .sum();
    assert_eq!(whole.checked.histories, all);
    assert!(reduced.checked.histories * 3 < all);
    let timed = explored(&set(), &Scope { reductions: Reductions::NONE, ..scope });
    assert!(timed.stamps && timed.checked.histories > 2 * all, "every order of stamps besides");
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
    let reductions = Reductions { stamps: true, ..Reductions::NONE };
    let scope = Scope { reductions, ..Scope::new([2, 2]) };
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

/// Types that are broken and as symmetric as they claim to be.
mod symmetric {
    use std::collections::BTreeSet;

    use rejoin_crdts::spec::{CounterOp, SetOp};
    use rejoin_crdts::{
        At, Delivery, DeltaOf, GCounter, OrSet, Refused, ReplicaId, Symmetry, View,
    };

    use super::*;

    /// An add-wins set that is believed to be one in which a remove wins.
    #[derive(Clone)]
    pub(super) struct RemoveWins(pub(super) OrSetModel<String>);

    impl Spec for RemoveWins {
        type Op = SetOp<String>;
        type Value = BTreeSet<String>;

        fn alphabet(&self) -> Vec<Self::Op> {
            self.0.alphabet()
        }

        fn value(&self, view: &View<'_, Self::Op>) -> Option<Self::Value> {
            let mut value = self.0.value(view)?;
            value.retain(|element| {
                view.iter().all(|remove| {
                    let removes = match remove.op {
                        SetOp::Remove(removed) => removed == element,
                        SetOp::Clear => true,
                        SetOp::Add(_) => false,
                    };
                    let seen = |add: rejoin_crdts::Seen<'_, Self::Op>| {
                        *add.op == SetOp::Add(element.clone()) && view.saw(&add, &remove)
                    };
                    !removes || view.iter().any(seen)
                })
            });
            Some(value)
        }

        fn symmetry(&self) -> Symmetry {
            self.0.symmetry()
        }
    }

    impl Model for RemoveWins {
        type State = OrSet<String>;

        fn initial(&self, me: ReplicaId) -> Self::State {
            self.0.initial(me)
        }

        fn perform(
            &self,
            state: &mut Self::State,
            at: &At,
            op: &Self::Op,
        ) -> Result<DeltaOf<Self>, Refused> {
            self.0.perform(state, at, op)
        }

        fn read(&self, state: &Self::State) -> Self::Value {
            self.0.read(state)
        }
    }

    /// A counter that is wrong once so many replicas have added to it.
    #[derive(Clone)]
    pub(super) struct Crowd(pub(super) u64);

    impl Spec for Crowd {
        type Op = CounterOp;
        type Value = u128;

        fn alphabet(&self) -> Vec<CounterOp> {
            GCounterModel.alphabet()
        }

        fn value(&self, view: &View<'_, CounterOp>) -> Option<u128> {
            GCounterModel.value(view)
        }

        fn delivery(&self) -> Delivery {
            Delivery::PerSender
        }

        fn symmetry(&self) -> Symmetry {
            GCounterModel.symmetry()
        }
    }

    impl Model for Crowd {
        type State = GCounter;

        fn initial(&self, me: ReplicaId) -> GCounter {
            GCounterModel.initial(me)
        }

        fn perform(
            &self,
            state: &mut GCounter,
            at: &At,
            op: &CounterOp,
        ) -> Result<DeltaOf<Self>, Refused> {
            GCounterModel.perform(state, at, op)
        }

        fn read(&self, state: &GCounter) -> u128 {
            let writers =
                (1..=4).filter(|&id| state.slot(ReplicaId::new(id, 0)) > 0).count() as u64;
            state.value() + u128::from(writers >= self.0)
        }
    }

    /// A type that refuses everything.
    #[derive(Clone)]
    pub(super) struct Never;

    impl Spec for Never {
        type Op = CounterOp;
        type Value = u128;

        fn alphabet(&self) -> Vec<CounterOp> {
            GCounterModel.alphabet()
        }

        fn value(&self, view: &View<'_, CounterOp>) -> Option<u128> {
            GCounterModel.value(view)
        }
    }

    impl Model for Never {
        type State = GCounter;

        fn initial(&self, me: ReplicaId) -> GCounter {
            GCounterModel.initial(me)
        }

        fn perform(
            &self,
            _: &mut GCounter,
            _: &At,
            _: &CounterOp,
        ) -> Result<DeltaOf<Self>, Refused> {
            Err(Refused::Rule("never".into()))
        }

        fn read(&self, state: &GCounter) -> u128 {
            state.value()
        }
    }
}

#[test]
fn reductions_lose_no_bug_of_a_type_that_is_as_symmetric_as_it_claims() {
    fn same<M: Model>(model: &M, ops: &[usize], operations: usize) {
        let scope = Scope::new(ops.iter().copied());
        let reduced = explored(model, &scope);
        let whole = explored(model, &Scope { reductions: Reductions::NONE, ..scope });
        assert!(reduced.operation_renamings + reduced.replica_renamings > 0);
        let (reduced, whole) = (reduced.counterexample, whole.counterexample);
        let reduced = reduced.unwrap_or_else(|| panic!("lost at {ops:?}: {whole:#?}"));
        let whole = whole.expect("it is broken");
        assert_eq!((reduced.operations, reduced.law), (operations, whole.law), "{ops:?}");
        assert_eq!(whole.operations, operations, "{ops:?}");
    }
    for ops in [[1, 1].as_slice(), &[2, 2], &[1, 2], &[1, 1, 1], &[2, 1, 2]] {
        same(&symmetric::RemoveWins(set()), ops, 2);
    }
    for ops in [[1, 1, 1].as_slice(), &[2, 2, 2], &[1, 2, 1], &[2, 1, 2]] {
        same(&symmetric::Crowd(3), ops, 3);
    }
    same(&symmetric::Crowd(4), &[1, 1, 1, 1], 4);
}

#[test]
fn a_type_that_performs_nothing_proves_nothing() {
    let found = explored(&symmetric::Never, &Scope::new([2, 2]));
    assert_eq!(found.verdict, Verdict::Vacuous);
}

#[test]
fn a_place_to_go_on_from_is_of_one_exploration() {
    let scope = Scope::new([1, 1]);
    let mut checkpoints = Vec::new();
    let word = &mut |progress: Progress<'_>| checkpoints.extend(progress.checkpoint());
    explore(&set(), &scope, word).expect("the scope is sound");
    let other = OrSetModel::new(names(&["a", "b", "c"]));
    let refused = explore_from(&other, &scope, checkpoints.pop(), &mut |_| {});
    assert_eq!(refused, Err(ExploreError::OtherCheckpoint));
}

#[test]
fn absurd_scopes_are_refused_and_cost_nothing() {
    let refused = |scope: Scope| explore(&set(), &scope, &mut |_| {}).expect_err("absurd");
    let huge = refused(Scope::new([usize::MAX, 3]));
    assert!(matches!(huge, ExploreError::TooMany { operations: usize::MAX, .. }));
    let crashes = Scope { crashes: 19, ..Scope::new([20]) };
    assert_eq!(refused(crashes), ExploreError::TooManyCrashes { crashes: 19 });
}

#[test]
fn what_only_states_spoil_is_found_although_eq_does_not_see_it() {
    let found = explored(&hidden::SetModel::<true>, &Scope::new([2, 2])).counterexample;
    let found = found.expect("a tag is made twice by whoever is sent a state");
    assert_eq!((found.operations, found.law), (3, Law::EqualKnowledgeEqualState), "{found:#?}");
}

#[test]
fn what_only_a_performer_has_in_its_bytes_is_found() {
    let found = explored(&hidden::SetModel::<false>, &Scope::new([1, 1])).counterexample;
    let found = found.expect("the performer has counted, and a reader has not");
    assert_eq!((found.operations, found.law), (1, Law::EqualKnowledgeEqualBytes), "{found:#?}");
}

#[test]
fn what_is_claimed_of_stamps_need_not_be_believed() {
    let (model, scope) = (Flaw::ClaimsStamps, Scope::new([1, 1]));
    let reductions = Reductions { stamps: false, ..Reductions::ALL };
    let found = explored(&model, &Scope { reductions, ..scope.clone() }).counterexample;
    assert_eq!(found.map(|found| found.law), Some(Law::Specification));
    assert_eq!(explored(&model, &scope).counterexample, None, "whoever believes it sees nothing");
}

#[test]
fn whoever_only_receives_is_read() {
    let found = explored(&Flaw::MisreadsAtReceivers, &Scope::new([1, 1])).counterexample;
    let found = found.expect("a receiver reads one too many");
    assert_eq!((found.operations, found.law), (1, Law::Specification), "{found:#?}");
}

#[test]
fn a_refusal_that_only_bytes_show_is_found() {
    let found = explored(&Flaw::NotesRefusals, &Scope::new([1, 1])).counterexample;
    let found = found.expect("a refusal leaves a note");
    assert_eq!((found.operations, found.law), (1, Law::RefusalChangesNothing), "{found:#?}");
}

#[test]
fn what_cannot_be_written_is_found() {
    let found = explored(&Flaw::Unwritable, &Scope::new([1, 1])).counterexample;
    let found = found.expect("it has no bytes");
    assert_eq!((found.operations, found.law), (0, Law::RoundTrip), "{found:#?}");
}

#[test]
fn a_joined_delta_that_cannot_be_written_is_found_where_it_is_made() {
    for ops in [[1, 1].as_slice(), &[2, 1], &[2, 2]] {
        let scope = Scope { threads: 2, ..Scope::new(ops.iter().copied()) };
        let found = explored(&Flaw::UnwritableTogether, &scope).counterexample;
        let found = found.expect("two cannot be written");
        assert_eq!((found.operations, found.law), (2, Law::RoundTrip), "{found:#?}");
        let again = visit(&Flaw::UnwritableTogether, &scope, &found.address).expect("it is there");
        assert_eq!(again.counterexample, Some(found));
    }
}

#[test]
fn a_place_to_go_on_from_survives_its_file() {
    let scope = Scope { threads: 2, memory_bytes: 60 << 20, ..Scope::new([2, 1]) };
    let mut checkpoints = Vec::new();
    let word = &mut |progress: Progress<'_>| checkpoints.extend(progress.checkpoint());
    let whole = explore(&register(), &scope, word);
    assert!(!checkpoints.is_empty());
    for checkpoint in checkpoints {
        let file = checkpoint.encode("register").expect("it is small");
        let read = Checkpoint::decode(&file, "register", &scope).expect("it is of this scope");
        assert_eq!(read, checkpoint);
        assert_eq!(explore_from(&register(), &scope, Some(read), &mut |_| {}), whole);
    }
}

#[test]
fn a_panic_is_an_error_that_says_where() {
    let scope = Scope { threads: 2, ..Scope::new([2, 1]) };
    let error = explore(&Flaw::Panics, &scope, &mut |_| {}).expect_err("it panics");
    let ExploreError::Panicked { message, history, .. } = error else { panic!("{error}") };
    assert_eq!(message, "a second record");
    assert_eq!(history, ["r1:1 record", "r1:2 record"]);
    let error = explore(&Flaw::PanicsAtOnce, &scope, &mut |_| {}).expect_err("it panics");
    assert!(error.to_string().contains("it cannot be made"), "{error}");
}

#[test]
fn a_refused_operation_is_shown_and_found_again_at_its_address() {
    let scope = Scope::new([2, 1]);
    let found = explored(&Flaw::RefusesHalfway, &scope).counterexample.expect("it is broken");
    assert_eq!((found.operations, found.law), (2, Law::RefusalChangesNothing), "{found:#?}");
    let reads: Vec<&str> = found.steps.iter().map(|step| step.reads.as_str()).collect();
    assert_eq!(reads, ["1", "refused"]);
    let again = visit(&Flaw::RefusesHalfway, &scope, &found.address).expect("it is there");
    assert_eq!(again.counterexample, Some(found));
}

#[test]
fn operations_with_one_name_are_saved_as_they_were_asked_for() {
    for alphabet in [vec![], names(&["1", "0"]), names(&["1"])] {
        let explored = explored(&Flaw::Namesakes, &Scope { alphabet, ..Scope::new([2]) });
        let saved = SavedHistory::of("namesakes", &explored).expect("it is broken");
        let again = visit(&Flaw::Namesakes, &saved.scope, &saved.address).expect("it is there");
        assert_eq!(again.counterexample, explored.counterexample);
    }
}

#[test]
fn a_place_to_go_on_from_is_of_one_scope() {
    let scope = Scope { crashes: 1, ..Scope::new([2]) };
    let mut checkpoints = Vec::new();
    let word = &mut |progress: Progress<'_>| checkpoints.extend(progress.checkpoint());
    explore(&GCounterModel, &scope, word).expect("the scope is sound");
    let reuse = Scope { reuse_id: true, ..scope };
    let refused = explore_from(&GCounterModel, &reuse, checkpoints.pop(), &mut |_| {});
    assert_eq!(refused, Err(ExploreError::OtherCheckpoint));
}

#[test]
fn after_a_violation_only_smaller_histories_are_said_to_hold() {
    let scope = Scope { crashes: 1, reuse_id: true, ..Scope::new([2, 1]) };
    let found = explored(&GCounterModel, &scope);
    // Nothing, and either operation at either replica: in the tree without crash and in the other,
    // where the first replica has two lives.
    assert_eq!((found.complete_to, found.checked.histories), (1, 1 + 4 + 1 + 6));
    let mut checkpoints = Vec::new();
    let word = &mut |progress: Progress<'_>| checkpoints.extend(progress.checkpoint());
    explore(&GCounterModel, &scope, word).expect("the scope is sound");
    for checkpoint in checkpoints {
        let again = explore_from(&GCounterModel, &scope, Some(checkpoint), &mut |_| {});
        assert_eq!(again.as_ref(), Ok(&found));
    }
}

#[test]
fn operations_that_change_nothing_prove_nothing() {
    let scope = Scope { alphabet: names(&["clear"]), ..Scope::new([2, 2]) };
    assert_eq!(explored(&set(), &scope).verdict, Verdict::Vacuous);
}

#[test]
fn every_incremental_specification_is_compared_with_the_pure_one() {
    let explored_set = explored(&set(), &Scope::new([2, 1]));
    let Checked { histories, incremental, orders, .. } = explored_set.checked;
    assert_eq!(incremental, histories + orders, "in order, and with another last");
    // Who sends in order need not be causal: there are more orders then.
    let counter = explored(&GCounterModel, &Scope::new([2, 1])).checked;
    assert!(counter.incremental > counter.histories + counter.open_sets);
    let none = explored(&Flaw::RefusesHalfway, &Scope::new([1, 1])).checked;
    assert_eq!((none.histories > 1, none.incremental), (true, 0));
}

#[test]
fn an_incremental_specification_that_strays_is_found() {
    let smallest = [
        (Astray::ForgetsConcurrentAdds, 2),
        (Astray::RemembersTheOrder, 2),
        (Astray::RefusesTwo, 2),
        (Astray::IsSilent, 0),
    ];
    for (astray, operations) in smallest {
        let model = astray::SetModel(set(), astray);
        let found = explored(&model, &Scope::new([1, 1])).counterexample;
        let found = found.unwrap_or_else(|| panic!("{astray:?} is not found"));
        assert_eq!((found.operations, found.law), (operations, Law::Specification), "{found:#?}");
        let said = &found.explanation[2];
        assert_eq!(said.0, "the incremental specification says", "{found:#?}");
        let again = visit(&model, &Scope::new([1, 1]), &found.address).expect("it is there");
        assert_eq!(again.counterexample, Some(found));
    }
}
