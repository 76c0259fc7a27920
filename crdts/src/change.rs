//! What a merge changed: the difference between a value before and after, in words of the type.
//!
//! Clones are O(1), so nothing has to be registered before a merge: keep a clone, merge, and ask
//! for the changes since. Two states that have a clone in common share structure, and their
//! difference costs what differs. It is a difference of *values*: a dot that was renewed, a stamp
//! that grew or a delta that came twice is no change.

/// A value that is not what it was.
///
/// What [`changes_since`](crate::LwwRegister::changes_since) returns for types of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Changed<V> {
    /// What it was.
    pub old: V,
    /// What it is.
    pub new: V,
}

impl<V: PartialEq> Changed<V> {
    /// From `old` to `new`, unless they are equal.
    pub(crate) fn between(old: V, new: V) -> Option<Self> {
        (old != new).then_some(Self { old, new })
    }
}

/// An element that came or went: what [`changes_since`](crate::OrSet::changes_since) of a set
/// yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetChange<T> {
    /// It was not in, and is.
    Added(T),
    /// It was in, and is not.
    Removed(T),
}

impl<T> SetChange<T> {
    /// The change of an element that `was` in, and `is`.
    pub(crate) fn of(element: T, was: bool, is: bool) -> Option<Self> {
        match (was, is) {
            (false, true) => Some(Self::Added(element)),
            (true, false) => Some(Self::Removed(element)),
            _ => None,
        }
    }
}

/// An element that was deleted or inserted: what
/// [`changes_since`](crate::Sequence::changes_since) of a sequence yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SequenceChange<T> {
    /// Delete the element at this index, which is this one.
    Removed(usize, T),
    /// Insert this element at this index.
    Inserted(usize, T),
}

/// A key that came or went, or whose value changed: what
/// [`changes_since`](crate::OrMap::changes_since) of a map yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapChange<K, V> {
    /// The key was not there. It now is, with this value.
    Added(K, V),
    /// The key was there, with this value. It is no more.
    Removed(K, V),
    /// The key was there and is, with another value.
    Updated(K, Changed<V>),
}

impl<K, V> MapChange<K, V> {
    /// The change of a key from one value, or none, to another, where two values are not `alike`.
    pub(crate) fn of(
        key: K,
        old: Option<V>,
        new: Option<V>,
        alike: impl FnOnce(&V, &V) -> bool,
    ) -> Option<Self> {
        match (old, new) {
            (None, Some(new)) => Some(Self::Added(key, new)),
            (Some(old), None) => Some(Self::Removed(key, old)),
            (Some(old), Some(new)) if !alike(&old, &new) => {
                Some(Self::Updated(key, Changed { old, new }))
            }
            _ => None,
        }
    }

    /// What came, went or changed.
    pub(crate) fn key(&self) -> &K {
        match self {
            Self::Added(key, _) | Self::Removed(key, _) | Self::Updated(key, _) => key,
        }
    }

    /// The value before, and the one after.
    pub(crate) fn values(&self) -> (Option<V>, Option<V>)
    where
        V: Copy,
    {
        match *self {
            Self::Added(_, new) => (None, Some(new)),
            Self::Removed(_, old) => (Some(old), None),
            Self::Updated(_, Changed { old, new }) => (Some(old), Some(new)),
        }
    }

    /// The same of another key.
    pub(crate) fn at<L>(self, other: impl FnOnce(K) -> L) -> MapChange<L, V> {
        match self {
            Self::Added(key, new) => MapChange::Added(other(key), new),
            Self::Removed(key, old) => MapChange::Removed(other(key), old),
            Self::Updated(key, change) => MapChange::Updated(other(key), change),
        }
    }

    pub(crate) fn map<W>(self, read: impl Fn(V) -> W) -> MapChange<K, W> {
        match self {
            Self::Added(key, new) => MapChange::Added(key, read(new)),
            Self::Removed(key, old) => MapChange::Removed(key, read(old)),
            Self::Updated(key, Changed { old, new }) => {
                MapChange::Updated(key, Changed { old: read(old), new: read(new) })
            }
        }
    }
}
