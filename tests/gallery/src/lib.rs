//! Broken CRDTs and protocols that a judge must catch.
//!
//! Each is a mistake that occurs in teaching code, on its own in something that is otherwise correct,
//! with its story and its smallest schedule, and written only against the public traits of
//! [`rejoin_crdts`]. They show what each judge can see, and that comparing replicas with one another
//! at the end shows little: most of these agree, on the wrong value.
//!
//! [`types`] lists the types, and [`protocols()`] the protocols, all of which are one and the same
//! ([`anti_entropy`]) but for a step. [`for_each`] hands each type to a [`Visitor`] with its model, so
//! that a judge can be run over all of them:
//!
//! ```
//! use rejoin_crdts::Model;
//! use rejoin_gallery::{Entry, Visitor, for_each};
//!
//! struct Count(usize);
//! impl Visitor for Count {
//!     fn visit<M: Model>(&mut self, entry: &'static Entry, model: M) {
//!         assert!(!model.alphabet().is_empty(), "{entry}");
//!         self.0 += 1;
//!     }
//! }
//! let mut count = Count(0);
//! for_each(&mut count);
//! assert_eq!(count.0, rejoin_gallery::types().count());
//! ```

mod local;

pub mod anti_entropy;
pub mod arrival_order_set;
pub mod checklist;
pub mod closed_clock_register;
pub mod forgetful_set;
pub mod hasty_collector;
pub mod holder_tie_register;
pub mod interleaving_list;
pub mod meaning;
pub mod protocols;
pub mod running_total_counter;
pub mod shared_id_counter;
pub mod shared_id_register;
pub mod shared_id_set;
pub mod subtracting_counter;
pub mod type_conflict_map;
pub mod undead_set;
pub mod unique_name;

use std::fmt;

use rejoin_crdts::Model;
use rejoin_sim::{Registry, TypeSubject};

pub use arrival_order_set::ArrivalOrderSet;
pub use closed_clock_register::ClosedClockRegister;
pub use forgetful_set::ForgetfulSet;
pub use hasty_collector::HastyCollector;
pub use holder_tie_register::HolderTieRegister;
pub use interleaving_list::InterleavingList;
pub use protocols::Shown;
pub use running_total_counter::RunningTotalCounter;
pub use shared_id_counter::SharedIdCounter;
pub use shared_id_register::SharedIdRegister;
pub use shared_id_set::SharedIdSet;
pub use subtracting_counter::SubtractingCounter;
pub use type_conflict_map::TypeConflictMap;
pub use undead_set::UndeadSet;

/// A broken type or protocol: its name, its story in a line, and who finds it.
///
/// What is claimed here is tested.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its name in kebab-case, to be read after `broken/`.
    pub name: &'static str,
    /// What is wrong with it, in a line.
    pub story: &'static str,
    /// How many operations its smallest schedule has. Deliveries are not counted.
    pub operations: usize,
    /// Among how many replicas.
    pub replicas: usize,
    /// Whether [`laws`](rejoin_crdts::laws) finds it.
    pub laws: bool,
    /// Whether the simulator finds it.
    pub simulator: bool,
    /// The smallest scope at which the explorer finds it: how many operations each replica
    /// performs.
    pub scope: &'static [usize],
    /// Whether comparing the replicas with one another, once everything was exchanged, finds it on
    /// its smallest schedule.
    pub convergence: bool,
    /// Whether testing that merge is commutative, associative and idempotent finds it.
    pub merge_laws: bool,
    /// Of a protocol, how the simulator shows it. There are no laws for a protocol, and the explorer
    /// looks at types.
    pub shown: Option<Shown>,
}

impl Entry {
    /// Who finds it and who does not, in words.
    ///
    /// ```
    /// let entry = rejoin_gallery::catalogue().next().unwrap();
    /// assert!(entry.judges().starts_with("3 operations at 2 replicas. Found by: the laws, "));
    /// assert_eq!(entry.scope, [2, 1]);
    /// ```
    #[must_use]
    pub fn judges(&self) -> String {
        if let Some(shown) = &self.shown {
            return shown.judges(self);
        }
        let judges = [
            (self.laws, "the laws"),
            (!self.scope.is_empty(), "the explorer"),
            (self.simulator, "the simulator"),
            (self.convergence, "comparing replicas"),
            (self.merge_laws, "the laws of merge alone"),
        ];
        let who = |finds| {
            let names = judges.iter().filter(|judge| judge.0 == finds).map(|judge| judge.1);
            names.collect::<Vec<_>>().join(", ")
        };
        let size = format!("{} operations at {} replicas", self.operations, self.replicas);
        match (who(true), who(false)) {
            (found, missed) if missed.is_empty() => format!("{size}. Found by: {found}."),
            (found, missed) => format!("{size}. Found by: {found}. Not by: {missed}."),
        }
    }
}

/// `broken/shared-id-counter`.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken/{}", self.name)
    }
}

/// Something to be done with every broken type.
pub trait Visitor {
    /// Does it with one.
    fn visit<M: Model>(&mut self, entry: &'static Entry, model: M);
}

/// Declares the catalogue: a name, its model, what finds it, and its story.
macro_rules! catalogue {
    ($($name:literal $model:expr, $operations:literal operations at $replicas:literal replicas,
       found by [$($judge:ident)*] and exploring $scope:expr => $story:literal;)*) => {
        const ENTRIES: &[Entry] = &[$(Entry {
            $($judge: true,)*
            scope: &$scope,
            ..Entry::unseen($name, $story, $operations, $replicas)
        }),*];

        /// Hands every broken type to `visitor`, in the order of the [`catalogue`].
        pub fn for_each(visitor: &mut impl Visitor) {
            let mut entries = ENTRIES.iter();
            $(visitor.visit(entries.next().expect(concat!("the entry of ", $name)), $model);)*
        }
    };
}

catalogue! {
    "subtracting-counter" SubtractingCounter, 3 operations at 2 replicas,
        found by [laws simulator] and exploring [2, 1] =>
        "remove decrements by the value it sees: two at once go below zero";
    "running-total-counter" RunningTotalCounter, 3 operations at 2 replicas,
        found by [laws simulator] and exploring [2, 1] =>
        "one total a replica: an increment brings back what a reset had taken away";
    "hasty-collector" HastyCollector, 4 operations at 2 replicas,
        found by [simulator] and exploring [3, 1] =>
        "garbage is collected before everybody has seen it: a reset misses half of it";
    "shared-id-counter" SharedIdCounter, 3 operations at 2 replicas,
        found by [laws simulator] and exploring [2, 1] =>
        "the writer's id travels with the value: whoever adopts it writes to the other's slot";
    "shared-id-set" SharedIdSet, 4 operations at 2 replicas,
        found by [laws simulator] and exploring [3, 1] =>
        "the writer's id travels with the value: two elements get one tag, and go together";
    "shared-id-register" SharedIdRegister, 3 operations at 2 replicas,
        found by [laws simulator convergence merge_laws] and exploring [2, 1] =>
        "the writer's id travels with the value: two writes get one version, and both stay";
    "holder-tie-register" HolderTieRegister, 2 operations at 3 replicas,
        found by [laws simulator convergence merge_laws] and exploring [1, 1] =>
        "ties are decided by who holds the value, not by who wrote it";
    "forgetful-set" ForgetfulSet, 3 operations at 2 replicas,
        found by [laws simulator] and exploring [2, 1] =>
        "merge builds a fresh object and forgets its tag counter: tags are used again";
    "type-conflict-map" TypeConflictMap, 2 operations at 2 replicas,
        found by [laws simulator convergence merge_laws] and exploring [1, 1] =>
        "a key with two types takes the other side's value, and drops its own";
    "closed-clock-register" ClosedClockRegister::default(), 2 operations at 2 replicas,
        found by [laws simulator] and exploring [1, 0, 1] =>
        "the vector clock ignores members it was not built with: what they replace stays";
    "undead-set" UndeadSet, 2 operations at 2 replicas,
        found by [laws simulator merge_laws] and exploring [1, 1] =>
        "merge leaves an entry without tags behind: what was removed is back";
    "interleaving-list" InterleavingList, 3 operations at 2 replicas,
        found by [laws simulator] and exploring [1, 2] =>
        "the newest comes first: what two write at the top, line by line, is mixed";
    "arrival-order-set" ArrivalOrderSet, 2 operations at 2 replicas,
        found by [laws simulator] and exploring [1, 1] =>
        "what is equal is written in the order in which it came: its hashes differ";
    "unique-name" unique_name::model(), 2 operations at 2 replicas,
        found by [laws simulator] and exploring [1, 1] =>
        "a name is free as far as is known here: two sides give it away";
}

impl Entry {
    /// The scenario in which the simulator shows it, as TOML: of a type the defaults, of a protocol
    /// the faults that it needs.
    ///
    /// ```
    /// use rejoin_sim::{Registry, Scenario};
    /// let mut registry = Registry::new();
    /// rejoin_gallery::register(&mut registry);
    /// for entry in rejoin_gallery::catalogue() {
    ///     assert!(Scenario::parse(&entry.scenario(), &registry).is_ok(), "{entry}");
    /// }
    /// ```
    #[must_use]
    pub fn scenario(&self) -> String {
        let faults = self.shown.as_ref().map_or("", |shown| shown.scenario);
        format!("type = \"{self}\"\n{faults}\n")
    }

    pub(crate) const fn shown(mut self, shown: Shown) -> Self {
        self.simulator = true;
        self.shown = Some(shown);
        self
    }

    const fn unseen(
        name: &'static str,
        story: &'static str,
        operations: usize,
        replicas: usize,
    ) -> Self {
        Self {
            name,
            story,
            operations,
            replicas,
            laws: false,
            simulator: false,
            scope: &[],
            convergence: false,
            merge_laws: false,
            shown: None,
        }
    }
}

/// Adds every broken type and protocol, as `broken/` and its name.
///
/// ```
/// let mut registry = rejoin_sim::Registry::new();
/// rejoin_gallery::register(&mut registry);
/// assert!(registry.get("broken/forgetful-set").is_some());
/// ```
pub fn register(registry: &mut Registry) {
    struct Adds<'r>(&'r mut Registry);

    impl Visitor for Adds<'_> {
        fn visit<M: Model>(&mut self, entry: &'static Entry, model: M) {
            self.0.add(TypeSubject::new(entry.to_string(), entry.story, model));
        }
    }

    for_each(&mut Adds(registry));
    registry.add(TypeSubject::new(
        "names",
        "names that are given away once: who may do so is held by one, and handed on",
        unique_name::EscrowedNames::default(),
    ));
    protocols::register(registry);
}

/// Everything here: the [`types`], then the [`protocols()`].
///
/// ```
/// let all = rejoin_gallery::catalogue().count();
/// assert_eq!(all, rejoin_gallery::types().count() + rejoin_gallery::protocols().count());
/// ```
pub fn catalogue() -> impl Iterator<Item = &'static Entry> {
    types().chain(protocols())
}

/// The broken types, in the order in which they are best read.
///
/// ```
/// assert!(rejoin_gallery::types().all(|entry| entry.shown.is_none()));
/// ```
pub fn types() -> impl Iterator<Item = &'static Entry> {
    ENTRIES.iter()
}

/// The broken protocols, in the order in which they are best read.
///
/// ```
/// assert!(rejoin_gallery::protocols().all(|entry| entry.shown.is_some()));
/// ```
pub fn protocols() -> impl Iterator<Item = &'static Entry> {
    protocols::entries()
}
