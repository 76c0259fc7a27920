//! How much was checked.

/// How often what was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Checked {
    /// Histories of any size within the scope, each with a script and an order of stamps.
    pub histories: u64,
    /// Operations that the type refused.
    pub refused: u64,
    /// Comparisons of a read with the specification.
    pub specification: u64,
    /// Comparisons of the incremental specification with the pure one.
    pub incremental: u64,
    /// Comparisons of two orders in which deltas arrive.
    pub orders: u64,
    /// Comparisons of merged states with the state of the union.
    pub merges: u64,
    /// Comparisons of a joined delta, merged where it may arrive, with the state of the union.
    pub intervals: u64,
    /// Sets that the type's contract of delivery allows, although they are not causally closed.
    pub open_sets: u64,
}

impl Checked {
    /// Adds what another part of the search checked.
    pub(super) fn add(&mut self, other: &Self) {
        self.histories += other.histories;
        self.refused += other.refused;
        self.specification += other.specification;
        self.incremental += other.incremental;
        self.orders += other.orders;
        self.merges += other.merges;
        self.intervals += other.intervals;
        self.open_sets += other.open_sets;
    }
}
