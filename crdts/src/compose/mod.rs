//! Lattices made of lattices: pairs side by side, pairs of which the greater key wins
//! ([`Lexical`]), and values that may not be there yet (`Option`).
//!
//! Each is a lattice of lattices, and a replicated type of replicated types. What would not be
//! sound has no implementation; see [`Lexical`] for the key that must be a chain, and
//! [`Causal`](crate::Causal) for what may be inside a map.

mod lexical;
mod option;
mod pair;
#[cfg(test)]
mod tests;

pub use lexical::{Lexical, StaleKey};
pub use option::OptionDelta;

/// Two deltas as one, unless there is neither.
pub(crate) fn both<A: Default, B: Default>(first: Option<A>, second: Option<B>) -> Option<(A, B)> {
    (first.is_some() || second.is_some())
        .then(|| (first.unwrap_or_default(), second.unwrap_or_default()))
}
