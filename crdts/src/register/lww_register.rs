//! The last-writer-wins register.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Changed, Lattice, Merge, Replicated, Summarize, Timestamp};

/// A register in which the write with the greatest stamp wins.
///
/// **Specification**: the value is that of the visible write with the greatest stamp; stamps
/// order by wall time, counter, replica. A stamp exceeds that of every write its writer had seen,
/// which a [`Hlc`](crate::Hlc) ensures. Should two different values ever carry one stamp, the
/// greater value wins everywhere.
///
/// **Anomalies**: of concurrent writes all but one are lost; which one, the clocks decide. Where
/// that matters, keep all of them in a multi-value register or a set.
/// **Delivery**: any order.
///
/// **Cost**: one value and one stamp. Writing and merging are one comparison; a delta is a write.
///
/// **Source**: Johnson & Thomas, RFC 677, 1975; Shapiro et al., INRIA RR-7506, 2011.
///
/// It is no value of an [`OrMap`](crate::OrMap): a remove of the winner would have to uncover a
/// concurrent write that this register no longer has.
///
/// ```
/// use rejoin_crdts::{Hlc, LwwRegister, Merge, ReplicaId};
/// let mut clock = Hlc::new(ReplicaId::new(1, 0), 500);
/// let mut here = LwwRegister::new();
/// let mut there = LwwRegister::new();
/// let delta = here.set(clock.tick(1_000)?, "draft")?;
/// there.merge(&delta);
/// let _ = here.set(clock.tick(1_001)?, "final")?;
/// there.merge(&here);
/// assert_eq!(there.get(), Some(&"final"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LwwRegister<T> {
    latest: LwwDelta<T>,
}

/// A write of an [`LwwRegister`], or none.
///
/// ```
/// use rejoin_crdts::{LwwRegister, Merge, ReplicaId, Timestamp};
/// let me = ReplicaId::new(1, 0);
/// let (mut here, mut there) = (LwwRegister::<&str>::new(), LwwRegister::new());
/// let draft = here.set(Timestamp::new(1_000, 0, me), "draft")?;
/// there.merge(&here.set(Timestamp::new(1_001, 0, me), "final")?);
/// assert!(!there.merge(&draft)); // it comes late, and changes nothing
/// # Ok::<(), rejoin_crdts::StaleStamp>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LwwDelta<T> {
    write: Option<(Timestamp, T)>,
}

/// A write whose stamp does not exceed that of what it would replace. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stamp {stamp} does not exceed {current}, which is there already")]
pub struct StaleStamp {
    /// The stamp of the refused write.
    pub stamp: Timestamp,
    /// The stamp of what is there.
    pub current: Timestamp,
}

impl<T> LwwRegister<T> {
    /// A register that was never written.
    ///
    /// ```
    /// use rejoin_crdts::LwwRegister;
    /// assert_eq!(LwwRegister::<u8>::new().get(), None);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value, if one was ever written.
    ///
    /// ```
    /// use rejoin_crdts::{LwwRegister, ReplicaId, Timestamp};
    /// let mut title = LwwRegister::new();
    /// let _ = title.set(Timestamp::new(1_000, 0, ReplicaId::new(1, 0)), "Draft")?;
    /// assert_eq!(title.get(), Some(&"Draft"));
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.latest.write.as_ref().map(|(_, value)| value)
    }

    /// The stamp of the value.
    ///
    /// ```
    /// use rejoin_crdts::{LwwRegister, ReplicaId, Timestamp};
    /// let stamp = Timestamp::new(1_000, 0, ReplicaId::new(1, 0));
    /// let mut title = LwwRegister::<&str>::new();
    /// let _ = title.set(stamp, "Draft")?;
    /// assert_eq!(title.stamp(), Some(stamp));
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    #[must_use]
    pub fn stamp(&self) -> Option<Timestamp> {
        self.latest.write.as_ref().map(|(stamp, _)| *stamp)
    }
}

impl<T: PartialEq> LwwRegister<T> {
    /// The value `before` and now, if that is not the same. A stamp that grew is no change.
    ///
    /// ```
    /// use rejoin_crdts::{Changed, LwwRegister, Merge, ReplicaId, Timestamp};
    /// let at = |n| Timestamp::new(n, 0, ReplicaId::new(1, 0x5eed));
    /// let (mut here, mut there) = (LwwRegister::<u8>::new(), LwwRegister::<u8>::new());
    /// let before = here.clone();
    /// here.merge(&there.set(at(1), 7)?);
    /// assert_eq!(here.changes_since(&before), Some(Changed { old: None, new: Some(&7) }));
    /// let before = here.clone();
    /// here.merge(&there.set(at(2), 7)?);
    /// assert_eq!(here.changes_since(&before), None);
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    #[must_use]
    pub fn changes_since<'a>(&'a self, before: &'a Self) -> Option<Changed<Option<&'a T>>> {
        Changed::between(before.get(), self.get())
    }
}

impl<T: Ord + Clone> LwwRegister<T> {
    /// Writes `value` and returns the delta.
    ///
    /// # Errors
    ///
    /// [`StaleStamp`] unless `stamp` exceeds the stamp of the value that is there; nothing changes.
    ///
    /// ```
    /// use rejoin_crdts::{LwwRegister, ReplicaId, Timestamp};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut title: LwwRegister<String> = LwwRegister::new();
    /// let delta = title.set(Timestamp::new(1_000, 0, me), "Draft")?;
    /// assert!(title.set(Timestamp::new(999, 0, me), "Stale").is_err());
    /// assert_eq!(title.get().map(String::as_str), Some("Draft"));
    /// # let _ = delta;
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn set(
        &mut self,
        stamp: Timestamp,
        value: impl Into<T>,
    ) -> Result<LwwDelta<T>, StaleStamp> {
        match self.stamp() {
            Some(current) if stamp <= current => Err(StaleStamp { stamp, current }),
            _ => {
                self.latest = LwwDelta { write: Some((stamp, value.into())) };
                Ok(self.latest.clone())
            }
        }
    }
}

impl<T> Default for LwwRegister<T> {
    fn default() -> Self {
        Self { latest: LwwDelta::default() }
    }
}

impl<T> Default for LwwDelta<T> {
    fn default() -> Self {
        Self { write: None }
    }
}

impl<T: Ord + Clone> Merge for LwwDelta<T> {
    fn merge(&mut self, other: &Self) -> bool {
        let wins = other.write > self.write; // no write is less than any
        if wins {
            self.clone_from(other);
        }
        wins
    }
}

impl<T: Ord + Clone> Merge for LwwRegister<T> {
    fn merge(&mut self, other: &Self) -> bool {
        self.latest.merge(&other.latest)
    }
}

impl<T: Ord + Clone> Merge<LwwDelta<T>> for LwwRegister<T> {
    fn merge(&mut self, delta: &LwwDelta<T>) -> bool {
        self.latest.merge(delta)
    }
}

impl<T: Ord + Clone + fmt::Debug> Lattice for LwwDelta<T> {
    fn covers(&self, other: &Self) -> bool {
        self.write >= other.write
    }
}

impl<T: Ord + Clone + fmt::Debug> Lattice for LwwRegister<T> {
    fn covers(&self, other: &Self) -> bool {
        self.latest.covers(&other.latest)
    }
}

impl<T: Ord + Clone + fmt::Debug> Replicated for LwwRegister<T> {
    type Delta = LwwDelta<T>;

    fn missing_from(&self, other: &Self) -> Option<LwwDelta<T>> {
        other.news(&self.latest)
    }

    fn news(&self, delta: &LwwDelta<T>) -> Option<LwwDelta<T>> {
        (!self.latest.covers(delta)).then(|| delta.clone())
    }

    fn parts(&self) -> impl Iterator<Item = LwwDelta<T>> {
        self.latest.write.is_some().then(|| self.latest.clone()).into_iter()
    }
}

/// A stamp names one write, as long as clocks keep their promise: the summary is the stamp.
impl<T: Ord + Clone + fmt::Debug> Summarize for LwwRegister<T> {
    type Summary = Option<Timestamp>;

    fn summary(&self) -> Option<Timestamp> {
        self.stamp()
    }

    fn beyond(&self, theirs: &Option<Timestamp>) -> Option<LwwDelta<T>> {
        (self.stamp() > *theirs).then(|| self.latest.clone())
    }
}

/// `"final" (1001ms@r1)`, or `unset`.
impl<T: fmt::Debug> fmt::Debug for LwwRegister<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.latest, f)
    }
}

impl<T: fmt::Debug> fmt::Debug for LwwDelta<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.write {
            Some((stamp, value)) => write!(f, "{value:?} ({stamp})"),
            None => f.write_str("unset"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReplicaId;

    #[test]
    fn a_stale_stamp_is_refused_and_nothing_changes() {
        let stamp = Timestamp::new(5, 0, ReplicaId::new(1, 0));
        let mut register = LwwRegister::<String>::new();
        let _ = register.set(stamp, "a").unwrap();
        let before = register.clone();
        assert_eq!(register.set(stamp, "b"), Err(StaleStamp { stamp, current: stamp }));
        assert_eq!(register, before);
    }

    #[test]
    fn of_different_values_with_equal_stamps_the_greater_wins() {
        let stamp = Timestamp::new(5, 0, ReplicaId::new(1, 0));
        let (mut left, mut right) = (LwwRegister::<String>::new(), LwwRegister::<String>::new());
        let a = left.set(stamp, "a").unwrap();
        let b = right.set(stamp, "b").unwrap();
        left.merge(&b);
        right.merge(&a);
        assert_eq!(left, right);
        assert_eq!(left.get().map(String::as_str), Some("b"));
    }
}
