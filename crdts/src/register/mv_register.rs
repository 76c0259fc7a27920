//! The multi-value register.

use std::fmt;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::causal::{
    Causal, CausalContext, Cursor, DotFun, DotStore, Dotted, DottedDelta, Element, causal_type,
};
use crate::{Changed, ReplicaId};

/// A register that keeps what was written concurrently, side by side, until somebody writes who has
/// seen it.
///
/// **Specification**: the values are those of the visible writes that no other visible write had
/// seen.
///
/// **Anomalies**: none; readers have to be ready for several values. **Delivery**: causal.
///
/// **Cost**: one dot and one value for each write that is concurrent with the others, so one nearly
/// always, and a context of one number for each replica incarnation that ever wrote. Writing and
/// merging are linear in the values that are there.
///
/// **Source**: DeCandia et al., "Dynamo", SOSP 2007, in which every reader gets all the versions;
/// Shapiro et al., INRIA RR-7506, 2011; as a delta type, Almeida, Shoker & Baquero, JPDC 2018.
///
/// ```
/// use rejoin_crdts::{Merge, MvRegister, ReplicaId};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let mut here: MvRegister<String> = MvRegister::new();
/// let mut there: MvRegister<String> = MvRegister::new();
/// let mine = here.set(a, "tea");
/// let theirs = there.set(b, "coffee"); // at the same time
/// here.merge(&theirs);
/// there.merge(&mine);
/// assert!(here.values().eq(["coffee", "tea"])); // both, and the reader decides
/// there.merge(&here.set(a, "coffee"));
/// assert!(there.values().eq(["coffee"]));
/// ```
///
/// It can be the value of an [`OrMap`](crate::OrMap), which a last-writer-wins register cannot: a
/// remove of the winner would have to uncover what it beat. To have the last writer win there, keep
/// the stamp with the value and read the greatest:
///
/// ```
/// use rejoin_crdts::{Hlc, MvRegister, OrMap, ReplicaId, Timestamp};
/// let me = ReplicaId::new(1, 0);
/// let mut clock = Hlc::new(me, 500);
/// let mut titles: OrMap<String, MvRegister<(Timestamp, String)>> = OrMap::new();
/// let stamped = (clock.tick(1_000)?, "Draft".to_owned());
/// let _ = titles.update(me, "page", |title| title.set(stamped));
/// let last = titles.get("page").and_then(|title| title.values().last());
/// assert_eq!(last.map(|(_, title)| title.as_str()), Some("Draft"));
/// # Ok::<(), rejoin_crdts::ClockError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: Element + Deserialize<'de>"))]
pub struct MvRegister<T: Element> {
    body: Dotted<DotFun<T>>,
}

/// A write of an [`MvRegister`], or several joined.
pub type MvDelta<T> = DottedDelta<DotFun<T>>;

causal_type!([T: Element] MvRegister<T>, DotFun<T>);

impl<T: Element> Default for MvRegister<T> {
    fn default() -> Self {
        Self { body: Dotted::default() }
    }
}

impl<T: Element> MvRegister<T> {
    /// A register that was never written.
    ///
    /// ```
    /// use rejoin_crdts::MvRegister;
    /// assert_eq!(MvRegister::<u8>::new().values().count(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes `value` in place of all that is seen here, and returns the delta.
    ///
    /// ```
    /// use rejoin_crdts::{Merge, MvRegister, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let (mut here, mut there) = (MvRegister::<String>::new(), MvRegister::new());
    /// let _ = here.set(me, "draft");
    /// there.merge(&here.set(me, "final"));
    /// assert!(there.values().eq(["final"]));
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn set(&mut self, me: ReplicaId, value: impl Into<T>) -> MvDelta<T> {
        self.body.edit(me, |cursor| MvRegisterEdit { cursor }.set(value)).0
    }

    /// The values, ascending, each once: none if it was never written, several after concurrent
    /// writes.
    ///
    /// ```
    /// use rejoin_crdts::{MvRegister, ReplicaId};
    /// let mut register = MvRegister::<u8>::new();
    /// let _ = register.set(ReplicaId::new(1, 0x5eed), 7u8);
    /// assert_eq!(register.values().collect::<Vec<_>>(), [&7]);
    /// ```
    pub fn values(&self) -> impl ExactSizeIterator<Item = &T> + DoubleEndedIterator + '_ {
        self.view().values()
    }

    /// The dots of everything this replica has seen: equal contexts, equal registers.
    ///
    /// ```
    /// use rejoin_crdts::{MvRegister, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut register = MvRegister::<u8>::new();
    /// let _ = (register.set(me, 7u8), register.set(me, 8u8));
    /// assert_eq!(register.context().len(), 2);
    /// ```
    #[must_use]
    pub fn context(&self) -> &CausalContext {
        self.body.context()
    }

    /// The values `before` and now, if they are not the same. Linear in them.
    ///
    /// ```
    /// use rejoin_crdts::{Merge, MvRegister, ReplicaId};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let (mut here, mut there) = (MvRegister::<u8>::new(), MvRegister::<u8>::new());
    /// let _ = here.set(a, 1);
    /// let before = here.clone();
    /// here.merge(&there.set(b, 2)); // at the same time
    /// let change = here.changes_since(&before).expect("there are two now");
    /// assert!(change.old.values().eq(&[1]) && change.new.values().eq(&[1, 2]));
    /// let before = here.clone();
    /// here.merge(&there.set(b, 2)); // again: no change
    /// assert!(here.changes_since(&before).is_none());
    /// ```
    #[must_use]
    pub fn changes_since<'a>(&'a self, before: &'a Self) -> Option<Changed<MvRegisterView<'a, T>>> {
        let (old, new) = (before.view(), self.view());
        (!Self::alike(old.store, new.store)).then_some(Changed { old, new })
    }

    fn view(&self) -> MvRegisterView<'_, T> {
        MvRegisterView { store: self.body.store() }
    }
}

/// Changes an [`MvRegister`] inside a map.
///
/// ```
/// use rejoin_crdts::{MvRegister, OrMap, ReplicaId};
/// let mut settings: OrMap<String, MvRegister<String>> = OrMap::new();
/// let _ = settings.update(ReplicaId::new(1, 0x5eed), "theme", |theme| theme.set("dark"));
/// assert!(settings.get("theme").is_some_and(|theme| theme.values().eq(["dark"])));
/// ```
#[derive(Debug)]
pub struct MvRegisterEdit<'a, T: Element> {
    cursor: Cursor<'a, DotFun<T>>,
}

impl<T: Element> MvRegisterEdit<'_, T> {
    /// Writes `value`, as [`MvRegister::set`] does.
    ///
    /// ```
    /// use rejoin_crdts::{MvRegister, OrMap, ReplicaId};
    /// let mut settings: OrMap<String, MvRegister<String>> = OrMap::new();
    /// let _ = settings.update(ReplicaId::new(1, 0x5eed), "theme", |theme| theme.set("dark"));
    /// assert!(settings.contains_key("theme"));
    /// ```
    pub fn set(&mut self, value: impl Into<T>) {
        self.cursor.replace(value.into());
    }

    /// The register at this point of the edit.
    ///
    /// ```
    /// use rejoin_crdts::{MvRegister, OrMap, ReplicaId};
    /// let mut settings: OrMap<String, MvRegister<String>> = OrMap::new();
    /// let _ = settings.update(ReplicaId::new(1, 0x5eed), "theme", |theme| {
    ///     theme.set("dark");
    ///     assert!(theme.view().values().eq(["dark"]));
    /// });
    /// ```
    #[must_use]
    pub fn view(&self) -> MvRegisterView<'_, T> {
        MvRegisterView { store: self.cursor.store }
    }
}

/// Reads an [`MvRegister`] inside a map.
///
/// ```
/// use rejoin_crdts::{MvRegister, OrMap, ReplicaId};
/// let mut settings: OrMap<String, MvRegister<String>> = OrMap::new();
/// let _ = settings.update(ReplicaId::new(1, 0x5eed), "theme", |theme| theme.set("dark"));
/// let theme = settings.get("theme").expect("it is there"); // a view, which borrows
/// assert!(theme.values().eq(["dark"]));
/// ```
pub struct MvRegisterView<'a, T: Element> {
    store: &'a DotFun<T>,
}

impl<'a, T: Element> MvRegisterView<'a, T> {
    /// The values, ascending, each once.
    ///
    /// ```
    /// use rejoin_crdts::{MvRegister, OrMap, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut settings: OrMap<String, MvRegister<u8>> = OrMap::new();
    /// let _ = settings.update(me, "volume", |volume| volume.set(3));
    /// assert_eq!(settings.get("volume").and_then(|volume| volume.values().next()), Some(&3));
    /// ```
    pub fn values(self) -> impl ExactSizeIterator<Item = &'a T> + DoubleEndedIterator + 'a {
        let mut values: SmallVec<[&T; 4]> = self.store.iter().map(|(_, value)| value).collect();
        values.sort_unstable();
        values.dedup();
        values.into_iter()
    }
}

impl<T: Element> Clone for MvRegisterView<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Element> Copy for MvRegisterView<'_, T> {}

impl<T: Element> Causal for MvRegister<T> {
    type Store = DotFun<T>;
    type Edit<'a> = MvRegisterEdit<'a, T>;
    type View<'a> = MvRegisterView<'a, T>;

    fn edit(cursor: Cursor<'_, Self::Store>) -> MvRegisterEdit<'_, T> {
        MvRegisterEdit { cursor }
    }

    fn view(store: &Self::Store) -> MvRegisterView<'_, T> {
        MvRegisterView { store }
    }

    fn beyond(
        store: &Self::Store,
        mine: &CausalContext,
        theirs: &CausalContext,
    ) -> <Self::Store as DotStore>::Delta {
        store.missing_from(mine, &Self::Store::default(), theirs)
    }

    fn alike(one: &Self::Store, other: &Self::Store) -> bool {
        MvRegisterView { store: one }.values().eq(MvRegisterView { store: other }.values())
    }
}

impl<T: Element> fmt::Debug for MvRegisterView<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values()).finish()
    }
}

/// `{r1:4: "tea"} of {r1:1-4, r2:1}`: each value with its dot, and all that was seen.
impl<T: Element> fmt::Debug for MvRegister<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.body, f)
    }
}
