//! The explorer finds what it should, at the smallest scope that can show it and at none smaller;
//! and finds nothing in the toolkit's own types.

use std::sync::Arc;

use rejoin_sim::explore::{Explored, Scope};
use rejoin_sim::{Registry, Subject, Verdict};

fn explored(subject: &Arc<dyn Subject>, scope: &Scope) -> Explored {
    let scope = Scope { threads: 2, ..scope.clone() };
    let explored = subject.explore(&scope, None, &mut |_| {}).expect("it is a type");
    explored.expect("the scope is sound")
}

fn gallery(each: impl Fn(&'static rejoin_gallery::Entry, &Arc<dyn Subject>, bool)) {
    let registry = rejoin_cli::builtin();
    for entry in rejoin_gallery::catalogue() {
        let subject = registry.get(&entry.to_string()).expect("it is registered");
        for no_reductions in [false, true] {
            each(entry, subject, no_reductions);
        }
    }
}

#[test]
fn every_broken_type_is_found_at_its_smallest_scope() {
    gallery(|entry, subject, no_reductions| {
        let scope = Scope { no_reductions, ..Scope::new(entry.scope.iter().copied()) };
        let found = explored(subject, &scope);
        let found = found.counterexample.unwrap_or_else(|| panic!("{entry} holds at {scope:?}"));
        assert_eq!(found.operations, entry.operations, "{entry}: {found:#?}");
    });
}

#[test]
fn no_broken_type_is_found_with_fewer_operations_wherever_they_are_performed() {
    gallery(|entry, subject, no_reductions| {
        let scope = Scope { no_reductions, ..Scope::new([entry.operations; 3]) };
        let found = explored(subject, &scope);
        assert_eq!(found.complete_to, entry.operations - 1, "{entry}");
        assert!(found.counterexample.is_some(), "{entry}");
    });
}

#[test]
fn no_broken_type_is_found_within_its_smallest_scope() {
    gallery(|entry, subject, no_reductions| {
        for smaller in 0..entry.scope.len() {
            let mut ops = entry.scope.to_vec();
            if ops[smaller] == 0 {
                continue;
            }
            ops[smaller] -= 1;
            let scope = Scope { no_reductions, ..Scope::new(ops) };
            let found = explored(subject, &scope);
            assert_ne!(found.verdict, Verdict::Violated, "{entry}: {found:#?}");
        }
    });
}

const OWN: [&str; 6] =
    ["g-counter", "pn-counter", "lww-register", "or-set", "or-map", "or-map/map"];

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
fn every_own_type_holds_at_five_operations_with_some_of_its_alphabet() {
    let registry = rejoin_cli::builtin();
    for (name, subject) in own(&registry) {
        let alphabet: &[&str] = match name {
            "or-set" => &[r#"add "apple""#, r#"remove "apple""#, r#"add "bread""#, "clear"],
            "or-map" => &[
                r#""fruit": add "apple""#,
                r#""fruit": remove "apple""#,
                r#""dairy": add "milk""#,
                r#"remove "fruit""#,
            ],
            "or-map/map" => {
                &[r#""ada": "fruit": add "apple""#, r#""ada": remove "fruit""#, r#"remove "ada""#]
            }
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

#[test]
fn an_identity_used_again_breaks_every_type_with_dots_or_slots() {
    let registry = rejoin_cli::builtin();
    for (name, subject) in own(&registry) {
        let scope = Scope { crashes: 1, reuse_id: true, ..Scope::new([2]) };
        let found = explored(subject, &scope);
        if name == "lww-register" {
            assert_ne!(found.verdict, Verdict::Violated, "it has neither");
        } else {
            let found = found.counterexample.unwrap_or_else(|| panic!("{name} holds"));
            assert_eq!(found.operations, 2, "{name}");
        }
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
    use std::collections::{BTreeMap, BTreeSet};

    /// An operation: who, and which of theirs.
    type Op = (usize, usize);

    /// What there is.
    pub(crate) struct Counts {
        pub(crate) histories: u64,
        pub(crate) down_sets: u64,
        pub(crate) diamonds: u64,
    }

    /// A configuration: what every replica has, and what each operation had seen.
    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
    struct World {
        has: Vec<BTreeSet<Op>>,
        saw: BTreeMap<Op, BTreeSet<Op>>,
    }

    pub(crate) fn force(ops: &[usize]) -> Counts {
        let first = World { has: vec![BTreeSet::new(); ops.len()], saw: BTreeMap::new() };
        let mut met = BTreeSet::from([first.clone()]);
        let mut open = vec![first];
        let mut full = BTreeSet::new();
        let total: usize = ops.iter().sum();
        while let Some(world) = open.pop() {
            if world.saw.len() == total {
                full.insert(world.saw);
                continue;
            }
            for (replica, &most) in ops.iter().enumerate() {
                let mut next = Vec::new();
                let done = world.saw.keys().filter(|op| op.0 == replica).count();
                if done < most {
                    let mut one = world.clone();
                    one.saw.insert((replica, done), world.has[replica].clone());
                    one.has[replica].insert((replica, done));
                    next.push(one);
                }
                for (&op, saw) in &world.saw {
                    if !world.has[replica].contains(&op) && saw.is_subset(&world.has[replica]) {
                        let mut one = world.clone();
                        one.has[replica].insert(op);
                        next.push(one);
                    }
                }
                for one in next {
                    if met.insert(one.clone()) {
                        open.push(one);
                    }
                }
            }
        }
        let mut counts = Counts { histories: full.len() as u64, down_sets: 0, diamonds: 0 };
        for saw in &full {
            let mut sets = BTreeSet::from([BTreeSet::new()]);
            let mut grown: Vec<BTreeSet<Op>> = vec![BTreeSet::new()];
            while let Some(set) = grown.pop() {
                let enabled: Vec<Op> = saw
                    .iter()
                    .filter(|(op, seen)| !set.contains(*op) && seen.is_subset(&set))
                    .map(|(op, _)| *op)
                    .collect();
                for (at, op) in enabled.iter().enumerate() {
                    counts.diamonds += at as u64;
                    let mut larger = set.clone();
                    larger.insert(*op);
                    if sets.insert(larger.clone()) {
                        grown.push(larger);
                    }
                }
            }
            counts.down_sets += sets.len() as u64;
        }
        counts
    }
}
