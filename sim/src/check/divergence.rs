//! Divergence and agreement: no violations, but the moments that a story is told by.

use rejoin_crdts::sync::Protocol;

use super::judge::Judge;
use super::witness::Witness;
use crate::outcome::Reading;

impl<P: Protocol, W: Witness<P>> Judge<P, W> {
    /// A replica among `others` that reads something else than `node`; with both readings.
    pub(crate) fn diverged(
        &self,
        node: usize,
        others: impl Iterator<Item = usize>,
    ) -> Option<Vec<Reading>> {
        let (_, value) = self.standings[node].live.as_ref()?;
        for other in others {
            let Some((_, theirs)) = &self.standings[other].live else { continue };
            if value != theirs {
                let (low, high) = (node.min(other), node.max(other));
                return Some([low, high].into_iter().filter_map(|at| self.reading(at)).collect());
            }
        }
        None
    }

    /// Whether all live replicas know the same operations and read the same, from equal states.
    pub(crate) fn agree(&self) -> bool {
        let live = || self.standings.iter().filter(|standing| standing.live.is_some());
        let Some(first) = live().next() else { return true };
        // What can be told at a glance first: most of the time they do not.
        live().all(|standing| standing.mark == first.mark)
            && live().all(|other| other.visible == first.visible && other.live == first.live)
    }
}
