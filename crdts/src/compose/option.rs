//! What may not be there yet: a lattice with a new bottom, `None`.

use serde::{Deserialize, Serialize};

use crate::{Lattice, Merge, Replicated, Summarize};

/// What happened to an `Option`: nothing, or a change to what is there from then on.
///
/// `None` is below everything, an empty value included, so an `Option` tells a value that nobody
/// has made yet from one that is empty, and gives a bottom to a lattice that has none. It never
/// goes back: a `None` that is merged changes nothing, and setting one to `None` is undone by the
/// next merge. For what can be taken away use an [`OrMap`](crate::OrMap) or a flag.
///
/// ```
/// use rejoin_crdts::{GSet, GSetDelta, Merge, OptionDelta};
/// let mut answers: Option<GSet<String>> = None; // nobody has asked
/// let mut peer = answers.clone();
/// assert!(peer.merge(&OptionDelta(Some(GSetDelta::default())))); // asked, and no answer yet
/// assert_eq!(peer, Some(GSet::new()));
///
/// let delta = OptionDelta(Some(answers.get_or_insert_default().insert("yes")));
/// peer.merge(&delta);
/// assert_eq!(peer, answers);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OptionDelta<D>(pub Option<D>);

impl<L: Merge + Clone> Merge for Option<L> {
    fn merge(&mut self, other: &Self) -> bool {
        match (&mut *self, other) {
            (_, None) => false,
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (None, Some(_)) => {
                self.clone_from(other);
                true
            }
        }
    }
}

impl<L: Lattice> Lattice for Option<L> {
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (_, None) => true,
            (Some(mine), Some(theirs)) => mine.covers(theirs),
            (None, Some(_)) => false,
        }
    }
}

impl<L: Merge<D> + Default, D> Merge<OptionDelta<D>> for Option<L> {
    fn merge(&mut self, delta: &OptionDelta<D>) -> bool {
        let Some(change) = &delta.0 else { return false };
        let is_new = self.is_none();
        self.get_or_insert_default().merge(change) | is_new
    }
}

impl<D: Merge + Clone> Merge for OptionDelta<D> {
    fn merge(&mut self, other: &Self) -> bool {
        self.0.merge(&other.0)
    }
}

impl<D: Lattice> Lattice for OptionDelta<D> {
    fn covers(&self, other: &Self) -> bool {
        self.0.covers(&other.0)
    }
}

impl<L: Replicated + Default> Replicated for Option<L> {
    type Delta = OptionDelta<L::Delta>;

    fn missing_from(&self, other: &Self) -> Option<Self::Delta> {
        let mine = self.as_ref()?;
        let change = match other {
            Some(theirs) => mine.missing_from(theirs)?,
            None => mine.missing_from(&L::default()).unwrap_or_default(),
        };
        Some(OptionDelta(Some(change)))
    }

    fn news(&self, delta: &Self::Delta) -> Option<Self::Delta> {
        let change = delta.0.as_ref()?;
        let change = match self {
            Some(mine) => mine.news(change)?,
            None => change.clone(),
        };
        Some(OptionDelta(Some(change)))
    }

    /// Those of the value; of an empty one, that it is there.
    fn parts(&self) -> impl Iterator<Item = Self::Delta> {
        self.iter().flat_map(|value| {
            let mut parts = value.parts().peekable();
            let empty = parts.peek().is_none().then(L::Delta::default);
            parts.chain(empty).map(|part| OptionDelta(Some(part)))
        })
    }
}

impl<L: Summarize + Default> Summarize for Option<L> {
    type Summary = Option<L::Summary>;

    fn summary(&self) -> Self::Summary {
        self.as_ref().map(L::summary)
    }

    fn beyond(&self, theirs: &Self::Summary) -> Option<Self::Delta> {
        let mine = self.as_ref()?;
        match theirs {
            Some(theirs) => Some(OptionDelta(Some(mine.beyond(theirs)?))),
            None => self.missing_from(&None),
        }
    }
}
