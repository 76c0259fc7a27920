//! What is different in a sequence.

use super::store::Store;
use super::tree::Difference;
use super::{Sequence, SequenceView};
use crate::SequenceChange;
use crate::causal::Element;

/// What is read in one sequence and not in the other, with the indices there, ascending.
struct Differences<'a, T> {
    removed: Vec<(usize, &'a T)>,
    inserted: Vec<(usize, &'a T)>,
}

impl<T: Element> Store<T> {
    fn differences<'a>(&'a self, before: &'a Self) -> Differences<'a, T> {
        let (mut removed, mut inserted) = (Vec::new(), Vec::new());
        for difference in before.tree.diff(&self.tree) {
            let dot = match difference {
                Difference::Mine(node) | Difference::Theirs(node) => node.dot,
                Difference::Both(old, new) if old.origin == new.origin => new.dot,
                Difference::Both(..) => {
                    // Forged: two elements of one name, so that others too may be elsewhere.
                    removed = before.iter(0).enumerate().collect();
                    inserted = self.iter(0).enumerate().collect();
                    break;
                }
            };
            removed.extend(before.tree.read(dot));
            inserted.extend(self.tree.read(dot));
        }
        removed.sort_unstable_by_key(|(index, _)| *index);
        inserted.sort_unstable_by_key(|(index, _)| *index);
        Differences { removed, inserted }
    }

    /// The differences, or none if both read the same: which is seen from the first to the last,
    /// since what is outside of them is shared.
    fn changes<'a>(&'a self, before: &'a Self) -> Differences<'a, T> {
        let differences = self.differences(before);
        let Differences { removed, inserted } = &differences;
        let places = || removed.iter().chain(inserted).map(|(index, _)| *index);
        if let (Some(first), Some(last)) = (places().min(), places().max())
            && removed.len() == inserted.len()
            && self.iter(first).take(1 + last - first).eq(before.iter(first).take(1 + last - first))
        {
            return Differences { removed: Vec::new(), inserted: Vec::new() };
        }
        differences
    }

    pub(super) fn alike(&self, other: &Self) -> bool {
        let Differences { removed, inserted } = self.changes(other);
        removed.is_empty() && inserted.is_empty()
    }
}

impl<T: Element> Sequence<T> {
    /// The deletions and insertions that lead from `before` to this, if done one after the other:
    /// first the deletions, from the end on, and then the insertions, from the beginning on. None if
    /// both read the same; otherwise an element is the same iff it was inserted once.
    ///
    /// Where `before` is a clone of what this was, each change costs the logarithm of the size, and
    /// besides there is a comparison of what lies between them if there are as many deletions as
    /// insertions. It may be any other sequence.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, ReplicaId, Sequence, SequenceChange::*};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut text: Sequence<char> = Sequence::new();
    /// let _ = text.insert_all(me, 0, "bread".chars())?;
    /// let before = text.clone();
    /// let _ = text.remove_range(me, 3..)?;
    /// let _ = text.insert_all(me, 0, "a ".chars())?;
    /// assert_eq!(text.to_string(), "a bre");
    /// let changes = text.changes_since(&before);
    /// assert!(changes.eq([Removed(4, &'d'), Removed(3, &'a'), Inserted(0, &'a'), Inserted(1, &' ')]));
    /// # Ok::<(), IndexError>(())
    /// ```
    pub fn changes_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = SequenceChange<&'a T>> + 'a {
        self.view().changes_since(before.view())
    }
}

impl<'a, T: Element> SequenceView<'a, T> {
    /// The deletions and insertions since, as [`Sequence::changes_since`].
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, Sequence, SequenceChange};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut notes: OrMap<String, Sequence<char>> = OrMap::new();
    /// let _ = notes.try_update(me, "shopping", |text| text.insert_all(0, "mik".chars()))?;
    /// let before = notes.clone();
    /// let _ = notes.try_update(me, "shopping", |text| text.insert(2, 'l'))?;
    /// let (old, new) = (before.get("shopping").unwrap(), notes.get("shopping").unwrap());
    /// assert!(new.changes_since(old).eq([SequenceChange::Inserted(2, &'l')]));
    /// # Ok::<(), rejoin_crdts::IndexError>(())
    /// ```
    pub fn changes_since(self, before: Self) -> impl Iterator<Item = SequenceChange<&'a T>> + 'a {
        let Differences { removed, inserted } = self.store.changes(before.store);
        let removed = removed.into_iter().rev();
        removed.map(|(index, element)| SequenceChange::Removed(index, element)).chain(
            inserted.into_iter().map(|(index, element)| SequenceChange::Inserted(index, element)),
        )
    }
}
