//! What tells a judge what is visible at a replica.

use std::fmt::Debug;

use rejoin_crdts::sync::Protocol;
use rejoin_crdts::wire::WireError;
use rejoin_crdts::{At, OpSet, Spec};

use super::chronicle::Chronicle;
use super::sessions::Session;

/// An operation of a protocol.
pub(crate) type OpOf<P> = <<P as Protocol>::Spec as Spec>::Op;
/// A value of a protocol.
pub(crate) type ValueOf<P> = <<P as Protocol>::Spec as Spec>::Value;

/// What is wrong with the effect of an operation.
pub(crate) struct Wrong {
    pub(crate) words: String,
    /// What is read where its delta is merged, as text, if that was compared.
    pub(crate) elsewhere: Option<String>,
}

impl From<String> for Wrong {
    fn from(words: String) -> Self {
        Self { words, elsewhere: None }
    }
}

/// What tells a judge what is visible at a replica: the lattice behind it, or its own word.
pub(crate) trait Witness<P: Protocol> {
    /// Whether what is said to be visible could be made up, and must be cross-checked.
    const HEARSAY: bool;

    /// What a replica knows.
    type Knowledge: Clone + Eq + Debug;

    /// What `replica` knows.
    fn knowledge(replica: &P) -> Self::Knowledge;

    /// Whether `replica` knows just what `known` is.
    fn knows(replica: &P, known: &Self::Knowledge) -> bool;

    /// The bytes of what `replica` knows.
    fn bytes(replica: &P) -> Result<Vec<u8>, WireError>;

    /// Records that `op` was performed at `at` where `before` had been known; it is the next in the
    /// history.
    ///
    /// The error is what is wrong with its effect.
    fn record(
        &mut self,
        before: &Self::Knowledge,
        after: &P,
        at: &At,
        op: &OpOf<P>,
    ) -> Result<(), Wrong>;

    /// Whether the operation at `index` changed anything where it was performed, as far as can be
    /// told.
    fn changed_something(&self, index: usize) -> bool;

    /// Whether `known` contains all of `other`, as the judge finds out by itself.
    fn contains(known: &Self::Knowledge, other: &Self::Knowledge) -> bool;

    /// Whether `replica` has all that the client of `session` has seen, in its own words.
    fn serves(
        replica: &P,
        session: &Session<Self::Knowledge>,
        chronicle: &Chronicle<OpOf<P>>,
    ) -> bool;

    /// Which of the operations that are not in `visible` are visible where `known` is known, all of
    /// `visible` being so; adds them.
    ///
    /// The error is what is wrong with what is said to be visible.
    fn see_more(
        &self,
        known: &Self::Knowledge,
        chronicle: &Chronicle<OpOf<P>>,
        visible: &mut OpSet,
    ) -> Result<(), String>;

    /// Which of the operations from `first` on are visible where `known` is known and the earlier
    /// ones of `visible` are visible; adds them.
    ///
    /// The error is what is wrong with what is said to be visible.
    fn see(
        &self,
        known: &Self::Knowledge,
        chronicle: &Chronicle<OpOf<P>>,
        first: usize,
        visible: &mut OpSet,
    ) -> Result<(), String>;
}
