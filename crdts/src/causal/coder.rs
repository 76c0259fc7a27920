//! Dots as they travel in binary formats: each one relative to those before it.
//!
//! A replica's name is 16 bytes and more, and stands beside every dot. On the way a causal type
//! names each replica once, and a dot near the one before it is one byte, which says besides that
//! it stands alone. For that, stores are written in the order of their dots.
//!
//! What came before is kept while one value is written or read, by a *coder*. serde hands no such
//! thing down, so the thread holds it for the value at hand ([`scope`]).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{self, Serialize, Serializer};

use super::by_replica::ByReplica;
use super::entries::{Entries, Entry};
use crate::{Dot, ReplicaId};

/// The replicas that were named, and the last counter of each.
#[derive(Default)]
struct Coder {
    named: Vec<(ReplicaId, u64)>,
    foretold: usize, // how many of them are in order, because a context named them
    others: BTreeMap<ReplicaId, usize>,
    current: usize, // whose the last dot was
}

thread_local! {
    static CODER: RefCell<Option<Coder>> = const { RefCell::new(None) };
}

const SEVERAL: u64 = 1;
const NEAR: u64 = 1 << 61; // so that a difference fits beside two bits

/// Writes or reads one causal type: the dots inside are relative to one another.
pub(super) fn scope<R>(inside: impl FnOnce() -> R) -> R {
    /// The coder of the type around this one, if it holds one as a plain value.
    struct Outer(Option<Coder>);

    impl Drop for Outer {
        fn drop(&mut self) {
            CODER.replace(self.0.take());
        }
    }

    let _outer = Outer(CODER.replace(Some(Coder::default())));
    inside()
}

/// Names the replicas of a context, ascending, which has been written or read in this scope.
pub(super) fn foretell(replicas: Vec<ReplicaId>) {
    let named: Vec<_> = replicas.into_iter().map(|replica| (replica, 0)).collect();
    let foretold = named.len();
    CODER.replace(Some(Coder { named, foretold, ..Coder::default() }));
}

fn coder<R, E>(
    custom: impl FnOnce(&'static str) -> E,
    then: impl FnOnce(&mut Coder) -> Result<R, &'static str>,
) -> Result<R, E> {
    CODER.with_borrow_mut(|coder| {
        let coder = coder.as_mut().ok_or("dots travel inside of a causal type");
        coder.and_then(then).map_err(custom)
    })
}

impl Coder {
    /// The last dot, or none of the first replica that is named.
    fn current(&self) -> Option<Dot> {
        self.named.get(self.current).map(|&(replica, last)| Dot::new(replica, last))
    }

    /// Moves on to `dot` if it is of the same replica as the last one and no great way from it, and
    /// returns how far that is.
    fn move_near(&mut self, dot: Dot) -> Option<i64> {
        let (replica, last) = self.named.get_mut(self.current)?;
        let difference = dot.counter.wrapping_sub(*last) as i64;
        let near = *replica == dot.replica && difference.unsigned_abs() < NEAR;
        near.then(|| {
            *last = dot.counter;
            difference
        })
    }

    /// The place of `replica` among those that were named.
    fn place(&self, replica: ReplicaId) -> Option<usize> {
        let foretold = &self.named[..self.foretold];
        let found = foretold.binary_search_by_key(&replica, |named| named.0).ok();
        found.or_else(|| self.others.get(&replica).copied())
    }

    fn name(&mut self, replica: ReplicaId) -> usize {
        self.others.insert(replica, self.named.len());
        self.named.push((replica, 0));
        self.named.len() - 1
    }

    /// Moves on to the dot that is `difference` from the last one of the replica at `place`.
    #[inline]
    fn step(&mut self, place: usize, difference: i64) -> Result<Dot, &'static str> {
        let (replica, last) = self.named.get_mut(place).ok_or("a replica that was not named")?;
        let counter = last.checked_add_signed(difference);
        *last = counter.filter(|counter| (1..=Dot::LAST).contains(counter)).ok_or("no dot")?;
        self.current = place;
        Ok(Dot::new(*replica, *last))
    }
}

/// A dot that travels by itself: the place of its replica, counted from 1, and how far the counter is
/// from the replica's last one. In place of 0 the replica is named.
pub(crate) struct Placed(pub(crate) Dot);

impl Serialize for Placed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let dot = self.0;
        if serializer.is_human_readable() {
            return dot.serialize(serializer);
        }
        let (known, difference) = coder(ser::Error::custom, |coder| {
            let known = coder.place(dot.replica);
            let place = known.unwrap_or_else(|| coder.name(dot.replica));
            let difference = dot.counter.wrapping_sub(coder.named[place].1) as i64;
            coder.step(place, difference)?;
            Ok((known, difference))
        })?;
        match known {
            Some(place) => (place as u64 + 1, difference).serialize(serializer),
            None => (0u64, (dot.replica, difference)).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Placed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return Dot::deserialize(deserializer).map(Self);
        }

        struct Pair;

        impl<'de> Visitor<'de> for Pair {
            type Value = Placed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a dot")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Placed, A::Error> {
                let place = next::<u64, A>(&mut pair)?;
                let dot = if let Some(place) = place.checked_sub(1) {
                    let difference = next(&mut pair)?;
                    let place = usize::try_from(place).unwrap_or(usize::MAX);
                    coder(de::Error::custom, |coder| coder.step(place, difference))
                } else {
                    let (replica, difference) = next(&mut pair)?;
                    coder(de::Error::custom, |coder| {
                        if coder.place(replica).is_some() {
                            return Err("a replica is named again");
                        }
                        let place = coder.name(replica);
                        coder.step(place, difference)
                    })
                };
                dot.map(Placed)
            }
        }

        deserializer.deserialize_tuple(2, Pair)
    }
}

fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(access: &mut A) -> Result<T, A::Error> {
    access.next_element()?.ok_or_else(|| de::Error::custom("something is missing"))
}

/// Live entries and dead dots.
type Records<V> = (Entries<V>, Entries<()>);

/// Writes live entries and dead dots: where that is a single live one near the last dot, twice the
/// zigzag of its difference, and its value; otherwise 1 and both lists.
pub(super) fn write<V: Serialize, S: Serializer>(
    live: &[Entry<V>],
    dead: &[Entry<()>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if let ([entry], []) = (live, dead) {
        let near = coder(ser::Error::custom, |coder| Ok(coder.move_near(entry.dot())))?;
        if let Some(difference) = near {
            let zigzag = (difference << 1 ^ difference >> 63) as u64;
            return (zigzag << 1, &entry.value).serialize(serializer);
        }
    }
    let live = live.iter().map(|entry| (Placed(entry.dot()), &entry.value)).collect::<Vec<_>>();
    let dead = dead.iter().map(|entry| Placed(entry.dot())).collect::<Vec<_>>();
    (SEVERAL, (live, dead)).serialize(serializer)
}

/// Reads what [`write`] wrote, and nothing else.
pub(super) fn read<'de, V, D>(deserializer: D) -> Result<Records<V>, D::Error>
where
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    struct Pair<V>(PhantomData<V>);

    impl<'de, V: Deserialize<'de>> Visitor<'de> for Pair<V> {
        type Value = Records<V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("dots")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Records<V>, A::Error> {
            let head = next::<u64, A>(&mut pair)?;
            if head.is_multiple_of(2) {
                let zigzag = head >> 1;
                let difference = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
                if difference.unsigned_abs() >= NEAR {
                    return Err(de::Error::custom("a dot far away travels as if it were near"));
                }
                let dot = coder(de::Error::custom, |coder| coder.step(coder.current, difference))?;
                return Ok((Entries::One(Entry::new(dot, next(&mut pair)?)), Entries::default()));
            }
            if head != SEVERAL {
                return Err(de::Error::custom("neither one dot nor several"));
            }
            let before = coder(de::Error::custom, |coder| Ok(coder.current()))?;
            let (live, dead) = next::<(Vec<(Placed, V)>, Vec<Placed>), A>(&mut pair)?;
            if let ([(dot, _)], [], Some(before)) = (&live[..], &dead[..], before)
                && dot.0.replica == before.replica
                && dot.0.counter.abs_diff(before.counter) < NEAR
            {
                return Err(de::Error::custom("one dot travels as if it were several"));
            }
            Ok((
                live.into_iter().map(|(Placed(dot), value)| Entry::new(dot, value)).collect(),
                dead.into_iter().map(|Placed(dot)| Entry::new(dot, ())).collect(),
            ))
        }
    }

    deserializer.deserialize_tuple(2, Pair(PhantomData))
}

/// Calls `each` with every entry, ascending by the least of their dots; those without one first, as they
/// come.
///
/// Linear where a replica's dots lie close together, as they do in a state.
pub(super) fn by_dot<T: Copy, E>(
    entries: impl Iterator<Item = T>,
    least: impl Fn(&T) -> Option<Dot>,
    mut each: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let mut of = ByReplica::<Vec<(u64, T)>>::new();
    for entry in entries {
        match least(&entry) {
            Some(dot) => of.replica(dot.replica).push((dot.counter, entry)),
            None => each(entry)?,
        }
    }
    of.into_ascending().try_for_each(|(_, entries)| by_counter(entries, &mut each))
}

/// Calls `each` by counter, after each entry was put into its place where there are few more places than
/// entries.
fn by_counter<T: Copy, E>(
    mut entries: Vec<(u64, T)>,
    each: &mut impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let (first, last) = entries.iter().fold((u64::MAX, 0), |(first, last), &(counter, _)| {
        (first.min(counter), last.max(counter))
    });
    if (last - first) / 4 <= entries.len() as u64 {
        let mut places = vec![None; (last - first) as usize + 1];
        let twice = entries.iter().fold(false, |twice, &(counter, entry)| {
            twice | places[(counter - first) as usize].replace(entry).is_some()
        });
        if !twice {
            return places.into_iter().flatten().try_for_each(each);
        } // otherwise it is a dot of two, of which none may get lost
    }
    entries.sort_by_key(|entry| entry.0);
    entries.into_iter().try_for_each(|(_, entry)| each(entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{self, Limits};
    use crate::{Merge, OrSet, OrSetDelta};

    const A: ReplicaId = ReplicaId::new(1, 0);
    const B: ReplicaId = ReplicaId::new(2, 0);

    fn decoded<T: de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
        wire::from_payload_bytes(Limits::default(), bytes).ok()
    }

    #[test]
    fn a_dot_after_the_one_before_is_one_byte_and_elements_are_in_the_order_of_dots() {
        let mut set: OrSet<u8> = OrSet::new();
        let _ = [30, 10, 20].map(|element: u8| set.insert(A, element));
        let context = [1, 1, 0, 1, 1, 3]; // one replica: r1 in incarnation 0, one run: 1 to 3
        let bytes = [&context[..], &[3, 30, 4, 10, 4, 20, 4]].concat();
        assert_eq!(wire::payload_bytes(&set).as_ref(), Ok(&bytes));
        assert_eq!(decoded(&bytes), Some(set));
        let by_key = [&context[..], &[3, 10, 8, 20, 4, 30, 6]].concat();
        assert_eq!(decoded::<OrSet<u8>>(&by_key), None, "the same set in another order");
    }

    #[test]
    fn what_does_not_stand_alone_is_a_list_and_a_replica_is_named_once() {
        let (mut here, mut there) = (OrSet::<u8>::new(), OrSet::new());
        let mut delta = here.insert(A, 7);
        delta.merge(&there.insert(B, 7));
        let _ = here.remove(A, &7);
        delta.merge(&here.insert(A, 8));
        let named_a = [0, 1, 0, 2]; // r1/0, one on from nothing
        let named_b = [0, 2, 0, 2];
        // Key 7: two live dots, none dead. Key 8: r1 again, two further on. Nothing else.
        let bytes = [&[2, 7, 1, 2][..], &named_a, &named_b, &[0, 8, 1, 1, 1, 4, 0, 0, 0]].concat();
        assert_eq!(wire::payload_bytes(&delta).as_ref(), Ok(&bytes));
        assert_eq!(decoded(&bytes), Some(delta));
        let again = [&[2, 7, 1, 2][..], &named_a, &named_b, &[0, 8, 1, 1, 0, 1, 0, 6, 0, 0, 0]];
        assert_eq!(decoded::<OrSetDelta<u8>>(&again.concat()), None, "r1 is named again");
    }

    #[test]
    fn nothing_travels_in_two_ways() {
        let state = |entry: &[u8]| {
            let context = [1, 1, 0, 1, 1, 2]; // r1:1-2
            decoded::<OrSet<u8>>(&[&context, entry].concat())
        };
        assert!(state(&[1, 7, 4]).is_some() && state(&[1, 7, 8]).is_some());
        assert!(state(&[2, 7, 4, 8, 4]).is_some());
        assert!(state(&[1, 7, 1, 2, 1, 2, 1, 2, 0]).is_some(), "two dots for one element");
        for (forged, why) in [
            (&[1, 7, 1, 1, 1, 2, 0][..], "one dot as if it were several"),
            (&[1, 7, 3], "a head that is neither"),
            (&[1, 7, 0], "no step"),
            (&[1, 7, 6], "a dot below the first"),
            (&[1, 7, 12], "a dot that the context lacks"),
            (&[1, 7, 1, 1, 9, 2, 0], "a replica that was not named"),
            (&[1, 7, 1, 0, 0], "a key that holds nothing"),
            (&[1, 7, 1, 1, 1, 4, 1, 1, 1], "a dead dot in a state"),
            (&[1, 7, 1, 2, 1, 4, 1, 1, 0], "dots that descend"),
            (&[2, 7, 4, 7, 4], "a key twice"),
            (&[2, 7, 4, 8, 0], "a dot twice"),
        ] {
            assert!(state(forged).is_none(), "{why}");
        }
    }

    /// An element that travels as a causal type of its own.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct Boxed(u8);

    impl Serialize for Boxed {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut inner: OrSet<u8> = OrSet::new();
            let _ = inner.insert(B, self.0);
            inner.serialize(serializer)
        }
    }

    impl<'de> Deserialize<'de> for Boxed {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let inner = OrSet::<u8>::deserialize(deserializer)?;
            inner.iter().next().map(|&of| Self(of)).ok_or_else(|| de::Error::custom("none"))
        }
    }

    #[test]
    fn a_causal_type_within_a_causal_type_as_a_plain_value_does_not_disturb_it() {
        let mut set: OrSet<Boxed> = OrSet::new();
        let _ = [3, 1, 2].map(|element| set.insert(A, Boxed(element)));
        let bytes = wire::payload_bytes(&set).unwrap();
        assert_eq!(decoded(&bytes), Some(set));
    }

    #[test]
    fn order_is_that_of_dots_however_far_apart_they_lie() {
        let dots = [(B, 5), (A, 9), (A, 2), (B, 1 << 40), (A, 3)].map(|(r, n)| Dot::new(r, n));
        let entries = [&dots.map(Some)[..], &[None]].concat();
        let by_dot = |entries: &[Option<Dot>]| {
            let mut ordered = Vec::new();
            let each = |dot| {
                ordered.push(dot);
                Ok::<(), ()>(())
            };
            super::by_dot(entries.iter().copied(), |dot| *dot, each).map(|()| ordered)
        };
        let mut sorted = dots.map(Some).to_vec();
        sorted.push(None);
        sorted.sort_unstable();
        assert_eq!(by_dot(&entries), Ok(sorted));
        let twice = [4, 2, 4].map(|n| Some(Dot::new(A, n)));
        assert_eq!(by_dot(&twice).map(|ordered| ordered.len()), Ok(3));
    }
}
