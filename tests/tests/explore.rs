//! The explorer finds what it should, at the smallest scope that can show it and at none smaller;
//! and finds nothing in the toolkit's own types.

use std::sync::Arc;

use rejoin_crdts::ReplicaId;
use rejoin_crdts::spec::{
    Collect, Collecting, DocumentModel, DwFlagModel, EwFlagModel, GCounterModel, LexicalModel,
    LwwMapModel, OptionModel, OrMapModel, OrSetModel, PairModel, ResettableCounterModel,
    RwSetModel, SequenceModel,
};
use rejoin_sim::explore::{Explored, Reductions, Scope};
use rejoin_sim::{Registry, Subject, TypeSubject, Verdict};

fn explored(subject: &Arc<dyn Subject>, scope: &Scope) -> Explored {
    let scope = Scope { threads: 2, ..scope.clone() };
    let explored = subject.explore(&scope, None, &mut |_| {}).expect("it is a type");
    explored.expect("the scope is sound")
}

fn gallery(each: impl Fn(&'static rejoin_gallery::Entry, &Arc<dyn Subject>, Reductions)) {
    let registry = rejoin_cli::builtin();
    for entry in rejoin_gallery::types() {
        let subject = registry.get(&entry.to_string()).expect("it is registered");
        for reductions in [Reductions::ALL, Reductions::NONE] {
            each(entry, subject, reductions);
        }
    }
}

#[test]
fn every_broken_type_is_found_at_its_smallest_scope() {
    gallery(|entry, subject, reductions| {
        let scope = Scope { reductions, ..Scope::new(entry.scope.iter().copied()) };
        let found = explored(subject, &scope);
        let found = found.counterexample.unwrap_or_else(|| panic!("{entry} holds at {scope:?}"));
        assert_eq!(found.operations, entry.operations, "{entry}: {found:#?}");
    });
}

#[test]
fn no_broken_type_is_found_with_fewer_operations_wherever_they_are_performed() {
    gallery(|entry, subject, reductions| {
        let scope = Scope { reductions, ..Scope::new([entry.operations; 3]) };
        let found = explored(subject, &scope);
        assert_eq!(found.complete_to, entry.operations - 1, "{entry}");
        assert!(found.counterexample.is_some(), "{entry}");
    });
}

#[test]
fn no_broken_type_is_found_within_its_smallest_scope() {
    gallery(|entry, subject, reductions| {
        for smaller in 0..entry.scope.len() {
            let mut ops = entry.scope.to_vec();
            if ops[smaller] == 0 {
                continue;
            }
            ops[smaller] -= 1;
            let scope = Scope { reductions, ..Scope::new(ops) };
            let found = explored(subject, &scope);
            assert_ne!(found.verdict, Verdict::Violated, "{entry}: {found:#?}");
        }
    });
}

const OWN: [&str; 19] = [
    "g-counter",
    "pn-counter",
    "bounded-counter",
    "resettable-counter",
    "lww-register",
    "mv-register",
    "ew-flag",
    "dw-flag",
    "g-set",
    "2p-set",
    "or-set",
    "rw-set",
    "lww-map",
    "or-map",
    "or-map/counter",
    "or-map/register",
    "or-map/map",
    "sequence",
    "document",
];

fn own(registry: &Registry) -> impl Iterator<Item = (&'static str, &Arc<dyn Subject>)> {
    OWN.into_iter().map(|name| (name, registry.get(name).expect("it is registered")))
}

#[test]
fn every_own_type_holds_with_its_whole_alphabet() {
    let registry = rejoin_cli::builtin();
    for (name, subject) in own(&registry) {
        let found = explored(subject, &Scope::new([2, 1, 1]));
        assert_eq!(found.verdict, Verdict::Held, "{name}: {:#?}", found.counterexample);
        assert_eq!((found.shapes.histories, found.shapes.down_sets), (66, 460), "{name}");
    }
}

#[test]
fn what_is_made_of_own_types_holds() {
    let sets = OrSetModel::new(["apple".to_owned()]);
    let tasks = PairModel::new(EwFlagModel, sets.clone());
    let made: [Arc<dyn Subject>; 4] = [
        Arc::new(TypeSubject::new("pair", "", PairModel::new(sets.clone(), GCounterModel))),
        Arc::new(TypeSubject::new("pairs", "", OrMapModel::new(["task".to_owned()], tasks))),
        Arc::new(TypeSubject::new("lexical", "", LexicalModel::new([1, 2], sets.clone()))),
        Arc::new(TypeSubject::new("option", "", OptionModel::new(sets))),
    ];
    for subject in &made {
        let found = explored(subject, &Scope::new([2, 1, 1]));
        let name = subject.name();
        assert_eq!(found.verdict, Verdict::Held, "{name}: {:#?}", found.counterexample);
        assert_eq!((found.shapes.histories, found.shapes.down_sets), (66, 460), "{name}");
    }
}

#[test]
fn every_own_type_holds_at_five_operations_with_some_of_its_alphabet() {
    let registry = rejoin_cli::builtin();
    for (name, subject) in own(&registry) {
        let alphabet: &[&str] = match name {
            "or-set" => &[r#"add "apple""#, r#"remove "apple""#, r#"add "bread""#, "clear"],
            "2p-set" => {
                &[r#"add "apple""#, r#"remove "apple""#, r#"add "bread""#, r#"remove "bread""#]
            }
            "rw-set" => &[r#"add "ada""#, r#"remove "ada""#, r#"add "ben""#, "clear"],
            "or-map/counter" => {
                &[r#""apples": +1"#, r#""pears": -1"#, r#"remove "apples""#, r#""apples": reset"#]
            }
            "or-map/register" => &[
                r#""colour": write "a""#,
                r#""colour": write "b""#,
                r#""shape": write "a""#,
                r#"remove "colour""#,
            ],
            "or-map" => &[
                r#""fruit": add "apple""#,
                r#""fruit": remove "apple""#,
                r#""dairy": add "milk""#,
                r#"remove "fruit""#,
            ],
            "or-map/map" => {
                &[r#""ada": "fruit": add "apple""#, r#""ada": remove "fruit""#, r#"remove "ada""#]
            }
            "sequence" => &[r#"insert "a" at 0"#, r#"insert "b" at 0"#, "delete 0"],
            "document" => &[r#""note": write "x""#, r#""note": +1"#, r#"remove "note""#],
            _ => &["0", "1"],
        };
        let alphabet = alphabet.iter().map(|&op| op.to_owned()).collect();
        let found = explored(subject, &Scope { alphabet, ..Scope::new([2, 2, 1]) });
        assert_eq!(found.verdict, Verdict::Held, "{name}: {:#?}", found.counterexample);
        assert_eq!((found.shapes.histories, found.shapes.diamonds), (355, 1_330), "{name}");
    }
}

#[test]
fn crashes_with_a_new_incarnation_are_harmless() {
    let registry = rejoin_cli::builtin();
    for (name, subject) in own(&registry) {
        let alphabet = match name {
            "or-map/map" => vec![r#""ada": "fruit": add "apple""#.to_owned(), "clear".to_owned()],
            _ => Vec::new(),
        };
        let scope = Scope { crashes: 1, alphabet, ..Scope::new([2, 1]) };
        let found = explored(subject, &scope);
        assert_eq!(found.verdict, Verdict::Held, "{name}: {:#?}", found.counterexample);
    }
}

/// Stability as an event: every replica may collect at any time, as far as it knows what is stable.
#[test]
fn collecting_at_different_times_changes_no_value() {
    fn holds<M: Collect>(name: &str, model: M, alphabet: &[&str], ops: &[usize]) {
        let members = (1..=ops.len() as u64).map(|id| ReplicaId::new(id, 0));
        let model = Collecting::new(model, members);
        let subject: Arc<dyn Subject> = Arc::new(TypeSubject::new(name, "under test", model));
        let alphabet = alphabet.iter().map(|&op| op.to_owned()).collect();
        let found = explored(&subject, &Scope { alphabet, ..Scope::new(ops.iter().copied()) });
        assert_eq!(found.verdict, Verdict::Held, "{name}: {:#?}", found.counterexample);
    }
    let counter = ["+1", "reset", "collect"];
    holds("counter", ResettableCounterModel, &counter, &[4, 2]);
    holds("flag", DwFlagModel, &["enable", "disable", "collect"], &[3, 3]);
    let set = ["add 1", "remove 1", "clear", "collect"];
    holds("set", RwSetModel::new([1u8]), &set, &[3, 2]);
    let settings = ["remove 1", "put 2: 7", "collect"]; // what forgets one key speaks of the other
    holds("settings", LwwMapModel::new([1u8, 2], [7u8]), &settings, &[3, 2]);
    holds("settings", LwwMapModel::new([1u8, 2], [7u8]), &settings, &[2, 1, 1]);
    holds("settings", LwwMapModel::new([1u8, 2], [7u8]), &[], &[2, 2]);
    let map = ["1: +1", "remove 1", "collect"];
    holds("map", OrMapModel::new([1u8], ResettableCounterModel), &map, &[4, 2]);
    let flags = ["1: enable", "1: disable", "remove 1", "collect"];
    holds("flags", OrMapModel::new([1u8], DwFlagModel), &flags, &[3, 2]);
    let groups = ["1: add 7", "1: remove 7", "1: clear", "collect"];
    holds("groups", OrMapModel::new([1u8], RwSetModel::new([7u8])), &groups, &[3, 2]);
    let document = [r#""note": +1"#, r#"remove "note""#, "collect"];
    holds("document", DocumentModel, &document, &[3, 2]);
    let letters = || SequenceModel::new(["a".to_owned(), "b".to_owned()]);
    let text = [r#"insert "a" at 0"#, r#"insert "b" at -1"#, "delete 0", "collect"];
    holds("text", letters(), &text, &[3, 2]);
    holds("text", letters(), &["insert \"a\" at 0", "delete 0", "collect"], &[4, 2]);
    let notes = ["1: insert 7 at 0", "1: insert 8 at 0", "remove 1", "collect"];
    holds("notes", OrMapModel::new([1u8], SequenceModel::new([7u8, 8])), &notes, &[3, 2]);
}

#[test]
fn an_identity_used_again_breaks_every_type_with_dots_or_slots() {
    let registry = rejoin_cli::builtin();
    for (name, subject) in own(&registry) {
        let scope = Scope { crashes: 1, reuse_id: true, ..Scope::new([3]) };
        let found = explored(subject, &scope);
        let least = match name {
            "lww-register" | "lww-map" | "g-set" | "2p-set" => None, // they have neither
            "ew-flag" => Some(3), // whose enables are all alike: it takes a disable to tell
            _ => Some(2),
        };
        assert_eq!(found.counterexample.map(|found| found.operations), least, "{name}");
    }
}

/// The enumeration of histories against one that shares no code with it and works otherwise: it
/// runs replicas that perform and receive one operation at a time, in every order, and keeps what
/// each operation had seen.
#[test]
fn the_histories_are_those_of_all_interleavings() {
    for (ops, histories, down_sets, diamonds) in [
        (vec![1, 1], 3, 10, 1),
        (vec![2, 1], 6, 0, 0),
        (vec![1, 1, 1], 19, 0, 0),
        (vec![2, 2], 20, 126, 26),
        (vec![3, 1], 10, 0, 0),
        (vec![2, 1, 1], 66, 460, 146),
        (vec![3, 2], 50, 0, 0),
        (vec![3, 3], 175, 0, 0),
        (vec![2, 2, 1], 355, 3_272, 1_330),
        (vec![1, 1, 1, 1], 219, 0, 0),
        (vec![2, 2, 2], 2_827, 33_975, 17_334),
        (vec![4, 4], 1_764, 24_310, 8_434),
    ] {
        let brute = brute::force(&ops);
        let registry = rejoin_cli::builtin();
        let counter = registry.get("g-counter").expect("it is registered");
        let alphabet = vec!["0".to_owned()];
        let found = explored(counter, &Scope { alphabet, ..Scope::new(ops.clone()) }).shapes;
        assert_eq!(brute.histories, found.histories, "{ops:?}");
        assert_eq!(brute.down_sets, found.down_sets, "{ops:?}");
        assert_eq!(brute.diamonds, found.diamonds, "{ops:?}");
        assert_eq!(brute.histories, histories, "{ops:?}");
        if down_sets > 0 {
            assert_eq!((brute.down_sets, brute.diamonds), (down_sets, diamonds), "{ops:?}");
        }
    }
}

/// All interleavings of performing and receiving, deduplicated.
mod brute {
    use std::collections::{BTreeSet, HashSet};

    /// Operations, a bit each: those of the first replica first, each replica's in order.
    type Ops = u16;

    /// What there is.
    pub(crate) struct Counts {
        pub(crate) histories: u64,
        pub(crate) down_sets: u64,
        pub(crate) diamonds: u64,
    }

    /// A configuration: what was performed, what every replica has, and what each operation had
    /// seen.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
    struct World {
        performed: Ops,
        has: [Ops; 4],
        saw: [Ops; 8],
    }

    fn bits(ops: Ops) -> impl Iterator<Item = usize> {
        (0..Ops::BITS as usize).filter(move |bit| ops >> bit & 1 == 1)
    }

    pub(crate) fn force(ops: &[usize]) -> Counts {
        let total: usize = ops.iter().sum();
        let mut met = HashSet::from([World::default()]);
        let mut open = vec![World::default()];
        let mut full = BTreeSet::new();
        while let Some(world) = open.pop() {
            if bits(world.performed).count() == total {
                full.insert(world.saw);
                continue;
            }
            let mut go_on = |next: World| {
                if met.insert(next) {
                    open.push(next);
                }
            };
            let mut first = 0;
            for (replica, &most) in ops.iter().enumerate() {
                let own = (first..first + most).find(|op| world.performed >> op & 1 == 0);
                if let Some(op) = own {
                    let mut next = world;
                    next.saw[op] = world.has[replica];
                    next.has[replica] |= 1 << op;
                    next.performed |= 1 << op;
                    go_on(next);
                }
                for op in bits(world.performed & !world.has[replica]) {
                    if world.saw[op] & !world.has[replica] == 0 {
                        let mut next = world;
                        next.has[replica] |= 1 << op;
                        go_on(next);
                    }
                }
                first += most;
            }
        }
        let mut counts = Counts { histories: full.len() as u64, down_sets: 0, diamonds: 0 };
        for saw in &full {
            let mut sets = BTreeSet::from([0]);
            let mut grown: Vec<Ops> = vec![0];
            while let Some(set) = grown.pop() {
                let enabled = (0..total).filter(|&op| set >> op & 1 == 0 && saw[op] & !set == 0);
                for (at, op) in enabled.enumerate() {
                    counts.diamonds += at as u64;
                    let larger = set | 1 << op;
                    if sets.insert(larger) {
                        grown.push(larger);
                    }
                }
            }
            counts.down_sets += sets.len() as u64;
        }
        counts
    }
}
