//! The laws by name, sets of them, and how often each was checked.

use std::cell::Cell;
use std::fmt;

use serde::{Deserialize, Serialize};

// One list, so that a law cannot be without its words, nor be forgotten in `ALL`.
macro_rules! laws {
    ($($name:ident = $words:literal,)*) => {
        /// A law: what was checked, and what a [`Violation`](super::Violation) is a violation of.
        ///
        /// `a`, `b`, `c`, `s`, `t` are states that runs reach, `δ` deltas and joins of arbitrary
        /// subsets of deltas, `m` an operation and `mδ` its delta. Deltas are *alike* if merging
        /// them has the same effect on every reached state. `S(D)` is the state that results from
        /// applying each delta of the operations in `D` once, in order; `D` is any set that the
        /// type's [`Delivery`](crate::Delivery) allows. Serialised in kebab case.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Law {
            $(#[doc = concat!($words, ".")] $name,)*
        }

        impl Law {
            /// Every law, in the order in which they are checked, roughly: from what is close to
            /// the cause of a bug to what is close to its symptoms.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }

        /// The law in plain words.
        impl fmt::Display for Law {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$name => $words,)* })
            }
        }
    };
}

laws! {
    RefusalChangesNothing = "a refused operation leaves the state as it was",
    StampExceedsSeen = "the stamp of an operation exceeds the stamps of all that it had seen",
    OperationIsItsDelta = "performing an operation is merging its delta: m(s) = s ⊔ mδ(s)",
    DeltaEmptyIffUnchanged = "the delta is empty iff the operation did not change the state",
    MergeReportsChange = "merge returns true iff self changed",
    StatesIdempotent = "merging a state into itself changes nothing: a ⊔ a = a",
    StatesCommute = "states merge to the same either way round: a ⊔ b = b ⊔ a",
    StatesInflate = "merging a state loses nothing: (a ⊔ b) ⊔ a = a ⊔ b = (a ⊔ b) ⊔ b",
    StatesAssociate = "states merge to the same however grouped: (a ⊔ b) ⊔ c = a ⊔ (b ⊔ c)",
    CoversAgrees = "a covers b iff merging b into a changes nothing",
    EmptyDeltaIsBottom = "the default delta changes nothing, in states and in deltas",
    DeltasIdempotent = "merging a delta twice is merging it once: δ ⊔ δ is like δ",
    DeltasCommute = "deltas join to the same either way round: δ₁ ⊔ δ₂ is like δ₂ ⊔ δ₁",
    DeltasInflate = "joining deltas loses nothing: (δ₁ ⊔ δ₂) ⊔ δ₁ is like δ₁ ⊔ δ₂",
    DeltasAssociate = "deltas join to the same however grouped: (δ₁ ⊔ δ₂) ⊔ δ₃ is like δ₁ ⊔ (δ₂ ⊔ δ₃)",
    DeltasJoin = "deltas may be joined before they are merged: (s ⊔ δ₁) ⊔ δ₂ = s ⊔ (δ₁ ⊔ δ₂)",
    DeltaCommutesWithState = "a delta merges before a state as after it: (s ⊔ δ) ⊔ t = (s ⊔ t) ⊔ δ",
    PerformerSees = "whoever performs an operation sees it at once",
    MergeMakesVisible = "merging the delta of an operation makes it visible, once all that it had seen is",
    MergedIsVisible = "what was merged is visible",
    EqualKnowledgeEqualState = "replicas at which the same operations are visible have equal states",
    EqualKnowledgeEqualBytes = "replicas at which the same operations are visible serialise to equal bytes",
    KnownStateChangesNothing = "merging a state whose visible operations are all visible here changes nothing",
    StatePath = "merging states is merging their operations: S(D₁) ⊔ S(D₂) = S(D₁ ∪ D₂)",
    DeltaPath = "merging joined deltas is merging their operations: S(E) ⊔ Δ(D′ − D) = S(E ∪ D′), for D within E and D′",
    PartsRejoin = "the parts of a state join to the state",
    PartsIrredundant = "no part of a state is redundant",
    PartsIrreducible = "a part of a state has no parts but itself",
    NewsNoneIffNothingNew = "news is None iff merging the delta would change nothing",
    NewsSuffices = "merging the news of a delta is merging the delta: s ⊔ s.news(δ) = s ⊔ δ",
    NewsWithinDelta = "the news of a delta is within the delta: δ ⊔ s.news(δ) is like δ",
    MissingNoneIffCovered = "missing_from is None iff the other state has it all",
    MissingSuffices = "merging what is missing is merging the state: b ⊔ a.missing_from(b) = b ⊔ a",
    MissingIsLeast = "what is missing is like the join of the parts of a that b does not cover",
    RoundTrip = "what was serialised comes back equal",
    HashAgrees = "what is equal has equal hashes",
    Specification = "a replica reads what the specification says of the operations visible there",
}

/// A set of laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LawSet(u64);

impl LawSet {
    pub(super) const ALL: Self = Self(u64::MAX);

    pub(super) const fn one(law: Law) -> Self {
        Self(1 << law as u64)
    }

    pub(super) const fn contains(self, law: Law) -> bool {
        self.0 >> law as u64 & 1 == 1
    }
}

impl FromIterator<Law> for LawSet {
    fn from_iter<I: IntoIterator<Item = Law>>(laws: I) -> Self {
        Self(laws.into_iter().fold(0, |set, law| set | Self::one(law).0))
    }
}

/// How often each law was checked. Counted through a shared reference: the checks only read.
#[derive(Debug)]
pub(super) struct Tally(Vec<Cell<u64>>);

impl Tally {
    pub(super) fn new() -> Self {
        Self(vec![Cell::new(0); Law::ALL.len()])
    }

    pub(super) fn count(&self, law: Law) {
        let checks = &self.0[law as usize];
        checks.set(checks.get() + 1);
    }

    pub(super) fn total(&self) -> Vec<u64> {
        self.0.iter().map(Cell::get).collect()
    }
}
