//! The enable-wins flag.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::causal::{
    Causal, CausalContext, Cursor, DotSet, DotStore, Dotted, DottedDelta, causal_type,
};
use crate::{Changed, ReplicaId};

/// A flag that is off at first, and in which a concurrent enable wins.
///
/// **Specification**: it is on iff an enable is visible that no visible disable had seen.
///
/// **Anomalies**: none beyond what enable-wins means: a flag that one replica turns off while another turns it on
/// stays on. **Delivery**: causal.
///
/// **Cost**: one dot while it is on (more while concurrent enables are unresolved), none while it is off, and
/// a context of one number for each replica incarnation that ever wrote.
///
/// **Source**: Almeida, Shoker & Baquero, JPDC 2018 (EWFlag).
///
/// ```
/// use rejoin_crdts::{EwFlag, Merge, ReplicaId};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let (mut here, mut there) = (EwFlag::new(), EwFlag::new());
/// there.merge(&here.enable(a));
/// let off = here.disable(a);
/// let on = there.enable(b); // at the same time
/// here.merge(&on);
/// there.merge(&off);
/// assert!(here.is_enabled() && here == there);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EwFlag {
    body: Dotted<DotSet>,
}

/// A change to an [`EwFlag`], or several joined.
pub type EwFlagDelta = DottedDelta<DotSet>;

causal_type!([] EwFlag, DotSet);

impl EwFlag {
    /// A flag that is off.
    ///
    /// ```
    /// assert!(!rejoin_crdts::EwFlag::new().is_enabled());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Turns it on and returns the delta. Turning on what is on renews it.
    ///
    /// ```
    /// use rejoin_crdts::{EwFlag, Merge, ReplicaId};
    /// let (mut here, mut there) = (EwFlag::new(), EwFlag::new());
    /// there.merge(&here.enable(ReplicaId::new(1, 0x5eed)));
    /// assert!(there.is_enabled());
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn enable(&mut self, me: ReplicaId) -> EwFlagDelta {
        self.body.edit(me, |cursor| EwFlagEdit { cursor }.enable()).0
    }

    /// Turns it off and returns the delta, which is empty if it was off.
    ///
    /// ```
    /// use rejoin_crdts::{EwFlag, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut flag = EwFlag::new();
    /// let _ = flag.enable(me);
    /// let delta = flag.disable(me);
    /// assert!(!flag.is_enabled());
    /// # let _ = delta;
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn disable(&mut self, me: ReplicaId) -> EwFlagDelta {
        self.body.edit(me, |cursor| EwFlagEdit { cursor }.disable()).0
    }

    /// Whether it is on.
    ///
    /// ```
    /// use rejoin_crdts::{EwFlag, ReplicaId};
    /// let mut flag = EwFlag::new();
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
    /// use rejoin_crdts::{EwFlag, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut flag = EwFlag::new();
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
    /// use rejoin_crdts::{Changed, EwFlag, Merge, ReplicaId};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let (mut here, mut there) = (EwFlag::new(), EwFlag::new());
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

    fn view(&self) -> EwFlagView<'_> {
        EwFlagView { store: self.body.store() }
    }
}

/// Changes an [`EwFlag`] inside a map.
///
/// ```
/// use rejoin_crdts::{EwFlag, OrMap, ReplicaId};
/// let mut done: OrMap<String, EwFlag> = OrMap::new();
/// let _ = done.update(ReplicaId::new(1, 0x5eed), "dishes", |flag| flag.enable());
/// assert!(done.get("dishes").is_some_and(|flag| flag.is_enabled()));
/// ```
#[derive(Debug)]
pub struct EwFlagEdit<'a> {
    cursor: Cursor<'a, DotSet>,
}

impl EwFlagEdit<'_> {
    /// Turns it on, as [`EwFlag::enable`] does.
    ///
    /// ```
    /// use rejoin_crdts::{EwFlag, OrMap, ReplicaId};
    /// let mut done: OrMap<String, EwFlag> = OrMap::new();
    /// let _ = done.update(ReplicaId::new(1, 0x5eed), "dishes", |flag| flag.enable());
    /// assert!(done.contains_key("dishes"));
    /// ```
    pub fn enable(&mut self) {
        self.cursor.replace(());
    }

    /// Turns it off, as [`EwFlag::disable`] does.
    ///
    /// ```
    /// use rejoin_crdts::{EwFlag, OrMap, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut done: OrMap<String, EwFlag> = OrMap::new();
    /// let _ = done.update(me, "dishes", |flag| flag.enable());
    /// let _ = done.update(me, "dishes", |flag| flag.disable());
    /// assert!(done.is_empty()); // a flag that is off is not there
    /// ```
    pub fn disable(&mut self) {
        self.cursor.clear();
    }

    /// The flag at this point of the edit.
    ///
    /// ```
    /// use rejoin_crdts::{EwFlag, OrMap, ReplicaId};
    /// let mut done: OrMap<String, EwFlag> = OrMap::new();
    /// let _ = done.update(ReplicaId::new(1, 0x5eed), "dishes", |flag| {
    ///     flag.enable();
    ///     assert!(flag.view().is_enabled());
    /// });
    /// ```
    #[must_use]
    pub fn view(&self) -> EwFlagView<'_> {
        EwFlagView { store: self.cursor.store }
    }
}

/// Reads an [`EwFlag`] inside a map.
///
/// ```
/// use rejoin_crdts::{EwFlag, OrMap, ReplicaId};
/// let mut done: OrMap<String, EwFlag> = OrMap::new();
/// let _ = done.update(ReplicaId::new(1, 0x5eed), "dishes", |flag| flag.enable());
/// let flag = done.get("dishes").expect("it is there"); // a view, which borrows
/// assert!(flag.is_enabled());
/// ```
#[derive(Clone, Copy)]
pub struct EwFlagView<'a> {
    store: &'a DotSet,
}

impl EwFlagView<'_> {
    /// Whether it is on.
    ///
    /// ```
    /// use rejoin_crdts::{EwFlag, OrMap, ReplicaId};
    /// let mut done: OrMap<String, EwFlag> = OrMap::new();
    /// let _ = done.update(ReplicaId::new(1, 0x5eed), "dishes", |flag| flag.enable());
    /// assert!(done.iter().all(|(_, flag)| flag.is_enabled()));
    /// ```
    #[must_use]
    pub fn is_enabled(self) -> bool {
        !self.store.is_empty()
    }
}

impl Causal for EwFlag {
    type Store = DotSet;
    type Edit<'a> = EwFlagEdit<'a>;
    type View<'a> = EwFlagView<'a>;

    fn edit(cursor: Cursor<'_, Self::Store>) -> EwFlagEdit<'_> {
        EwFlagEdit { cursor }
    }

    fn view(store: &Self::Store) -> EwFlagView<'_> {
        EwFlagView { store }
    }

    fn beyond(
        store: &Self::Store,
        mine: &CausalContext,
        theirs: &CausalContext,
    ) -> <Self::Store as DotStore>::Delta {
        store.missing_from(mine, &Self::Store::default(), theirs)
    }

    fn alike(one: &Self::Store, other: &Self::Store) -> bool {
        EwFlagView { store: one }.is_enabled() == EwFlagView { store: other }.is_enabled()
    }
}

impl fmt::Debug for EwFlagView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_enabled() { "on" } else { "off" })
    }
}

/// `on by {r1:1} of {r1:1}`: what the flag is, by which dots, and all that was seen.
impl fmt::Debug for EwFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} by {:?}", self.view(), self.body)
    }
}
