//! Sets of operations: all that happened up to some time, but for a few.

use std::fmt;

/// A set of operations of one [`History`](crate::History), by their index.
///
/// Equal sets compare equal whatever was inserted and removed on the way.
///
/// **Complexity**: of 64 neighbouring operations that are all in the set nothing is stored. So what
/// it takes to copy, unite and compare sets depends on how many such neighbourhoods have gaps, and
/// not on how much happened before; the methods say where it is otherwise.
///
/// ```
/// use rejoin_crdts::OpSet;
/// let seen: OpSet = [4, 0].into_iter().collect();
/// assert_eq!(format!("{seen:?}"), "{0, 4}");
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpSet {
    /// The first word, in its place: a small set needs no more.
    first: u64,
    /// How many words there are after it. The last of them is not zero.
    more: usize,
    /// Those of them that are not full, by number.
    partial: Vec<(usize, u64)>,
}

const FULL: u64 = u64::MAX;

fn bits(word: u64) -> impl Iterator<Item = usize> {
    let rest = |word: u64| (word != 0).then_some(word);
    std::iter::successors(rest(word), move |&word| rest(word & (word - 1)))
        .map(|word| word.trailing_zeros() as usize)
}

impl OpSet {
    /// The empty set.
    ///
    /// ```
    /// use rejoin_crdts::OpSet;
    /// assert!(OpSet::new().is_subset(&OpSet::first(0)));
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The operations `0..len`.
    ///
    /// ```
    /// use rejoin_crdts::OpSet;
    /// assert_eq!(OpSet::first(3), [0, 1, 2].into_iter().collect());
    /// ```
    #[must_use]
    pub fn first(len: usize) -> Self {
        let below = |bits: usize| FULL.checked_shr(64 - bits as u32).unwrap_or(0);
        if len <= 64 {
            return Self { first: below(len), ..Self::default() };
        }
        let (more, rest) = ((len - 1) / 64, len % 64);
        let partial = if rest > 0 { vec![(more, below(rest))] } else { Vec::new() };
        Self { first: FULL, more, partial }
    }

    /// The set of these words, which are not zero and in order.
    fn of_words(words: impl Iterator<Item = (usize, u64)>) -> Self {
        let mut set = Self::new();
        for (at, word) in words {
            if at == 0 {
                set.first = word;
                continue;
            }
            set.partial.extend((set.more + 1..at).map(|gap| (gap, 0)));
            set.more = at;
            if word != FULL {
                set.partial.push((at, word));
            }
        }
        set
    }

    fn find(&self, at: usize) -> Result<usize, usize> {
        self.partial.binary_search_by_key(&at, |(at, _)| *at)
    }

    fn word(&self, at: usize) -> u64 {
        match at {
            0 => self.first,
            _ if at > self.more => 0,
            _ => self.find(at).map_or(FULL, |place| self.partial[place].1),
        }
    }

    /// Adds an operation; true iff it was not there.
    ///
    /// **Complexity**: besides, the number of words between the last one and it.
    ///
    /// ```
    /// use rejoin_crdts::OpSet;
    /// let mut set = OpSet::new();
    /// assert!(set.insert(70));
    /// assert!(!set.insert(70)); // it is there already
    /// ```
    pub fn insert(&mut self, index: usize) -> bool {
        let (at, bit) = (index / 64, 1 << (index % 64));
        if at == 0 {
            let fresh = self.first & bit == 0;
            self.first |= bit;
            return fresh;
        }
        if at > self.more {
            self.partial.extend((self.more + 1..=at).map(|gap| (gap, 0)));
            self.more = at;
        }
        let Ok(place) = self.find(at) else { return false };
        let word = &mut self.partial[place].1;
        let fresh = *word & bit == 0;
        *word |= bit;
        if *word == FULL {
            self.partial.remove(place);
        }
        fresh
    }

    /// Takes an operation away; true iff it was there.
    ///
    /// ```
    /// use rejoin_crdts::OpSet;
    /// let mut set = OpSet::first(1);
    /// assert!(set.remove(0));
    /// assert_eq!(set, OpSet::new());
    /// ```
    pub fn remove(&mut self, index: usize) -> bool {
        let (at, bit) = (index / 64, 1 << (index % 64));
        let word = self.word(at);
        if word & bit == 0 {
            return false;
        }
        let word = word & !bit;
        match self.find(at) {
            _ if at == 0 => self.first = word,
            Ok(place) => self.partial[place].1 = word,
            Err(place) => self.partial.insert(place, (at, word)),
        }
        while self.more > 0 && self.partial.last() == Some(&(self.more, 0)) {
            self.partial.pop();
            self.more -= 1;
        }
        true
    }

    /// Whether an operation is in the set.
    ///
    /// ```
    /// use rejoin_crdts::OpSet;
    /// let set = OpSet::first(2);
    /// assert!(set.contains(1) && !set.contains(2));
    /// ```
    #[must_use]
    pub fn contains(&self, index: usize) -> bool {
        self.word(index / 64) >> (index % 64) & 1 == 1
    }

    /// Adds all of `other`.
    ///
    /// ```
    /// use rejoin_crdts::OpSet;
    /// let mut set = OpSet::first(2);
    /// set.union_with(&[1, 5].into_iter().collect());
    /// assert_eq!(set, [0, 1, 5].into_iter().collect());
    /// ```
    pub fn union_with(&mut self, other: &Self) {
        self.first |= other.first;
        let mut theirs = other.partial.iter().peekable();
        self.partial.retain_mut(|(at, word)| {
            while theirs.next_if(|(their, _)| their < at).is_some() {}
            *word |= match theirs.peek() {
                Some((their, word)) if their == at => *word,
                _ if *at > other.more => 0,
                _ => FULL,
            };
            *word != FULL
        });
        let beyond = other.partial.partition_point(|(at, _)| *at <= self.more);
        self.partial.extend_from_slice(&other.partial[beyond..]);
        self.more = self.more.max(other.more);
    }

    /// Takes all of `other` away.
    ///
    /// **Complexity**: besides, the number of words before the last that is left.
    ///
    /// ```
    /// use rejoin_crdts::OpSet;
    /// let mut set = OpSet::first(3);
    /// set.subtract(&[1, 5].into_iter().collect());
    /// assert_eq!(set, [0, 2].into_iter().collect());
    /// ```
    pub fn subtract(&mut self, other: &Self) {
        *self = Self::of_words(self.beyond(other));
    }

    /// The operations that are here and not in `other`, ascending.
    ///
    /// ```
    /// use rejoin_crdts::OpSet;
    /// let old = OpSet::first(1000);
    /// let mut new = OpSet::first(1001);
    /// new.insert(1003);
    /// assert!(new.difference(&old).eq([1000, 1003]));
    /// ```
    pub fn difference<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = usize> + 's {
        self.beyond(other).flat_map(|(at, word)| bits(word).map(move |bit| at * 64 + bit))
    }

    /// The words of the difference that are not zero: there, `other` is not full.
    fn beyond<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = (usize, u64)> + 's {
        let partial = other.partial.iter().copied().take_while(|(at, _)| *at <= self.more);
        let beyond = (other.more + 1..=self.more).map(|at| (at, 0));
        [(0, other.first)]
            .into_iter()
            .chain(partial)
            .chain(beyond)
            .map(|(at, theirs)| (at, self.word(at) & !theirs))
            .filter(|(_, word)| *word != 0)
    }

    /// Whether everything here is in `other` too.
    ///
    /// ```
    /// use rejoin_crdts::OpSet;
    /// assert!(OpSet::first(1).is_subset(&OpSet::first(2)));
    /// assert!(!OpSet::first(2).is_subset(&OpSet::first(1)));
    /// ```
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        if self.first & !other.first != 0 || self.more > other.more {
            return false;
        }
        let mut mine = self.partial.iter().peekable();
        other.partial.iter().take_while(|(at, _)| *at <= self.more).all(|(at, theirs)| {
            while mine.next_if(|(my, _)| my < at).is_some() {}
            match mine.peek() {
                Some((my, word)) if my == at => word & !theirs == 0,
                _ => false, // a full word in one that is not
            }
        })
    }

    /// How many operations are in the set.
    ///
    /// ```
    /// use rejoin_crdts::OpSet;
    /// let set: OpSet = [0, 70].into_iter().collect();
    /// assert_eq!(set.len(), 2);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        let gaps: u32 = self.partial.iter().map(|(_, word)| word.count_zeros()).sum();
        self.first.count_ones() as usize + self.more * 64 - gaps as usize
    }

    /// Whether there is none.
    ///
    /// ```
    /// use rejoin_crdts::OpSet;
    /// assert!(OpSet::new().is_empty());
    /// assert!(!OpSet::first(1).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first == 0 && self.more == 0
    }

    /// The greatest index.
    ///
    /// ```
    /// use rejoin_crdts::OpSet;
    /// assert_eq!(OpSet::first(70).last(), Some(69));
    /// assert_eq!(OpSet::new().last(), None);
    /// ```
    #[must_use]
    pub fn last(&self) -> Option<usize> {
        let word = self.word(self.more);
        (word != 0).then(|| self.more * 64 + 63 - word.leading_zeros() as usize)
    }

    /// The indices, ascending.
    ///
    /// ```
    /// use rejoin_crdts::OpSet;
    /// let set: OpSet = [70, 3].into_iter().collect();
    /// assert!(set.iter().eq([3, 70]));
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let mut partial = self.partial.iter().peekable();
        let later = (1..=self.more).map(move |at| {
            (at, partial.next_if(|(partial, _)| *partial == at).map_or(FULL, |(_, word)| *word))
        });
        let words = [(0, self.first)].into_iter().chain(later);
        words.flat_map(|(at, word)| bits(word).map(move |bit| at * 64 + bit))
    }
}

impl FromIterator<usize> for OpSet {
    fn from_iter<I: IntoIterator<Item = usize>>(indices: I) -> Self {
        let mut set = Self::new();
        for index in indices {
            set.insert(index);
        }
        set
    }
}

impl fmt::Debug for OpSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

    use super::*;

    fn random(seed: u64) -> impl FnMut(u64) -> u64 {
        let mut state = seed;
        move |bound| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed | 1);
            (state >> 33) % bound
        }
    }

    /// Full for the most part, or empty, with some changes, and the same as a plain set.
    fn drawn(draw: &mut impl FnMut(u64) -> u64) -> (OpSet, BTreeSet<usize>) {
        let full = if draw(4) == 0 { 0 } else { draw(400) as usize };
        let (mut set, mut plain) = (OpSet::first(full), (0..full).collect::<BTreeSet<_>>());
        for _ in 0..draw(30) {
            let index = draw(420) as usize;
            if draw(3) == 0 {
                assert_eq!(set.insert(index), plain.insert(index));
            } else {
                assert_eq!(set.remove(index), plain.remove(&index));
            }
        }
        (set, plain)
    }

    #[test]
    fn it_is_a_set() {
        for seed in 0..3000 {
            let mut draw = random(seed);
            let ((left, left_plain), (right, right_plain)) = (drawn(&mut draw), drawn(&mut draw));
            assert!(left.iter().eq(left_plain.iter().copied()));
            assert_eq!(left.len(), left_plain.len());
            assert_eq!(left.last(), left_plain.last().copied());
            assert_eq!(left.is_empty(), left_plain.is_empty());
            assert!((0..500).all(|at| left.contains(at) == left_plain.contains(&at)));
            assert_eq!(left.is_subset(&right), left_plain.is_subset(&right_plain));
            assert!(left.difference(&right).eq(left_plain.difference(&right_plain).copied()));
            let mut both = left.clone();
            both.union_with(&right);
            assert!(both.iter().eq(left_plain.union(&right_plain).copied()));
            assert!(left.is_subset(&both) && right.is_subset(&both));
            let mut rest = both.clone();
            rest.subtract(&right);
            assert!(rest.iter().eq(left_plain.difference(&right_plain).copied()));
            rest.union_with(&right);
            assert_eq!(rest, both);
        }
    }

    #[test]
    fn equal_sets_are_represented_equally() {
        let hash = BuildHasherDefault::<DefaultHasher>::default();
        for seed in 0..2000 {
            let mut draw = random(seed);
            let (set, plain) = drawn(&mut draw);
            let mut indices: Vec<usize> = plain.into_iter().collect();
            for at in (1..indices.len()).rev() {
                indices.swap(at, draw(at as u64 + 1) as usize);
            }
            let again: OpSet = indices.into_iter().collect();
            assert_eq!(again, set);
            assert_eq!(again.cmp(&set), std::cmp::Ordering::Equal);
            assert_eq!(hash.hash_one(&again), hash.hash_one(&set));
        }
    }

    #[test]
    fn of_what_all_have_seen_nothing_is_stored() {
        let mut set: OpSet = (0..100_000).collect();
        assert_eq!(set.partial.len(), 1);
        set.remove(7);
        set.remove(777);
        assert_eq!(set.partial.len(), 2);
        let mut other = OpSet::first(200_000);
        other.union_with(&set);
        assert_eq!(other.partial.len(), 0);
        assert_eq!(other, OpSet::first(200_000));
    }
}
