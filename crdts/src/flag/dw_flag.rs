//! The disable-wins flag.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::causal::{
    Causal, CausalContext, Cursor, DotFun, DotStore, Dotted, DottedDelta, causal_type,
};
use crate::{Changed, ReplicaId};

/// A flag that is off at first, and in which a concurrent disable wins.
///
/// **Specification**: it is on iff an enable is visible and every visible disable had been seen by a visible
/// enable.
///
/// **Anomalies**: none beyond what disable-wins means: a flag that one replica turns on while another turns it off
/// stays off. **Delivery**: causal.
///
/// **Cost**: one dot once it was ever turned on or off (more while concurrent changes are unresolved): a
/// disable has to be remembered, since it wins over enables that are still to come, until it is
/// [stable](Self::stabilise); and a context of
/// one number for each replica incarnation that ever wrote.
///
/// **Source**: the counterpart of the enable-wins flag of Almeida, Shoker & Baquero, JPDC 2018.
///
/// ```
/// use rejoin_crdts::{DwFlag, Merge, ReplicaId};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let (mut here, mut there) = (DwFlag::new(), DwFlag::new());
/// there.merge(&here.enable(a));
/// let off = here.disable(a);
/// let on = there.enable(b); // at the same time
/// here.merge(&on);
/// there.merge(&off);
/// assert!(!here.is_enabled() && here == there);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DwFlag {
    body: Dotted<DotFun<bool>>,
}

/// A change to a [`DwFlag`], or several joined.
pub type DwFlagDelta = DottedDelta<DotFun<bool>>;

causal_type!([] DwFlag, DotFun<bool>);

impl DwFlag {
    /// A flag that is off.
    ///
    /// ```
    /// assert!(!rejoin_crdts::DwFlag::new().is_enabled());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Turns it on and returns the delta. Turning on what is on renews it.
    ///
    /// ```
    /// use rejoin_crdts::{DwFlag, Merge, ReplicaId};
    /// let (mut here, mut there) = (DwFlag::new(), DwFlag::new());
    /// there.merge(&here.enable(ReplicaId::new(1, 0x5eed)));
    /// assert!(there.is_enabled());
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn enable(&mut self, me: ReplicaId) -> DwFlagDelta {
        self.body.edit(me, |cursor| DwFlagEdit { cursor }.enable()).0
    }

    /// Turns it off and returns the delta. Turning off what is off renews it: enables
    /// that had not seen this lose.
    ///
    /// ```
    /// use rejoin_crdts::{DwFlag, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut flag = DwFlag::new();
    /// let _ = flag.enable(me);
    /// let delta = flag.disable(me);
    /// assert!(!flag.is_enabled());
    /// # let _ = delta;
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn disable(&mut self, me: ReplicaId) -> DwFlagDelta {
        self.body.edit(me, |cursor| DwFlagEdit { cursor }.disable()).0
    }

    /// Forgets disables in `cut` if there is no enable, and returns the delta; it stays off.
    ///
    /// `cut` must be causally stable: every operation that is still to come here had seen all of
    /// it. [`MatrixClock::stable`](crate::MatrixClock::stable) says what is. The delta travels like
    /// any other. Inside a map, where a key is present as long as something is remembered, one disable
    /// is kept.
    ///
    /// ```
    /// use rejoin_crdts::{DwFlag, MatrixClock, ReplicaId};
    /// let me = ReplicaId::new(1, 0);
    /// let mut flag = DwFlag::new();
    /// let _ = (flag.enable(me), flag.disable(me));
    /// assert_eq!(format!("{flag:?}"), "off by {r1:2: false} of {r1:1-2}");
    /// let mut seen = MatrixClock::new();
    /// seen.record(me, flag.context());
    /// let _ = flag.stabilise(me, &seen.stable([me])); // nobody else writes
    /// assert_eq!(format!("{flag:?}"), "off by {} of {r1:1-3}");
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn stabilise(&mut self, me: ReplicaId, cut: &CausalContext) -> DwFlagDelta {
        self.body.edit(me, |cursor| Self::forget(cursor, cut, false)).0
    }

    /// An enable that is still to come has seen a stable disable, and wins over it.
    ///
    /// `spare` the greatest dot: of two replicas that do so at once, one has the greatest of all and
    /// neither takes it away.
    fn forget(mut cursor: Cursor<'_, DotFun<bool>>, cut: &CausalContext, spare: bool) {
        if cursor.store.iter().all(|(_, on)| !on) {
            let stable = cursor.store.iter().map(|(dot, _)| dot).filter(|&dot| cut.contains(dot));
            let spared = stable.max().filter(|_| spare);
            cursor.remove_where(|dot, _| cut.contains(dot) && Some(dot) != spared);
        }
    }

    /// Whether it is on.
    ///
    /// ```
    /// use rejoin_crdts::{DwFlag, ReplicaId};
    /// let mut flag = DwFlag::new();
    /// let _ = flag.enable(ReplicaId::new(1, 0x5eed));
    /// assert!(flag.is_enabled());
    /// ```
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.view().is_enabled()
    }

    /// The dots of everything this replica has seen: equal contexts, equal flags.
    ///
    /// ```
    /// use rejoin_crdts::{DwFlag, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut flag = DwFlag::new();
    /// let _ = (flag.enable(me), flag.disable(me));
    /// assert_eq!(flag.context().len(), 2);
    /// ```
    #[must_use]
    pub fn context(&self) -> &CausalContext {
        self.body.context()
    }

    /// What it was `before` and is now, if that is not the same. Linear in the dots that it has.
    ///
    /// ```
    /// use rejoin_crdts::{Changed, DwFlag, Merge, ReplicaId};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let (mut here, mut there) = (DwFlag::new(), DwFlag::new());
    /// let before = here.clone();
    /// here.merge(&there.enable(b));
    /// assert_eq!(here.changes_since(&before), Some(Changed { old: false, new: true }));
    /// let before = here.clone();
    /// let _ = here.enable(a); // it is on: no change
    /// assert_eq!(here.changes_since(&before), None);
    /// ```
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Option<Changed<bool>> {
        Changed::between(before.is_enabled(), self.is_enabled())
    }

    fn view(&self) -> DwFlagView<'_> {
        DwFlagView { store: self.body.store() }
    }
}

/// Changes a [`DwFlag`] inside a map.
///
/// ```
/// use rejoin_crdts::{DwFlag, OrMap, ReplicaId};
/// let mut done: OrMap<String, DwFlag> = OrMap::new();
/// let _ = done.update(ReplicaId::new(1, 0x5eed), "dishes", |flag| flag.enable());
/// assert!(done.get("dishes").is_some_and(|flag| flag.is_enabled()));
/// ```
#[derive(Debug)]
pub struct DwFlagEdit<'a> {
    cursor: Cursor<'a, DotFun<bool>>,
}

impl DwFlagEdit<'_> {
    /// Turns it on, as [`DwFlag::enable`] does.
    ///
    /// ```
    /// use rejoin_crdts::{DwFlag, OrMap, ReplicaId};
    /// let mut done: OrMap<String, DwFlag> = OrMap::new();
    /// let _ = done.update(ReplicaId::new(1, 0x5eed), "dishes", |flag| flag.enable());
    /// assert!(done.contains_key("dishes"));
    /// ```
    pub fn enable(&mut self) {
        self.cursor.replace(true);
    }

    /// Turns it off, as [`DwFlag::disable`] does.
    ///
    /// ```
    /// use rejoin_crdts::{DwFlag, OrMap, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut done: OrMap<String, DwFlag> = OrMap::new();
    /// let _ = done.update(me, "dishes", |flag| flag.enable());
    /// let _ = done.update(me, "dishes", |flag| flag.disable());
    /// assert!(done.contains_key("dishes")); // that it is off is remembered until the key is removed
    /// ```
    pub fn disable(&mut self) {
        self.cursor.replace(false);
    }

    /// The flag at this point of the edit.
    ///
    /// ```
    /// use rejoin_crdts::{DwFlag, OrMap, ReplicaId};
    /// let mut done: OrMap<String, DwFlag> = OrMap::new();
    /// let _ = done.update(ReplicaId::new(1, 0x5eed), "dishes", |flag| {
    ///     flag.enable();
    ///     assert!(flag.view().is_enabled());
    /// });
    /// ```
    #[must_use]
    pub fn view(&self) -> DwFlagView<'_> {
        DwFlagView { store: self.cursor.store }
    }
}

/// Reads a [`DwFlag`] inside a map.
///
/// ```
/// use rejoin_crdts::{DwFlag, OrMap, ReplicaId};
/// let mut done: OrMap<String, DwFlag> = OrMap::new();
/// let _ = done.update(ReplicaId::new(1, 0x5eed), "dishes", |flag| flag.enable());
/// let flag = done.get("dishes").expect("it is there"); // a view, which borrows
/// assert!(flag.is_enabled());
/// ```
#[derive(Clone, Copy)]
pub struct DwFlagView<'a> {
    store: &'a DotFun<bool>,
}

impl DwFlagView<'_> {
    /// Whether it is on.
    ///
    /// ```
    /// use rejoin_crdts::{DwFlag, OrMap, ReplicaId};
    /// let mut done: OrMap<String, DwFlag> = OrMap::new();
    /// let _ = done.update(ReplicaId::new(1, 0x5eed), "dishes", |flag| flag.enable());
    /// assert!(done.iter().all(|(_, flag)| flag.is_enabled()));
    /// ```
    #[must_use]
    pub fn is_enabled(self) -> bool {
        self.store.iter().next().is_some() && self.store.iter().all(|(_, on)| *on)
    }
}

impl Causal for DwFlag {
    type Store = DotFun<bool>;
    type Edit<'a> = DwFlagEdit<'a>;
    type View<'a> = DwFlagView<'a>;

    fn edit(cursor: Cursor<'_, Self::Store>) -> DwFlagEdit<'_> {
        DwFlagEdit { cursor }
    }

    fn view(store: &Self::Store) -> DwFlagView<'_> {
        DwFlagView { store }
    }

    fn beyond(
        store: &Self::Store,
        mine: &CausalContext,
        theirs: &CausalContext,
    ) -> <Self::Store as DotStore>::Delta {
        store.missing_from(mine, &Self::Store::default(), theirs)
    }

    fn stabilise(cursor: &mut Cursor<'_, Self::Store>, cut: &CausalContext) {
        Self::forget(cursor.reborrow(), cut, true);
    }

    fn alike(one: &Self::Store, other: &Self::Store) -> bool {
        DwFlagView { store: one }.is_enabled() == DwFlagView { store: other }.is_enabled()
    }
}

impl fmt::Debug for DwFlagView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_enabled() { "on" } else { "off" })
    }
}

/// `off by {r1:1: false} of {r1:1}`: what the flag is, by which dots, and all that was seen.
impl fmt::Debug for DwFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} by {:?}", self.view(), self.body)
    }
}
