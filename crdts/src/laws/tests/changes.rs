//! What `changes_since` says leads from the old value to the new one, says nothing besides, and
//! costs what changed.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::hash::{Hash, Hasher};

use crate::laws::erased::State;
use crate::laws::judge::{Reach, join};
use crate::laws::pool::Pool;
use crate::laws::random::Random;
use crate::laws::{Case, Execution};
use crate::{
    Changed, GSet, LwwMap, MapChange, Merge, Model, OrMap, OrSet, ReplicaId, RwSet, SequenceChange,
    SetChange, Timestamp, TwoPhaseSet, spec,
};

/// Goes from the value of one state to that of another by the changes that the type tells of.
/// `follow` returns how many there were.
///
/// Some of the pairs must differ in what they know and not in value, unless knowledge `shows`.
fn follows<M: Model>(
    model: &M,
    shows: bool,
    follow: impl Fn(&mut M::Value, &M::State, &M::State) -> usize,
) {
    let (mut changes, mut silent) = (0, 0);
    let mut check = |old: &State, new: &State| {
        let (old, new): (&M::State, &M::State) = (old.concrete(), new.concrete());
        let mut value = model.read(old);
        let told = follow(&mut value, old, new);
        assert_eq!(value, model.read(new), "{told} changes from {old:?} to {new:?}");
        changes += told;
        silent += usize::from(told == 0 && old != new);
    };
    for number in 0..200 {
        let case = Case::draw(model, 4, 1 + number % 8, &mut Random::new(5, number as u64));
        let run = Execution::run(model, &case);
        let pool = Pool::new(&run, Reach::Sampled);
        for [a, b] in pool.state_tuples::<2>(64, 20) {
            check(&a.state, &b.state);
            check(&a.state, &join(&a.state, &b.state));
        }
        for delta in &pool.deltas {
            for reached in pool.probes() {
                let mut after = reached.state.clone();
                after.merge(&delta.delta);
                check(&reached.state, &after);
            }
        }
    }
    assert!(changes > 0 && (shows || silent > 0), "{changes} changes, {silent} silent");
}

fn one<V: PartialEq + Debug>(value: &mut V, change: Option<Changed<V>>) -> usize {
    let told = usize::from(change.is_some());
    if let Some(Changed { old, new }) = change {
        assert!(old != new && *value == old, "{value:?} was said to be {old:?}, and {new:?} now");
        *value = new;
    }
    told
}

fn elements<'a, T: Ord + Clone + Debug + 'a>(
    value: &mut BTreeSet<T>,
    changes: impl Iterator<Item = SetChange<&'a T>>,
) -> usize {
    let (mut told, mut last) = (0, None);
    for change in changes {
        let (element, is_news) = match change {
            SetChange::Added(element) => (element, value.insert(element.clone())),
            SetChange::Removed(element) => (element, value.remove(element)),
        };
        assert!(is_news && last < Some(element), "{change:?} after {last:?} in {value:?}");
        (told, last) = (told + 1, Some(element));
    }
    told
}

fn row<'a, T: Clone + PartialEq + Debug + 'a>(
    value: &mut Vec<T>,
    changes: impl Iterator<Item = SequenceChange<&'a T>>,
) -> usize {
    let (before, mut told) = (value.clone(), 0);
    for change in changes {
        match change {
            SequenceChange::Removed(index, element) => assert_eq!(value.remove(index), *element),
            SequenceChange::Inserted(index, element) => value.insert(index, element.clone()),
        }
        told += 1;
    }
    assert!(told == 0 || *value != before, "{told} changes, and it reads {before:?} as before");
    told
}

/// With `read`, what is read in a value, and `inside`, how to go on there.
fn keys<'a, K: Ord + Clone + Debug + 'a, V: Copy, W: PartialEq + Debug>(
    value: &mut BTreeMap<K, W>,
    changes: impl Iterator<Item = MapChange<&'a K, V>>,
    read: impl Fn(V) -> W,
    inside: impl Fn(&mut W, V, V) -> usize,
) -> usize {
    let (mut told, mut last) = (0, None);
    for change in changes {
        let key = match change {
            MapChange::Added(key, new) => {
                assert_eq!(value.insert(key.clone(), read(new)), None);
                key
            }
            MapChange::Removed(key, old) => {
                assert_eq!(value.remove(key), Some(read(old)));
                key
            }
            MapChange::Updated(key, Changed { old, new }) => {
                let held = value.get_mut(key).expect("it was there");
                assert_eq!(*held, read(old));
                assert!(inside(held, old, new) > 0, "no change under {key:?}");
                assert_eq!(*held, read(new));
                key
            }
        };
        assert!(last < Some(key));
        (told, last) = (told + 1, Some(key));
    }
    told
}

#[test]
fn changes_of_one_value_lead_from_the_old_to_the_new() {
    follows(&spec::GCounterModel, false, |value, old, new| one(value, new.changes_since(old)));
    follows(&spec::PnCounterModel, false, |value, old, new| one(value, new.changes_since(old)));
    follows(&spec::ResettableCounterModel, false, |value, old, new| {
        one(value, new.changes_since(old))
    });
    follows(&spec::EwFlagModel, false, |value, old, new| one(value, new.changes_since(old)));
    follows(&spec::DwFlagModel, false, |value, old, new| one(value, new.changes_since(old)));
    let words = ["a", "b"].map(str::to_owned);
    follows(&spec::LwwRegisterModel::new(words), false, |value, old, new| {
        let change = new.changes_since(old);
        one(
            value,
            change.map(|Changed { old, new }| Changed { old: old.cloned(), new: new.cloned() }),
        )
    });
    follows(&spec::MvRegisterModel::new([1, 2]), false, |value, old, new| {
        let change = new.changes_since(old);
        one(
            value,
            change.map(|Changed { old, new }| Changed {
                old: old.values().copied().collect(),
                new: new.values().copied().collect(),
            }),
        )
    });
    follows(&spec::BoundedCounterModel, false, |read, old, new| {
        let mut told = one(&mut read.value, new.changes_since(old));
        for (replica, Changed { old, new }) in new.rights_since(old) {
            let rights = read.rights.entry(replica.id()).or_default();
            assert!(old != new);
            *rights = *rights + new - old;
            told += 1;
        }
        read.rights.retain(|_, rights| *rights > 0);
        told
    });
}

#[test]
fn changes_of_a_set_lead_from_the_old_to_the_new() {
    follows(&spec::GSetModel::new([1, 2, 3]), true, |value, old, new| {
        elements(value, new.changes_since(old))
    });
    follows(&spec::TwoPhaseSetModel::new([1, 2]), false, |value, old, new| {
        elements(value, new.changes_since(old))
    });
    follows(&spec::OrSetModel::new([1, 2]), false, |value, old, new| {
        elements(value, new.changes_since(old))
    });
    follows(&spec::RwSetModel::new([1, 2]), false, |value, old, new| {
        elements(value, new.changes_since(old))
    });
}

#[test]
fn changes_of_a_map_lead_from_the_old_to_the_new() {
    follows(&spec::LwwMapModel::new([1, 2], [1, 2]), false, |value, old, new| {
        keys(
            value,
            new.changes_since(old),
            |&value| value,
            |value, _, &new| {
                *value = new;
                1
            },
        )
    });
    let sets = spec::OrSetModel::new([1, 2]);
    follows(&spec::OrMapModel::new([1, 2], sets.clone()), false, |value, old, new| {
        let read = |view: crate::OrSetView<'_, _>| view.iter().copied().collect();
        keys(value, new.changes_since(old), read, |set, old, new| {
            elements(set, new.changes_since(old))
        })
    });
    let nested = spec::OrMapModel::new([1, 2], spec::OrMapModel::new([1, 2], sets));
    follows(&nested, false, |value, old, new| {
        let set = |view: crate::OrSetView<'_, _>| view.iter().copied().collect();
        let map = |view: crate::OrMapView<'_, _, OrSet<_>>| {
            view.iter().map(|(key, view)| (*key, set(view))).collect()
        };
        keys(value, new.changes_since(old), map, |map, old, new| {
            keys(map, new.changes_since(old), set, |set, old, new| {
                elements(set, new.changes_since(old))
            })
        })
    });
}

#[test]
fn changes_of_a_sequence_lead_from_the_old_to_the_new() {
    follows(&spec::SequenceModel::new(['a', 'b']), false, |value, old, new| {
        row(value, new.changes_since(old))
    });
    let texts = spec::OrMapModel::new([1, 2], spec::SequenceModel::new(['a', 'b']));
    follows(&texts, false, |value, old, new| {
        let read = |view: crate::SequenceView<'_, _>| view.iter().copied().collect();
        keys(value, new.changes_since(old), read, |text, old, new| {
            row(text, new.changes_since(old))
        })
    });
}

#[test]
fn changes_of_a_document_lead_from_the_old_to_the_new() {
    follows(&spec::DocumentModel, false, |value, old, new| {
        let (mut told, mut last) = (0, None);
        for change in new.changes_since(old) {
            let path = change.key().clone();
            let maps = path.maps.iter().map(|&name| (name.to_owned(), crate::FieldKind::Map));
            let place = spec::Place(maps.chain([(path.name.to_owned(), path.kind)]).collect());
            let (old, new) = change.values();
            let [old, new] = [old, new].map(|view| view.map(spec::Held::from));
            assert!(old != new, "{old:?} is no change at {place:?}");
            let held = match new {
                Some(new) => value.insert(place, new),
                None => value.remove(&place),
            };
            assert_eq!(held, old);
            let path = Some(path);
            assert!(last < path, "{path:?} after {last:?}");
            (told, last) = (told + 1, path);
        }
        told
    });
}

/// A dot that was renewed is no change inside a map, whatever the value.
#[test]
fn values_of_a_map_that_read_the_same_are_no_change() {
    fn of<N: spec::Nested>(nested: N)
    where
        N::Value: PartialEq,
        <<N::Type as crate::Causal>::Store as crate::causal::DotStore>::Delta:
            crate::model::Wire + Send + Sync,
    {
        let read = nested.clone();
        follows(&spec::OrMapModel::new([1, 2], nested), false, move |value, old, new| {
            let value_of = |view| read.read_view(view);
            let mut told = 0;
            for change in new.changes_since(old) {
                match change {
                    MapChange::Added(key, new) => {
                        assert_eq!(value.insert(*key, value_of(new)), None);
                    }
                    MapChange::Removed(key, old) => {
                        assert_eq!(value.remove(key), Some(value_of(old)));
                    }
                    MapChange::Updated(key, Changed { old, new }) => {
                        let (old, new) = (value_of(old), value_of(new));
                        assert!(old != new, "{old:?} is no change");
                        assert_eq!(value.insert(*key, new), Some(old));
                    }
                }
                told += 1;
            }
            told
        });
    }
    of(spec::MvRegisterModel::new([1, 2]));
    of(spec::ResettableCounterModel);
    of(spec::SequenceModel::new([1, 2]));
    of(spec::EwFlagModel);
    of(spec::DwFlagModel);
    of(spec::RwSetModel::new([1, 2]));
}

thread_local! {
    static COMPARED: Cell<u64> = const { Cell::new(0) };
}

/// A number that counts how often one is compared with another.
#[derive(Clone, Debug, Eq)]
struct Counted(u32);

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Counted {
    fn cmp(&self, other: &Self) -> Ordering {
        COMPARED.set(COMPARED.get() + 1);
        self.0.cmp(&other.0)
    }
}

impl Hash for Counted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

const ME: ReplicaId = ReplicaId::new(1, 0);
const FEW: u32 = 500;
const MANY: u32 = 64 * FEW;

/// How many comparisons the changes cost where three things change in a collection of each size.
fn costs<S: Clone>(
    empty: &S,
    fill: impl Fn(&mut S, u32),
    changes: impl Fn(&S, &S) -> usize,
) -> [u64; 2] {
    [FEW, MANY].map(|size| {
        let mut state = empty.clone();
        (0..size).for_each(|number| fill(&mut state, 2 * number));
        let before = state.clone();
        [1, (size / 2) | 1, 2 * size - 1].into_iter().for_each(|number| fill(&mut state, number));
        COMPARED.set(0);
        assert_eq!(changes(&before, &state), 3);
        COMPARED.get()
    })
}

#[test]
fn changes_cost_what_changed_and_not_the_size() {
    let stamp = |number: u32| Timestamp::new(1 + u64::from(number), 0, ME);
    let sets = [
        costs(
            &OrSet::<Counted>::new(),
            |set, number| _ = set.insert(ME, Counted(number)),
            |before, after| after.changes_since(before).count(),
        ),
        costs(
            &RwSet::<Counted>::new(),
            |set, number| _ = set.insert(ME, Counted(number)),
            |before, after| after.changes_since(before).count(),
        ),
        costs(
            &GSet::<Counted>::new(),
            |set, number| _ = set.insert(Counted(number)),
            |before, after| after.changes_since(before).count(),
        ),
        costs(
            &TwoPhaseSet::<Counted>::new(),
            |set, number| _ = set.insert(Counted(number)),
            |before, after| after.changes_since(before).count(),
        ),
        costs(
            &LwwMap::<Counted, u8>::new(),
            |map, number| _ = map.put(stamp(number), Counted(number), 1),
            |before, after| after.changes_since(before).count(),
        ),
        costs(
            &OrMap::<Counted, OrSet<u8>>::new(),
            |map, number| _ = map.update(ME, Counted(number), |set| set.insert(1)),
            |before, after| after.changes_since(before).count(),
        ),
        // One key, under which much is: what is compared is within the value.
        costs(
            &OrMap::<u8, OrSet<Counted>>::new(),
            |map, number| _ = map.update(ME, 1, |set| set.insert(Counted(number))),
            |before, after| {
                let (old, new) = (before.get(&1).unwrap(), after.get(&1).unwrap());
                assert_eq!(after.changes_since(before).count(), 1);
                new.changes_since(old).count()
            },
        ),
    ];
    let collected = costs(
        &OrMap::<Counted, RwSet<u8>>::new(),
        |map, number| _ = map.update(ME, Counted(number), |set| set.insert(1)),
        |before, after| {
            let mut collected = after.clone();
            let nothing = collected.stabilise(ME, after.context());
            assert_eq!((&nothing, &collected), (&Default::default(), after));
            COMPARED.set(0);
            collected.changes_since(before).count() // what it shares it goes on sharing
        },
    );
    for (at, [few, many]) in sets.into_iter().chain([collected]).enumerate() {
        assert!(
            many < 2 * few && many < u64::from(FEW),
            "{at}: {few} for {FEW}, {many} for {MANY}"
        );
    }
}
